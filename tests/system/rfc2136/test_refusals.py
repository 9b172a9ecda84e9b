# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of refused messages: in the log, and to the holders of names; and limits that SIGHUP changes."""

import os
import re
import signal
import socket
import time

import dns.message
import dns.name
import dns.rcode
import dns.tsig
from ddns.steps import wait_until

from .client import ZONE

REASONS = "SELECT name, key, account, door, host(peer), reason FROM ddns.attempts ORDER BY at, name"


def tell_again(update, options):
    gateway = update.stack.gateway
    begin = os.path.getsize(gateway.log)
    gateway.options = options
    gateway.rewrite()
    gateway.server.send(signal.SIGHUP)
    wait_until(lambda: "was read again" in gateway.read_log(begin), 30, "the configuration was read again")
    assert "restart" not in gateway.read_log(begin)


def test_unsigned_updates_are_told_once(update):
    """A line for each network and minute, so that whoever set it up wrongly sees why."""
    begin = os.path.getsize(update.stack.gateway.log)
    for _ in range(5):
        assert update.rcode(update.message(key=None), tcp=True) == "REFUSED"
    lines = [line for line in update.stack.gateway.read_log(begin).splitlines() if "not signed" in line]
    assert len(lines) == 1 and "refused dns 127.0.0.1: " in lines[0]


def test_messages_that_say_nothing(update):
    """Each has its line, as one that is done."""
    begin = os.path.getsize(update.stack.gateway.log)
    message = update.message()
    message.add("x.example.net.", 60, "A", "192.0.2.1")
    assert update.rcode(message) == "NOTZONE"
    many = update.message()
    many.add("x", 60, "A", *[f"192.0.2.{i}" for i in range(101)])
    assert update.rcode(many) == "REFUSED"
    said = [line.partition(" update dns ")[2] for line in update.stack.gateway.read_log(begin).splitlines()]
    assert [line for line in said if line] == [
        f"127.0.0.1 refused key 'k1' zone '{ZONE}' rcode 10: a name in it is not of the zone",
        f"127.0.0.1 refused key 'k1' zone '{ZONE}' rcode 5: it has too much, or records of a signer"]


def test_wrong_signatures_are_told_once(update, is_long):
    """Over TCP as many as one likes can be sent; how many were left out is said later."""
    begin = os.path.getsize(update.stack.gateway.log)
    wrong = update.message(key=None)
    wrong.use_tsig(update.keyring(secret="AAAA"), algorithm="hmac-sha256")
    with socket.create_connection((update.address, update.port), 5) as client:
        for _ in range(20):
            client.sendall(len(wrong.to_wire()).to_bytes(2, "big") + wrong.to_wire())
            assert client.recv(4096)
    assert update.stack.gateway.read_log(begin).count("BADSIG") == 1
    if is_long:
        time.sleep(61)
        assert update.rcode(update.message()) == "NOERROR"
        # what the test before left out is counted with them
        wait_until(lambda: re.search(r"refused dns: (19|2\d) more in the last ", update.stack.gateway.read_log(begin)), 30,
                   "they were counted")


def test_failed_tries_are_kept_for_the_holder(update):
    """A wrong signature under a known key, and names that a key may not change."""
    stack = update.stack
    stack.ctl("account", "add", "ann")
    stack.ctl("zone", "add", "ann.example", "--private", "ann", "--ns", "ns1.example.org")
    stack.sql("DELETE FROM ddns.attempts")
    wrong = update.message(key=None)
    wrong.add("tried", 60, "A", "192.0.2.1")
    wrong.use_tsig(update.keyring(secret="AAAA"), algorithm="hmac-sha256")
    unknown = update.message(key=None)
    unknown.add("tried", 60, "A", "192.0.2.1")
    unknown.use_tsig({dns.name.from_text("nobodys"): dns.tsig.Key("nobodys", "AAAA", "hmac-sha256")})
    foreign = update.message("ann.example")
    foreign.add("x", 60, "A", "192.0.2.1")
    foreign.add("x", 60, "TXT", "x")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        def send(message):
            client.sendto(message.to_wire(), (update.address, update.port))
            return client.recv(4096)[3] & 15
        assert [send(message) for message in (wrong, unknown, foreign)] == [
            dns.rcode.NOTAUTH, dns.rcode.NOTAUTH, dns.rcode.REFUSED]
    wait_until(lambda: len(stack.sql(REASONS)) == 2, 30, "both are kept")
    rows = sorted(tuple(row) for row in stack.sql(REASONS))
    assert rows == [("ann.example", "k1", stack.account, "dns", "127.0.0.1", "x.ann.example is not granted to the key"),
                    (ZONE, "k1", stack.account, "dns", "127.0.0.1", "BADSIG")]


def test_limits_that_sighup_changes(update):
    """Rates and connections count from then on, for keys that were used before as well."""
    assert [update.rcode(update.message()) for _ in range(15)] == ["NOERROR"] * 15
    usual = update.stack.gateway.options
    tell_again(update, "dns-key-rate = 1\ndns-refusal-rate = 1\ndns-query-rate = 1\ndns-connections-per-address = 2\n")
    try:
        begun = time.monotonic()
        rcodes = [update.rcode(update.message()) for _ in range(15)]
        passed = time.monotonic() - begun
        assert rcodes.count("NOERROR") <= 12 + passed and ("REFUSED" in rcodes or passed > 4)
        begun = time.monotonic()
        answered = update.answers([dns.message.make_query(ZONE, "SOA")] * 25)
        assert 9 <= answered <= 12 + time.monotonic() - begun
        clients = [socket.create_connection((update.address, update.port), 30) for _ in range(3)]
        assert clients[2].recv(1) == b""
        for client in clients:
            client.close()
    finally:
        tell_again(update, usual)
    assert [update.rcode(update.message()) for _ in range(15)] == ["NOERROR"] * 15
