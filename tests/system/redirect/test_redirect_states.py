# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's settings make browsers see, online and offline: DNS leads there, the listener answers."""

import pytest

from .browser import Redirects

PAGE = "text/html; charset=utf-8"


def add_record(cursor, stack, owner, rtype, rdata, **settings):
    columns = {"zone": stack.zone, "owner": owner, "type": rtype, "rdata": rdata, **settings}
    cursor.execute(f"INSERT INTO ddns.records ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",
                   list(columns.values()))


# While online

def test_www_is_off_by_default(stack, redirects, joe):
    joe("offline = 'page'")
    stack.wait_answer("www." + stack.host, "A", {"192.0.2.7"})
    redirects.wait("www." + stack.host, 404)
    redirects.wait(stack.host, 404)


def test_www_to_a_port(stack, redirects, joe):
    joe("www = 'port'")
    stack.wait_answer("www." + stack.host, "A", {stack.gateway.address})
    reply = redirects.wait("www." + stack.host, 302, f"http://{stack.host}:8080/a?b=1", path="/a?b=1")
    assert 0 < int(reply.header("cache-control").removeprefix("max-age=")) <= 60
    assert stack.rdata(stack.host, "A") == {"192.0.2.7"}, "the name in the target leads straight to the address"
    joe("www_port = 8443")
    redirects.wait("www." + stack.host, 302, f"http://{stack.host}:8443/")


def test_www_to_a_url(stack, redirects, joe):
    joe("www = 'url', www_url = 'https://Shop.example.net:8443/x?y#z'")
    stack.wait_answer("www." + stack.host, "A", {stack.gateway.address})
    redirects.wait("www." + stack.host, 302, "https://shop.example.net:8443/x?y#z", path="/a?b=1")
    joe("www_url = 'http://shop.example.net/büro'")
    redirects.wait("www." + stack.host, 302, "http://shop.example.net/b%C3%BCro")


def test_the_ttl_of_a_redirect_is_at_most_60(stack, redirects, joe):
    joe("www = 'port', ttl = 3600")
    stack.wait_answer("www." + stack.host, "A", {stack.gateway.address})
    assert stack.query("www." + stack.host, "A").answer[0].ttl <= 60
    joe("online = false")
    stack.wait_answer(stack.host, "A", {stack.gateway.address})
    assert stack.query(stack.host, "A").answer[0].ttl <= 60
    redirects.wait(stack.host, 503)
    joe("ttl = 60")


# While offline

def test_offline_page(stack, redirects, joe):
    joe("online = false")
    stack.wait_answer(stack.host, "A", {stack.gateway.address})
    for host in (stack.host, "www." + stack.host, "any.thing." + stack.host, stack.host.upper() + ".:80"):
        reply = redirects.wait(host, 503, path="/a?b=1")
        assert reply.header("content-type") == PAGE and int(reply.header("retry-after")) > 0
        assert reply.header("cache-control") == "no-store"
        assert host.lower().removesuffix(".:80").encode() in reply.body
        policy = reply.header("content-security-policy")
        assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
        assert b"<script" not in reply.body and b"http://" not in reply.body and b"https://" not in reply.body


