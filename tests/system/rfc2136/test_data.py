# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of every type at and beyond its limits: the same rcode as stock named, and what is stored is answered."""

import contextlib
import os
import random
import socket

import dns.message
import dns.rdata
import dns.rdatatype
import psycopg2
import pytest

from .oracle import IN, NONE, ZONE, Both, rr, update

HASH = "00" * 32

# Data of the types that are answered, as people would write it.
GOOD = {
    "A": ["192.0.2.1"],
    "AAAA": ["2001:db8::1", "::ffff:192.0.2.1"],
    "NS": ["ns1.example.net."],
    "CNAME": ["host.example.net."],
    "DNAME": ["host.example.net."],
    "PTR": ["host.example.net.", "."],
    "MX": ["10 mail.example.net.", "0 ."],
    "TXT": ['"one" ""', '"a;b" "\\"c\\\\" "\\000\\255"'],
    "SRV": ["0 5 443 host.example.net."],
    "CAA": ['0 issue "ca.example.net"', '128 iodef ""', '0 issue ";"'],
    "SSHFP": [f"4 2 {HASH}", "1 1 " + "00" * 20, "9 9 00"],
    "TLSA": [f"3 1 1 {HASH}", "255 255 255 00"],
    "SMIMEA": [f"3 1 1 {HASH}"],
    "DS": [f"12345 13 2 {HASH}", "1 8 1 " + "00" * 20],
    "CDS": [f"12345 13 2 {HASH}", "0 0 0 00"],
    "CDNSKEY": ["257 3 13 " + "A" * 88, "0 3 0 AA=="],
    "NAPTR": ['100 10 "S" "SIP+D2U" "" _sip._udp.example.net.', '1 2 "u" "s" "!^.*$!sip:a@b!i" .'],
    "LOC": ["52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m", "90 0 0 S 180 0 0 W -100000.00m 0m 0m 0m",
            "0 0 0 N 0 0 0 E 42849672.95m 90000000m 90000000m 90000000m"],
    "URI": ['10 1 "https://example.net/"'],
    "HINFO": ['"cpu" "os"', '"" ""'],
    "RP": ["joe.example.net. text.example.net.", ". ."],
    "DHCID": ["AAEBYWJjZGVmZ2g="],
    "OPENPGPKEY": ["AAAA", "AA=="],
    "CERT": ["1 2 3 AAAA", "65535 65535 255 AA=="],
    "AFSDB": ["1 host.example.net."],
    "KX": ["1 host.example.net."],
    "SPF": ['"v=spf1 -all"'],
    "EUI48": ["00-00-5e-00-53-2a"],
    "EUI64": ["00-00-5e-ef-10-00-00-2a"],
    "HTTPS": ["1 . alpn=h2 port=443", "0 host.example.net.", "1 . ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
              "1 . mandatory=alpn alpn=h2,h3 no-default-alpn", "1 . key667=a", "1 . key667", "1 . ech=AAAA"],
    "SVCB": ["1 . alpn=h2", "16 host.example.net. mandatory=port port=8443"],
    "TYPE65280": ["\\# 2 abcd", "\\# 0"],
}

# What named takes though there is nothing where something should be: a fingerprint, a URI.
EMPTY = {"SSHFP", "URI"}

# Texts that some program or person might write; what of them is stored must be answered.
TYPED = [
    ("LOC", "52 N 4 E 10m"), ("LOC", "90 0 0 N 180 0 0 E -100000m"), ("LOC", "90 0 1 N 0 0 0 E 0m"), ("LOC", "91 0 0 N 0 0 0 E 0m"),
    ("LOC", "0 0 0 N 0 0 0 E 42849672.96m"), ("LOC", "0 0 0.9999 N 0 0 0 E 0m"), ("LOC", "0 N 0 E 1e3m"),
    ("SSHFP", "1 1 00"), ("SSHFP", "4 2 " + "0A" * 32), ("SSHFP", "\\# 2 0909"), ("TLSA", "3 1 1 00 ff"), ("TLSA", "3 1 1 0"),
    ("DS", f"1 8 4 {HASH}"), ("CAA", '0 issue ""'), ("DHCID", "AAEB YWJj"), ("DHCID", "AB=="), ("CERT", "PKIX 1 2 AAAA"), ("CERT", "1 2 3 AAAA"),
    ("NAPTR", '1 2 u s "!a!b!" .'), ("NAPTR", '1 2 "u" "s" "!a!b!x" .'), ("NAPTR", '1 2 "u" "s" "" .'), ("URI", '1 1 "a"'), ("URI", "1 1 a"),
    ("HINFO", "a b"), ("HINFO", "a"), ("RP", "a. ."), ("EUI48", "00-00-5E-00-53-2A"), ("EUI48", "00:00:5e:00:53:2a"),
    ("HTTPS", "1 ."), ("HTTPS", '1 . alpn="h2,h3"'), ("HTTPS", "1 . port=443 alpn=h2"), ("HTTPS", "1 . key1=h2"), ("HTTPS", "1 . key5=a"),
    ("HTTPS", "1 . alpn"), ("HTTPS", '1 . key667="a b"'), ("HTTPS", "1 . dohpath=/q{?dns}"), ("HTTPS", "1 . mandatory=alpn"), ("HTTPS", "0 ."),
    ("SVCB", "1 . ipv6hint=::1"), ("SVCB", "1 . ipv4hint=1.2.3"), ("SVCB", "\\# 3 000000"), ("SPF", "a"), ("TYPE65280", "\\# 1 0"),
    ("TYPE65280", "\\# 1 00"), ("TYPE65533", "\\# 1 00"), ("TYPE65535", "\\# 1 00"), ("TYPE127", "\\# 0"), ("TYPE263", "\\# 0"),
]


