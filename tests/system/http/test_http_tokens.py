# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to show a secret: Basic, Bearer, Token, parameters and the bookmark; and who may not use them."""

import base64
import hashlib
import re
import subprocess
import urllib.parse

import pytest

from http_hosts import add_account, add_hosts, add_key, addresses, demo, everything, wait_known
from http_raw import SECRETS, Login, ask, update_target

WITH_PLUS = Login("plus", "s3cr+t&x y+z")


@pytest.fixture(scope="module")
def single(stack):
    """A key for one host, and that host: neither user nor hostname is needed."""
    host = add_hosts(stack, "token", 1)[0]
    return wait_known(stack, add_key(stack, "token", stack.account, "--domain", host)), host


@pytest.fixture(scope="module")
def plus(stack):
    """An account whose password has all that URLs are unkind to, and its host."""
    wait_known(stack, add_account(stack, WITH_PLUS.user, WITH_PLUS.password))
    SECRETS.add(urllib.parse.quote(WITH_PLUS.password))
    return add_hosts(stack, "plus", 1, account=WITH_PLUS.user)[0]


@pytest.fixture
def fresh(cursor, single):
    """The host has no address before, so that an update is seen."""
    cursor.execute("UPDATE ddns.domains SET address = '{}' WHERE name = %s", (single[1],))
    return single[1]


def with_header(stack, target, value, method="GET", body=b"", more=()):
    return ask(stack.gateway, target, method=method, headers=[f"Authorization: {value}", *more], body=body)


@pytest.mark.parametrize("value", ["Bearer {s}", "Token {s}", "bearer {s}", "TOKEN   {s} ", "Basic {b}"])
def test_headers(stack, cursor, single, fresh, value):
    secret = single[0].password
    basic = base64.b64encode(f"none:{secret}".encode()).decode()
    SECRETS.add(basic)
    reply = with_header(stack, "/nic/update?myip=192.0.2.41", value.format(s=secret, b=basic))
    assert (reply.status, reply.body) == (200, "good 192.0.2.41\n")
    assert addresses(cursor, fresh) == ["192.0.2.41"]


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer x", "Digest {s}", "{s}", "Basic {s}", "Bearer {s}{s}",
                                   "Bearer {s}x", "Bearer " + "x" * 2000, "Bearer\xa0{s}"])
def test_headers_that_are_none(stack, cursor, single, value):
    """Nor do the parameters count then: the header wins."""
    secret, before = single[0].password, everything(cursor)
    reply = with_header(stack, f"/nic/update?myip=192.0.2.66&token={secret}", value.format(s=secret))
    assert (reply.status, reply.body) == (401, "badauth\n")
    assert everything(cursor) == before


