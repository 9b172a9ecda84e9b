# SPDX-License-Identifier: GPL-3.0-or-later
"""One bad member of a group harms no other, wherever in the group it is."""

import contextlib
import select

import pytest

from ddns.steps import wait_until
from http_hosts import add_account, add_hosts, add_zone, all_addresses, demo, state, transaction, wait_served
from http_raw import connect, parse, read_all, request, update, update_target

SIZE = 12
POISON = "192.0.2.66"  # an address that the database refuses at once
LATE_POISON = "192.0.2.67"  # and one that it refuses at commit only
SLOW = "192.0.2.68"  # and one that it takes its time over, while the test holds GATE
GATE = 4711  # an advisory lock

# Triggers of somebody who has added to the schema.
TRIGGERS = f"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 100 LOOP
    EXIT WHEN pg_try_advisory_xact_lock({GATE});
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER poison AFTER UPDATE ON ddns.domains FOR EACH ROW
  WHEN (NEW.address = '{{{POISON}}}') EXECUTE FUNCTION refuse();
CREATE CONSTRAINT TRIGGER late_poison AFTER UPDATE ON ddns.domains INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.address = '{{{LATE_POISON}}}') EXECUTE FUNCTION refuse();
CREATE TRIGGER slow AFTER UPDATE ON ddns.domains FOR EACH ROW
  WHEN (NEW.address = '{{{SLOW}}}') EXECUTE FUNCTION delay();
"""


@pytest.fixture(scope="module")
def hosts(stack, cursor):
    cursor.execute(TRIGGERS)
    return add_hosts(stack, "member", SIZE)


@pytest.fixture(scope="module")
def bad(stack, cursor, hosts):
    """What is wrong with a member: how it is asked for, and what it is answered by SQL and over HTTP.

    A host of None stands for the member's own; the last word may be a context to be in meanwhile.
    """
    add_account(stack, "other", "the-others-password")
    foreign = add_hosts(stack, "others", 1, account="other")[0]
    public = add_hosts(stack, "member", 1, zone=stack.zone_public)[0]
    alias = add_hosts(stack, "alias", 1)[0]
    cursor.execute("UPDATE ddns.domains SET mail = false WHERE name = %s", (alias,))
    cursor.execute("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%s, 'alias-0', 'CNAME', 'x.example.')",
                   (stack.zone,))
    add_zone(stack, "held.example.org")
    locked = add_hosts(stack, "locked", 1, zone="held.example.org")[0]
    return {
        "unknown": (f"no-such.{stack.zone}", "192.0.2.9", "unknown", "nohost", None),
        "foreign": (foreign, "192.0.2.9", "unknown", "nohost", None),
        "private address": (public, "10.0.0.1", "refused", "dnserr", None),
        "beside a CNAME": (alias, "192.0.2.9", "refused", "dnserr", None),
        "refused by a trigger": (None, POISON, "failed", "dnserr", None),
        "refused at commit": (None, LATE_POISON, None, "dnserr", None),
        "locked": (locked, "192.0.2.9", "busy", "911", locked),
    }


KINDS = ("unknown", "foreign", "private address", "beside a CNAME", "refused by a trigger", "refused at commit", "locked")


@contextlib.contextmanager
def lock(stack, host):
    """Somebody who has this host's row, if any, and takes his time."""
    if host is None:
        yield
        return
    with transaction(stack) as other:
        other.execute("SELECT FROM ddns.domains WHERE name = %s FOR UPDATE", (host,))
        yield


class Rounds:
    """Asks for new addresses each time, so that every good member is a change."""

    count = 0

    @classmethod
    def members(cls, hosts, place, host, address):
        """(host, address) of a group with the bad one at its place, and what the table must hold for the others."""
        cls.count += 1
        members = [(name, f"10.77.{cls.count}.{n}") for n, name in enumerate(hosts)]
        members[place] = (host or hosts[place], address)
        return members, {name: [new] for n, (name, new) in enumerate(members) if n != place}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "refused at commit"])
