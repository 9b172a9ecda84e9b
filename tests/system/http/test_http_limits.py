# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a login may fail, from a network and for a user, and whom that never keeps out."""

import concurrent.futures
import signal
import time

import pytest

from ddns.steps import wait_until
from http_hosts import add_account, add_hosts, demo
from http_raw import Login, ask, update_target

PER_NETWORK, PER_USER = 12, 5
networks = iter(f"10.{n >> 8}.{n & 255}" for n in range(65536))  # /24s, each used once


@pytest.fixture(scope="module")
def stack(module_stacks):
    """The file's servers, with limits; clients are who the proxy at 127.0.0.1 says."""
    stack = module_stacks.make()
    stack.gateway.options = limits() + 'trusted-proxies = {"127.0.0.1"}\n'
    return stack.start()


@pytest.fixture(scope="module")
def ann(stack):
    return add_unseen(stack, "ann", "anns-own-password")


@pytest.fixture(scope="module")
def host(stack, ann):
    return add_hosts(stack, "ann", 1, account=ann.user)[0]


def add_unseen(stack, login, password):
    """An account that the gateway knows, but not that its password is right."""
    before = stack.gateway.metric("ddns_gateway_accounts")
    added = add_account(stack, login, password)
    wait_until(lambda: stack.gateway.metric("ddns_gateway_accounts") > before, 30, f"{login} is known")
    return added


def limits(per_network=PER_NETWORK, per_user=PER_USER):
    return f"login-failures-per-network = {per_network}\nlogin-failures-per-user = {per_user}\n"


def come(stack, login, address, hostname=None, path=None):
    """An update, as if from that address."""
    return ask(stack.gateway, path or update_target(hostname or stack.host, myip="192.0.2.61"), login,
               headers=[f"X-Forwarded-For: {address}"], timeout=30)


def assert_limited(reply, limit):
    assert (reply.status, reply.body) == (429, "abuse\n") and "www-authenticate" not in reply.headers
    # until one of them is forgotten, no longer
    assert 0 < int(reply.headers["retry-after"]) <= 900 / limit + 1


def test_of_a_network(stack, host, ann):
    """So many and not one more; the rest of the world, and whoever is right, do not notice."""
    network, other = next(networks), next(networks)
    replies = [come(stack, Login(f"nobody-{n}", "wrong-password"), f"{network}.{n}") for n in range(PER_NETWORK + 3)]
    assert [reply.status for reply in replies] == [401] * PER_NETWORK + [429] * 3
    assert_limited(replies[-1], PER_NETWORK)
    for wrong in (Login("", "wrong-password"), Login(stack.key_name, "wrong-password"), Login(stack.host, "wrong-password")):
        assert_limited(come(stack, wrong, f"{network}.7"), PER_NETWORK)
    assert_limited(come(stack, None, f"{network}.7", path="/nic/update?token=wrong-password"), PER_NETWORK)
    page = come(stack, None, f"{network}.7", path="/u/wrong-password/")
    assert page.status == 429 and "Too many wrong tries" in page.body
    # who shows nothing is asked for a password still
    assert come(stack, None, f"{network}.7").status == 401
    assert come(stack, demo(stack), f"{network}.1").status == 200
    assert_limited(come(stack, ann, f"{network}.1", host), PER_NETWORK)  # it might be a guess
    assert come(stack, ann, f"{other}.1", host).status == 200
    assert come(stack, ann, f"{network}.1", host).status == 200  # now it is none


def test_of_a_network_in_ipv6(stack):
    for n in range(PER_NETWORK):
        assert come(stack, Login(f"x{n}", "wrong"), f"2001:db8:1:{n:x}::1").status == 401
    assert_limited(come(stack, Login("else", "wrong"), "2001:db8:1:ff::2"), PER_NETWORK)
    assert come(stack, Login("else", "wrong"), "2001:db8:1:100::2").status == 401  # another /56


def test_of_a_user(stack, host, ann):
    """From all over the world; but not from where she was let in before."""
    home = next(networks)
    assert come(stack, ann, f"{home}.1", host).status == 200
    statuses = [come(stack, Login(ann.user, f"guess-number-{n}"), f"{next(networks)}.1").status for n in range(PER_USER + 2)]
    assert statuses == [401] * PER_USER + [429] * 2
    assert_limited(come(stack, Login(ann.user, "next-guess"), f"{next(networks)}.1"), PER_USER)
    stack.ctl("account", "set", ann.user, "--password-stdin", text="anns-next-password\n")
    changed = Login(ann.user, "anns-next-password")
    wait_until(lambda: come(stack, changed, f"{home}.200", host).status == 200, 30, "home is home")
    assert come(stack, Login(ann.user, "wrong"), f"{home}.3").status == 401
    assert come(stack, changed, f"{next(networks)}.1", host).status == 200  # known to be right by now
    assert come(stack, Login("somebody-else", "wrong"), f"{next(networks)}.1").status == 401
    stack.ctl("account", "set", ann.user, "--password-stdin", text=ann.password + "\n")


def test_it_does_not_tell_who_exists(stack):
    """A user who is nobody has the same limits, with the same answers."""
    add_unseen(stack, "exists", "a-password-of-some-length")
    answers = {}
    for user in ("exists", "exists-not"):
        replies = [come(stack, Login(user, "wrong"), f"{next(networks)}.1") for _ in range(PER_USER + 2)]
        answers[user] = [(reply.status, reply.body) for reply in replies]
    assert answers["exists"] == answers["exists-not"]


def test_exactly_so_many_at_once(stack):
    network = next(networks)
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(lambda n: come(stack, Login(f"p{n}", "wrong"), f"{network}.{n}").status, range(30)))
    assert sorted(statuses) == [401] * PER_NETWORK + [429] * (30 - PER_NETWORK)


def test_what_is_told(stack):
    """Once in the log, with the account but never a name that is none, and in the metrics."""
    network, begin = next(networks), len(stack.gateway.read_log())
    before = stack.gateway.metric('ddns_gateway_updates_total{door="http",result="limited"}')
    for n in range(PER_NETWORK + 20):
        come(stack, Login("a-secret-in-the-wrong-place", "wrong") if n % 2 else Login(f"u{n}", "wrong"), f"{network}.1")
    log = stack.gateway.read_log(begin)
    assert "a-secret-in-the-wrong-place" not in log
    assert 1 <= log.count("too many logins fail") <= 4 and "abuse" not in log
    assert stack.gateway.metric('ddns_gateway_updates_total{door="http",result="limited"}') - before >= 10


def test_the_window_slides(stack):
    """900 in a quarter of an hour is one a second."""
    begin = len(stack.gateway.read_log())
    stack.gateway.options = limits(900, 900) + 'trusted-proxies = {"127.0.0.1"}\n'
    stack.gateway.rewrite()
    stack.gateway.server.send(signal.SIGHUP)
    wait_until(lambda: "read again" in stack.gateway.read_log(begin), 30, "SIGHUP is done")
    assert "restart" not in stack.gateway.read_log(begin)
    network = next(networks)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: come(stack, None, f"{network}.1", path="/nic/update?token=wrong"), range(905)))
    limited = come(stack, None, f"{network}.1", path="/nic/update?token=wrong")
    while limited.status == 401:  # this took longer than a second
        limited = come(stack, None, f"{network}.1", path="/nic/update?token=wrong")
    assert_limited(limited, 900)
    time.sleep(int(limited.headers["retry-after"]))  # what it says is what it does
    assert come(stack, None, f"{network}.1", path="/nic/update?token=wrong").status == 401
