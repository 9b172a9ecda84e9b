# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input at the update door: a clear answer or a clean close, nothing changed, and the gateway lives."""

import contextlib
import random
import re
import signal
import socket

import pytest

from ddns.steps import wait_until
from http_hosts import add_account, add_hosts, add_key, demo, everything, wait_known
from http_raw import Login, ask, connect, exchange, parse, read_all, request, update, update_target

WANTED = "192.0.2.66"  # what nobody may get stored here


@pytest.fixture(scope="module")
def names(stack):
    """Hosts of joe and of a stranger, and one in the public zone."""
    add_account(stack, "stranger", "a-strangers-password")
    return {
        "own": add_hosts(stack, "input", 1)[0],
        "foreign": add_hosts(stack, "foreign", 1, account="stranger")[0],
        "public": add_hosts(stack, "input", 1, zone=stack.zone_public)[0],
    }


@pytest.fixture(scope="module")
def strangers_key(stack, names):
    assert names
    return wait_known(stack, add_key(stack, "strangers-key", "stranger"))


@pytest.fixture(scope="module", autouse=True)
def strict(stack):
    """A gateway that tells all that it has to tell, and soon cuts those who do not get on."""
    begin = len(stack.gateway.read_log())
    stack.gateway.options = 'http-request-timeout = 2\nlog-level = "debug"\n'
    stack.gateway.rewrite()
    stack.gateway.server.send(signal.SIGHUP)
    wait_until(lambda: "read again" in stack.gateway.read_log(begin), 30, "the gateway has read its configuration")


@pytest.fixture(autouse=True)
def unharmed(stack, cursor, names, strangers_key):
    """After each test: the same process, the same rows, and an update that works."""
    assert strangers_key
    pid, before = stack.gateway.server.pid(), everything(cursor)
    yield
    assert stack.gateway.server.pid() == pid
    assert everything(cursor) == before
    for address in ("192.0.2.1", "192.0.2.2"):
        assert update(stack.gateway, demo(stack), names["own"], myip=address) == f"good {address}"


def evil(stack, names, **more):
    """A whole request that would be an update, were it taken as one."""
    return request(update_target(names["own"], myip=WANTED), demo(stack), **more)


@pytest.mark.parametrize("host, address, says", [
    ("nobody.dyn.example.org", WANTED, "nohost"),
    ("x.input-0.dyn.example.org", WANTED, "nohost"),
    ("dyn.example.org", WANTED, "nohost"),
    ("*.dyn.example.org", WANTED, "nohost"),
    ("example.com", WANTED, "nohost"),
    ("FOREIGN", WANTED, "nohost"),
    ("PUBLIC", "10.0.0.1", "dnserr"),
    ("PUBLIC", "127.0.0.1", "dnserr"),
    ("PUBLIC", "192.168.1.1", "dnserr"),
    ("PUBLIC", "192.0.2.1", "dnserr"),
    ("PUBLIC", "8.8.8.8,10.0.0.1", "dnserr"),
    ("PUBLIC", "::1", "dnserr"),
    ("PUBLIC", "2001:db8::1", "dnserr"),
    ("PUBLIC", "fe80::1", "dnserr"),
    ("PUBLIC", "::ffff:10.0.0.1", "dnserr"),
    ("PUBLIC", "2002:a00:1::1", "dnserr"),
    ("PUBLIC", None, "dnserr"),  # the connection's own is a loopback address
    ("OWN", "1.2.3", "dnserr"),
    ("OWN", "192.0.2.066", "dnserr"),
    ("OWN", "0x7f.1", "dnserr"),
    ("OWN", "3221226050", "dnserr"),
    ("OWN", "192.0.2.66:80", "dnserr"),
    ("OWN", "192.0.2.66/33", "dnserr"),
    ("OWN", "1::2::3", "dnserr"),
    ("OWN", "2001:db8::g", "dnserr"),
    ("OWN", "' OR 1=1 --", "dnserr"),
    ("OWN", "{192.0.2.66}", "dnserr"),
    ("OWN", "%s%n%n", "dnserr"),
    ("OWN", "x" * 5000, "dnserr"),
    ("", WANTED, "notfqdn"),
    ("nodot", WANTED, "notfqdn"),
    ("a..example.org", WANTED, "notfqdn"),
    (".example.org", WANTED, "notfqdn"),
    ("-", WANTED, "notfqdn"),
    ("x" * 64 + ".example.org", WANTED, "notfqdn"),
    (".".join(["x" * 60] * 5), WANTED, "notfqdn"),
    ("x" * 5000, WANTED, "notfqdn"),
    ("a b.example.org", WANTED, "notfqdn"),
    ("a'b.example.org", WANTED, "notfqdn"),
    ("a\\.example.org", WANTED, "notfqdn"),
    ("\u2028.example.org", WANTED, "notfqdn"),
    ("a\r\nSet-Cookie:x.example.org", WANTED, "notfqdn"),
    ("%3Cscript%3E.example.org", WANTED, "notfqdn"),
])
def test_names_and_addresses(stack, names, host, address, says):
    """A bare code: not a word of what was sent comes back."""
    host = {name.upper(): value for name, value in names.items()}.get(host, host)
    more = {} if address is None else {"myip": address}
    reply = ask(stack.gateway, update_target(host, **more), demo(stack))
    assert (reply.status, reply.body) == (200, says + "\n")
    assert "set-cookie" not in reply.headers


