# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl client and zone delegation: what they print, and what they say beside it."""

import pytest

PROGRAMS = ("ddclient", "inadyn", "curl", "nsupdate", "router")


@pytest.fixture(scope="module", autouse=True)
def world(ctl):
    ctl("zone", "add", "cl.example", "--shared", "--ns", "ns1.cl.example", "--ns", "ns2.cl.example", "--ns",
        "ns.elsewhere.test")
    ctl("record", "add", "ns1.cl.example", "A", "192.0.2.53")
    ctl("record", "add", "ns1.cl.example", "AAAA", "2001:db8::53")
    ctl("account", "add", "cleo")
    ctl("domain", "add", "cleo.cl.example", "--account", "cleo")


@pytest.fixture(scope="module")
def secret(ctl):
    return ctl("key", "add", "cleo-key", "--account", "cleo").split('secret "')[1].split('"')[0]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_secret_is_printed_when_asked_for_only(ctl, secret, program):
    words = ("client", "cleo.cl.example", program, "--key", "cleo-key", "--url", "https://gw.example.org/")
    plain = ctl(*words)
    assert secret not in plain and "SECRET" in plain and "cleo.cl.example" in plain
    shown = ctl(*words, "--show-secret")
    assert shown == plain.replace("SECRET", secret)
    assert ctl(*words, "--secret-stdin", text=secret + "\n") == shown
    assert ctl.json(*words) == {"name": "cleo.cl.example", "program": program, "configuration": plain}
    assert "https://gw.example.org//" not in plain


def test_the_gateway_is_found_by_the_setting(ctl, secret):  # pylint: disable=unused-argument
    assert "update_url" in ctl.refused("client", "cleo.cl.example", "curl", status=2)
    assert "cannot be" in ctl.refused("setting", "set", "update_url", "ftp://gw")
    ctl("setting", "set", "update_url", "https://gw.example.net:8443/dyn")
    assert 'url = "https://gw.example.net:8443/dyn/nic/update?hostname=cleo.cl.example"' in ctl(
        "client", "cleo.cl.example", "curl")
    text = ctl("client", "cleo.cl.example", "ddclient")
    assert "server=gw.example.net:8443\nscript=/dyn/nic/update\n" in text
    ctl("setting", "delete", "update_url")
    assert "server ns1.cl.example 53\n" in ctl("client", "cleo.cl.example", "nsupdate")
    for server, line in (("gw.example.org:5353", "server gw.example.org 5353"), ("192.0.2.1", "server 192.0.2.1 53"),
                         ("2001:db8::1", "server 2001:db8::1 53"), ("[2001:db8::1]:5353", "server 2001:db8::1 5353")):
        assert line + "\n" in ctl("client", "cleo.cl.example", "nsupdate", "--server", server)


def test_refusals_and_notes(ctl, secret):  # pylint: disable=unused-argument
    url = ("--url", "http://gw.example.org")
    assert "is meant inadyn" in ctl.refused("client", "cleo.cl.example", "inady", status=2)
    assert "there is no key 'nokey'" in ctl.refused("client", "cleo.cl.example", "curl", "--key", "nokey", *url)
    assert "--key" in ctl.refused("client", "cleo.cl.example", "curl", "--show-secret", *url, status=2)
    for bad in ("gw", "ftp://gw", "http://", "http:///x", "http://g w", 'http://g"w'):
        assert "is not the URL of a gateway" in ctl.refused("client", "cleo.cl.example", "curl", "--url", bad)
    for bad in ("", ":53", "gw:port", "gw:123456", "g w"):
        assert "is not a server" in ctl.refused("client", "cleo.cl.example", "nsupdate", "--server", bad)
    assert "is no secret" in ctl.refused("client", "cleo.cl.example", "curl", "--secret-stdin", *url, text='a"b\n')
    assert "there is no domain 'new.cl.example' yet" in ctl.run("client", "new.cl.example", "curl", *url).err
    ctl("key", "add", "cleo-acme", "--account", "cleo", "--type", "TXT")
    assert "may not set the address" in ctl.run("client", "cleo.cl.example", "curl", "--key", "cleo-acme", *url).err


def test_delegation(ctl):
    done = ctl.run("zone", "delegation", "cl.example")
    assert done.status == 0
    assert sorted(done.out.splitlines()) == [
        "cl.example.\t60\tIN\tNS\tns.elsewhere.test.", "cl.example.\t60\tIN\tNS\tns1.cl.example.",
        "cl.example.\t60\tIN\tNS\tns2.cl.example.", "ns1.cl.example.\t60\tIN\tA\t192.0.2.53",
        "ns1.cl.example.\t60\tIN\tAAAA\t2001:db8::53"]
    assert "the name server ns2.cl.example lies in the zone and has no address" in done.err
    assert "ns1.cl.example lies" not in done.err and "ns.elsewhere.test" not in done.err
    assert {"name": "ns1.cl.example", "ttl": 60, "type": "A", "rdata": "192.0.2.53"} in ctl.json(
        "zone", "delegation", "cl.example")
    assert "there is no zone 'nowhere.example'" in ctl.refused("zone", "delegation", "nowhere.example")


def test_delegation_of_a_zone_with_a_domain_as_name_server(ctl):
    """Its current address is the glue; the zone's settings stand in for NS records."""
    ctl("zone", "add", "own.example", "--private", "cleo", "--ns", "own.example")
    ctl("domain", "add", "own.example", "--account", "cleo")
    ctl("domain", "online", "own.example", "192.0.2.77")
    done = ctl.run("zone", "delegation", "own.example")
    assert done.out == "own.example.\t60\tIN\tNS\town.example.\nown.example.\t60\tIN\tA\t192.0.2.77\n"
    assert "two name servers" in done.err
    ctl("account", "set", "cleo", "state=suspended")
    assert "is suspended" in ctl.refused("zone", "delegation", "own.example")
    assert "is suspended" in ctl.refused("zone", "export", "own.example", "--served")
    assert "own.example" in ctl("zone", "export", "own.example")
    ctl("account", "set", "cleo", "state=active")
