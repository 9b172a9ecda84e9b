# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one large awkward zone from a seed, as a master file and as rows of the database.

Everything that name servers have got wrong about a zone is in it: wildcards at several depths,
empty non-terminals, chains of aliases, zone cuts with data below them, DNAMEs, names of every byte
and of the greatest length, rare types.  Names are kept as tuples of labels (bytes), relative to the
origin, and turned into the stored text form only where they leave this file.
"""
import random
import string
from dataclasses import dataclass, field

ESCAPED = b'.\\"();@$'
TTLS = (0, 1, 5, 60, 61, 300, 3600, 86400, 604800, 2147483647)
WIRE_MAX = 255


def label_text(label):
    """One label in the stored form: named's escapes, nothing else escaped."""
    out = []
    for byte in label:
        if byte in ESCAPED:
            out.append('\\' + chr(byte))
        elif byte <= 0x20 or byte >= 0x7f:
            out.append('\\%03d' % byte)
        else:
            out.append(chr(byte))
    return ''.join(out)


def name_text(labels):
    return '.'.join(label_text(label) for label in labels) or '@'


def labels_of(text):
    """'a.b' -> (b'a', b'b'); for names without escapes."""
    return tuple(text.encode().split(b'.')) if text not in ('', '@') else ()


def wire_length(labels):
    return sum(len(label) + 1 for label in labels) + 1


@dataclass(frozen=True)
class Record:
    owner: tuple
    type: str
    ttl: int
    rdata: str


@dataclass
class Zone:
    origin: str
    mname: str
    rname: str
    ttl: int = 300
    refresh: int = 3601
    retry: int = 601
    expire: int = 604801
    negative_ttl: int = 61
    records: list = field(default_factory=list)

    @property
    def origin_labels(self):
        return labels_of(self.origin)

    def owners(self):
        return sorted({record.owner for record in self.records})

    def rows(self):
        """(zone, owner, type, ttl, rdata) as ddns.records takes them."""
        return [(self.origin, name_text(r.owner), r.type, r.ttl, r.rdata) for r in self.records]

    def settings(self):
        """Columns and values for ddns.zones."""
        return {'origin': self.origin, 'mname': self.mname, 'rname': self.rname, 'ttl': self.ttl,
                'refresh': self.refresh, 'retry': self.retry, 'expire': self.expire,
                'negative_ttl': self.negative_ttl}

    def master_file(self, serial):
        soa = '@ %d IN SOA %s. %s. %d %d %d %d %d' % (
            self.ttl, self.mname, self.rname, serial, self.refresh, self.retry, self.expire, self.negative_ttl)
        lines = ['$ORIGIN %s.' % self.origin, soa]
        lines += ['%s %d IN %s %s' % (name_text(r.owner), r.ttl, r.type, r.rdata) for r in self.records]
        return '\n'.join(lines) + '\n'


class Maker:
    """Fills a Zone; every add is of a whole RRset, so that an RRset has one TTL."""

    def __init__(self, zone, seed):
        self.zone = zone
        self.random = random.Random(seed)
        self.taken = set()

    # text of names and values

    def absolute(self, owner):
        labels = tuple(owner) + self.zone.origin_labels
        if wire_length(labels) > WIRE_MAX:
            raise ValueError('name too long: %r' % (labels,))
        return name_text(labels) + '.'

    def v4(self):
        return '192.0.2.%d' % self.random.randrange(256)

    def v6(self):
        return '2001:db8::%x' % self.random.randrange(1, 65536)

    def hex(self, octets):
        return ''.join(self.random.choices('0123456789abcdef', k=2 * octets))

    def string(self, length=None):
        """A quoted character string of any bytes."""
        length = self.random.randrange(0, 40) if length is None else length
        out = []
        for _ in range(length):
            byte = self.random.choice((self.random.randrange(256), self.random.choice(b'abc;"\\ @$().')))
            if byte in b'"\\':
                out.append('\\' + chr(byte))
            elif byte < 0x20 or byte >= 0x7f:
                out.append('\\%03d' % byte)
            else:
                out.append(chr(byte))
        return '"%s"' % ''.join(out)

    def word(self, length=None):
        return ''.join(self.random.choices(string.ascii_lowercase, k=length or self.random.randrange(3, 12))).encode()

    def host(self):
        """An owner with addresses, for rdata that names a host; now and then one that is not there."""
        known = [r.owner for r in self.zone.records if r.type in ('A', 'AAAA')]
        return self.absolute(self.random.choice(known)) if known and self.random.random() < 0.8 else 'mail.elsewhere.test.'

    # records

    def add(self, owner, rrtype, *rdatas, ttl=None):
        owner = labels_of(owner) if isinstance(owner, str) else tuple(owner)
        if (owner, rrtype) in self.taken:
            raise ValueError('RRset made twice: %s %s' % (name_text(owner), rrtype))
        self.taken.add((owner, rrtype))
        ttl = self.random.choice(TTLS) if ttl is None else ttl
        self.absolute(owner)
        self.zone.records += [Record(owner, rrtype, ttl, rdata) for rdata in dict.fromkeys(rdatas)]

    def addresses(self, owner, most=3):
        self.add(owner, 'A', *(self.v4() for _ in range(self.random.randrange(1, most + 1))))
        if self.random.random() < 0.4:
            self.add(owner, 'AAAA', *(self.v6() for _ in range(self.random.randrange(1, most + 1))))

    def some(self, owner):
        """A few RRsets of any type at the owner."""
        kinds = self.random.sample(sorted(RDATA), self.random.randrange(1, 4))
        for kind in kinds:
            self.add(owner, kind, *(RDATA[kind](self) for _ in range(self.random.randrange(1, 4))))


