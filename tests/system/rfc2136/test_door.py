# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport of the DNS door, hostile clients, repeats, and servers that die."""

import os
import random
import resource
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from ddns.ports import has_ipv6
from ddns.steps import wait_until

from .client import ZONE, Client


def framed(wire):
    return struct.pack("!H", len(wire)) + wire


def connect(update, address=None):
    client = socket.create_connection((address or update.address, update.port), 30)
    client.settimeout(30)
    return client


def read_message(client):
    """One message from a TCP connection, None at its end."""
    data = b""
    while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
        more = client.recv(2 if len(data) < 2 else 2 + struct.unpack("!H", data[:2])[0] - len(data))
        if not more:
            return None
        data += more
    return data[2:]


def is_answered(ask, query, update, rcode):
    try:
        return ask(query, update.address, port=update.port, timeout=2).rcode() == rcode
    except (OSError, EOFError, dns.exception.Timeout):
        return False


def test_several_messages_on_one_connection(update):
    """Sent at once, in one piece and in single octets; each is answered."""
    messages = [dns.message.make_query(f"q{i}.{ZONE}", "SOA") for i in range(20)]
    with connect(update) as client:
        data = b"".join(framed(message.to_wire()) for message in messages)
        client.sendall(data[:-7])
        for octet in data[-7:]:
            client.sendall(bytes([octet]))
        answered = {struct.unpack("!H", read_message(client)[:2])[0] for _ in messages}
    assert answered == {message.id for message in messages}


def test_updates_on_one_connection(update):
    with connect(update) as client:
        for i in range(20):
            message = update.message()
            message.add(f"tcp{i}", 60, "A", f"192.0.2.{i}")
            client.sendall(framed(message.to_wire()))
        rcodes = [read_message(client)[3] & 15 for _ in range(20)]
    assert rcodes == [0] * 20
    assert all(update.stored(f"tcp{i}") for i in range(20))


def test_a_connection_that_has_had_its_messages(update):
    """After a hundred it ends: what was answered is not lost, and what was not answered is not done."""
    with connect(update) as client:
        data = b""
        for i in range(150):
            message = update.message()
            message.add(f"many{i}", 60, "A", "192.0.2.1")
            data += framed(message.to_wire())
        client.sendall(data)
        answers = 0
        while read_message(client) is not None:
            answers += 1
    assert answers == 100
    assert update.stack.sql("SELECT count(*) FROM ddns.records WHERE zone = %s AND owner ~ '^many'", (ZONE,)) == [(100,)]


def test_large_messages(update):
    """Over UDP as large as it gets, and over TCP."""
    for tcp, name, count in ((False, "udp", 50), (True, "tcp", 54)):
        message = update.message()
        for i in range(count):
            message.add(f"{name}-{i}", 60, "TXT", " ".join(["x" * 250] * 4 + ["x" * 160]))
        assert len(message.to_wire()) > 59000
        assert update.rcode(message, tcp=tcp) == "NOERROR"
        assert update.stored(f"{name}-{count - 1}")


def test_clients_that_are_slow_are_cut(update):
    """A length alone, half a message, nothing: the connection ends, and others were answered meanwhile."""
    wire = framed(dns.message.make_query(ZONE, "SOA").to_wire())
    idle = connect(update)
    clients = [connect(update) for _ in range(3)]
    clients[1].sendall(wire[:1])
    clients[2].sendall(wire[:-1])
    begun = time.monotonic()
    idle.sendall(wire)
    assert read_message(idle) is not None
    for client in clients:
        assert client.recv(1) == b""
        client.close()
    assert 4 < time.monotonic() - begun < 20
    assert idle.recv(1) == b""
    assert 8 < time.monotonic() - begun < 30
    idle.close()


