# SPDX-License-Identifier: GPL-3.0-or-later
"""Stock named with a dynamic zone in a file: what RFC 2136 means in practice; and both servers with one zone."""

import os
import random
import socket
import struct
import subprocess
import time

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.zone

from ddns.ports import Claims
from ddns.steps import StepFailed, wait_until

from .client import Client

ZONE = "oracle.example"
START = """\
@ 60 IN SOA ns1 hostmaster 1000 3600 600 604800 60
@ 60 IN NS ns1
@ 60 IN NS ns2
ns1 60 IN A 192.0.2.53
ns2 60 IN A 192.0.2.54
ns3 60 IN A 192.0.2.55
host 60 IN A 192.0.2.1
host 60 IN A 192.0.2.2
host 60 IN TXT "one" "two"
alias 60 IN CNAME host
a.ent 60 IN A 192.0.2.9
*.wild 60 IN TXT "wild"
mail 60 IN MX 10 host
"""

IN, NONE, ANY, CH = 1, 254, 255, 3

CONFIG = """\
options {{ directory "{home}"; listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }}; recursion no;
  pid-file none; session-keyfile none; dnssec-validation no; notify no; minimal-responses yes; }};
controls {{ }};
{keys}
zone "{zone}" {{ type primary; file "zone"; allow-transfer {{ any; }}; allow-update {{ {names} }};
  check-names ignore; check-integrity no; }};
"""


class Named:
    """One named.  It runs as a private copy, since AppArmor's profile is for the installed path."""

    def __init__(self, home, zone, text, keys, address="127.0.0.1"):
        """keys: name -> (algorithm, secret)."""
        os.makedirs(home)
        self.address = address
        self._claims = Claims()
        self.port = self._claims.port(address, [], ("udp", "tcp"))
        binary = os.path.join(home, "named")
        with open("/usr/sbin/named", "rb") as source, open(binary, "wb") as target:
            target.write(source.read())
        os.chmod(binary, 0o755)
        with open(os.path.join(home, "zone"), "w", encoding="ascii") as file:
            file.write(text)
        clauses = "\n".join(f'key "{name}" {{ algorithm {algorithm}; secret "{secret}"; }};'
                            for name, (algorithm, secret) in keys.items())
        with open(os.path.join(home, "named.conf"), "w", encoding="ascii") as file:
            file.write(CONFIG.format(home=home, port=self.port, address=address, keys=clauses, zone=zone,
                                     names=" ".join(f'key "{name}";' for name in keys)))
        with open(os.path.join(home, "log"), "wb") as log:
            self.process = subprocess.Popen([binary, "-g", "-c", os.path.join(home, "named.conf")],
                                            stdout=log, stderr=log, cwd=home)
        question = dns.message.make_query(zone, "SOA")

        def answers():
            if self.process.poll() is not None:
                raise StepFailed("named did not start", os.path.join(home, "log"))
            try:
                return dns.query.udp(question, address, port=self.port, timeout=0.5).rcode() == dns.rcode.NOERROR
            except (OSError, dns.exception.Timeout):
                return False
        wait_until(answers, 60, f"named answers, or tells why not in {home}/log")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
        self._claims.__exit__()


def name_wire(name):
    """A name in wire form; without final dot it lies in the zone, "@" is the zone's own."""
    full = ZONE + "." if name == "@" else name if name.endswith(".") else f"{name}.{ZONE}."
    return dns.name.from_text(full).to_wire()


def rr(name, rtype, klass=IN, ttl=60, data=b""):
    """An RR; data is text, octets, or None for a length of none."""
    number = rtype if isinstance(rtype, int) else dns.rdatatype.from_text(rtype)
    if isinstance(data, str):
        text = dns.rdata.from_text("IN", rtype, data, origin=dns.name.from_text(ZONE), relativize=False)
        data = text.to_wire()
    return name_wire(name) + struct.pack("!HHIH", number, klass, ttl, len(data)) + data


def gone(name, rtype="ANY"):
    return rr(name, rtype, ANY, 0)


def less(name, rtype, data):
    return rr(name, rtype, NONE, 0, data)


def update(prerequisites=(), changes=(), zone=None, ztype=6, zclass=IN, zones=1, flags=0x2800, tail=b""):
    """The octets of a message, unsigned, and with any mistake one likes."""
    section = (name_wire("@") if zone is None else dns.name.from_text(zone).to_wire()) + struct.pack("!HH", ztype, zclass)
    header = struct.pack("!HHHHHH", random.getrandbits(16), flags, zones, len(prerequisites), len(changes), 0)
    return header + section * zones + b"".join(prerequisites) + b"".join(changes) + tail


