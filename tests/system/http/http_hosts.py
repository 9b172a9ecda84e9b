# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts, hosts and keys to update, and what the database says of them."""

import contextlib
import json
import re

from ddns.steps import wait_until
from http_raw import Login, ask


@contextlib.contextmanager
def transaction(stack):
    """A cursor in a transaction that is rolled back at the end: somebody who types in psql and waits."""
    connection = stack.connect(autocommit=False)
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.rollback()
        connection.close()


def demo(stack):
    """The demo's key."""
    return Login(stack.key_name, stack.key_secret)


def add_account(stack, login, password):
    stack.ctl("account", "add", login, "--password-stdin", text=password + "\n")
    return Login(login, password)


def add_key(stack, name, account, *words):
    """A key made by ddnsctl, with its secret."""
    clause = stack.ctl("key", "add", name, "--account", account, *words)
    return Login(name, re.search(r'secret\s+"([^"]+)"', clause)[1])


def wait_known(stack, login):
    """Returns it when the gateway knows this new key or account."""
    wait_until(lambda: ask(stack.gateway, "/nic/update?hostname=nodot", login).status == 200, 30, f"{login.user} is known")
    return login


def add_zone(stack, origin, addresses="any"):
    stack.ctl("zone", "add", origin, "--shared", "--ns", "ns1.example.org", "--addresses", addresses)
    stack.wait_answer(origin, "NS", {"ns1.example.org."})
    return origin


def add_hosts(stack, prefix, count, zone=None, account=None):
    """Domains prefix-0 ... of a zone and account, the demo's unless told otherwise: their names."""
    zone = zone or stack.zone
    stack.sql("INSERT INTO ddns.domains (zone, owner, account_id) SELECT %s, %s || n, id "
              "FROM ddns.accounts, generate_series(0, %s) n WHERE login = %s",
              (zone, prefix + "-", count - 1, account or stack.account))
    return [f"{prefix}-{n}.{zone}" for n in range(count)]


def addresses(cursor, name):
    """What the table holds for a domain: a sorted list of texts."""
    cursor.execute("SELECT host(a) FROM ddns.domains, unnest(address) a WHERE name = %s ORDER BY a", (name,))
    return [row[0] for row in cursor.fetchall()]


def all_addresses(cursor, names):
    """The same for many, as a dict."""
    cursor.execute("SELECT name, coalesce((SELECT array_agg(host(a) ORDER BY a) FROM unnest(address) a), '{}') "
                   "FROM ddns.domains WHERE name = ANY (%s)", (list(names),))
    return dict(cursor.fetchall())


def is_online(cursor, name):
    cursor.execute("SELECT online FROM ddns.domains WHERE name = %s", (name,))
    return cursor.fetchone()[0]


def state(cursor, zone):
    """(version, serial) of a zone."""
    cursor.execute("SELECT version, serial FROM ddns.zone_state JOIN ddns.zones ON id = zone_id WHERE origin = %s",
                   (zone,))
    return cursor.fetchone()


def everything(cursor):
    """What no refused request may move: all that is stored but contacts and uses of keys."""
    text = {}
    for table in ("settings", "accounts", "keys", "zones", "zone_state", "domains", "records"):
        cursor.execute(f"SELECT coalesce(json_agg(t ORDER BY t::text), '[]')::text FROM ddns.{table} t")
        text[table] = json.loads(cursor.fetchone()[0])
    return text


def wait_served(stack, cursor, names):
    """Returns when named gives what the table holds for each name."""
    for name, stored in all_addresses(cursor, names).items():
        stack.wait_answer(name, "A", {a for a in stored if ":" not in a})
        stack.wait_answer(name, "AAAA", {a for a in stored if ":" in a})
