# SPDX-License-Identifier: GPL-3.0-or-later
"""How long named takes to load a large zone, and what memory it holds then, beside stock named."""

from ddns.ports import Claims
from measures.queries import NAMES
from named.support import resident

DOMAINS = ("WITH holder AS (INSERT INTO ddns.accounts (login) VALUES ('bench') ON CONFLICT DO NOTHING RETURNING id)"
           " INSERT INTO ddns.domains (zone, owner, account_id, address) SELECT %s, 'd' || i, holder.id,"
           " array['10.0.0.0'::inet + i] FROM holder, generate_series(0, %s) i")
KINDS = {
    "names": ("names.example", NAMES, 1.0),
    "domains": ("domains.example", DOMAINS, 1.5),
}


def run(servers, options, report, kind):
    """kind: one of KINDS.  The zone is deleted at the end."""
    origin, statement, most = KINDS[kind]
    count = options.load_names if kind == "names" else options.load_domains
    records = servers.fill(origin, statement, count)
    with Claims() as claims:
        servers.empty.start(claims)
    floor = resident(servers.empty.server.pid())
    servers.empty.stop()
    times, sizes = [], []
    for turn in range(options.rounds):
        seconds, memory = {}, {}
        for named in (servers.stock, servers.ours)[::-1 if turn % 2 else 1]:
            seconds[named] = servers.time_start(named, origin)
            memory[named] = resident(named.server.pid()) - floor
            named.stop()
            report.say(f"{count} {kind}, {records} records, {named.server.name:6}: loaded in {seconds[named]:6.2f} s,"
                       f" {memory[named] / count:6.0f} bytes each")
        times.append(seconds[servers.ours] / seconds[servers.stock])
        sizes.append(memory[servers.ours] / memory[servers.stock])
    report.add(f"load of {count} {kind}, ratio to stock", times, most=most)
    report.add(f"memory of {count} {kind}, ratio to stock", sizes, most=1.0)
    servers.stack.sql("DELETE FROM ddns.zones WHERE origin = %s", (origin,))
