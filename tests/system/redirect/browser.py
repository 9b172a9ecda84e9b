# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the redirect listener: as bytes, as a client sends them, or by headless Chromium."""

import re
import shutil
import socket
import subprocess

from ddns.steps import wait_until


class Reply:
    """status, headers (names in lower case; each a list) and body of an answer; closed: there was none."""

    def __init__(self, raw):
        self.raw = raw
        self.closed = not raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = 0 if self.closed else int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())

    def header(self, name):
        """Its one value, or None."""
        values = self.headers.get(name, [])
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else None

    @property
    def location(self):
        return self.header("location")


def send(address, port, raw, timeout=15):
    """Sends bytes to a server that closes after its answer."""
    with socket.create_connection((address, port), timeout=timeout) as connection:
        connection.sendall(raw)
        parts = []
        try:
            while part := connection.recv(65536):
                parts.append(part)
        except ConnectionResetError:  # it did not read all that was sent
            pass
    return Reply(b"".join(parts))


def request(host, path="/", method="GET", headers=()):
    """The bytes of a request.  host: text or bytes, None for no such line, a list for several."""
    hosts = [] if host is None else host if isinstance(host, list) else [host]
    lines = [f"{method} {path} HTTP/1.1".encode("latin-1")]
    lines += [b"Host: " + (one if isinstance(one, bytes) else one.encode("latin-1")) for one in hosts]
    lines += [header.encode("latin-1") for header in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class Redirects:
    """The redirect listener of a stack's gateway."""

    def __init__(self, gateway, port=None):
        self.address = gateway.address
        self.port = port or gateway.redirect_port

    def ask(self, host, path="/", method="GET", headers=(), raw=None):
        """What a client gets; in no answer there is a cookie, nor a line that was slipped in."""
        reply = send(self.address, self.port, raw or request(host, path, method, headers))
        assert "set-cookie" not in reply.headers and "x-evil" not in reply.headers
        return reply

    def wait(self, host, status, location=None, path="/"):
        """Returns the answer once it is this one."""
        def answered():
            reply = self.ask(host, path)
            assert (reply.status, reply.location) == (status, location), f"{reply.status} {reply.location}"
            return reply
        return wait_until(answered, 30, f"{host}{path} is {status} {location}", interval=0.001)


def chromium(*arguments, resolve=(), home):
    """Runs headless Chromium.  resolve: (name or pattern, address:port) pairs instead of DNS."""
    rules = ", ".join(f"MAP {name} {to}" for name, to in resolve)
    program = shutil.which("chromium")
    done = subprocess.run(
        [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", f"--user-data-dir={home}",
         f"--host-resolver-rules={rules}", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout.decode(errors="replace")


def text_of(html):
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)).strip()
