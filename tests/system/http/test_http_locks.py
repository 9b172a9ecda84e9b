# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody holds an open transaction, in psql say: whom that hinders, and for how long."""

import contextlib
import threading
import time

import pytest

from http_hosts import add_hosts, add_zone, addresses, demo, transaction
from http_raw import ask, update, update_target
from http_times import Times, median_percentile

RATIO = 1.5  # of p99 with and without the other's lock; the assertion gives more room
PATIENCE = 1.0  # seconds that an update waits for a lock before it fails for the moment


@pytest.fixture(scope="module")
def hosts(stack):
    return add_hosts(stack, "lock", 8)


class Addresses:
    """A new address each time."""

    count = 0

    @classmethod
    def next(cls):
        cls.count += 1
        return f"10.55.{cls.count >> 8 & 255}.{cls.count & 255}"


def one_round(stack, host, count):
    times, login = Times(), demo(stack)
    for _ in range(count):
        address = Addresses.next()
        with times.measure():
            assert update(stack.gateway, login, host, myip=address) == f"good {address}"
    return times


class Others(threading.Thread):
    """Somebody who goes on updating a host of his own meanwhile; each update must succeed."""

    def __init__(self, stack, host):
        super().__init__(daemon=True)
        self.stack, self.host = stack, host
        self.times, self.failure = Times(), None
        self._end = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(60)

    def run(self):
        try:
            while not self._end.is_set():
                self.times.seconds += one_round(self.stack, self.host, 1).seconds
        except Exception as error:  # pylint: disable=broad-except  # told by check()
            self.failure = error

    def check(self, least=10):
        """Who felt the lock would wait for all of an update's patience, and fail then."""
        assert self.failure is None, self.failure
        assert len(self.times) >= least, f"only {len(self.times)} updates went on"
        assert self.times.percentile(90) <= PATIENCE / 2, str(self.times)


@pytest.mark.parametrize("statement", [
    "UPDATE ddns.domains SET ttl = 61 WHERE name = %(name)s",
    "INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%(zone)s, 'txt.lock-1', 'TXT', '\"held\"')",
])
def test_another_host_of_the_zone(stack, hosts, statement, is_long):
    """It is not felt: the zone's own row is taken at commit only."""
    rounds, count = (15, 500) if is_long else (5, 100)
    free, beside = [], []
    one_round(stack, hosts[0], 20)
    for _ in range(rounds):
        free.append(one_round(stack, hosts[0], count))
        with transaction(stack) as other:
            other.execute(statement, {"name": hosts[1], "zone": stack.zone})
            beside.append(one_round(stack, hosts[0], count))
    without, held = median_percentile(free, 99), median_percentile(beside, 99)
    print(f"p99 of an update: {without * 1000:.2f} ms, beside an open transaction {held * 1000:.2f} ms: "
          f"ratio {held / without:.2f}")
    assert held <= max(RATIO * (2 if is_long else 4) * without, 0 if is_long else PATIENCE / 10)


@pytest.mark.parametrize("statement", [
    "UPDATE ddns.domains SET ttl = 62 WHERE name = %(name)s",
    "SELECT FROM ddns.domains WHERE name = %(name)s FOR UPDATE",
    "INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%(zone)s, 'txt.lock-2', 'TXT', '\"held\"')",
])
def test_the_very_host(stack, cursor, hosts, statement):
    """Its updates fail for the moment, and nobody else's."""
    held, free = hosts[2], hosts[3]
    login, before = demo(stack), addresses(cursor, held)
    with transaction(stack) as other, Others(stack, hosts[4]) as others:
        other.execute(statement, {"name": held, "zone": stack.zone})
        begin = time.monotonic()
        reply = ask(stack.gateway, update_target(held, myip=Addresses.next()), login)
        waited = time.monotonic() - begin
        assert (reply.status, reply.body) == (503, "911\n")
        assert int(reply.headers["retry-after"]) > 0
        assert 0.8 * PATIENCE <= waited <= 10 * PATIENCE, f"answered after {waited:.2f} s"
        address = Addresses.next()
        both = ask(stack.gateway, update_target(f"{held},{free}", myip=address), login)
        assert (both.status, both.lines) == (200, ["911", f"good {address}"])
        assert update(stack.gateway, login, free, myip=address) == f"nochg {address}"
        assert addresses(cursor, held) == before and addresses(cursor, free) == [address]
    print(f"others meanwhile: {others.times}")
    others.check()
    address = Addresses.next()
    assert update(stack.gateway, login, held, myip=address) == f"good {address}"
    stack.wait_answer(held, "A", {address})


