# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that take their time, or too many connections: others do not feel it, and they are cut."""

import contextlib
import resource
import selectors
import ssl
import threading
import time

import pytest

from ddns.steps import wait_until
from ddns.tls import Authority
from http_hosts import demo, everything
from http_raw import connect, exchange, parse, request, update, update_target
from http_times import Times

DEADLINE = 5  # seconds that a connection may take, however it gets on
LATE = 8  # seconds by which a machine that does much else may be late
PAUSE = 0.4  # between two bytes of a slow client
HONEST_P99 = 0.2  # seconds; tenfold in the assertion


class SlowClients(threading.Thread):
    """Connections that send a byte now and then, all from one thread, until each has been cut."""

    def __init__(self, connects, wholes, deadline):
        """wholes: what each would send, if it were let; connects make the connections, in turn."""
        super().__init__(daemon=True)
        self._connects, self._wholes, self._deadline = connects, wholes, deadline
        self.ages, self.answers, self.failure = [], [], None
        self.open = threading.Event()

    def run(self):
        try:
            with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector:
                clients = {}
                for number, whole in enumerate(self._wholes):
                    begin = time.monotonic()
                    connection = opened.enter_context(self._connects[number % len(self._connects)]())
                    clients[connection] = [begin, iter(whole)]
                    selector.register(connection, selectors.EVENT_READ)
                self.open.set()
                latest = time.monotonic() + self._deadline + 2 * LATE
                while clients and time.monotonic() < latest:
                    self._turn(selector, clients)
        except Exception as error:  # pylint: disable=broad-except  # told by the test
            self.failure = error
            self.open.set()

    def _turn(self, selector, clients):
        for connection, (_, rest) in clients.items():
            if (byte := next(rest, None)) is not None:
                with contextlib.suppress(OSError):
                    connection.send(bytes([byte]))
        ends = time.monotonic() + PAUSE
        while clients and (left := ends - time.monotonic()) > 0:
            for ready, _ in selector.select(left):
                connection = ready.fileobj
                try:
                    if answer := connection.recv(4096):
                        self.answers.append(answer)
                        continue
                except ssl.SSLWantReadError:
                    continue
                except (ConnectionError, ssl.SSLError):
                    pass
                self.ages.append(time.monotonic() - clients.pop(connection)[0])
                selector.unregister(connection)


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    """As many as may be: for thousands of connections."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def authority(tmp_path):
    return Authority(str(tmp_path))


def secure(gateway, authority):
    """A connection whose handshake is done."""
    connection = authority.context().wrap_socket(connect(gateway, port=gateway.https_port), server_hostname="localhost")
    connection.setblocking(False)
    return connection


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def test_slow_clients(stacks, authority, is_long):
    """Half of them over TLS: in the handshake, in the request line, in the headers, in the body, or quite silent.
    An absolute deadline ends them."""
    stack = stacks.make()
    count, deadline = (3000, 12) if is_long else (300, DEADLINE)
    stack.gateway.options = f"http-request-timeout = {deadline}\n"
    stack.gateway.certificate = authority.issue()
    stack.start()
    login = demo(stack)
    target = update_target(stack.host, myip="192.0.2.66")
    get = request(target, login, headers=["X-Padding: " + "x" * 200])
    short = request("/", login, headers=["X-Padding: " + "x" * 200])  # is in its headers by then
    post = request("/nic/update", login, "POST", body=b"x" * 400)
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(190)

    def plain():
        return connect(stack.gateway)

    def unfinished():
        return connect(stack.gateway, port=stack.gateway.https_port)

    # of one in six the handshake is done: they cost this side as much as the other
    connects = [plain, unfinished, plain, unfinished, plain, lambda: secure(stack.gateway, authority)]
    kinds = [get, hello, short, b"", post, get, b"", hello[:5], get, hello, post, post]
    wholes = [kinds[n % len(kinds)] for n in range(count)]
    connection = stack.connect()
    cursor = connection.cursor()
    before, memory = everything(cursor), resident(stack.gateway.server.pid())
    cut = stack.gateway.metric("ddns_gateway_http_overdue_total")

    slow = SlowClients(connects, wholes, deadline)
    slow.start()
    assert slow.open.wait(60)
    wait_until(lambda: stack.gateway.metric("ddns_gateway_http_connections") >= count * 0.9, deadline, "all are connected")
    alone = parse(exchange(stack.gateway, request("/myip")))
    assert alone.status == 200 and everything(cursor) == before
    honest = Times()
    number = 0
    while slow.is_alive():
        number += 1
        with honest.measure():
            assert update(stack.gateway, login, stack.host, myip=f"10.33.{number >> 8}.{number & 255}").startswith("good")
    slow.join(30)
    grown = resident(stack.gateway.server.pid()) - memory
    print(f"{count} slow clients: cut after {min(slow.ages):.2f} to {max(slow.ages):.2f} s, memory + {grown >> 20} MiB\n"
          f"honest ones meanwhile: {honest}")
    assert slow.failure is None, slow.failure
    assert len(slow.ages) == count and max(slow.ages) <= deadline + (2 if is_long else LATE) and min(slow.ages) >= deadline - 1
    assert not [answer for answer in slow.answers if b" 200 " in answer]
    # who had to wait for a slow one to be cut would do so most of the time
    assert honest.percentile(99 if is_long else 90) <= 10 * HONEST_P99 and len(honest) >= 5
    assert grown <= 400 << 20
    assert stack.gateway.metric("ddns_gateway_http_overdue_total") - cut >= count * 0.9
    wait_until(lambda: stack.gateway.metric("ddns_gateway_http_connections") == 0, 30, "no connection is left")
    connection.close()


def test_status_beside_many_connections(stack):
    """Monitoring is answered however many descriptors the doors' clients have taken."""
    with contextlib.ExitStack() as opened:
        for _ in range(800):
            opened.enter_context(connect(stack.gateway))
        wait_until(lambda: stack.gateway.metric("ddns_gateway_http_connections") >= 800, 30, "all are connected")
        assert stack.gateway.status("/livez")[0] == stack.gateway.status("/readyz")[0] == 200
        assert stack.update(myip="192.0.2.8") == "good 192.0.2.8"