RDATA = {
    'A': Maker.v4,
    'AAAA': Maker.v6,
    'TXT': lambda m: ' '.join(m.string() for _ in range(m.random.randrange(1, 4))),
    'MX': lambda m: '%d %s' % (m.random.randrange(65536), m.host()),
    'SRV': lambda m: '%d %d %d %s' % (m.random.randrange(9), m.random.randrange(9), m.random.randrange(65536), m.host()),
    'PTR': lambda m: m.host(),
    'CAA': lambda m: '%d %s "%s"' % (m.random.choice((0, 128)), m.random.choice(('issue', 'issuewild', 'iodef')),
                                    m.random.choice((';', 'ca.example.net', 'mailto:a@example.net'))),
    'NAPTR': lambda m: '%d %d "u" "E2U+sip" "!^.*$!sip:%s@example.net!" .' % (
        m.random.randrange(100), m.random.randrange(100), m.word().decode()),
    'SSHFP': lambda m: '%d 1 %s' % (m.random.randrange(1, 5), m.hex(20)),
    'TLSA': lambda m: '3 1 1 %s' % m.hex(32),
    'URI': lambda m: '%d 1 "https://%s.example.net/"' % (m.random.randrange(100), m.word().decode()),
    'LOC': lambda m: '%d 30 12.748 N 0 7 39.611 W 0.00m 1m 10000m 10m' % m.random.randrange(80),
    'HINFO': lambda m: '"%s" "%s"' % (m.word().decode(), m.word().decode()),
    'TYPE65500': lambda m: '\\# 4 %s' % m.hex(4),
}


def apex(m):
    m.add('@', 'NS', m.absolute((b'ns1',)), m.absolute((b'ns2',)), 'ns.elsewhere.test.')
    m.add('@', 'A', m.v4())
    m.add('@', 'MX', '10 ' + m.absolute((b'mail',)), '20 mail.elsewhere.test.')
    m.add('@', 'TXT', '"v=spf1 mx -all"', '"second"')
    m.add('@', 'CAA', '0 issue "ca.example.net"')
    for owner in ('ns1', 'ns2', 'mail'):
        m.addresses(owner)


def hosts(m, count):
    """Plain names, with and without other types; a few with large RRsets that need TCP."""
    for i in range(count):
        owner = b'host-%d' % i
        if i % 3:
            m.addresses((owner,), most=1 if i % 5 else 6)
        else:
            m.some((owner,))
    m.add('many-a', 'A', *('198.51.100.%d' % i for i in range(100)))          # as many as named takes
    m.add('long-txt', 'TXT', *(m.string(255) for _ in range(20)))
    m.add('long-strings', 'TXT', ' '.join(m.string(255) for _ in range(3)))
    m.add('empty-string', 'TXT', '""')


