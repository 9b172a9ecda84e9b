# SPDX-License-Identifier: GPL-3.0-or-later
"""Operation: history and tries, secondaries, and which addresses are refused where.

The number in a test's name is that of the promise; each docstring says it.  NOTIFY itself, and what a
secondary makes of it, is in ../jobs/test_jobs_notify.py.
"""

import json

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import pytest

from ddns.steps import wait_until
from security.doors import add_account, add_host, add_key, basic, update


def history(stack, name, *words):
    return json.loads(stack.ctl("history", name, "--json", *words))


def seen_by(stack, account, name):
    """The history of a name as an account may see it."""
    return stack.sql("SELECT h.account, h.what, h.old, h.new, h.reason FROM ddns.accounts a, ddns.history_of(%s, 100, a.id) h"
                     " WHERE a.login = %s", (name, account))


# 5.1

def test_service_5_1_who_what_where_and_when(host):
    """History: who, which key, which door, from where, what was and what is, when, serial; at each door."""
    stack = host.stack
    host.update(myip="192.0.2.1")
    changes = (
        (lambda: host.update(myip="192.0.2.2"), "http", "192.0.2.1", "192.0.2.2"),
        (lambda: host.nsupdate(("replace", "", 60, "A", "192.0.2.3")), "dns", "192.0.2.2", "192.0.2.3"),
        (lambda: stack.ctl("domain", "online", host.name, "192.0.2.4"), "ddnsctl", "192.0.2.3", "192.0.2.4"),
        (lambda: stack.sql("SET application_name = 'psql'; UPDATE ddns.domains SET address = '{192.0.2.5}' WHERE name = %s",
                           (host.name,)), "psql", "192.0.2.4", "192.0.2.5"))
    for change, door, old, new in changes:
        change()
        row = history(stack, host.name, "--limit", "1")[0]
        assert (row["name"], row["door"], row["what"], row["old"], row["new"]) == (host.name, door, "address", old, new)
        assert row["serial"] == host.serial()
        by_key = door in ("http", "dns")
        assert (row["account"], row["key"], row["peer"]) == \
            ((stack.account, stack.key_name, "127.0.0.1") if by_key else (None, None, None))
        assert by_key or row["role"] == stack.sql("SELECT current_user")[0][0]
        assert stack.sql("SELECT now() - %s::timestamptz < interval '1 min'", (row["at"],)) == [(True,)]


def test_service_5_1_each_option_of_an_update_is_told(host):
    """What was and what is, of settings and records too, whatever an update URL sets."""
    host.update(myip="192.0.2.1")
    assert host.update(myip="192.0.2.1", timeout="10", wildcard="OFF", mx="mail.example.net", backmx="NO").startswith("good")
    told = {(row["name"], row["what"]): (row["old"], row["new"]) for row in history(host.stack, host.name)
            if row["key"] == host.stack.key_name and row["what"] != "address"}
    assert told == {(host.name, "timeout"): ("0", "10"), (host.name, "wildcard"): ("on", "off"),
                    (host.name, "MX"): (None, "60 10 mail.example.net.")}


def test_service_5_1_users_see_their_own(stack):
    """Users see their own: nothing of others' domains, and nothing of what was before a name was theirs."""
    add_account(stack, "hugo", "hugos-own-password")
    add_account(stack, "hanna", "hannas-own-password")
    name = add_host(stack, "hugos", "hugo")
    basic(stack, add_key(stack, "hugo-key", "hugo"), name, "192.0.2.7")
    assert [row[1] for row in seen_by(stack, "hugo", name)] == ["address", "domain"]
    for stranger in ("hanna", stack.account):
        assert seen_by(stack, stranger, name) == [] == seen_by(stack, stranger, stack.zone)
    stack.sql("UPDATE ddns.domains SET account_id = (SELECT id FROM ddns.accounts WHERE login = 'hanna') WHERE name = %s", (name,))
    basic(stack, add_key(stack, "hanna-key", "hanna"), name, "192.0.2.8")
    assert seen_by(stack, "hugo", name) == []
    assert [row[1:4] for row in seen_by(stack, "hanna", name)] == \
        [("address", "192.0.2.7", "192.0.2.8"), ("account", "hugo", "hanna")]


