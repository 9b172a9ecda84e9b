# SPDX-License-Identifier: GPL-3.0-or-later
"""What the feed asks of the database: for one update, for none; and what the module's file shows."""
import re
import subprocess
import time

import pytest

from ddns.steps import wait_until
from named.support import cursor_of, make_zone, set_address, wait_caught_up

ZONE = 'cost.example'


@pytest.fixture(scope='module')
def cursor(module_stage, is_long):
    stage = module_stage
    with cursor_of(stage.cluster) as cursor:
        names = 100000 if is_long else 20000
        make_zone(cursor, ZONE, names=names)
        stage.named.stop()
        cursor.execute('VACUUM ANALYZE')
        stage.start(stage.named)
        wait_caught_up(stage.named, cursor, ZONE, timeout=60)
        end_loader(cursor)
        yield cursor
        cursor.execute('DELETE FROM ddns.zones WHERE origin = %s', (ZONE,))


def rows_read(cursor):
    """Rows that all backends together have read from our tables."""
    cursor.execute('SELECT pg_stat_force_next_flush()')
    cursor.execute('SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables')
    return int(cursor.fetchone()[0])


def end_loader(cursor):
    """Ends the connection that has read a zone whole, if it idles: only then it is sure to have reported its counters."""
    def gone():
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bind'"
                       " AND datname = current_database() AND state = 'idle' AND query = 'COMMIT'")
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'bind' AND datname = current_database()")
        return cursor.fetchone()[0] == 1
    wait_until(gone, 30, 'the feed is alone')


def looks(cursor):
    """When the feed asked last: it reports its counters after a statement, a second or more apart."""
    cursor.execute("SELECT pg_stat_clear_snapshot(), max(query_start) FROM pg_stat_activity"
                   " WHERE usename = 'bind' AND datname = current_database()")
    return cursor.fetchone()[1]


def wait_counted(cursor):
    """Returns when the feed's counters show what it did until now."""
    for _ in range(3):
        since = looks(cursor)
        wait_until(lambda since=since: looks(cursor) not in (since, None), 30, 'the feed looks again')


def cost_of_updates(cursor, net, times, wait):
    wait()
    before = rows_read(cursor)
    for n in range(times):
        set_address(cursor, ZONE, 'host-%d' % (n * 37), '%s.%d' % (net, n))
    wait()
    return (rows_read(cursor) - before) / times


def test_one_update_makes_the_feed_read_few_rows(stage, cursor):
    """The same updates with named and without: the difference is what the feed reads."""
    def followed():
        wait_caught_up(stage.named, cursor, ZONE)
        wait_counted(cursor)

    def alone():
        wait_until(lambda: not stage.database_connections(), 30, 'the feed is gone')

    cost_of_updates(cursor, '192.0.2', 5, followed)                        # plans are made
    both = cost_of_updates(cursor, '198.51.100', 20, followed)
    stage.named.stop()
    try:
        alone_ = cost_of_updates(cursor, '203.0.113', 20, alone)
    finally:
        stage.start(stage.named)
    print('rows read for one update: %.1f with the feed, %.1f without' % (both, alone_))
    assert 0 < both - alone_ < 100


def test_a_feed_that_began_with_empty_tables(bare_stage, stage, is_long):
    """The database planned the feed's statements for what it had then; that must not last."""
    names = 100000 if is_long else 20000
    named = bare_stage.another_named()
    with cursor_of(bare_stage.cluster, dbname=bare_stage.second_database()) as cursor:
        named.body = named.dlz(dbname='second')
        stage.named.stop()
        stage.start(named)
        make_zone(cursor, 'first.example', names=1)
        wait_caught_up(named, cursor, 'first.example')
        set_address(cursor, 'first.example', 'host-0', '192.0.2.1')     # a step of a small zone
        wait_caught_up(named, cursor, 'first.example')
        make_zone(cursor, ZONE, names=names)
        wait_caught_up(named, cursor, ZONE, timeout=60)
        end_loader(cursor)
        wait_counted(cursor)
        before = rows_read(cursor)
        for n in range(20):
            set_address(cursor, ZONE, 'host-%d' % n, '192.0.2.%d' % n)
        wait_caught_up(named, cursor, ZONE, timeout=60)
        wait_counted(cursor)
        cost = (rows_read(cursor) - before) / 20
    print('rows read for one update: %.1f' % cost)
    assert cost < 200                                           # the writer's own among them


def test_an_idle_feed_asks_once_a_second_at_most(stage, cursor, is_long):
    """Every statement of the module's role is logged and counted."""
    named, cluster = stage.named, stage.cluster
    cursor.execute("ALTER ROLE bind SET log_statement = 'all'")
    named.stop()
    stage.start(named)                                          # the setting holds for new connections
    try:
        wait_caught_up(named, cursor, ZONE, timeout=60)
        wait_counted(cursor)
        with open(cluster.log, 'rb') as log:
            log.seek(0, 2)
            begin = time.monotonic()
            end = begin + (60 if is_long else 5)
            wait_until(lambda: time.monotonic() >= end, 90, 'the time is over', interval=0.2)
            said = log.read().decode()
            seconds = time.monotonic() - begin
    finally:
        cursor.execute('ALTER ROLE bind RESET log_statement')
    statements = re.findall(r'bind@\S* LOG:  (?:statement|execute)', said)
    print('%d statements in %.1f s' % (len(statements), seconds))
    assert 0 < len(statements) <= seconds + 1


def test_the_module_exports_its_entry_points_only(stage):
    """So that it meets no name of named's or of another module's; and it links nothing of BIND's."""
    module = stage.build.module
    symbols = subprocess.run(['nm', '-D', '--defined-only', module], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1].split('@')[0] for line in symbols.splitlines()}
    assert {'dlz_version', 'dlz_create', 'dlz_destroy', 'dlz_findzonedb', 'dlz_lookup', 'dlz_allnodes',
            'dlz_allowzonexfr'} <= names
    assert all(name.startswith('dlz_') for name in names), names
    needed = subprocess.run(['readelf', '-d', module], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r'NEEDED.*\[(\S+)\]', needed)
    assert all(re.match(r'(libpq|liburcu-bp|liburcu-cds|libc|libpthread|ld-linux\S*)\.so', name)
               for name in libraries), libraries
    assert 'NODELETE' in needed and 'NOW' in needed


def test_the_module_never_ends_the_process(stage):
    undefined = subprocess.run(['nm', '-D', '--undefined-only', stage.build.module], capture_output=True, text=True,
                               check=True).stdout
    names = {line.split()[-1].split('@')[0] for line in undefined.splitlines()}
    assert not names & {'exit', '_exit', 'quick_exit', 'abort', '__assert_fail', 'raise', 'kill'}, names