def test_connections_of_one_address(stacks):
    """Over the limit they are closed at once; others, and the same later, are served."""
    stack = stacks.make()
    stack.start(gateway=False)
    stack.gateway.options = "http-connections-per-address = 20\n"  # the last one in the file counts
    stack.start_gateway()
    with contextlib.ExitStack() as opened:
        kept = [opened.enter_context(connect(stack.gateway)) for _ in range(20)]
        wait_until(lambda: stack.gateway.metric("ddns_gateway_http_connections") == 20, 30, "20 connections")
        for _ in range(5):
            assert exchange(stack.gateway, request("/myip")) == b""
        assert stack.gateway.metric("ddns_gateway_http_refused_total") == 5
        with socket_from("127.0.0.3", stack.gateway) as other:
            other.sendall(request("/myip"))
            assert b"127.0.0.3" in other.recv(4096)
        kept[0].sendall(request("/myip"))
        assert b"127.0.0.1" in kept[0].recv(4096)
    wait_until(lambda: exchange(stack.gateway, request("/myip")) != b"", 30, "served again")


def socket_from(source, gateway):
    import socket  # pylint: disable=import-outside-toplevel
    return socket.create_connection((gateway.address, gateway.port), 10, source_address=(source, 0))


def test_more_connections_than_there_may_be(stacks):
    """Those beyond wait for the system, get their turn when the first are cut, and none is forgotten."""
    stack = stacks.make()
    stack.gateway.options = f"http-request-timeout = {DEADLINE}\nhttp-connections = 32\nhttp-threads = 4\n"
    stack.start()
    with contextlib.ExitStack() as opened:
        for _ in range(40):
            opened.enter_context(connect(stack.gateway))
        wait_until(lambda: stack.gateway.metric("ddns_gateway_http_connections") == 32, 30, "all that may be")
        begin = time.monotonic()
        assert stack.update(myip="192.0.2.9") == "good 192.0.2.9"
        assert time.monotonic() - begin <= DEADLINE + LATE
    assert stack.gateway.is_ready()
    assert stack.update(myip="192.0.2.9") == "nochg 192.0.2.9"
