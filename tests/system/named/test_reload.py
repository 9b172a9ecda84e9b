# SPDX-License-Identifier: GPL-3.0-or-later
"""rndc reload and reconfig under queries and updates; many updates; what named holds stays the same."""
import threading
import time

from ddns.steps import wait_until
from named.load import Load, query
from named.support import (add_record, answer, cursor_of, descriptors, make_zone, rdatas, resident, set_address, threads,
                     wait_caught_up)

ZONE = 'reload.example'
MEBI = 1 << 20


class Updates(threading.Thread):
    """Changes one host after the other, as fast as the database takes it."""

    def __init__(self, stage, hosts):
        super().__init__(daemon=True)
        self.stage, self.hosts = stage, hosts
        self.done = 0
        self.failure = None
        self._end = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(30)

    def run(self):
        try:
            with cursor_of(self.stage.cluster) as cursor:
                while not self._end.is_set():
                    set_address(cursor, ZONE, 'host-%d' % (self.done % self.hosts), '10.1.%d.%d' % divmod(self.done % 65000, 256))
                    self.done += 1
        except Exception as error:              # pylint: disable=broad-except  # told by the test
            self.failure = error


def prepare(stage, names=2000):
    with cursor_of(stage.cluster) as cursor:
        cursor.execute('DELETE FROM ddns.zones WHERE origin = %s', (ZONE,))
        make_zone(cursor, ZONE, names=names)
        add_record(cursor, ZONE, '*.wild', 'A', '192.0.2.7')
        wait_caught_up(stage.named, cursor, ZONE)


def expectations(named, first, last):
    """Hosts that nobody changes; names beside them."""
    asked = [query('host-%d.%s' % (n, ZONE)) for n in range(first, last)] + [query('q.wild.' + ZONE)]
    asked += [query('host-%d.%s' % (n, ZONE), 'MX') for n in range(first, first + 20)] + [query('nothing.' + ZONE)]
    return {q: answer(named, '.'.join(label.decode() for label in q.name), q.type) for q in asked}


def measured(named):
    pid = named.server.pid()
    return threads(pid), descriptors(pid), resident(pid)


def reload_often(named, words, times, load):
    """Runs rndc so often; returns the slowest answer of each, in ms."""
    stalls = []
    for _ in range(times):
        load.slowest = 0.0
        answered = load.answered
        named.rndc(words)
        wait_until(lambda answered=answered: load.answered > answered + 50, 10, 'queries go on being answered')
        stalls.append(1e3 * load.slowest)
    return stalls


def test_reload_and_reconfig_under_load(stage, is_long):
    named = stage.named
    prepare(stage)
    pid = named.server.pid()
    begin = len(named.read_log().encode())
    wanted = expectations(named, 1000, 1200)
    with Updates(stage, 500) as updates, Load(named.address, named.port, wanted, rate=2000, any_serial=True) as load:
        wait_until(lambda: load.answered > 1000 and updates.done > 100, 20, 'the load runs')
        reload_often(named, 'reload', 3, load)                  # what the first ones allocate stays
        before, connections = measured(named), stage.database_connections()
        stalls = reload_often(named, 'reload', 50 if is_long else 12, load)
        reconfig = reload_often(named, 'reconfig', 20 if is_long else 5, load)
        # named gives back an old view a moment later
        wait_until(lambda: measured(named)[:2] == before[:2], 10, 'as many threads and descriptors as before: %s' % (before,))
        after = measured(named)
    load.check(least=1000)
    assert updates.failure is None and updates.done > 200, updates.failure
    assert named.server.pid() == pid
    last = 'host-%d' % ((updates.done - 1) % 500)
    want = '10.1.%d.%d' % divmod((updates.done - 1) % 65000, 256)
    wait_until(lambda: rdatas(answer(named, '%s.%s' % (last, ZONE))) == {want}, 5, 'the last update is served')
    print('%d updates, %d queries; slowest answer around a reload: median %.1f ms, worst %.1f ms; reconfig %.1f, %.1f ms; '
          'threads %d -> %d, descriptors %d -> %d, memory %.1f -> %.1f MiB' % (
              updates.done, load.answered, sorted(stalls)[len(stalls) // 2], max(stalls),
              sorted(reconfig)[len(reconfig) // 2], max(reconfig), before[0], after[0], before[1], after[1],
              before[2] / MEBI, after[2] / MEBI))
    assert after[2] - before[2] < 8 * MEBI
    assert sorted(stalls)[len(stalls) // 2] < 200               # aim: 20 ms
    assert stage.database_connections() == connections
    assert 'exiting' not in named.read_log(begin)


def test_many_updates_leave_nothing_behind(stage, is_long):
    named = stage.named
    prepare(stage, names=1000)

    def update(times):
        with cursor_of(stage.cluster) as cursor:
            for n in range(times):
                set_address(cursor, ZONE, 'host-%d' % (n % 1000), '10.2.%d.%d' % divmod(n % 65000, 256))
            wait_caught_up(named, cursor, ZONE)

    update(1000)
    before = measured(named)
    began = time.monotonic()
    times = 50000 if is_long else 2000
    update(times)
    wait_until(lambda: measured(named)[:2] == before[:2], 10, 'as many threads and descriptors as before')
    after = measured(named)
    print('%d updates in %.1f s: memory %.2f -> %.2f MiB' % (times, time.monotonic() - began, before[2] / MEBI, after[2] / MEBI))
    assert after[2] - before[2] < MEBI
