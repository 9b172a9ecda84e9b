# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP by hand: the bytes that a test wants to send, and whatever comes back."""

import base64
import contextlib
import dataclasses
import socket
import urllib.parse

SECRETS = set()  # every password that was sent in this run: none may be found in a log


@dataclasses.dataclass(frozen=True)
class Login:
    """A user name with a password."""

    user: str
    password: str

    def __post_init__(self):
        if len(self.password) >= 8:
            SECRETS.update((self.password, self.encoded))

    @property
    def encoded(self):
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


@dataclasses.dataclass
class Reply:
    """One HTTP response, and what followed it on the connection."""

    status: int
    headers: dict  # names in lower case
    body: str
    rest: bytes

    @property
    def lines(self):
        return self.body.splitlines()


def request(target, login=None, method="GET", *, headers=(), body=b"", version="1.1", host="gw.example"):
    """A request as bytes.  headers: whole lines; host None: no such line."""
    lines = [f"{method} {target} HTTP/{version}", *headers]
    if host is not None:
        lines.append(f"Host: {host}")
    if login is not None:
        lines.append(f"Authorization: Basic {login.encoded}")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def update_target(hostname=None, path="/nic/update", **parameters):
    """The target of an update; a value goes as it is, but for bytes that no URL may hold."""
    if hostname is not None:
        parameters = {"hostname": hostname} | parameters
    return path + "?" + urllib.parse.urlencode(parameters, safe=":,/<>%[]", quote_via=urllib.parse.quote)


def connect(gateway, address=None, port=None, timeout=30.0):
    return socket.create_connection((address or gateway.address, port or gateway.port), timeout)


def read_all(connection):
    """What comes until the other side closes, or resets."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def exchange(gateway, data, **where):
    """Sends bytes on a connection of their own and returns all that comes back; a peer that closes
    before it has read everything is none of our concern, one that never closes is a TimeoutError."""
    with connect(gateway, **where) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        return read_all(connection)


def parse(raw):
    """The Reply that these bytes begin with; None where they hold none."""
    head, gap, rest = raw.partition(b"\r\n\r\n")
    if not gap or not head.startswith(b"HTTP/1."):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", len(rest)))
    return Reply(int(first.split()[1]), headers, rest[:length].decode(errors="replace"), rest[length:])


def ask(gateway, target, login=None, method="GET", *, address=None, port=None, timeout=30.0, **more):
    """One request: its Reply."""
    raw = exchange(gateway, request(target, login, method, **more), address=address, port=port, timeout=timeout)
    reply = parse(raw)
    assert reply is not None, f"no response to {method} {target}: {raw[:200]}"
    return reply


def update(gateway, login, hostname=None, *, timeout=30.0, **parameters):
    """One update: the body of the reply without its last line end."""
    return ask(gateway, update_target(hostname, **parameters), login, timeout=timeout).body.rstrip("\n")
