# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, paths, methods and targets that somebody hopes will lead elsewhere."""

import psycopg2
import pytest

from .browser import Redirects, request, send

L63 = "a" * 63


@pytest.fixture
def port(stack, redirects, joe):
    """www of the demo's domain leads to its port 8080; returns that name."""
    joe("www = 'port'")
    redirects.wait("www." + stack.host, 302, f"http://{stack.host}:8080/")
    return "www." + stack.host


# Hosts

@pytest.mark.parametrize("form", ["{}", "{}.", "{}:80", "{}.:8052", "{}:", "WWW.JOE.dyn.Example.ORG"])
def test_forms_of_a_host(stack, redirects, port, form):
    assert redirects.ask(form.format(port)).location == f"http://{stack.host}:8080/"


@pytest.mark.parametrize("host", [
    None, "", " ", ".", "..", ":80", [], ["{}", "{}"], ["{}", "evil.org"], ["evil.org", "{}"], "{}:80:80", "{}:x",
    "{}:123456", "{}..", ".{}", "{},evil.org", "{} evil.org", "{}\tx", "user@{}", "{}@evil.org", "{}/", "{}/../evil.org",
    "{}\\evil.org", "{}?", "{}#", "{}%00", "{}%0d%0aX-Evil:1", "{}%2eevil", "*.dyn.example.org", "<script>", "{}'--",
    '{}"', "{};x", "(x){}", b"{}\x0bx", b"\xff{}", "b\u00fccher.example", L63 + "a.org",
    ".".join([L63] * 4), "[2001:db8::1", "[::1]x", "[{}]", "2001:db8::1", "http://{}", "http://{}/", "{}\r\nHost: evil.org",
    "{}\r\n evil.org"])
def test_bad_hosts_are_refused(redirects, port, host):
    fill = port.encode() if isinstance(host, bytes) else port

    def filled(text):
        return text.replace(b"{}", fill) if isinstance(text, bytes) else text.replace("{}", port)
    value = [filled(one) for one in host] if isinstance(host, list) else host if host is None else filled(host)
    reply = redirects.ask(value)
    assert reply.status == 400 and reply.location is None, f"{reply.status} {reply.location}"


def test_a_nul_byte_in_a_host(stack, redirects, port):
    """libmicrohttpd ends the value there, as if the line did: what is behind leads nowhere."""
    reply = redirects.ask(port.encode() + b"\x00.evil.org")
    assert (reply.status, reply.location) == (302, f"http://{stack.host}:8080/")
    assert redirects.ask(b"evil.org\x00" + port.encode()).status == 404
    assert redirects.ask(b"\x00" + port.encode()).status == 400


def test_http_1_0_without_host(redirects, port):
    assert redirects.ask(None, raw=b"GET / HTTP/1.0\r\n\r\n").status == 400
    raw = f"GET / HTTP/1.0\r\nHost: {port}\r\n\r\n".encode()
    assert redirects.ask(None, raw=raw).status == 302


@pytest.mark.parametrize("host", ["nobody.example", "example.org", "dyn.example.org", "joe", "dyn.example.org.evil.org",
                                  "joe.dyn.example.org.evil.org", "xjoe.dyn.example.org", "127.0.0.2", "127.0.0.2:80",
                                  "[::1]", "localhost"])
def test_unknown_hosts_are_not_found(redirects, port, host):  # pylint: disable=unused-argument
    reply = redirects.ask(host)
    assert reply.status == 404 and reply.location is None


def test_absolute_targets(stack, redirects, port):
    to = f"http://{stack.host}:8080"
    assert redirects.ask(port, f"http://{port}/a?b=1").location == f"{to}/a?b=1"
    assert redirects.ask(port, f"HTTP://{port}").location == f"{to}/"
    assert redirects.ask(port, f"http://{port}?b=1").location == f"{to}/?b=1"
    for host, target in ((port, "http://evil.org/"), ("evil.org", f"http://{port}/"), (port, f"http://{port}:81/"),
                         (port, f"http://evil@{port}/"), (port, f"http://{port}@evil.org/"), (port, "http:///x"),
                         (port, f"http://{port}\\@evil.org/"), (port, "ftp://evil.org/"), (port, "evil.org:80")):
        reply = redirects.ask(host, target)
        assert reply.status == 400 and reply.location is None, f"{target}: {reply.status} {reply.location}"


