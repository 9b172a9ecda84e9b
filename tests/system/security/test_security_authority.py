# SPDX-License-Identifier: GPL-3.0-or-later
"""What a key may not do at one door it may not do at another: refused, with nothing changed."""

import time
import urllib.parse

import pytest

from ddns.steps import wait_until
from .doors import DOORS, Key, add_account, add_host, add_key, basic, everything, update

LIMIT = 0.050  # seconds from a COMMIT to what it brings about; tenfold in the assertion
WANTED = "10.66.66.66"  # what nobody may get stored here


@pytest.fixture(scope="module", params=DOORS.values(), ids=DOORS.keys())
def door(request):
    return request.param


@pytest.fixture(scope="module")
def hosts(stack):
    """Names that mean something, by what they are to ann's keys."""
    for login in ("ann", "bob", "sue"):
        add_account(stack, login, f"{login}s-own-password")
    add_host(stack, "sue", "sue")
    return {
        "own": add_host(stack, "ann", "ann"),
        "own too": add_host(stack, "ann2", "ann"),
        "foreign": add_host(stack, "bob", "bob"),
        "foreign, other zone": add_host(stack, "bob", "bob", stack.zone_public),
        "unknown": f"nobody.{stack.zone}",
        "unknown, other zone": f"nobody.{stack.zone_public}",
        "below a foreign one": f"x.bob.{stack.zone}",
        "star of a foreign one": f"*.bob.{stack.zone}",
        "star": f"*.{stack.zone}",
        "parent": stack.zone,
        "sibling": f"evilann.{stack.zone}",
        "name server": f"ns1.{stack.zone}",
    }


@pytest.fixture(scope="module")
def keys(stack, hosts, cursor):
    """Keys by what is wrong with them; all but the first may not change a host of ann's."""
    made = {
        "ann": add_key(stack, "ann-all", "ann"),
        "one": add_key(stack, "ann-one", "ann", "--domain", hosts["own too"]),
        "txt": add_key(stack, "ann-txt", "ann", "--type", "TXT"),
        "acme": add_key(stack, "ann-acme", "ann", "--name", "_acme-challenge.*"),
        "offline": add_key(stack, "ann-offline", "ann", "--verb", "offline"),
        "bob": add_key(stack, "bob-all", "bob"),
        "expired": add_key(stack, "ann-expired", "ann"),
        "revoked": add_key(stack, "ann-revoked", "ann"),
        "suspended": add_key(stack, "sue-all", "sue"),
    }
    made["guessed"] = Key(made["ann"].name, made["ann"].secret[:-1] + ("B" if made["ann"].secret[-1] == "A" else "A"))
    made["swapped"] = Key(made["ann"].name, made["bob"].secret)
    cursor.execute("UPDATE ddns.keys SET expires = now() - interval '1 second' WHERE name = 'ann-expired'")
    cursor.execute("DELETE FROM ddns.keys WHERE name = 'ann-revoked'")
    cursor.execute("UPDATE ddns.accounts SET state = 'suspended' WHERE login = 'sue'")
    for name in ("expired", "revoked", "suspended"):
        host = f"sue.{stack.zone}" if name == "suspended" else hosts["own"]
        wait_until(lambda key=made[name], host=host: not basic(stack, key, host, "192.0.2.9").is_done, 30, name)
    return made


@pytest.fixture
def unchanged(cursor, keys):
    """Whatever the test does leaves all as it is."""
    assert keys
    before = everything(cursor)
    yield
    assert everything(cursor) == before


def test_the_right_key_is_let_in(stack, door, hosts, keys):
    """Or what follows would show nothing."""
    for n, address in enumerate(("192.0.2.1", "192.0.2.2")):
        assert door(stack, keys["ann"], hosts["own"], address).is_done, n
        stack.wait_answer(hosts["own"], "A", {address})


