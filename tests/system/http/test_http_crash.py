# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 in the midst of updates: what was acknowledged is there, and nothing is there by half."""

import contextlib
import random
import signal
import threading

import pytest

from ddns.process import signal_if_there
from ddns.steps import wait_until
from http_hosts import add_hosts, all_addresses, demo, wait_served
from http_raw import connect, parse, read_all, request, update_target

CLIENTS = 12


def pair(n):
    """The addresses of host n, one of each family: they are sent in one update."""
    return [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", f"2001:db8::{n + 1:x}"]


class Clients:
    """Update each of many hosts once, a few at a time, whatever becomes of it."""

    def __init__(self, stack, hosts):
        self._stack, self._hosts = stack, hosts
        self._login = demo(stack)
        self._lock = threading.Lock()
        self._next = 0
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]
        self.good, self.open, self.words = set(), set(), set()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self._threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self._threads), "clients that never got an answer"

    @property
    def done(self):
        return len(self.good) + len(self.open)

    def _take(self):
        with self._lock:
            number, self._next = self._next, self._next + 1
        return number if number < len(self._hosts) else None

    def _run(self):
        while (number := self._take()) is not None:
            answer = self._update(number)
            (self.good if answer == f"good {','.join(pair(number))}" else self.open).add(number)
            if number in self.open:
                self.words.add(answer)
                with contextlib.suppress(AssertionError):
                    wait_until(self._stack.gateway.is_ready, 60, interval=0.005)

    def _update(self, number):
        """The body of the reply; "" for a connection that ended without one."""
        data = request(update_target(self._hosts[number], myip=",".join(pair(number))), self._login)
        while True:
            try:
                connection = connect(self._stack.gateway)
                break
            except ConnectionRefusedError:  # not begun: asked again when somebody listens
                with contextlib.suppress(AssertionError):
                    wait_until(self._stack.gateway.is_ready, 60, interval=0.005)
        with connection:
            try:
                connection.sendall(data)
                reply = parse(read_all(connection))
            except OSError:
                return ""
        return reply.body.strip() if reply else ""


def end_gateway(stack, _):
    """SIGTERM: it finishes what has come in."""
    stack.gateway.stop()
    stack.start_gateway()
    return True


def kill_gateway(stack, _):
    stack.gateway.kill()
    stack.start_gateway()
    return True


def kill_database(stack, _):
    stack.cluster.kill()
    stack.cluster.start()
    return True


def signal_at_commit(stack, number):
    """Ends the writer's backend while it commits.  False: it was not seen there in time."""
    connection = stack.connect()
    with connection.cursor() as cursor:
        for _ in range(3000):
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'ddns-gateway' "
                           "AND state = 'active' AND query ~* '^commit'")
            if row := cursor.fetchone():
                signal_if_there(row[0], number)
                break
    connection.close()
    wait_until(stack.cluster.is_ready, 30, "PostgreSQL is back")
    return row is not None


def kill_at_commit(stack, turn):
    """In turn: by SIGKILL, after which PostgreSQL recovers as from a crash, and by SIGTERM."""
    return signal_at_commit(stack, signal.SIGTERM if turn % 2 else signal.SIGKILL)


@pytest.mark.parametrize("kill, settings", [
    (end_gateway, {}),
    (kill_gateway, {}),
    (kill_database, {}),
    # a commit that takes some time, so that it can be hit
    (kill_at_commit, {"fsync": "on", "commit_delay": "20000", "commit_siblings": "0"}),
])
def test_what_was_acknowledged_is_there(stacks, kill, settings, is_long):
    count, kills = (2000, 20) if is_long else (300, 3)
    stack = stacks.make()
    stack.cluster.options |= settings
    stack.start()
    hosts = add_hosts(stack, "crash", count)
    hits = 0
    with Clients(stack, hosts) as clients:
        for turn in range(kills):
            moment = (turn + random.random()) * count / (kills + 1)
            wait_until(lambda moment=moment: clients.done >= moment, 60, "clients get on", interval=0.001)
            hits += kill(stack, turn)
            wait_until(stack.gateway.is_ready, 30, "the gateway is ready again")
    connection = stack.connect()
    with connection.cursor() as cursor:
        stored = list(map(all_addresses(cursor, hosts).get, hosts))
        lost = [n for n in clients.good if stored[n] != pair(n)]
        half = [n for n in clients.open if stored[n] not in ([], pair(n))]
        applied = sum(stored[n] == pair(n) for n in clients.open)
        print(f"{kill.__name__}: {hits} kills, {len(clients.good)} good, {len(clients.open)} without: "
              f"{applied} of them applied, words {sorted(clients.words)}")
        assert not lost, f"{len(lost)} acknowledged updates are not there, host {lost[0]} has {stored[lost[0]]}"
        assert not half, f"{len(half)} updates are there by half, host {half[0]} has {stored[half[0]]}"
        assert clients.words <= {"", "911"} and len(clients.good) > count / 2 and hits > 0
        wait_served(stack, cursor, hosts)
    connection.close()