def test_strangers_get_little(update):
    """No answer over UDP to somebody unknown is larger than his request and a signature."""
    for name in ("big", "host"):
        message = update.message()
        for i in range(20):
            message.add(name, 60, "TXT", f"{i} " + "x" * 100)
        assert update.rcode(message, tcp=True) == "NOERROR"
    for rtype in ("TXT", "ANY", "SOA", "A"):
        for payload in (0, 4096):
            asked = dns.message.make_query(f"big.{ZONE}", rtype, use_edns=0 if payload else -1, payload=payload)
            answer = dns.query.udp(asked, update.address, port=update.port, timeout=15)
            assert len(answer.to_wire()) <= len(asked.to_wire()) + 160
            assert bool(answer.flags & dns.flags.TC) == (rtype in ("TXT", "ANY"))
    assert len(update.query(f"big.{ZONE}", "TXT", tcp=True).answer[0]) == 20
    answer = update.query(f"big.{ZONE}", "TXT", key="k1")
    assert answer.flags & dns.flags.TC and answer.had_tsig and not answer.answer


def test_questions(update):
    """Other opcodes, classes and types; EDNS; answers that come from nowhere."""
    def flags_of(wire, is_answered=True):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(15 if is_answered else 0.3)
            client.sendto(wire, (update.address, update.port))
            return client.recv(4096)[3] & 15
    query = dns.message.make_query(ZONE, "SOA").to_wire()
    assert flags_of(query[:2] + b"\x21" + query[3:]) == dns.rcode.NOTIMP  # NOTIFY
    assert flags_of(dns.message.make_query(ZONE, "TKEY").to_wire()) == dns.rcode.NOTIMP
    assert flags_of(dns.message.make_query(ZONE, "SOA", "CH").to_wire()) == dns.rcode.REFUSED
    assert flags_of(dns.message.make_query(ZONE, "AXFR").to_wire()) == dns.rcode.FORMERR
    assert flags_of(dns.message.make_query("example.com", "SOA").to_wire()) == dns.rcode.REFUSED
    assert flags_of(query[:-1]) == dns.rcode.FORMERR
    for wire in (query[:2] + b"\x81" + query[3:], query[:11]):
        with pytest.raises(TimeoutError):
            flags_of(wire, False)
    wire = bytearray(dns.message.make_query(ZONE, "SOA", use_edns=0).to_wire())
    wire[-5] = 1  # the version
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(15)
        client.sendto(wire, (update.address, update.port))
        answer = dns.message.from_wire(client.recv(4096))
    assert answer.rcode() == dns.rcode.BADVERS and answer.edns == 0
    asked = dns.message.make_query(ZONE, "SOA", use_edns=0, options=[dns.edns.GenericOption(10, b"12345678")])
    answer = dns.query.udp(asked, update.address, port=update.port, timeout=15)
    assert answer.edns == 0 and answer.flags & dns.flags.AA and answer.answer[0].rdtype == dns.rdatatype.SOA
    assert answer.flags & dns.flags.RD and not answer.flags & dns.flags.RA
    answer = update.query(ZONE, "NS")
    assert {str(rr.target) for rr in answer.answer[0]} == {"ns1.example.org."}
    assert [str(rr.address) for rr in answer.additional[0]] == [update.address]
    answer = update.query(f"nothing.{ZONE}", "A")
    assert answer.rcode() == dns.rcode.NXDOMAIN and str(answer.authority[0].name) == f"{ZONE}."


def test_answers_leave_from_the_address_that_was_asked(own_update):
    gateway = own_update.stack.gateway
    gateway.options = f'dns-listen = {{"*:{gateway.dns_port}", "[::]:{gateway.dns_port}"}}\n'
    gateway.rewrite()
    gateway.server.stop()
    gateway.server.start([gateway.build.gateway, "-f", "-c", gateway.conf], cwd=gateway.home)
    gateway.wait_ready()
    query = dns.message.make_query(ZONE, "SOA")
    for address in ("127.0.0.1", "127.0.0.9", "127.1.2.3", *(["::1"] if has_ipv6() else [])):
        for ask in (dns.query.udp, dns.query.tcp):  # both check where the answer came from
            assert ask(query, address, port=gateway.dns_port, timeout=15).rcode() == dns.rcode.NOERROR


