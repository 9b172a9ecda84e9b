# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfers of a large zone, to clients that read slowly or not at all."""

import re
import select
import signal
import socket
import struct
import threading
import time

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import pytest
from ddns.steps import wait_until

from .client import ZONE

OTHER = "other.example.net"
FILL = ("INSERT INTO ddns.records (zone, owner, type, rdata) SELECT %s, 'r' || i, 'TXT', '\"' || repeat('x', 200) || '\"' "
        "FROM generate_series(1, 30000) i")


@pytest.fixture(scope="module")
def large(update):
    """The zone has 7 MB, which no socket takes at once; and there is another account with a zone of its own."""
    update.stack.sql(FILL, (ZONE,))
    update.stack.ctl("account", "add", "ann", "--email", "ann@example.net")
    update.stack.ctl("zone", "add", OTHER, "--private", "ann", "--ns", "ns1.example.org")
    known = update.stack.gateway.metric("ddns_gateway_keys")
    clause = update.stack.ctl("key", "add", "ann-key", "--account", "ann")
    wait_until(lambda: update.stack.gateway.metric("ddns_gateway_keys") > known, what="ann's key is known")
    update.secrets["ann-key"] = re.search(r'secret "([^"]*)"', clause)[1]
    return update


def begin(update, zone=ZONE, key="k1"):
    """A connection on which a transfer was asked for, with little room."""
    question = dns.message.make_query(zone, "AXFR")
    question.use_tsig(update.keyring(key), algorithm="hmac-sha256")
    wire = question.to_wire()
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(60)
    client.connect((update.address, update.port))
    client.sendall(struct.pack("!H", len(wire)) + wire)
    return client


def whole(update, zone=ZONE, key="k1"):
    """Seconds that a whole transfer took."""
    begun = time.monotonic()
    question = dns.message.make_query(zone, "AXFR")
    question.use_tsig(update.keyring(key), algorithm="hmac-sha256")
    count = sum(len(rrset) for message in dns.query.xfr(update.address, zone, port=update.port, lifetime=60, keyring=update.keyring(key),
                                                        keyalgorithm="hmac-sha256") for rrset in message.answer)
    assert count > (30000 if zone == ZONE else 2)
    return time.monotonic() - begun


def is_cut(client):
    """Whether the connection was ended, after reading what is there."""
    try:
        while select.select([client], [], [], 0)[0]:
            if not client.recv(65536):
                return True
    except ConnectionResetError:
        return True
    return False


def test_slow_readers_leave_room(large):
    """Two of an account read nothing and an octet a second: others are served at once, and they are cut."""
    begun = time.monotonic()
    usual = whole(large)
    idle, slow = begin(large), begin(large)
    stop = threading.Event()

    def sip():
        try:
            while not stop.wait(1) and slow.recv(1):
                pass
        except OSError:
            pass
    sipping = threading.Thread(target=sip)
    sipping.start()
    try:
        assert select.select([idle], [], [], 30)[0]  # both are under way
        began = time.monotonic()
        assert whole(large, OTHER, "ann-key") < 4
        # the same account waits for one of its own two
        mine = whole(large)
        assert mine < 20 + 10 * usual
        print(f"usual {usual:.1f} s, of the same account {mine:.1f} s")
        wait_until(lambda: "failed key 'k1'" in large.stack.gateway.read_log(), 60, "the idle one is given up")
        wait_until(lambda: large.stack.gateway.read_log().count("failed key 'k1'") == 2, 60, "and the slow one")
        assert 5 < time.monotonic() - began < 100
        stop.set()
        sipping.join()
        assert is_cut(idle) and is_cut(slow)
    finally:
        stop.set()
        idle.close()
        slow.close()
    print(f"{time.monotonic() - begun:.1f} s in all")


def test_no_account_has_all_that_may_wait(large):
    """Of twenty transfers of one account at once two go on, eight wait, and the rest is told to come again."""
    clients = [begin(large) for _ in range(14)]
    try:
        told = []
        for client in clients[10:]:
            length = struct.unpack("!H", client.recv(2, socket.MSG_WAITALL))[0]
            told.append(client.recv(length, socket.MSG_WAITALL)[3] & 15)
        assert told == [dns.rcode.SERVFAIL] * 4
        assert whole(large, OTHER, "ann-key") < 4
    finally:
        for client in clients:
            client.close()


def test_an_rr_that_fills_a_message(large):
    """It goes in a message of its own that is larger than the others."""
    large.stack.sql("INSERT INTO ddns.records (zone, owner, type, rdata) SELECT %s, 'full', 'TXT', string_agg('\"' || repeat('x', 200) "
                    "|| '\"', ' ') FROM generate_series(1, 200)", (OTHER,))
    found = [rdata for message in dns.query.xfr(large.address, OTHER, port=large.port, lifetime=60, keyring=large.keyring("ann-key"),
                                                keyalgorithm="hmac-sha256") for rrset in message.answer if str(rrset.name) == "full"
             for rdata in rrset]
    assert len(found) == 1 and len(found[0].strings) == 200


def test_the_end_waits_for_no_slow_reader(large):
    """SIGTERM while a client reads nothing."""
    client = begin(large)
    try:
        assert select.select([client], [], [], 30)[0]
        begun = time.monotonic()
        large.stack.gateway.server.send(signal.SIGTERM)
        wait_until(lambda: not large.stack.gateway.server.is_running(), 60, "the gateway ends")
        took = time.monotonic() - begun
        print(f"it took {took:.2f} s")
        assert took < 5
    finally:
        client.close()
        large.stack.gateway.stop()
        large.stack.start_gateway()
