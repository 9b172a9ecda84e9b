# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl record: settings of host records, interface ids, and the data of the moment."""

import pytest

ZONE = "records.example"
HOST = f"joe.{ZONE}"


@pytest.fixture(scope="module", autouse=True)
def zone(ctl):
    ctl("account", "add", "rita", "--no-password")
    ctl("zone", "add", ZONE, "--shared", "--ns", "ns1.example.org", "redirectors=192.0.2.53", "addresses=any")


@pytest.fixture
def joe(ctl):
    ctl("domain", "add", HOST, "--account", "rita")
    ctl("domain", "online", HOST, "192.0.2.7")
    yield HOST
    ctl("domain", "delete", HOST)


def now(ctl, name, rtype="A"):
    """What is served of the first record there, and where it leads."""
    record = ctl.json("record", "list", name, rtype)[0]
    return record["current_data"], record["leads_to"]


@pytest.mark.parametrize("online, offline, while_online, while_offline", [
    (None, None, (["192.0.2.9"], None), (["192.0.2.9"], None)),
    ("rdata", "page", (["192.0.2.9"], None), (["192.0.2.53"], "page")),
    ("default", "default", (["192.0.2.7"], None), (["192.0.2.53"], "page")),
    ("address:192.0.2.10", "address:192.0.2.11", (["192.0.2.10"], None), (["192.0.2.11"], None)),
    ("port:8443", "rdata", (["192.0.2.53"], "http://192.0.2.9:8443"), (["192.0.2.9"], None)),
    ("url:https://example.net/on", "url:https://example.net/off",
     (["192.0.2.53"], "https://example.net/on"), (["192.0.2.53"], "https://example.net/off")),
])
def test_settings_and_the_data_of_the_moment(ctl, joe, online, offline, while_online, while_offline):
    name = f"cam.{joe}"
    options = [*(["--online", online] if online else []), *(["--offline", offline] if offline else [])]
    ctl("record", "add", name, "A", "192.0.2.9", *options)
    assert now(ctl, name) == while_online
    ctl("domain", "offline", joe)
    assert now(ctl, name) == while_offline
    table = ctl("record", "list", name)
    assert "NOW" in table and while_offline[0][0] in table
    ctl("record", "set", name, "A", "--online", "rdata", "--offline", "rdata")
    assert now(ctl, name) == (["192.0.2.9"], None)


def test_a_domains_address_shows_what_is_served_of_it(ctl, joe):
    assert now(ctl, joe) == (["192.0.2.7"], None)
    ctl("domain", "offline", joe)
    assert now(ctl, joe) == (["192.0.2.53"], "page")
    ctl("domain", "set", joe, "offline=address:192.0.2.8")
    assert now(ctl, joe) == (["192.0.2.8"], None)
    ctl("domain", "set", joe, "offline=keep")
    assert now(ctl, joe) == (["192.0.2.7"], None)
    ctl("account", "set", "rita", "state=suspended")
    assert now(ctl, joe) == ([], None)
    ctl("account", "set", "rita", "state=active")


def test_an_address_that_is_there_brings_the_domain_online(ctl, joe):
    ctl("domain", "offline", joe)
    ctl("record", "add", joe, "A", "192.0.2.7")
    domain = ctl.json("domain", "show", joe)
    assert domain["online"] and domain["address"] == ["192.0.2.7"]
    assert "already" in ctl.refused("record", "add", joe, "A", "192.0.2.7")


def test_interface_ids(ctl, joe):
    name = f"nas.{joe}"
    assert "neither a prefix nor an IPv6 address" in ctl.refused("record", "add", name, "AAAA", "--interface-id", "::5")
    ctl("domain", "online", joe, "2001:db8:1:2::1")
    assert ctl.json("record", "add", name, "AAAA", "--interface-id", "::1234")["rdata"] == "2001:db8:1:2::1234"
    assert ctl.json("record", "add", name, "AAAA", "2001:db8:1:2::5", "--interface-id", "::5")["rdata"] == "2001:db8:1:2::5"
    ctl.stack.sql("UPDATE ddns.domains SET prefix = '2001:db8:9:100::/56' WHERE name = %s", (joe,))
    assert [r["rdata"] for r in ctl.json("record", "list", name)] == ["2001:db8:9:102::1234", "2001:db8:9:102::5"]
    assert ctl.json("domain", "show", joe)["prefix"] == "2001:db8:9:100::/56"
    changed = ctl.json("record", "set", name, "AAAA", "2001:db8:9:102::5", "--interface-id", "::6", "--ttl", "30")
    assert changed == [{"name": name, "type": "AAAA", "rdata": "2001:db8:9:102::6", "ttl": 30}]
    ctl("record", "set", name, "AAAA", "--interface-id", "")
    ctl.stack.sql("UPDATE ddns.domains SET prefix = '2001:db8:a::/64' WHERE name = %s", (joe,))
    assert [r["rdata"] for r in ctl.json("record", "list", name)] == ["2001:db8:9:102::1234", "2001:db8:9:102::6"]


@pytest.mark.parametrize("words, says", [
    (("AAAA", "--interface-id", "1:2:3:4:5:6:7:8"), 'more than 64 bits'),
    (("AAAA", "--interface-id", "fish"), 'invalid input syntax for type inet: "fish"'),
    (("A", "192.0.2.1", "--interface-id", "::1"), "type A cannot have the interface id"),
    (("AAAA", "2001:db8::9", "--interface-id", "::1"), "does not end in the interface id"),
    (("A", "192.0.2.1", "--online", "page"), "--online is rdata, default, address:ADDR, port:N or url:URL, not 'page'"),
    (("A", "192.0.2.1", "--offline", "port:80"), "--offline is rdata, default, address:ADDR, url:URL or page"),
    (("A", "192.0.2.1", "--online", "port:65536"), 'has no port: "65536"'),
    (("A", "192.0.2.1", "--online", "port"), "has no port"),
    (("A", "192.0.2.1", "--online", "url:ftp://x/"), "does not begin with http:// or https://"),
    (("A", "192.0.2.1", "--offline", "address:224.0.0.1"), "a multicast address"),
    (("TXT", "x", "--online", "default"), "type TXT cannot follow its domain's state"),
    (("A", "192.0.2.1", "--ttl", "2147483648"), "the TTL 2147483648"),
])
def test_what_is_refused_says_why(ctl, joe, words, says):
    assert says in ctl.refused("record", "add", f"bad.{joe}", *words)
    assert ctl.json("record", "list", f"bad.{joe}") == []


def test_settings_where_there_is_nothing_to_set(ctl, joe):
    assert "is a domain" in ctl.refused("record", "add", joe, "A", "192.0.2.9", "--online", "port:80")
    assert "is a domain" in ctl.refused("record", "add", joe, "AAAA", "--interface-id", "::1")
    assert "under no domain" in ctl.refused("record", "add", f"other.{ZONE}", "A", "192.0.2.9", "--offline", "page")
    assert "no such record" in ctl.refused("record", "set", f"none.{joe}", "A", "--online", "default")
    assert "domain set" in ctl.refused("record", "set", joe, "A", "--online", "default")
    assert "what are its data" in ctl.refused("record", "add", f"x.{joe}", "A", status=2)
    assert "what is to be set" in ctl.refused("record", "set", f"x.{joe}", "A", status=2)