def test_forwarded_hosts_are_not_believed(stack, redirects, port):
    headers = [f"{name}: evil.org" for name in ("X-Forwarded-Host", "X-Host", "X-Original-Host", "X-Forwarded-Server")]
    headers += ["Forwarded: host=evil.org;for=192.0.2.1", "X-Forwarded-Port: 1", "X-Forwarded-Proto: https",
                "X-Original-URL: //evil.org/", "X-Rewrite-URL: //evil.org/", "X-Forwarded-For: 192.0.2.1"]
    assert redirects.ask(port, "/a", headers=headers).location == f"http://{stack.host}:8080/a"
    assert redirects.ask("evil.org", "/a", headers=[f"X-Forwarded-Host: {port}"]).status == 404


# Paths

@pytest.mark.parametrize("path", [
    "/", "/a?b=1", "//evil.org/", "///evil.org/", "/\\evil.org", "/%5cevil.org", "/.evil.org", "/@evil.org", "/:80/",
    "/%0d%0aSet-Cookie:a=b", "/%00", "/..%2f..", "/?next=http://evil.org/", "/?a=b&c=d+e%20f", "/{x}|^`\"<>'",
    "/;a=b", "/a%2Fb%zz%", "/javascript:alert(1)"])
def test_paths_stay_behind_the_host(stack, redirects, port, path):
    assert redirects.ask(port, path).location == f"http://{stack.host}:8080{path}"


def test_paths_in_utf_8_are_encoded(stack, redirects, port):
    raw = request(port, "/b\u00fc?\u00df").replace("\u00fc".encode("latin-1"), "\u00fc".encode())
    assert redirects.ask(None, raw=raw).location == f"http://{stack.host}:8080/b%C3%BC?%DF"


@pytest.mark.parametrize("path", ["*", "evil.org", "@evil.org/", ".evil.org/", ":80/", "80", "\\evil.org", "/a b", "/a\tb",
                                  "/a\x01b", "/a\x7fb", "/a#b", "/a\rX-Evil: 1", "/\x0b"])
def test_bad_paths_are_refused(redirects, port, path):
    reply = redirects.ask(port, path)
    assert reply.status == 400 and reply.location is None, f"{reply.status} {reply.location}"


def test_header_lines_in_a_path_are_never_echoed(redirects, port):
    for path in ("/a\r\nX-Evil: 1", "/a\nX-Evil: 1", "/a HTTP/1.1\r\nX-Evil: 1\r\nX: "):
        reply = redirects.ask(port, path)
        assert b"evil" not in reply.raw.lower()


def test_long_paths(stack, redirects, port):
    path = "/" + "x" * 8191
    assert redirects.ask(port, path).location == f"http://{stack.host}:8080{path}"
    assert redirects.ask(port, path + "x").status == 414
    assert redirects.ask(port, "/" + "x" * 100000).status in (414, 431)


# Methods

@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "BREW"])
def test_other_methods(stack, redirects, joe, port, method):
    for host in (port, stack.host):
        reply = redirects.ask(port, method=method)
        assert reply.status == 405 and reply.header("allow") == "GET, HEAD" and reply.location is None
        joe("online = false")
        redirects.wait(host, 503)
    assert redirects.ask("nobody.example", method=method).status == 404


def test_head_is_get_without_body(stack, redirects, joe, port):
    get, head = redirects.ask(port, "/a"), redirects.ask(port, "/a", method="HEAD")
    assert (head.status, head.location, head.body) == (302, get.location, b"")
    joe("online = false")
    get = redirects.wait(stack.host, 503)
    head = redirects.ask(stack.host, method="HEAD")
    assert head.body == b"" and head.header("content-length") == get.header("content-length") == str(len(get.body))
    assert {name for name in head.headers} == {name for name in get.headers}


