# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of named share: questions put once, serials waited for, the state of a process."""
import os
import re
from contextlib import closing, contextmanager

import dns.message
import dns.query
import dns.xfr
import dns.zone

from ddns.steps import wait_until
from differential.compare import ask, parse
from named.load import query


@contextmanager
def cursor_of(cluster, **more):
    """A cursor on a connection of its own, in autocommit mode unless told otherwise; closed at the end."""
    with closing(cluster.connect(**more)) as connection, connection.cursor() as cursor:
        yield cursor


def answer(named, name, rrtype='A'):
    """The Answer of one query over UDP."""
    return parse(ask(named.address, named.port, [query(name, rrtype)], deadline=30)[0])


def answer_from(named, source, name, rrtype='A'):
    """The same, asked from another address of the loopback net."""
    message = dns.message.make_query(name, rrtype)
    message.flags = 0
    return parse(dns.query.udp(message, named.address, port=named.port, source=source, timeout=15).to_wire())


def rdatas(got, rrtype='A'):
    """The values of one type in an Answer."""
    return {rdata for _, kind, _, rdata in got.answer if kind == rrtype}


def served_serial(named, origin):
    """The serial named shows for a zone, or None while it does not answer for it."""
    got = answer(named, origin, 'SOA')
    return next((int(rdata.split()[2]) for owner, kind, _, rdata in got.answer
                 if (owner, kind) == (origin + '.', 'SOA')), None)


def stored_serial(cursor, origin):
    cursor.execute('SELECT serial FROM ddns.served_zones WHERE origin = %s', (origin,))
    row = cursor.fetchone()
    return row and row[0]


def wait_caught_up(named, cursor, *origins, timeout=60):
    """Returns when named shows the serials that the database has."""
    for origin in origins:
        want = stored_serial(cursor, origin)
        wait_until(lambda want=want, origin=origin: served_serial(named, origin) == want, timeout,
                   '%s at serial %s' % (origin, want), interval=0.002)


def threads(pid):
    return len(os.listdir('/proc/%d/task' % pid))


def descriptors(pid):
    return len(os.listdir('/proc/%d/fd' % pid))


def resident(pid):
    """Bytes of memory that the process itself holds."""
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return int(re.search(r'RssAnon:\s+(\d+)', file.read())[1]) * 1024


def make_zone(cursor, origin, names=0, **columns):
    """A zone with `names` owners host-0 ... of one address each."""
    columns = {'mname': 'ns1.' + origin, 'rname': 'hostmaster.' + origin} | columns
    cursor.execute('INSERT INTO ddns.zones (origin, %s) VALUES (%%s, %s)' % (
        ', '.join(columns), ', '.join(['%s'] * len(columns))), (origin, *columns.values()))
    if names:
        cursor.execute("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) SELECT %s, 'host-' || n, 'A', 60, host("
                       "'10.0.0.0'::inet + n) FROM generate_series(0, %s) n", (origin, names - 1))


def add_record(cursor, zone, owner, rrtype, rdata, ttl=60):
    cursor.execute('INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES (%s, %s, %s, %s, %s)',
                   (zone, owner, rrtype, ttl, rdata))


def set_address(cursor, zone, owner, address):
    """Gives an owner one other address by hand."""
    cursor.execute("UPDATE ddns.records SET rdata = %s WHERE zone = %s AND owner = %s AND type = 'A'", (address, zone, owner))
    assert cursor.rowcount == 1


def transfer_of(named, origin, source='127.0.0.1'):
    """The zone as given to that address by AXFR; a dns.exception.DNSException when it is refused."""
    zone = dns.zone.Zone(origin, relativize=False)
    question, _ = dns.xfr.make_query(zone)
    dns.query.inbound_xfr(named.address, zone, question, port=named.port, source=source, timeout=30, lifetime=60)
    return zone
