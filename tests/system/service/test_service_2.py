# SPDX-License-Identifier: GPL-3.0-or-later
"""Online and offline: states, addresses, timeouts, and what is shown meanwhile.

The number in a test's name is that of the promise; each docstring says it.
"""

import datetime
import time

import pytest

from ddns.steps import wait_until
from jobs.moments import wait_looked

from .host import pass_time


# 2.1

def test_service_2_1_an_update_at_any_door_or_a_command_puts_online(host):
    """A domain goes online by any update at any door, or by command."""
    for put_online in (lambda: host.update(myip="192.0.2.1"),
                       lambda: host.nsupdate(("add", "", 60, "A", "192.0.2.1")),
                       lambda: host.stack.ctl("domain", "online", host.name, "192.0.2.1")):
        host.stack.ctl("domain", "offline", host.name)
        host.serves("A", host.redirector)
        put_online()
        host.serves("A", "192.0.2.1")
        assert host.show()["online"]


def test_service_2_1_offline_by_command_by_update_and_by_timeout(host):
    """It goes offline by command, by offline=YES and its kin at the doors, or by timeout; and why is kept and shown."""
    for put_offline, why in ((lambda: host.stack.ctl("domain", "offline", host.name), "command"),
                             (lambda: host.update(offline="YES"), "update"),
                             (lambda: host.nsupdate(("delete", "", "A")), "update"),
                             (lambda: pass_time(host.stack, 601), "timeout")):
        assert host.update(myip="192.0.2.1", timeout="10").startswith("good")
        host.serves("A", "192.0.2.1")
        assert host.show()["offline_reason"] is None
        put_offline()
        host.serves("A", host.redirector)
        shown = host.show()
        assert not shown["online"] and shown["online_since"] is None and shown["offline_reason"] == why


def test_service_2_1_online_since_contact_and_address_are_shown(host):
    """Online since, last contact and the address as the service sees it are kept and shown."""
    host.stack.ctl("domain", "offline", host.name)
    host.update(myip="192.0.2.1,2001:db8::1")
    shown = host.show()
    now = datetime.datetime.now(datetime.timezone.utc)
    assert shown["address"] == ["192.0.2.1", "2001:db8::1"]
    assert shown["last_peer"].startswith("127.0.0.1") and shown["last_door"] == "http"
    for moment in ("online_since", "last_contact"):
        assert abs(now - datetime.datetime.fromisoformat(shown[moment])) < datetime.timedelta(seconds=30)
    host.update(myip="192.0.2.2")
    later = host.show()
    assert later["online_since"] == shown["online_since"] and later["last_contact"] > shown["last_contact"]


# 2.2

def test_service_2_2_the_address_is_found_from_the_connection(host):
    """Without an address in the update, or with an empty one, it is that of the connection."""
    assert host.update() == "good 127.0.0.1"
    host.serves("A", "127.0.0.1")
    host.update(myip="192.0.2.1")
    assert host.update(myip="") == "good 127.0.0.1"
    host.serves("A", "127.0.0.1")


def test_service_2_2_the_address_is_given(host):
    """Addresses of each family are given in the update, one or several."""
    assert host.update(myip="192.0.2.1,2001:db8::1") == "good 192.0.2.1,2001:db8::1"
    host.serves("A", "192.0.2.1")
    host.serves("AAAA", "2001:db8::1")
    assert host.update(myipv4="192.0.2.2,192.0.2.3", myipv6="2001:db8::2") == "good 192.0.2.2,192.0.2.3,2001:db8::2"
    host.serves("A", "192.0.2.2", "192.0.2.3")
    host.serves("AAAA", "2001:db8::2")


