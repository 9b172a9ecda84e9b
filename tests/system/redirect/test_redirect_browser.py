# SPDX-License-Identifier: GPL-3.0-or-later
"""What headless Chromium makes of it: it follows the redirect, and shows the page."""

import http.server
import os
import re
import struct
import threading

import pytest

from .browser import chromium, text_of


class _Home(http.server.BaseHTTPRequestHandler):
    """The user's own web server, at home."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.server.seen.append((self.headers["Host"], self.path, self.headers.get("Referer")))
        body = b"<!DOCTYPE html><title>home</title><p>This is home."
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


@pytest.fixture
def home():
    """A web server; .seen has (Host, path, Referer) of each request."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Home)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_browser_lands_at_the_port(stack, redirects, joe, home, tmp_path):
    joe("www = 'port'")
    redirects.wait("www." + stack.host, 302, f"http://{stack.host}:8080/")
    page = chromium("--dump-dom", f"http://www.{stack.host}/a?b=1", home=tmp_path, resolve=[
        (f"www.{stack.host}:80", f"{redirects.address}:{redirects.port}"),
        (f"{stack.host}:8080", f"127.0.0.1:{home.server_port}")])
    assert "This is home." in page
    assert (f"{stack.host}:8080", "/a?b=1", None) in home.seen


@pytest.mark.parametrize("language, words", [("en", "not connected right now"), ("de", "gerade nicht verbunden")])
def test_a_browser_shows_the_offline_page(stack, redirects, joe, tmp_path, language, words):
    joe("online = false")
    redirects.wait(stack.host, 503)
    resolve = [("*", f"{redirects.address}:{redirects.port}")]
    url = f"http://{stack.host}/a?b=<b>"
    words_of = ["--enable-logging=stderr", f"--accept-lang={language}"]
    page = chromium(*words_of, "--dump-dom", url, home=tmp_path, resolve=resolve)
    assert words in text_of(page) and re.search(rf"<h1>{re.escape(stack.host)}</h1>", page)
    # A policy that refused the style would leave a white page: the card's and the ground's colours differ.
    shot = os.path.join(tmp_path, "page.png")
    chromium(*words_of, "--window-size=800,600", f"--screenshot={shot}", url, home=tmp_path, resolve=resolve)
    with open(shot, "rb") as file:
        head = file.read(24)
    assert head.startswith(b"\x89PNG") and struct.unpack(">II", head[16:24]) == (800, 600)
    print(f"\nscreenshot: {shot}, {os.path.getsize(shot)} octets")
    assert os.path.getsize(shot) > 10000, "the page is not styled"
