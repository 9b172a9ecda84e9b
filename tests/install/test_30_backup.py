# SPDX-License-Identifier: GPL-3.0-or-later
"""README: Backup and Restore, under a running named; here, and with another cluster, as on a new machine."""


def test_backup(machine, typed, host):
    assert host.update("1.1.1.5") == "good 1.1.1.5"
    typed("Backup")
    key = machine.read("/etc/ddns/secret.key").strip()
    dump = machine.output("su - postgres -c 'pg_restore -f -' <ddns.dump")
    assert "joe-router" in dump
    assert key not in dump and host.secret not in dump
    assert machine.output("stat -c %a secret.key.backup") == "600\n"


def test_restore_under_a_running_named(machine, typed, host):
    assert host.update("1.1.1.6") == "good 1.1.1.6"
    machine.output("ddnsctl zone add later.example.org --ns ns1.example.org")
    machine.wait_until(lambda: "ns1" in machine.output("dig @localhost +short later.example.org NS"))
    typed("Restore")
    host.is_served("1.1.1.5")
    machine.wait_until(lambda: "REFUSED" in machine.output("dig @localhost later.example.org NS"))
    assert host.update("1.1.1.7") == "good 1.1.1.7"
    host.is_served("1.1.1.7")


def test_restore_on_another_cluster_with_another_key(machine, typed, readme, host):
    """What a new machine has: roles and a key of its own, and a history of transactions that is shorter."""
    machine.output("systemctl stop ddns-gateway")
    machine.output("pg_dropcluster --stop 15 main && pg_createcluster 15 main && rm /etc/ddns/secret.key")
    machine.output("systemctl restart postgresql && pg_ctlcluster 15 main start || pg_ctlcluster 15 main status")
    host.is_served("1.1.1.7")  # named has its memory
    database = next(block for block in readme.commands("Install") if "createdb" in block)
    machine.output(database)
    machine.output("systemctl start ddns-gateway")
    typed("Restore")
    host.is_served("1.1.1.5")
    assert host.update("1.1.1.8") == "good 1.1.1.8"
    host.is_served("1.1.1.8")


def test_a_restore_that_fails_leaves_named_answering(machine, readme, host):
    machine.output("head -c 20000 ddns.dump >broken.dump")
    restore = "\n".join(readme.commands("Restore")).replace("ddns.dump", "broken.dump")
    machine.fails(restore)
    host.is_served("1.1.1.8")


def test_another_key_than_the_dumps_is_told(machine, typed, readme):
    typed("Restore")
    machine.output("cp secret.key.backup kept.key && tr 0-9 1-90 <kept.key >secret.key.backup")
    *_, files_and_services = readme.commands("Restore")
    lines = [line for line in files_and_services.splitlines() if "secret.key" in line or "ddns-schema" in line]
    assert "name that one's file" in machine.fails("\n".join(lines))
    machine.output("install -m 0640 -g ddns-gateway kept.key /etc/ddns/secret.key && systemctl restart ddns-gateway")


def test_others_cannot_connect_to_what_was_restored(machine):
    assert machine.output("psql -Atc \"select has_database_privilege('public', 'ddns', 'connect')\" ddns") == "f\n"
