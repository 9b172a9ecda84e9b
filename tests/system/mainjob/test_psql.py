# SPDX-License-Identifier: GPL-3.0-or-later
"""Records put in by psql are answered within moments of their COMMIT, deleted ones are gone: no reload."""

import time

import pytest

LIMIT = 0.050  # seconds from COMMIT to the new answer; tenfold in the assertion


@pytest.fixture(scope="module")
def cursor(stack):
    connection = stack.connect()
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture(scope="module")
def zone(stack, cursor):
    """The statements of a first zone, as a person types them."""
    cursor.execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES "
                   "('example.org', 'ns1.example.org', 'hostmaster.example.org')")
    stack.wait_answer("example.org", "SOA", soa(stack, cursor, "example.org"))
    return "example.org"


def soa(stack, cursor, origin):
    """The SOA that must be answered now, as a set of one."""
    cursor.execute("SELECT mname, rname, serial, refresh, retry, expire, negative_ttl FROM ddns.served_zones "
                   "WHERE origin = %s", (origin,))
    mname, rname, *numbers = cursor.fetchone()
    assert stack.named.server.is_running()
    return {f"{mname}. {rname}. {' '.join(map(str, numbers))}"}


class Times:
    """Seconds from the end of a statement to the first right answer."""

    def __init__(self, what):
        self.what = what
        self.all = []

    def wait(self, stack, name, rtype, values):
        begin = time.monotonic()
        stack.wait_answer(name, rtype, values)
        self.all.append(time.monotonic() - begin)

    def check(self):
        ordered = sorted(self.all)
        middle, last = ordered[len(ordered) // 2], ordered[-1]
        print(f"{self.what}: {len(ordered)} times, p50 {middle * 1000:.1f} ms, max {last * 1000:.1f} ms")
        assert middle <= LIMIT and last <= 10 * LIMIT


def test_the_statements_typed_by_hand(stack, cursor, zone):
    cursor.execute("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES "
                   "('example.org', 'www', 'A', 60, '192.0.2.1')")
    stack.wait_answer("www.example.org", "A", {"192.0.2.1"})
    cursor.execute("UPDATE ddns.records SET rdata = '192.0.2.2' WHERE zone = 'example.org' AND owner = 'www' "
                   "AND type = 'A'")
    stack.wait_answer("www.example.org", "A", {"192.0.2.2"})
    assert stack.update(myip="192.0.2.3").endswith("192.0.2.3")
    stack.wait_answer(stack.host, "A", {"192.0.2.3"})
    cursor.execute("UPDATE ddns.domains SET online = false WHERE name = %s", (stack.host,))
    stack.wait_answer(stack.host, "A", {stack.gateway.address})  # the offline page's
    cursor.execute("UPDATE ddns.domains SET online = true WHERE name = %s", (stack.host,))
    stack.wait_answer(stack.host, "A", {"192.0.2.3"})
    cursor.execute("DELETE FROM ddns.records WHERE zone = 'example.org' AND owner = 'www'")
    stack.wait_answer("www.example.org", "A", set())
    assert stack.rcode("www.example.org") == "NXDOMAIN"
    stack.wait_answer(zone, "SOA", soa(stack, cursor, zone))


def test_changes_are_served_at_once(stack, cursor, zone, is_long):
    inserted, changed, deleted = Times("INSERT"), Times("UPDATE"), Times("DELETE")
    for n in range(1000 if is_long else 100):
        owner, name = f"host-{n}", f"host-{n}.{zone}"
        cursor.execute("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES (%s, %s, 'A', 60, %s)",
                       (zone, owner, "192.0.2.1"))
        inserted.wait(stack, name, "A", {"192.0.2.1"})
        cursor.execute("UPDATE ddns.records SET rdata = '192.0.2.2' WHERE zone = %s AND owner = %s", (zone, owner))
        changed.wait(stack, name, "A", {"192.0.2.2"})
        cursor.execute("DELETE FROM ddns.records WHERE zone = %s AND owner = %s", (zone, owner))
        deleted.wait(stack, name, "A", set())
    for times in (inserted, changed, deleted):
        times.check()


def test_whole_zones_come_and_go(stack, cursor, is_long):
    come, gone = Times("a new zone"), Times("a deleted zone")
    for n in range(100 if is_long else 20):
        origin = f"zone-{n}.example"
        cursor.execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES (%s, 'ns1.example.net', "
                       "'hostmaster.example.net')", (origin,))
        come.wait(stack, origin, "NS", {"ns1.example.net."})
        cursor.execute("DELETE FROM ddns.zones WHERE origin = %s", (origin,))
        gone.wait(stack, origin, "NS", set())
        assert stack.rcode(origin) in ("REFUSED", "SERVFAIL")
    come.check()
    gone.check()


def test_an_aborted_transaction_is_never_seen(stack, zone):
    connection = stack.connect(autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES (%s, 'aborted', 'A', 60, "
                       "'192.0.2.1')", (zone,))
        time.sleep(0.2)
        assert stack.rcode(f"aborted.{zone}") == "NXDOMAIN"
        connection.rollback()
    connection.close()
    time.sleep(0.2)
    assert stack.rcode(f"aborted.{zone}") == "NXDOMAIN"
