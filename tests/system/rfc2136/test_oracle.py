# SPDX-License-Identifier: GPL-3.0-or-later
"""The same messages to stock named and to the gateway: same rcode, same step of the serial, same data."""

import os
import random
import struct

import pytest

from .oracle import ANY, CH, IN, NONE, ZONE, Both, gone, less, rr, update

@pytest.fixture(scope="module")
def both(module_stacks, tmp_path_factory):
    made = Both(module_stacks.make("oracle").start(named=False), os.path.join(tmp_path_factory.mktemp("oracle"), "named"))
    yield made
    made.named.stop()


TXT = b"\x01x"

# Name, message, and where we differ on purpose: our rcode, and why.
CASES = [
    # Header and zone section
    ("U2 none", update(zones=0), None),
    ("U2 two", update(zones=2), None),
    ("U3", update(ztype=1), None),
    ("U4", update(zclass=CH), ("NOTAUTH", "RFC 2136 section 3.1.2; named has no view of that class")),
    ("U5", update(zone="example.net."), None),
    ("U6", update(zone=f"host.{ZONE}."), None),
    ("U7", update(flags=0x2930), None),
    ("U8", update(changes=[rr("x", "A", data="192.0.2.1")[:-1]]), None),
    ("U10", update(changes=[rr("CaSe", "A", data="192.0.2.1")]), None),
    ("U11", update(), None),
    # Prerequisites
    ("P1", update([rr("host", "ANY", ANY, 1)]), None),
    ("P2", update([rr("host.example.net.", "ANY", ANY, 0)]), None),
    ("P3 any", update([rr("host", "A", ANY, 0, "192.0.2.1")]), None),
    ("P3 none", update([rr("host", "A", NONE, 0, "192.0.2.1")]), None),
    ("P4", update([rr("host", "A", CH, 0, "192.0.2.1")]), None),
    ("P5 there", update([gone("host")]), None),
    ("P5 not", update([gone("nobody")]), None),
    ("P6 there", update([gone("host", "A")]), None),
    ("P6 no type", update([gone("host", "MX")]), None),
    ("P6 no name", update([gone("nobody", "MX")]), None),
    ("P7 free", update([rr("nobody", "ANY", NONE, 0)]), None),
    ("P7 used", update([rr("host", "ANY", NONE, 0)]), None),
    ("P8 absent", update([rr("host", "MX", NONE, 0)]), None),
    ("P8 there", update([rr("host", "A", NONE, 0)]), None),
    ("P9 equal", update([rr("host", "A", IN, 0, "192.0.2.2"), rr("host", "A", IN, 0, "192.0.2.1")]), None),
    ("P9 subset", update([rr("host", "A", IN, 0, "192.0.2.2")]), None),
    ("P9 superset", update([rr("host", "A", IN, 0, f"192.0.2.{i}") for i in (1, 2, 3)]), None),
    ("P9 no name", update([rr("nobody", "A", IN, 0, "192.0.2.2")]), None),
    ("P9 two sets", update([rr("ns1", "A", IN, 0, "192.0.2.53"), rr("mail", "MX", IN, 0, f"10 host.{ZONE}.")]), None),
    ("P10 ent", update([gone("ent")]), None),
    ("P10 ent free", update([rr("ent", "ANY", NONE, 0)]), None),
    ("P10 wildcard", update([gone("any.wild")]), None),
    ("P10 wildcard itself", update([gone("*.wild", "TXT")]), None),
    ("P first fails", update([rr("host", "ANY", NONE, 0), gone("nobody")]), None),
    ("P first is wrong", update([rr("host", "ANY", ANY, 1), gone("nobody")]), None),
    ("P second is wrong", update([gone("nobody"), rr("host", "ANY", ANY, 1)]), None),
    ("P data before a later one", update([rr("host", "A", IN, 0, "192.0.2.2"), gone("nobody")]), None),
    ("P on the SOA", update([gone("@", "SOA")]), None),
    ("P on the NS", update([rr("@", "NS", IN, 0, f"ns1.{ZONE}."), rr("@", "NS", IN, 0, f"ns2.{ZONE}.")]), None),
    ("P fails, nothing done", update([gone("nobody")], [rr("x", "A", data="192.0.2.1")]), None),
    # Prescan
    ("S1", update(changes=[rr("ok", "A", data="192.0.2.1"), rr("x.example.net.", "A", data="192.0.2.1")]), None),
    *[(f"S2 {t}", update(changes=[rr("x", t, data=b"\0")]), None) for t in (255, 252, 251, 254, 253)],
    *[(f"S2 {t}, a message's", update(changes=[rr("x", t, data=b"\0")]), None) for t in (41, 249, 250)],
    ("S3 empty", update(changes=[rr("x", "A")]), None),
    ("S3 short", update(changes=[rr("x", "A", data=b"\1\2\3")]), None),
    ("S3 long", update(changes=[rr("x", "A", data=b"\1\2\3\4\5")]), None),
    ("S4 ttl", update(changes=[rr("x", "A", ANY, 1)]), None),
    ("S4 data", update(changes=[rr("x", "A", ANY, 0, "192.0.2.1")]), None),
    ("S4 meta", update(changes=[rr("x", 252, ANY, 0)]), None),
    ("S5 ttl", update(changes=[rr("x", "A", NONE, 1, "192.0.2.1")]), None),
    ("S5 meta", update(changes=[rr("x", 252, NONE, 0, b"\0")]), None),
    ("S5 any", update(changes=[rr("x", 255, NONE, 0, b"\0")]), None),
    ("S6", update(changes=[rr("x", "A", CH, 60, "192.0.2.1")]), None),
    ("S7 NSEC", update(changes=[rr("x", "NSEC", data=f"a.{ZONE}. A")]), None),
    ("S7 NSEC3", update(changes=[rr("x", "NSEC3", data="1 0 1 - 0123456789abcdefghijklmnopqrstuv A")]),
     ("REFUSED", "named says SERVFAIL in a zone that is not signed")),
    ("S prescan before prerequisites", update([gone("nobody")], [rr("x", 252, data=b"\0")]), None),
    # Changes
    ("A1", update(changes=[rr("new", "A", data="192.0.2.7")]), None),
    ("A2", update(changes=[rr("new", "A", data="192.0.2.7")]), None),
    ("A3", update(changes=[rr("new", "A", ttl=90, data="192.0.2.7")]), None),
    ("A3 above 2^31", update(changes=[rr("new", "A", ttl=0x80000000, data="192.0.2.7")]), None),
    ("A4", update(changes=[rr("new", "A", ttl=30, data="192.0.2.8")]), None),
    ("A5", update(changes=[rr("new", "CNAME", data=f"host.{ZONE}.")]), None),
    ("A6", update(changes=[rr("alias", "A", data="192.0.2.7")]), None),
    ("A7", update(changes=[rr("alias", "CNAME", data=f"mail.{ZONE}.")]), None),
    ("A7 same", update(changes=[rr("alias", "CNAME", data=f"mail.{ZONE}.")]), None),
    ("A8", update(changes=[rr("@", "CNAME", data=f"mail.{ZONE}.")]), None),
    ("A9", update(changes=[gone("new", "A"), rr("new", "CNAME", data=f"host.{ZONE}.")]), None),
    ("A9 back", update(changes=[gone("new"), rr("new", "A", data="192.0.2.7")]), None),
    ("A10", update(changes=[rr("x", "A", data="192.0.2.7"), less("x", "A", "192.0.2.7")]), None),
    ("A10 other way", update(changes=[less("new", "A", "192.0.2.7"), rr("new", "A", data="192.0.2.7")]), None),
    ("A11 less", update(changes=[rr("@", "SOA", data=f"ns1.{ZONE}. h.{ZONE}. 999 1 2 3 4")]), None),
    ("A11 same", update(changes=[rr("@", "SOA", data=f"ns1.{ZONE}. h.{ZONE}. 1 1 2 3 4")]), None),
    ("A11 more", update(changes=[rr("@", "SOA", ttl=77, data=f"ns1.{ZONE}. h.{ZONE}. 5000 11 12 13 14")]), None),
    ("A11 more, and a record", update(changes=[rr("@", "SOA", data=f"ns1.{ZONE}. h.{ZONE}. 6000 11 12 13 14"),
                                               rr("soa", "A", data="192.0.2.7")]), None),
    ("A12", update(changes=[rr("x", "SOA", data=f"ns1.{ZONE}. h.{ZONE}. 9000 1 2 3 4")]), None),
    ("A13 set", update(changes=[gone("@", "SOA")]), None),
    ("A14 set", update(changes=[gone("@", "NS")]), None),
    ("A14 name", update(changes=[rr("@", "TXT", data=TXT), gone("@")]), None),
    ("A14 one", update(changes=[less("@", "NS", f"ns2.{ZONE}.")]), None),
    ("A14 last", update(changes=[less("@", "NS", f"ns1.{ZONE}.")]), None),
    ("A14 exchange", update(changes=[rr("@", "NS", data=f"ns2.{ZONE}."), less("@", "NS", f"ns1.{ZONE}.")]), None),
    ("A15 rr", update(changes=[less("nobody", "A", "192.0.2.1")]), None),
    ("A15 other data", update(changes=[less("host", "A", "192.0.2.99")]), None),
    ("A15 set", update(changes=[gone("nobody", "A")]), None),
    ("A15 name", update(changes=[gone("nobody")]), None),
    ("A16", update(changes=[less("host", "A", "192.0.2.2")]), None),
    ("A17 add", update(changes=[rr("*", "TXT", data=TXT)]), None),
    ("A17 delete", update(changes=[less("*", "TXT", TXT)]), None),
    ("A18 opaque", update(changes=[rr("op", 65280, data=b"\xab\xcd")]), None),
    ("A18 empty", update(changes=[rr("op", 65281, data=b"")]), None),
    ("A18 dhcid", update(changes=[rr("op", "DHCID", data=b"\0\1\1abcdefgh")]), None),
    ("A18 delete", update(changes=[less("op", 65280, b"\xab\xcd")]), None),
    ("A19", update(changes=[rr("sub", "NS", data=f"ns.sub.{ZONE}."), rr("ns.sub", "A", data="192.0.2.3")]), None),
    ("A20", update(changes=[rr("txt", "TXT", data=b"\3a\"b\0\2\\\xff")]), None),
    ("A20 delete", update(changes=[less("txt", "TXT", b"\3a\"b\0\2\\\xff")]), None),
    ("A names in data", update(changes=[rr("srv", "SRV", data=f"0 5 443 HOST.{ZONE}."),
                                        rr("naptr", "NAPTR", data=f'1 2 "u" "s" "!a!b!" host.{ZONE}.'),
                                        rr("caa", "CAA", data='0 issue "ca.example"'),
                                        rr("https", "HTTPS", data="1 . alpn=h2 port=443")]), None),
]