def test_service_2_2_the_address_is_fixed(host):
    """An address fixed in the settings is served whatever is reported, and no step comes of a report."""
    host.update(myip="192.0.2.1,2001:db8::1")
    host.set("address=192.0.2.100")
    host.serves("A", "192.0.2.100")
    host.serves("AAAA", "2001:db8::1")
    serial = host.serial()
    assert host.update(myip="192.0.2.2") == "nochg 192.0.2.2"
    assert host.serial() == serial
    assert host.update(myip="192.0.2.2,2001:db8::2") == "good 192.0.2.2,2001:db8::2"
    host.serves("AAAA", "2001:db8::2")
    host.serves("A", "192.0.2.100")
    host.set("address=auto")
    host.serves("A", "192.0.2.2")


def test_service_2_2_unspecified_means_none(host):
    """0.0.0.0 and :: mean that the host has no address of that family."""
    host.update(myip="192.0.2.1,2001:db8::1")
    assert host.update(myip="0.0.0.0").startswith("good")
    host.serves("A")
    host.serves("AAAA", "2001:db8::1")
    assert host.update(myip="::").startswith("good")
    host.serves("AAAA")
    assert host.stack.rcode(host.name) == "NOERROR"


@pytest.mark.parametrize("parameters, v4, v6", [
    ({"myip": "192.0.2.2"}, "192.0.2.2", "2001:db8::1"),
    ({"myip": "2001:db8::2"}, "192.0.2.1", "2001:db8::2"),
    ({"myipv6": "2001:db8::2"}, "192.0.2.1", "2001:db8::2"),
    ({"myipv4": "192.0.2.2"}, "192.0.2.2", "2001:db8::1"),
])
def test_service_2_2_a_family_not_named_is_left_alone(host, parameters, v4, v6):
    """A family that an update does not name is left alone."""
    host.update(myip="192.0.2.1,2001:db8::1")
    assert host.update(**parameters).startswith("good")
    host.serves("A", v4)
    host.serves("AAAA", v6)


@pytest.mark.parametrize("parameters, v4, v6", [
    ({"myip": "192.0.2.2", "myipv6": "preserve"}, ["192.0.2.2"], ["2001:db8::1"]),
    ({"myip": "preserve"}, ["192.0.2.1"], ["2001:db8::1"]),
    ({"myipv4": "preserve", "myipv6": "2001:db8::2"}, ["192.0.2.1"], ["2001:db8::2"]),
    ({"myip": "192.0.2.2", "myipv6": ""}, ["192.0.2.2"], []),
    ({"myipv6": ""}, ["192.0.2.1"], []),
    ({"myipv6": "clear"}, ["192.0.2.1"], []),
    ({"myipv4": "clear"}, [], ["2001:db8::1"]),
    ({"myip": "clear"}, [], []),
])
def test_service_2_2_preserve_leaves_and_empty_or_clear_removes(host, parameters, v4, v6):
    """preserve leaves a family; an empty myipv6= or clear removes it."""
    host.update(myip="192.0.2.1,2001:db8::1")
    host.update(**parameters)
    host.serves("A", *v4)
    host.serves("AAAA", *v6)


# 2.3

def test_service_2_3_silence_puts_offline_within_2_s_of_the_moment(host):
    """With no contact for its timeout the service puts the domain offline by itself, within 2 s of the moment."""
    host.update(myip="192.0.2.1")
    host.set("timeout=10")
    host.update(myip="192.0.2.1")
    before = time.monotonic()
    pass_time(host.stack, 590)
    is_online = host.show()["online"]
    assert is_online or time.monotonic() - before > 9
    wait_until(lambda: not host.show()["online"], 10 + 2 + 18, "it is offline")  # tenfold slack of the two seconds
    host.serves("A", host.redirector)


def test_service_2_3_any_contact_starts_it_again_and_is_no_change(host):
    """Any contact, changed or not, starts the timeout again; an unchanged update is nochg, and no zone change."""
    assert host.update(myip="192.0.2.1", timeout="10") == "good 192.0.2.1"
    serial = host.serial()
    for _ in range(3):
        pass_time(host.stack, 500)
        assert host.update(myip="192.0.2.1") == "nochg 192.0.2.1"
    assert host.show()["online"] and host.serial() == serial