def test_bodies_and_smuggling(redirects, port):
    for headers in (["Content-Length: 5", "Transfer-Encoding: chunked"], ["Content-Length: 5"], ["Content-Length: x"],
                    ["Content-Length: 0", "Content-Length: 5"], ["Transfer-Encoding: gzip"], ["Content-Length : 0"]):
        raw = request(port, headers=headers) + b"0\r\n\r\nGET /evil HTTP/1.1\r\nHost: " + port.encode() + b"\r\n\r\n"
        reply = redirects.ask(None, raw=raw)
        assert reply.status in (400, 501) and b"302 Found" not in reply.raw, headers


def test_the_doors_are_not_at_the_redirects(stack, redirects, port):  # pylint: disable=unused-argument
    basic = ["Authorization: Basic am9lOng="]
    for path in ("/nic/update?hostname=" + stack.host, "/myip", "/metrics", "/readyz"):
        assert redirects.ask("127.0.0.2", path, headers=basic).status == 404


# Targets

@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://x.org/",
    "//evil.org", "///evil.org", "/\\evil.org", "\\\\evil.org", "\\evil.org", "/evil", "evil.org", "http:evil.org",
    "http:/evil.org", "http:///evil.org", "http://", "https://?x", "http://user@evil.org/", "http://u:p@evil.org/",
    "http://example.org:80@evil.org/", "http://example.org\\@evil.org/", "http://example.org/\\evil",
    "http://example.org/\r\nX-Evil: 1", "http://example.org/\n", "http://example.org/%0d%0aX-Evil:1",
    "http://example.org/%00", "http://example.org/a b", " http://example.org/", "\thttp://example.org/",
    "http://b\u00fccher.example/", "http://example\u3002org/", "http://ex%61mple.org/", "http://example.org:8x/",
    "http://[::1", "http://[evil.org]/", "http://example.org/" + "x" * 3072, ""])
def test_bad_targets_are_refused_by_the_database(stack, cursor, redirects, joe, url):
    joe("online = false")
    for column, other in (("www_url", "www = 'url'"), ("offline_url", "offline = 'url'")):
        with pytest.raises(psycopg2.Error):
            cursor.execute(f"UPDATE ddns.domains SET {column} = %s, {other} WHERE name = %s", (url, stack.host))
    redirects.wait(stack.host, 503)


def test_bad_targets_that_came_by_other_ways_are_left_out(own_stack):
    """The gateway does not rely on the database's rules."""
    stack, redirects = own_stack, Redirects(own_stack.gateway)
    stack.sql("ALTER TABLE ddns.domains DROP CONSTRAINT domains_rule")
    for url in ("javascript:alert(1)", "//evil.org", "http://u@evil.org/", "http://x.org/\r\nX-Evil: 1"):
        stack.sql("UPDATE ddns.domains SET online = false, offline = 'page' WHERE name = %s", (stack.host,))
        redirects.wait(stack.host, 503)
        stack.sql("UPDATE ddns.domains SET offline = 'url', offline_url = %s WHERE name = %s", (url, stack.host))
        redirects.wait(stack.host, 404)
    assert "is left out" in stack.gateway.read_log() and "javascript" not in stack.gateway.read_log()


def test_loops_are_refused(stack, redirects, joe):
    """A target that is a redirected name itself leads nowhere."""
    for url in (f"http://{stack.host}/", f"https://{stack.host}:8443/x", f"http://WWW.{stack.host}./",
                f"http://any.{stack.host}/"):
        joe(f"online = false, offline = 'url', offline_url = '{url}'")
        redirects.wait(stack.host, 508)
    joe(f"online = true, www = 'url', www_url = 'http://{stack.host}/'")
    redirects.wait("www." + stack.host, 302, f"http://{stack.host}/")
    joe("www = 'url', www_url = 'http://127.0.0.2/'")
    redirects.wait("www." + stack.host, 302, "http://127.0.0.2/")
    assert redirects.ask("127.0.0.2").status == 404


def test_a_slow_client_is_cut_off(own_stack):
    own_stack.gateway.stop()
    own_stack.gateway.options = "http-request-timeout = 1"
    own_stack.start_gateway()
    reply = send(own_stack.gateway.address, own_stack.gateway.redirect_port, b"GET / HTTP/1.1\r\nHost: ", timeout=10)
    assert reply.closed or reply.status >= 400
