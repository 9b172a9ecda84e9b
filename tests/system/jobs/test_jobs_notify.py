# SPDX-License-Identifier: GPL-3.0-or-later
"""Secondaries are told of changes (RFC 1996): a stock named, and one that never answers."""

import os
import socket
import statistics
import time

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rdatatype
import pytest

from ddns import process
from ddns.ports import Claims
from ddns.steps import wait_until

ADDRESS = "127.0.0.1"  # named listens at addresses that an interface has
CONFIG = """\
options {{
    directory "{home}"; pid-file none; session-keyfile none;
    listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
    recursion no; notify no; dnssec-validation no;
}};
controls {{ }};
zone "{zone}" {{
    type secondary; primaries {{ {primary} port {primary_port}; }}; file "secondary.db";
    allow-notify {{ 127.0.0.2; }};
}};
"""


class Secondary:
    """A stock named that transfers the demo's zone."""

    def __init__(self, stack):
        self.stack = stack
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
                                         primary=self.stack.named.address, primary_port=self.stack.named.port))
            self.server.start(["/usr/sbin/named", "-g", "-n", "1", "-c", conf], cwd=self.home)
            wait_until(self.serial, 20, "the secondary has the zone")
        return self

    def ask(self, name, rtype):
        message = dns.message.make_query(name, rtype)
        try:
            return dns.query.udp(message, ADDRESS, port=self.port, timeout=1)
        except (dns.exception.Timeout, OSError):
            return None

    def serial(self):
        answer = self.ask(self.stack.zone, "SOA")
        return answer.answer[0][0].serial if answer is not None and answer.answer else None

    def addresses(self, name):
        answer = self.ask(name, "A")
        return {rdata.to_text() for rrset in answer.answer for rdata in rrset} if answer is not None else set()


@pytest.fixture
def notified(stacks):
    """A stack whose gateway tells from 127.0.0.2, and asks its named first."""
    stack = stacks.make("notify").start(gateway=False)
    stack.gateway.options = (f'name-servers = {{"{stack.named.address}:{stack.named.port}"}}\n'
                             'notify-source = {"127.0.0.2:0"}\n')
    stack.start_gateway()
    stack.ctl("zone", "set", stack.zone, "transfer=127.0.0.0/8")
    return stack


def test_a_secondary_pulls_each_change(notified):
    secondary = Secondary(notified)
    try:
        wait_until(lambda: notified.named.port and notified.query(notified.zone, "AXFR", tcp=True).answer, 10,
                   "the zone may be transferred")
        secondary.start()
        notified.ctl("zone", "set", notified.zone, f"notify={ADDRESS}#{secondary.port}")
        times = []
        for i in range(7):
            time.sleep(1.1)  # a zone is told of once a second
            address = f"192.0.2.{i + 101}"
            began = time.monotonic()
            assert notified.update(myip=address) == f"good {address}"
            wait_until(lambda a=address: secondary.addresses(notified.host) == {a}, 10, "the secondary has the change",
                       interval=0.01)
            times.append(time.monotonic() - began)
        print(f"from update to the secondary's answer: median {statistics.median(times):.2f} s, most {max(times):.2f} s")
        assert statistics.median(times) < 1.5
        assert "does not answer" not in notified.gateway.read_log()
    finally:
        secondary.server.stop()


def test_told_once_a_second_from_the_source_and_again_without_an_answer(notified):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((ADDRESS, 0))
        listener.settimeout(15)
        notified.ctl("zone", "set", notified.zone, f"notify={ADDRESS}#{listener.getsockname()[1]}")
        wire, peer = listener.recvfrom(512)
        message = dns.message.from_wire(wire)
        assert peer[0] == "127.0.0.2"
        assert message.opcode() == dns.opcode.NOTIFY and message.flags & dns.flags.AA
        assert message.question[0].rdtype == dns.rdatatype.SOA
        assert message.question[0].name.to_text() == notified.zone + "."
        began = time.monotonic()
        again, _ = listener.recvfrom(512)
        assert again == wire and 2.5 < time.monotonic() - began < 6, "it is told again"
        listener.sendto(dns.message.make_response(message).to_wire(), peer)
        listener.settimeout(4)
        with pytest.raises(TimeoutError):
            listener.recvfrom(512)
        began = time.monotonic()
        for i in range(30):
            notified.update(myip=f"192.0.2.{i + 1}")
        took = time.monotonic() - began
        listener.settimeout(1.5)
        count = 0
        with pytest.raises(TimeoutError):
            while True:
                wire, peer = listener.recvfrom(512)
                listener.sendto(dns.message.make_response(dns.message.from_wire(wire)).to_wire(), peer)
                count += 1
        print(f"30 changes in {took:.1f} s: told {count} times")
        assert 1 <= count <= took + 2
