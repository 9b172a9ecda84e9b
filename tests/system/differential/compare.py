# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the same queries to two name servers, fast, and tells where their answers differ."""
import errno
import random
import select
import socket
import struct
import time
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from differential.zone import WIRE_MAX, labels_of, name_text, wire_length

TYPES = ('A', 'AAAA', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'SRV', 'PTR', 'CAA', 'DS', 'DNAME')
CODES = {name: int(dns.rdatatype.from_text(name)) for name in TYPES + (
    'ANY', 'NAPTR', 'SSHFP', 'TLSA', 'URI', 'LOC', 'HINFO', 'HTTPS', 'CERT', 'TYPE65500')}
TRUNCATED = 0x02            # in the third octet
OPT = struct.pack('>BHHIH', 0, 41, 4096, 0, 0)
OPT_DO = struct.pack('>BHHIH', 0, 41, 4096, 0x8000, 0)


@dataclass(frozen=True)
class Query:
    name: tuple                 # labels, absolute
    type: str
    dnssec: bool = False        # with the DO bit

    def wire(self, ident):
        name = b''.join(bytes([len(label)]) + label for label in self.name) + b'\0'
        return (struct.pack('>HHHHHH', ident, 0, 1, 0, 0, 1) + name + struct.pack('>HH', CODES[self.type], 1)
                + (OPT_DO if self.dnssec else OPT))

    def __str__(self):
        return '%s %s%s' % (name_text(self.name), self.type, ' +dnssec' if self.dnssec else '')


@dataclass(frozen=True)
class Answer:
    """What must be equal: owners and the names of an SOA without their case, RRs without their order.

    named writes a dlz zone's own name, of which both are made, as the query does.
    """
    rcode: str
    authoritative: bool
    truncated: bool
    answer: frozenset
    authority: frozenset

    def __str__(self):
        flags = [word for word, is_set in (('aa', self.authoritative), ('tc', self.truncated)) if is_set]
        lines = [' '.join([self.rcode] + flags)]
        for title, section in (('answer', self.answer), ('authority', self.authority)):
            lines += ['  %s: %s' % (title, ' '.join(str(part) for part in rr)) for rr in sorted(section)]
        return '\n'.join(lines)


@dataclass(frozen=True)
class Difference:
    query: Query
    left: Answer
    right: Answer

    def __str__(self):
        return '%s\n left: %s\n right: %s' % (self.query, self.left, self.right)


def parse(wire):
    message = dns.message.from_wire(wire, one_rr_per_rrset=True)

    def text(rdata):
        return rdata.to_text().lower() if rdata.rdtype == dns.rdatatype.SOA else rdata.to_text()

    def section(rrsets):
        return frozenset((rrset.name.to_text().lower(), dns.rdatatype.to_text(rrset.rdtype), rrset.ttl, text(rrset[0]))
                         for rrset in rrsets)

    return Answer(dns.rcode.to_text(message.rcode()), bool(message.flags & dns.flags.AA),
                  bool(message.flags & dns.flags.TC), section(message.answer), section(message.authority))


# Types whose rdata may hold compressed names: (octets before them, how many).
NAMES_IN = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1), 33: (6, 1), 39: (0, 1)}


def read_name(wire, at):
    """(the name's octets without compression, where it ends)"""
    labels, end = [], None
    while wire[at]:
        if wire[at] >= 0xc0:
            end = end or at + 2
            at = (wire[at] & 0x3f) << 8 | wire[at + 1]
        else:
            labels.append(wire[at:at + 1 + wire[at]])
            at += 1 + wire[at]
    return b''.join(labels), end or at + 1


def digest(wire):
    """What parse() gives, in a form that is quick to make and good for nothing but being compared."""
    at = read_name(wire, 12)[1] + 4
    sections = []
    for count in struct.unpack('>HH', wire[6:10]):
        section = set()
        for _ in range(count):
            owner, at = read_name(wire, at)
            rrtype, length = struct.unpack('>HxxxxxxH', wire[at:at + 10])
            fixed, at = wire[at:at + 8], at + 10
            before, names = NAMES_IN.get(rrtype, (0, 0))
            rdata, inner = [wire[at:at + before]], at + before
            for _ in range(names):
                name, inner = read_name(wire, inner)
                rdata.append(name.lower() if rrtype == CODES['SOA'] else name)
            rdata.append(wire[inner:at + length])
            section.add((owner.lower(), fixed, *rdata))
            at += length
        sections.append(section)
    return wire[2] & 0x06, wire[3] & 0x0f, *sections


