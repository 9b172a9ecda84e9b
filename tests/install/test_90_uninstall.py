# SPDX-License-Identifier: GPL-3.0-or-later
"""README: Uninstall; nothing of ours is left but what it says."""

import re

from test_10_install import FILES

# The copies that tools for users keep of the files that they change, and what is certbot's.
OTHERS = re.compile("/etc/(passwd-|group-|shadow-|gshadow-|subuid-|subgid-|.pwd.lock)"
                    "|/etc/letsencrypt(?!.*ddns-gateway).*")


def test_uninstall(machine, typed):
    typed("Uninstall", directory=machine.source)


def test_nothing_is_left(machine):
    after = machine.output(FILES).splitlines()
    left = sorted(set(after) - set(machine.files_before))
    assert [name for name in left if not OTHERS.fullmatch(name)] == []
    assert sorted(set(machine.files_before) - set(after)) == []
    assert machine.read("/etc/bind/named.conf.local") == machine.named_before
    assert machine.read("/etc/apparmor.d/local/usr.sbin.named") == ""
    assert machine.output("cut -d: -f1 /etc/passwd /etc/group") == machine.users_before
    roles = machine.output("su - postgres -c 'psql -At' <<<\"select rolname from pg_roles where rolname !~ '^pg_'\"")
    assert roles.split() == ["postgres"]
    assert "ddns" not in machine.output("su - postgres -c 'psql -lAt'")
    assert machine.output("pgrep ddns || true") == ""


def test_named_runs_without_the_module(machine):
    machine.wait_until(lambda: "REFUSED" in machine.output("dig @localhost joe.dyn.example.org"))
    assert "dlz_ddns" not in machine.output("cat /proc/$(pidof named)/maps")
