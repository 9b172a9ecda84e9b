# SPDX-License-Identifier: GPL-3.0-or-later
"""nsupdate by hand and from scripts: the recipes, and those that people have used since 2005."""

import pytest

STATE = "SELECT online, array(SELECT host(a) FROM unnest(address) a), ttl FROM ddns.domains WHERE name = %s"


@pytest.fixture(scope="module")
def private(site):
    """Runs a script with a key for all of private.xx, as of a home network."""
    site.stack.ctl("zone", "add", "private.xx", "--private", site.stack.account, "--ns", "hosta.private.xx")
    site.stack.ctl("record", "add", "hosta.private.xx", "A", "192.168.0.1")
    return lambda script, **more: site.nsupdate("server 127.0.0.2\n" + script, **more)


def domain(site):
    return site.stack.sql(STATE, (site.stack.host,))[0]


def test_by_hand(site):
    host = site.stack.host
    site.shell(site.recipe("nsupdate"))
    assert domain(site) == (True, ["192.0.2.1"], 60)
    site.stack.wait_answer(host, "A", {"192.0.2.1"})
    site.stack.wait_answer(f"_sip._tcp.{host}", "SRV", {f"0 5 5060 {host}."})


def test_pppd(site):
    """run-parts starts them with pppd's variables: up, up with another address, down."""
    for number, name in enumerate(("ip-up", "ip-down")):
        site.shell(f"mkdir -p {name}.d")
        site.write(f"{name}.d/ddns", site.recipe("pppd", number))
    for address in ("192.0.2.5", "192.0.2.6"):
        site.shell("run-parts ip-up.d --arg=ppp0", PPP_IFACE="ppp0", PPP_LOCAL=address)
        assert domain(site) == (True, [address], 60)
        site.stack.wait_answer(site.stack.host, "A", {address})
    site.shell("run-parts ip-down.d --arg=ppp0", PPP_IFACE="ppp0", PPP_LOCAL="192.0.2.6")
    assert domain(site) == (False, [], 60)


def test_key_of_the_router_may_do_no_more(site):
    """The two zones of the same account are out of its reach, and so is a part of a message."""
    host = site.stack.host
    before = domain(site)
    for script in ("update add n2.example.org 60 A 192.0.2.9\nsend\n",
                   f"update add {host} 60 A 192.0.2.9\nupdate add other.dyn.example.org 60 A 192.0.2.9\nsend\n"):
        assert "REFUSED" in site.nsupdate("server gw.example.org\n" + script, key="joe-router", expect=2)
    assert domain(site) == before and site.stored("n2") == set()


def test_the_list_of_keys_shows_the_use(site):
    today = "SELECT to_char(now(), 'YYYY-MM-DD')"
    days = set(site.stack.sql(today))
    site.nsupdate(f"server gw.example.org\nupdate add {site.stack.host} 60 A 192.0.2.9\nsend\n", key="joe-router")
    days |= set(site.stack.sql(today))  # after midnight it is another one
    used, unused = (next(line for line in site.shell("ddnsctl key list").splitlines() if line.startswith(name))
                    for name in ("joe-router", "dhcp"))
    assert any(day in used for day, in days) and not any(day in unused for day, in days)


def test_adding_as_typed(site, private):
    private("update add hostb.private.xx 86400 IN A 192.168.0.2\n\n")
    assert site.stored("hostb", "private.xx") == {("A", 86400, "192.168.0.2")}
    site.stack.wait_answer("hostb.private.xx", "A", {"192.168.0.2"})
    private("update add hostb.private.xx. 86400 A 192.168.0.3\nupdate add hostb.private.xx. 86400 MX 10 hosta.private.xx.\n"
            "send\n")
    site.stack.wait_answer("hostb.private.xx", "A", {"192.168.0.2", "192.168.0.3"})


@pytest.mark.parametrize("line, left", [
    ("update delete {} A 192.168.0.2", {("A", 300, "192.168.0.3"), ("TXT", 300, '"b"')}),
    ("update delete {} 300 IN A 192.168.0.2", {("A", 300, "192.168.0.3"), ("TXT", 300, '"b"')}),
    ("update delete {} IN A", {("TXT", 300, '"b"')}),
    ("update delete {} A", {("TXT", 300, '"b"')}),
    ("update delete {}", set()),
    ("update delete {}.", set()),
], ids=["data", "data-ttl", "type-class", "type", "name", "name-dot"])
def test_deleting_by_name_type_and_data(site, private, line, left):
    name = "hostc.private.xx"
    private(f"zone private.xx\nupdate delete {name}\nupdate add {name} 300 A 192.168.0.2\nupdate add {name} 300 A 192.168.0.3\n"
            f"update add {name} 300 TXT b\nsend\n")
    private(f"zone private.xx\n{line.format(name)}\nsend\n")
    assert site.stored("hostc", "private.xx") == left


@pytest.mark.parametrize("between, steps", [("", 1), ("\n", 2)], ids=["one-message", "as-posted"])
def test_script_of_2005(site, private, between, steps):
    """It deletes all at the name and adds with a TTL of 1; the blank line in it sends, so that it is two messages."""
    private("update delete ppp.private.xx.\nsend\n")
    # Where nothing is, deleting changes nothing.
    for last, rises in ((7, 1), (8, steps)):
        before = site.serial("private.xx")
        private(f"update delete ppp.private.xx.\n{between}update add ppp.private.xx. 1 IN A 192.168.0.{last}\n\n")
        assert site.stored("ppp", "private.xx") == {("A", 1, f"192.168.0.{last}")}
        assert site.serial("private.xx") == before + rises
        site.stack.wait_answer("ppp.private.xx", "A", {f"192.168.0.{last}"})


@pytest.mark.parametrize("between", ["", "\n"], ids=["one-message", "as-posted"])
def test_script_of_2005_for_a_domain(site, between):
    """Its records go and its address comes: it is online, with its own TTL."""
    host = site.stack.host
    for last in (7, 8):
        site.nsupdate(f"server gw.example.org\nupdate add {host} 60 TXT old\nsend\nupdate delete {host}.\n{between}"
                      f"update add {host}. 1 IN A 192.0.2.{last}\n\n", key="joe-router")
        assert domain(site) == (True, [f"192.0.2.{last}"], 60)
        site.stack.wait_answer(host, "A", {f"192.0.2.{last}"})
        assert site.stack.rdata(host, "TXT") == set()
