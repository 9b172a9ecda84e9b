# SPDX-License-Identifier: GPL-3.0-or-later
"""TSIG on the live ports, by table and beside stock named: rcode, TSIG error, and whether the answer is signed."""

import base64
import hashlib
import hmac
import itertools
import os
import struct
import time

import pytest

from .client import Client
from .oracle import NONE, START, ZONE, Named, Peer, rr, update

ALGORITHMS = {
    "hmac-md5": (b"\x08hmac-md5\x07sig-alg\x03reg\x03int\x00", hashlib.md5),
    "hmac-sha1": (b"\x09hmac-sha1\x00", hashlib.sha1),
    "hmac-sha224": (b"\x0bhmac-sha224\x00", hashlib.sha224),
    "hmac-sha256": (b"\x0bhmac-sha256\x00", hashlib.sha256),
    "hmac-sha384": (b"\x0bhmac-sha384\x00", hashlib.sha384),
    "hmac-sha512": (b"\x0bhmac-sha512\x00", hashlib.sha512),
}


def sign(wire, key, algorithm, secret, *, digest=None, now=None, fudge=300, size=None, is_wrong=False,
         klass=255, ttl=0, extra=b""):
    """Appends a TSIG RR, right or wrong."""
    name = bytes([len(key)]) + key.encode() + b"\x00"
    wire_algorithm, method = ALGORITHMS[algorithm]
    now = int(time.time()) if now is None else now
    variables = (name + struct.pack("!HI", 255, 0) + wire_algorithm + now.to_bytes(6, "big")
                 + struct.pack("!HHH", fudge, 0, 0))
    mac = hmac.new(secret, wire + variables, digest or method).digest()
    if is_wrong:
        mac = bytes([mac[0] ^ 1]) + mac[1:]
    mac = mac if size is None else mac[:size].ljust(size, b"\0")
    rdata = (wire_algorithm + now.to_bytes(6, "big") + struct.pack("!HH", fudge, len(mac)) + mac + wire[:2]
             + struct.pack("!HH", 0, 0))
    count = struct.unpack("!H", wire[10:12])[0] + 1 + (1 if extra else 0)
    return (wire[:10] + struct.pack("!H", count) + wire[12:] + name + struct.pack("!HHIH", 250, klass, ttl, len(rdata))
            + rdata + extra)


def judge(answer, question):
    """rcode, TSIG error (None without TSIG) and length of the MAC of an answer to a message of a question and more."""
    if answer is None:
        return None
    at = question.index(b"\0", 12) + 5 if answer[4:6] == b"\0\1" else 12
    if answer[10:12] == b"\0\0":
        return answer[3] & 15, None, 0
    at += answer[at] + 2 + 10  # the name of one label, type, class, TTL and length
    while answer[at]:
        at += answer[at] + 1
    at += 1 + 8
    size = struct.unpack("!H", answer[at:at + 2])[0]
    return answer[3] & 15, struct.unpack("!H", answer[at + 4 + size:at + 6 + size])[0], size


@pytest.fixture(scope="module")
def peers(module_stacks, tmp_path_factory):
    """Both servers with a key of each algorithm: (ours, theirs, secrets)."""
    stack = module_stacks.make("tsig").start(named=False)
    client = Client(stack)
    stack.ctl("zone", "add", ZONE, "--private", stack.account, "--ns", f"ns1.{ZONE}")
    keys = {}
    for algorithm in ALGORITHMS:
        client.key(algorithm[5:], "--algorithm", algorithm)
        keys[algorithm[5:]] = (algorithm, client.secrets[algorithm[5:]])
    named = Named(os.path.join(tmp_path_factory.mktemp("tsig"), "named"), ZONE, START, keys)
    yield (Peer(client.address, client.port, None), Peer(named.address, named.port, None),
           {name: base64.b64decode(secret) for name, (_, secret) in keys.items()})
    named.stop()


