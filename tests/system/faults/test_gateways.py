# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways at one database, both doors of each under load at once."""

import pytest

from ddns.gateway import Gateway
from ddns.ports import Claims
from faults.writers import DnsWriter, HttpWriter, Writers, add_hosts, addresses, number_of, own_hosts, watched_zone


@pytest.fixture(scope="module")
def gateways(stack):
    second = Gateway(stack.directory, stack.build, stack.cluster, name="gateway2")
    with Claims() as claims:
        second.start(claims)
    yield stack.gateway, second
    second.stop()


def check_steps(stack, seen, changes):
    """Versions and serials only rose, and together: no step without a serial, none twice."""
    assert seen == sorted(seen) and len({serial - version for version, serial in seen}) == 1
    steps = seen[-1][0] - seen[0][0]
    with open(stack.cluster.log, encoding="utf-8", errors="replace") as log:
        deadlocks = log.read().count("deadlock detected")
    print(f"{changes} updates in {steps} steps, {deadlocks} deadlocks")
    assert 1 <= steps <= changes and not deadlocks


def test_hosts_of_their_own(stack, gateways, is_long):
    """Every acknowledged update is there and served."""
    connection = stack.connect()
    clients = [client for gateway in gateways for client in own_hosts(stack, connection, gateway, each=4)]
    with watched_zone(stack.connect, stack.zone) as seen, Writers(clients) as writers:
        writers.wait_each(1000 if is_long else 20, 300)
    assert not writers.words()
    for host, address in writers.check_own(connection).items():
        stack.wait_answer(host, "A", {address})
    connection.close()
    check_steps(stack, seen, writers.count)


def test_the_same_hosts(stack, gateways, is_long):
    """Sixteen clients fight for four hosts, in different orders: what is stored is somebody's last word."""
    connection = stack.connect()
    hosts = add_hosts(connection, stack, "shared", 4)
    kinds = [(gateway, kind) for gateway in gateways for kind in (HttpWriter, DnsWriter)] * 4
    clients = [kind(stack, gateway, hosts if n % 2 else hosts[::-1], first=(n + 1) << 16)
               for n, (gateway, kind) in enumerate(kinds)]
    with watched_zone(stack.connect, stack.zone) as seen, Writers(clients) as writers:
        writers.wait_each(1000 if is_long else 20, 300)
    assert not writers.words()
    for host, address in addresses(connection, hosts).items():
        assert number_of(address) in {client.good[host] for client in clients}, f"{host} has {address}"
        stack.wait_answer(host, "A", {address})
    connection.close()
    check_steps(stack, seen, writers.count)
