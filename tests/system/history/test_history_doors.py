# SPDX-License-Identifier: GPL-3.0-or-later
"""History: who changed what, at which door, from where, and `ddnsctl history` that shows it."""

import json
import subprocess

import pytest

from ddns.steps import StepFailed, wait_until


@pytest.fixture
def host(stack):
    """The demo's host, online with an address; what was before is forgotten."""
    stack.update(myip="192.0.2.1")
    stack.sql("UPDATE ddns.domains SET online = true, address = '{192.0.2.1}' WHERE name = %s", (stack.host,))
    stack.sql("DELETE FROM ddns.history")
    stack.sql("DELETE FROM ddns.attempts")
    return stack.host


def history(stack, name, *words):
    return json.loads(stack.ctl("history", name, "--json", *words))


def newest(stack, name):
    """The fields of the newest row that say what and by whom."""
    rows = history(stack, name, "--limit", "1")
    return {field: rows[0][field] for field in ("name", "account", "key", "door", "peer", "what", "old", "new")} if rows else None


def change(stack, **fields):
    return {"name": stack.host, "account": stack.account, "key": None, "door": None, "peer": "127.0.0.1",
            "what": "address", "old": "192.0.2.1", "new": "192.0.2.2", **fields}


def serial(stack):
    return stack.sql("SELECT serial FROM ddns.zone_state s JOIN ddns.zones z ON z.id = s.zone_id WHERE origin = %s",
                     (stack.zone,))[0][0]


def test_an_update_over_http(stack, host):
    """History has who, which key, which door, from where, what was and is, and the serial: by a key over HTTP."""
    assert stack.update(myip="192.0.2.2") == "good 192.0.2.2"
    assert newest(stack, host) == change(stack, key=stack.key_name, door="http")
    assert history(stack, host)[0]["serial"] == serial(stack)


def test_an_account_over_http(stack, host):
    """The same by the account's own password, and offline."""
    assert stack.update(stack.account, stack.password, myip="192.0.2.2") == "good 192.0.2.2"
    assert newest(stack, host) == change(stack, door="http")
    stack.update(offline="YES")
    assert newest(stack, host) == change(stack, key=stack.key_name, door="http", what="state", old="online", new="offline")


def test_an_update_over_dns(stack, host):
    """The same over DNS UPDATE: the host's address, and a record below it."""
    script = (f"server {stack.gateway.address} {stack.gateway.dns_port}\nzone {stack.zone}\nupdate delete {host} A\n"
              f"update add {host} 60 A 192.0.2.2\nupdate add t.{host} 60 TXT \"x\"\nsend\n")
    subprocess.run(["nsupdate", "-y", f"hmac-sha256:{stack.key_name}:{stack.key_secret}"], input=script, text=True,
                   check=True, timeout=30)
    rows = history(stack, host)
    assert [(row["name"], row["what"], row["old"], row["new"]) for row in sorted(rows, key=lambda row: row["what"])] == \
        [("t." + host, "TXT", None, '60 "x"'), (host, "address", "192.0.2.1", "192.0.2.2")]
    assert {(row["account"], row["key"], row["door"], row["peer"], row["serial"]) for row in rows} == \
        {(stack.account, stack.key_name, "dns", "127.0.0.1", serial(stack))}
    stack.sql("DELETE FROM ddns.records WHERE owner LIKE 't.%%'")


def test_ddnsctl_and_psql(stack, host):
    """The same by ddnsctl and by hand: who was connected, and with what program."""
    stack.ctl("domain", "online", host, "192.0.2.2")
    user = stack.sql("SELECT current_user")[0][0]
    assert newest(stack, host) == change(stack, account=None, door="ddnsctl", peer=None)
    assert history(stack, host)[0]["role"] == user
    stack.sql("SET application_name = 'psql'; UPDATE ddns.domains SET timeout = 7 WHERE name = %s", (host,))
    assert newest(stack, host) == change(stack, account=None, door="psql", peer=None, what="timeout", old="0", new="7")
    stack.sql("UPDATE ddns.domains SET timeout = 0 WHERE name = %s", (host,))


def test_a_timeout(stack, host):
    """The same by the job that puts hosts offline."""
    stack.sql("UPDATE ddns.domains SET timeout = 1 WHERE name = %s", (host,))
    stack.sql("DELETE FROM ddns.history")
    with stack.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ddns.contacts SET at = at - interval '1 hour'")
        cursor.execute("UPDATE ddns.domains SET online_since = online_since - interval '1 hour'")
        cursor.execute("UPDATE ddns.timeouts SET due = due - interval '1 hour'")
        cursor.execute("UPDATE ddns.listening SET since = since - interval '1 hour'")
    expected = change(stack, account=None, door="timeout", peer=None, what="state", old="online", new="offline")
    wait_until(lambda: newest(stack, host) == expected, 30, "the timeout is told")
    stack.sql("UPDATE ddns.domains SET timeout = 0 WHERE name = %s", (host,))


def test_keepalives(stack, host):
    """A keepalive writes no history."""
    assert stack.update(myip="192.0.2.1") == "nochg 192.0.2.1"
    assert history(stack, host) == []


def test_the_table(stack, host):
    """`ddnsctl history` shows the newest first, failed tries too, and no more than it was asked for."""
    stack.update(myip="192.0.2.2")
    stack.update(password="wrong", myip="192.0.2.3")
    wait_until(lambda: len(history(stack, host)) == 2, 30, "the failed try is there")
    lines = stack.ctl("history", host).splitlines()
    assert lines[0].split() == ["WHEN", "NAME", "WHO", "BY", "FROM", "WHAT", "OLD", "NEW", "SERIAL", "REASON"]
    assert "failed" in lines[1] and lines[1].endswith("wrong user name or password")
    assert f"{stack.account}/{stack.key_name}" in lines[2] and "192.0.2.1" in lines[2] and "192.0.2.2" in lines[2]
    assert len(lines) == 3
    assert len(stack.ctl("history", stack.zone, "--limit", "1").splitlines()) == 2
    with pytest.raises(StepFailed, match="--limit is a number"):
        stack.ctl("history", host, "--limit", "many")


def test_what_is_no_name(stack, host):
    """Keys, accounts and settings have a history too."""
    stack.ctl("setting", "set", "attempts_days", "29")
    stack.ctl("setting", "delete", "attempts_days")
    assert [(row["old"], row["new"]) for row in history(stack, "setting:attempts_days")] == [("29", None), (None, "29")]
    stack.ctl("account", "add", "eve", "--no-password")
    stack.ctl("account", "set", "eve", "state=suspended")
    assert [(row["what"], row["new"]) for row in history(stack, "account:eve")] == [("state", "suspended"), ("account", "user")]