def both_judge(peers, wire, signed):
    return [judge(peer.ask(signed), wire) for peer in peers[:2]]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_table(peers, algorithm):
    """Lengths, secrets and times.  named honours any fudge; we take 300 s at most."""
    key = algorithm[5:]
    full = ALGORITHMS[algorithm][1]().digest_size
    least = max(10, full // 2)
    for size, (secret, is_wrong), (offset, fudge) in itertools.product(
            [full, least, least - 1, full + 1, 0],
            [("own", False), ("own", True), ("other", False)],
            [(0, 300), (-299, 300), (-302, 300), (302, 300), (0, 0), (5, 0), (400, 65535)]):
        wire = update()
        other = next(s for name, s in peers[2].items() if name != key)
        signed = sign(wire, key, algorithm, peers[2][key] if secret == "own" else other, size=size, is_wrong=is_wrong,
                      now=int(time.time()) + offset, fudge=fudge)
        ours, theirs = both_judge(peers, wire, signed)
        place = f"size {size}, {secret} secret, wrong {is_wrong}, offset {offset}, fudge {fudge}"
        if offset == 400 and size == full and secret == "own" and not is_wrong:
            assert ours == (9, 18, full) and theirs == (0, 0, full), place
        elif offset == 400 and size == least and secret == "own" and not is_wrong:
            assert ours == (9, 18, full), place
        else:
            assert ours[0] == theirs[0], f"{place}: {ours} {theirs}"
            # to a MAC of an impossible length named says FORMERR and BADSIG, both unsigned
            assert ours[1] == theirs[1] or ours[:2] == (1, None), f"{place}: {ours} {theirs}"
            assert (ours[2] > 0) == (theirs[2] > 0), f"{place}: {ours} {theirs}"


def test_algorithm_that_is_not_the_keys(peers):
    """Each algorithm with each other's name, and a MAC of the key's cut to the length of the one named."""
    for (key, secret), named in itertools.product(peers[2].items(), ALGORITHMS):
        if named[5:] == key:
            continue
        digest = ALGORITHMS["hmac-" + key][1]
        size = min(ALGORITHMS[named][1]().digest_size, digest().digest_size)
        for more in ({}, {"digest": digest, "size": size}):
            wire = update()
            ours, theirs = both_judge(peers, wire, sign(wire, key, named, secret, **more))
            assert ours == theirs == (9, 17, 0), f"{key} as {named}"


@pytest.mark.parametrize("more, rcode", [({"klass": 1}, 1), ({"ttl": 1}, 1), ({"extra": b"\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4"}, 1)],
                         ids=["class", "ttl", "not-last"])
def test_place(peers, more, rcode):
    wire = update()
    ours, theirs = both_judge(peers, wire, sign(wire, "sha256", "hmac-sha256", peers[2]["sha256"], **more))
    assert ours == (rcode, None, 0)
    if "ttl" not in more:  # named digests the TTL that came
        assert theirs[0] == rcode


def test_two_signatures(peers):
    wire = update()
    once = sign(wire, "sha256", "hmac-sha256", peers[2]["sha256"])
    ours, theirs = both_judge(peers, wire, sign(once, "sha256", "hmac-sha256", peers[2]["sha256"]))
    assert ours == (1, None, 0) and theirs[0] == 1


def own_sign(peers, wire):
    return sign(wire, "sha256", "hmac-sha256", peers[2]["sha256"])


def test_octets_after_the_signature(peers):
    """They are ignored."""
    wire = update(changes=[rr("after", "A", data="192.0.2.1")])
    assert both_judge(peers, wire, own_sign(peers, wire) + b"trailing") == [(0, 0, 32)] * 2


def test_another_id_than_the_original(peers):
    """A forwarder gave the message one of its own, and the answer bears it."""
    wire = update()
    signed = bytes([wire[0] ^ 1]) + own_sign(peers, wire)[1:]
    for peer in peers[:2]:
        answer = peer.ask(signed)
        assert judge(answer, wire) == (0, 0, 32) and answer[:2] == signed[:2]


def test_names_of_any_case(peers):
    """The key's and the algorithm's count in lower case."""
    wire = update()
    signed = own_sign(peers, wire).replace(b"\6sha256\0", b"\6SHA256\0").replace(b"\x0bhmac-", b"\x0bHmaC-")
    assert both_judge(peers, wire, signed) == [(0, 0, 32)] * 2


@pytest.mark.parametrize("wire, rcode", [
    (update(changes=[rr("x", 252, data=b"\0")]), 1), (update(changes=[rr("x", "SSHFP", data=b"\1")]), 1), (update(ztype=1), 1),
    (update(zone="example.net."), 9), (update(changes=[rr("x.example.net.", "A", data="192.0.2.1")]), 10),
    (update(changes=[rr("x", "NSEC", data=f"a.{ZONE}. A")]), 5), (update([rr("@", "ANY", NONE, 0)]), 6),
], ids=["FORMERR", "FORMERR-data", "FORMERR-zone", "NOTAUTH", "NOTZONE", "REFUSED", "YXDOMAIN"])
def test_refusals_of_verified_messages_are_signed(peers, wire, rcode):
    ours, theirs = both_judge(peers, wire, own_sign(peers, wire))
    assert ours == (rcode, 0, 32)
    assert theirs[0] == rcode


@pytest.fixture(scope="module")
def replayed(module_stacks):
    """A stack with its client, where stored times may be moved."""
    return Client(module_stacks.make("replay").start(named=False))


@pytest.mark.parametrize("ahead", [0, 299])
def test_replay_through_time(replayed, ahead):
    """A captured message that comes again as long as its time is good gets its answer and does nothing.

    Its client's clock is right, or as far ahead as it may be; what is stored of it is moved into the past.
    """
    peer = Peer(replayed.address, replayed.port, None)
    secret = base64.b64decode(replayed.secrets["k1"])
    def message(owner, address):
        made = replayed.message(key=None)
        made.replace(owner, 60, "A", address)
        return sign(made.to_wire(), "k1", "hmac-sha256", secret, now=int(time.time()) + ahead)
    captured = [message("r1", "192.0.2.1"), message("r1", "192.0.2.2"), message("r2", "192.0.2.3")]
    def send():
        return [peer.ask(wire)[3] & 15 for wire in captured]
    assert send() == [0, 0, 0]
    # what somebody does later must not be taken back
    replayed.stack.sql("UPDATE ddns.records SET rdata = '192.0.2.9' WHERE zone = 'example.org' AND owner = 'r1'")
    def state():
        return replayed.serial(), replayed.stored("r1"), replayed.stored("r2")
    before, age = state(), 0
    for later in (10, 299, 301, 300 + ahead, 600):
        replayed.stack.sql("UPDATE ddns.duplicates SET at = at - make_interval(secs => %s)", (later - age,))
        age = later
        replayed.stack.sql("SELECT ddns.forget(1000)")
        assert send() == [0, 0, 0], f"after {later} s"
        assert state() == before, f"after {later} s"
    replayed.stack.sql("UPDATE ddns.duplicates SET at = at - interval '1 minute'")
    replayed.stack.sql("SELECT ddns.forget(1000)")
    assert replayed.stack.sql("SELECT count(*) FROM ddns.duplicates") == [(0,)]
    # by then its time is over
    late = replayed.message(key=None)
    for distance in (-302, 302):
        wire = sign(late.to_wire(), "k1", "hmac-sha256", secret, now=int(time.time()) + distance)
        assert judge(peer.ask(wire), late.to_wire())[:2] == (9, 18)
    assert state() == before
