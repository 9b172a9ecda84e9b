# SPDX-License-Identifier: GPL-3.0-or-later
"""What a name server must answer, worked out from the rows of served_zones and served_records alone.

RFC 1034 section 4.3.2, RFC 4592 (wildcards) and RFC 6672 (DNAME), written for clearness: the check
on it is that stock named agrees with it on the zone of the differential test.
"""
from dataclasses import dataclass, field

from differential.compare import Answer
from differential.zone import WIRE_MAX, name_text, wire_length

MOST_RESTARTS = 11          # named's max-query-restarts


def parse_name(text):
    """Stored or presentation form -> labels (bytes, lower case); '' and '@' and '.' are the root or apex."""
    labels, label, i = [], bytearray(), 0
    if text in ('', '@', '.'):
        return ()
    raw = text.encode('latin-1')
    while i < len(raw):
        if raw[i:i + 1] == b'.':
            labels.append(bytes(label).lower())
            label = bytearray()
            i += 1
        elif raw[i:i + 1] == b'\\' and raw[i + 1:i + 4].isdigit():
            label.append(int(raw[i + 1:i + 4]))
            i += 4
        elif raw[i:i + 1] == b'\\':
            label += raw[i + 1:i + 2]
            i += 2
        else:
            label += raw[i:i + 1]
            i += 1
    if label:
        labels.append(bytes(label).lower())
    return tuple(labels)


@dataclass
class ServedZone:
    origin: tuple
    soa: str
    soa_ttl: int
    negative_ttl: int
    nodes: dict = field(default_factory=dict)       # absolute labels -> {type: (ttl, {rdata})}
    existing: set = field(default_factory=set)      # the nodes and what lies above them

    def add(self, owner, rrtype, ttl, rdata):
        name = owner + self.origin
        rrsets = self.nodes.setdefault(name, {})
        old_ttl, rdatas = rrsets.get(rrtype, (ttl, set()))
        rrsets[rrtype] = (min(old_ttl, ttl), rdatas | {rdata})
        for i in range(len(name) - len(self.origin) + 1):
            self.existing.add(name[i:])


def read_zones(cursor):
    """All that is served now, as {origin labels: ServedZone}; run it in one snapshot."""
    cursor.execute('SELECT zone_id, origin, mname, rname, serial, refresh, retry, expire, negative_ttl, ttl'
                   ' FROM ddns.served_zones')
    zones = {}
    for zone_id, origin, mname, rname, serial, refresh, retry, expire, negative_ttl, ttl in cursor.fetchall():
        zone = ServedZone(parse_name(origin), '%s. %s. %d %d %d %d %d' % (mname, rname, serial, refresh, retry, expire,
                                                                          negative_ttl), ttl, min(negative_ttl, ttl))
        zone.add((), 'SOA', ttl, zone.soa)
        zones[zone_id] = zone
    cursor.execute('SELECT zone_id, owner, type, ttl, rdata FROM ddns.served_records')
    for zone_id, owner, rrtype, ttl, rdata in cursor.fetchall():
        zones[zone_id].add(parse_name(owner), rrtype, ttl, rdata)
    return {zone.origin: zone for zone in zones.values()}


