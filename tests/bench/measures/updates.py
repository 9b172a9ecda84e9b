# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates per second over HTTP, and how soon an acknowledged one is served."""

import multiprocessing
import socket
import time

from http_hosts import add_hosts, demo
from http_raw import connect, read_all, request, update_target
from test_http_speed import Resolver

CONNECTIONS = (1, 16)
HOSTS_EACH = 50


def address_of(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def run(servers, options, report):
    stack = servers.stack
    stack.start()
    try:
        latency(stack, options, report)
        for connections in CONNECTIONS:
            rates(stack, options, report, connections)
    finally:
        stack.gateway.stop()
        servers.ours.stop()


# ---- from the acknowledgement until named gives the new address ----

def latency(stack, options, report):
    """One open socket; the question is sent the instant that the acknowledgement is read."""
    login, resolver = demo(stack), Resolver(stack.named, stack.host)
    middles, lasts = [], []
    for turn in range(options.rounds):
        waited = []
        for n in range(options.updates):
            address = address_of(turn * options.updates + n + 1)
            with connect(stack.gateway) as connection:
                connection.sendall(request(update_target(stack.host, myip=address), login))
                answer = b""
                while not answer.endswith(f"good {address}\n".encode()):
                    part = connection.recv(4096)
                    if not part:
                        raise SystemExit(f"the gateway answered {answer}")
                    answer += part
                known = time.monotonic()
                while resolver.address() != socket.inet_aton(address):
                    if time.monotonic() - known > 10:
                        raise SystemExit(f"{address} is not served after 10 s")
                waited.append(time.monotonic() - known)
        waited.sort()
        middles.append(1e3 * waited[len(waited) // 2])
        lasts.append(1e3 * waited[len(waited) * 99 // 100])
        report.say(f"acknowledged to answered: p50 {middles[-1]:.2f} ms, p99 {lasts[-1]:.2f} ms, worst {1e3 * waited[-1]:.2f} ms")
    resolver.close()
    report.add("acknowledged to answered, p50, ms", middles, most=2)
    report.add("acknowledged to answered, p99, ms", lasts, most=10)


# ---- updates per second ----

def rates(stack, options, report, connections):
    """So many clients, each with hosts of its own; each update is a connection, as routers do it."""
    plural = f"{connections} clients" if connections > 1 else "1 client"
    hosts = [add_hosts(stack, f"c{connections}-{client}", HOSTS_EACH) for client in range(connections)]
    done = {"changes": [], "keepalives": []}
    for turn in range(options.rounds):
        for kind in ("changes", "keepalives"):
            rate = together(stack, hosts, options.seconds, kind == "changes", turn)
            done[kind].append(rate)
            report.say(f"{plural}: {rate:6.0f} {kind}/s over HTTP")
    report.add(f"changes/s over HTTP, {plural}", done["changes"], digits=0)
    report.add(f"keepalives/s over HTTP, {plural}", done["keepalives"], digits=0,
               least=5000 if connections > 1 else None)


def together(stack, hosts, seconds, is_changing, turn):
    """Updates per second of all clients, each a process of its own."""
    start = multiprocessing.Barrier(len(hosts))
    results = multiprocessing.Queue()
    clients = [multiprocessing.Process(target=client, args=(stack, mine, seconds, is_changing, turn, start, results))
               for mine in hosts]
    for one in clients:
        one.start()
    counts = [results.get(timeout=seconds + 60) for _ in clients]
    for one in clients:
        one.join()
    if None in counts:
        raise SystemExit("a client was refused")
    return sum(counts) / seconds


def client(stack, hosts, seconds, is_changing, turn, start, results):
    login, count = demo(stack), 0
    wires = [request(update_target(host, myip=address_of((turn + 1) << 16 | n)), login) for n, host in enumerate(hosts)]
    for wire in wires:
        update(stack, wire)
    start.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wire = wires[count % len(wires)]
        if is_changing:
            wire = request(update_target(hosts[count % len(hosts)], myip=address_of((turn + 1) << 20 | count)), login)
        if not update(stack, wire):
            results.put(None)
            return
        count += 1
    results.put(count)


def update(stack, wire):
    with connect(stack.gateway) as connection:
        connection.sendall(wire)
        body = read_all(connection).rpartition(b"\r\n\r\n")[2]
    return body.startswith((b"good ", b"nochg "))
