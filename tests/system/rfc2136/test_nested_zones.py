# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones within zones: a record goes into the message's zone, so it is that zone in which one must hold the name."""

import pytest

OUTER, SHARED, INNER = "outer.example.net", "shared.outer.example.net", "inner.outer.example.net"


@pytest.fixture(scope="module")
def nested(update):
    """The operator's zone, and in it a shared one where joe holds a domain, and a private one of his."""
    stack = update.stack
    stack.ctl("zone", "add", OUTER, "--ns", "ns1.example.org")
    stack.ctl("zone", "add", SHARED, "--shared", "--ns", "ns1.example.org")
    stack.ctl("zone", "add", INNER, "--private", stack.account, "--ns", "ns1.example.org")
    stack.ctl("domain", "add", f"joe.{SHARED}", "--account", stack.account)
    return update


def script(update, zone, line):
    return update.server() + f"zone {zone}\n{line}\nsend\n"


@pytest.mark.parametrize("line", [
    f"update add joe.{SHARED} 60 TXT x",
    f"update add a.joe.{SHARED} 60 TXT x",
    f"update delete joe.{SHARED}",
    f"prereq yxdomain joe.{SHARED}",
    f"update add {INNER} 60 NS ns.example.com.",
    f"update add {INNER} 60 TXT x",
    f"update add a.{INNER} 60 TXT x",
], ids=lambda line: line.split("60")[0].strip())
def test_the_outer_zone_is_not_joes(nested, line):
    """Though the names are."""
    before = nested.serial(OUTER)
    assert "REFUSED" in nested.nsupdate(script(nested, OUTER, line), expect=2)
    assert nested.serial(OUTER) == before
    assert nested.stack.sql("SELECT owner FROM ddns.records WHERE zone = %s", (OUTER,)) == [("@",)]


def test_the_inner_zones_are(nested):
    nested.nsupdate(script(nested, SHARED, f"update add joe.{SHARED} 60 TXT x"))
    nested.nsupdate(script(nested, INNER, f"update add a.{INNER} 60 TXT x"))
    assert nested.stored("joe", SHARED) == nested.stored("a", INNER) == {("TXT", 60, '"x"')}


@pytest.mark.parametrize("name", ["a.cut.example.org", "b.a.cut.example.org"])
def test_names_that_the_outer_zone_does_not_answer(update, name):
    """Both zones are joe's; what named would never give is not taken for it.  The delegation itself is."""
    if not update.stack.sql("SELECT 1 FROM ddns.zones WHERE origin = 'cut.example.org'"):
        update.stack.ctl("zone", "add", "cut.example.org", "--private", update.stack.account, "--ns", "ns1.example.org")
    assert "REFUSED" in update.nsupdate(script(update, "example.org", f"update add {name} 60 A 192.0.2.1"), expect=2)
    update.nsupdate(script(update, "example.org", "update add cut.example.org 60 NS ns1.example.org."))
    update.nsupdate(script(update, "cut.example.org", f"update add {name} 60 A 192.0.2.1"))
    update.stack.wait_answer(name, "A", {"192.0.2.1"})
