# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL is killed, hangs, is away at named's start, comes back as another cluster: named goes on."""
import subprocess
import threading
import time

import pytest

from ddns.cluster import bin_dir
from ddns.steps import wait_until
from named.load import Load, query
from named.support import add_record, answer, cursor_of, make_zone, rdatas, served_serial, set_address, wait_caught_up

ZONE = 'outage.example'


def expectations(named, names):
    """What named answers now, for a Load: hosts, a name that is not there, an empty one, the apex."""
    asked = [query('host-%d.%s' % (n, ZONE)) for n in range(names)]
    asked += [query('host-%d.%s' % (n, ZONE), 'MX') for n in range(20)]
    asked += [query('nothing-%d.%s' % (n, ZONE)) for n in range(20)]
    asked += [query('q.wild.' + ZONE), query('ent.' + ZONE), query(ZONE, 'SOA'), query(ZONE, 'NS')]
    return {q: answer(named, '.'.join(label.decode() for label in q.name), q.type) for q in asked}


@pytest.fixture
def zone(stage):
    """The zone of these tests, fresh and served, and a cursor."""
    with cursor_of(stage.cluster) as cursor:
        cursor.execute('DELETE FROM ddns.zones WHERE origin = %s', (ZONE,))
        make_zone(cursor, ZONE, names=200)
        add_record(cursor, ZONE, '*.wild', 'A', '192.0.2.7')
        add_record(cursor, ZONE, 'below.ent', 'A', '192.0.2.8')
        wait_caught_up(stage.named, cursor, ZONE)
        yield cursor


def single_user(cluster, sql):
    """Runs SQL on a cluster that is not running, so that nobody but us can see it meanwhile."""
    argv = [*cluster._as_server(), bin_dir() + '/postgres',   # pylint: disable=protected-access
            '--single', '-j', '-D', cluster.data, cluster.database]
    done = subprocess.run(argv, input=sql + '\n\n', capture_output=True, text=True, timeout=60, check=False, cwd='/')
    assert done.returncode == 0 and 'ERROR' not in done.stderr, done.stderr