def test_wrong_credentials(stack, names, strangers_key):
    login = demo(stack)
    target = update_target(names["own"], myip=WANTED)
    for wrong in (Login(login.user, login.password + "x"), Login(login.user, login.password[:-1]),
                  Login(login.user, login.password.swapcase()), Login(login.user, ""), Login("", "wrong-password"),
                  Login("nobody", login.password), Login("joe", "wrong-password"), Login("x" * 3000, "y" * 3000),
                  Login(names["own"], "wrong-password"), Login(names["foreign"], "wrong-password"),
                  Login("' OR ''='", "' OR ''='"), Login(strangers_key.user, login.password),
                  Login(login.user, strangers_key.password)):
        reply = ask(stack.gateway, target, wrong)
        assert (reply.status, reply.body) == (401, "badauth\n"), wrong.user[:20]
    # the right secret of somebody else
    assert update(stack.gateway, strangers_key, names["own"], myip=WANTED) == "nohost"
    assert update(stack.gateway, Login("stranger", "a-strangers-password"), names["own"], myip=WANTED) == "nohost"
    assert update(stack.gateway, Login(names["own"], strangers_key.password), names["own"], myip=WANTED) == "nohost"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT", "PATCH", "PROPFIND", "get", "X"])
def test_methods_that_do_not_update(stack, names, method):
    raw = exchange(stack.gateway, evil(stack, names, method=method))
    reply = parse(raw)
    assert reply is None or reply.status in (204, 400, 405, 501), raw
    if method == "OPTIONS":
        assert reply.status == 204 and set(reply.headers["allow"].split(", ")) == {"GET", "POST", "PUT", "OPTIONS"}


@pytest.mark.parametrize("header", ["Purpose: prefetch", "Sec-Purpose: prefetch;prerender", "X-Purpose: preview",
                                    "X-Moz: prefetch"])
def test_a_browser_that_looks_ahead(stack, names, header):
    assert parse(exchange(stack.gateway, evil(stack, names, headers=[header]))).status == 403


@pytest.mark.parametrize("target", ["/favicon.ico", "/robots.txt", "/nic", "/nic/updat", "/nic/update/x", "/../nic/x",
                                    "/nic/update;x", "*", "/%2e%2e/", "/livez", "/metrics", "/readyz"])
def test_paths_that_are_none(stack, names, target):
    query = f"?hostname={names['own']}&myip={WANTED}"
    assert ask(stack.gateway, target + query, demo(stack)).status in (400, 404)


