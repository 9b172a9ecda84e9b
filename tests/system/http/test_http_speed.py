# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon an update is answered, and how soon after that named gives the new address."""

import socket
import time

import dns.flags
import dns.message

from http_hosts import demo
from http_raw import connect, parse, read_all, request, update_target
from http_times import Times

UPDATES = 1000
P50, P99 = 0.002, 0.010  # seconds from `good` to the new answer; tenfold in the assertion


class Resolver:
    """One open UDP socket, and one question put again and again."""

    def __init__(self, named, name):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(15)
        self._socket.connect((named.address, named.port))
        message = dns.message.make_query(name, "A")
        message.flags &= ~dns.flags.RD
        self._query = bytearray(message.to_wire())
        self._count = 0

    def address(self):
        """The address of the answer's only record, its last four octets."""
        self._count = (self._count + 1) & 0xffff
        self._query[:2] = self._count.to_bytes(2, "big")
        self._socket.send(self._query)
        while (answer := self._socket.recv(4096))[:2] != self._query[:2]:
            pass
        return answer[-4:]

    def close(self):
        self._socket.close()


def test_the_new_address_is_served_at_once(stack):
    """The question is sent the instant that `good` is read."""
    login, served, done, old = demo(stack), Times(), Times(), 0
    resolver = Resolver(stack.named, stack.host)
    for n in range(UPDATES):
        address = socket.inet_ntoa((0x0a000000 + n + 1).to_bytes(4, "big"))
        data = request(update_target(stack.host, myip=address), login)
        begin = time.monotonic()
        with connect(stack.gateway) as connection:
            connection.sendall(data)
            answer = b""
            while not answer.endswith(f"\r\n\r\ngood {address}\n".encode()):
                part = connection.recv(4096)
                assert part, f"instead of good: {answer}"
                answer += part
            good = time.monotonic()
            tries = 0
            while resolver.address() != socket.inet_aton(address):
                tries += 1
                assert time.monotonic() - good < 30, f"{address} is not served"
            served.add(time.monotonic() - good)
            done.add(good - begin)
            old += tries > 0
            assert read_all(connection) == b""
        assert parse(answer).headers["connection"] == "close"
    resolver.close()
    print(f"update to good: {done}\ngood to the new answer: {served}; first answers that were old: {old} of {UPDATES}")
    assert served.percentile(50) <= 10 * P50 and served.percentile(99) <= 10 * P99