def during(seconds, load):
    """Lets the load run on for so long, and until it has been answered often enough to tell."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end and load.answered > 500 * seconds, seconds + 60, 'the load is answered')


def test_postgresql_killed_under_load(stage, zone, is_long):
    named, cluster = stage.named, stage.cluster
    wanted = expectations(named, 100)
    with Load(named.address, named.port, wanted, rate=10000 if is_long else 2000) as load:
        during(1, load)
        cluster.kill()
        during(60 if is_long else 2, load)
        load.check(least=1000)
    single_user(cluster, "UPDATE ddns.records SET rdata = '192.0.2.99' WHERE zone = '%s' AND owner = 'host-150';"
                % ZONE)
    assert rdatas(answer(named, 'host-150.' + ZONE)) == {'10.0.0.150'}
    cluster.start()
    began = time.monotonic()
    wait_until(lambda: rdatas(answer(named, 'host-150.' + ZONE)) == {'192.0.2.99'}, 30, 'the change is served')
    print('%d answers, all right, the slowest after %.1f ms; served %.2f s after PostgreSQL was back' % (
        load.answered, 1e3 * load.slowest, time.monotonic() - began))
    with cursor_of(cluster) as cursor:
        set_address(cursor, ZONE, 'host-151', '192.0.2.98')
        wait_until(lambda: rdatas(answer(named, 'host-151.' + ZONE)) == {'192.0.2.98'}, 30, 'the next change is served')


def test_postgresql_hangs_under_load(stage, zone, is_long):
    """SIGSTOP of all of it; a change that waited meanwhile appears after SIGCONT."""
    named, cluster = stage.named, stage.cluster
    wanted = expectations(named, 100)
    with cursor_of(cluster) as cursor:
        cursor.execute('SELECT pg_backend_pid()')
        writer = threading.Thread(target=set_address, args=(cursor, ZONE, 'host-150', '192.0.2.99'))
        with Load(named.address, named.port, wanted, rate=10000 if is_long else 2000, any_serial=True) as load:
            during(1, load)
            cluster.pause()
            try:
                writer.start()
                during(60 if is_long else 12, load)
                assert rdatas(answer(named, 'host-150.' + ZONE)) == {'10.0.0.150'}
            finally:
                cluster.resume()
            began = time.monotonic()
            wait_until(lambda: rdatas(answer(named, 'host-150.' + ZONE)) == {'192.0.2.99'}, 30, 'the change is served')
            print('served %.2f s after SIGCONT' % (time.monotonic() - began))
        writer.join()
        load.check(least=1000)


def test_the_feed_is_cut_off_again_and_again(stage, zone, is_long):
    """pg_terminate_backend between two changes and at any moment of them: nothing is missed."""
    named = stage.named
    delays = []
    for n in range(1000 if is_long else 15):
        before, after = 'host-%d' % (n % 50), 'host-%d' % (100 + n % 50)
        address = '203.0.113.%d' % (n % 250)
        set_address(zone, ZONE, before, address)
        zone.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bind'")
        set_address(zone, ZONE, after, address)
        began = time.monotonic()
        wait_until(lambda before=before, after=after, address=address: {address} == rdatas(answer(
            named, '%s.%s' % (before, ZONE))) == rdatas(answer(named, '%s.%s' % (after, ZONE))), 30, 'both changes are served',
            interval=0.005)
        delays.append(time.monotonic() - began)
    delays.sort()
    print('served after a cut: p50 %.0f ms, worst %.0f ms' % (1e3 * delays[len(delays) // 2], 1e3 * delays[-1]))
    said = named.read_log()
    assert said.count('database away') <= said.count('database connected') + 1


def test_named_starts_while_postgresql_is_away(stage, zone):
    """It starts, says SERVFAIL for our names and answers its own zone; then it loads without being asked."""
    named, cluster = stage.another_named(), stage.cluster
    named.body = stage.static_zone('static.example') + named.dlz()
    cluster.kill()
    began = time.monotonic()
    stage.start(named)
    print('started in %.1f s' % (time.monotonic() - began))
    asked = ('host-1.' + ZONE, 'nothing.' + ZONE, ZONE, 'com', 'a.b.c.d.' + ZONE)
    for name in asked:
        for rrtype in ('A', 'SOA', 'TXT'):
            assert answer(named, name, rrtype).rcode == 'SERVFAIL', (name, rrtype)
    assert rdatas(answer(named, 'www.static.example')) == {'192.0.2.10'}
    assert answer(named, 'nothing.static.example').rcode == 'NXDOMAIN'
    wrong = []
    end = threading.Event()

    def watch():
        while not end.is_set():
            got = answer(named, 'host-1.' + ZONE)
            if got.rcode != 'SERVFAIL' and rdatas(got) != {'10.0.0.1'}:
                wrong.append(got)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        cluster.start()
        wait_until(lambda: rdatas(answer(named, 'host-1.' + ZONE)) == {'10.0.0.1'}, 30, 'the zone is loaded')
    finally:
        end.set()
        watcher.join()
    assert not wrong, wrong[0]
    assert answer(named, 'nothing.' + ZONE).rcode == 'NXDOMAIN'
    assert answer(named, 'www.elsewhere.test').rcode == 'REFUSED'
    assert rdatas(answer(named, 'www.static.example')) == {'192.0.2.10'}


def test_dump_restored_into_a_new_cluster(stage, zone, tmp_path):
    """The dump is older than what named has, and the new cluster's transaction ids are lower."""
    named, cluster = stage.named, stage.cluster
    for n in range(20):
        set_address(zone, ZONE, 'host-%d' % (100 + n), '192.0.2.1')
    dump = str(tmp_path / 'dump.sql')
    stage.dump(dump)
    set_address(zone, ZONE, 'host-101', '192.0.2.55')                   # is lost
    add_record(zone, ZONE, 'lost', 'A', '192.0.2.56')
    make_zone(zone, 'lost.example')
    wait_caught_up(named, zone, ZONE, 'lost.example')
    other = stage.another_cluster(restore=dump)
    with cursor_of(other) as cursor:
        for _ in range(3):                                              # the same versions, other data
            set_address(cursor, ZONE, 'host-102', '192.0.2.77')
            set_address(cursor, ZONE, 'host-102', '192.0.2.78')
        add_record(cursor, ZONE, 'new', 'A', '192.0.2.79')
    with Load(named.address, named.port, expectations(named, 90), rate=1000, any_serial=True) as load:
        stage.replace_cluster(other)
        wait_until(lambda: rdatas(answer(named, 'new.' + ZONE)) == {'192.0.2.79'}, 30, 'the restored zone is served')
        assert rdatas(answer(named, 'host-101.' + ZONE)) == {'192.0.2.1'}
        assert rdatas(answer(named, 'host-102.' + ZONE)) == {'192.0.2.78'}
        assert answer(named, 'lost.' + ZONE).rcode == 'NXDOMAIN'
        wait_until(lambda: answer(named, 'lost.example', 'SOA').rcode == 'REFUSED', 30, 'the lost zone is gone')
        during(1, load)
    load.check(least=1000)
    with cursor_of(cluster) as cursor:
        set_address(cursor, ZONE, 'host-1', '192.0.2.80')
        wait_until(lambda: rdatas(answer(named, 'host-1.' + ZONE)) == {'192.0.2.80'}, 30, 'changes go on being served')
    assert served_serial(named, ZONE)
