# SPDX-License-Identifier: GPL-3.0-or-later
"""Secondaries are told of changes (RFC 1996): a stock named that only serves, one that signs, and one that is us."""

import os
import re
import socket
import statistics
import struct
import time

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import pytest

from ddns import process
from ddns.ports import Claims
from ddns.steps import wait_until

SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>; Python does not name it
ADDRESS = "127.0.0.1"  # named listens at addresses that an interface has
CONFIG = """\
options {{
    directory "{home}"; pid-file none; session-keyfile none;
    listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
    recursion no; notify no; dnssec-validation no;
}};
controls {{ }};
{more}
zone "{zone}" {{
    type secondary; primaries {{ {primary} port {primary_port}; }}; file "secondary.db";
    allow-notify {{ {notifier}; }};
    {signing}
}};
"""


class Secondary:
    """A stock named that transfers the demo's zone."""

    def __init__(self, stack, notifier="127.0.0.2", more="", signing=""):
        self.stack = stack
        self.config = {"notifier": notifier, "more": more, "signing": signing}
        self.home = os.path.join(stack.directory, "secondary")
        self.port = None
        self.server = process.Server("secondary", os.path.join(stack.directory, "run"),
                                     os.path.join(stack.directory, "log", "secondary.log"), "named")

    def start(self):
        os.makedirs(self.home, exist_ok=True)
        conf = os.path.join(self.home, "named.conf")
        with Claims() as claims:
            self.port = claims.port(ADDRESS, [], ("tcp", "udp"))
            with open(conf, "w", encoding="utf-8") as file:
                file.write(CONFIG.format(home=self.home, port=self.port, address=ADDRESS, zone=self.stack.zone,
                                         primary=self.stack.named.address, primary_port=self.stack.named.port,
                                         **self.config))
            self.server.start(["/usr/sbin/named", "-g", "-n", "1", "-c", conf], cwd=self.home)
            wait_until(self.serial, 60, "the secondary has the zone")
        return self

    def ask(self, name, rtype):
        message = dns.message.make_query(name, rtype, want_dnssec=bool(self.config["signing"]))
        try:
            return dns.query.udp_with_fallback(message, ADDRESS, port=self.port, timeout=1)[0]
        except (dns.exception.Timeout, OSError):
            return None

    def serial(self):
        answer = self.ask(self.stack.zone, "SOA")
        return answer.answer[0][0].serial if answer is not None and answer.answer else None

    def addresses(self, name):
        answer = self.ask(name, "A")
        return {rdata.to_text() for rrset in answer.answer if rrset.rdtype == dns.rdatatype.A for rdata in rrset} \
            if answer is not None else set()

    def signed_addresses(self, name):
        """Those that the zone's own keys have signed; raises where a signature is wrong."""
        origin, owner = dns.name.from_text(self.stack.zone), dns.name.from_text(name)
        keys, answer = self.ask(self.stack.zone, "DNSKEY"), self.ask(name, "A")
        if keys is None or answer is None or not keys.answer:
            return set()
        rrset = answer.get_rrset(answer.answer, owner, dns.rdataclass.IN, dns.rdatatype.A)
        signature = answer.get_rrset(answer.answer, owner, dns.rdataclass.IN, dns.rdatatype.RRSIG, dns.rdatatype.A)
        if rrset is None or signature is None:
            return set()
        key = keys.get_rrset(keys.answer, origin, dns.rdataclass.IN, dns.rdatatype.DNSKEY)
        dns.dnssec.validate(rrset, signature, {origin: key})
        return {rdata.to_text() for rdata in rrset}


@pytest.fixture
def notified(stacks):
    """A stack whose gateway tells from 127.0.0.2, and asks its named first."""
    stack = stacks.make("notify").start(gateway=False)
    stack.gateway.options = (f'name-servers = {{"{stack.named.address}:{stack.named.port}"}}\n'
                             'notify-source = {"127.0.0.2:0"}\n')
    stack.start_gateway()
    stack.ctl("zone", "set", stack.zone, "transfer=127.0.0.0/8")
    return stack


@pytest.fixture
def secondary(notified):
    """secondary(...): a secondary of the demo's zone that is told of changes."""
    made = []

    def make(key="", **more):
        made.append(Secondary(notified, **more))
        wait_until(lambda: notified.query(notified.zone, "AXFR", tcp=True).answer, 30, "the zone may be transferred")
        made[-1].start()
        notified.ctl("zone", "set", notified.zone, f"notify={ADDRESS}#{made[-1].port}{key}")
        return made[-1]
    yield make
    for each in made:
        each.server.stop()


def change_times(stack, count, addresses):
    """How long it takes each of so many updates until addresses() is what it set."""
    times = []
    for i in range(count):
        time.sleep(1.1)  # a zone is told of once a second
        address = f"192.0.2.{i + 101}"
        began = time.monotonic()
        assert stack.update(myip=address) == f"good {address}"
        wait_until(lambda a=address: addresses(stack.host) == {a}, 60, "the secondary has the change", interval=0.01)
        times.append(time.monotonic() - began)
    return times