def test_by_sql(stack, cursor, hosts, bad, kind):
    host, address, verdict, _, held = bad[kind]
    cursor.execute("SELECT id, account_id FROM ddns.keys WHERE name = %s", (stack.key_name,))
    key, account = cursor.fetchone()
    for place in range(SIZE):
        members, expected = Rounds.members(hosts, place, host, address)
        before = state(cursor, stack.zone)
        with lock(stack, held):
            cursor.execute(
                "SELECT n, verdict, name, reason FROM ddns.update_hosts(%s, %s, %s, %s, %s, %s, %s, %s::jsonb[], %s, %s::inet[])",
                ([key] * SIZE, [account] * SIZE, [None] * SIZE, [name for name, _ in members],
                 [new for _, new in members], [None] * SIZE, [None] * SIZE, [None] * SIZE, ["http"] * SIZE,
                 ["127.0.0.1"] * SIZE))
            rows = cursor.fetchall()
        assert [row[0] for row in rows] == list(range(1, SIZE + 1))
        assert [row[1] for row in rows] == [verdict if n == place else "changed" for n in range(SIZE)], rows
        stored = all_addresses(cursor, hosts)
        assert {name: stored[name] for name in expected} == expected
        if held is None and host is None:
            assert stored[hosts[place]] != [address]
        assert state(cursor, stack.zone) == (before[0] + 1, before[1] + 1)


def send_together(stack, members):
    """Sends one request for each member while the writer is busy with another, so that they make a group.

    Returns the first lines of the replies.
    """
    login = demo(stack)
    with contextlib.ExitStack() as opened:
        gate = opened.enter_context(transaction(stack))
        gate.execute("SELECT pg_advisory_xact_lock(%s)", (GATE,))
        first = opened.enter_context(connect(stack.gateway))
        first.sendall(request(update_target(stack.host, myip=SLOW), login))
        wait_until(lambda: is_writing(stack), 30, "the writer is at work", interval=0.001)
        connections = [opened.enter_context(connect(stack.gateway)) for _ in members]
        for waiting, (connection, (host, address)) in enumerate(zip(connections, members), 1):
            connection.sendall(request(update_target(host, myip=address), login))
            # in this order, and while the first is still at work: it gives up after a second
            wait_until(lambda waiting=waiting: stack.gateway.metric("ddns_gateway_writer_queue") >= waiting
                       or select.select([first], [], [], 0)[0], 30, "the writer's queue", interval=0)
        gate.connection.rollback()
        replies = [parse(read_all(connection)) for connection in connections]
        read_all(first)
    update(stack.gateway, login, stack.host, myip="192.0.2.1")
    return [reply.lines[0] for reply in replies]


def is_writing(stack):
    return stack.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ddns-gateway' "
                     "AND wait_event = 'PgSleep'")[0][0] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_over_http(stack, cursor, hosts, bad, kind, is_long):
    host, address, _, word, held = bad[kind]
    grouped = 0
    for place in range(SIZE) if is_long or held is None else (0, SIZE // 2, SIZE - 1):
        members, expected = Rounds.members(hosts, place, host, address)
        before = stack.gateway.metric("ddns_gateway_batch_size_count")
        with lock(stack, held):
            lines = send_together(stack, members)
        assert lines == [word if n == place else f"good {new}" for n, (_, new) in enumerate(members)]
        stored = all_addresses(cursor, hosts)
        assert {name: stored[name] for name in expected} == expected
        if host is None:
            assert stored[hosts[place]] != [address]
        grouped += stack.gateway.metric("ddns_gateway_batch_size_count") - before < SIZE
    wait_served(stack, cursor, hosts)
    # a group that fails at its commit is gone through one by one, and tries of a locked one come on top
    assert grouped > 0 or kind in ("refused at commit", "locked")
