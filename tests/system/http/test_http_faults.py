# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a client must not take for its own, and gateways side by side."""

import contextlib
import threading

import pytest

from ddns.gateway import Gateway
from ddns.ports import Claims
from ddns.steps import wait_until
from http_hosts import add_hosts, add_key, all_addresses, demo, state, wait_served
from http_raw import ask, update, update_target

# Whoever sets the address ending in .66 meets this error, as often as the sequence is below `times`:
# sequences are not rolled back.
FAULT = """
CREATE SEQUENCE fault_count;
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('public.fault_count') <= {times} THEN
    RAISE EXCEPTION 'a fault' USING ERRCODE = '{code}';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER fault AFTER UPDATE ON ddns.domains {when} FOR EACH ROW
  WHEN (host(NEW.address[1]) LIKE '%%.66') EXECUTE FUNCTION fault();
GRANT USAGE ON SEQUENCE fault_count TO PUBLIC;
"""


@contextlib.contextmanager
def fault(cursor, code, times, when):
    cursor.execute(FAULT.format(code=code, times=times, when=when).replace("%%", "%"))
    try:
        yield
    finally:
        cursor.execute("DROP TRIGGER fault ON ddns.domains; DROP FUNCTION fault; DROP SEQUENCE fault_count")


@pytest.fixture(scope="module")
def hosts(stack):
    return add_hosts(stack, "fault", 8)


@pytest.mark.parametrize("when", ["NOT DEFERRABLE", "INITIALLY DEFERRED"])
@pytest.mark.parametrize("code, times, status, word", [
    ("40001", 2, 200, "good"),  # serialisation failure and deadlock: run again
    ("40P01", 2, 200, "good"),
    ("40001", 99, 503, "911"),
    ("53100", 99, 503, "911"),  # disk full, out of memory, too many connections: our fault, later again
    ("53200", 99, 503, "911"),
    ("53300", 99, 503, "911"),
    ("57014", 99, 503, "911"),  # cancelled, as by statement_timeout
    ("42P01", 99, 503, "911"),  # something is broken in the schema
    ("XX000", 99, 503, "911"),
    ("23514", 99, 200, "dnserr"),  # refused by a rule of data
])
def test_errors_of_the_database(stack, cursor, hosts, code, times, status, word, when):
    """Each is answered as what it is; others go on."""
    with fault(cursor, code, times, when):
        before = all_addresses(cursor, hosts)
        reply = ask(stack.gateway, update_target(hosts[0], myip="192.0.2.66"), demo(stack))
        assert (reply.status, reply.body.split()[0]) == (status, word)
        stored = all_addresses(cursor, hosts)
        assert stored == before | ({hosts[0]: ["192.0.2.66"]} if word == "good" else {})
        assert update(stack.gateway, demo(stack), hosts[1], myip="192.0.2.1").split()[0] in ("good", "nochg")
    assert update(stack.gateway, demo(stack), hosts[0], myip="192.0.2.2").split() in (["good", "192.0.2.2"],
                                                                                      ["nochg", "192.0.2.2"])


def test_no_room_for_the_log(stacks):
    """A log that cannot be written costs the log, not the service."""
    stack = stacks.make()
    stack.start(gateway=False)
    stack.gateway.server.log = "/dev/full"
    stack.start_gateway()
    for n in range(20):
        assert stack.update(myip=f"10.11.0.{n}") == f"good 10.11.0.{n}"
    assert stack.update(password="wrong-password") == "badauth"
    stack.wait_answer(stack.host, "A", {"10.11.0.19"})


@pytest.fixture(scope="module")
def second(stack):
    """Another gateway on the same database."""
    gateway = Gateway(stack.directory, stack.build, stack.cluster, name="gateway2")
    with Claims() as claims:
        gateway.start(claims)
    yield gateway
    gateway.stop()


def test_two_gateways(stack, cursor, hosts, second, is_long):
    """Clients of both on the same hosts: nobody sees a deadlock, each one's updates go in its order."""
    clients, each = (64, 100) if is_long else (16, 20)
    login, before, said, failures = demo(stack), state(cursor, stack.zone), [], []

    def client(number):
        try:
            for turn in range(each):
                gateway = (stack.gateway, second)[(number + turn) % 2]
                address = f"10.{number}.{turn}.4"
                said.append(update(gateway, login, hosts[number % 4], timeout=30, myip=address))
                assert said[-1].split() in (["good", address], ["nochg", address])
        except Exception as error:  # pylint: disable=broad-except  # told below
            failures.append(f"client {number}: {error}")

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    stored = all_addresses(cursor, hosts[:4])
    for n, host in enumerate(hosts[:4]):
        assert stored[host] in [[f"10.{number}.{each - 1}.4"] for number in range(n, clients, 4)]
    wait_served(stack, cursor, hosts)
    after, good = state(cursor, stack.zone), sum(word.startswith("good") for word in said)
    print(f"two gateways, {clients} clients: {good} changes, {after[0] - before[0]} steps")
    assert 1 <= after[0] - before[0] == after[1] - before[1] <= good


def test_a_change_is_known_to_both(stack, hosts, second):
    """A key that is made, and taken, while they run."""
    login = add_key(stack, "both", stack.account)
    for gateway in (stack.gateway, second):
        wait_until(lambda gateway=gateway: update(gateway, login, hosts[5], myip="192.0.2.5") != "badauth", 30, "a new key")
    stack.ctl("key", "delete", "both")
    for gateway in (stack.gateway, second):
        wait_until(lambda gateway=gateway: update(gateway, login, hosts[5], myip="192.0.2.5") == "badauth", 30, "no such key")


def test_one_ends_and_the_other_goes_on(stack, hosts, second):
    second.kill()
    for n in range(10):
        assert update(stack.gateway, demo(stack), hosts[6], myip=f"10.12.0.{n}") == f"good 10.12.0.{n}"
    with Claims() as claims:
        second.start(claims)
    assert update(second, demo(stack), hosts[6], myip="10.12.0.9") == "nochg 10.12.0.9"
