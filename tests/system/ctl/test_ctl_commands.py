# SPDX-License-Identifier: GPL-3.0-or-later
"""Each command of ddnsctl, what it stores, shows and refuses."""

import concurrent.futures

import pytest

from ddns.steps import wait_until


@pytest.fixture(scope="module", autouse=True)
def world(ctl):
    """A zone and an account of this file's own."""
    ctl("zone", "add", "ctl.example", "--shared", "--ns", "ns1.example.org", "--addresses", "any")
    ctl("account", "add", "ann", "--password-stdin", text="secret of ann\n")


# -- zones -------------------------------------------------------------------------------------------


def test_zone_add_takes_every_option(ctl):
    zone = ctl.json("zone", "add", "Full.Example.", "--shared", "--ns", "NS1.example.org.", "--ns", "ns2.example.org",
                    "--mname", "gw.example.org", "--rname", "joe.doe@example.org", "--ttl", "30",
                    "--negative-ttl", "5", "--addresses", "any")
    assert zone["origin"] == "full.example"
    assert zone["kind"] == "shared"
    assert zone["ns"] == ["ns1.example.org", "ns2.example.org"]
    assert zone["mname"] == "gw.example.org"
    assert zone["rname"] == r"joe\.doe.example.org"
    assert (zone["ttl"], zone["negative_ttl"], zone["addresses"]) == (30, 5, "any")
    assert zone["serial"] > 0 and zone["served"] is True
    assert ctl.json("zone", "show", "FULL.example") == zone
    assert zone in ctl.json("zone", "list")
    assert "full.example" in ctl("zone", "list")


def test_zone_add_of_each_kind(ctl):
    own = ctl.json("zone", "add", "own.example", "--ns", "ns1.example.org")
    assert (own["kind"], own["account"], own["addresses"]) == ("own", None, "any")
    assert own["mname"] == "ns1.example.org"
    assert own["rname"] == "hostmaster.own.example"
    shared = ctl.json("zone", "add", "shared.example", "--shared", "--ns", "ns1.example.org")
    assert (shared["kind"], shared["addresses"]) == ("shared", "public")
    private = ctl.json("zone", "add", "private.example", "--private", "ann", "--ns", "ns1.example.org")
    assert (private["kind"], private["account"], private["addresses"]) == ("private", "ann", "any")
    assert "not both" in ctl.refused("zone", "add", "b.example", "--shared", "--private", "ann", "--ns", "n.example",
                                     status=2)
    assert "'nobody'" in ctl.refused("zone", "add", "b.example", "--private", "nobody", "--ns", "n.example")


def test_name_servers_and_mname_come_from_settings(ctl):
    assert "--ns" in ctl.refused("zone", "add", "set.example", status=2)
    ctl("setting", "set", "name_servers", "ns8.example.org ns9.example.org")
    ctl("setting", "set", "update_name", "gw.example.org")
    try:
        zone = ctl.json("zone", "add", "set.example")
        assert zone["ns"] == ["ns8.example.org", "ns9.example.org"]
        assert zone["mname"] == "gw.example.org"
        assert zone["records"] == 0  # it follows the setting
    finally:
        ctl("setting", "delete", "name_servers")
        ctl("setting", "delete", "update_name")


def test_zone_names_in_other_scripts(ctl):
    assert ctl.json("zone", "add", "Bücher.example", "--ns", "ns1.example.org")["origin"] == "xn--bcher-kva.example"
    assert ctl.json("zone", "show", "bücher.example.")["origin"] == "xn--bcher-kva.example"


def test_zone_set(ctl):
    zone = ctl.json("zone", "set", "ctl.example", "ttl=45", "transfer=127.0.0.1,2001:db8::/64",
                    "notify=192.0.2.1,192.0.2.2#5300", "negative-ttl=7", "serial=2026112299", "depth=3", "terms=on")
    assert (zone["ttl"], zone["negative_ttl"], zone["depth"], zone["terms"]) == (45, 7, 3, True)
    assert (zone["transfer"], zone["transfer_to"]) == ("list", ["127.0.0.1", "2001:db8::/64"])
    assert zone["notify"] == ["192.0.2.1", "192.0.2.2#5300"]
    assert zone["serial"] == 2026112299
    zone = ctl.json("zone", "set", "ctl.example", "transfer=none", "notify=", "terms=off")
    assert (zone["transfer"], zone["transfer_to"], zone["notify"]) == ("none", [], [])
    assert zone["ttl"] == 45, "what is not named stays"