@pytest.mark.parametrize("myip", [None, "192.0.2.77"], ids=["keepalive", "change"])
def test_a_host_that_is_being_deleted(stack, hosts, myip):
    """Its contact cannot be written either; nobody else feels it."""
    held, login = hosts[7], demo(stack)
    address = Addresses.next()
    assert update(stack.gateway, login, held, myip=address) == f"good {address}"
    with transaction(stack) as other, Others(stack, hosts[4]) as others:
        other.execute("DELETE FROM ddns.domains WHERE name = %s", (held,))
        reply = ask(stack.gateway, update_target(held, myip=myip or address), login)
        assert (reply.status, reply.body) == (503, "911\n")
    print(f"others while a host is being deleted: {others.times}")
    others.check()
    assert update(stack.gateway, login, held, myip=address) == f"nochg {address}"


def test_a_lock_that_goes_in_time(stack, hosts):
    """Who waits gets the host as soon as the other has committed."""
    held, login, address = hosts[5], demo(stack), Addresses.next()
    said = []
    waiting = threading.Thread(target=lambda: said.append(update(stack.gateway, login, held, myip=address)))
    with transaction(stack) as other:
        other.execute("UPDATE ddns.domains SET address = '{10.1.1.1}' WHERE name = %s", (held,))
        waiting.start()
        time.sleep(0.2)  # well within its patience
        assert not said
        other.connection.commit()
        begin = time.monotonic()
        waiting.join(30)
    assert said == [f"good {address}"] and time.monotonic() - begin < 0.5
    stack.wait_answer(held, "A", {address})


def test_many_for_a_host_that_is_held(stack, hosts):
    """They do not take all the threads that others need."""
    held, login = hosts[6], demo(stack)
    said = []
    crowd = [threading.Thread(target=lambda: said.append(
        update(stack.gateway, login, held, myip=Addresses.next()))) for _ in range(100)]
    with transaction(stack) as other, Others(stack, hosts[4]) as others:
        other.execute("UPDATE ddns.domains SET ttl = 63 WHERE name = %s", (held,))
        for one in crowd:
            one.start()
        for one in crowd:
            one.join(60)
    assert said == ["911"] * len(crowd)
    print(f"others beside a crowd: {others.times}")
    others.check()


@contextlib.contextmanager
def whole_zone(stack, zone, how):
    """Somebody has all of a zone: its advisory lock, or its row, as in a commit that does not end."""
    with transaction(stack) as other:
        if how == "advisory":
            other.execute("SELECT pg_advisory_xact_lock(id) FROM ddns.zones WHERE origin = %s", (zone,))
        else:
            other.execute("UPDATE ddns.zones SET refresh = refresh + 1 WHERE origin = %s", (zone,))
            other.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield


@pytest.mark.parametrize("how", ["advisory", "row"])
def test_the_whole_zone(stack, how):
    """Its updates fail for the moment; those of other zones are done."""
    zone = add_zone(stack, f"{how}.example.org")
    held, login = add_hosts(stack, "lock", 1, zone=zone)[0], demo(stack)
    free = add_hosts(stack, f"beside-{how}", 1)[0]
    with whole_zone(stack, zone, how), Others(stack, free) as others:
        for _ in range(3):
            reply = ask(stack.gateway, update_target(held, myip=Addresses.next()), login)
            assert (reply.status, reply.body) == (503, "911\n")
    print(f"others while a zone is held ({how}): {others.times}")
    others.check()
    address = Addresses.next()
    assert update(stack.gateway, login, held, myip=address) == f"good {address}"
