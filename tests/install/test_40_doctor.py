# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl doctor finds nothing wrong with what README installed, and names what is broken and its mend."""

import contextlib
import json

import pytest

NAMED_CONF = "/etc/bind/named.conf.local"
MODULE = "/usr/lib/x86_64-linux-gnu/bind/dlz_ddns.so"


@pytest.fixture(scope="module")
def doctor(machine):
    return Doctor(machine)


class Doctor:
    """ddnsctl doctor, as root runs it."""

    def __init__(self, machine):
        self.machine = machine

    def findings(self):
        return json.loads(self.machine.output("ddnsctl doctor --json || true"))

    def of(self, level):
        """check -> (finding, mend) of those of a level."""
        return {one["check"]: (one["finding"], one.get("mend", "")) for one in self.findings() if one["level"] == level}

    @contextlib.contextmanager
    def broken(self, breaks, mends):
        """While something is broken by one script, until it is mended by another."""
        self.machine.output(breaks)
        try:
            yield
        finally:
            self.machine.output(mends)
            self.machine.wait_until(lambda: not self.of("error"), 30)


def test_nothing_is_wrong(machine, doctor):
    print(machine.output("ddnsctl doctor || true"))
    assert doctor.of("error") == {}
    assert doctor.of("unknown") == {}
    machine.output("ddnsctl doctor")


@pytest.mark.parametrize("check, breaks, mends, finding, mend", [
    ("database", "pg_ctlcluster 15 main stop", "pg_ctlcluster 15 main start", "", "systemctl status postgresql"),
    ("schema", "su - postgres -c \"psql -q ddns -c 'alter schema ddns rename to away'\"",
     "su - postgres -c \"psql -q ddns -c 'alter schema away rename to ddns'\" && systemctl restart ddns-gateway",
     "no schema ddns", "ddns-schema install"),
    ("schema", "su - postgres -c \"psql -q ddns -c 'update ddns.schema_version set version = version - 1000'\"",
     "su - postgres -c \"psql -q ddns -c 'update ddns.schema_version set version = version + 1000'\"",
     "version", "ddns-schema upgrade"),
    ("database", "su - postgres -c \"psql -q ddns -c 'revoke ddns_admin from root'\"",
     "su - postgres -c \"psql -q ddns -c 'grant ddns_admin to root'\"", "permission denied", "ddns_admin"),
    ("named's role", "su - postgres -c \"psql -q ddns -c 'alter role bind nologin'\"",
     "su - postgres -c \"psql -q ddns -c 'alter role bind login'\"", "bind", ""),
    ("named's role", f"sed -i 's|host=/run/postgresql|host=/run/nowhere|' {NAMED_CONF}",
     f"sed -i 's|host=/run/nowhere|host=/run/postgresql|' {NAMED_CONF}", "/run/nowhere", ""),
    ("module", f"mv {MODULE} {MODULE}.away", f"mv {MODULE}.away {MODULE}", MODULE, "make install"),
    ("secret key", "mv /etc/ddns/secret.key /etc/ddns/away", "mv /etc/ddns/away /etc/ddns/secret.key",
     "/etc/ddns/secret.key", ""),
    ("secret key", "cp -p /etc/ddns/secret.key /etc/ddns/away && tr 0-9 1-90 </etc/ddns/away >/etc/ddns/secret.key",
     "mv /etc/ddns/away /etc/ddns/secret.key", "", ""),
    ("gateway", "systemctl stop ddns-gateway", "systemctl start ddns-gateway", "", "systemctl"),
], ids=["no database", "no schema", "old schema", "wrong role", "named's role", "no socket", "no module", "no key file",
        "foreign key file", "gateway down"])
def test_what_is_broken_is_named(doctor, check, breaks, mends, finding, mend):  # pylint: disable=too-many-arguments
    with doctor.broken(breaks, mends):
        errors = doctor.of("error")
        assert check in errors, errors
        assert finding in errors[check][0] and mend in errors[check][1], errors


def test_a_zone_that_everybody_may_copy(doctor):
    with doctor.broken("ddnsctl zone set dyn.example.org transfer=named", "ddnsctl zone set dyn.example.org transfer=none"):
        finding, mend = doctor.of("error").get("transfers") or doctor.of("warning")["transfers"]
        assert "dyn.example.org" in finding and "allow-transfer" in mend


def test_mname_without_address(doctor):
    finding, _ = doctor.of("warning")["MNAME"]
    assert "ns1.example.org" in finding
