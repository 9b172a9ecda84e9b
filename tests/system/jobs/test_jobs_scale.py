# SPDX-License-Identifier: GPL-3.0-or-later
"""Many hosts with timeouts that report in turn, beside updates and queries; then all fall silent."""

import re
import time

import pytest

from ddns.gateway import Gateway
from ddns.ports import Claims
from ddns.steps import wait_until
from jobs.load import Keepalives, Prober, percentile, update_times

ORIGIN, ADDRESS = "many.example", "192.0.2.1"


def add_hosts(stack, count):
    """So many domains of the demo's account in a zone of their own, with a timeout of ten minutes."""
    stack.ctl("zone", "add", ORIGIN, "--shared", "--addresses", "any", "--ns", "ns1.example.net")
    stack.sql("INSERT INTO ddns.domains (zone, owner, account_id, address, timeout, online_since)"
              " SELECT %s, 'h' || i, id, %s::inet[], 10, now() - interval '1 day' FROM ddns.accounts, generate_series(1, %s) i WHERE login = %s", (ORIGIN, [ADDRESS], count, stack.account))
    stack.sql("ANALYZE")
    stack.wait_answer(f"h{count}.{ORIGIN}", "A", {ADDRESS}, timeout=60)
    return [f"h{i}.{ORIGIN}" for i in range(1, count + 1)]


def add_key(stack):
    """Name and secret of a key for all of them."""
    return "many", re.search(r'secret "([^"]+)"', stack.ctl("key", "add", "many", "--account", stack.account))[1]


def serial_of(stack):
    return stack.sql("SELECT serial FROM ddns.zone_state s JOIN ddns.zones z ON z.id = s.zone_id WHERE origin = %s",
                     (ORIGIN,))[0][0]


def online(stack):
    return stack.sql("SELECT count(*) FROM ddns.domains WHERE zone = %s AND online", (ORIGIN,))[0][0]


def skip(stack, seconds):
    """As if so much time had passed since all reported."""
    with stack.connect(autocommit=False) as connection, connection.cursor() as cursor:
        for table, column in (("contacts", "at"), ("timeouts", "due"), ("listening", "since")):
            cursor.execute(f"UPDATE ddns.{table} SET {column} = {column} - %s * interval '1 s'", (seconds,))


def lateness(stack):
    """Seconds from the moment of each timeout until the domain was offline: the median, and the most."""
    return [float(value) for value in stack.sql(
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late), max(late) FROM (SELECT extract(epoch FROM"
        " h.at - (c.at + interval '10 minutes')) AS late FROM ddns.history h JOIN ddns.domains d ON d.name = h.name"
        " JOIN ddns.contacts c ON c.domain_id = d.id WHERE h.zone = %s AND h.what = 'state') l", (ORIGIN,))[0]]


@pytest.fixture
def gateways(own_stack):
    """The stack's gateway and a second one."""
    own_stack.sql("DELETE FROM ddns.history")
    second = Gateway(own_stack.directory, own_stack.build, own_stack.cluster, name="gateway2")
    with Claims() as claims:
        second.start(claims)
    yield [own_stack.gateway, second]
    second.stop()


def test_service_2_3_many_hosts_report_and_then_fall_silent(own_stack, gateways, is_long):
    """5,000 keepalives a second in the long form: each host more often than each 5 minutes, to have it in one."""
    stack, count, rate, seconds, margin = own_stack, *((100000, 5000, 60, 20) if is_long else (1000, 500, 3, 2))
    login, hosts = add_key(stack), add_hosts(stack, count)
    alone = update_times(stack, 300 if is_long else 50)
    prober = Prober(stack.named, stack.host)
    prober.start()
    before, serial = time.monotonic(), serial_of(stack)
    load = Keepalives(gateways, login, hosts, rate, ADDRESS)
    beside = []
    while time.monotonic() - before < seconds:
        beside += update_times(stack, 10)
    done, bad = load.stop()
    alone = max(alone, update_times(stack, len(alone)), key=lambda times: percentile(times, 99))  # the machine has its moods
    print(f"{done:.0f} keepalives/s; an update's p99 {percentile(beside, 99) * 1000:.1f} ms,"
          f" alone {percentile(alone, 99) * 1000:.1f} ms")
    assert not bad and serial_of(stack) == serial
    assert done > (0.95 if is_long else 0.5) * rate
    assert percentile(beside, 99) <= (2 if is_long else 20) * max(percentile(alone, 99), 0 if is_long else 0.05)
    assert online(stack) == count
    loaded, lost = prober.take()
    assert lost == 0

    # the last report was just now; margin seconds later the first of the last round is silent for ten minutes
    skip(stack, 600 - margin - count / rate)
    began = time.monotonic()
    wait_until(lambda: online(stack) == 0, 60 + margin + count / rate, "all are offline", interval=0.2)
    took = time.monotonic() - began
    wait_until(lambda: not stack.rdata(hosts[-1], "A") and not stack.rdata(hosts[0], "A"), 30, "named says so",
               interval=0.02)
    followed = time.monotonic() - began
    silent, lost = prober.take()
    prober.stop()
    median, most = lateness(stack)
    print(f"all offline after {took:.1f} s, {followed - took:.2f} s later in the answers; late by {median:.2f} s in the median,"
          f" {most:.2f} s at most; a query's p99 {percentile(silent, 99) * 1000:.2f} ms, before {percentile(loaded, 99) * 1000:.2f} ms")
    assert most <= (2 if is_long else 20)
    assert lost == 0 and percentile(silent, 99) <= 10 * max(percentile(loaded, 99), 0.005 if is_long else 0.05)
    for gateway in gateways:
        assert "cannot go on" not in gateway.read_log()
