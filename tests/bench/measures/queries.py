# SPDX-License-Identifier: GPL-3.0-or-later
"""named's processor time per query, and queries per second, beside stock named."""

import os
import re
import subprocess

from measures.servers import processor_seconds

ORIGIN = "bench.example"
NAMES = ("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) SELECT %s, 'n' || i, 'A', 60, host('10.0.0.0'::inet + i)"
         " FROM generate_series(0, %s) i")
KINDS = {"existing name": ("n{}", "NOERROR", 1.15), "NXDOMAIN": ("x{}", "NXDOMAIN", 1.3)}


def run(servers, options, report, rng):
    servers.fill(ORIGIN, NAMES, options.names)
    for named in (servers.stock, servers.ours):
        servers.time_start(named, ORIGIN)
    for kind, (pattern, rcode, most) in KINDS.items():
        path = os.path.join(servers.stack.directory, "queries")
        order = list(range(options.names))
        rng.shuffle(order)
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{pattern.format(n)}.{ORIGIN} A\n" for n in order)
        for named in (servers.stock, servers.ours):       # caches are warm
            measure(named, path, rcode, 1)
        figures = {servers.stock: [], servers.ours: []}
        for turn in range(options.rounds):
            for named in (servers.stock, servers.ours)[::-1 if turn % 2 else 1]:
                cost, rate = measure(named, path, rcode, options.seconds)
                figures[named].append((cost, rate))
                report.say(f"{kind}, {named.server.name:6}: {1e6 * cost:6.2f} us of processor a query, {rate:8.0f} queries/s")
        pairs = list(zip(figures[servers.ours], figures[servers.stock]))
        report.add(f"processor time per query, {kind}, ratio to stock", [ours[0] / stock[0] for ours, stock in pairs], most=most)
        report.add(f"queries/s, {kind}, ratio to stock", [ours[1] / stock[1] for ours, stock in pairs], least=0.9)
    servers.stock.stop()
    servers.ours.stop()


def measure(named, path, rcode, seconds):
    """(processor seconds per query, queries per second); every answer must have the rcode."""
    pid = named.server.pid()
    before = processor_seconds(pid)
    done = subprocess.run(["dnsperf", "-s", named.address, "-p", str(named.port), "-d", path, "-l", str(seconds), "-q", "100"],
                          capture_output=True, text=True, check=False)
    used = processor_seconds(pid) - before
    if done.returncode != 0:
        raise SystemExit(f"dnsperf: {done.stderr}{done.stdout}")
    completed = int(re.search(r"Queries completed: +(\d+)", done.stdout)[1])
    rcodes = re.search(r"Response codes: +(.*)", done.stdout)[1]
    if not rcodes.startswith(f"{rcode} {completed} "):
        raise SystemExit(f"{named.server.name} answered {rcodes}")
    return used / completed, float(re.search(r"Queries per second: +([\d.]+)", done.stdout)[1])
