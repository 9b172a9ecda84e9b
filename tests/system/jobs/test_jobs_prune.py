# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps, history, failed tries and requests seen are forgotten in time, and readers get over it."""

import signal

import pytest

from ddns.steps import wait_until


@pytest.fixture
def pruned(stacks):
    """A stack whose gateway is not started: a job runs at the start of the gateway, then each minute."""
    return stacks.make("prune").start(gateway=False)


def count(stack, table):
    return stack.sql(f"SELECT count(*) FROM ddns.{table}")[0][0]


def test_old_rows_are_forgotten(pruned):
    zone = pruned.zone
    connection = pruned.connect()
    with connection.cursor() as cursor:
        for i in range(300):
            cursor.execute("UPDATE ddns.domains SET address = %s::inet[] WHERE name = %s",
                           ([f"192.0.2.{i % 250 + 1}"], pruned.host))
        cursor.execute("UPDATE ddns.steps SET at = at - interval '30 days'")
        cursor.execute("UPDATE ddns.domains SET address = '{192.0.2.251}' WHERE name = %s", (pruned.host,))
        cursor.execute("DELETE FROM ddns.history")
        cursor.execute("INSERT INTO ddns.history (at, zone, name, what) SELECT now() - i * interval '1 day', %s, %s, 'x'"
                       " FROM generate_series(0, 999) i", (zone, pruned.host))
        cursor.execute("DELETE FROM ddns.attempts")
        cursor.execute("INSERT INTO ddns.attempts (at, name, reason) SELECT now() - i * interval '1 day', %s, 'x'"
                       " FROM generate_series(0, 99) i", (pruned.host,))
        cursor.execute("INSERT INTO ddns.duplicates (key_name, mac, at, rcode) VALUES"
                       " ('k', '\\x01', now() - interval '700 s', 0), ('k', '\\x02', now() - interval '500 s', 0)")
    connection.close()
    steps, changes = count(pruned, "steps"), count(pruned, "changes")
    assert steps > 300
    pruned.start_gateway()
    wait_until(lambda: count(pruned, "history") < 400, 30, "history is forgotten")
    wait_until(lambda: count(pruned, "duplicates") == 1, what="requests seen are forgotten")  # each table in its turn
    wait_until(lambda: count(pruned, "attempts") in (30, 31), what="tries are forgotten")
    assert pruned.sql("SELECT max(now() - at) < interval '366 days', count(*) > 360 FROM ddns.history") == [(True, True)]
    assert pruned.sql("SELECT max(now() - at) < interval '31 days' FROM ddns.attempts") == [(True,)]
    print(f"steps {steps} -> {count(pruned, 'steps')}, changes {changes} -> {count(pruned, 'changes')}")
    assert count(pruned, "steps") < 20 and count(pruned, "changes") < 60
    assert pruned.sql("SELECT log_floor = version FROM ddns.zone_state s JOIN ddns.zones z ON z.id = s.zone_id"
                      " WHERE origin = %s", (zone,)) == [(True,)]


def test_a_reader_below_the_floor_loads_anew(pruned):
    pruned.named.server.send(signal.SIGSTOP)
    for i in range(20):
        pruned.sql("UPDATE ddns.domains SET address = %s::inet[] WHERE name = %s", ([f"192.0.2.{i + 1}"], pruned.host))
    pruned.sql("UPDATE ddns.steps SET at = at - interval '30 days'")
    pruned.sql("UPDATE ddns.domains SET address = '{192.0.2.99}' WHERE name = %s", (pruned.host,))
    before = count(pruned, "steps")
    pruned.start_gateway()
    wait_until(lambda: count(pruned, "steps") < before - 15, 30, "steps are forgotten")
    pruned.named.server.send(signal.SIGCONT)
    pruned.wait_answer(pruned.host, "A", {"192.0.2.99"})


def test_a_failure_is_told_once_and_its_end(pruned):
    pruned.sql("ALTER FUNCTION ddns.forget(int) RENAME TO forget_elsewhere")
    pruned.start_gateway()
    wait_until(lambda: "job 'prune' cannot go on" in pruned.gateway.read_log(), 30, "the failure is logged")
    assert "forget" in pruned.gateway.read_log()
    pruned.sql("ALTER FUNCTION ddns.forget_elsewhere(int) RENAME TO forget")
    wait_until(lambda: "job 'prune' goes on" in pruned.gateway.read_log(), 30, "the recovery is logged")
    assert pruned.gateway.read_log().count("job 'prune' cannot go on") == 1