def deep(m, count):
    """Names several labels down with nothing, or something, on the way: empty non-terminals."""
    for i in range(count):
        levels = m.random.randrange(2, 7)
        owner = tuple(m.random.choice((b'ent', b'x', b'y', b'z')) for _ in range(levels - 1)) + (b'deep-%d' % (i % (count // 3)),)
        if (owner, 'A') not in m.taken:
            m.add(owner, 'A', m.v4())
        if i % 7 == 0 and ((b'deep-%d' % i,), 'MX') not in m.taken:
            m.add((b'deep-%d' % i,), 'MX', '5 ' + m.host())
    m.add('.'.join('l%d' % i for i in range(50)) + '.bottomless', 'A', m.v4())


def wildcards(m, count):
    for i in range(count):
        base = (b'wild-%d' % i,)
        shape = i % 10
        star = (b'*',) + base
        if shape == 7:                              # an alias
            m.add(star, 'CNAME', m.absolute((b'host-%d' % (i % 50),)))
        elif shape == 8:                            # an alias to what another wildcard covers
            m.add(star, 'CNAME', m.absolute((b'covered', b'wild-0')))
        elif shape == 9:
            m.some(star)
        else:
            m.addresses(star)
        if shape == 0:                              # the closest encloser is not the wildcard's parent
            m.add((b'exists',) + base, 'TXT', '"no A here"')
            m.addresses((b'a', b'ent') + base)
        elif shape == 1:                            # a deeper wildcard below
            m.add((b'*', b'inner') + base, 'TXT', m.string())
            m.add((b'x', b'y', b'inner') + base, 'A', m.v4())
        elif shape == 2:                            # the parent itself exists
            m.some(base)
        elif shape == 3:                            # a star below a star, and stars that are no wildcards
            m.add((b'*', b'*') + base, 'A', m.v4())
            m.add((b'under', b'*') + base, 'A', m.v4())
            m.add((b'a*',) + base, 'A', m.v4())
            m.add((b'**',) + base, 'TXT', '"two"')
        elif shape == 4:                            # a zone cut and an alias where the wildcard reaches
            m.add((b'cut',) + base, 'NS', m.absolute((b'ns', b'cut') + base))
            m.add((b'ns', b'cut') + base, 'A', m.v4())
            m.add((b'alias',) + base, 'CNAME', m.absolute((b'covered',) + base))
        elif shape == 5:                            # nothing but something far below the wildcard
            m.add((b'e', b'd', b'c', b'*') + base, 'TXT', '"below a star"')
            m.add((b'mx',) + base, 'MX', '1 ' + m.absolute((b'covered',) + base))
        elif shape == 6:
            m.add((b'*', b'one', b'two') + base, 'A', m.v4())


def aliases(m, count):
    targets = [
        lambda i: m.absolute((b'host-%d' % (i % 50),)),
        lambda i: m.absolute((b'alias-%d' % (i - 1),)) if i else m.absolute(()),
        lambda i: 'www.elsewhere.test.',
        lambda i: m.absolute((b'q', b'wild-%d' % (i % 20))),
        lambda i: m.absolute((b'dangling-%d' % i,)),
        lambda i: m.absolute((b'ent', b'deep-%d' % (i % 9))),
        lambda i: m.absolute((b'below', b'cut-%d' % (i % 15))),
        lambda i: m.absolute((b'x', b'dname-%d' % (i % 8))),
        lambda i: m.absolute((b'alias-%d' % (i - 1),)) if i else m.absolute(()),
    ]
    for i in range(count):
        m.add((b'alias-%d' % i,), 'CNAME', targets[i % len(targets)](i))
    for i in range(22):                             # longer than named follows
        m.add((b'chain-%d' % i,), 'CNAME', m.absolute((b'chain-%d' % (i + 1),)))
    m.add('chain-22', 'A', m.v4())
    m.add('loop-a', 'CNAME', m.absolute((b'loop-b',)))
    m.add('loop-b', 'CNAME', m.absolute((b'loop-a',)))
    m.add('self', 'CNAME', m.absolute((b'self',)))


def cuts(m, count):
    """Delegations: glue below, beside, in another cut, outside; data at and below the cut."""
    for i in range(count):
        cut = (b'cut-%d' % i,) if i % 4 else (b'cut-%d' % i, b'level', b'cuts')
        servers = ['ns.elsewhere.test.'] if i % 5 == 1 else [m.absolute((b'ns',) + cut)]
        if i % 3 == 0:
            servers.append(m.absolute((b'ns1',)))
        if i % 4 == 2:
            servers.append(m.absolute((b'ns', b'cut-%d' % (i - 1))))
        m.add(cut, 'NS', *servers)
        if i % 5 != 1:
            m.addresses((b'ns',) + cut)
        if i % 3 == 1:
            m.add((b'hidden',) + cut, 'TXT', '"below a cut"')
            m.add((b'a', b'b') + cut, 'A', m.v4())
            m.add((b'*',) + cut, 'A', m.v4())
            m.add((b'alias',) + cut, 'CNAME', m.absolute((b'host-1',)))
        if i % 6 == 2:
            m.add(cut, 'A', m.v4())
            m.add(cut, 'TXT', '"at a cut"')
        if i % 6 == 5:
            m.add((b'inner',) + cut, 'NS', m.absolute((b'ns', b'inner') + cut))
            m.add((b'ns', b'inner') + cut, 'A', m.v4())


def dnames(m):
    m.add('dname-0', 'DNAME', m.absolute((b'wild-0',)))
    m.add('dname-1', 'DNAME', 'tree.elsewhere.test.')
    m.add('dname-2', 'DNAME', m.absolute((b'dname-0',)))
    m.add('dname-3', 'DNAME', m.absolute((b'cut-2',)))
    m.add('dname-3', 'A', m.v4())
    m.add('dname-3', 'TXT', '"beside a DNAME"')
    m.add('dname-4', 'DNAME', m.absolute((b'l' * 63, b'l' * 63, b'dname-4-far')))     # x.dname-4 may get too long
    m.add('dname-5', 'DNAME', m.absolute((b'deep-1',)))
    m.add('dname-6.below.dnames', 'DNAME', m.absolute(()))
    m.add('dname-7', 'DNAME', m.absolute((b'nothing-here',)))
    m.add('occluded.dname-7', 'A', m.v4())


def odd_names(m):
    """Every byte in a label, alone and beside others; escapes; stars, dashes, digits."""
    for byte in range(256):
        if not 0x41 <= byte <= 0x5a:
            m.add((b'byte-%02x-' % byte + bytes([byte]) + b'x',), 'TXT', '"%02x"' % byte)
            if (bytes([byte]),) != (b'*',):
                m.add((bytes([byte]), b'single'), 'A', m.v4())
    odd = (b'a.b', b'a b', b'@', b'$', b'$ttl', b'\\', b'"', b'"quoted"', b'(', b')', b';', b'a;b', b'\\032', b'\xff\xfe',
           b'\x00', b'*a', b'a*', b'_tcp', b'-', b'--', b'1', b'1.2', b'xn--bcher-kva', b'%s%n', b"'", b"a'; drop", b'#',
           b'{', b'}', b'`', b'~', b'..', b'.', b'\t', b'\n', b'\x7f', b'\x80', b' ', b'  ')
    for label in odd:
        m.addresses((label,))
        m.addresses((label, b'odd'))
        m.addresses((b'*', label, b'oddwild'))
        m.add((b'alias-to', label), 'CNAME', m.absolute((label,)))
        m.add((label, b'target'), 'MX', '1 ' + m.absolute((label,)))
    m.add('_sip._tcp', 'SRV', '0 5 5060 ' + m.absolute((b'host-1',)))


def long_names(m):
    full = b'l' * 63
    for first in b'abcdefgh':
        m.addresses((bytes([first]) * 63,))
        m.add((bytes([first]) * 63, full, b'long'), 'TXT', '"two"')
    room = WIRE_MAX - wire_length(m.zone.origin_labels)
    for spare in range(4):                          # 255, 254, 253, 252 octets
        left = room - spare - 3 * 64 - 1
        m.addresses((b'n' * left, full, full, b'o' * 63))
    m.addresses((b'*', b'p' * 63, b'p' * 63, b'p' * (room - 3 * 64 - 3), b'p' * 63))
    m.add('to-long', 'CNAME', m.absolute((b'n' * (room - 3 * 64 - 1), full, full, b'o' * 63)))
    bytes_255 = (b'\x00' * 63, b'\xff' * 63, b'\\' * 63)
    m.addresses((b'.' * (room - 3 * 64 - 1),) + bytes_255)          # the longest text there is


def generate(seed, origin='diff.example', names=2000, apex_wildcard=False):
    """A zone of at least `names` owner names; the same arguments give the same zone."""
    zone = Zone(origin=origin, mname='ns1.' + origin, rname='host\\.master.' + origin)
    m = Maker(zone, seed)
    apex(m)
    hosts(m, max(60, names // 3))
    deep(m, max(30, names // 8))
    wildcards(m, max(20, names // 20))
    cuts(m, 40)
    dnames(m)
    aliases(m, max(40, names // 12))
    odd_names(m)
    long_names(m)
    if apex_wildcard:
        m.add('*', 'A', m.v4())
        m.add('*', 'MX', '1 ' + m.absolute((b'mail',)))
    rest = 0
    while len(zone.owners()) < names:
        m.some((b'more-%d' % rest,))
        rest += 1
    return zone