def test_service_2_3_zero_is_never_and_domains_start_with_the_zones_default(host):
    """0 = never, and domains start with the zone's default, which is 0 at first."""
    assert host.show()["timeout"] == 0
    host.update(myip="192.0.2.1")
    pass_time(host.stack, 400 * 86400)
    wait_looked(host.stack)
    assert host.show()["online"]
    host.stack.ctl("zone", "set", host.stack.zone, "timeout=30")
    try:
        host.stack.ctl("domain", "add", f"new-{host.name}", "--account", host.stack.account)
        assert host.ctl("domain", "show", f"new-{host.name}")["timeout"] == 30
    finally:
        host.stack.ctl("zone", "set", host.stack.zone, "timeout=0")


def test_service_2_3_an_update_url_sets_it(host):
    """timeout=10 in an update URL sets it, which is no zone change; other values are refused and change nothing."""
    host.update(myip="192.0.2.1")
    serial = host.serial()
    assert host.update(myip="192.0.2.1", timeout="10") == "good 192.0.2.1"
    assert host.update(myip="192.0.2.1", timeout="10") == "nochg 192.0.2.1"
    assert host.show()["timeout"] == 10 and host.serial() == serial
    for wrong in ("ten", "-1", "525601", "10m", "1e3", "½"):
        assert host.update(myip="192.0.2.9", timeout=wrong) == "dnserr", wrong
    assert host.show()["timeout"] == 10 and host.show()["address"] == ["192.0.2.1"]


# 2.4 to 2.7; redirect/ shows more of what browsers see

def test_service_2_4_www_is_off_or_a_port_or_a_url(host):
    """While online, www.<domain> may be redirected for browsers: off (default), to a port (8080), or to a URL."""
    host.update(myip="192.0.2.1")
    host.serves("A", "192.0.2.1", name="www")
    host.browser(404, name="www")
    host.set("www=port:8080")
    host.serves("A", host.redirector, name="www")
    host.browser(302, f"http://{host.name}:8080/a?b=1", name="www", path="/a?b=1")
    host.set("www=url:https://example.net/x")
    host.browser(302, "https://example.net/x", name="www")
    host.set("www=off")
    host.serves("A", "192.0.2.1", name="www")
    assert host.show()["www_port"] == 8080


@pytest.mark.parametrize("setting, address, status, location", [
    (None, "redirector", 503, None),
    ("offline=page", "redirector", 503, None),
    ("offline=keep", "192.0.2.1", 404, None),
    ("offline=none", None, 404, None),
    ("offline=address:192.0.2.50", "192.0.2.50", 404, None),
    ("offline=url:https://example.net/off", "redirector", 302, "https://example.net/off"),
])
def test_service_2_5_while_offline(host, setting, address, status, location):
    """While offline: the page (default), the last address, a set address (none by default), or a URL."""
    host.update(myip="192.0.2.1")
    if setting:
        host.set(setting)
    assert host.update(offline="YES").startswith("good")
    host.serves("A", *([host.redirector if address == "redirector" else address] if address else []))
    host.browser(status, location)


def test_service_2_5_without_a_redirector_no_address_is_served(host):
    """Where no redirector address is configured, page and URL serve no address instead (NODATA)."""
    host.update(myip="192.0.2.1")
    host.update(offline="YES")
    host.serves("A", host.redirector)
    host.stack.ctl("zone", "set", host.stack.zone, "redirectors=")
    try:
        host.serves("A")
        assert host.stack.rcode(host.name) == "NOERROR"
    finally:
        host.stack.ctl("zone", "set", host.stack.zone, f"redirectors={host.redirector}")


