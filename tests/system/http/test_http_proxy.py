# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a request is from: a trusted proxy's word counts, nobody else's."""

import socket

import pytest

from http_hosts import addresses, demo
from http_raw import ask, parse, read_all, request, update_target

PROXY, STRANGER = "127.0.0.5", "127.0.0.9"
TRUSTED = f'trusted-proxies = {{"{PROXY}", "10.0.0.0/8", "2001:db8:5::/48"}}\n'


@pytest.fixture(scope="module")
def stack(module_stacks):
    """The file's servers, behind proxies that use X-Forwarded-For."""
    stack = module_stacks.make()
    stack.gateway.options = TRUSTED
    return stack.start()


@pytest.fixture(scope="module")
def standard(module_stacks):
    """The same with Forwarded."""
    stack = module_stacks.make()
    stack.gateway.options = TRUSTED + 'forwarded-header = "Forwarded"\n'
    return stack.start(named=False)


def seen(stack, source, headers, target="/myip", login=None):
    """What the gateway answers to a client of that address."""
    with socket.create_connection((stack.gateway.address, stack.gateway.port), 10, source_address=(source, 0)) as connection:
        connection.sendall(request(target, login, headers=headers))
        return parse(read_all(connection)).body


FORGED = ["X-Forwarded-For: 198.51.100.9", "X-Real-IP: 198.51.100.9", "Forwarded: for=198.51.100.9",
          "X-Client-IP: 198.51.100.9", "Client-IP: 198.51.100.9", "True-Client-IP: 198.51.100.9"]


def test_a_stranger_is_not_believed(stack, standard, cursor):
    for servers in (stack, standard):
        assert seen(servers, STRANGER, FORGED) == STRANGER
    target = update_target(stack.host)
    assert seen(stack, STRANGER, FORGED, target, demo(stack)) == f"good {STRANGER}\n"
    assert addresses(cursor, stack.host) == [STRANGER]
    begin = len(stack.gateway.read_log())
    seen(stack, STRANGER, FORGED, target, demo(stack))
    assert f"http {STRANGER} " in stack.gateway.read_log(begin) and "198.51.100.9" not in stack.gateway.read_log(begin)


@pytest.mark.parametrize("headers, client", [
    ([], PROXY),
    (["X-Forwarded-For: 198.51.100.9"], "198.51.100.9"),
    (["X-Forwarded-For: 198.51.100.9:4711"], "198.51.100.9"),
    (["X-Forwarded-For: [2001:db8::9]:4711"], "2001:db8::9"),
    (["X-Forwarded-For: 2001:db8::9"], "2001:db8::9"),
    (["X-Forwarded-For: ::ffff:198.51.100.9"], "198.51.100.9"),
    (["X-Forwarded-For: ::ffff:10.1.2.3"], "10.1.2.3"),
    # a chain is read from the right; what a client wrote itself stands at the left
    (["X-Forwarded-For: 6.6.6.6, 198.51.100.9"], "198.51.100.9"),
    (["X-Forwarded-For: 6.6.6.6, 198.51.100.9, 10.0.0.1, 2001:db8:5::1"], "198.51.100.9"),
    (["X-Forwarded-For: 6.6.6.6", "X: y", "X-Forwarded-For: 198.51.100.9", "X-Forwarded-For: 10.0.0.1"], "198.51.100.9"),
    (["X-Forwarded-For: 10.0.0.2, 10.0.0.1"], "10.0.0.2"),
    (["X-Forwarded-For: 198.51.100.9, nonsense, 10.0.0.1"], "10.0.0.1"),
    (["X-Forwarded-For: nonsense"], PROXY),
    (["X-Forwarded-For: " + "6.6.6.6, " * 900 + "198.51.100.9"], "198.51.100.9"),
    # the other header is not his
    (["Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6"], PROXY),
    (["Forwarded: for=6.6.6.6", "X-Forwarded-For: 198.51.100.9"], "198.51.100.9"),
])
def test_a_proxy_is(stack, headers, client):
    assert seen(stack, PROXY, headers) == client


@pytest.mark.parametrize("headers, client", [
    (["Forwarded: for=198.51.100.9"], "198.51.100.9"),
    (['Forwarded: for="[2001:db8::1]:4711";proto=https, for=10.0.0.1'], "2001:db8::1"),
    (['Forwarded: for=6.6.6.6, for="198.51.100.9:80";by=_x, For=10.0.0.1;proto=http'], "198.51.100.9"),
    (["Forwarded: for=6.6.6.6", "Forwarded: for=198.51.100.9"], "198.51.100.9"),
    (["Forwarded: for=198.51.100.9, for=unknown"], PROXY),
    (["Forwarded: for=198.51.100.9, for=_hidden, for=10.0.0.1"], "10.0.0.1"),
    (['Forwarded: for=198.51.100.9;host="a, for=6.6.6.6"'], "198.51.100.9"),
    (['Forwarded: for=", for=198.51.100.9'], PROXY),
    (["Forwarded: proto=https"], PROXY),
    (["X-Forwarded-For: 6.6.6.6"], PROXY),
    (["X-Forwarded-For: 6.6.6.6", "Forwarded: for=198.51.100.9"], "198.51.100.9"),
])
def test_a_proxy_by_the_standard(standard, headers, client):
    assert seen(standard, PROXY, headers) == client


def test_an_update_through_a_proxy(stack, cursor):
    """The address, the family, and what is kept of the contact are the client's."""
    cursor.execute("UPDATE ddns.domains SET address = '{192.0.2.1,2001:db8::1}' WHERE name = %s", (stack.host,))
    headers = ["X-Forwarded-For: 6.6.6.6, 2001:db8::77"]
    assert seen(stack, PROXY, headers, update_target(stack.host), demo(stack)) == "good 2001:db8::77\n"
    assert addresses(cursor, stack.host) == ["192.0.2.1", "2001:db8::77"]
    cursor.execute("SELECT host(peer) FROM ddns.contacts JOIN ddns.domains d ON d.id = domain_id WHERE d.name = %s",
                   (stack.host,))
    assert cursor.fetchall() == [("2001:db8::77",)]


def test_one_connection_one_request(stack):
    """A proxy that keeps connections cannot be made to let one client speak for another."""
    reply = ask(stack.gateway, "/myip", headers=["Connection: keep-alive"])
    assert reply.headers["connection"] == "close"
