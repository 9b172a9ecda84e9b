# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ddnsctl client` prints, given to the programs that it is for."""

import os
import re

import pytest

from ddns.steps import wait_until

from .test_clients_http import GATEWAY, SERVER, home  # noqa: F401  pylint: disable=unused-import

ALPHABET = re.compile(r"^[A-Za-z0-9]{44}$")


@pytest.fixture(scope="module")
def key(home):  # noqa: F811
    """Joe's key: its secret."""
    clause = home.stack.ctl("key", "add", "joey-key", "--account", "joey", "--domain", home.hosts[0])
    secret = clause.split('secret "')[1].split('"')[0]
    assert ALPHABET.match(secret)
    wait_until(lambda: home.curl("http", f"/nic/update?hostname={home.hosts[0]}&myip=192.0.2.9",
                                 user=f"joey-key:{secret}").startswith(("good", "nochg")), 30, "the gateway has the key")
    return secret


@pytest.fixture(autouse=True)
def moved(home, key):  # noqa: F811  pylint: disable=unused-argument
    """The host is elsewhere before each test."""
    home.stack.ctl("domain", "online", home.hosts[0], "192.0.2.9")
    home.forget()


def configured(home, program, *words, scheme="http"):  # noqa: F811
    """The configuration with joe's secret, in a file."""
    text = home.stack.ctl("client", home.hosts[0], program, "--key", "joey-key", "--show-secret",
                          "--url", f"{scheme}://{GATEWAY}", *words)
    return text


both = pytest.mark.parametrize("scheme", ["http", "https"])


@both
def test_ddclient(home, scheme):  # noqa: F811
    text = configured(home, "ddclient", scheme=scheme).replace("daemon=300", f"ssl_ca_file={home.ca_file}")
    path = home.write("ddclient.conf", text)
    said = home.run("ddclient", "-daemon=0", "-foreground", "-noquiet", "-file", path, "-cache",
                    os.path.join(home.directory, "ddclient.cache"), expect=None)
    assert f"SUCCESS:  updating {home.hosts[0]}: good: IP address set to 127.0.0.1" in said, said
    home.stack.wait_answer(home.hosts[0], "A", {"127.0.0.1"})


@both
def test_inadyn(home, scheme):  # noqa: F811
    """It asks /myip, and takes no loopback address, so that another one is given to it then."""
    def run(text):
        path = home.write("inadyn.conf", f'ca-trust-file = "{home.ca_file}"\n' + text)
        return home.run("/usr/sbin/inadyn", "-1", "-n", "--force", "-f", path, "-l", "debug", "--cache-dir",
                        os.path.join(home.directory, "cache"), expect=None)
    address = {"http": "203.0.113.9", "https": "203.0.113.10"}[scheme]  # it repeats what it sent last
    text = configured(home, "inadyn", scheme=scheme)
    said = run(text)
    assert "Checking IPv4 address 127.0.0.1" in said, said
    said = run(text.replace("    checkip-server", f'    checkip-command = "/bin/echo {address}"\n    checkip-server'))
    assert f"good {address}" in said, said
    home.stack.wait_answer(home.hosts[0], "A", {address})


@both
def test_curl(home, scheme):  # noqa: F811
    path = home.write("curl.conf", configured(home, "curl", scheme=scheme))
    assert home.run("curl", "--cacert", home.ca_file, "-K", path).strip() == "good 127.0.0.1"


def test_nsupdate(home):  # noqa: F811
    gateway = home.stack.gateway
    path = home.write("update.sh", configured(home, "nsupdate", "--server", f"{SERVER}:{gateway.dns_port}"))
    home.run("sh", path, "192.0.2.44")
    home.run("sh", path, "2001:db8::44")
    home.stack.wait_answer(home.hosts[0], "A", {"192.0.2.44"})
    home.stack.wait_answer(home.hosts[0], "AAAA", {"2001:db8::44"})
    assert "usage" in home.run("sh", path, expect=2)


def test_router(home, key):  # noqa: F811
    """The URL as a FRITZ!Box fills it in."""
    text = configured(home, "router")
    fields = dict(re.findall(r"^([A-Z][\w ]+?)  +(.*)$", text, re.MULTILINE))
    assert (fields["User name"], fields["Password"], fields["Domain"]) == ("joey-key", key, home.hosts[0])
    url = fields["Update URL"].replace("<domain>", home.hosts[0]).replace("<ipaddr>", "192.0.2.45")
    assert home.run("curl", "-sS", "-u", f"joey-key:{key}", url).strip() == "good 192.0.2.45"