@pytest.mark.parametrize("word, says", [
    ("ttl=soon", "wants a number"), ("ttl=-1", "ttl"), ("addresses=some", "addresses"), ("notify=ns1", "ns1"),
    ("transfer=everybody", "everybody"), ("mname=a..b", "a..b"), ("serial=0", "serial"), ("terms=maybe", "on or off"),
])
def test_zone_set_refuses(ctl, word, says):
    before = ctl.json("zone", "show", "ctl.example")
    assert says in ctl.refused("zone", "set", "ctl.example", word)
    assert ctl.json("zone", "show", "ctl.example") == before


def test_zone_that_is_there_or_is_not(ctl):
    assert "already" in ctl.refused("zone", "add", "ctl.example", "--ns", "n.example")
    for words in (("show",), ("delete",), ("set", "ttl=5")):
        reason = ctl.refused("zone", words[0], "nowhere.example", *words[1:])
        assert "'nowhere.example'" in reason and "hint" in reason


def test_zone_delete_asks_before_it_takes_much(ctl):
    ctl("zone", "add", "gone.example", "--ns", "ns1.example.org")
    ctl("record", "add", "www.gone.example", "A", "192.0.2.1")
    assert "1 records" in ctl.refused("zone", "delete", "gone.example")
    assert ctl.json("zone", "delete", "gone.example", "--yes") == {
        "deleted": "gone.example", "domains": 0, "records": 1}
    ctl("zone", "add", "gone.example", "--ns", "ns1.example.org")
    ctl("zone", "delete", "gone.example")  # its NS alone are no reason to ask


# -- accounts ----------------------------------------------------------------------------------------


def test_account(ctl):
    account = ctl.json("account", "add", "bob", "--email", "bob@example.org", "--role", "admin")
    assert account == ctl.json("account", "show", "bob")
    assert account in ctl.json("account", "list")
    assert (account["email"], account["role"], account["state"]) == ("bob@example.org", "admin", "active")
    assert account["has_password"] is False
    assert ctl.json("account", "set", "bob", "role=user", "email=")["email"] is None
    assert ctl.json("account", "set", "bob", "state=suspended")["state"] == "suspended"
    assert "already" in ctl.refused("account", "add", "bob")
    assert "state" in ctl.refused("account", "set", "bob", "state=asleep")
    assert "role" in ctl.refused("account", "add", "carl", "--role", "king")
    assert "two words" in ctl.refused("account", "add", "two words")
    ctl("account", "delete", "bob")
    assert "'bob'" in ctl.refused("account", "show", "bob")


def test_account_delete_asks_before_it_takes_names(ctl):
    ctl("account", "add", "dora")
    ctl("zone", "add", "dora.example", "--private", "dora", "--ns", "ns1.example.org")
    ctl("domain", "add", "dora.ctl.example", "--account", "dora")
    ctl("key", "add", "dora-key", "--account", "dora")
    assert "1 domains and 1 private zones" in ctl.refused("account", "delete", "dora")
    ctl("account", "delete", "dora", "--yes")
    for noun, name in (("zone", "dora.example"), ("domain", "dora.ctl.example"), ("key", "dora-key")):
        ctl.refused(noun, "show", name)


def test_suspension_is_stored_and_lifted(ctl, database_stack):
    ctl("domain", "add", "susp.ctl.example", "--account", "ann")
    served = "select served from ddns.domains where name = 'susp.ctl.example'"
    ctl("account", "set", "ann", "state=suspended")
    assert database_stack.sql(served) == [(False,)]
    ctl("account", "set", "ann", "state=active")
    assert database_stack.sql(served) == [(True,)]


# -- domains -----------------------------------------------------------------------------------------


def test_domain_online_and_offline(ctl):
    ctl("domain", "add", "state.ctl.example", "--account", "ann")
    domain = ctl.json("domain", "online", "state.ctl.example", "2001:db8::7,192.0.2.7")
    assert (domain["online"], domain["address"]) == (True, ["192.0.2.7", "2001:db8::7"])
    domain = ctl.json("domain", "offline", "State.ctl.example.")
    assert (domain["online"], domain["online_since"], domain["offline_reason"]) == (False, None, "command")
    assert domain["address"] == ["192.0.2.7", "2001:db8::7"]
    domain = ctl.json("domain", "online", "state.ctl.example")
    assert (domain["online"], domain["offline_reason"]) == (True, None)
    assert domain["address"] == ["192.0.2.7", "2001:db8::7"] and domain["online_since"]
    assert "is offline" in ctl("domain", "offline", "state.ctl.example")
    assert "'nobody.ctl.example'" in ctl.refused("domain", "offline", "nobody.ctl.example")
    assert "192.0.2.300" in ctl.refused("domain", "online", "state.ctl.example", "192.0.2.300")
    assert ctl.json("domain", "show", "state.ctl.example")["online"] is False
    ctl("domain", "delete", "state.ctl.example")


