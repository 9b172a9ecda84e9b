# SPDX-License-Identifier: GPL-3.0-or-later
"""What a credential may do is what the database says now: a change is effective at the door at once."""

import time

import pytest

from ddns.steps import wait_until
from http_hosts import add_account, add_hosts, add_key, addresses, demo, wait_known
from http_raw import Login, update

LIMIT = 0.050  # seconds from the COMMIT to the answer that is due; tenfold in the assertion
YES = ("good", "nochg")


@pytest.fixture(scope="module")
def account(stack):
    """An account with two hosts, by its password."""
    login = wait_known(stack, add_account(stack, "ann", "anns-own-password"))
    add_hosts(stack, "ann", 2, account="ann")
    return login


@pytest.fixture
def host(stack, account, cursor):
    name = f"{account.user}-0.{stack.zone}"
    cursor.execute("UPDATE ddns.domains SET address = '{192.0.2.1}' WHERE name = %s", (name,))
    return name


@pytest.fixture
def key(stack, account, cursor):
    """A key of that account that may do all."""
    login = add_key(stack, "anns-key", account.user)
    Door(stack, f"{account.user}-1.{stack.zone}").wait(login, "good", time.monotonic())
    yield login
    cursor.execute("DELETE FROM ddns.keys WHERE name = 'anns-key'")


class Door:
    """Asks for ever new addresses, so that an update that is done is seen to be."""

    count = 0

    def __init__(self, stack, host):
        self.stack, self.host = stack, host

    def ask(self, login, **parameters):
        Door.count += 1
        parameters.setdefault("myip", f"10.44.{Door.count >> 8}.{Door.count & 255}")
        return update(self.stack.gateway, login, self.host, **parameters).split()[0]

    def wait(self, login, word, since):
        """Returns when this is the answer, seconds after the change."""
        wait_until(lambda: self.ask(login) == word, 30, word, interval=0)
        return time.monotonic() - since


@pytest.fixture
def door(stack, host):
    return Door(stack, host)


@pytest.mark.parametrize("change, word, undo", [
    ("UPDATE ddns.keys SET types = '{TXT}' WHERE name = 'anns-key'", "!yours", "UPDATE ddns.keys SET types = '{}'"),
    ("UPDATE ddns.keys SET types = '{AAAA}' WHERE name = 'anns-key'", "!yours", "UPDATE ddns.keys SET types = '{A}'"),
    ("UPDATE ddns.keys SET verbs = '{offline}' WHERE name = 'anns-key'", "!yours", "UPDATE ddns.keys SET verbs = '{}'"),
    ("UPDATE ddns.keys SET domains = '{ann-1.dyn.example.org}' WHERE name = 'anns-key'", "nohost",
     "UPDATE ddns.keys SET domains = '{ann-1.dyn.example.org,ann-0.dyn.example.org}' WHERE name = 'anns-key'"),
    ("UPDATE ddns.keys SET names = '{_acme-challenge.*}' WHERE name = 'anns-key'", "nohost",
     "UPDATE ddns.keys SET names = '{ann-0.*}' WHERE name = 'anns-key'"),
    ("UPDATE ddns.keys SET expires = now() - interval '1 second' WHERE name = 'anns-key'", "badauth",
     "UPDATE ddns.keys SET expires = now() + interval '1 hour' WHERE name = 'anns-key'"),
    ("UPDATE ddns.keys SET account_id = (SELECT id FROM ddns.accounts WHERE login = 'joe') WHERE name = 'anns-key'",
     "nohost", "UPDATE ddns.keys SET account_id = (SELECT id FROM ddns.accounts WHERE login = 'ann') WHERE name = 'anns-key'"),
    ("UPDATE ddns.accounts SET state = 'suspended' WHERE login = 'ann'", "badauth",
     "UPDATE ddns.accounts SET state = 'active' WHERE login = 'ann'"),
    ("UPDATE ddns.domains SET account_id = (SELECT id FROM ddns.accounts WHERE login = 'joe') WHERE owner = 'ann-0'",
     "nohost", "UPDATE ddns.domains SET account_id = (SELECT id FROM ddns.accounts WHERE login = 'ann') WHERE owner = 'ann-0'"),
    ("DELETE FROM ddns.keys WHERE name = 'anns-key'", "badauth", None),
])
def test_a_key_loses_and_gets_a_right(cursor, door, key, change, word, undo):
    """Not one update is done after the COMMIT, and soon the right word is said."""
    assert door.ask(key) == "good"
    cursor.execute(change)
    since = time.monotonic()
    before = addresses(cursor, door.host)
    assert door.ask(key) not in YES
    lost = door.wait(key, word, since)
    assert addresses(cursor, door.host) == before
    got = 0.0
    if undo is not None:
        cursor.execute(undo)
        got = door.wait(key, "good", time.monotonic())
    print(f"{word} after {lost * 1000:.1f} ms, good again after {got * 1000:.1f} ms")
    assert max(lost, got) <= 10 * LIMIT


