# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack whose demo domain is online at 192.0.2.7, and its redirect listener."""

import itertools

import pytest

from .browser import Redirects

FRESH = ("online = true, address = '{192.0.2.7}', fixed = null, wildcard = true, www = 'off', www_port = 8080,"
         " www_url = null, offline = 'page', offline_address = '{}', offline_url = null")


@pytest.fixture(scope="module")
def cursor(stack):
    connection = stack.connect()
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture
def redirects(stack):
    return Redirects(stack.gateway)


@pytest.fixture(scope="module")
def mark(stack, cursor):
    """mark(): returns when the listener follows the zone up to now."""
    cursor.execute("INSERT INTO ddns.domains (zone, owner, account_id, online, offline, offline_url)"
                   " SELECT %s, 'mark', id, false, 'url', 'https://mark.example/' FROM ddns.accounts WHERE login = %s",
                   (stack.zone, stack.account))
    numbers, redirects = itertools.count(), Redirects(stack.gateway)

    def follow():
        url = f"https://mark.example/{next(numbers)}"
        cursor.execute("UPDATE ddns.domains SET offline_url = %s WHERE zone = %s AND owner = 'mark'", (url, stack.zone))
        redirects.wait(f"mark.{stack.zone}", 302, url)
    return follow


@pytest.fixture
def joe(stack, cursor, mark):
    """Sets columns of the demo's domain, as in joe("online = false"); begins as a new one that is online."""
    def change(what):
        cursor.execute(f"UPDATE ddns.domains SET {what} WHERE name = %s", (stack.host,))
    cursor.execute("DELETE FROM ddns.records WHERE zone = %s AND owner LIKE %s", (stack.zone, "%joe"))
    change(FRESH)
    stack.wait_answer(stack.host, "A", {"192.0.2.7"})
    mark()  # or what the test before had set could be taken for what this one sets
    return change
