# SPDX-License-Identifier: GPL-3.0-or-later
"""Random statements by hand over all tables: after each, named answers what the database serves."""
import time
from contextlib import closing

from ddns.steps import wait_until
from differential.compare import ask, parse
from named.load import query
from named.oracle import agrees, expected, parse_name, read_zones, text
from named.statements import ZONES, Statements
from named.support import served_serial

TYPES = ('A', 'AAAA', 'NS', 'CNAME', 'MX', 'TXT', 'SRV', 'SOA', 'ANY')
SOONER = 20.0               # seconds: well before all is compared anew; the median is asserted apart


def snapshot(connection):
    connection.set_session(isolation_level='REPEATABLE READ', autocommit=False)
    with connection.cursor() as cursor:
        zones = read_zones(cursor)
    connection.rollback()
    connection.set_session(isolation_level='DEFAULT', autocommit=True)
    return zones


def differing(old, new):
    """Names whose served data differ between two snapshots."""
    names = set()
    for origin in old.keys() | new.keys():
        before = old[origin].nodes if origin in old else {}
        after = new[origin].nodes if origin in new else {}
        names |= {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return names


def neighbours(names):
    """The names, their children, siblings and parents."""
    asked = set()
    for name in names:
        asked |= {name, (b'q',) + name, (b'q', b'r') + name, (b'q',) + name[1:], name[1:], (b'www',) + name, (b'*',) + name}
    return sorted(name for name in asked if sum(len(label) + 1 for label in name) < 255)


def shown(named, zones):
    """True when named shows every zone's serial, and no zone that is not served."""
    for origin in ZONES:
        zone = zones.get(parse_name(origin))
        if served_serial(named, origin) != (zone and int(zone.soa.split()[2])):
            return False
    return True


def compared(named, zones, names):
    """How many answers were looked at, and those that are not as expected."""
    queries = [query(text(name), rrtype) for name in names for rrtype in TYPES]
    wrong = []
    for asked, reply in zip(queries, ask(named.address, named.port, queries)):
        got, want = parse(reply), expected(zones, asked.name, asked.type)
        if not agrees(got, want):
            wrong.append('%s\n named: %s\n expected: %s' % (asked, got, want))
    return len(queries), wrong


def test_random_statements(stage, is_long):
    """For each statement: the touched names, their neighbours and some others, nine types."""
    named = stage.named
    with closing(stage.cluster.connect()) as connection, closing(stage.cluster.connect()) as reader:
        statements = Statements(connection, seed=20261122)
        before = snapshot(reader)
        looked, delays = 0, []
        for number in range(2000 if is_long else 300):
            what = statements.next()
            began = time.monotonic()
            after = snapshot(reader)
            wait_until(lambda after=after: shown(named, after), SOONER, 'statement %d (%s) is served' % (number, what),
                       interval=0.001)
            delays.append(time.monotonic() - began)
            touched = sorted(differing(before, after))
            others = sorted({name for zone in after.values() for name in zone.nodes})
            statements.random.shuffle(touched)
            asked = neighbours(touched[:15 if is_long else 4] + statements.random.sample(others, min(2, len(others))))
            count, wrong = compared(named, after, asked)
            assert not wrong, 'after statement %d (%s) %d of %d answers are wrong: %s' % (
                number, what, len(wrong), count, wrong[0])
            looked += count
            before = after
    delays.sort()
    print('%d statements held, %d refused; %d answers compared; served after p50 %.1f ms, p99 %.1f ms, worst %.1f ms' % (
        statements.done, statements.refused, looked, 1e3 * delays[len(delays) // 2], 1e3 * delays[-len(delays) // 100],
        1e3 * delays[-1]))
    assert statements.done > statements.refused
    assert delays[len(delays) // 2] < 0.5
