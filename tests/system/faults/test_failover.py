# SPDX-License-Identifier: GPL-3.0-or-later
"""A streaming standby: promoted after the primary's end, read by a named of its own, and lagging."""

import threading
import time

import pytest

from faults.pair import Pair
from faults.writers import Writers, own_hosts


@pytest.fixture
def pair(stacks):
    """A stack whose cluster has a standby; named and gateway are not started."""
    stack = stacks.make("pair")
    stack.cluster.start()
    pair = Pair(stack.cluster)
    try:
        yield stack, pair
    finally:
        stack.named.stop()
        stack.gateway.stop()
        pair.stop()


def start_servers(stack, conninfo_of):
    """named and gateway with another conninfo."""
    stack.named.cluster = stack.gateway.cluster = conninfo_of
    stack.start()


def test_failover(pair, is_long):
    """No acknowledged update is lost, and all go on without a hand laid on them."""
    stack, pair = pair
    connection = stack.connect()
    pair.be_synchronous()
    start_servers(stack, pair)
    clients = own_hosts(stack, connection, stack.gateway, each=4)
    host = clients[0].hosts[0]
    stack.wait_answer(host, "A", ())
    connection.close()
    wrong, is_over = [], threading.Event()

    def watch():
        while not is_over.is_set():
            if (rcode := stack.rcode(stack.zone, "SOA")) != "NOERROR":
                wrong.append(rcode)
    watcher = threading.Thread(target=watch)
    watcher.start()
    with Writers(clients) as writers:
        writers.wait_each(200 if is_long else 20, 60)
        pair.primary.kill()
        writers.wait_refused(1, 30)
        pair.promote()
        promoted = time.monotonic()
        writers.wait_each(1, 60)
        back = time.monotonic()
        writers.wait_each(200 if is_long else 20, 60)
    is_over.set()
    watcher.join()
    print(f"every client updates again {back - promoted:.2f} s after the promotion; {writers.count} acknowledged, other answers {dict(writers.words())}")
    assert back - promoted < 30
    assert set(writers.words()) <= {"911", "SERVFAIL"}
    connection = pair.standby.connect()
    for name, address in writers.check_own(connection).items():
        stack.wait_answer(name, "A", {address})
    assert not wrong
    # the module has followed as well: what is typed at the new primary is served
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ddns.domains SET address = '{192.0.2.200}' WHERE name = %s", (host,))
    stack.wait_answer(host, "A", {"192.0.2.200"})
    connection.close()


def test_named_beside_a_standby(pair):
    """LISTEN is refused there, so the module polls; it stays when the standby is promoted."""
    stack, pair = pair
    stack.named.cluster = pair.standby
    stack.start(gateway=False)
    stack.wait_answer(stack.zone, "NS", stack.rdata(stack.zone, "NS"))
    connection = stack.connect()
    took = []
    with connection.cursor() as cursor:
        for n in range(1, 4):
            cursor.execute("UPDATE ddns.domains SET address = array[%s]::inet[] WHERE name = %s", (f"192.0.2.{n}", stack.host))
            begun = time.monotonic()
            stack.wait_answer(stack.host, "A", {f"192.0.2.{n}"})
            took.append(time.monotonic() - begun)
        cursor.execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES ('late.example', 'ns.test', 'h.test')")
        cursor.execute("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES ('late.example', 'www', 'A', '192.0.2.9')")
    connection.close()
    stack.wait_answer("www.late.example", "A", {"192.0.2.9"})
    print("served by polling after " + ", ".join(f"{one:.2f}" for one in took) + " s")
    assert max(took) < 15
    pair.primary.kill()
    pair.promote()
    pair.standby.psql("UPDATE ddns.domains SET address = '{192.0.2.77}' WHERE name = '" + stack.host + "'")
    stack.wait_answer(stack.host, "A", {"192.0.2.77"})
    assert "refused" not in stack.named.read_log().split("up to date")[-1]


def test_a_lagging_standby_hides_nothing(pair):
    """It is named first in the conninfo and comes up later: loads do not go there while the feed is at the primary."""
    stack, pair = pair
    pair.standby.server.kill()
    words = {"host": f"{pair.standby.socket_dir},{stack.cluster.socket_dir}", "target_session_attrs": "any"}
    stack.named.body = stack.named.dlz(**words)
    stack.cluster.psql("DELETE FROM ddns.zones")            # so that nothing is loaded yet
    stack.start(gateway=False)
    pair.standby.start()
    pair.standby.psql("SELECT pg_wal_replay_pause()")
    stack.cluster.psql("INSERT INTO ddns.zones (origin, mname, rname) VALUES ('new.example', 'ns.test', 'h.test');"
                       "INSERT INTO ddns.records (zone, owner, type, rdata) VALUES ('new.example', 'www', 'A', '192.0.2.1')")
    stack.wait_answer("www.new.example", "A", {"192.0.2.1"})
    pair.standby.psql("SELECT pg_wal_replay_resume()")
