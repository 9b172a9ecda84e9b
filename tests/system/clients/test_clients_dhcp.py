# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP servers that write what they lease into DNS: ISC dhcpd with real leases, Kea's D2."""

import contextlib
import ipaddress
import json
import socket
import struct

import pytest

from ddns.steps import wait_until

from .dhcp import DhcpClient
from .namespace import ip

SUBNET = """
authoritative;
ping-check off;
subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.100 192.0.2.120; default-lease-time 600; }
"""


@pytest.fixture(scope="module")
def cable(site):  # pylint: disable=unused-argument
    """The interface where clients are; the server's end is vb."""
    ip("link add va type veth peer name vb")
    ip("addr add 192.0.2.1/24 dev vb")
    ip("link set va up")
    ip("link set vb up")
    yield "va"
    ip("link del va")


@pytest.fixture
def machines(cable):
    """machines(number, host name): a DHCP client."""
    with contextlib.ExitStack() as stack:
        yield lambda number, name: stack.enter_context(contextlib.closing(DhcpClient(cable, number, name)))


def served(site, name, rtype="A"):
    return site.stack.rdata(name, rtype)


def reverse(address):
    return ipaddress.ip_address(address).reverse_pointer


@pytest.mark.parametrize("style, mark", [("standard", "DHCID"), ("interim", "TXT")])
def test_dhcpd(site, programs, machines, style, mark):
    """Two machines that call themselves the same: the first one has the name until it gives its lease back."""
    configuration = site.recipe("ISC dhcpd", secret=site.secrets["dhcp"]).replace("style standard", f"style {style}")
    configuration = site.write("dhcpd.conf", configuration + SUBNET)
    leases = site.write("dhcpd.leases", "")
    dhcpd = programs.start("/usr/sbin/dhcpd", "-4", "-f", "-d", "-cf", configuration, "-lf", leases, "--no-pid", "vb")
    dhcpd.wait_log("Server starting service")
    name = f"{style}.example.org"
    owner, other = machines(1, style), machines(2, style)
    first = owner.lease()
    dhcpd.wait_log(f"Added new forward map from {name}.? to {first}")
    dhcpd.wait_log("Added reverse map from")
    site.stack.wait_answer(name, "A", {first})
    site.stack.wait_answer(reverse(first), "PTR", {f"{name}."})
    assert len(site.stack.rdata(name, mark)) == 1

    second = other.lease()
    dhcpd.wait_log(f"Forward map from {name}.? to {second} FAILED: Has an address record but no DHCID, not mine")
    assert served(site, name) == {first} and served(site, reverse(second), "PTR") == set()

    owner.release()
    dhcpd.wait_log("Removed forward map from")
    dhcpd.wait_log("Removed reverse map on")
    wait_until(lambda: site.stack.rcode(name) == "NXDOMAIN", what=f"{name} is gone")
    wait_until(lambda: served(site, reverse(first), "PTR") == set(), what="the PTR is gone")
    assert site.stored(style) == set()

    assert other.lease() == second
    dhcpd.wait_log(f"Added new forward map from {name}.? to {second}")
    dhcpd.wait_log("Added reverse map from")
    site.stack.wait_answer(name, "A", {second})
    other.release()
    dhcpd.wait_log("Removed reverse map on")


def tell_d2(change, address, client):
    """A name change request as a DHCP server sends it; change: 0 add, 1 remove."""
    request = json.dumps({
        "change-type": change, "forward-change": True, "reverse-change": True, "fqdn": "pc1.example.org.",
        "ip-address": address, "dhcid": "000001" + client * 32, "lease-expires-on": "20300121132405",
        "lease-length": 1800, "use-conflict-resolution": True}).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(struct.pack("!H", len(request)) + request, ("127.0.0.1", 53001))


def test_kea(site, programs):
    configuration = json.loads(site.recipe("Kea", secret=site.secrets["dhcp"]))
    configuration["DhcpDdns"]["loggers"] = [{"name": "kea-dhcp-ddns", "severity": "INFO",
                                             "output_options": [{"output": "stdout"}]}]
    d2 = programs.start("/usr/sbin/kea-dhcp-ddns", "-c", site.write("d2.conf", json.dumps(configuration)),
                        KEA_PIDFILE_DIR=site.home, KEA_LOCKFILE_DIR="none")
    d2.wait_log("DHCP_DDNS_STARTED")
    tell_d2(0, "192.0.2.50", "aa")
    d2.wait_log("DHCP_DDNS_ADD_SUCCEEDED")
    site.stack.wait_answer("pc1.example.org", "A", {"192.0.2.50"})
    site.stack.wait_answer(reverse("192.0.2.50"), "PTR", {"pc1.example.org."})
    tell_d2(0, "192.0.2.51", "aa")
    d2.wait_log("DHCP_DDNS_ADD_SUCCEEDED")
    site.stack.wait_answer("pc1.example.org", "A", {"192.0.2.51"})

    before = site.serial()
    tell_d2(0, "192.0.2.52", "bb")
    d2.wait_log("DHCP_DDNS_FORWARD_REPLACE_REJECTED")
    assert served(site, "pc1.example.org") == {"192.0.2.51"} and site.serial() == before
    assert served(site, reverse("192.0.2.52"), "PTR") == set()

    tell_d2(1, "192.0.2.51", "aa")
    d2.wait_log("DHCP_DDNS_REMOVE_SUCCEEDED")
    wait_until(lambda: site.stack.rcode("pc1.example.org") == "NXDOMAIN", what="pc1 is gone")
    wait_until(lambda: served(site, reverse("192.0.2.51"), "PTR") == set(), what="the PTR is gone")
    assert site.stored("pc1") == set()
