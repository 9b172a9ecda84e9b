# SPDX-License-Identifier: GPL-3.0-or-later
"""ddclient, inadyn, wget and curl at the HTTP door as their users set them up, over HTTP and HTTPS."""

import os
import re
import socket
import subprocess

import pytest

from ddns import process, tls
from ddns.steps import wait_until

from .program import Programs

PASSWORD = "s3cr+t&x"  # what clients forget to escape
GATEWAY, SERVER = "gw.example.org", "127.0.0.2"
PORTS = {"http": 80, "https": 443}


class Home:
    """Joe's machine: he has two hosts, h1 and h2, and his clients run in one directory."""

    def __init__(self, stack, authority, directory):
        self.stack = stack
        self.ca_file = authority.ca_file
        self.directory = directory
        self.hosts = [f"h1.{stack.zone}", f"h2.{stack.zone}"]
        stack.ctl("zone", "add", "example.org", "--ns", "ns1.example.org")
        stack.ctl("record", "add", GATEWAY, "A", SERVER)
        stack.ctl("account", "add", "joey", "--password-stdin", text=PASSWORD + "\n")
        for host in self.hosts:
            stack.ctl("domain", "add", host, "--account", "joey")
        stack.wait_answer(GATEWAY, "A", {SERVER})

    def run(self, *words, expect=0, text=""):
        """Runs a client; its output, errors among it."""
        done = subprocess.run(words, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              cwd=self.directory, env=process.clean_environment(HOME=self.directory), timeout=60)
        assert expect in (None, done.returncode), f"{words} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
            file.write(text)
        return path

    def url(self, scheme, path):
        return f"{scheme}://{GATEWAY}{path}"

    def curl(self, scheme, path, *words, user=f"joey:{PASSWORD}", expect=0):
        name = ["-u", user] if user else []
        return self.run("curl", "-sS", "-g", "--cacert", self.ca_file, *name, *words, self.url(scheme, path), expect=expect)

    def ddclient(self, scheme, *hosts, address="use=ip, ip=203.0.113.7", password=PASSWORD):
        """ddclient as its manual has it for dyndns2; all that it said."""
        secure = f"ssl=yes\nssl_ca_file={self.ca_file}" if scheme == "https" else "ssl=no"
        configuration = self.write("ddclient.conf", f"daemon=0\n{secure}\n{address}\nprotocol=dyndns2\n"
                                   f"server={GATEWAY}:{PORTS[scheme]}\nlogin=joey\npassword={password}\n{','.join(hosts)}\n")
        return self.run("ddclient", "-daemon=0", "-foreground", "-noquiet", "-force", "-file", configuration, "-cache",
                        os.path.join(self.directory, "ddclient.cache"), expect=None)

    def inadyn(self, *words, expect=0, **more):
        """inadyn's provider for any server; all that it said."""
        return self.run(*self.inadyn_words(*words, **more), expect=expect)

    def inadyn_words(self, scheme, *hosts, path="/nic/update?hostname=%h&myip=%i", address="203.0.113.9",
                     password=PASSWORD):
        """Writes its configuration; its command line."""
        names = ", ".join(f'"{host}"' for host in hosts)
        configuration = self.write("inadyn.conf", f"""\
period = 300
allow-ipv6 = true
ca-trust-file = "{self.ca_file}"
custom gw {{
    username = joey
    password = "{password}"
    hostname = {{ {names} }}
    ssl = {'true' if scheme == 'https' else 'false'}
    ddns-server = {GATEWAY}:{PORTS[scheme]}
    ddns-path = "{path}"
    checkip-command = "/bin/echo {address}"
}}
""")
        return ["/usr/sbin/inadyn", "-1", "-n", "--force", "-f", configuration, "-l", "debug", "--cache-dir",
                os.path.join(self.directory, "cache")]

    def serial(self):
        return self.stack.sql("SELECT serial FROM ddns.served_zones WHERE origin = %s", (self.stack.zone,))[0][0]

    def forget(self):
        """What clients remember of the last time."""
        for name in ("ddclient.cache", "ddclient.conf"):
            if os.path.exists(os.path.join(self.directory, name)):
                os.unlink(os.path.join(self.directory, name))


