# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP servers that write what they lease into DNS: ISC dhcpd with real leases, Kea's D2."""

import contextlib
import ipaddress
import json
import re
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


def test_dhcpd_without_primary(site, programs, machines):
    """It finds the gateway by the zone's MNAME, signs what it sends for the name, and never what it sends for the address."""
    configuration = re.sub(r"primary [0-9.]+; ", "", site.recipe("ISC dhcpd", secret=site.secrets["dhcp"]))
    assert "primary" not in configuration
    configuration = site.write("dhcpd.conf", configuration + SUBNET)
    leases = site.write("dhcpd.leases", "")
    dhcpd = programs.start("/usr/sbin/dhcpd", "-4", "-f", "-d", "-cf", configuration, "-lf", leases, "--no-pid", "vb")
    dhcpd.wait_log("Server starting service")
    address = machines(5, "lone").lease()
    dhcpd.wait_log(f"Added new forward map from lone.example.org.? to {address}")
    dhcpd.wait_log("Unable to add reverse map from .*: REFUSED")
    site.stack.wait_answer("lone.example.org", "A", {address})
    assert served(site, reverse(address), "PTR") == set()


@pytest.fixture
def start_d2(site, programs):
    """start_d2(): D2 with the configuration of the recipe; domains: more forward domains, each with its key."""
    def start(**domains):
        configuration = json.loads(site.recipe("Kea", secret=site.secrets["dhcp"]))
        d2 = configuration["DhcpDdns"]
        d2["loggers"] = [{"name": "kea-dhcp-ddns", "severity": "INFO", "output_options": [{"output": "stdout"}]}]
        forward = d2["forward-ddns"]["ddns-domains"]
        for name, key in domains.items():
            d2["tsig-keys"].append(d2["tsig-keys"][0] | {"name": key, "secret": site.secrets[key]})
            forward.append(forward[0] | {"name": name, "key-name": key})
        started = programs.start("/usr/sbin/kea-dhcp-ddns", "-c", site.write("d2.conf", json.dumps(configuration)),
                                 KEA_PIDFILE_DIR=site.home, KEA_LOCKFILE_DIR="none")
        started.wait_log("DHCP_DDNS_STARTED")
        return started
    return start


def tell_d2(change, address, client, name="pc1.example.org", resolves=True):
    """A name change request as a DHCP server sends it; change: 0 add, 1 remove; resolves: conflicts count."""
    request = json.dumps({
        "change-type": change, "forward-change": True, "reverse-change": True, "fqdn": f"{name}.",
        "ip-address": address, "dhcid": "000001" + client * 32, "lease-expires-on": "20300121132405",
        "lease-length": 1800, "use-conflict-resolution": resolves}).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(struct.pack("!H", len(request)) + request, ("127.0.0.1", 53001))


def test_kea(site, start_d2):
    """A client comes, moves, is imitated by another one in vain, and goes."""
    d2 = start_d2()
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


def test_kea_without_conflict_resolution(site, start_d2):
    """The last one has the name."""
    d2 = start_d2()
    for client, address in (("aa", "192.0.2.60"), ("bb", "192.0.2.61")):
        tell_d2(0, address, client, "pc2.example.org", resolves=False)
        d2.wait_log("DHCP_DDNS_ADD_SUCCEEDED")
        site.stack.wait_answer("pc2.example.org", "A", {address})


def test_kea_below_a_domain(site, start_d2):
    """The domain answers for all names below it by its wildcard; still none of them exists for D2."""
    host = site.stack.host
    name = f"pc3.{host}"
    site.stack.ctl("domain", "set", host, "wildcard=on")
    site.nsupdate(f"server gw.example.org\nupdate add {host} 60 A 192.0.2.9\nsend\n", key="joe-router")
    site.stack.wait_answer(name, "A", {"192.0.2.9"})
    d2 = start_d2(**{f"{site.stack.zone}.": "joe-router"})
    tell_d2(0, "192.0.2.62", "aa", name)
    d2.wait_log("DHCP_DDNS_ADD_SUCCEEDED")
    site.stack.wait_answer(name, "A", {"192.0.2.62"})
    tell_d2(1, "192.0.2.62", "aa", name)
    d2.wait_log("DHCP_DDNS_REMOVE_SUCCEEDED")
    site.stack.wait_answer(name, "A", {"192.0.2.9"})