def wire_of(rtype, text):
    return dns.rdata.from_text("IN", rtype, text, relativize=False).to_wire()


def cuts(wire):
    return [wire[:i] for i in range(len(wire))] + [wire + b"\0"]


def changed(wire, rng, count):
    """The same with an octet or some more changed."""
    for at in range(min(len(wire), 20)):
        for octet in (0, 255, wire[at] ^ 0x80):
            yield wire[:at] + bytes([octet]) + wire[at + 1:]
    for _ in range(count):
        other = bytearray(wire)
        for _ in range(rng.choice([1, 2, 3])):
            other[rng.randrange(len(wire))] = rng.randrange(256)
        yield bytes(other)


@pytest.fixture(scope="module")
def both(module_stacks, tmp_path_factory):
    made = Both(module_stacks.make("data").start(), os.path.join(tmp_path_factory.mktemp("data"), "named"))
    yield made
    made.named.stop()


def answered(both, owner, rtype):
    """The data in wire form that our named gives, of a delegation too."""
    named = both.stack.named
    question = dns.message.make_query(f"{owner}.{ZONE}", rtype).to_wire()
    with socket.create_connection((named.address, named.port), 5) as client:
        client.sendall(len(question).to_bytes(2, "big") + question)
        answer = b""
        while len(answer) < 2 or len(answer) < 2 + int.from_bytes(answer[:2], "big"):
            more = client.recv(65535)
            assert more
            answer += more
    return answer[2:]


def wait_served(both):
    """Until named shows what is stored now."""
    name = f"served{random.getrandbits(64)}"
    both.stack.sql("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%s, %s, 'TXT', 'x')", (ZONE, name))
    both.stack.wait_answer(f"{name}.{ZONE}", "TXT", {'"x"'})


@pytest.mark.parametrize("rtype", GOOD)
def test_messages(both, rtype, is_long):
    """As named: a message with data that are not their type's is FORMERR.  All that is stored is answered as it came."""
    rng = random.Random(rtype)
    wires = [wire_of(rtype, text) for text in GOOD[rtype]]
    cases = {wire: "good" for wire in wires}
    for wire in wires if is_long else wires[:1]:
        cases |= {cut: "cut" for cut in cuts(wire) if cut not in cases and rtype != "TYPE65280"}
        if wire:
            more = changed(wire, rng, 200 if is_long else 0)
            cases |= {other: "changed" for other in more if other not in cases and (is_long or rng.random() < 0.2)}
    stored = {}
    for i, (wire, kind) in enumerate(cases.items()):
        message = update(changes=[rr(f"{rtype}-{kind}{i}", rtype, data=wire)])
        ours, theirs = both.ours.rcode(message), both.theirs.rcode(message)
        what = f"{kind} {wire.hex()}: {ours}, named {theirs}"
        if ours == "NOERROR":
            stored[f"{rtype}-{kind}{i}"] = wire
        if kind == "good" or kind == "cut" and (ours, theirs) != ("FORMERR", "NOERROR"):
            assert ours == theirs, what
        elif kind == "cut":
            assert rtype in EMPTY, what
        else:  # we may be stricter, never laxer
            assert ours == theirs or theirs == "NOERROR" and ours in ("FORMERR", "REFUSED"), what
    wait_served(both)
    for owner, wire in stored.items():
        expected = (len(wire).to_bytes(2, "big") + wire).lower()  # names as they are stored
        assert expected in answered(both, owner, rtype).lower(), f"{owner} {wire.hex()}"


