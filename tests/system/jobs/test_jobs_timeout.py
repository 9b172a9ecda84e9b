# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain that is not heard for its timeout goes offline within two seconds; one that is, stays."""

import time

import pytest

from ddns.gateway import Gateway
from ddns.ports import Claims
from ddns.steps import wait_until
from jobs.moments import pass_time, wait_looked


def state(stack, name):
    return stack.sql("SELECT online, offline_reason FROM ddns.domains WHERE name = %s", (name,))[0]


@pytest.fixture
def timed(own_stack):
    """The demo's domain with a timeout of ten minutes, online and heard."""
    own_stack.ctl("domain", "set", own_stack.host, "timeout=10")
    assert own_stack.update(myip="192.0.2.10").startswith(("good", "nochg"))
    own_stack.wait_answer(own_stack.host, "A", {"192.0.2.10"})
    return own_stack


def test_silence_puts_offline_and_an_update_back(timed):
    pass_time(timed, 540)
    assert timed.update(myip="192.0.2.10") == "nochg 192.0.2.10"  # a keepalive
    serial = timed.sql("SELECT max(serial) FROM ddns.zone_state WHERE zone_id > 0")
    pass_time(timed, 540)
    wait_looked(timed)
    assert state(timed, timed.host) == (True, None)
    assert timed.sql("SELECT max(serial) FROM ddns.zone_state WHERE zone_id > 0") == serial
    pass_time(timed, 60)
    began = time.monotonic()
    wait_until(lambda: state(timed, timed.host) == (False, "timeout"), 30, "the domain is offline")
    wait_until(lambda: "192.0.2.10" not in timed.rdata(timed.host, "A"), 30, "and named says so", interval=0.01)
    print(f"offline and served so {time.monotonic() - began:.2f} s after the moment")
    assert time.monotonic() - began < 20
    assert timed.update(myip="192.0.2.10") == "good 192.0.2.10"
    timed.wait_answer(timed.host, "A", {"192.0.2.10"})
    assert state(timed, timed.host) == (True, None)


def test_a_real_minute(timed, is_long):
    """In real time; 50 s of it are skipped unless --long."""
    timed.ctl("domain", "set", timed.host, "timeout=1")
    before = time.monotonic()
    assert timed.update(myip="192.0.2.10") == "nochg 192.0.2.10"
    after = time.monotonic()
    skipped = 0 if is_long else 50
    if skipped:
        pass_time(timed, skipped)
    wait_until(lambda: not state(timed, timed.host)[0], 95 - skipped, "the domain is offline")
    now = time.monotonic() + skipped
    print(f"offline {now - after:.2f} s after the last contact")
    assert now - before >= 60 and now - after < (64 if is_long else 80)


def test_a_gateway_that_was_away_gives_everybody_a_timeout(timed):
    """However short it was away: nobody could be heard then."""
    timed.gateway.kill()
    pass_time(timed, 3600)
    timed.start_gateway()
    wait_until(lambda: timed.sql("SELECT count(*) FROM ddns.listening WHERE since > now() - interval '1 minute'") == [(1,)],
               30, "listening begins anew")
    wait_looked(timed)
    assert state(timed, timed.host) == (True, None)
    pass_time(timed, 601)
    wait_until(lambda: not state(timed, timed.host)[0], 30, "one timeout later it is offline")


def test_many_with_two_gateways(timed, is_long):
    """All are offline soon, no step is larger than 200 domains, and nobody fails."""
    count = 100000 if is_long else 3000
    timed.sql("INSERT INTO ddns.domains (zone, owner, account_id, address, timeout) SELECT %s, 'many' || i, id,"
              " '{192.0.2.1}', 10 FROM ddns.accounts, generate_series(1, %s) i WHERE login = %s",
              (timed.zone, count, timed.account))
    timed.sql("ANALYZE")
    second = Gateway(timed.directory, timed.build, timed.cluster, name="gateway2")
    with Claims() as claims:
        second.start(claims)
    try:
        zone = timed.sql("SELECT id FROM ddns.zones WHERE origin = %s", (timed.zone,))[0][0]
        version = timed.sql("SELECT version FROM ddns.zone_state WHERE zone_id = %s", (zone,))[0][0]
        pass_time(timed, 601)
        began = time.monotonic()
        wait_until(lambda: timed.sql("SELECT count(*) FROM ddns.domains WHERE online AND timeout > 0") == [(0,)], 120,
                   "all are offline")
        took = time.monotonic() - began
        most = timed.sql("SELECT max(n) FROM (SELECT count(*) FROM ddns.steps s JOIN ddns.changes c USING (xid, zone_id)"
                         " WHERE zone_id = %s AND version > %s + 1 GROUP BY xid) c (n)", (zone, version))[0][0]
        print(f"{count} domains offline in {took:.1f} s; names in a step: {most}")
        assert most <= 600  # a domain's name, its wildcard, its www
        assert took < 10 * (2 + count / 1000)
    finally:
        second.stop()
    for gateway in (timed.gateway, second):
        assert "cannot go on" not in gateway.read_log()
    with open(timed.cluster.log, encoding="utf-8") as log:
        assert "deadlock" not in log.read()