def events(stack, event):
    return stack.gateway.metric(f'ddns_gateway_notifies_total{{zone="{stack.zone}",event="{event}"}}')


def test_service_5_3_a_secondary_pulls_each_change(notified, secondary):
    times = change_times(notified, 5, secondary().addresses)
    print(f"from update to the secondary's answer: median {statistics.median(times):.2f} s, most {max(times):.2f} s")
    assert statistics.median(times) < 1.5
    assert "does not answer" not in notified.gateway.read_log()
    wait_until(lambda: events(notified, "answered") >= 5, what="all are answered")
    assert events(notified, "failed") == 0


def test_service_5_3_a_signing_secondary_has_each_change_signed(notified, secondary, is_long):
    """inline-signing: what comes by AXFR is signed and served within a second, at the median."""
    notified.update(myip="192.0.2.99")
    signer = secondary(signing="inline-signing yes; dnssec-policy default;")
    wait_until(lambda: signer.signed_addresses(notified.host), 30, "the zone is signed")
    times = change_times(notified, 30 if is_long else 3, signer.signed_addresses)
    print(f"from update to the signed answer: median {statistics.median(times):.2f} s, most {max(times):.2f} s")
    assert statistics.median(times) < (1 if is_long else 5)


def test_signed_by_a_key(notified, secondary):
    """A secondary that takes NOTIFY by its key alone."""
    clause = notified.ctl("key", "add", "xfer.test", "--account", notified.account)
    keyed = secondary(notifier='key "xfer.test"', more=clause, key=" key xfer.test")
    times = change_times(notified, 2, keyed.addresses)
    print(f"signed: {max(times):.2f} s")
    assert max(times) < 15
    assert events(notified, "failed") == 0 and events(notified, "answered") >= 2


def test_only_a_signed_answer_counts(notified):
    clause = notified.ctl("key", "add", "xfer.test", "--account", notified.account)
    keyring = dns.tsigkeyring.from_text({"xfer.test": re.search(r'secret "([^"]+)"', clause)[1]})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((ADDRESS, 0))
        listener.settimeout(60)
        notified.ctl("zone", "set", notified.zone, f"notify={ADDRESS}#{listener.getsockname()[1]} key xfer.test")
        wire, peer = listener.recvfrom(1024)
        message = dns.message.from_wire(wire, keyring=keyring)  # or its signature is wrong
        assert message.had_tsig and message.keyname.to_text() == "xfer.test."
        answer = dns.message.make_response(message)
        unsigned = dns.message.from_wire(dns.message.make_query(notified.zone, "SOA", id=message.id).to_wire())
        unsigned.flags, unsigned.question = answer.flags, answer.question
        unsigned.set_opcode(dns.opcode.NOTIFY)
        listener.sendto(unsigned.to_wire(), peer)
        again, peer = listener.recvfrom(1024)  # as if there had been none
        message = dns.message.from_wire(again, keyring=keyring)
        listener.sendto(dns.message.make_response(message).to_wire(), peer)
        wait_until(lambda: events(notified, "answered") == 1, 30, "the signed answer counts")
        assert events(notified, "sent") == 2 and events(notified, "failed") == 0


def received(listener):
    """A message, whose it is, and when it arrived, which may be before we were there to take it."""
    wire, (stamp, *_), _, peer = listener.recvmsg(512, 64)
    seconds, nanoseconds = struct.unpack("qq", stamp[2][:16])
    return wire, peer, seconds + nanoseconds / 1e9


def test_service_5_3_told_once_a_second_from_the_source_and_again_without_an_answer(notified):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((ADDRESS, 0))
        listener.settimeout(60)
        notified.ctl("zone", "set", notified.zone, f"notify={ADDRESS}#{listener.getsockname()[1]}")
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        wire, peer, first = received(listener)
        message = dns.message.from_wire(wire)
        assert peer[0] == "127.0.0.2"
        assert message.opcode() == dns.opcode.NOTIFY and message.flags & dns.flags.AA
        assert message.question[0].rdtype == dns.rdatatype.SOA
        assert message.question[0].name.to_text() == notified.zone + "."
        again, _, second = received(listener)
        assert again == wire and 2.5 < second - first < 13, "it is told again"
        listener.sendto(dns.message.make_response(message).to_wire(), peer)
        listener.settimeout(4)
        with pytest.raises(TimeoutError):
            listener.recvfrom(512)
        began = time.monotonic()
        for i in range(30):
            notified.update(myip=f"192.0.2.{i + 1}")
        listener.settimeout(1.5)
        count = 0
        with pytest.raises(TimeoutError):
            while True:
                wire, peer = listener.recvfrom(512)
                listener.sendto(dns.message.make_response(dns.message.from_wire(wire)).to_wire(), peer)
                count += 1
        took = time.monotonic() - began
        print(f"30 changes, and no more of them after {took:.1f} s: told {count} times")
        assert 1 <= count <= took + 2
