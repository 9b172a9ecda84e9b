# SPDX-License-Identifier: GPL-3.0-or-later
"""README: Upgrade, to a release with a newer schema, over running services."""

import re

import pytest


@pytest.fixture(scope="session")
def newer(machine, source):
    """A release with one migration more."""
    directory = source("dlz_ddns-newer")
    number = int(re.search(r"files: (\d+)", machine.output("ddns-schema version")).group(1)) + 1
    name = f"sql/migrations/{number:04}-tried.sql"
    with open(machine.path(f"{directory}/{name}"), "w", encoding="ascii") as file:
        file.write("alter table ddns.accounts add phone text;\n")
    machine.output(f"sed -i 's|^ddns_sql_migrations =|& {name}|' sql/Makefile.inc"
                   f" && sed -i 's/\\(DDNS_SCHEMA_VERSION = \\)[0-9]*/\\1{number}/' sql/client/db.h", directory=directory)
    return directory, number


@pytest.fixture(scope="session")
def steps(readme):
    """The one block of commands, before and after the line that upgrades the schema."""
    [block] = readme.commands("Upgrade")
    before, upgrade, after = block.partition("ddns-schema upgrade\n")
    assert upgrade
    return before, upgrade, after


def test_the_newer_files_are_installed(machine, newer, steps):
    directory, _ = newer
    machine.output(steps[0], directory=directory, timeout=900)
    machine.source = directory


def test_a_gateway_newer_than_the_schema_does_not_start_and_says_why(machine, newer, host):
    _, number = newer
    machine.output("printf 'http-listen = {\"127.0.0.1:8099\"}\nstatus-listen = {}\n' >/tmp/other.conf")
    said = machine.fails("timeout 20 setpriv --reuid=ddns-gateway --regid=ddns-gateway --init-groups"
                         " ddns-gateway --foreground --config /tmp/other.conf")
    assert f"version {number - 1}" in said and f"version {number}" in said
    assert "ddns-schema upgrade" in said
    # the running one goes on
    assert host.update("1.1.1.2") == "good 1.1.1.2"
    host.is_served("1.1.1.2")


def test_ddnsctl_newer_than_the_schema_says_so(machine):
    assert "ddns-schema upgrade" in machine.fails("ddnsctl zone list")


def test_the_schema_is_upgraded_under_running_services(machine, newer, steps, host):
    directory, number = newer
    assert f"to {number}" in machine.output(steps[1], directory=directory)
    assert host.update("1.1.1.3") == "good 1.1.1.3"
    host.is_served("1.1.1.3")


def test_the_newer_programs_run(machine, newer, steps, host):
    directory, _ = newer
    machine.output(steps[2], directory=directory)
    host.is_served("1.1.1.3")
    assert host.update("1.1.1.4") == "good 1.1.1.4"
    host.is_served("1.1.1.4")
    assert "dyn.example.org" in machine.output("ddnsctl zone list")