def test_domain(ctl):
    domain = ctl.json("domain", "add", "One.ctl.example.", "--account", "ann", "timeout=10", "wildcard=off")
    assert domain["name"] == "one.ctl.example"
    assert (domain["zone"], domain["owner"], domain["account"]) == ("ctl.example", "one", "ann")
    assert (domain["timeout"], domain["wildcard"], domain["mail"], domain["online"]) == (10, False, True, True)
    assert domain["address"] == [] and domain["fixed"] is None
    assert ctl.json("domain", "show", "one.CTL.example") == domain
    assert [domain] == [d for d in ctl.json("domain", "list", "--account", "ann", "--zone", "ctl.example")
                        if d["name"] == "one.ctl.example"]
    assert ctl.json("domain", "list", "--account", "joe", "--zone", "ctl.example") == []
    assert "already" in ctl.refused("domain", "add", "one.ctl.example", "--account", "ann")
    assert "'nobody'" in ctl.refused("domain", "add", "two.ctl.example", "--account", "nobody")
    assert "none of the zones" in ctl.refused("domain", "add", "one.elsewhere", "--account", "ann")
    assert "--account" in ctl.refused("domain", "add", "two.ctl.example", status=2)
    ctl("domain", "delete", "one.ctl.example")
    ctl.refused("domain", "show", "one.ctl.example")


def test_domain_lies_in_the_zone_with_the_longest_origin(ctl):
    ctl("zone", "add", "deep.ctl.example", "--shared", "--ns", "ns1.example.org")
    assert ctl.json("domain", "add", "x.deep.ctl.example", "--account", "ann")["zone"] == "deep.ctl.example"
    # what binds accounts does not bind the operator: depth, reserved names
    assert ctl.json("domain", "add", "www.a.b.ctl.example", "--account", "ann")["owner"] == "www.a.b"


def test_domain_at_a_private_apex_keeps_nxdomain(ctl):
    ctl("zone", "add", "apex.example", "--private", "ann", "--ns", "ns1.example.org")
    domain = ctl.json("domain", "add", "apex.example", "--account", "ann")
    assert (domain["owner"], domain["wildcard"], domain["mail"]) == ("@", False, False)


def test_domain_takes_over_the_addresses_that_are_there(ctl):
    for rdata in ("192.0.2.2", "192.0.2.1"):
        ctl("record", "add", "taken.ctl.example", "A", rdata, "--ttl", "77")
    ctl("record", "add", "taken.ctl.example", "AAAA", "2001:db8::1", "--ttl", "77")
    ctl("record", "add", "taken.ctl.example", "TXT", "stays")
    domain = ctl.json("domain", "add", "taken.ctl.example", "--account", "ann")
    assert domain["address"] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert domain["ttl"] == 77
    assert sorted((r["type"], r["kind"]) for r in ctl.json("record", "list", "taken.ctl.example")) == [
        ("A", "address"), ("A", "address"), ("AAAA", "address"), ("TXT", "record")]


def test_domain_set(ctl):
    ctl("domain", "add", "set.ctl.example", "--account", "ann")
    domain = ctl.json("domain", "set", "set.ctl.example", "address=192.0.2.9,2001:db8::9", "www=port:8081",
                      "offline=address:192.0.2.10", "mail=off", "ttl=5", "timeout=15")
    assert domain["fixed"] == ["192.0.2.9", "2001:db8::9"]
    assert (domain["www"], domain["www_port"]) == ("port", 8081)
    assert (domain["offline"], domain["offline_address"]) == ("address", ["192.0.2.10"])
    assert (domain["mail"], domain["ttl"], domain["timeout"]) == (False, 5, 15)
    domain = ctl.json("domain", "set", "set.ctl.example", "address=auto", "www=url:https://example.org/x",
                      "offline=url:http://example.org/", "account=joe")
    assert domain["fixed"] is None
    assert (domain["www"], domain["www_url"]) == ("url", "https://example.org/x")
    assert (domain["offline"], domain["offline_url"]) == ("url", "http://example.org/")
    assert domain["account"] == "joe"
    for value in ("page", "keep", "none"):
        assert ctl.json("domain", "set", "set.ctl.example", f"offline={value}")["offline"] == value


