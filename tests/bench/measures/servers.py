# SPDX-License-Identifier: GPL-3.0-or-later
"""Our servers, and a stock named beside them that has the same records in a file."""

import os
import time

from ddns.named import Named
from ddns.ports import Claims
from ddns.stack import Stack

TICK = 1 / os.sysconf("SC_CLK_TCK")
PATIENCE = 300

STATIC = """\
zone "{origin}" {{
	type primary;
	file "{path}";
	check-names ignore;
}};
"""


class Servers:
    """A sandbox without named and gateway at first; leave the context and all of it is gone."""

    def __init__(self, home, build):
        self.stack = Stack(os.path.join(home, "stack"), build)
        self.ours = self.stack.named
        self.stock = Named(self.stack.directory, build, self.stack.cluster, name="stock")
        self.empty = Named(self.stack.directory, build, self.stack.cluster, name="empty")
        self.empty.body = ""

    def __enter__(self):
        self.stack.prepare_data()
        self.stack.cluster.start()
        return self

    def __exit__(self, *_):
        self.stock.stop()
        self.empty.stop()
        self.stack.stop()

    def fill(self, origin, statement, count):
        """Makes a zone and what statement adds to it (parameters origin, count); stock gets the same in a file."""
        connection = self.stack.connect(autocommit=False)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute("INSERT INTO ddns.zones (origin, mname, rname, name_servers) VALUES (%s, 'ns1.' || %s,"
                           " 'hostmaster.' || %s, array['ns1.example.org', 'ns2.example.org'])", (origin,) * 3)
            cursor.execute(statement, (origin, count - 1))
            connection.commit()
            connection.autocommit = True
            cursor.execute("VACUUM ANALYZE")
            records = self._write_file(cursor, origin)
        connection.close()
        return records

    def _write_file(self, cursor, origin):
        path = os.path.join(self.stack.directory, f"{origin}.zone")
        cursor.execute("SELECT zone_id, mname, rname, serial, refresh, retry, expire, negative_ttl FROM ddns.served_zones"
                       " WHERE origin = %s", (origin,))
        zone_id, mname, rname, *numbers = cursor.fetchone()
        with open(path, "w", encoding="ascii") as file:
            file.write(f"$TTL 60\n@ SOA {mname}. {rname}. {' '.join(map(str, numbers))}\n")
            file.flush()
            cursor.copy_expert("COPY (SELECT owner || ' ' || ttl || ' ' || type || ' ' || rdata FROM ddns.served_records"
                               f" WHERE zone_id = {int(zone_id)}) TO STDOUT (DELIMITER E'\\x01')", _Unescaped(file))
        self.stock.body = STATIC.format(origin=origin, path=path)
        with open(path, encoding="ascii") as file:
            return sum(1 for _ in file) - 1

    def time_start(self, named, origin):
        """Starts a named; seconds until it answers for a zone."""
        begun = time.monotonic()
        with Claims() as claims:
            named.start(claims, timeout=PATIENCE)
        while named.dig(origin, "SOA") == "":
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"{named.server.name} does not answer for {origin}; read {named.log}")
        return time.monotonic() - begun


class _Unescaped:
    """Undoes COPY's doubling of backslashes."""

    def __init__(self, file):
        self._file = file

    def write(self, data):
        self._file.write(data.decode("ascii").replace("\\\\", "\\"))


def processor_seconds(pid):
    """What a process has used until now, in user and system mode."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK
