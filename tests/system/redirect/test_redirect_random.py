# SPDX-License-Identifier: GPL-3.0-or-later
"""After any change in any order, alone or many in a transaction, the listener answers as the view says."""

import random

import psycopg2

from ddns.steps import wait_until

SEED = 20260101
OWNERS = [f"d{i}" for i in range(8)] + ["d1.sub", "x.d2"]
BELOW = ["", "*.", "www.", "nas.", "a.b.", "*.nas."]


class Changes:
    """Random statements on the domains and host records of one zone."""

    def __init__(self, zone, account, seed):
        self.zone = zone
        self.account = account
        self.random = random.Random(seed)

    def url(self):
        return f"https://target{self.random.randrange(100)}.example.net/p"

    def domain(self):
        column = self.random.choice((
            "online = not online", "online = not online", "wildcard = not wildcard", "served = not served",
            "www = 'off'", "www = 'port'", f"www_port = {self.random.randrange(1, 65536)}",
            f"www = 'url', www_url = '{self.url()}'", "offline = 'page'", "offline = 'keep'", "offline = 'none'",
            f"offline = 'url', offline_url = '{self.url()}'"))
        return f"UPDATE ddns.domains SET {column} WHERE zone = '{self.zone}' AND owner = '{self.random.choice(OWNERS)}'"

    def record(self):
        owner = self.random.choice(BELOW[2:]) + self.random.choice(OWNERS)
        rtype, rdata = self.random.choice((("A", "192.0.2.1"), ("A", "192.0.2.2"), ("AAAA", "2001:db8::1")))
        online = self.random.choice(("'rdata', null", "'default', null", "'port', '81'", f"'url', '{self.url()}'"))
        offline = self.random.choice(("'rdata', null", "'default', null", "'page', null", f"'url', '{self.url()}'"))
        return ("INSERT INTO ddns.records (zone, owner, type, rdata, online, online_target, offline, offline_target)"
                f" VALUES ('{self.zone}', '{owner}', '{rtype}', '{rdata}', {online}, {offline})")

    def statement(self):
        owner = self.random.choice(OWNERS)
        return self.random.choices((
            self.domain(), self.record(),
            f"DELETE FROM ddns.records WHERE zone = '{self.zone}' AND owner ~ '{owner}$'",
            f"DELETE FROM ddns.domains WHERE zone = '{self.zone}' AND owner = '{owner}'",
            f"INSERT INTO ddns.domains (zone, owner, account_id, address) SELECT '{self.zone}', '{owner}', id,"
            f" '{{192.0.2.9}}' FROM ddns.accounts WHERE login = '{self.account}' ON CONFLICT DO NOTHING",
            f"UPDATE ddns.zones SET served = not served WHERE origin = '{self.zone}'",
            f"UPDATE ddns.domains SET online = not online WHERE zone = '{self.zone}'"),
            (40, 20, 4, 4, 12, 1, 1))[0]


def expected(rows, name, zone):
    """What the rows (name: (kind, target)) say of a name: its own, else the wildcard's of the closest encloser."""
    known = {zone}
    for row in rows:
        while row != zone:
            known.add(row)
            row = row.partition(".")[2]
    if name in known:
        return rows.get(name)
    encloser = name.partition(".")[2]
    while encloser not in known:
        encloser = encloser.partition(".")[2]
    return rows.get("*." + encloser)


def best_rows(cursor, zone):
    """The row of each name that counts: no fallback, with a target, whose target sorts first."""
    cursor.execute("SELECT DISTINCT ON (r.name) r.name, r.kind, r.target FROM ddns.served_redirects r"
                   " JOIN ddns.zones z ON z.id = r.zone_id WHERE z.origin = %s"
                   " ORDER BY r.name, r.fallback, r.target NULLS LAST", (zone,))
    return {name: (kind, target) for name, kind, target in cursor.fetchall()}


def answer(redirects, name):
    reply = redirects.ask(name)
    if reply.status == 302:
        kind = "url" if reply.location.startswith("https:") else "port"
        return kind, reply.location.removesuffix("/") if kind == "port" else reply.location
    return {503: ("page", None), 404: None}[reply.status]


def test_answers_are_those_of_the_view(stack, redirects, cursor, is_long):
    zone = "random.test"
    changes = Changes(zone, stack.account, SEED)
    cursor.execute("INSERT INTO ddns.zones (origin, mname, rname, redirectors) VALUES (%s, 'ns.test', 'h.test',"
                   " '{127.0.0.2}')", (zone,))
    names = [f"{below.replace('*', 'any')}{owner}.{zone}" for owner in OWNERS + ["nobody", "sub"] for below in BELOW]
    done = refused = redirected = 0
    for _ in range(300 if is_long else 40):
        for _ in range(changes.random.choice((1, 1, 5, 30))):
            try:
                cursor.execute(changes.statement())
                done += 1
            except psycopg2.Error:
                refused += 1
        rows = best_rows(cursor, zone)

        def same(rows=rows):
            for name in names:
                got, want = answer(redirects, name), expected(rows, name, zone)
                assert got == want, f"{name} is {got}, must be {want}"
            return True
        wait_until(same, 30, "the listener answers as the view says")
        redirected += sum(expected(rows, name, zone) is not None for name in names)
    print(f"\n{done} statements, {refused} refused, {redirected} redirects compared")
    assert redirected > 100