@pytest.mark.parametrize("word, says", [
    ("address=192.0.2.0/24", "192.0.2.0/24"), ("address=joe", "joe"), ("ttl=-1", "-1"), ("timeout=often", "number"),
    ("www=port:70000", "www_port"), ("www=port:x", "number"), ("www=else", "port:N"), ("offline=away", "offline"),
    ("offline=url:ftp://example.org/", "ftp"), ("account=nobody", "nobody"), ("wildcard=perhaps", "on or off"),
])
def test_domain_set_refuses(ctl, word, says):
    before = ctl.json("domain", "show", "taken.ctl.example")
    assert says in ctl.refused("domain", "set", "taken.ctl.example", word)
    assert ctl.json("domain", "show", "taken.ctl.example") == before


# -- records -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rtype, rdata, stored", [
    ("a", "192.0.2.1", "192.0.2.1"), ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
    ("MX", "10 Mail.Example.org.", "10 mail.example.org."), ("TXT", "v=spf1 mx -all", '"v=spf1 mx -all"'),
    ("TXT", "v=DKIM1; k=rsa", '"v=DKIM1; k=rsa"'), ("SRV", "0 5 5060 sip.example.org.", "0 5 5060 sip.example.org."),
    ("CAA", "0 issue letsencrypt.org", '0 issue "letsencrypt.org"'), ("HTTPS", "1 . alpn=h2", "1 . alpn=h2"),
    ("TYPE65280", r"\# 3 0a0b0c", r"\# 3 0A0B0C"),
    ("SSHFP", "4 2 " + "ab" * 32, "4 2 " + "AB" * 32), ("TLSA", "3 1 1 " + "ab" * 32, "3 1 1 " + "AB" * 32),
    ("NAPTR", '100 10 "S" "SIP+D2U" "" _sip._udp.example.org.', '100 10 "S" "SIP+D2U" "" _sip._udp.example.org.'),
])
def test_record_is_made_canonical_added_once_and_deleted(ctl, rtype, rdata, stored):
    name = f"{rtype.lower()}.rr.ctl.example"
    assert ctl.json("record", "add", name, rtype, rdata, "--ttl", "99")["kind"] == "record"
    assert [(r["name"], r["type"], r["ttl"], r["rdata"]) for r in ctl.json("record", "list", name)] == [
        (name, rtype.upper(), 99, stored)]
    assert "already" in ctl.refused("record", "add", name, rtype, rdata)
    assert ctl.json("record", "delete", name, rtype, rdata) == [{"name": name, "type": rtype.upper(), "rdata": stored}]
    assert "no such record" in ctl.refused("record", "delete", name, rtype, rdata)


def test_record_data_may_be_several_words(ctl):
    ctl("record", "add", "words.ctl.example", "MX", "10", "mail.example.org.")
    ctl("record", "add", "words.ctl.example", "TXT", "--", "-all", "--ttl")
    assert sorted(r["rdata"] for r in ctl.json("record", "list", "words.ctl.example")) == [
        '"-all --ttl"', "10 mail.example.org."]


def test_record_ttl_is_that_of_the_rrset_else_of_the_zone(ctl):
    zone_ttl = ctl.json("zone", "show", "ctl.example")["ttl"]
    ctl("record", "add", "ttl.ctl.example", "A", "192.0.2.1")
    ctl("record", "add", "ttl.ctl.example", "TXT", "x", "--ttl", "300")
    ctl("record", "add", "ttl.ctl.example", "TXT", "y")
    assert {(r["type"], r["ttl"]) for r in ctl.json("record", "list", "ttl.ctl.example")} == {
        ("A", zone_ttl), ("TXT", 300)}


@pytest.mark.parametrize("words, says", [
    (("A", "192.0.2"), "192.0.2.1"), (("MX", "10 mail"), "final dot"), (("CNAME", "host"), "final dot"),
    (("NONSENSE", "x"), "NONSENSE"), (("SOA", "a. b. 1 2 3 4 5"), "SOA"), (("A", "192.0.2.1", "--ttl", "-1"), "-1"),
    (("TXT", "a\nb 0 IN A 192.0.2.1"), "control character"),
])
def test_record_add_refuses(ctl, words, says):
    assert says in ctl.refused("record", "add", "bad.ctl.example", *words)
    assert ctl.json("record", "list", "bad.ctl.example") == []


def test_record_beside_a_cname(ctl):
    ctl("record", "add", "alias.ctl.example", "CNAME", "host.example.org.")
    assert "CNAME" in ctl.refused("record", "add", "alias.ctl.example", "TXT", "x")
    assert "CNAME" in ctl.refused("record", "add", "alias.ctl.example", "CNAME", "other.example.org.")
    assert "CNAME" in ctl.refused("record", "add", "ttl.ctl.example", "CNAME", "host.example.org.")


