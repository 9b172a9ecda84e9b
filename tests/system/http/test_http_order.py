# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host reports last is what stands, and who may make it report."""

import socket
import time

import pytest

from http_hosts import add_hosts, addresses, demo, transaction
from http_raw import ask, connect, request, update, update_target

ROUNDS = 4


@pytest.fixture(scope="module")
def hosts(stack):
    return add_hosts(stack, "order", ROUNDS + 1)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_older_update_never_overtakes(stack, hosts, number):
    """Its client has long gone when the lock that it waited for is free."""
    host, login = hosts[number], demo(stack)
    with stack.connect() as connection, connection.cursor() as cursor:
        with transaction(stack) as holder:
            holder.execute("SELECT FROM ddns.domains WHERE name = %s FOR UPDATE", (host,))
            with connect(stack.gateway) as older:
                older.sendall(request(update_target(host, myip="10.1.1.1"), login))
                time.sleep(0.3)  # what is tried again waits the longer the longer it has waited
                older.shutdown(socket.SHUT_WR)
            with connect(stack.gateway) as newer:
                newer.sendall(request(update_target(host, myip="10.2.2.2"), login))
                time.sleep(0.3)
                holder.connection.rollback()
                assert b"good 10.2.2.2" in b"".join(iter(lambda: newer.recv(65536), b""))
        time.sleep(0.2)  # longer than any pause between two tries
        assert addresses(cursor, host) == ["10.2.2.2"]


@pytest.mark.parametrize("site, is_done", [("cross-site", False), ("same-site", False), ("none", True), ("same-origin", True)])
def test_a_page_elsewhere_cannot_update(stack, hosts, site, is_done):
    host, login = hosts[ROUNDS], demo(stack)
    address = f"10.3.3.{len(site)}"
    reply = ask(stack.gateway, update_target(host, myip=address), login, headers=[f"Sec-Fetch-Site: {site}"])
    with stack.connect() as connection, connection.cursor() as cursor:
        assert (reply.status == 200) == is_done
        assert (addresses(cursor, host) == [address]) == is_done


def test_an_offline_host_comes_back_by_its_own_name(stack, hosts):
    """Offline, its name leads to the gateway; where doors and redirects share a listener it must still be let in."""
    host, login = hosts[ROUNDS], demo(stack)
    assert update(stack.gateway, login, host, offline="YES").startswith(("good", "nochg"))
    reply = ask(stack.gateway, update_target(host, myip="10.4.4.4"), login, host=host)
    assert (reply.status, reply.body) == (200, "good 10.4.4.4\n")
