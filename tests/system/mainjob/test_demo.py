# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: one curl changes a row in PostgreSQL, and stock named answers with it at once."""

import os
import subprocess

import pytest


def test_curl_is_answered_by_dig(stack):
    """Exactly what the README shows."""
    url = f"{stack.gateway.url}/nic/update?hostname={stack.host}&myip=192.0.2.1"
    said = subprocess.run(["curl", "-sS", "-u", f"{stack.key_name}:{stack.key_secret}", url],
                          capture_output=True, text=True, check=True).stdout
    assert said.strip() == "good 192.0.2.1"
    stack.wait_answer(stack.host, "A", {"192.0.2.1"})
    assert stack.named.dig(stack.host) == "192.0.2.1"
    assert stack.update(myip="192.0.2.1") == "nochg 192.0.2.1"


def test_named_is_stock_and_is_not_reloaded(stack):
    before = stack.named.server.pid()
    with open("/usr/sbin/named", "rb") as stock, open(f"/proc/{before}/exe", "rb") as running:
        assert stock.read() == running.read()
    log = os.path.getsize(stack.named.log)
    assert stack.update(myip="192.0.2.9") == "good 192.0.2.9"
    stack.wait_answer(stack.host, "A", {"192.0.2.9"})
    assert stack.named.server.pid() == before
    assert "loading configuration" not in stack.named.read_log(log)


def test_both_families(stack):
    assert stack.update(myip="192.0.2.2,2001:db8::2") == "good 192.0.2.2,2001:db8::2"
    stack.wait_answer(stack.host, "A", {"192.0.2.2"})
    stack.wait_answer(stack.host, "AAAA", {"2001:db8::2"})


def test_the_connections_address(stack):
    assert stack.update() == "good 127.0.0.1"
    stack.wait_answer(stack.host, "A", {"127.0.0.1"})


@pytest.mark.parametrize("user", ["key", "account", "host"])
def test_credentials(stack, user):
    """Key name and key secret, login and password, host name and key secret."""
    address = {"key": "192.0.2.11", "account": "192.0.2.12", "host": "192.0.2.13"}[user]
    name = {"key": stack.key_name, "account": stack.account, "host": stack.host}[user]
    secret = stack.password if user == "account" else stack.key_secret
    assert stack.update(name, secret, myip=address) == f"good {address}"
    assert stack.update(name, "x" + secret, myip="192.0.2.99") == "badauth"
    stack.wait_answer(stack.host, "A", {address})


def test_another_shared_zone_takes_public_addresses_only(stack):
    host = f"joe.{stack.zone_public}"
    stack.ctl("domain", "add", host, "--account", stack.account)
    assert stack.update(hostname=host, myip="10.0.0.1") == "dnserr"
    assert stack.update(hostname=host, myip="8.8.4.4") == "good 8.8.4.4"
    stack.wait_answer(host, "A", {"8.8.4.4"})
