# SPDX-License-Identifier: GPL-3.0-or-later
"""lego and certbot: certificates by dns-01, with a key that may write nothing but the challenges."""

import os

import pytest

from .acme import CHALLENGE, AcmeServer

NAME = "www.h1.example.org"


@pytest.fixture
def acme(site):  # pylint: disable=unused-argument
    with AcmeServer("127.0.0.1", 14000, "127.0.0.1") as server:
        yield server


@pytest.fixture(scope="module")
def key(site):
    """The name of a key for challenges only."""
    site.key("acme", "--type", "TXT", "--name", "_acme-challenge.*")
    return "acme"


def check(site, acme, names):
    """The server saw as many values as were to prove, and nothing is left in the zone."""
    assert [name for name, _ in acme.looked_up] == [CHALLENGE + name for name in names]
    for name, seen in acme.looked_up:
        assert len(seen) == names.count(name.removeprefix(CHALLENGE))
        assert site.stack.rcode(name) == "NXDOMAIN"
    assert site.stack.sql("SELECT count(*) FROM ddns.records WHERE zone = 'example.org' AND type = 'TXT'") == [(0,)]


def test_lego(site, acme, key):
    said = site.run(["env", "RFC2136_NAMESERVER=gw.example.org:53", f"RFC2136_TSIG_KEY={key}",
                     f"RFC2136_TSIG_SECRET={site.secrets[key]}", "RFC2136_TSIG_ALGORITHM=hmac-sha256.",
                     "RFC2136_POLLING_INTERVAL=1", "lego", "--path", "lego", "--server", f"{acme.url}/dir",
                     "--accept-tos", "--email", "joe@example.org", "--domains", NAME, "--dns", "rfc2136", "run"])
    assert "Cleaning DNS-01 challenge" in said and "Server responded with a certificate" in said, said
    check(site, acme, [NAME])


def test_certbot(site, acme, key):
    """Two challenges stand at one name: for a domain and for its wildcard."""
    with open(f"{site.home}/certbot.ini", "w", encoding="utf-8", opener=_private) as file:
        file.write(f"dns_rfc2136_server = 127.0.0.2\ndns_rfc2136_port = 53\ndns_rfc2136_name = {key}.\n"
                   f"dns_rfc2136_secret = {site.secrets[key]}\ndns_rfc2136_algorithm = HMAC-SHA256\n")
    said = site.run(["certbot", "certonly", "--server", f"{acme.url}/dir", "--dns-rfc2136",
                     "--dns-rfc2136-credentials", "certbot.ini", "--dns-rfc2136-propagation-seconds", "0",
                     "-d", NAME, "-d", f"*.{NAME}", "--agree-tos", "-m", "joe@example.org", "-n", "--config-dir", "c",
                     "--work-dir", "w", "--logs-dir", "l"])
    assert "Successfully received certificate" in said, said
    check(site, acme, [NAME, NAME])


def _private(path, flags):
    return os.open(path, flags, 0o600)
