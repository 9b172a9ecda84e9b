# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that use DNS UPDATE: Kea's DHCP-DDNS, lego, certbot, and the scripts of a dial-up host."""

import json
import os
import shutil
import socket
import struct
import subprocess
import time

import pytest
from ddns.steps import wait_until

from .acme import Acme
from .client import REVERSE, ZONE


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


class Kea:
    """kea-dhcp-ddns, and name change requests to it as kea-dhcp4 sends them."""

    def __init__(self, update):
        self.home = os.path.join(update.home, "kea")
        os.makedirs(self.home)
        self.log = os.path.join(self.home, "log")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        def domains(name):
            return {"ddns-domains": [{"name": name, "key-name": "k1",
                                      "dns-servers": [{"ip-address": update.address, "port": update.port}]}]}
        config = {"DhcpDdns": {
            "ip-address": "127.0.0.1", "port": self.port, "dns-server-timeout": 500,
            "tsig-keys": [{"name": "k1", "algorithm": "HMAC-SHA256", "secret": update.secrets["k1"]}],
            "forward-ddns": domains(f"{ZONE}."), "reverse-ddns": domains(f"{REVERSE}."),
            "loggers": [{"name": "kea-dhcp-ddns", "severity": "DEBUG", "debuglevel": 50,
                         "output_options": [{"output": self.log, "flush": True}]}]}}
        path = os.path.join(self.home, "d2.conf")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        environment = os.environ | {"KEA_PIDFILE_DIR": self.home, "KEA_LOCKFILE_DIR": "none"}
        self.process = subprocess.Popen(["kea-dhcp-ddns", "-c", path], env=environment, cwd=self.home,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: "DHCP_DDNS_STARTED" in self.read() or "LISTENING" in self.read(), 10, "kea listens")

    def read(self, begin=0):
        try:
            with open(self.log, encoding="utf-8") as file:
                return file.read()[begin:]
        except FileNotFoundError:
            return ""

    def request(self, expected, change=0, address="192.0.2.50", owner="0" * 64):
        """Sends a request and waits for the word in the log."""
        begin = len(self.read())
        text = json.dumps({
            "change-type": change, "forward-change": True, "reverse-change": True, "fqdn": f"pc1.{ZONE}.",
            "ip-address": address, "dhcid": "000001" + owner, "lease-expires-on": "20300121132405",
            "lease-length": 1800, "use-conflict-resolution": True}).encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(struct.pack("!H", len(text)) + text, ("127.0.0.1", self.port))
        wait_until(lambda: expected in self.read(begin), 10, f"kea says {expected}")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@needs("kea-dhcp-ddns")
def test_kea(update):
    """A lease comes, moves, is denied to another client, and goes."""
    kea = Kea(update)
    try:
        kea.request("DHCP_DDNS_ADD_SUCCEEDED")
        assert {row[0] for row in update.stored("pc1")} == {"A", "DHCID"}
        assert {row[0] for row in update.stored("50", REVERSE)} == {"PTR", "DHCID"}
        kea.request("DHCP_DDNS_ADD_SUCCEEDED", address="192.0.2.51")
        assert ("A", 600, "192.0.2.51") in {(t, 600, r) for t, _, r in update.stored("pc1")}
        kea.request("REJECTED", owner="1" * 64, address="192.0.2.52")
        assert "192.0.2.52" not in {row[2] for row in update.stored("pc1")}
        kea.request("REMOVE_SUCCEEDED", change=1, address="192.0.2.51")
        assert update.stored("pc1") == set() and update.stored("51", REVERSE) == set()
    finally:
        kea.stop()


def challenge_records(update, host):
    owner = "_acme-challenge." + host.removesuffix("." + update.stack.zone)
    return [row[2] for row in update.stored(owner, update.stack.zone)]