@pytest.mark.parametrize("accept, language", [
    (None, "en"), ("de", "de"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("en-GB,de;q=0.9", "en"), ("fr", "en"),
    ("fr,de;q=0.2", "de"), ("de;q=0", "en"), ("en;q=0.5, de;q=0.7", "de"), ("\u00e4;;q=,,", "en")])
def test_language_of_the_page(stack, redirects, joe, accept, language):
    joe("online = false")
    redirects.wait(stack.host, 503)
    reply = redirects.ask(stack.host, headers=[] if accept is None else [f"Accept-Language: {accept}"])
    assert reply.header("content-language") == language and reply.header("vary").lower() == "accept-language"
    assert (b"gerade nicht verbunden" if language == "de" else b"not connected right now") in reply.body


def test_offline_keeps_the_address(stack, redirects, joe):
    joe("online = false, offline = 'keep'")
    redirects.wait(stack.host, 404)
    stack.wait_answer(stack.host, "A", {"192.0.2.7"})


def test_offline_at_a_set_address(stack, redirects, joe):
    joe("online = false, offline = 'address', offline_address = '{192.0.2.99}'")
    stack.wait_answer(stack.host, "A", {"192.0.2.99"})
    redirects.wait(stack.host, 404)


def test_offline_at_no_address(stack, redirects, joe):
    joe("online = false, offline = 'none'")
    stack.wait_answer(stack.host, "A", set())
    assert stack.rcode(stack.host) == "NOERROR"
    redirects.wait(stack.host, 404)


def test_offline_to_a_url(stack, redirects, joe):
    joe("online = false, offline = 'url', offline_url = 'https://example.net/away'")
    stack.wait_answer(stack.host, "A", {stack.gateway.address})
    for host in (stack.host, "www." + stack.host):
        reply = redirects.wait(host, 302, "https://example.net/away", path="/a?b=1")
        assert int(reply.header("cache-control").removeprefix("max-age=")) <= 60


def test_without_redirector_there_is_no_address(stack, cursor, joe):
    cursor.execute("UPDATE ddns.zones SET redirectors = '{}' WHERE origin = %s", (stack.zone,))
    try:
        joe("online = false")
        stack.wait_answer(stack.host, "A", set())
        assert stack.rcode(stack.host) == "NOERROR"
        joe("offline = 'url', offline_url = 'https://example.net/away'")
        stack.wait_answer(stack.host, "A", set())
    finally:
        cursor.execute("UPDATE ddns.zones SET redirectors = %s::inet[] WHERE origin = %s",
                       ([stack.gateway.address], stack.zone))
    stack.wait_answer(stack.host, "A", {stack.gateway.address})


def test_settings_take_effect_while_offline(stack, redirects, joe):
    joe("online = false")
    redirects.wait(stack.host, 503)
    joe("offline = 'url', offline_url = 'https://example.net/1'")
    redirects.wait(stack.host, 302, "https://example.net/1")
    joe("offline_url = 'https://example.net/2'")
    redirects.wait(stack.host, 302, "https://example.net/2")
    joe("offline = 'page'")
    redirects.wait(stack.host, 503)


def test_an_update_puts_online(stack, redirects, joe):
    joe("online = false, www = 'port'")
    redirects.wait("www." + stack.host, 503)
    assert stack.update(myip="192.0.2.8").startswith("good")
    redirects.wait("www." + stack.host, 302, f"http://{stack.host}:8080/")
    redirects.wait(stack.host, 404)
    assert stack.update(offline="YES").startswith("good")
    redirects.wait("www." + stack.host, 503)


# Host records

def test_host_record_to_a_port_leads_to_its_address(stack, cursor, redirects, joe):
    joe("offline = 'page'")
    add_record(cursor, stack, "nas.joe", "A", "192.0.2.35", online="port", online_target="8443")
    add_record(cursor, stack, "six.joe", "AAAA", "2001:db8::35", online="port", online_target="81")
    stack.wait_answer("nas." + stack.host, "A", {stack.gateway.address})
    redirects.wait("nas." + stack.host, 302, "http://192.0.2.35:8443/a?b=1", path="/a?b=1")
    redirects.wait("six." + stack.host, 302, "http://[2001:db8::35]:81/a?b=1", path="/a?b=1")


def test_host_record_offline(stack, cursor, redirects, joe):
    add_record(cursor, stack, "cam.joe", "A", "192.0.2.33", offline="page")
    add_record(cursor, stack, "web.joe", "A", "192.0.2.34", online="url", online_target="https://example.net/on",
               offline="url", offline_target="https://example.net/off")
    redirects.wait("web." + stack.host, 302, "https://example.net/on")
    redirects.wait("cam." + stack.host, 404)
    joe("online = false, offline = 'none'")
    redirects.wait("web." + stack.host, 302, "https://example.net/off")
    redirects.wait("cam." + stack.host, 503)
    redirects.wait("x.cam." + stack.host, 404)


def test_a_host_record_wins_over_www(stack, cursor, redirects, joe):
    joe("www = 'url', www_url = 'https://example.net/www'")
    redirects.wait("www." + stack.host, 302, "https://example.net/www")
    add_record(cursor, stack, "www.joe", "A", "192.0.2.36", online="url", online_target="https://example.net/record")
    redirects.wait("www." + stack.host, 302, "https://example.net/record")
    cursor.execute("DELETE FROM ddns.records WHERE zone = %s AND owner = 'www.joe'", (stack.zone,))
    redirects.wait("www." + stack.host, 302, "https://example.net/www")


# What comes and goes

def test_zones_and_suspended_accounts(stack, cursor, redirects, joe):
    joe("online = false")
    redirects.wait(stack.host, 503)
    cursor.execute("UPDATE ddns.accounts SET state = 'suspended' WHERE login = %s", (stack.account,))
    redirects.wait(stack.host, 404)
    cursor.execute("UPDATE ddns.accounts SET state = 'active' WHERE login = %s", (stack.account,))
    redirects.wait(stack.host, 503)
    cursor.execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES ('new.test', 'ns1.new.test', 'h.new.test')")
    cursor.execute("INSERT INTO ddns.domains (zone, owner, account_id, online) SELECT 'new.test', 'ann', id, false"
                   " FROM ddns.accounts WHERE login = %s", (stack.account,))
    redirects.wait("ann.new.test", 503)
    cursor.execute("UPDATE ddns.domains SET owner = 'eve' WHERE name = 'ann.new.test'")
    redirects.wait("eve.new.test", 503)
    redirects.wait("ann.new.test", 404)
    cursor.execute("DELETE FROM ddns.zones WHERE origin = 'new.test'")
    redirects.wait("eve.new.test", 404)


def test_goes_on_without_the_database(own_stack):
    redirects = Redirects(own_stack.gateway)
    own_stack.sql("UPDATE ddns.domains SET online = false WHERE name = %s", (own_stack.host,))
    redirects.wait(own_stack.host, 503)
    own_stack.cluster.kill()
    for _ in range(20):
        assert b"<title>" in redirects.ask(own_stack.host).body
        assert redirects.ask("nobody.example").status == 404
    own_stack.cluster.start()
    own_stack.sql("UPDATE ddns.domains SET offline = 'url', offline_url = 'http://example.net/' WHERE name = %s",
                  (own_stack.host,))
    redirects.wait(own_stack.host, 302, "http://example.net/")