def test_out_of_descriptors(own_update):
    """Who cannot be taken is turned away; those who are there, and UDP, are served."""
    update = own_update
    pid = update.stack.gateway.server.pid()
    wait_until(lambda: update.query(ZONE, "SOA").rcode() == 0, 30, "it answers")
    open_now = len(os.listdir(f"/proc/{pid}/fd"))
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + 5, old[1]))
    clients = [connect(update) for _ in range(30)]
    query = dns.message.make_query(ZONE, "SOA")
    clients[0].sendall(framed(query.to_wire()))
    assert read_message(clients[0]) is not None
    assert dns.query.udp(query, update.address, port=update.port, timeout=15).rcode() == dns.rcode.NOERROR
    used = sum(os.sysconf("SC_CLK_TCK") and int(x) for x in open(f"/proc/{pid}/stat", encoding="ascii").read().split()[13:15])
    time.sleep(1)
    more = sum(int(x) for x in open(f"/proc/{pid}/stat", encoding="ascii").read().split()[13:15]) - used
    assert more < 20, "it turns in circles"
    for client in clients:
        client.close()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, old)
    wait_until(lambda: is_answered(dns.query.tcp, query, update, dns.rcode.NOERROR), what="TCP works again")


def test_mutated_messages(update, is_long):
    """No crash, no write, nothing amplified; signed and unsigned, over UDP and TCP."""
    rng = random.Random(29)
    message = update.message()
    message.add("mutant", 60, "A", "192.0.2.1")
    message.present("ns1")
    unsigned = update.message(key=None)
    unsigned.add("mutant", 60, "A", "192.0.2.1")
    query = dns.message.make_query(f"mutant.{ZONE}", "SOA", use_edns=0)
    originals = [message.to_wire(), unsigned.to_wire(), query.to_wire()]
    before = update.stack.sql("SELECT count(*), max(version) FROM ddns.steps")
    pid = update.stack.gateway.server.pid()
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.setblocking(False)
    for i in range(1000000 if is_long else 20000):
        wire = bytearray(rng.choice(originals))
        for _ in range(rng.choice([1, 1, 2, 5])):
            # beyond the ID, which is no part of what is signed
            wire[rng.randrange(2, len(wire))] = rng.choice([0, 1, 255, 0xc0, rng.randrange(256)])
        if rng.random() < 0.1:
            del wire[rng.randrange(len(wire)):]
        # the same, or the same but for the case of names: that of the key and of its algorithm is not signed
        if bytes(wire[2:]).lower() in [original[2:].lower() for original in originals]:
            continue
        client.sendto(wire, (update.address, update.port))
        if i % 500 == 0:
            with connect(update) as stream:
                stream.sendall(framed(bytes(wire)))
        try:
            while True:
                assert len(client.recv(65535)) <= len(max(originals, key=len)) + 160
        except BlockingIOError:
            pass
    wait_until(lambda: is_answered(dns.query.udp, query, update, dns.rcode.NXDOMAIN), what="it answers again")
    assert update.stack.gateway.server.pid() == pid and update.stored("mutant") == set()
    assert update.stack.sql("SELECT count(*), max(version) FROM ddns.steps") == before


def test_a_capture_that_is_sent_again(update, is_long):
    """Nothing is applied twice, nothing reverted."""
    wires, count = [], 10000 if is_long else 100
    for i in range(count):
        message = update.message()
        message.replace(f"cap{i % 10}", 60, "A", f"10.0.{i >> 8}.{i & 255}")
        wires.append(message.to_wire())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(30)
        def send(wire):
            client.sendto(wire, (update.address, update.port))
            return client.recv(65535)[3] & 15
        assert [send(wire) for wire in wires] == [0] * count
        serial = update.serial()
        assert [send(wire) for wire in wires] == [0] * count
    assert update.serial() == serial
    assert update.stored("cap9") == {("A", 60, f"10.0.{count - 1 >> 8}.{count - 1 & 255}")}