@pytest.fixture(scope="module")
def home(namespace, module_stacks, tmp_path_factory):  # pylint: disable=unused-argument
    """Port 80 and 443 of 127.0.0.2 are the gateway's; 127.0.0.8 is a proxy that it trusts."""
    directory = str(tmp_path_factory.mktemp("home"))
    os.makedirs(os.path.join(directory, "cache"))
    authority = tls.Authority(os.path.join(directory, "tls"))
    stack = module_stacks.make("home")
    stack.named.usual_port = 53
    stack.gateway.port, stack.gateway.https_port = 80, 443
    stack.gateway.certificate = authority.issue(hosts=(SERVER, GATEWAY))
    stack.gateway.options = 'trusted-proxies = {"127.0.0.8"}\n'
    made = Home(stack.start(), authority, directory)
    assert (stack.named.port, stack.gateway.port, stack.gateway.https_port) == (53, 80, 443)
    return made


@pytest.fixture(autouse=True)
def fresh(home):  # pylint: disable=redefined-outer-name
    home.forget()


both = pytest.mark.parametrize("scheme", ["http", "https"])


# -- ddclient ----------------------------------------------------------------------------------------


@both
def test_ddclient_updates_and_repeats(home, scheme):
    """Two hosts in one request; the same again changes nothing."""
    address = {"http": "203.0.113.7", "https": "203.0.113.8"}[scheme]
    said = home.ddclient(scheme, *home.hosts, address=f"use=ip, ip={address}")
    for host in home.hosts:
        assert f"SUCCESS:  updating {host}: good: IP address set to {address}" in said, said
        home.stack.wait_answer(host, "A", {address})
    with open(os.path.join(home.directory, "ddclient.cache"), encoding="utf-8") as file:
        assert file.read().count("status=good") == 2
    serial = home.serial()
    said = home.ddclient(scheme, *home.hosts, address=f"use=ip, ip={address}")
    assert said.count("nochg") == 2, said
    assert home.serial() == serial


@both
def test_ddclient_with_a_wrong_password(home, scheme):
    said = home.ddclient(scheme, *home.hosts, password="wrong")
    assert "authorization failed (HTTP/1.1 401" in said, said


@both
def test_ddclient_with_a_host_of_nobody(home, scheme):
    """The first host is done though the second is not."""
    address = {"http": "203.0.113.17", "https": "203.0.113.18"}[scheme]
    said = home.ddclient(scheme, home.hosts[0], f"nope.{home.stack.zone}", address=f"use=ip, ip={address}")
    assert f"SUCCESS:  updating {home.hosts[0]}" in said, said
    assert re.search(rf"FAILED: +updating nope\.{home.stack.zone}: nohost", said), said


@both
def test_ddclient_with_ipv6_alone_keeps_an_ipv4_address(home, scheme):
    """It sends an empty myip=, which takes nothing away."""
    host = home.hosts[0]
    home.curl(scheme, f"/nic/update?hostname={host}&myip=203.0.113.20")
    said = home.ddclient(scheme, host, address="usev4=disabled\nusev6=ipv6, ipv6=2001:db8::7")
    assert "401" not in said and "FAILED" not in said, said
    addresses = home.stack.rdata(host, "A")
    assert len(addresses) == 1 and addresses <= {"203.0.113.20", "127.0.0.1", SERVER}


# -- inadyn ------------------------------------------------------------------------------------------


@both
def test_inadyn_updates(home, scheme):
    said = home.inadyn(scheme, *home.hosts)
    assert said.count("Successful alias table update") == 2, said
    for host in home.hosts:
        home.stack.wait_answer(host, "A", {"203.0.113.9"})


@both
def test_inadyn_with_a_wrong_password(home, scheme):
    home.inadyn(scheme, home.hosts[0], password="wrong", expect=50)


@both
def test_inadyn_with_a_host_whose_name_has_ok_in_it(home, scheme):
    """It looks for ok, good, true, ... anywhere in the answer, so the name must not be there."""
    home.inadyn(scheme, f"tokyo.{home.stack.zone}", expect=48)


@both
def test_inadyn_sends_an_ipv6_address_escaped(home, scheme):
    said = home.inadyn(scheme, home.hosts[0], address="2001:db8::9")
    assert "Successful alias table update" in said, said
    home.stack.wait_answer(home.hosts[0], "AAAA", {"2001:db8::9"})


@both
def test_inadyn_with_a_path_that_ends_with_the_host(home, scheme):
    """The form that UniFi's users type."""
    said = home.inadyn(scheme, home.hosts[1], path="/nic/update?myip=203.0.113.29&hostname=")
    assert "Successful alias table update" in said, said
    home.stack.wait_answer(home.hosts[1], "A", {"203.0.113.29"})


