# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account with zones of its own sees of the DNS door: keys, tools, and single messages."""

import contextlib
import os
import re
import socket
import subprocess

import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

from ddns.steps import wait_until

ZONE = "example.org"
REVERSE = "2.0.192.in-addr.arpa"


class Client:
    """Zones of the demo's account, and keys k1 (hmac-sha256) and kmd5 for them."""

    def __init__(self, stack):
        self.stack = stack
        self.home = os.path.join(stack.directory, "client")
        os.makedirs(self.home)
        for zone in (ZONE, REVERSE):
            stack.ctl("zone", "add", zone, "--private", stack.account, "--ns", "ns1.example.org")
        stack.ctl("record", "add", f"ns1.{ZONE}", "A", stack.gateway.address)
        self.secrets = {}
        self.algorithms = {}
        self.key("k1")
        self.key("kmd5", "--algorithm", "hmac-md5")

    @property
    def address(self):
        return self.stack.gateway.address

    @property
    def port(self):
        return self.stack.gateway.dns_port

    def key(self, name, *words):
        """Makes a key; its file is for nsupdate -k."""
        known = self.stack.gateway.metric("ddns_gateway_keys")
        clause = self.stack.ctl("key", "add", name, "--account", self.stack.account, *words)
        wait_until(lambda: self.stack.gateway.metric("ddns_gateway_keys") > known, what=f"key {name} is known")
        with open(self.key_file(name), "w", encoding="utf-8") as file:
            file.write(clause)
        self.secrets[name] = re.search(r'secret "([^"]*)"', clause)[1]
        self.algorithms[name] = re.search(r"algorithm \"?([a-z0-9-]*)", clause)[1]

    def key_file(self, name):
        return os.path.join(self.home, f"{name}.key")

    def nsupdate(self, script, *words, key="k1", expect=0):
        """Runs nsupdate with a script; its output."""
        options = [*words] if key is None else ["-k", self.key_file(key), *words]
        return self.run(["nsupdate", *options], script, expect)

    def run(self, command, script="", expect=0):
        done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=120, check=False,
                              cwd=self.home)
        output = done.stdout + done.stderr
        assert done.returncode == expect, f"{command} ended with {done.returncode}: {output}"
        return output

    def server(self):
        return f"server {self.address} {self.port}\n"

    # -- single messages -------------------------------------------------------------------------------

    def keyring(self, name="k1", secret=None):
        return dns.tsigkeyring.from_text({name: (self.algorithm(name), secret or self.secrets[name])})

    def algorithm(self, name):
        known = self.algorithms.get(name, "hmac-sha256")
        return "HMAC-MD5.SIG-ALG.REG.INT" if known == "hmac-md5" else known

    def message(self, zone=ZONE, key="k1"):
        """An empty UPDATE, to be filled."""
        made = dns.update.UpdateMessage(zone)
        if key is not None:
            made.use_tsig(self.keyring(key), algorithm=self.algorithm(key))
        return made

    def send(self, message, tcp=False, timeout=30):
        """The answer, its signature verified."""
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(message, self.address, port=self.port, timeout=timeout)

    def answers(self, messages, silence=1.0):
        """How many answers come to messages that are sent at once; for so long there was none at the end."""
        count = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(silence)
            for message in messages:
                client.sendto(message.to_wire(), (self.address, self.port))
            with contextlib.suppress(TimeoutError):
                while client.recv(65535):
                    count += 1
        return count

    def rcode(self, message, **more):
        return dns.rcode.to_text(self.send(message, **more).rcode())

    def query(self, name, rtype, key=None, tcp=False):
        asked = dns.message.make_query(name, rtype)
        if key is not None:
            asked.use_tsig(self.keyring(key), algorithm=self.algorithm(key))
        return self.send(asked, tcp=tcp)

    # -- what is stored and served ------------------------------------------------------------------------

    def serial(self, zone=ZONE):
        return self.stack.sql("SELECT serial FROM ddns.served_zones WHERE origin = %s", (zone,))[0][0]

    def stored(self, owner, zone=ZONE):
        """Type, TTL and data of the records at an owner."""
        rows = self.stack.sql("SELECT type, ttl, rdata FROM ddns.records WHERE zone = %s AND owner = %s", (zone, owner))
        return {tuple(row) for row in rows}
