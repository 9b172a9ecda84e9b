# SPDX-License-Identifier: GPL-3.0-or-later
"""What one client asks for costs much: others are answered all the same."""

import re
import socket
import threading
import time

import dns.message
import dns.rcode

from .client import ZONE

OTHER = "other.example.net"
DEEP = ".".join("a" * 100)


def second_account(update):
    """An account beside the demo's, with a zone and a key of its own."""
    update.stack.ctl("account", "add", "ann", "--email", "ann@example.net")
    update.stack.ctl("zone", "add", OTHER, "--private", "ann", "--ns", "ns1.example.org")
    clause = update.stack.ctl("key", "add", "ann-key", "--account", "ann")
    update.secrets["ann-key"] = re.search(r'secret "([^"]*)"', clause)[1]


def heavy(update, number, key):
    """As many changes as a message may have, each at a name with as many labels as a name may have."""
    message = update.message(key=key)
    for i in range(100):
        message.add(f"f{number}-{i}.{DEEP}", 60, "TXT", "x")
    return message.to_wire()


def test_no_account_keeps_the_others_waiting(update):
    """Eighty heavy messages at once take longer than any client waits: of another account each is done."""
    second_account(update)
    update.key("k2")
    flood = [heavy(update, i, ("k1", "k2")[i % 2]) for i in range(80)]
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rcodes = []
    for wire in flood:
        client.sendto(wire, (update.address, update.port))
        time.sleep(0.004)  # or the socket's buffer flows over
    for i in range(4):
        message = update.message(zone=OTHER, key="ann-key")
        message.replace("host", 60, "A", f"192.0.2.{i}")
        rcodes.append(update.rcode(message, timeout=60))
    client.close()
    assert rcodes == ["NOERROR"] * 4
    # and the account itself gets done what there is time for
    assert update.stack.sql("SELECT count(*) > 0 FROM ddns.records WHERE zone = %s AND owner ~ '^f'", (ZONE,)) == [(True,)]


def test_strangers_leave_room_for_those_with_a_key(update):
    """Queries that wait for the database: over TCP strangers have more of them than may wait in all."""
    asked = dns.message.make_query(f"ns1.{ZONE}", "A").to_wire()
    strangers = []
    other = update.stack.connect(autocommit=False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE ddns.zones IN ACCESS EXCLUSIVE MODE")
        for source in ("127.0.0.1", "127.0.0.3"):
            for _ in range(20):
                stranger = socket.create_connection((update.address, update.port), source_address=(source, 0))
                stranger.sendall((len(asked).to_bytes(2, "big") + asked) * 16)
                strangers.append(stranger)
        unlock = threading.Timer(0.3, other.rollback)
        unlock.start()
        assert update.query(f"ns1.{ZONE}", "A", key="k1").rcode() == dns.rcode.NOERROR
        unlock.join()
    finally:
        other.close()
        for stranger in strangers:
            stranger.close()