@pytest.mark.parametrize("name, wire, difference", CASES, ids=[case[0] for case in CASES])
def test_case(both, name, wire, difference):
    """In the order of the table: later cases build on earlier ones."""
    (ours, theirs), steps = both.compare(wire)
    if difference is None:
        assert ours == theirs, name
    else:
        assert ours == difference[0], name
    assert steps[0] == steps[1], name


def test_soa_is_the_same(both):
    """The last one that was taken: TTL and timers."""
    assert both.ours.data()[2] == both.theirs.data()[2]


def test_unsigned_is_refused(both):
    assert both.compare(update(changes=[rr("u", "A", data="192.0.2.1")]), is_signed=False)[0] == ("REFUSED", "REFUSED")


def test_answers_are_dropped(both):
    assert both.ours.rcode(update(flags=0xa800), timeout=0.5) is None


def test_header_of_the_answer(both):
    """A26: ID, opcode, QR and the zone section; no other flags."""
    wire = update(flags=0x2930)
    answer = both.ours.ask(both.ours.sign(wire))
    assert answer[:2] == wire[:2] and answer[2:4] == b"\xa8\x00"
    assert answer[4:12] == struct.pack("!HHHH", 1, 0, 0, 1)
    assert answer[12:].startswith(wire[12:])


def random_message(rng):
    """A message of some prerequisites and changes on few names, some of them wrong."""
    names = ["@", "host", "alias", "x", "y", "a.ent", "ent", "*.wild", "any.wild"]
    datas = {
        "A": [f"192.0.2.{i}" for i in range(1, 5)],
        "AAAA": [f"2001:db8::{i}" for i in range(1, 4)],
        "TXT": ['"a"', '"b" "c"', '"A"'],
        "CNAME": [f"host.{ZONE}.", f"x.{ZONE}."],
        "MX": [f"10 host.{ZONE}.", f"20 host.{ZONE}."],
        "NS": [f"ns1.{ZONE}.", f"ns2.{ZONE}.", f"ns3.{ZONE}."],
        "DNAME": [f"d1.{ZONE}.", f"d2.{ZONE}."],
    }
    def pick():
        name = rng.choice(names)
        rtype = rng.choice(["A", "A", "A", "AAAA", "TXT", "TXT", "CNAME", "MX"] + (["NS"] if name == "@" else []))
        return name, rtype, rng.choice(datas[rtype])
    prerequisites, changes = [], []
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        name, rtype, data = pick()
        prerequisites.append(rng.choice([
            lambda: gone(name), lambda: gone(name, rtype), lambda: rr(name, "ANY", NONE, 0),
            lambda: rr(name, rtype, NONE, 0), lambda: rr(name, rtype, IN, 0, data),
            # not CH: there named reads the data of an A record otherwise
            lambda: rr(name, rtype, rng.choice([IN, ANY, NONE]), rng.choice([0, 0, 5]), data)])())
    for _ in range(rng.choice([1, 1, 1, 2, 3, 4])):
        name, rtype, data = pick()
        changes.append(rng.choice([
            lambda: rr(name, rtype, IN, rng.choice([30, 60]), data), lambda: rr(name, rtype, IN, 60, data),
            lambda: rr(name, rtype, IN, 60, data), lambda: gone(name, rtype), lambda: less(name, rtype, data),
            lambda: gone(name) if rng.random() < 0.5 else less(name, rtype, data)])())
    if rng.random() < 0.02:
        changes.append(rr("x.example.net.", "A", data="192.0.2.1"))
    if rng.random() < 0.02:
        changes.append(rr("x", rng.choice([252, 255]), data=b"\0"))
    return update(prerequisites, changes)


def test_random_updates(both, is_long):
    """Seeded; the same rcode each time, and the same zone in the end (and on the way)."""
    rng = random.Random(2136)
    count = 10000 if is_long else 1000
    for i in range(count):
        wire = random_message(rng)
        assert both.ours.rcode(wire) == both.theirs.rcode(wire), f"message {i}: {wire.hex()}"
        if i % 50 == 49:
            ours, theirs = both.ours.data(), both.theirs.data()
            assert ours[0] == theirs[0], f"after message {i}: {ours[0] ^ theirs[0]}"
    assert both.ours.data()[0] == both.theirs.data()[0]
