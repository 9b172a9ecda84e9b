# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of dyndns2, one by one, and the forms of request that clients send."""

import base64

import pytest

from ddns.ports import Claims
from http_hosts import add_account, add_hosts, add_key, addresses, demo, is_online, wait_known
from http_raw import Login, ask, exchange, parse, request, update, update_target

V4, V6 = "192.0.2.77", "2001:db8::77"


@pytest.fixture(scope="module")
def hosts(stack):
    """Twenty-one hosts of the demo's account."""
    return add_hosts(stack, "word", 21)


@pytest.fixture(scope="module")
def foreign(stack):
    """A host of somebody else."""
    add_account(stack, "stranger", "not-joes-password")
    return add_hosts(stack, "foreign", 1, account="stranger")[0]


@pytest.fixture(scope="module")
def single(stack):
    """A key that may act on one host only, and that host."""
    host = add_hosts(stack, "single", 1)[0]
    return wait_known(stack, add_key(stack, "single", stack.account, "--domain", host)), host


@pytest.fixture
def host(hosts, cursor):
    """One with 192.0.2.1 and 2001:db8::1, online."""
    cursor.execute("UPDATE ddns.domains SET address = '{192.0.2.1,2001:db8::1}', online = true WHERE name = %s",
                   (hosts[0],))
    return hosts[0]


