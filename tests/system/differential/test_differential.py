# SPDX-License-Identifier: GPL-3.0-or-later
"""One awkward zone, served by stock named from a file and by named with the module: the same answers."""
import os
import time
from collections import Counter, namedtuple

import dns.rdata
import pytest
from psycopg2.extras import execute_values

from differential.compare import ask, compare, parse, queries_for
from differential.zone import generate
from named.oracle import ServedZone, agrees, expected, parse_name
from named.support import cursor_of, served_serial, stored_serial, wait_caught_up

# A view, since there these options may be said again.
VIEW = """\
view "all" {
	minimal-responses %(minimal)s;
	max-udp-size 4096;
	rrset-order { order none; };
	%(body)s
};
"""

ZONES = {
    'large': {'seed': 1, 'origin': 'diff.example', 'names': 2000},
    'wild apex': {'seed': 2, 'origin': 'wild.diff-two.example', 'names': 800, 'apex_wildcard': True},
}

# What differs and why.  `is_it` tells whether a Difference (left: from the file, right: from the
# module) is of this kind; a kind that no longer occurs must leave the list.
Kind = namedtuple('Kind', 'reason is_it')


def zero_soa(difference):
    """An SOA query for a name that is not there: the negative answer's own TTL."""
    left, right = difference.left, difference.right
    return difference.query.type == 'SOA' and left.rcode == right.rcode == 'NXDOMAIN' and {
        (owner, rrtype, rdata) for owner, rrtype, _, rdata in left.authority} == {
        (owner, rrtype, rdata) for owner, rrtype, _, rdata in right.authority}


def any_at_a_cut(difference):
    left, right = difference.left, difference.right
    return (difference.query.type == 'ANY' and not left.authoritative and not right.authoritative
            and left.authority == {rr for rr in right.answer if rr[1] == 'NS'})


def ds_at_a_cut(difference):
    return (difference.query.type == 'DS' and difference.left.authoritative and not difference.right.authoritative
            and {rr[1] for rr in difference.right.authority} == {'NS'})


KNOWN = (
    Kind('zero-no-soa-ttl of named is for zones of its own zone table, which a dlz zone is not in', zero_soa),
    Kind('for ANY named shows what a dlz has at a cut instead of a referral', any_at_a_cut),
    Kind('for DS the parent answers from above the cut; named asks no dlz for that (DNS_DBFIND_NOEXACT)',
         ds_at_a_cut),
)


@pytest.fixture(scope='module')
def zones():
    return {name: generate(**arguments) for name, arguments in ZONES.items()}


@pytest.fixture(scope='module')
def queries(zones, is_long):
    """All of the large zone, a part of the others when short."""
    return {name: queries_for(zone, seed=7)[::1 if is_long or name == 'large' else 3] for name, zone in zones.items()}


@pytest.fixture(scope='module')
def loaded(bare_stage, zones):
    """A stage whose database holds the zones; the serial of each."""
    with cursor_of(bare_stage.cluster) as cursor:
        for zone in zones.values():
            columns = zone.settings()
            cursor.execute('INSERT INTO ddns.zones (%s) VALUES %%s' % ', '.join(columns), (tuple(columns.values()),))
            execute_values(cursor, 'INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES %s', zone.rows())
        yield bare_stage, {zone.origin: stored_serial(cursor, zone.origin) for zone in zones.values()}, cursor


def start(stage, named, body, minimal='no'):
    named.body = VIEW % {'minimal': minimal, 'body': body.replace('\n', '\n\t')}
    if named.server.is_running():
        named.rewrite()
        named.rndc('reconfig')
    else:
        stage.start(named)


def from_file(stage, texts):
    """The zone statements of stock named for {origin: master file}."""
    return ''.join(stage.static_zone(origin, text) for origin, text in texts.items())


@pytest.fixture(scope='module')
def stock(loaded, zones):
    """Stock named with the zones as files."""
    stage, serials, _ = loaded
    named = stage.another_named('stock')
    start(stage, named, from_file(stage, {z.origin: z.master_file(serials[z.origin]) for z in zones.values()}))
    for zone in zones.values():
        assert served_serial(named, zone.origin) == serials[zone.origin]
    return named


@pytest.fixture(scope='module')
def ours(loaded, zones):
    stage, _, cursor = loaded
    start(stage, stage.named, stage.named.dlz())
    wait_caught_up(stage.named, cursor, *(zone.origin for zone in zones.values()), timeout=30)
    return stage.named


def told(differences, most=5):
    kinds = Counter((d.query.type, d.left.rcode, d.right.rcode) for d in differences)
    return '%d differences, by (type, file, module): %s\n%s' % (
        len(differences), dict(kinds.most_common(12)), '\n'.join(str(d) for d in differences[:most]))