@pytest.mark.parametrize("host", ["foreign", "foreign, other zone", "unknown", "unknown, other zone", "below a foreign one",
                                  "star of a foreign one", "star", "parent", "sibling", "name server"])
@pytest.mark.usefixtures("unchanged")
def test_names_that_are_not_the_holders(stack, door, hosts, keys, host):
    assert not door(stack, keys["ann"], hosts[host], WANTED).is_done


@pytest.mark.parametrize("key", ["one", "txt", "acme", "offline", "bob", "expired", "revoked", "guessed"])
@pytest.mark.usefixtures("unchanged")
def test_keys_that_may_not(stack, door, hosts, keys, key):
    assert not door(stack, keys[key], hosts["own"], WANTED).is_done


@pytest.mark.usefixtures("unchanged")
def test_a_key_of_a_suspended_account(stack, door, hosts, keys):
    assert hosts and not door(stack, keys["suspended"], f"sue.{stack.zone}", WANTED).is_done


@pytest.mark.usefixtures("unchanged")
def test_the_secret_of_another_key(stack, hosts, keys):
    """Where a name goes with the secret, it must be the right one."""
    for door in (basic, update):
        assert not door(stack, keys["swapped"], hosts["foreign"], WANTED).is_done
        assert not door(stack, keys["swapped"], hosts["own"], WANTED).is_done


@pytest.mark.usefixtures("unchanged")
def test_a_password_with_the_wrong_login(stack, hosts):
    for user, password, host in (("ann", "bobs-own-password", "own"), ("bob", "anns-own-password", "foreign"),
                                 ("bob", "anns-own-password", "own"), ("ann", "anns-own-password", "foreign"),
                                 ("sue", "sues-own-password", "own"), ("", "anns-own-password", "own"),
                                 (hosts["foreign"], "anns-own-password", "own")):
        assert not basic(stack, Key(user, password), hosts[host], WANTED).is_done
        query = {"hostname": hosts[host], "myip": WANTED, "username": user, "password": password}
        assert not stack.get("/nic/update?" + urllib.parse.urlencode(query))[1].startswith(("good", "nochg"))
    assert not update(stack, Key("ann", "YW5ucy1vd24tcGFzc3dvcmQ="), hosts["own"], WANTED).is_done


@pytest.mark.usefixtures("unchanged")
def test_unknown_and_foreign_are_told_alike(stack, door, hosts, keys):
    for there, nowhere in (("foreign", "unknown"), ("foreign, other zone", "unknown, other zone"),
                           ("below a foreign one", "unknown")):
        texts = {door(stack, keys[key], hosts[host], WANTED).text for host in (there, nowhere) for key in ("ann", "one")}
        assert len(texts) == 1, texts
    for there, nowhere in (("foreign", "unknown"), ("own", "unknown")):  # and to those who are nobody
        texts = {door(stack, keys["revoked"], hosts[host], WANTED).text for host in (there, nowhere)}
        assert len(texts) == 1, texts


def test_an_account_is_suspended_and_lifted(stack, cursor, door, hosts, keys):
    """Its names leave DNS and its keys stop at once; then all is as it was."""
    key, host = keys["bob"], hosts["foreign"]
    assert door(stack, key, host, "192.0.2.5").is_done
    stack.wait_answer(host, "A", {"192.0.2.5"})
    for state, is_let_in, answer in (("suspended", False, set()), ("active", True, {"192.0.2.5"})):
        cursor.execute("UPDATE ddns.accounts SET state = %s WHERE login = 'bob'", (state,))
        since = time.monotonic()
        stack.wait_answer(host, "A", answer)
        in_dns = time.monotonic() - since
        wait_until(lambda is_let_in=is_let_in: door(stack, key, host, "192.0.2.5").is_done == is_let_in, 10, state, interval=0)
        at_door = time.monotonic() - since
        print(f"{state}: in DNS after {in_dns * 1000:.1f} ms, at the door after {at_door * 1000:.1f} ms")
        assert max(in_dns, at_door) <= 10 * LIMIT