def test_service_5_1_failed_tries_are_shown_with_the_reason(host):
    """Failed tries against a domain are shown to its owner with the reason, of both doors."""
    stack = host.stack
    stranger = add_key(stack, "nosy-key", add_account(stack, "nosy", "nosys-own-password").name)
    assert not basic(stack, stranger, host.name, "192.0.2.66").is_done
    assert not update(stack, stranger, host.name, "192.0.2.66").is_done
    assert host.update(myip="224.0.0.1") == "dnserr"

    def tries():
        return {(row["account"], row["key"], row["door"], row["reason"]) for row in history(stack, host.name)
                if row["what"] == "failed"}
    other = "it is another account's"
    wait_until(lambda: tries() == {("nosy", "nosy-key", "http", other), ("nosy", "nosy-key", "dns", f"{host.name} is not granted to the key"),
                                   (stack.account, stack.key_name, "http", "224.0.0.1 is a multicast address")}, 30,
               "the tries are there")
    assert {row[4] for row in seen_by(stack, stack.account, host.name)} >= {other}
    assert seen_by(stack, "nosy", host.name) == []


def test_service_5_1_kept_for_a_configured_time(host):
    """History and tries are kept for the times that the settings say."""
    stack = host.stack
    stack.sql("INSERT INTO ddns.history (at, name, what) SELECT now() - i * interval '1 day', %s, 'old' FROM generate_series(1, 9) i",
              (host.name,))
    stack.sql("INSERT INTO ddns.attempts (at, name, reason) SELECT now() - i * interval '1 day', %s, 'old'"
              " FROM generate_series(1, 9) i", (host.name,))
    stack.ctl("setting", "set", "history_days", "5")
    stack.ctl("setting", "set", "attempts_days", "3")
    try:
        stack.gateway.stop()  # the job of one that starts runs at once
        stack.start_gateway()
        wait_until(lambda: [sum(row["what"] == "old" for row in history(stack, host.name)),
                            sum(row["reason"] == "old" for row in history(stack, host.name))] == [4, 2], 30, "the old is forgotten")
    finally:
        stack.ctl("setting", "delete", "history_days")
        stack.ctl("setting", "delete", "attempts_days")


# 5.3

def transferred(stack, zone, source="127.0.0.1"):
    """The serials that stand first and last in a zone transfer, and its rdata of type A; None: refused."""
    query = dns.message.make_query(zone, "AXFR")
    answer = dns.query.tcp(query, stack.named.address, port=stack.named.port, timeout=30, source=source, one_rr_per_rrset=True)
    if answer.rcode() != dns.rcode.NOERROR:
        return None
    first, last = answer.answer[0][0], answer.answer[-1][0]
    assert first.rdtype == last.rdtype == dns.rdatatype.SOA and len(answer.answer) > 2
    return first.serial, last.serial, {rrset[0].to_text() for rrset in answer.answer if rrset.rdtype == dns.rdatatype.A}


