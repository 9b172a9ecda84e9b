# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody holds rows in an open transaction, in psql say: who needs them is refused for the moment, nobody else."""

import contextlib
import select
import socket
import threading
import time

import dns.rcode
import pytest

from .client import ZONE

OTHER = "2.0.192.in-addr.arpa"
PATIENCE = 1.0  # seconds that a message is tried again
BELOW = "INSERT INTO ddns.domains (zone, owner, account_id) SELECT %(zone)s, 'held', id FROM ddns.accounts WHERE login = %(login)s"


@pytest.fixture
def rows(update):
    """A record, and a domain with a record below it; gone afterwards."""
    update.stack.sql(BELOW, {"zone": ZONE, "login": update.stack.account})
    update.stack.sql("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%s, 'one', 'A', '192.0.2.1'), "
                     "(%s, 'y.held', 'TXT', 'y')", (ZONE, ZONE))
    yield
    update.stack.sql("DELETE FROM ddns.domains WHERE zone = %s", (ZONE,))
    update.stack.sql("DELETE FROM ddns.records WHERE zone = %s AND owner IN ('one', 'new', 'x.held')", (ZONE,))


@contextlib.contextmanager
def transaction(update, *statements):
    other = update.stack.connect(autocommit=False)
    try:
        with other.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, {"zone": ZONE})
        yield other
        other.rollback()
    finally:
        other.close()


def a_change(update):
    message = update.message()
    message.add("new", 60, "A", "192.0.2.9")
    return message


def a_replacement(update):
    message = update.message()
    message.replace("one", 60, "A", "192.0.2.9")
    return message


def an_addition(update):
    message = update.message()
    message.add("one", 60, "A", "192.0.2.9")
    return message


def a_deletion(update):
    message = update.message()
    message.delete("one", "A", "192.0.2.1")
    return message


def an_address(update):
    message = update.message()
    message.replace("held", 60, "A", "192.0.2.9")
    return message


def something_below(update):
    message = update.message()
    message.add("x.held", 60, "TXT", "x")
    return message


HELD = {
    "the zone's state": (("SELECT FROM ddns.zone_state WHERE zone_id = (SELECT id FROM ddns.zones WHERE origin = %(zone)s) "
                          "FOR UPDATE",), a_change),
    "a commit that does not end": (("UPDATE ddns.zones SET refresh = refresh + 1 WHERE origin = %(zone)s",
                                    "SET CONSTRAINTS ALL IMMEDIATE"), a_replacement),
    "the zone, deleted": (("DELETE FROM ddns.zones WHERE origin = %(zone)s",), a_change),
    "a record, changed": (("UPDATE ddns.records SET ttl = 61 WHERE zone = %(zone)s AND owner = 'one'",), a_replacement),
    "a record, deleted": (("DELETE FROM ddns.records WHERE zone = %(zone)s AND owner = 'one'",), a_deletion),
    "a record that comes": (("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%(zone)s, 'one', 'A', '192.0.2.9')",),
                            an_addition),
    "a domain, changed": (("UPDATE ddns.domains SET ttl = 61 WHERE zone = %(zone)s",), an_address),
    "a domain, deleted": (("DELETE FROM ddns.domains WHERE zone = %(zone)s",), an_address),
    "a domain above, deleted": (("DELETE FROM ddns.domains WHERE zone = %(zone)s",), something_below),
}


class Others(threading.Thread):
    """Somebody who goes on updating a name of another zone meanwhile; each update must succeed."""

    def __init__(self, update):
        super().__init__(daemon=True)
        self.update, self.rcodes, self.times, self._end = update, [], [], threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(60)

    def run(self):
        while not self._end.is_set():
            message = self.update.message(OTHER)
            message.replace("9", 60, "PTR", f"h{len(self.times)}.{ZONE}.")
            begun = time.monotonic()
            self.rcodes.append(self.update.rcode(message))
            self.times.append(time.monotonic() - begun)


@pytest.mark.parametrize("what", HELD)
def test_rows_that_somebody_holds(update, rows, what, is_long):
    """SERVFAIL after a second of tries, or the answer as soon as they are free; others do not feel it."""
    statements, change = HELD[what]
    before = update.serial()
    with transaction(update, *statements), Others(update) as others:
        begun = time.monotonic()
        assert update.rcode(change(update)) == "SERVFAIL"
        waited = time.monotonic() - begun
        assert 0.8 * PATIENCE <= waited <= 10 * PATIENCE, f"answered after {waited:.2f} s"
    assert set(others.rcodes) == {"NOERROR"} and len(others.times) > 20
    print(f"{len(others.times)} others meanwhile, the longest took {max(others.times) * 1000:.0f} ms")
    assert max(others.times) < 0.5
    assert update.serial() == before
    if not is_long and what not in ("the zone's state", "a record, deleted", "a domain, deleted"):
        assert update.rcode(change(update)) == "NOERROR"
        return
    with transaction(update, *statements) as other:
        rcodes = []
        waiting = threading.Thread(target=lambda: rcodes.append(update.rcode(change(update))))
        waiting.start()
        time.sleep(0.2)
        assert not rcodes
        other.rollback()
        waiting.join(60)
    assert rcodes == ["NOERROR"]
    assert update.serial() != before


def test_the_rest_of_a_group(update, rows):
    """Those that were taken together with one that meets a lock are done at once."""
    update.stack.sql("INSERT INTO ddns.records (zone, owner, type, rdata) SELECT %s, 'g' || i, 'A', '192.0.2.1' "
                     "FROM generate_series(0, 9) i", (ZONE,))
    clients, held = [], 4
    with transaction(update, "SELECT pg_advisory_xact_lock(id) FROM ddns.zones WHERE origin = %(zone)s") as gate, \
            transaction(update, f"UPDATE ddns.records SET ttl = 61 WHERE zone = %(zone)s AND owner = 'g{held}'"):
        for i in range(10):
            message = update.message()
            message.replace(f"g{i}", 60, "A", "192.0.2.2")
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.settimeout(30)
            client.sendto(message.to_wire(), (update.address, update.port))
            clients.append(client)
        time.sleep(0.1)
        gate.rollback()
        rcodes = [client.recv(4096)[3] & 15 for i, client in enumerate(clients) if i != held]
        assert rcodes == [dns.rcode.NOERROR] * 9
        assert not select.select([clients[held]], [], [], 0)[0], "none had to wait until it gave up"
        assert clients[held].recv(4096)[3] & 15 == dns.rcode.SERVFAIL
    for client in clients:
        client.close()
    assert [update.stored(f"g{i}") for i in range(10)] == [
        {("A", 60, "192.0.2.1" if i == held else "192.0.2.2")} for i in range(10)]