@both
def test_inadyn_tries_again_later_while_the_database_is_down(home, scheme):
    """It stays for what it takes to be a hiccup, and would end at any other answer."""
    inadyn = Programs(home.directory)
    home.stack.cluster.stop()
    try:
        inadyn.start(*home.inadyn_words(scheme, home.hosts[0])).wait_log(r"retry again in 600 sec", 30)
    finally:
        inadyn.end()
        home.stack.cluster.start()
        wait_until(home.stack.gateway.is_ready, 30, "the gateway is ready again")


# -- wget and curl ------------------------------------------------------------------------------------


@both
def test_wget_waits_to_be_asked_for_the_password(home, scheme):
    escaped = PASSWORD.replace("+", "%2B").replace("&", "%26")
    said = home.run("wget", "-nv", "-t", "1", "-O", "-", f"--ca-certificate={home.ca_file}",
                    f"{scheme}://joey:{escaped}@{GATEWAY}/nic/update?hostname={home.hosts[0]}&myip=192.0.2.1")
    assert "good 192.0.2.1" in said or "nochg 192.0.2.1" in said
    home.stack.wait_answer(home.hosts[0], "A", {"192.0.2.1"})


@both
def test_curl_sets_both_families(home, scheme):
    last = {"http": 5, "https": 6}[scheme]
    assert home.curl(scheme, f"/nic/update?hostname={home.hosts[0]}&myip=192.0.2.{last},2001:db8::{last}").splitlines() == \
        [f"good 192.0.2.{last},2001:db8::{last}"]
    home.stack.wait_answer(home.hosts[0], "A", {f"192.0.2.{last}"})
    home.stack.wait_answer(home.hosts[0], "AAAA", {f"2001:db8::{last}"})


@both
def test_the_address_that_is_seen(home, scheme):
    """Forged headers of a stranger change nothing; a trusted proxy's count."""
    forged = ("-H", "X-Forwarded-For: 198.51.100.9")
    assert home.curl(scheme, "/myip", "--interface", "127.0.0.9", user=None) == "127.0.0.9"
    assert home.curl(scheme, "/myip", "--interface", "127.0.0.9", *forged, user=None) == "127.0.0.9"
    assert home.curl(scheme, "/myip", "--interface", "127.0.0.8", *forged, user=None) == "198.51.100.9"


@both
def test_a_router_that_sends_a_prefix(home, scheme):
    """FRITZ!Box: no host name but the key's only one, and an IPv6 prefix beside the address."""
    name = f"fritz-{scheme}"
    clause = home.stack.ctl("key", "add", name, "--account", "joey", "--domain", home.hosts[0])
    secret = re.search(r'secret "([^"]+)"', clause)[1]
    last = {"http": 36, "https": 37}[scheme]

    def known():
        said = home.curl(scheme, f"/nic/update?myip=192.0.2.{last},2001:db8:1::/64", "-A", "Fritz!Box DDNS/1.0.1",
                         user=f"{name}:{secret}")
        return said.startswith("good ")
    wait_until(known, 30, "the new key is known and updates")
    home.stack.wait_answer(home.hosts[0], "A", {f"192.0.2.{last}"})


def test_a_request_with_bare_line_feeds(home):
    """What old routers send, HTTP/1.0 without a Host."""
    import base64  # pylint: disable=import-outside-toplevel
    basic = base64.b64encode(f"joey:{PASSWORD}".encode()).decode()
    with socket.create_connection((SERVER, 80), 10) as connection:
        connection.sendall(f"GET /nic/update?hostname={home.hosts[0]}&myip=192.0.2.7 HTTP/1.0\n"
                           f"Authorization: Basic {basic}\n\n".encode())
        said = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    assert said.splitlines()[-1] == "good 192.0.2.7", said
    home.stack.wait_answer(home.hosts[0], "A", {"192.0.2.7"})


@both
def test_forms_and_odd_requests(home, scheme):
    last = {"http": 8, "https": 48}[scheme]
    host = home.hosts[0]
    assert home.curl(scheme, "/nic/update", "-d", f"hostname={host}&myip=192.0.2.{last}").strip() == f"good 192.0.2.{last}"
    home.stack.wait_answer(host, "A", {f"192.0.2.{last}"})
    serial = home.serial()
    home.curl(scheme, f"/nic/update?hostname={host}&myip=192.0.2.99", "-I")
    assert home.serial() == serial and home.stack.rdata(host, "A") == {f"192.0.2.{last}"}
    answer = home.curl(scheme, f"/nic/update?hostname={host}&myip=192.0.2.{last}", "-H", "Host:", expect=None)
    assert answer.strip() == f"nochg 192.0.2.{last}", answer
