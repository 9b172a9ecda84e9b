# SPDX-License-Identifier: GPL-3.0-or-later
"""lego and certbot: certificates by dns-01, with a key that may write nothing but the challenges."""

import pytest

from .acme import CHALLENGE, AcmeServer


@pytest.fixture
def acme(site):  # pylint: disable=unused-argument
    with AcmeServer("127.0.0.1", 14000, "127.0.0.1") as server:
        yield server


def check(site, acme, proofs):
    """The server saw as many values as were to prove, and none is left in the zone."""
    name = CHALLENGE + site.stack.host
    assert [(looked_up, len(seen)) for looked_up, seen in acme.looked_up] == [(name, proofs)] * proofs
    site.stack.wait_answer(name, "TXT", set())
    assert site.stack.sql("SELECT count(*) FROM ddns.records WHERE type = 'TXT'") == [(0,)]


def test_lego(site, acme):
    """With lego's own look whether the name servers of the zone have the challenge."""
    script = site.recipe("lego", secret=site.secrets["joe-acme"])
    said = site.shell(script.replace("lego --", f"lego --server {acme.url}/dir --path lego --"), RFC2136_POLLING_INTERVAL=1)
    assert "Cleaning DNS-01 challenge" in said and "Server responded with a certificate" in said, said
    check(site, acme, 1)


def test_certbot(site, acme):
    """Two challenges stand at one name: for a domain and for its wildcard."""
    site.write("rfc2136.ini", site.recipe("certbot", secret=site.secrets["joe-acme"]))
    script = site.recipe("certbot", 1).replace(
        "certbot certonly", f"certbot certonly --server {acme.url}/dir --dns-rfc2136-propagation-seconds 0 -n --agree-tos "
        "-m joe@example.org --config-dir config --work-dir work --logs-dir logs")
    said = site.shell(script)
    assert "Successfully received certificate" in said, said
    check(site, acme, 2)