def test_types_and_verbs(cursor, door, key):
    """All that an update would touch must be allowed."""
    cursor.execute("UPDATE ddns.keys SET types = '{A}' WHERE name = 'anns-key'")
    assert door.ask(key, myip="192.0.2.5,2001:db8::5") == "!yours"
    assert door.ask(key, myip="2001:db8::5") == "!yours"
    assert door.ask(key, myip="192.0.2.5") == "good"
    cursor.execute("UPDATE ddns.keys SET types = '{}', verbs = '{offline}' WHERE name = 'anns-key'")
    assert door.ask(key) == "!yours"
    assert door.ask(key, offline="YES", myip="") == "good"
    cursor.execute("UPDATE ddns.keys SET verbs = '{update}' WHERE name = 'anns-key'")
    assert door.ask(key, offline="YES", myip="") == "!yours"
    assert door.ask(key) == "good"


def test_a_key_for_tsig_only(cursor, door, key):
    cursor.execute("UPDATE ddns.keys SET tsig_only = true WHERE name = 'anns-key'")
    assert door.wait(key, "badauth", time.monotonic()) <= 10 * LIMIT
    cursor.execute("UPDATE ddns.keys SET tsig_only = false WHERE name = 'anns-key'")
    assert door.wait(key, "good", time.monotonic()) <= 10 * LIMIT


def test_a_key_runs_out(cursor, door, key):
    """By the clock alone."""
    earliest = time.monotonic() + 0.7
    cursor.execute("UPDATE ddns.keys SET expires = clock_timestamp() + interval '0.7 seconds' WHERE name = 'anns-key'")
    latest = time.monotonic() + 0.7
    while True:
        asked = time.monotonic()
        if (answer := door.ask(key)) != "good":
            break
        assert asked < latest + 10 * LIMIT
    assert answer in ("!yours", "badauth") and time.monotonic() > earliest - LIMIT
    door.wait(key, "badauth", latest)


def test_an_account_is_suspended(stack, cursor, door, account, key):
    """With all that it has: its password, its keys, its names as users, and its names leave DNS."""
    logins = [account, key, Login(door.host, account.password), Login(door.host, key.password)]
    assert [door.ask(login) in YES for login in logins] == [True] * 4
    stack.ctl("account", "set", account.user, "state=suspended")
    since = time.monotonic()
    assert not [login.user for login in logins if door.ask(login) in YES]
    times = [door.wait(login, "badauth", since) for login in logins]
    stack.wait_answer(door.host, "A", set())
    stack.ctl("account", "set", account.user, "state=active")
    since = time.monotonic()
    times += [door.wait(login, "good", since) for login in logins]
    print(f"suspended and back at the door: {max(times) * 1000:.1f} ms at most")
    stack.wait_answer(door.host, "A", set(addresses(cursor, door.host)))


def test_a_password_is_changed(stack, door, account):
    """The old one, which was right a moment ago, is remembered no longer."""
    assert door.ask(account) in YES
    stack.ctl("account", "set", account.user, "--password-stdin", text="anns-next-password\n")
    following = Login(account.user, "anns-next-password")
    seconds = door.wait(following, "good", time.monotonic())
    assert door.ask(account) == "badauth"
    stack.ctl("account", "set", account.user, "--password-stdin", text=account.password + "\n")
    door.wait(account, "good", time.monotonic())
    assert door.ask(following) == "badauth"
    print(f"a new password is good after {seconds * 1000:.1f} ms")


def test_what_is_new_is_good_at_once(stack, cursor, host):
    assert host
    times = []
    for n in range(5):
        login = add_account(stack, f"new-{n}", "a-new-ones-password")
        key = add_key(stack, f"new-{n}", login.user)
        door = Door(stack, add_hosts(stack, f"new-{n}", 1, account=login.user)[0])
        times += [door.wait(key, "good", time.monotonic()), door.wait(login, "good", time.monotonic())]
    print(f"new accounts, keys and hosts are good after {max(times) * 1000:.1f} ms at most")
    assert max(times) <= 10 * LIMIT
    cursor.execute("DELETE FROM ddns.domains WHERE name = %s", (door.host,))
    assert door.ask(key) == "nohost"


def test_each_may_what_is_its_own(stack, cursor, account, host):
    """Every credential at every host: done where it is the holder's, nohost elsewhere."""
    own = {account: f"ann-1.{stack.zone}", demo(stack): stack.host,
           wait_known(stack, add_account(stack, "bob", "bobs-own-password")): add_hosts(stack, "bob", 1, account="bob")[0]}
    for login in own:
        for holder, name in own.items():
            before = addresses(cursor, name)
            answer = Door(stack, name).ask(login)
            assert answer == ("good" if holder is login else "nohost"), (login.user, name)
            assert (addresses(cursor, name) == before) == (holder is not login)
    assert addresses(cursor, host) == ["192.0.2.1"]
