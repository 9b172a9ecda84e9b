# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader whose statements were planned while the tables were as good as empty, and then have thousands of rows."""

import time

from ddns.steps import wait_until

NAMES = 12000  # more than a step brings: the zone is read whole


def test_a_database_that_grows(stacks):
    """The zone is read whole as fast as ever, and steps come as fast, though nobody told the planner."""
    stack = stacks.make("grows").start(gateway=False)
    for table in ("zones", "domains", "records", "steps", "changes", "zone_state"):
        stack.sql(f"ALTER TABLE ddns.{table} SET (autovacuum_enabled = off)")
    stack.sql("ANALYZE ddns.zones, ddns.domains, ddns.records, ddns.zone_state")
    for i in range(1, 9):  # a plan is kept from the sixth time on
        stack.sql("UPDATE ddns.zones SET redirectors = %s WHERE origin = %s", (f"{{203.0.113.{i}}}", stack.zone))
        stack.sql("UPDATE ddns.domains SET online = false, offline = 'page' WHERE name = %s", (stack.host,))
        stack.wait_answer(stack.host, "A", {f"203.0.113.{i}"})
        stack.sql("UPDATE ddns.domains SET online = true, address = '{192.0.2.1}' WHERE name = %s", (stack.host,))
        stack.wait_answer(stack.host, "A", {"192.0.2.1"})
    began = time.monotonic()
    stack.sql("INSERT INTO ddns.domains (zone, owner, account_id, address) SELECT %s, 'g' || i, id, '{192.0.2.1}'"
              " FROM ddns.accounts, generate_series(1, %s) i WHERE login = %s", (stack.zone, NAMES, stack.account))
    stack.sql("INSERT INTO ddns.records (zone, owner, type, rdata) SELECT %s, 't.g' || i, 'TXT', 'x'"
              " FROM generate_series(1, %s) i", (stack.zone, NAMES // 2))
    written = time.monotonic()
    wait_until(lambda: stack.rdata(f"t.g{NAMES // 2}.{stack.zone}", "TXT") == {'"x"'}, 200, "the zone is read whole")
    loaded = time.monotonic()
    stack.sql("UPDATE ddns.domains SET address = '{192.0.2.2}' WHERE zone = %s AND owner ~ '^g.*7$'", (stack.zone,))
    changed = time.monotonic()
    wait_until(lambda: stack.rdata(f"g{NAMES - 3}.{stack.zone}", "A") == {"192.0.2.2"}, 60, "a step of many names is there")
    print(f"{NAMES} names written in {written - began:.1f} s, served {loaded - written:.1f} s later; "
          f"{NAMES // 10} changed, served {time.monotonic() - changed:.1f} s later")
    assert loaded - written < 6 and time.monotonic() - changed < 6