def names_to_ask(zone):
    """Every owner of the zone, what lies on the way to it, and the neighbours of each."""
    origin = zone.origin_labels
    asked = {origin, (b'q',) + origin, (b'*',) + origin, (b'q',) + origin[1:], (b'elsewhere', b'test'), ()}
    for owner in {owner[i:] for owner in zone.owners() for i in range(len(owner))}:
        name = owner + origin
        asked |= {name, (b'q-child',) + name, (b'q-2', b'q-1') + name, (b'*',) + name, (b'q-sibling',) + name[1:]}
    asked |= {(b'q',) * ((WIRE_MAX - wire_length(origin)) // 2) + origin, (b'q',) * 40 + labels_of('bottomless') + origin}
    return sorted(name for name in asked if wire_length(name) <= WIRE_MAX)


def in_mixed_case(name, rng):
    return tuple(label.swapcase() if rng.random() < 0.5 else label.upper() for label in name)


def queries_for(zone, seed):
    """For each name: the twelve types, ANY, every type its owner has; some in mixed case, some with the DO bit."""
    rng = random.Random(seed)
    types = {}
    for record in zone.records:
        types.setdefault(record.owner + zone.origin_labels, set()).add(record.type)
    queries = []
    for name in names_to_ask(zone):
        for rrtype in sorted({*TYPES, 'ANY', *types.get(name, ())}):
            queries.append(Query(name, rrtype, dnssec=rng.random() < 0.05))
        mixed = in_mixed_case(name, rng)
        queries += [Query(mixed, rrtype) for rrtype in rng.sample(('A', 'NS', 'CNAME', 'TXT', 'MX', 'ANY'), 2)]
    return queries


def ask(address, port, queries, window=128, deadline=120):
    """The raw replies in the order of the queries: UDP, many in flight, asked again when lost."""
    end = time.monotonic() + deadline
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.connect((address, port))
    sock.setblocking(False)
    replies = [None] * len(queries)
    sent_at = {}
    following = 0
    try:
        while following < len(queries) or sent_at:
            while following < len(queries) and len(sent_at) < window:
                send(sock, queries[following].wire(following & 0xffff))
                sent_at[following & 0xffff] = (following, time.monotonic())
                following += 1
            readable, _, _ = select.select([sock], [], [], 0.5)
            now = time.monotonic()
            if now > end:
                raise TimeoutError('%s#%d: %d of %d queries answered' % (address, port, following - len(sent_at), len(queries)))
            while readable:
                try:
                    reply = sock.recv(65535)
                except BlockingIOError:
                    break
                at = sent_at.pop(reply[0] << 8 | reply[1], None)
                if at is not None:
                    replies[at[0]] = reply
            if not readable:
                for ident, (index, then) in list(sent_at.items()):
                    if now - then > 2:
                        send(sock, queries[index].wire(ident))
                        sent_at[ident] = (index, now)
    finally:
        sock.close()
    return replies


def send(sock, wire):
    try:
        sock.send(wire)
    except OSError as error:                        # a lost query is asked again
        if error.errno not in (errno.EAGAIN, errno.ECONNREFUSED, errno.ENOBUFS):
            raise


def ask_tcp(address, port, query):
    with socket.create_connection((address, port), timeout=10) as sock:
        wire = query.wire(1)
        sock.sendall(struct.pack('>H', len(wire)) + wire)
        with sock.makefile('rb') as stream:
            length, = struct.unpack('>H', stream.read(2))
            return stream.read(length)


def compare(left, right, queries):
    """The differences between two servers, each (address, port).  Truncated answers are compared over TCP."""
    differences = []
    for query, one, other in zip(queries, ask(*left, queries), ask(*right, queries)):
        if one[2:] == other[2:] or digest(one) == digest(other) and not one[2] & TRUNCATED:
            continue
        a, b = parse(one), parse(other)
        if a.truncated and b.truncated:             # what still fits is chance
            a, b = parse(ask_tcp(*left, query)), parse(ask_tcp(*right, query))
        if a != b:
            differences.append(Difference(query, a, b))
    return differences