def test_record_list_is_at_and_below(ctl):
    for name in ("at.ctl.example", "b.at.ctl.example", "c.b.at.ctl.example", "notat.ctl.example"):
        ctl("record", "add", name, "TXT", "x")
    assert [r["name"] for r in ctl.json("record", "list", "at.ctl.example")] == [
        "at.ctl.example", "b.at.ctl.example", "c.b.at.ctl.example"]
    names = [r["name"] for r in ctl.json("record", "list", "ctl.example", "TXT")]
    assert "notat.ctl.example" in names
    assert ctl.json("record", "list", "at.ctl.example", "A") == []
    assert "none of the zones" in ctl.refused("record", "list", "at.elsewhere")


def test_address_at_a_domains_own_name(ctl):
    """It is the domain's current address: adding brings it online, removing the last one takes it offline."""
    name = "home.ctl.example"
    ctl("domain", "add", name, "--account", "ann")
    assert ctl.json("record", "add", name, "A", "192.0.2.1")["kind"] == "address"
    ctl("record", "add", name, "AAAA", "2001:db8::1")
    ctl("record", "add", name, "A", "192.0.2.2", "--ttl", "33")
    domain = ctl.json("domain", "show", name)
    assert domain["address"] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert (domain["ttl"], domain["online"]) == (33, True)
    assert "already" in ctl.refused("record", "add", name, "A", "192.0.2.2")
    assert "multicast" in ctl.refused("record", "add", name, "A", "224.0.0.1")
    ctl("record", "delete", name, "A", "192.0.2.2")
    assert ctl.json("domain", "show", name)["address"] == ["192.0.2.1", "2001:db8::1"]
    assert len(ctl.json("record", "delete", name)) == 2
    domain = ctl.json("domain", "show", name)
    assert (domain["address"], domain["online"], domain["online_since"]) == ([], False, None)
    assert "last address" in domain["offline_reason"]
    ctl("record", "add", name, "A", "192.0.2.3")
    domain = ctl.json("domain", "show", name)
    assert domain["online"] is True and domain["offline_reason"] is None and domain["online_since"] is not None


def test_fixed_addresses_are_said_to_hide_reported_ones(ctl):
    ctl("domain", "add", "fixed.ctl.example", "--account", "ann", "address=192.0.2.50")
    done = ctl.run("record", "add", "fixed.ctl.example", "A", "192.0.2.51")
    assert done.status == 0 and "fixed" in done.err
    assert [r["rdata"] for r in ctl.json("record", "list", "fixed.ctl.example", "A")] == ["192.0.2.50"]


# -- settings ----------------------------------------------------------------------------------------


def test_settings(ctl):
    def value(name):
        return next((s["value"], s["is_set"]) for s in ctl.json("setting", "list") if s["name"] == name)
    assert value("quarantine_days") == ("200", False)
    ctl("setting", "set", "quarantine_days", "100")
    assert value("quarantine_days") == ("100", True)
    assert "'x'" in ctl.refused("setting", "set", "quarantine_days", "x").replace('"', "'")
    ctl("setting", "delete", "quarantine_days")
    assert value("quarantine_days") == ("200", False)
    assert "nonsense" in ctl.refused("setting", "set", "nonsense", "1")
    ctl.refused("setting", "delete", "quarantine_days")


# -- others at work ----------------------------------------------------------------------------------


def test_many_at_once_lose_nothing(ctl):
    ctl("domain", "add", "busy.ctl.example", "--account", "ann")
    addresses = [f"192.0.2.{n}" for n in range(1, 13)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda address: ctl("record", "add", "busy.ctl.example", "A", address), addresses))
    assert set(ctl.json("domain", "show", "busy.ctl.example")["address"]) == set(addresses)


def test_a_row_that_somebody_holds_is_waited_for(ctl, database_stack):
    ctl("domain", "add", "held.ctl.example", "--account", "ann")
    connection = database_stack.connect(autocommit=False)
    try:
        with connection.cursor() as cursor, concurrent.futures.ThreadPoolExecutor(1) as pool:
            cursor.execute("update ddns.domains set mail = false where name = 'held.ctl.example'")
            waiting = pool.submit(ctl, "domain", "set", "held.ctl.example", "ttl=9")
            wait_until(lambda: database_stack.sql("select count(*) from pg_locks where not granted")[0][0] or waiting.done(),
                       what="it waits")
            assert not waiting.done()
            connection.commit()
            waiting.result()
    finally:
        connection.close()
    domain = ctl.json("domain", "show", "held.ctl.example")
    assert (domain["mail"], domain["ttl"]) == (False, 9)