@pytest.mark.parametrize("query", ["token={s}", "key={s}", "password={s}", "pass={s}", "username=none&password={s}",
                                   "user=token&pass={s}", "login=joe&password={s}", "username={h}&token={s}",
                                   "hostname={h}&password={s}", "token=&password={s}", "user=&token={s}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_parameters(stack, cursor, single, fresh, query, method):
    query = query.format(s=single[0].password, h=fresh) + "&myip=192.0.2.42"
    target, body = ("/nic/update", query.encode()) if method == "POST" else ("/nic/update?" + query, b"")
    reply = ask(stack.gateway, target, method=method, body=body)
    assert (reply.status, reply.body) == (200, "good 192.0.2.42\n")
    assert addresses(cursor, fresh) == ["192.0.2.42"]


@pytest.mark.parametrize("path", ["/nic/update", "/nic/dyndns", "/nic/statdns", "/v3/update", "/v2/update", "/update",
                                  "/dyndns/update", "/api/update", "//nic/update", "/update/", "/"])
def test_paths(stack, single, fresh, path):
    """As clients send them: a user name that is a token's place-holder, aliases of the host's parameter."""
    host = "hostname" if path == "/" else "domains"
    for address, word in (("192.0.2.43", "good"), ("192.0.2.43", "nochg")):
        target = f"{path}?{host}={fresh}&token={single[0].password}&ip={address}"
        assert ask(stack.gateway, target).body == f"{word} {address}\n"


@pytest.mark.parametrize("written", [
    "username=plus&password=s3cr%2Bt%26x%20y%2Bz",  # as the standard has it
    "username=plus&password=s3cr+t%26x%20y+z",  # "+" as it is
])
def test_a_plus_is_what_it_is(stack, plus, written):
    assert ask(stack.gateway, f"/nic/update?{written}&hostname={plus}&myip=192.0.2.44").status == 200


def test_a_plus_may_be_a_blank(stack, cursor):
    wait_known(stack, add_account(stack, "blank", "two words and more"))
    host = add_hosts(stack, "blank", 1, account="blank")[0]
    SECRETS.add("two+words+and+more")
    body = f"username=blank&password=two+words+and+more&hostname={host}&myip=192.0.2.45".encode()
    assert ask(stack.gateway, "/nic/update", method="POST", body=body).body == "good 192.0.2.45\n"
    assert addresses(cursor, host) == ["192.0.2.45"]
    basic = Login("blank", "two+words+and+more")  # there it is a plus
    assert ask(stack.gateway, update_target(host, myip="192.0.2.66"), basic).status == 401


def test_the_header_wins(stack, cursor, single, fresh):
    target = f"/nic/update?myip=192.0.2.46&token={single[0].password}"
    assert ask(stack.gateway, target, Login("joe", "not-joes-password")).status == 401
    assert addresses(cursor, fresh) == []
    assert ask(stack.gateway, f"{target}x&hostname={fresh}", demo(stack)).body == "good 192.0.2.46\n"


# -- the bookmark ------------------------------------------------------------------------------------


def bookmark(stack, secret, query="", **more):
    return ask(stack.gateway, f"/u/{secret}/{query}", **more)


def test_a_bookmark(stack, cursor, single, fresh):
    """A page that needs nothing from anywhere says what was done."""
    for query, state, address in (("?myip=192.0.2.47", "Updated", "192.0.2.47"), ("?myip=192.0.2.47", "Unchanged", "192.0.2.47"),
                                  ("", "Updated", "127.0.0.1")):
        reply = bookmark(stack, single[0].password, query)
        assert reply.status == 200 and reply.headers["content-type"] == "text/html; charset=utf-8"
        assert f">{state}<" in reply.body and f"<h1>{fresh}</h1>" in reply.body and f"<code>{address}</code>" in reply.body
        assert addresses(cursor, fresh) == [address]
    assert reply.headers["cache-control"] == "no-store" and reply.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in reply.headers
    style = re.search("<style>(.*?)</style>", reply.body, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in reply.headers["content-security-policy"]
    assert not re.search(r"https?:|src=|href=|<script|url\(", reply.body) and single[0].password not in reply.body
    german = bookmark(stack, single[0].password, headers=["Accept-Language: de"])
    assert ">Unverändert<" in german.body and german.headers["content-language"] == "de"
    assert bookmark(stack, single[0].password, method="POST").status == 200


@pytest.mark.parametrize("query, status, says", [
    ("?hostname=no-such.example.org", 400, "cannot change that name"),
    ("?hostname=%3Cb%3E%26.example", 400, "<h1>&lt;b&gt;&amp;.example</h1>"),
    ("?myip=nonsense", 400, "is not accepted"),
    ("?hostname=" + ",".join(["a.example"] * 21), 400, "too many names"),
])
def test_a_bookmark_that_cannot_be_done(stack, cursor, single, query, status, says):
    before = everything(cursor)
    reply = bookmark(stack, single[0].password, query)
    assert reply.status == status and says in reply.body and ">Not updated<" in reply.body
    assert everything(cursor) == before


def test_a_bookmark_for_several_names(stack):
    """The question is which; with an answer all is well."""
    reply = bookmark(stack, stack.key_secret)
    assert reply.status == 400 and "is not for one name alone" in reply.body
    reply = bookmark(stack, stack.key_secret, f"?hostname={stack.host},no-such.example&myip=192.0.2.48")
    assert reply.status == 400 and reply.body.count("<section") == 2 and "<code>192.0.2.48</code>" in reply.body


def test_a_bookmark_that_is_none(stack, cursor, single):
    """A page, and no question for a password."""
    before, secret = everything(cursor), single[0].password
    for path in (f"/u/{secret}x/", f"/u/{secret[:-1]}/", "/u/x", f"/u/{secret}/x", "/u/%3Cscript%3E", "/u/" + "x" * 2000):
        reply = ask(stack.gateway, path + "?myip=192.0.2.66")
        assert reply.status == 403 and "not valid" in reply.body and "www-authenticate" not in reply.headers
        assert "script" not in reply.body
    assert ask(stack.gateway, "/u/?myip=192.0.2.66").status == 404
    assert everything(cursor) == before


@pytest.mark.parametrize("header, status", [
    ("Purpose: prefetch", 403), ("Sec-Purpose: prefetch;prerender", 403), ("X-Moz: prefetch", 403),
    ("Sec-Fetch-Site: none", 200), ("Sec-Fetch-Site: cross-site", 200),  # a link in a web mail, say
])
def test_browsers(stack, cursor, single, fresh, header, status):
    secret = single[0].password
    assert bookmark(stack, secret, "?myip=192.0.2.49", headers=[header]).status == status
    assert addresses(cursor, fresh) == (["192.0.2.49"] if status == 200 else [])
    if status != 200:
        assert ask(stack.gateway, f"/nic/update?myip=192.0.2.49&token={secret}", headers=[header]).status == status
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        assert bookmark(stack, secret, "?myip=192.0.2.66", method=method).status in (204, 405)
    for path in ("/favicon.ico", "/robots.txt"):
        assert ask(stack.gateway, f"{path}?myip=192.0.2.66&token={secret}").status == 404
    assert "192.0.2.66" not in addresses(cursor, fresh)


def test_a_generated_secret_needs_no_escaping(stack, cursor, tmp_path):
    """Letters and digits, pasted as they are into each place where a secret can stand."""
    for n in range(3):
        host = add_hosts(stack, f"plain{n}", 1)[0]
        key = wait_known(stack, add_key(stack, f"plain{n}", stack.account, "--domain", host))
        assert re.fullmatch("[A-Za-z0-9]{44}", key.password)
        url = stack.gateway.url
        file = tmp_path / "nsupdate.key"
        file.write_text(f'key {key.user} {{ algorithm hmac-sha256; secret {key.password}; }};\n')
        for address, words in (
                ("192.0.2.51", ["curl", "-sSf", "-u", f"{key.user}:{key.password}", f"{url}/nic/update?myip=192.0.2.51"]),
                ("192.0.2.52", ["curl", "-sSf", f"{url}/nic/update?token={key.password}&myip=192.0.2.52"]),
                ("192.0.2.53", ["curl", "-sSf", f"{url}/u/{key.password}/?myip=192.0.2.53"]),
                ("192.0.2.54", ["curl", "-sSf", f"http://{key.user}:{key.password}@{url[7:]}/nic/update?myip=192.0.2.54"]),
                ("192.0.2.55", ["nsupdate", "-k", str(file)])):
            text = None
            if words[0] == "nsupdate":
                text = (f"server {stack.gateway.address} {stack.gateway.dns_port}\nzone {stack.zone}\n"
                        f"update delete {host} A\nupdate add {host} 60 A {address}\nsend\n")
            subprocess.run(words, input=text, capture_output=True, text=True, check=True, timeout=20)
            assert addresses(cursor, host) == [address]