def test_pages_that_change_nothing(stack, names):
    query = f"?host={names['own']}&myip={WANTED}"
    for path in ("/", "/myip", "/ip", "/checkip"):
        assert ask(stack.gateway, path + query, demo(stack)).status == 200


@pytest.mark.parametrize("target", [
    "/nic/update%00?hostname={h}&myip={a}", "/nic/update?hostname={h}%00&myip={a}", "/nic/update?hostname={h}&myip={a}%00",
    "/nic/update?hostname={h}&myip={a}&x%00=1", "/nic/update\0?hostname={h}&myip={a}", "/nic/update?hostname={h}&myip={a}\0",
    "/nic/update%00.png?hostname={h}&myip={a}",
])
def test_zero_bytes(stack, names, target):
    raw = exchange(stack.gateway, request(target.format(h=names["own"], a=WANTED), demo(stack)))
    assert raw == b"" or parse(raw).status == 400


@pytest.mark.parametrize("size", [70_000, 100_000, 3_000_000])
@pytest.mark.parametrize("place", ["query", "path", "header", "headers", "method"])
def test_too_long(stack, names, place, size):
    long = "x" * size
    target = update_target(names["own"], myip=WANTED)
    raw = exchange(stack.gateway, {
        "query": request(f"{target}&x={long}", demo(stack)),
        "path": request(f"/{long}/../nic/update?hostname={names['own']}&myip={WANTED}", demo(stack)),
        "header": request(target, demo(stack), headers=[f"X: {long}"]),
        "headers": request(target, demo(stack), headers=[f"X-{n}: y" for n in range(size // 8)]),
        "method": request(target, demo(stack), long),
    }[place])
    reply = parse(raw)
    assert reply is None and raw == b"" or reply.status in (400, 405, 413, 414, 431, 501), raw[:200]


def test_too_much_of_a_body(stack, names):
    for length in (16_385, 1_000_000):
        body = b"hostname=" + names["own"].encode() + b"&myip=" + WANTED.encode() + b"&x="
        body += b"y" * (length - len(body))
        reply = parse(exchange(stack.gateway, request("/nic/update", demo(stack), "POST", body=body)))
        assert reply is None or reply.status == 413
        chunked = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
        reply = parse(exchange(stack.gateway, request("/nic/update", demo(stack), "POST",
                                                      headers=["Transfer-Encoding: chunked"]) + chunked))
        assert reply is None or reply.status == 413
    many = "&".join(f"p{n}=1" for n in range(2000))
    raw = exchange(stack.gateway, request(f"{update_target(names['own'], myip=WANTED)}&{many}", demo(stack)))
    assert raw == b"" or parse(raw).status in (400, 414, 431)


def answers_to(stack, requests):
    """Sends each on a connection of its own, says there is no more to come, and reads what comes back."""
    with contextlib.ExitStack() as opened:
        connections = [opened.enter_context(connect(stack.gateway)) for _ in requests]
        for connection, raw in zip(connections, requests):
            with contextlib.suppress(OSError):  # closed while we still sent
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
        return [read_all(connection) for connection in connections]


def test_binary_junk(stack):
    noise = random.Random(1)
    junk = {
        "random": noise.randbytes(50_000),
        "zeros": bytes(50_000),
        "tls": bytes.fromhex("16030100c8010000c40303") + bytes(200),
        "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        "dns": bytes.fromhex("001d0001010000010000000000000364796e076578616d706c65036f72670000010001"),
        "line ends": b"\r\n" * 20_000,
        "no line end": b"GET /nic/update",
        "gnudip": b"joe:0123456789abcdef0123456789abcdef:dyn.example.org:0:192.0.2.66\n",
        "nothing": b"",
    }
    for what, raw in zip(junk, answers_to(stack, junk.values())):
        assert raw == b"" or parse(raw).status in (400, 404, 405, 413, 414, 431, 501, 505), f"{what}: {raw[:100]}"


def test_mutations_of_a_request(stack, is_long):
    """One for a host that there is not, with bytes changed at random: any answer, but no change, no crash."""
    noise = random.Random(2)
    good = request(update_target("no-such.example.org", myip=WANTED), Login("nobody", "no-such-password"), "POST",
                   headers=["Content-Type: application/x-www-form-urlencoded"], body=b"a=1&b=2")
    for _ in range(20 if is_long else 1):
        requests = []
        for _ in range(500):
            raw = bytearray(good)
            for _ in range(noise.randrange(1, 8)):
                place = noise.randrange(len(raw))
                raw[place:place + noise.randrange(3)] = noise.randbytes(noise.randrange(3))
            requests.append(raw)
        answers = answers_to(stack, requests)
        assert all(raw == b"" or parse(raw).status < 600 for raw in answers)
        assert sum(raw != b"" for raw in answers) > 250


SMUGGLED = {
    "length and chunked": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "chunked and length": ["Transfer-Encoding: chunked", "Content-Length: 5"],
    "two lengths": ["Content-Length: 5", "Content-Length: 500"],
    "two equal lengths": ["Content-Length: 5", "Content-Length: 5"],
    "list of lengths": ["Content-Length: 5, 5"],
    "blank before the colon": ["Content-Length : 5"],
    "tab before the colon": ["Content-Length\t: 5"],
    "plus": ["Content-Length: +5"],
    "minus": ["Content-Length: -5"],
    "hexadecimal": ["Content-Length: 0x5"],
    "empty length": ["Content-Length: "],
    "too big": ["Content-Length: 99999999999999999999"],
    "wrapping": ["Content-Length: 18446744073709551621"],
    "unknown coding": ["Transfer-Encoding: gzip"],
    "two codings": ["Transfer-Encoding: gzip, chunked"],
    "chunked twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "coding with a vertical tab": ["Transfer-Encoding: \x0bchunked"],
    "identity": ["Transfer-Encoding: identity", "Content-Length: 5"],
    "two hosts": ["Host: other.example"],
    "two authorizations": ["Authorization: Basic eDp5"],
    "folded line": ["X: y", " Content-Length: 5"],
    "line without a colon": ["X"],
    "line without a name": [": x"],
    "control byte": ["X: a\x01b"],
    "carriage return": ["X: a\rContent-Length: 5"],
}


@pytest.mark.parametrize("what", SMUGGLED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_smuggling(stack, names, what, method):
    """Never two requests from one: what follows the first is not taken for a request, nor is the first an update."""
    first = request(update_target(names["own"], myip=WANTED), demo(stack), method, headers=SMUGGLED[what])
    raw = exchange(stack.gateway, first + b"0\r\n\r\n" + evil(stack, names))
    # libmicrohttpd says some of its own errors twice
    assert set(re.findall(rb"^HTTP/1\.\d (\d+)", raw, re.MULTILINE)) <= {b"400", b"413", b"501"}, raw


def test_nothing_is_read_after_the_first_request(stack, names):
    """A keep-alive is not kept: a second request on the connection has no effect."""
    first = request("/myip", headers=["Connection: keep-alive"])
    for second in (evil(stack, names), b"\r\n" + evil(stack, names)):
        assert exchange(stack.gateway, first + second).count(b"HTTP/1.") == 1
    body = b"hostname=no-such.example.org"
    for post in (request("/nic/update", demo(stack), "POST", headers=["Connection: keep-alive"], body=body),
                 request("/nic/update", None, "POST", headers=["Connection: keep-alive"], body=body)):
        assert exchange(stack.gateway, post + evil(stack, names)).count(b"HTTP/1.") == 1


@pytest.mark.parametrize("target, host", [
    ("http://other.example/nic/update", "gw.example"), ("http://gw.example@evil.example/nic/update", "gw.example"),
    ("https://gw.example:1/nic/update", "gw.example"), ("ftp://gw.example/nic/update", "gw.example"),
    ("//gw.example/nic/update", "gw.example"),
])
def test_targets_that_contradict_the_host(stack, names, target, host):
    query = f"?hostname={names['own']}&myip={WANTED}"
    assert ask(stack.gateway, target + query, demo(stack), host=host).status in (400, 404)
