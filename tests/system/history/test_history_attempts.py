# SPDX-License-Identifier: GPL-3.0-or-later
"""Failed tries against a domain are kept for its holder, with the reason: what becomes of them at the HTTP door."""

import pytest

from ddns.steps import wait_until


@pytest.fixture(scope="module")
def foreign(stack):
    """A domain of somebody else."""
    stack.ctl("account", "add", "ann")
    stack.ctl("domain", "add", f"ann.{stack.zone}", "--account", "ann")
    wait_until(lambda: stack.gateway.metric("ddns_gateway_accounts") == 2, what="the gateway knows ann")
    return f"ann.{stack.zone}"


def try_update(stack, host, user, password, **parameters):
    query = "&".join(f"{name}={value}" for name, value in {"hostname": host, "myip": "192.0.2.1", **parameters}.items())
    return stack.get(f"/nic/update?{query}", user, password)


def attempts(stack, name):
    return stack.sql("SELECT account, key, door, host(peer), reason FROM ddns.attempts WHERE name = %s "
                     "ORDER BY at, ctid", (name,))


def wait_attempts(stack, name, expected):
    wait_until(lambda: attempts(stack, name) == expected, 30)


def test_a_wrong_password_is_told_to_the_holder(stack, foreign):
    """A failed try against a domain is shown to its owner with the reason: a wrong password; never the password itself."""
    status, _, _ = try_update(stack, foreign, "ann", "guessed-wrong")
    assert status == 401
    wait_attempts(stack, foreign, [("ann", None, "http", "127.0.0.1", "wrong user name or password")])
    stack.sql("DELETE FROM ddns.attempts")


def test_a_stranger_is_not_named(stack, foreign):
    """Who is nobody here is not written down: it may be a secret in the wrong place."""
    try_update(stack, foreign, "secretinplaceofname", "x")
    try_update(stack, foreign, stack.key_name, "x")
    wait_attempts(stack, foreign, [(None, None, "http", "127.0.0.1", "wrong user name or password"),
                                   (stack.account, stack.key_name, "http", "127.0.0.1", "wrong user name or password")])
    stack.sql("DELETE FROM ddns.attempts")


def test_somebody_elses_key(stack, foreign):
    """A failed try against a domain is shown to its owner with the reason: a key of another account."""
    _, body, _ = try_update(stack, foreign, stack.key_name, stack.key_secret)
    assert body.strip() == "nohost"
    wait_attempts(stack, foreign, [(stack.account, stack.key_name, "http", "127.0.0.1", "it is another account's")])
    stack.sql("DELETE FROM ddns.attempts")


def test_an_address_that_is_refused(stack):
    """A failed try against a domain is shown to its owner with the reason: his own, with a bad address."""
    _, body, _ = try_update(stack, stack.host, stack.key_name, stack.key_secret, myip="224.0.0.1")
    assert body.strip() == "dnserr"
    wait_attempts(stack, stack.host, [(stack.account, stack.key_name, "http", "127.0.0.1",
                                       "224.0.0.1 is a multicast address")])
    stack.sql("DELETE FROM ddns.attempts")


def test_what_is_nobodys_is_not_kept(stack, foreign):
    """Names that nobody holds write nothing, nor does a browser that has not been asked for its password yet."""
    try_update(stack, f"nobody.{stack.zone}", stack.key_name, stack.key_secret)
    assert stack.get(f"/nic/update?hostname={foreign}")[0] == 401
    try_update(stack, f"below.{foreign}", stack.key_name, stack.key_secret)
    wait_until(lambda: attempts(stack, foreign), 30)
    assert stack.sql("SELECT name, reason FROM ddns.attempts") == [(foreign, "it is another account's")]
    stack.sql("DELETE FROM ddns.attempts")


def test_a_flood_keeps_little(stack, foreign):
    """However often somebody tries, ten a minute of a domain are kept."""
    for _ in range(30):
        try_update(stack, foreign, stack.key_name, stack.key_secret)
    wait_until(lambda: len(attempts(stack, foreign)) == 10, 30)
    try_update(stack, stack.host, stack.key_name, "x")  # what comes later is written later
    wait_until(lambda: attempts(stack, stack.host), 30)
    assert len(attempts(stack, foreign)) == 10