@pytest.mark.parametrize('which', sorted(ZONES))
def test_same_answers(loaded, queries, stock, ours, which):
    """Answer and authority of every query, with all the authority records that named can give."""
    stage, _, _ = loaded
    began = time.monotonic()
    differences = compare((stock.address, stock.port), (ours.address, ours.port), queries[which])
    print('%d queries to each in %.1f s, %d differences of a known kind' % (
        len(queries[which]), time.monotonic() - began, len([d for d in differences if any(k.is_it(d) for k in KNOWN)])))
    unknown = [d for d in differences if not any(kind.is_it(d) for kind in KNOWN)]
    assert not unknown, told(unknown)
    if which == 'large':
        idle = [kind.reason for kind in KNOWN if not any(kind.is_it(d) for d in differences)]
        assert not idle, 'no longer differs, take it from the list: %s' % idle
    assert stage.named is ours


def test_same_answers_when_minimal(loaded, zones, queries, stock, ours, is_long):
    """As README advises to set it."""
    stage, serials, _ = loaded
    files = from_file(stage, {z.origin: z.master_file(serials[z.origin]) for z in zones.values()})
    start(stage, stock, files, minimal='yes')
    start(stage, ours, ours.dlz(), minimal='yes')
    some = queries['wild apex'] + queries['large'][::1 if is_long else 10]
    unknown = [d for d in compare((stock.address, stock.port), (ours.address, ours.port), some)
               if not any(kind.is_it(d) for kind in KNOWN)]
    assert not unknown, told(unknown)


def test_the_answers_are_of_every_kind(queries, stock):
    """So that a comparison of nothing but refusals cannot pass."""
    some = queries['large'][::7]
    kinds = Counter()
    for reply in ask(stock.address, stock.port, some):
        got = parse(reply)
        kinds[got.rcode, bool(got.answer), any(rr[1] == 'NS' for rr in got.authority) and not got.authoritative] += 1
    print(dict(kinds))
    share = len(some)
    assert kinds['NOERROR', True, False] > share / 50
    assert kinds['NOERROR', False, False] > share / 10
    assert kinds['NXDOMAIN', False, False] > share / 10
    assert kinds['NOERROR', False, True] > 100
    assert kinds['NXDOMAIN', True, False] > 10


MUTATIONS = {
    'a record gone': lambda lines: [line for line in lines if not line.startswith('host-4 ')],
    'another TTL': lambda lines: [line.replace('host-4 ', 'host-4 77 IN TXT "x"\nhost-4 ', 1) if line.startswith('host-4 ')
                                  else line for line in lines],
    'a wildcard gone': lambda lines: [line for line in lines if not line.startswith('*.wild-1 ')],
    'an empty non-terminal gone': lambda lines: [line for line in lines if not line.startswith('a.ent.wild-0 ')],
    'another name server at a cut': lambda lines: [line.replace(' NS ', ' NS x.') if line.startswith('cut-1 ') else line
                                                   for line in lines],
    'an alias elsewhere': lambda lines: [line.replace('CNAME ', 'CNAME x.') if line.startswith('alias-0 ') else line
                                         for line in lines],
}
NEAR = (b'host-4', b'wild-0', b'wild-1', b'cut-1', b'alias-0')


@pytest.mark.parametrize('mutation', sorted(MUTATIONS))
def test_the_comparison_bites(loaded, zones, queries, stock, mutation):
    """Stock named with a file, and with the same file but for one line: found."""
    stage, serials, _ = loaded
    zone = zones['large']
    lines = zone.master_file(serials[zone.origin]).splitlines()
    changed = MUTATIONS[mutation](lines)
    assert changed != lines
    directory = os.path.join(stage.directory, 'mutated')
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, mutation.replace(' ', '-') + '.zone')
    with open(path, 'w', encoding='ascii') as file:
        file.write('\n'.join(changed) + '\n')
    mutated = stage.another_named('mutated')
    start(stage, mutated, 'zone "%s" { type primary; file "%s"; check-names ignore; };' % (zone.origin, path))
    try:
        near = [q for q in queries['large'] if any(label in NEAR for label in q.name)]
        differences = compare((stock.address, stock.port), (mutated.address, mutated.port), near)
    finally:
        mutated.stop()
    assert differences


def test_the_oracle_agrees_with_stock_named(loaded, zones, queries, stock):
    """The oracle, which judges what changes while it is served, gives stock named's answers."""
    _, serials, cursor = loaded
    zone = zones['large']
    oracle = ServedZone(parse_name(zone.origin), '%s. %s. %d %d %d %d %d' % (
        zone.mname, zone.rname, serials[zone.origin], zone.refresh, zone.retry, zone.expire, zone.negative_ttl),
        zone.ttl, zone.negative_ttl)
    oracle.add((), 'SOA', zone.ttl, oracle.soa)
    cursor.execute('SELECT owner, type, ttl, rdata FROM ddns.records WHERE zone = %s', (zone.origin,))
    for owner, rrtype, ttl, rdata in cursor.fetchall():
        oracle.add(parse_name(owner), rrtype, ttl, dns.rdata.from_text('IN', rrtype, rdata).to_text())
    types = {'A', 'AAAA', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'SRV', 'PTR', 'ANY'}
    some = [q for q in queries['large'][::5] if q.type in types]
    for query, reply in zip(some, ask(stock.address, stock.port, some)):
        got = parse(reply)
        want = expected({oracle.origin: oracle}, query.name, query.type, from_file=True)
        assert got.truncated or agrees(got, want), '%s\n named: %s\n oracle: %s' % (query, got, want)
