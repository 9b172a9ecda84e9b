# SPDX-License-Identifier: GPL-3.0-or-later
"""README: Install, and The first host."""

import re

import pytest

FILES = ("find / -xdev \\( -path /root -o -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp"
         " -o -path /var -o -path /usr/local \\) -prune -o -print | sort")


@pytest.fixture(scope="session")
def before(machine, readme, source):
    """The machine's files, and named's and systemd's configuration, before anything of ours was there."""
    machine.source = source("dlz_ddns")
    packages, *rest = readme.commands("Install")
    machine.output(packages, timeout=900)
    if not machine.has_systemd:  # which would have started them
        machine.output("/etc/init.d/postgresql start && /etc/init.d/named start")
    machine.files_before = machine.output(FILES).splitlines()
    machine.named_before = machine.read("/etc/bind/named.conf.local")
    machine.users_before = machine.output("cut -d: -f1 /etc/passwd /etc/group")
    return rest


def test_install(machine, before):
    for block in before:
        machine.output(block, directory=machine.source, timeout=900)


def test_the_services_run(machine):
    assert machine.output("systemctl is-active named ddns-gateway").split() == ["active", "active"]
    assert machine.output("curl -sS http://127.0.0.1:8053/readyz") == "ok\n"


def test_the_gateway_runs_as_its_user_with_one_capability(machine):
    status = machine.output("cat /proc/$(pidof ddns-gateway)/status")
    user = machine.output("id -u ddns-gateway").strip()
    assert re.search(rf"^Uid:\s+{user}\s+{user}\s+{user}\s+{user}$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0000000000000400$", status, re.MULTILINE), status  # CAP_NET_BIND_SERVICE
    assert re.search(r"^CapBnd:\s+0000000000000400$", status, re.MULTILINE), status
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), status


def test_the_gateway_has_nothing_to_complain_of(machine):
    log = machine.log("ddns-gateway")
    assert "is ready" in log
    assert not re.search(r"cannot|error|failed", log), log


def test_the_unit_is_shut_in(machine):
    """At most 2.0 by the measure of systemd-analyze."""
    said = machine.output("systemd-analyze security --offline=true ddns-gateway.service | tail -n 1")
    exposure = float(re.search(r"([0-9.]+) OK", said).group(1))
    print(said)
    assert exposure <= 2.0
    # of the service as such; what is wrong with others' units is told as well
    assert "ddns-gateway" not in machine.output("systemd-analyze verify --man=no ddns-gateway.service 2>&1 || true")


def test_named_starts_after_the_database(machine):
    if machine.has_systemd:
        assert "postgresql.service" in machine.output("systemctl show -p After named")


def test_the_secret_key_is_the_gateways_alone(machine):
    assert machine.output("stat -c '%a %U %G' /etc/ddns /etc/ddns/secret.key /etc/ddns/ddns-gateway.conf") == (
        "750 root ddns-gateway\n640 root ddns-gateway\n640 root ddns-gateway\n")


def test_the_profile_of_named_admits_the_database(machine):
    """AppArmor's parser takes it, and the rule is in it; whether a kernel enforces it is not tried here."""
    said = machine.output("apparmor_parser --skip-kernel-load --skip-cache --debug /etc/apparmor.d/usr.sbin.named"
                          " 2>&1")
    assert ".s.PGSQL." in said


def test_the_man_pages_are_there(machine):
    pages = "man8/ddns-gateway.8 man5/ddns-gateway.conf.5 man8/ddnsctl.8 man8/ddns-schema.8 man8/dlz_ddns.8"
    machine.output(f"cd /usr/share/man && ls {pages}")


def test_install_again_changes_nothing(machine):
    key = machine.read("/etc/ddns/secret.key")
    said = machine.output("ddns-schema install --named-user bind --gateway-user ddns-gateway --admin-user root")
    assert "there already" in said
    assert machine.read("/etc/ddns/secret.key") == key


def test_the_first_host(machine, readme, host):
    *made, asked = readme.commands("The first host")
    for block in made:
        machine.output(block)
    said = machine.output(asked.replace("SECRET", host.secret))
    assert said.split() == ["good", "1.1.1.1", "1.1.1.1"], said


def test_sql_typed_by_root_is_served(machine):
    machine.output("psql -q ddns -c \"insert into ddns.records (zone, owner, type, ttl, rdata)"
                   " values ('dyn.example.org', 'www', 'A', 60, '192.0.2.1')\"")
    machine.wait_until(lambda: machine.output("dig @localhost +short www.dyn.example.org") == "192.0.2.1\n")


def test_reload(machine):
    machine.output("systemctl reload ddns-gateway named")
    machine.wait_until(lambda: "was read again" in machine.log("ddns-gateway"))
    assert machine.output("systemctl is-active named ddns-gateway").split() == ["active", "active"]