def test_service_5_3_the_serial_rises_with_each_change(host):
    """The serial rises with each change, by one at whatever door, and is served; what changes nothing leaves it."""
    stack = host.stack
    serial = host.serial()
    for number, change in enumerate((
            lambda: host.update(myip="192.0.2.1"),
            lambda: host.nsupdate(("replace", "", 60, "A", "192.0.2.2"), ("add", "t", 60, "TXT", '"x"')),
            lambda: host.add("u", "TXT", '"x"'),
            lambda: stack.ctl("domain", "offline", host.name),
            lambda: host.update(myip="192.0.2.3,2001:db8::3", wildcard="OFF"),
            lambda: stack.sql("UPDATE ddns.records SET ttl = 5 WHERE zone = %s AND owner LIKE '%%' || %s",
                              (stack.zone, host.name.split(".", maxsplit=1)[0]))), 1):
        change()
        assert host.serial() == serial + number
        wait_until(lambda: stack.query(stack.zone, "SOA").answer[0][0].serial == serial + number, 30, "it is served")  # pylint: disable=cell-var-from-loop
    assert host.update(myip="192.0.2.3,2001:db8::3").startswith("nochg")
    host.nsupdate(("add", "t", 5, "TXT", '"x"'))
    assert host.serial() == serial + number
    stack.ctl("zone", "set", stack.zone, "serial=4294967295")
    host.update(myip="192.0.2.4")
    wait_until(lambda: stack.query(stack.zone, "SOA").answer[0][0].serial == 1, 30, "after the last comes 1 (RFC 1982)")


def test_service_5_3_axfr_as_allowed(host):
    """AXFR as allowed: by the zone's list, whole and with its serial; nobody else."""
    stack = host.stack
    host.update(myip="192.0.2.201")
    assert transferred(stack, stack.zone) is None
    stack.ctl("zone", "set", stack.zone, "transfer=127.0.0.9")
    try:
        wait_until(lambda: transferred(stack, stack.zone, "127.0.0.9"), 30, "it may be copied")
        assert transferred(stack, stack.zone) is None
        host.update(myip="192.0.2.202")
        host.serves("A", "192.0.2.202")
        wait_until(lambda: stack.query(stack.zone, "SOA").answer[0][0].serial == host.serial(), what="its serial is served")
        first, last, addresses = transferred(stack, stack.zone, "127.0.0.9")
        assert first == last == host.serial()
        assert "192.0.2.202" in addresses and "192.0.2.201" not in addresses
    finally:
        stack.ctl("zone", "set", stack.zone, "transfer=none")


# 5.5

SPECIAL = ["10.0.0.1", "127.0.0.1", "192.168.1.1", "172.16.0.1", "172.31.255.255", "100.64.0.1", "169.254.1.1", "192.0.0.1",
           "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "0.1.2.3", "240.0.0.1", "255.255.255.255",
           "::1", "fc00::1", "fdff::1", "fe80::1", "2001:db8::1", "64:ff9b::a00:1", "100::1", "2002:a00:1::1",
           "2001:0:a00:1::1", "::10.0.0.1", "::ffff:10.0.0.1"]
MULTICAST = ["224.0.0.1", "239.255.255.255", "ff02::1", "ffff::1", "::ffff:224.0.0.1"]
PUBLIC = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2600::1", "2002:808:808::1"]


def kind_of(address):
    return "AAAA" if ":" in address else "A"


@pytest.fixture(scope="module", name="kinds")
def three_kinds(stack):
    """Domains of the demo's account: in a shared zone as it comes, in a private zone, and in each set the other way."""
    for zone, words in (("ours.example", ["--private", stack.account]), ("open.example", ["--shared", "--addresses", "any"]),
                        ("shut.example", ["--private", stack.account, "--addresses", "public"])):
        stack.ctl("zone", "add", zone, "--ns", "ns1.example.org", *words)
    names = {"shared": f"kind.{stack.zone_public}", "private": "kind.ours.example", "shared, any": "kind.open.example",
             "private, public": "kind.shut.example"}
    for name in names.values():
        stack.ctl("domain", "add", name, "--account", stack.account)
    return names


def results(stack, name, address):
    """What an update says over HTTP, over DNS for the name itself, and over DNS for a record below it."""
    zone = name.split(".", maxsplit=1)[1]
    said = [stack.update(hostname=name, myip=address).split()[0]]
    for owner in (name, "below." + name):
        message = dns.update.UpdateMessage(zone)
        message.use_tsig(dns.tsigkeyring.from_text({stack.key_name: stack.key_secret}), algorithm=stack.key_algorithm)
        message.replace(owner + ".", 60, kind_of(address), address)
        answer = dns.query.tcp(message, stack.gateway.address, port=stack.gateway.dns_port, timeout=30)
        said.append(dns.rcode.to_text(answer.rcode()))
    return said