class Peer:
    """One of the two servers."""

    def __init__(self, address, port, key):
        self.address, self.port, self.key = address, port, key

    def sign(self, wire, now=None):
        """With the TSIG RR added as a client would."""
        tsig = dns.rdtypes.ANY.TSIG.TSIG(255, 250, self.key.algorithm, now or int(time.time()), 300, b"",
                                         struct.unpack("!H", wire[:2])[0], 0, b"")
        made, _ = dns.tsig.sign(wire, self.key, tsig, int(time.time()) if now is None else now)
        rdata = made.to_wire()
        return (wire[:10] + struct.pack("!H", struct.unpack("!H", wire[10:12])[0] + 1) + wire[12:]
                + self.key.name.to_wire() + struct.pack("!HHIH", 250, 255, 0, len(rdata)) + rdata)

    def ask(self, wire, timeout=30.0):
        """The octets of the answer, None when there is none."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(timeout)
            client.sendto(wire, (self.address, self.port))
            try:
                return client.recv(65535)
            except TimeoutError:
                return None

    def rcode(self, wire, is_signed=True, **more):
        answer = self.ask(self.sign(wire) if is_signed else wire, **more)
        return None if answer is None else dns.rcode.to_text(answer[3] & 15)

    def data(self):
        """All RRs by transfer, without the SOA; its serial; the rest of it.

        Names are stored in lower case here, and in the case that was typed there: that is left out.
        """
        question = dns.message.make_query(ZONE, "AXFR")
        question.use_tsig(self.key)
        zone = dns.zone.Zone(ZONE)
        dns.query.inbound_xfr(self.address, zone, question, port=self.port, timeout=30)
        rows = set()
        for name, ttl, rdata in zone.iterate_rdatas():
            text = rdata.to_text() if rdata.rdtype == dns.rdatatype.TXT else rdata.to_text().lower()
            if rdata.rdtype != dns.rdatatype.SOA:
                rows.add((str(name).lower(), dns.rdatatype.to_text(rdata.rdtype), ttl, text))
        soa = zone.get_rdataset("@", "SOA")
        return rows, soa[0].serial, (soa.ttl, soa[0].to_text().split()[3:])


class Both:
    """The two, with the same zone."""

    def __init__(self, stack, home):
        client = Client(stack)
        stack.ctl("zone", "add", ZONE, "--private", stack.account, "--ns", f"ns1.{ZONE}")
        secret = client.secrets["k1"]
        key = dns.tsig.Key("k1", secret, dns.tsig.HMAC_SHA256)
        self.stack = stack
        self.ours = Peer(client.address, client.port, key)
        self._fill()
        self.named = Named(home, ZONE, START, {"k1": ("hmac-sha256", secret)})
        self.theirs = Peer(self.named.address, self.named.port, key)

    def _fill(self):
        rows = [line.split(None, 4) for line in START.splitlines()]
        absolute = lambda text: text if text.endswith(".") else f"{text}.{ZONE}."
        self.stack.sql("DELETE FROM ddns.records WHERE zone = %s", (ZONE,))
        for owner, ttl, _, rtype, data in rows:
            if rtype in ("NS", "CNAME"):
                data = absolute(data)
            elif rtype == "MX":
                data = data.split()[0] + " " + absolute(data.split()[1])
            if rtype != "SOA":
                self.stack.sql("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES (%s, %s, %s, %s, %s)",
                               (ZONE, owner, rtype, int(ttl), data))
        self.stack.sql("UPDATE ddns.zones SET name_servers = %s WHERE origin = %s", ([f"ns1.{ZONE}"], ZONE))
        self.stack.sql("UPDATE ddns.zone_state SET serial = 1000 WHERE zone_id = (SELECT id FROM ddns.zones "
                       "WHERE origin = %s)", (ZONE,))

    def compare(self, wire, is_signed=True):
        """Sends it to both; the rcode that both gave, after comparing serials."""
        before = self.ours.data()[1], self.theirs.data()[1]
        got = self.ours.rcode(wire, is_signed), self.theirs.rcode(wire, is_signed)
        ours, theirs = self.ours.data(), self.theirs.data()
        steps = ours[1] - before[0], theirs[1] - before[1]
        assert ours[0] == theirs[0]
        return got, steps
