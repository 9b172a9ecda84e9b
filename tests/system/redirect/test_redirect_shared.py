# SPDX-License-Identifier: GPL-3.0-or-later
"""Doors and redirects on one listener, told apart by Host; and proxies before both."""

import pytest

from .browser import Redirects


@pytest.fixture
def shared(stacks):
    """shared(options): a gateway with one listener for both; returns (stack, Redirects of that)."""
    def start(options=""):
        stack = stacks.make()
        stack.gateway.options = f"redirect-listen = {{}}\n{options}"
        stack.start(named=False)
        stack.sql("UPDATE ddns.domains SET online = false WHERE name = %s", (stack.host,))
        redirects = Redirects(stack.gateway, stack.gateway.port)
        redirects.wait(stack.host, 503)
        return stack, redirects
    return start


def test_without_names_of_its_own(shared):
    stack, redirects = shared()
    for host in (stack.gateway.address, "[::1]", "ddns.example.org", "nobody." + stack.zone, None, "localhost:80"):
        assert redirects.ask(host, "/myip").status == 200, host
    assert redirects.ask(stack.host, "/myip").status == 503
    assert redirects.ask(stack.host, "/nic/update").status == 401, "an offline host comes back by its own name"
    assert stack.update(myip="192.0.2.8").startswith("good")
    assert redirects.wait(stack.host, 200, path="/myip").body == b"127.0.0.1"
    assert redirects.ask([stack.host, stack.host]).status == 400


def test_with_names_of_its_own(shared):
    stack, redirects = shared('host-names = {"DDNS.example.org", "127.0.0.2", "[2001:db8::1]"}')
    for host in ("ddns.example.org", "ddns.EXAMPLE.org.:8080", "127.0.0.2", "127.0.0.2:80", "[2001:db8::1]:80"):
        assert redirects.ask(host, "/myip").status == 200, host
    for host in ("nobody.example", "127.0.0.1", "[::1]", "x.ddns.example.org"):
        assert redirects.ask(host, "/myip").status == 404, host
    assert redirects.ask(stack.host, "/myip").status == 503
    assert stack.update(myip="192.0.2.8").startswith("good")
    redirects.wait(stack.host, 404)


def test_forwarded_for_of_strangers_is_not_believed(shared):
    _, redirects = shared('trusted-proxies = {"192.0.2.0/24", "::1"}')
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert redirects.ask("127.0.0.2", "/myip", headers=[f"{name}: 198.51.100.9"]).body == b"127.0.0.1"


def test_forwarded_for_of_a_trusted_proxy(shared):
    _, redirects = shared('trusted-proxies = {"127.0.0.0/8", "2001:db8::/32"}')

    def client(*headers):
        return redirects.ask("127.0.0.2", "/myip", headers=headers).body.decode().strip()
    assert client() == "127.0.0.1"
    assert client("X-Forwarded-For: 198.51.100.9") == "198.51.100.9"
    assert client("X-Forwarded-For: 1.1.1.1, 198.51.100.9, 2001:db8::5, 127.0.0.9") == "198.51.100.9"
    assert client("X-Forwarded-For: 1.1.1.1", "x-forwarded-for: 198.51.100.9") == "198.51.100.9"
    assert client("X-Forwarded-For: [2001:db9::1]:4711") == "2001:db9::1"
    assert client("X-Forwarded-For: 198.51.100.9:80") == "198.51.100.9"
    assert client("X-Forwarded-For: unknown, 127.0.0.9") == "127.0.0.9"
    assert client("X-Forwarded-For: " + "1.1.1.1, " * 600 + "198.51.100.9") == "198.51.100.9"
    assert client("Forwarded: for=198.51.100.9", "X-Real-IP: 198.51.100.9") == "127.0.0.1"


@pytest.mark.usefixtures("ipv6")
def test_several_addresses_of_both_families(stacks):
    stack = stacks.make()
    stack.start(named=False, gateway=False)
    stack.gateway.options = 'redirect-listen += {"[::1]:0"}'
    stack.start_gateway()
    text = stack.gateway.read_log()
    port = int(text.split("redirects: listening at [::1]:")[1].split()[0])
    stack.sql("UPDATE ddns.domains SET online = false WHERE name = %s", (stack.host,))
    redirects = Redirects(stack.gateway)
    redirects.wait(stack.host, 503)
    redirects.address, redirects.port = "::1", port
    redirects.wait(stack.host, 503)
