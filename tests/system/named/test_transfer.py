# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone transfers: to nobody by default, to the zone's list, to whom named allows; always of one moment."""
import threading

import dns.exception
import dns.rdatatype
import pytest

from named.support import add_record, answer, cursor_of, make_zone, served_serial, transfer_of, wait_caught_up

ZONE = 'transfer.example'
MARKED = 40


@pytest.fixture
def cursor(stage):
    with cursor_of(stage.cluster) as cursor:
        cursor.execute('DELETE FROM ddns.zones WHERE origin = %s', (ZONE,))
        make_zone(cursor, ZONE, names=100)
        cursor.execute("INSERT INTO ddns.records (zone, owner, type, rdata) SELECT %s, 'mark-' || n, 'TXT', '\"0\"'"
                       ' FROM generate_series(1, %s) n', (ZONE, MARKED))
        add_record(cursor, ZONE, '*.wild', 'MX', '10 host-1.' + ZONE + '.')
        add_record(cursor, ZONE, 'a.b.c', 'A', '192.0.2.1')
        wait_caught_up(stage.named, cursor, ZONE)
        yield cursor


def transfer(named, source='127.0.0.1'):
    return transfer_of(named, ZONE, source)


def contents(zone):
    """{(owner, type, rdata)} without the SOA, and the serial."""
    rows = {(name.to_text(), dns.rdatatype.to_text(rdata.rdtype), rdata.to_text())
            for name, _, rdata in zone.iterate_rdatas() if rdata.rdtype != dns.rdatatype.SOA}
    return rows, zone.find_rdataset(zone.origin, 'SOA')[0].serial


def served(cursor):
    cursor.execute('SELECT r.owner, r.type, r.rdata FROM ddns.served_records r JOIN ddns.served_zones z USING (zone_id)'
                   ' WHERE z.origin = %s', (ZONE,))
    return {('%s.' % ZONE if owner == '@' else '%s.%s.' % (owner, ZONE), rrtype, rdata)
            for owner, rrtype, rdata in cursor.fetchall()}


def allow(stage, cursor, transfer_, addresses='{}'):
    cursor.execute('UPDATE ddns.zones SET transfer = %s, transfer_to = %s WHERE origin = %s', (transfer_, addresses, ZONE))
    wait_caught_up(stage.named, cursor, ZONE)


def test_nobody_by_default(stage, cursor):
    with pytest.raises(dns.exception.DNSException):
        transfer(stage.named)
    with pytest.raises(dns.exception.DNSException):
        transfer(stage.named, '127.0.0.9')
    allow(stage, cursor, 'none', '{127.0.0.1}')         # a list that is not asked for
    with pytest.raises(dns.exception.DNSException):
        transfer(stage.named)


@pytest.mark.parametrize('addresses', ['{127.0.0.9}', '{127.0.0.8/29,192.0.2.1}', '{192.0.2.0/24,127.0.0.9/32}'])
def test_the_list_and_no_other(stage, cursor, addresses):
    allow(stage, cursor, 'list', addresses)
    rows, serial = contents(transfer(stage.named, '127.0.0.9'))
    assert rows == served(cursor)
    assert serial == served_serial(stage.named, ZONE)
    for stranger in ('127.0.0.1', '127.0.0.16', '127.0.1.9'):
        with pytest.raises(dns.exception.DNSException):
            transfer(stage.named, stranger)
    allow(stage, cursor, 'list', '{}')
    with pytest.raises(dns.exception.DNSException):
        transfer(stage.named, '127.0.0.9')


def test_named_decides_where_the_zone_says_so(stage, cursor):
    """transfer = named: named's allow-transfer, and no longer the list."""
    named = stage.another_named()
    named.options = 'allow-transfer { 127.0.0.9; };'
    stage.start(named)
    wait_caught_up(named, cursor, ZONE)
    for who in ('127.0.0.9', '127.0.0.1'):
        with pytest.raises(dns.exception.DNSException):
            transfer(named, who)
    cursor.execute("UPDATE ddns.zones SET transfer = 'named', transfer_to = '{127.0.0.1}' WHERE origin = %s", (ZONE,))
    wait_caught_up(named, cursor, ZONE)
    assert contents(transfer(named, '127.0.0.9'))[0] == served(cursor)
    with pytest.raises(dns.exception.DNSException):
        transfer(named)


def test_whole_and_consistent_while_updates_run(stage, cursor, is_long):
    """Every transaction writes its number at many names: a transfer shows one number, and its serial."""
    # many more names, so that updates fall into the very moment in which a transfer is put together
    cursor.execute("INSERT INTO ddns.records (zone, owner, type, rdata) SELECT %s, 'more-' || n, 'A', '192.0.2.3'"
                   ' FROM generate_series(1, 2500) n', (ZONE,))
    allow(stage, cursor, 'list', '{127.0.0.1}')
    named = stage.named
    others = {row for row in served(cursor) if not row[0].startswith('mark-')}
    numbers = {served_serial(named, ZONE): 0}           # serial -> the number it must show
    end = threading.Event()
    failures = []

    def update():
        try:
            with cursor_of(stage.cluster, autocommit=False) as mine:
                number = 0
                while not end.is_set():
                    number += 1
                    mine.execute("UPDATE ddns.records SET rdata = %s WHERE zone = %s AND type = 'TXT'", ('"%d"' % number, ZONE))
                    mine.execute('SET CONSTRAINTS ALL IMMEDIATE')
                    mine.execute('SELECT s.serial FROM ddns.zone_state s JOIN ddns.zones z ON z.id = s.zone_id'
                                 ' WHERE z.origin = %s', (ZONE,))
                    numbers[mine.fetchone()[0]] = number
                    mine.connection.commit()
        except Exception as error:                      # pylint: disable=broad-except  # told below
            failures.append(error)

    writer = threading.Thread(target=update)
    writer.start()
    seen = set()
    try:
        for _ in range(150 if is_long else 20):
            rows, serial = contents(transfer(named))
            marks = {row for row in rows if row[0].startswith('mark-')}
            assert rows - marks == others
            assert len(marks) == MARKED
            assert {rdata for _, _, rdata in marks} == {'"%d"' % numbers[serial]}, serial
            seen.add(serial)
    finally:
        end.set()
        writer.join()
    assert not failures, failures[0]
    print('%d updates, %d different serials transferred' % (len(numbers) - 1, len(seen)))
    assert len(seen) > 5
    assert answer(named, ZONE, 'SOA').rcode == 'NOERROR'