@pytest.mark.parametrize("parameters, says, stored", [
    ({"myip": "192.0.2.2"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
    ({"myip": "192.0.2.1"}, "nochg 192.0.2.1", None),
    ({"myip": "2001:db8::2"}, "good 2001:db8::2", ["192.0.2.1", "2001:db8::2"]),
    ({"myip": "2001:db8::1"}, "nochg 2001:db8::1", None),
    ({"myip": "192.0.2.1,2001:db8::1"}, "nochg 192.0.2.1,2001:db8::1", None),
    ({"myip": "192.0.2.1,2001:db8::2"}, "good 192.0.2.1,2001:db8::2", ["192.0.2.1", "2001:db8::2"]),
    ({"myip": "2001:db8::2, 192.0.2.2"}, "good 192.0.2.2,2001:db8::2", ["192.0.2.2", "2001:db8::2"]),
    ({"myip": "192.0.2.2", "myipv6": "2001:db8::2"}, "good 192.0.2.2,2001:db8::2", ["192.0.2.2", "2001:db8::2"]),
    ({"myipv4": "192.0.2.2"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
    ({"ip": "192.0.2.2"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
    ({"myip": "192.0.2.3,192.0.2.2"}, None, ["192.0.2.2", "192.0.2.3", "2001:db8::1"]),
    ({"myip": "::ffff:192.0.2.2"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
    ({"myip": "2001:0DB8:0:0::2/64"}, "good 2001:db8::2", ["192.0.2.1", "2001:db8::2"]),
    ({"myip": "192.0.2.2,"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
    ({}, "good 127.0.0.1", ["127.0.0.1", "2001:db8::1"]),
    ({"myip": ""}, "good 127.0.0.1", ["127.0.0.1", "2001:db8::1"]),
    ({"myip": "<ipaddr>"}, "good 127.0.0.1", ["127.0.0.1", "2001:db8::1"]),
    ({"myip": "192.0.2.2,<ip6addr>"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
    ({"myip": "preserve"}, "nochg 192.0.2.1,2001:db8::1", None),
    ({"myip": "0.0.0.0"}, "good 0.0.0.0", ["2001:db8::1"]),
    ({"myip": "::"}, "good ::", ["192.0.2.1"]),
    ({"myip": "192.0.2.1", "myipv6": ""}, "good 192.0.2.1", ["192.0.2.1"]),
    ({"myipv6": "clear"}, "good ::", ["192.0.2.1"]),
    ({"myip": "192.0.2.2,nonsense"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
    ({"myip": "nonsense"}, "dnserr", None),
    ({"myip": "192.0.2.256"}, "dnserr", None),
    ({"myip": "224.0.0.1"}, "dnserr", None),
    ({"myip": "ff02::1"}, "dnserr", None),
    ({"myip": ",".join(f"192.0.2.{n}" for n in range(1, 120))}, "dnserr", None),
    ({"system": "dyndns", "url": "x", "myip": "192.0.2.2"}, "good 192.0.2.2", ["192.0.2.2", "2001:db8::1"]),
])
def test_addresses(stack, cursor, host, parameters, says, stored):
    """What is said of the families, and that of which nothing is said stays."""
    before = addresses(cursor, host)
    answer = update(stack.gateway, demo(stack), host, **parameters)
    assert answer == says if says else answer.startswith("good ")
    assert addresses(cursor, host) == (before if stored is None else stored)


def test_the_reply_is_what_simple_clients_can_read(stack, host):
    for parameters in ({"myip": V4}, {"myip": "nonsense"}):
        raw = exchange(stack.gateway, request(update_target(host, **parameters), demo(stack)))
        reply = parse(raw)
        assert reply.status == 200 and reply.rest == b"" and "\r" not in reply.body
        assert reply.headers["connection"] == "close"
        assert reply.headers["content-type"].startswith("text/plain")
        assert int(reply.headers["content-length"]) == len(reply.body)
        assert reply.headers["cache-control"] == "no-store"
        assert "transfer-encoding" not in reply.headers and "set-cookie" not in reply.headers


def test_hosts_each_have_their_line(stack, cursor, hosts, foreign):
    asked = [hosts[1], foreign, "nowhere.example", "nodot", hosts[2], "a..b", hosts[1]]
    answer = update(stack.gateway, demo(stack), ",".join(asked), myip=V4)
    assert answer.splitlines() == [f"good {V4}", "nohost", "nohost", "notfqdn", f"good {V4}", "notfqdn", f"nochg {V4}"]
    assert [addresses(cursor, name) for name in (hosts[1], hosts[2], foreign)] == [[V4], [V4], []]
    assert update(stack.gateway, demo(stack), f" {hosts[1].upper()}., {hosts[2]} ", myip=V4) == f"nochg {V4}\nnochg {V4}"
    form = f"hostname={hosts[1]}%2C+{hosts[2]}&myip={V4}%2C+{V6}".encode()  # as browsers write blanks
    assert ask(stack.gateway, "/nic/update", demo(stack), "POST", body=form).body == f"good {V4},{V6}\n" * 2


def test_twenty_hosts_are_the_most(stack, cursor, hosts):
    answer = update(stack.gateway, demo(stack), ",".join(hosts[:20]), myip="192.0.2.20")
    assert answer.splitlines() == ["good 192.0.2.20"] * 20
    assert update(stack.gateway, demo(stack), ",".join(hosts), myip="192.0.2.21") == "numhost"
    assert {addresses(cursor, name)[0] for name in hosts[1:20]} == {"192.0.2.20"}  # IPv6 ones are left alone


@pytest.mark.parametrize("parameters", [{}, {"hostname": ""}, {"hostname": "YES"}])
def test_no_host_named(stack, cursor, single, parameters):
    """The only host of the credential; where it has several, the question is which."""
    key, host = single
    cursor.execute("UPDATE ddns.domains SET address = '{}' WHERE name = %s", (host,))
    assert update(stack.gateway, key, myip=V4, **parameters) == f"good {V4}"
    assert addresses(cursor, host) == [V4]
    assert update(stack.gateway, demo(stack), myip=V4, **parameters) == "notfqdn"


def test_host_as_user_name(stack, cursor, hosts):
    """By the secret of a key or by the account's password; no other host may then be named."""
    for n, secret in enumerate((stack.key_secret, stack.password)):
        login = Login(hosts[3], secret)
        assert update(stack.gateway, login, myip=f"192.0.2.{n}") == f"good 192.0.2.{n}"
        assert update(stack.gateway, login, hosts[3], myip=f"192.0.2.{n}") == f"nochg 192.0.2.{n}"
        assert update(stack.gateway, login, hosts[4], myip="192.0.2.99") == "nohost"
        assert update(stack.gateway, login, f"{hosts[4]},{hosts[3]}", myip=f"192.0.2.{n}").split("\n")[0] == "nohost"
    assert "192.0.2.99" not in addresses(cursor, hosts[4])


def test_user_names_of_one_secret(stack, hosts):
    for user in (stack.key_name, stack.key_name.upper(), stack.account, "none", "", hosts[5]):
        assert update(stack.gateway, Login(user, stack.key_secret), hosts[5], myip=V4).endswith(V4), user
    for user in ("stranger", "no-such-key", "single"):
        assert update(stack.gateway, Login(user, stack.key_secret), hosts[5], myip=V4) == "badauth", user


def test_basic_as_clients_write_it(stack, hosts):
    encoded = demo(stack).encoded
    for header in (f"authorization: basic  {encoded}", f"Authorization: BASIC {encoded.rstrip('=')}",
                   f"AUTHORIZATION:Basic {encoded}  ",
                   "Authorization: Basic " + base64.b64encode(stack.key_secret.encode()).decode()):
        reply = ask(stack.gateway, update_target(hosts[5], myip=V4), headers=[header])
        assert (reply.status, reply.body.split()[1:]) == (200, [V4]), header.replace(encoded, "...")


@pytest.mark.parametrize("header", [None, "Authorization: Basic", "Authorization: Basic %%%%", "Authorization: Bearer x",
                                    "Authorization: Basic am9l", "Authorization: Basic AAAA", "Authorization: "])
def test_badauth(stack, cursor, host, header):
    before = addresses(cursor, host)
    reply = ask(stack.gateway, update_target(host, myip="192.0.2.99"), headers=[header] if header else [])
    assert (reply.status, reply.body) == (401, "badauth\n")
    assert reply.headers["www-authenticate"].startswith('Basic realm="')
    assert addresses(cursor, host) == before


def test_offline_and_online(stack, cursor, host):
    stack.wait_answer(host, "A", {"192.0.2.1"})
    assert update(stack.gateway, demo(stack), host, offline="YES").split()[0] == "good"
    assert not is_online(cursor, host)
    stack.wait_answer(host, "A", {stack.gateway.address})  # the offline page's
    assert update(stack.gateway, demo(stack), host, offline="yes").split()[0] == "nochg"
    assert update(stack.gateway, demo(stack), host, offline="NO", myip="192.0.2.1") == "good 192.0.2.1"
    assert is_online(cursor, host) and addresses(cursor, host) == ["192.0.2.1", "2001:db8::1"]
    stack.wait_answer(host, "A", {"192.0.2.1"})


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_form(stack, cursor, host, method):
    body = f"hostname={host}&myip=192.0.2.5%2C2001%3Adb8%3A%3A5".encode()
    form = ["Content-Type: application/x-www-form-urlencoded"]
    for headers in (form, []):
        cursor.execute("UPDATE ddns.domains SET address = '{}' WHERE name = %s", (host,))
        reply = ask(stack.gateway, "/nic/update", demo(stack), method, headers=headers, body=body)
        assert reply.body == "good 192.0.2.5,2001:db8::5\n"
        assert addresses(cursor, host) == ["192.0.2.5", "2001:db8::5"]
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    raw = request("/nic/update", demo(stack), method, headers=[*form, "Transfer-Encoding: chunked"]) + chunked
    assert parse(exchange(stack.gateway, raw)).body == "nochg 192.0.2.5,2001:db8::5\n"
    split = ask(stack.gateway, f"/nic/update?hostname={host}", demo(stack), method, body=b"myip=192.0.2.6")
    assert split.body == "good 192.0.2.6\n"
    assert ask(stack.gateway, "/nic/update", demo(stack), method, headers=["Content-Type: application/json"],
               body=b'{"hostname": "x"}').status == 415


@pytest.mark.parametrize("target", [
    "/nic/update?hostname={h}&myip={a}", "//nic//update?hostname={h}&myip={a}", "/nic/update/?hostname={h}&myip={a}",
    "http://gw.example/nic/update?hostname={h}&myip={a}", "/v3/update?hostname={h}&myip={a}",
    "/nic/dyndns?host_id={h}&hostname=YES&myip={a}", "/dyndns/update?host={h}&myip={a}", "/?hostname={h}&myip={a}",
    "/nic/update?x=1?hostname={h}&myip={a}", "/nic/update?&&hostname={h}&myip={a}&", "/nic/%75pdate?%68ostname={h}&myip={a}",
    "/nic/update?HOSTNAME=x.example&hostname={h}&myip={a}",
])
def test_targets(stack, cursor, host, target):
    reply = ask(stack.gateway, target.format(h=host, a=V4), demo(stack))
    assert (reply.status, reply.body) == (200, f"good {V4}\n")
    assert addresses(cursor, host) == [V4, "2001:db8::1"]


@pytest.mark.parametrize("more", [
    {"version": "1.0", "host": None}, {"version": "1.0"}, {"host": None}, {"headers": ["Content-Length: 0"]},
    {"headers": ["X-Forwarded-For: 198.51.100.9", "X-Real-IP: 198.51.100.9", "Forwarded: for=198.51.100.9"]},
])
def test_old_clients_and_strange_headers(stack, cursor, host, more):
    """Nobody is a trusted proxy: the address is the connection's."""
    assert ask(stack.gateway, update_target(host), demo(stack), **more).body == "good 127.0.0.1\n"
    assert addresses(cursor, host) == ["127.0.0.1", "2001:db8::1"]


def test_bare_line_feeds(stack, host):
    raw = request(update_target(host, myip=V4), demo(stack)).replace(b"\r\n", b"\n")
    assert parse(exchange(stack.gateway, raw)).body == f"good {V4}\n"


@pytest.mark.usefixtures("ipv6")
def test_a_client_of_ipv6_sets_that_family_only(stacks):
    stack = stacks.make()
    stack.start(gateway=False)
    with Claims() as claims:
        port = claims.port("::1", [8053])
        stack.gateway.options = f'http-listen += {{"[::1]:{port}"}}'
        stack.gateway.start(claims)
    stack.update(myip=V4)
    target = update_target(stack.host)
    assert ask(stack.gateway, target, demo(stack), address="::1", port=port).body == "good ::1\n"
    stack.wait_answer(stack.host, "AAAA", {"::1"})
    assert stack.rdata(stack.host, "A") == {V4}
    assert ask(stack.gateway, "/myip", address="::1", port=port).body == "::1"
    assert ask(stack.gateway, "/myip").body == "127.0.0.1"