def stored(stack, name):
    return stack.sql("SELECT address, (SELECT array_agg(rdata) FROM ddns.records WHERE domain_id = d.id) FROM ddns.domains d"
                     " WHERE name = %s", (name,))


@pytest.mark.parametrize("address", SPECIAL)
def test_service_5_5_private_and_reserved_addresses(stack, kinds, address):
    """Private, loopback, documentation and reserved ones are refused in shared zones and allowed in private ones,
    unless the zone's setting says otherwise."""
    for kind in ("shared", "private, public"):
        before = stored(stack, kinds[kind])
        assert results(stack, kinds[kind], address) == ["dnserr", "REFUSED", "REFUSED"], kind
        assert stored(stack, kinds[kind]) == before
    mapped = address.startswith("::ffff:")  # over HTTP it is taken as the IPv4 address that it is
    for kind in ("private", "shared, any"):
        http, *over_dns = results(stack, kinds[kind], address)
        assert http in ("good", "nochg"), kind
        assert over_dns == (["REFUSED", "NOERROR"] if mapped else ["NOERROR", "NOERROR"]), kind
        if not mapped:
            stack.wait_answer(kinds[kind], kind_of(address), {address})


@pytest.mark.parametrize("address", MULTICAST)
def test_service_5_5_multicast_is_refused_everywhere(stack, kinds, host, address):
    """Multicast is refused everywhere, to administrators too."""
    for kind, name in kinds.items():
        assert results(stack, name, address) == ["dnserr", "REFUSED", "REFUSED"], kind
    for words in (["domain", "online", host.name, address], ["domain", "set", host.name, f"address={address}"],
                  ["domain", "set", host.name, f"offline=address:{address}"]):
        assert "multicast" in host.refused(*words)
    if not address.startswith("::ffff"):
        assert "multicast" in host.refused("record", "add", host.full("m"), "A", "192.0.2.1", "--online", f"address:{address}")


@pytest.mark.parametrize("address", PUBLIC)
def test_service_5_5_public_addresses(stack, kinds, address):
    """Public ones are good everywhere, right beside the ranges too."""
    for name in kinds.values():
        http, *over_dns = results(stack, name, address)
        assert http in ("good", "nochg") and over_dns == ["NOERROR", "NOERROR"]
        stack.wait_answer(name, kind_of(address), {address})


def test_service_5_5_unspecified_means_none(stack, kinds):
    """Unspecified means none, in every zone."""
    for name in kinds.values():
        stack.update(hostname=name, myip="8.8.4.4,2600::4")
        stack.wait_answer(name, "A", {"8.8.4.4"})
        assert stack.update(hostname=name, myip="0.0.0.0,::").startswith("good")
        stack.wait_answer(name, "A", set())
        stack.wait_answer(name, "AAAA", set())


@pytest.mark.parametrize("prefix", ["fd00:1:2:3::/64", "2001:db8:1:2::/64", "fe80::/64", "2002:a00:1::/64", "ff05::/64"])
def test_service_5_5_prefixes(stack, kinds, prefix):
    """The same holds for addresses that come of a prefix."""
    record = "nas." + kinds["shared"]
    stack.update(hostname=kinds["shared"], myipv6="2600:1:2:3::1")
    if not stack.sql("SELECT 1 FROM ddns.records WHERE owner = 'nas.kind'"):
        stack.ctl("record", "add", record, "AAAA", "--interface-id", "::7")
    assert stack.update(hostname=kinds["shared"], ipv6prefix="2600:9:9:9::/64").startswith("good")
    stack.wait_answer(record, "AAAA", {"2600:9:9:9::7"})
    assert stack.update(hostname=kinds["shared"], ipv6prefix=prefix) == "dnserr"
    assert stack.rdata(record, "AAAA") == {"2600:9:9:9::7"}