class Lookup:
    """One query on its way through the zones."""

    def __init__(self, zones, from_file):
        self.zones = zones
        self.from_file = from_file
        self.answer = set()
        self.authority = set()
        self.authoritative = None                   # fixed by the first owner looked at

    def done(self, rcode):
        return Answer(rcode, bool(self.authoritative), False, frozenset(self.answer), frozenset(self.authority))

    def put(self, section, name, rrtype, rrset):
        ttl, rdatas = rrset
        section.update((text(name), rrtype, ttl, rdata) for rdata in rdatas)

    def claim(self, authoritative):
        if self.authoritative is None:
            self.authoritative = authoritative

    def negative(self, zone, rcode, rrtype):
        ttl = 0 if self.from_file and (rcode, rrtype) == ('NXDOMAIN', 'SOA') else zone.negative_ttl
        self.authority.add((text(zone.origin), 'SOA', ttl, zone.soa))
        return self.done(rcode)

    def resolve(self, name, rrtype):
        for _ in range(MOST_RESTARTS + 1):
            zone = next((self.zones[name[i:]] for i in range(len(name) + 1) if name[i:] in self.zones), None)
            if zone is None:
                if self.answer:
                    return self.done('NOERROR')
                self.claim(False)
                return self.done('REFUSED')
            found, name = self.step(zone, name, rrtype)
            if found is not None:
                return found
        return self.done('SERVFAIL')

    def step(self, zone, name, rrtype):
        """(the answer, None), or (None, the name to go on with)."""
        above = [name[i:] for i in range(len(name) - len(zone.origin), -1, -1)]     # from the apex down
        for node in above:
            rrsets = zone.nodes.get(node, {})
            if 'NS' in rrsets and node != zone.origin:
                self.claim(False)
                if rrtype == 'ANY' and node == name and not self.from_file:
                    for kind, rrset in rrsets.items():
                        self.put(self.answer, node, kind, rrset)
                else:
                    self.put(self.authority, node, 'NS', rrsets['NS'])
                return self.done('NOERROR'), None
            if 'DNAME' in rrsets and node != name:
                return self.through_dname(node, rrsets['DNAME'], name, rrtype)
        self.claim(True)
        rrsets = zone.nodes.get(name)
        if rrsets is None and name not in zone.existing:
            encloser = next(name[i:] for i in range(1, len(name) + 1) if name[i:] in zone.existing)
            rrsets = zone.nodes.get((b'*',) + encloser)
            if rrsets is None and (b'*',) + encloser not in zone.existing:
                return self.negative(zone, 'NXDOMAIN', rrtype), None
        rrsets = rrsets or {}
        if 'CNAME' in rrsets and rrtype not in ('CNAME', 'ANY'):
            self.put(self.answer, name, 'CNAME', rrsets['CNAME'])
            return None, parse_name(next(iter(rrsets['CNAME'][1])))
        wanted = rrsets if rrtype == 'ANY' else {rrtype: rrsets[rrtype]} if rrtype in rrsets else {}
        if not wanted:
            return self.negative(zone, 'NOERROR', rrtype), None
        for kind, rrset in wanted.items():
            self.put(self.answer, name, kind, rrset)
        return self.done('NOERROR'), None

    def through_dname(self, node, rrset, name, rrtype):
        self.claim(True)
        self.put(self.answer, node, 'DNAME', rrset)
        target = name[:len(name) - len(node)] + parse_name(next(iter(rrset[1])))
        if wire_length(target) > WIRE_MAX:
            return self.done('YXDOMAIN'), None
        self.put(self.answer, name, 'CNAME', (rrset[0], {text(target)}))
        return (self.done('NOERROR'), None) if rrtype in ('CNAME', 'ANY') else (None, target)


def text(name):
    return name_text(name) + '.' if name else '.'


def expected(zones, name, rrtype, from_file=False):
    """The answer to `name` (labels, any case); its authority section is only what has to be there.

    from_file: as named answers for zones of its own.  For those of a dlz it has no zero-no-soa-ttl,
    and to ANY at a zone cut it shows what stands there.
    """
    return Lookup(zones, from_file).resolve(tuple(label.lower() for label in name), rrtype)


def agrees(got, want, any_serial=False):
    """Whether a server's answer is the expected one; NS of the zone beside a full answer are its own choice."""
    if (got.rcode, got.authoritative) != (want.rcode, want.authoritative):
        return False
    if normal(got.answer, any_serial) != normal(want.answer, any_serial):
        return False
    return normal(got.authority, any_serial) == normal(want.authority, any_serial) or bool(
        want.answer and not want.authority and all(rr[1] == 'NS' for rr in got.authority))


def normal(section, any_serial):
    return {(owner, rrtype, ttl, normal_rdata(rrtype, rdata, any_serial)) for owner, rrtype, ttl, rdata in section}


def normal_rdata(rrtype, rdata, any_serial):
    if rrtype == 'TXT':
        return rdata
    words = rdata.lower().split()
    return ' '.join(words[:2] + words[3:] if rrtype == 'SOA' and any_serial else words)
