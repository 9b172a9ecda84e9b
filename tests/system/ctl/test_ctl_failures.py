# SPDX-License-Identifier: GPL-3.0-or-later
"""Help, mistyped command lines, and a database that is not as it should be."""

import json
import subprocess

import pytest

NOUNS = ("zone", "account", "domain", "key", "record", "setting")


def test_help_teaches(ctl):
    overview = ctl("help")
    assert overview == ctl("--help") == ctl("-h")
    for noun in NOUNS:
        assert f"  {noun} " in overview
        text = ctl("help", noun)
        assert text == ctl(noun, "--help")
        for verb in [line.split()[2] for line in text.splitlines() if line.startswith(f"  ddnsctl {noun} ")]:
            assert f"usage: ddnsctl {noun} {verb}" in ctl(noun, verb, "--help")
    assert ctl("--version").startswith("ddnsctl ")


@pytest.mark.parametrize("words, says", [
    ((), "ddnsctl help"), (("zone",), "help zone"), (("zones", "list"), "'zone'"), (("zone", "lst"), "'list'"),
    (("zone", "add"), "ORIGIN"), (("zone", "list", "extra"), "extra"), (("zone", "add", "a", "--shard"), "--shared"),
    (("zone", "add", "a", "--ns"), "--ns NAME"), (("zone", "set", "a", "tttl=5"), "'ttl'"),
    (("zone", "set", "a", "ttl"), "KEY=VALUE"), (("domain", "set", "a", "nothing=5"), "timeout"),
])
def test_mistyped(ctl, words, says):
    assert says in ctl.refused(*words, status=2)


def test_an_unusual_database(ctl, database_stack):
    good = database_stack.cluster.conninfo()
    database_stack.sql("create role stranger login")
    with open(f"{database_stack.cluster.data}/pg_ident.conf", "a", encoding="utf-8") as file:
        file.write('sandbox /^.*$ "stranger"\n')
    database_stack.sql("select pg_reload_conf()")
    for conninfo, says in (
            (good.replace("dbname=ddns", "dbname=nowhere"), "nowhere"),
            (good.replace("dbname=ddns", "dbname=postgres"), "ddns-schema"),
            (good.replace("user=postgres", "user=stranger"), "ddns_admin"),
            ("host=/nonexistent dbname=ddns password=hunter2", "/nonexistent"),
            ("hunter2 is no conninfo", "--db"),
    ):
        reason = ctl.refused("--db", conninfo, "zone", "list")
        assert says in reason and "hint" in reason
        assert "hunter2" not in reason or "password" not in conninfo
    assert "nowhere" in ctl.refused("zone", "list", environment=ctl.environment(PGDATABASE="nowhere"))


def test_the_database_is_named_by_option_or_environment(ctl, database_stack):
    zones = json.loads(ctl("zone", "list", "--json"))
    for db in (database_stack.cluster.conninfo(), database_stack.cluster.uri()):
        done = ctl.run("--db", db, "zone", "list", "--json", environment={"PATH": "/usr/bin:/bin"})
        assert done.status == 0, done.err
        assert json.loads(done.out) == zones


def test_output_that_cannot_be_written_is_a_failure(ctl):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([ctl.program, "zone", "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=20,
                              env=ctl.environment(), check=False)
    assert done.returncode == 1 and "output" in done.stderr