def test_service_2_6_a_port_leads_to_the_name_or_the_literal_address(host):
    """A port is led to at the domain's name where that resolves straight to the address, else at the literal one."""
    host.update(myip="192.0.2.1")
    host.set("www=port:8443")
    host.browser(302, f"http://{host.name}:8443/x?y", name="www", path="/x?y")
    host.add("four", "A", "192.0.2.4", "--online", "port:81")
    host.add("six", "AAAA", "2001:db8::6", "--online", "port:82")
    host.browser(302, "http://192.0.2.4:81/x?y", name="four", path="/x?y")
    host.browser(302, "http://[2001:db8::6]:82/x?y", name="six", path="/x?y")
    host.serves("A", host.redirector, name="four")
    assert host.stack.query(host.full("four")).answer[0].ttl <= 60


@pytest.mark.parametrize("target", [
    "javascript:alert(1)", "https://user@example.net/", "https://example.net/a b", "//example.net/", "ftp://example.net/",
    "https://example.net/" + "x" * 2048, "http://host.example:99999/"])
def test_service_2_6_targets_that_are_refused(host, target):
    """Targets: http or https only, no user info, no control bytes, at most 2,048 bytes; the refusal says what is wrong."""
    for key in ("www", "offline"):
        assert "cannot be redirected to" in host.refused("domain", "set", host.name, f"{key}=url:{target}")
    assert "cannot be redirected to" in host.refused("record", "add", host.full("x"), "A", "192.0.2.1",
                                                     "--online", f"url:{target}")


def test_service_2_7_settings_take_effect_at_once_also_while_offline(host):
    """Settings take effect at once, also while offline."""
    host.update(myip="192.0.2.1", offline="YES")
    for setting, served in (("offline=keep", []), ("address=192.0.2.60", ["192.0.2.60"]),
                            ("offline=address:192.0.2.61", ["192.0.2.61"]), ("offline=none", []),
                            ("offline=page", [host.redirector])):
        host.set(setting)
        host.serves("A", *served)
    host.set("wildcard=off")
    host.serves("A", name="any")
    host.set("offline=url:https://example.net/1")
    host.browser(302, "https://example.net/1")
    assert not host.show()["online"]


# what a request may not do

@pytest.mark.parametrize("words", [
    "offline=fish", "offline=address:224.0.0.1", "www=port:0", "www=port:x", "www=fish", "timeout=-1", "timeout=soon",
    "ttl=2147483648", "wildcard=perhaps", "address=192.0.2.256", "mail=2", "colour=red"])
def test_a_refused_setting_says_what_is_wrong_with_it(host, words):
    """A refused value exits non-zero, says on stderr what is wrong with it, and changes nothing."""
    before = host.show()
    said = host.refused("domain", "set", host.name, "mail=off", words)
    key, value = words.split("=")
    assert key in said or value.split(":")[-1] in said
    assert host.show() == before


def test_an_update_with_one_wrong_option_changes_nothing(host):
    """What a request says is done whole or not at all."""
    host.update(myip="192.0.2.1")
    before = host.show()
    for options in ({"wildcard": "perhaps"}, {"mx": "192.0.2.1"}, {"ipv6prefix": "2001:db8::/80"}, {"ipv6prefix": "fish"},
                    {"timeout": "10", "wildcard": "x"}):
        assert host.update(myip="192.0.2.2", **options) == "dnserr"
    assert {**host.show(), "last_contact": None} == {**before, "last_contact": None}


def test_options_of_a_key_that_is_not_for_them(host):
    """A key whose verbs or types forbid an option may not set it, and the address beside it is not set either."""
    clause = host.stack.ctl("key", "add", f"only-{host.name.split('.')[0]}", "--account", host.stack.account, "--verb", "update")
    key, secret = clause.split('"')[1], clause.split('"')[3]
    wait_until(lambda: host.update(user=key, password=secret, myip="192.0.2.1") != "badauth", 30, "the key is known")
    for options in ({"timeout": "10"}, {"wildcard": "OFF"}, {"mx": "mail.example.net"}):
        assert host.update(user=key, password=secret, myip="192.0.2.2", **options) == "!yours"
    assert host.update(user=key, password=secret, myip="192.0.2.1", wildcard="NOCHG", mx="", backmx="NO") == "nochg 192.0.2.1"
    assert host.show()["address"] == ["192.0.2.1"]