def test_data_in_other_places(both):
    """Prerequisites, and what is to be deleted."""
    for rtype, data in (("A", b"\1\2\3"), ("SRV", b"\0\0\0\0"), ("SSHFP", b"\1"), ("MX", b"\0"), ("CAA", b"\0\1")):
        for message in (update([rr("host", rtype, IN, 0, data)]), update(changes=[rr("host", rtype, NONE, 0, data)]),
                        update([rr("host", "ANY", NONE, 0)], [rr("host.example.net.", rtype, data=data)])):
            assert both.ours.rcode(message) == both.theirs.rcode(message) == "FORMERR", rtype


@pytest.mark.parametrize("rtype", ["PTR", "MX", "SRV", "AFSDB", "KX", "HTTPS", "NAPTR"])
def test_names_of_any_characters(both, rtype):
    """Such as printers have: stored once, answered, and found again."""
    data = {"PTR": b"", "SRV": b"\0" * 6, "NAPTR": b"\0" * 7}.get(rtype, b"\0\1") + dns.name.Name([b"Joe's [old] Printer (2nd)!", b"_ipp", b'a"b;c\\d@e$f.g', b"example", b""]).to_wire()
    owner = f"{rtype}-name"

    def count():
        return both.stack.sql("SELECT count(*) FROM ddns.records WHERE zone = %s AND owner = %s", (ZONE, owner.lower()))[0][0]
    for wire in (update(changes=[rr(owner, rtype, data=data)]), update(changes=[rr(owner, rtype, data=data)]),
                 update([rr(owner, rtype, IN, 0, data)])):
        assert both.ours.rcode(wire) == both.theirs.rcode(wire) == "NOERROR"
        assert count() == 1
    wait_served(both)
    assert (len(data).to_bytes(2, "big") + data).lower() in answered(both, owner, rtype).lower()
    assert both.ours.rcode(update(changes=[rr(owner, rtype, NONE, 0, data)])) == "NOERROR"
    assert count() == 0


def test_lengths_beyond_the_end(both):
    """A salt and a hash of NSEC3 that are said to be longer than the data: nothing is read there."""
    pid = both.stack.gateway.server.pid()
    for data in (b"\1\0\0\1\xff" + b"x" * 30, b"\1\0\0\1\0\xff" + b"x" * 30, b"\1\0\0\1\1\0\xff"):
        for message in (update([rr("x", "NSEC3", IN, 0, data)]), update(changes=[rr("x", "NSEC3", data=data)]),
                        update(changes=[rr("x", "NSEC3", NONE, 0, data)])):
            assert both.ours.rcode(message) in ("FORMERR", "REFUSED", "NXRRSET")
    assert both.stack.gateway.server.pid() == pid


@pytest.mark.parametrize("rtype", ["NULL", "WKS", "MINFO", "APL", "KEY", "DNSKEY", "NSEC3PARAM"])
def test_types_that_are_not_answered(both, rtype):
    """Nobody gets them stored."""
    data = {"NULL": b"x", "WKS": b"\xc0\0\2\1\6\0", "MINFO": b"\0\0", "APL": b"\0\1\x18\3\xc0\0\2",
            "NSEC3PARAM": b"\1\0\0\0\0"}.get(rtype, b"\1\0\3\x08\3\1\0\1")
    number = dns.rdatatype.from_text(rtype)
    assert both.ours.rcode(update(changes=[rr("none", number, data=data)])) == "REFUSED"
    for name in (rtype, f"TYPE{number}"):
        with pytest.raises(psycopg2.DataError, match="cannot be stored"):
            both.stack.sql("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%s, 'none', %s, '\\# 0')", (ZONE, name))


def test_typed(both):
    """Rows of psql: refused, or answered."""
    stored = {}
    with contextlib.closing(both.stack.connect()) as connection, connection.cursor() as cursor:
        for i, (rtype, text) in enumerate(TYPED + [(rtype, text) for rtype, texts in GOOD.items() for text in texts]):
            try:
                cursor.execute("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%s, %s, %s, %s)",
                               (ZONE, f"typed{i}", rtype, text))
                stored[f"typed{i}"] = rtype, text
            except psycopg2.DataError:
                assert i < len(TYPED), f"{rtype} {text} is refused"
    wait_served(both)
    for owner, (rtype, text) in stored.items():
        answer = answered(both, owner, rtype)
        assert answer[3] & 15 == 0 and answer[6:10] != b"\0\0\0\0", f"{rtype} {text} is not answered"
        assert rtype == "NS" or answer[6:8] == b"\0\1", f"{rtype} {text} is not answered"
    print(f"{len(stored)} of {len(TYPED)} and what is good")