@pytest.fixture
def acme(update):
    """The stand-in, for a name below the demo's domain, and a key that may do nothing but its challenges."""
    host = "www." + update.stack.host
    seen = []
    update.key("acme", "--type", "TXT", "--name", "_acme-challenge.*", "--expires", "90d")
    made = Acme(host, lambda: seen.extend(challenge_records(update, host)))
    made.seen = seen
    yield made
    made.stop()
    update.stack.ctl("key", "delete", "acme")


@needs("lego")
def test_lego(update, acme):
    environment = os.environ | {
        "RFC2136_NAMESERVER": f"{update.address}:{update.port}", "RFC2136_TSIG_KEY": "acme.",
        "RFC2136_TSIG_SECRET": update.secrets["acme"], "RFC2136_TSIG_ALGORITHM": "hmac-sha256."}
    done = subprocess.run(
        ["lego", "--path", "lego", "--server", f"{acme.url}/dir", "--accept-tos", "--email", "a@example.org",
         "--domains", acme.domain, "--dns", "rfc2136", "--dns.disable-cp",
         "--dns.resolvers", f"{update.address}:{update.port}", "run"],
        env=environment, cwd=update.home, capture_output=True, text=True, timeout=90, check=False)
    said = done.stdout + done.stderr
    assert "Cleaning DNS-01 challenge" in said, said
    assert len(acme.seen) == 1, said
    assert "rfc2136: failed" not in said and challenge_records(update, acme.domain) == []


@needs("certbot")
def test_certbot(update, acme):
    ini = os.path.join(update.home, "certbot.ini")
    with open(ini, "w", encoding="utf-8") as file:
        file.write(f"dns_rfc2136_server = {update.address}\ndns_rfc2136_port = {update.port}\ndns_rfc2136_name = acme.\n"
                   f"dns_rfc2136_secret = {update.secrets['acme']}\ndns_rfc2136_algorithm = HMAC-SHA256\n")
    os.chmod(ini, 0o600)
    done = subprocess.run(
        ["certbot", "certonly", "--server", f"{acme.url}/dir", "--dns-rfc2136", "--dns-rfc2136-credentials", ini,
         "--dns-rfc2136-propagation-seconds", "1", "-d", acme.domain, "--agree-tos", "-m", "a@example.org", "-n",
         "--config-dir", "c", "--work-dir", "w", "--logs-dir", "l"],
        cwd=update.home, capture_output=True, text=True, timeout=90, check=False)
    said = done.stdout + done.stderr
    assert "Waiting 1 seconds for DNS changes to propagate" in said, said
    assert len(acme.seen) == 1 and challenge_records(update, acme.domain) == []


def test_scripts_of_a_host_that_dials_in(update):
    """ip-up deletes all and adds with TTL 1, in two messages since a blank line sends; ip-down deletes."""
    up = (f"{update.server()}zone {ZONE}\nupdate delete hosta.{ZONE}\n\n"
          f"update add hosta.{ZONE} 1 A {{}}\n\n")
    for last in (1, 2):
        update.nsupdate(up.format(f"198.51.100.{last}"), key="kmd5")
        assert update.stored("hosta") == {("A", 1, f"198.51.100.{last}")}
        update.stack.wait_answer(f"hosta.{ZONE}", "A", {f"198.51.100.{last}"})
    update.nsupdate(f"{update.server()}zone {ZONE}\nupdate add hostb.{ZONE} 86400 IN A 192.0.2.9\nsend\n", key="kmd5")
    update.nsupdate(f"{update.server()}zone {ZONE}\nupdate delete hosta.{ZONE} A 198.51.100.2\n"
                    f"update delete hostb.{ZONE} IN A 192.0.2.9\nsend\n", key="kmd5")
    assert update.stored("hosta") == set() and update.stored("hostb") == set()
    begun = time.monotonic()
    wait_until(lambda: update.stack.rcode(f"hosta.{ZONE}") == "NXDOMAIN", 5, "it is gone")
    print(f"gone after {1000 * (time.monotonic() - begun):.1f} ms")