@pytest.mark.parametrize("victim", ["gateway", "cluster"])
def test_kill_9_loses_nothing_acknowledged(own_update, victim, is_long):
    """What was acknowledged is there afterwards, and of the rest each message whole or not at all."""
    update, stack = own_update, own_update.stack
    acknowledged, stop = [], threading.Event()
    def work(worker):
        i = 0
        while not stop.is_set():
            i += 1
            message = update.message()
            message.add(f"k{worker}-{i}", 60, "A", "192.0.2.1")
            message.add(f"k{worker}-{i}", 60, "TXT", "x")
            try:
                if update.rcode(message, timeout=1) == "NOERROR":
                    acknowledged.append(f"k{worker}-{i}")
            except (OSError, dns.exception.Timeout):
                pass
    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    rounds, each = (20, 500) if is_long else (3, 30)
    for _ in range(rounds):
        due = len(acknowledged) + random.randint(1, 2 * each)
        wait_until(lambda due=due: len(acknowledged) >= due, 60, "updates go on")
        getattr(stack, victim).kill()
        if victim == "gateway":
            stack.start_gateway()
        else:
            stack.cluster.start()
            wait_until(stack.gateway.is_ready, 30, "the gateway is ready")
    count = len(acknowledged)
    wait_until(lambda: len(acknowledged) > count + 10, 30, "updates go on")
    stop.set()
    for thread in threads:
        thread.join()
    rows = stack.sql("SELECT owner, count(*) FROM ddns.records WHERE zone = %s AND owner ~ '^k[0-9]' GROUP BY owner", (ZONE,))
    assert {owner for owner, n in rows if n != 2} == set()
    assert set(acknowledged) <= {owner for owner, _ in rows}
    print(f"{len(acknowledged)} acknowledged, {len(rows)} there")


def test_the_database_is_away(own_update):
    """SERVFAIL in time, to UPDATE and query; and all is well again when it is back."""
    update = own_update
    update.stack.cluster.kill()
    message = update.message()
    message.add("away", 60, "A", "192.0.2.1")
    begun = time.monotonic()
    assert update.rcode(message) == "SERVFAIL"
    assert time.monotonic() - begun < 10
    assert update.query(ZONE, "SOA").rcode() == dns.rcode.SERVFAIL
    update.stack.cluster.start()
    def works():
        again = update.message()
        again.add("back", 60, "A", "192.0.2.1")
        return update.rcode(again) == "NOERROR"
    wait_until(works, 30, "updates work again")


def test_limits(stacks):
    """Rates of a key, of strangers' refusals, and connections of one address."""
    stack = stacks.make("limits")
    stack.gateway.options = "dns-key-rate = 1\ndns-refusal-rate = 1\ndns-connections-per-address = 2\n"
    update = Client(stack.start(named=False))
    rcodes = [update.rcode(update.message()) for _ in range(10)]
    assert rcodes == ["NOERROR"] * 10
    wait_until(lambda: update.rcode(update.message()) == "REFUSED", what="it is too much for a key", interval=0)
    many = update.message(key="kmd5")
    for i in range(100):  # as much as ten messages more
        many.add(f"m{i}", 60, "A", "192.0.2.1")
    assert update.rcode(many) == "NOERROR"
    begun, more = time.monotonic(), 0
    while update.rcode(update.message(key="kmd5")) == "NOERROR":  # one a second, no more
        more += 1
        assert more <= 1 + time.monotonic() - begun
    said = [line for line in stack.gateway.read_log().splitlines() if "dns-key-rate" in line]
    assert len(said) == 2 and "key 'k1'" in said[0] and "key 'kmd5'" in said[1]
    begun = time.monotonic()
    answered = update.answers([update.message(key=None)] * 30)
    assert 9 <= answered <= 12 + time.monotonic() - begun
    clients = [connect(update) for _ in range(3)]
    assert clients[2].recv(1) == b""
    for client in clients:
        client.close()
