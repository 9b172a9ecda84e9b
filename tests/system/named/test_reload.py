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


def wait_back_to(named, before):
    """named gives back an old view a moment after a reload; at `before` a connection of rndc's may still have been open."""
    def is_back():
        now = measured(named)
        return now[0] == before[0] and now[1] <= before[1]
    wait_until(is_back, 30, 'as many threads and descriptors as before: %s' % (before,))


def reload_often(named, words, times, load):
    """Runs rndc so often; returns the slowest answer of each, in ms."""
    stalls = []
    for _ in range(times):
        load.slowest = 0.0
        answered = load.answered
        named.rndc(words)
        wait_until(lambda answered=answered: load.answered > answered + 50, 30, 'queries go on being answered')
        stalls.append(1e3 * load.slowest)
    return stalls


def rounds(named, load, is_long):
    """Reloads and reconfigs: what named held before and after, and the slowest answer of each round."""
    reload_often(named, 'reload', 6, load)                      # what the first ones allocate stays
    before = measured(named)
    stalls = reload_often(named, 'reload', 50 if is_long else 12, load)
    stalls += reload_often(named, 'reconfig', 20 if is_long else 5, load)
    wait_back_to(named, before)
    return before, measured(named), sorted(stalls)


def told(what, before, after, stalls):
    print('%s: slowest answer around a reload: median %.1f ms, worst %.1f ms; threads %d -> %d, descriptors %d -> %d, '
          'memory %.1f -> %.1f MiB' % (what, stalls[len(stalls) // 2], stalls[-1], before[0], after[0], before[1], after[1],
                                       before[2] / MEBI, after[2] / MEBI))


def test_reload_and_reconfig_under_load(stage, is_long):
    """Beside a named without the module, which needs time and memory for a reload, too."""
    named = stage.named
    prepare(stage, names=20000)
    plain = stage.another_named()
    plain.body = stage.static_zone('static.example')
    stage.start(plain)
    own = {query('www.static.example'): answer(plain, 'www.static.example')}
    with Load(plain.address, plain.port, own, rate=2000) as load:
        of_plain = rounds(plain, load, is_long)
    told('without module', *of_plain)
    plain.stop()

    pid, connections = named.server.pid(), stage.database_connections()
    wanted = expectations(named, 1000, 1200)
    with Updates(stage, 500) as updates, Load(named.address, named.port, wanted, rate=2000, any_serial=True) as load:
        wait_until(lambda: load.answered > 1000 and updates.done > 100, 30, 'the load runs')
        before, after, stalls = rounds(named, load, is_long)
    load.check(least=1000)
    assert updates.failure is None and updates.done > 200, updates.failure
    told('with module, %d updates, %d queries' % (updates.done, load.answered), before, after, stalls)
    assert named.server.pid() == pid
    last = 'host-%d' % ((updates.done - 1) % 500)
    want = '10.1.%d.%d' % divmod((updates.done - 1) % 65000, 256)
    wait_until(lambda: rdatas(answer(named, '%s.%s' % (last, ZONE))) == {want}, 30, 'the last update is served')
    wait_until(lambda: resident(pid) - before[2] < 24 * MEBI, what='memory is given back')  # named's own goes up and down by more than ten
    assert stalls[len(stalls) // 2] - of_plain[2][len(stalls) // 2] < 200       # aim: 20 ms
    assert stage.database_connections() <= connections


def test_many_updates_leave_nothing_behind(stage, is_long):
    """Of one name each, and of all names at once."""
    named = stage.named
    prepare(stage, names=900)

    def update(times):
        with cursor_of(stage.cluster) as cursor:
            for n in range(times):
                set_address(cursor, ZONE, 'host-%d' % (n % 900), '10.2.%d.%d' % divmod(n % 65000, 256))
                if n % 15 == 0:
                    cursor.execute("UPDATE ddns.records SET rdata = host(rdata::inet + 1) WHERE zone = %s AND type = 'A'", (ZONE,))
                    wait_caught_up(named, cursor, ZONE)
            wait_caught_up(named, cursor, ZONE)

    update(400)
    before = measured(named)
    began = time.monotonic()
    times = 8000 if is_long else 1000
    update(times)
    wait_back_to(named, before)
    wait_until(lambda: resident(named.server.pid()) - before[2] < 3 * MEBI, what='memory is given back')
    after = measured(named)
    print('%d updates of a name and %d of 900 names in %.1f s: memory %.2f -> %.2f MiB' % (
        times, times // 15, time.monotonic() - began, before[2] / MEBI, after[2] / MEBI))
