# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl doctor: nothing wrong where nothing is, and each thing that is broken named with its mend."""

import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading

import dns.message
import dns.query
import dns.rdatatype
import dns.rrset
import pytest

from ddns import tls
from ddns.ports import Claims
from ddns.steps import wait_until

from .conftest import Ctl


class Doctor(Ctl):
    """ddnsctl doctor for a stack; what is found is a dict of lists by what was checked."""

    def __init__(self, stack):
        super().__init__(stack)
        self.named_conf = stack.named.conf
        self.config = stack.gateway.conf

    def environment(self, **more):
        return super().environment(DDNS_CONFIG=self.config, DDNS_NAMED_CONF=self.named_conf, **more)

    def examine(self, *words, status=None, **environment):
        done = self.run("doctor", "--json", *words, environment=self.environment(**environment))
        findings = json.loads(done.out)
        levels = {finding["level"] for finding in findings}
        expected = 1 if "error" in levels else 2 if "unknown" in levels else 0
        assert done.status == (expected if status is None else status), done.out + done.err
        for finding in findings:
            assert ("mend" in finding) == (finding["level"] != "ok"), finding
        return findings

    def errors(self, *words, **environment):
        return [finding for finding in self.examine(*words, **environment) if finding["level"] == "error"]

    def only_error(self, check, *words, **environment):
        """The one error there is."""
        errors = self.errors(*words, **environment)
        assert [error["check"] for error in errors] == [check], errors
        return errors[0]

    def warnings(self, check, *words):
        return [f for f in self.examine(*words) if f["level"] == "warning" and f["check"] == check]


@pytest.fixture(scope="module")
def doctor(stack):
    return Doctor(stack)


@pytest.fixture
def broken_conf(doctor, tmp_path):
    """broken_conf(old, new): lets the doctor see named.conf with another text in it."""
    def change(pattern, replacement):
        with open(doctor.stack.named.conf, encoding="utf-8") as file:
            text = file.read()
        changed = re.sub(pattern, replacement, text)
        assert changed != text
        doctor.named_conf = str(tmp_path / "named.conf")
        with open(doctor.named_conf, "w", encoding="utf-8") as file:
            file.write(changed)
    yield change
    doctor.named_conf = doctor.stack.named.conf


def test_nothing_is_wrong(doctor):
    findings = doctor.examine(status=0)
    fine = {finding["check"] for finding in findings if finding["level"] == "ok"}
    assert {"database", "disk", "schema", "secret key", "records", "module", "gateway", "named's role", "gateway role",
            "named", "transfers"} <= fine
    assert f"127.0.0.1:{doctor.stack.named.port} answers for 2 zones" in [f["finding"] for f in findings]


def test_people_get_a_line_each_with_the_mend_below(doctor):
    out = doctor("doctor")
    assert re.search(r"^ok +module +/.* is loaded by named$", out, re.MULTILINE)
    assert re.search(r"^warning +MNAME .*\n +mend: ", out, re.MULTILINE)
    assert out.splitlines()[-1].startswith("0 errors, ")


# -- the database ------------------------------------------------------------------------------------


def test_no_postgresql_there(doctor, tmp_path):
    error = doctor.only_error("database", PGHOST=str(tmp_path))
    assert str(tmp_path) in error["finding"] and "systemctl status postgresql" in error["mend"]


def test_a_role_that_pg_hba_keeps_out(doctor):
    error = doctor.only_error("database", PGUSER="nobody-at-all")
    assert "nobody-at-all" in error["finding"] and "user=ROLE" in error["mend"]


def test_a_role_without_rights(doctor):
    error = doctor.only_error("schema", PGUSER="bind")
    assert "permission denied" in error["finding"] and "ddns_admin" in error["mend"]


def test_a_database_without_the_schema(doctor):
    error = doctor.only_error("schema", PGDATABASE="postgres")
    assert "no schema ddns" in error["finding"] and "ddns-schema install" in error["mend"]


def test_a_schema_of_another_version(doctor):
    doctor.stack.sql("ALTER TABLE ddns.zones RENAME COLUMN depth TO former_depth")
    try:
        errors = {error["check"]: error for error in doctor.errors()}
    finally:
        doctor.stack.sql("ALTER TABLE ddns.zones RENAME COLUMN former_depth TO depth")
    assert "ddns-schema upgrade" in errors["schema"]["mend"]


# -- who may use it ------------------------------------------------------------------------------------


def test_the_role_of_named_is_missing(doctor, broken_conf):
    broken_conf(r"user=bind", "user=nobody-at-all")
    error = doctor.only_error("named's role")
    assert "nobody-at-all" in error["finding"] and "ddns-schema install --named-user" in error["mend"]


def test_the_role_of_named_has_no_rights(doctor):
    doctor.stack.sql("REVOKE ddns_named FROM bind")
    try:
        error = doctor.only_error("named's role")
    finally:
        doctor.stack.sql("GRANT ddns_named TO bind")
    assert "permission denied" in error["finding"] and "--named-user" in error["mend"]


def test_the_role_of_the_gateway_has_no_rights(doctor):
    doctor.stack.sql('REVOKE ddns_gateway FROM "ddns-gateway"')
    try:
        error = doctor.only_error("gateway role")
    finally:
        doctor.stack.sql('GRANT ddns_gateway TO "ddns-gateway"')
    assert "permission denied" in error["finding"] and "--gateway-user" in error["mend"]


def test_named_looks_for_a_socket_that_is_not_there(doctor, broken_conf, tmp_path):
    broken_conf(r"host=\S+", f"host={tmp_path}")
    error = doctor.only_error("named's role")
    assert str(tmp_path) in error["finding"] and "AppArmor" in error["mend"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try the database as somebody else")
def test_a_socket_that_the_gateway_cannot_reach(doctor, tmp_path):
    """The folder is root's alone, and the gateway is to run as nobody."""
    closed = os.path.join("/tmp", f"closed-{secrets.token_hex(4)}")
    os.mkdir(closed, 0o700)
    port = doctor.stack.cluster.port
    os.symlink(f"{doctor.stack.cluster.socket_dir}/.s.PGSQL.{port}", f"{closed}/.s.PGSQL.{port}")
    with open(doctor.stack.gateway.conf, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"host=\S+", f"host={closed}", text)
    text = re.sub(r'user = ".*"', 'user = "nobody"', text)
    doctor.config = str(tmp_path / "gateway.conf")
    with open(doctor.config, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        error = doctor.only_error("gateway role")
    finally:
        doctor.config = doctor.stack.gateway.conf
        os.unlink(f"{closed}/.s.PGSQL.{port}")
        os.rmdir(closed)
    assert "as nobody" in error["finding"] and "enter the socket's folder" in error["mend"]


# -- keys and records ------------------------------------------------------------------------------------


def key_file(path, text):
    with open(path, "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(text)
    return str(path)


def test_the_secret_key_file_is_missing(doctor, tmp_path):
    error = doctor.only_error("secret key", "--secret-key", str(tmp_path / "none"))
    assert str(tmp_path / "none") in error["finding"] and "copy" in error["mend"]


def test_the_secret_key_file_is_another_ones(doctor, tmp_path):
    foreign = key_file(tmp_path / "foreign", secrets.token_hex(32) + "\n")
    error = doctor.only_error("secret key", "--secret-key", foreign)
    assert foreign in error["finding"] and "is not the one of this database" in error["finding"]


def test_a_key_that_the_file_does_not_open(doctor):
    stack = doctor.stack
    stack.sql("UPDATE ddns.keys SET secret = set_byte(secret, 20, get_byte(secret, 20) # 1) WHERE name = %s", (stack.key_name,))
    try:
        error = doctor.only_error("secret key")
    finally:
        stack.sql("UPDATE ddns.keys SET secret = set_byte(secret, 20, get_byte(secret, 20) # 1) WHERE name = %s",
                  (stack.key_name,))
    assert f"does not open 1 of 1 keys: {stack.key_name}" in error["finding"]


@pytest.mark.parametrize("rtype, rdata", [("A", "192.0.2.007"), ("SSHFP", "1  1 AA")])
def test_a_record_that_came_in_past_the_rules(doctor, rtype, rdata):
    connection = doctor.stack.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES (%s, 'odd', %s, 60, %s)",
                       (doctor.stack.zone, rtype, rdata))
    try:
        error = doctor.only_error("records")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM ddns.records WHERE owner = 'odd'")
        connection.close()
    assert f"1 not in canonical form: odd.{doctor.stack.zone} {rtype} {rdata}" == error["finding"]


# -- named -----------------------------------------------------------------------------------------------


def test_named_conf_with_a_mistake(doctor, broken_conf):
    broken_conf(r"recursion no;", "recursion perhaps;")
    error = doctor.only_error("named.conf", "--named", f"127.0.0.1#{doctor.stack.named.port}")
    assert "perhaps" in error["finding"] and f"{doctor.named_conf}:" in error["finding"]


def test_named_conf_without_the_three_lines(doctor, broken_conf):
    broken_conf(r"dlz(.|\n)*\};", "")
    error = doctor.only_error("named.conf")
    assert "no dlz statement" in error["finding"] and 'dlz "ddns" { database "dlopen /' in error["mend"]


def test_the_module_is_missing(doctor, broken_conf, tmp_path):
    broken_conf(r"dlopen \S+", f"dlopen {tmp_path}/dlz_ddns.so")
    error = doctor.errors()[0]
    assert error["finding"] == f"there is no {tmp_path}/dlz_ddns.so" and "make install" in error["mend"]


def test_the_module_cannot_be_loaded(doctor, broken_conf, tmp_path):
    (tmp_path / "dlz_ddns.so").write_bytes(b"no shared object at all")
    broken_conf(r"dlopen \S+", f"dlopen {tmp_path}/dlz_ddns.so")
    error = doctor.errors()[0]
    assert error["check"] == "module" and "cannot be loaded" in error["finding"]


def test_named_is_away(stacks):
    own = Doctor(stacks.make("doctor").start())
    own.stack.named.stop()
    errors = {error["check"]: error for error in own.errors()}
    assert "does not answer" in errors["named"]["finding"] and "ss -lnu" in errors["named"]["mend"]


def test_no_named_has_loaded_the_module(doctor, broken_conf, tmp_path):
    shutil.copy(doctor.stack.named.module, tmp_path / "dlz_ddns.so")
    broken_conf(r"dlopen \S+", f"dlopen {tmp_path}/dlz_ddns.so")
    error = doctor.errors()[0]
    assert "no running named has loaded" in error["finding"] and "systemctl restart named" in error["mend"]


def test_named_lags(stacks):
    """Its module cannot follow: the connection is cut and not let in again."""
    own = Doctor(stacks.make("doctor").start())
    own.stack.sql("ALTER ROLE bind NOLOGIN")
    own.stack.end_sessions("bind")
    own.stack.update(myip="192.0.2.77")
    errors = {error["check"]: error for error in own.errors()}
    assert f"shows an older serial of {own.stack.zone}" in errors["named"]["finding"]
    assert "named's role" in errors


def test_a_zone_that_everybody_may_copy(doctor, broken_conf):
    doctor("zone", "set", doctor.stack.zone, "transfer=named")
    try:
        warned = doctor.warnings("transfers")
        broken_conf(r"recursion no;", "recursion no; allow-transfer { 192.0.2.1; };")
        closed = doctor.warnings("transfers")
        doctor("zone", "set", doctor.stack.zone, "transfer=0.0.0.0/0")
        listed = doctor.warnings("transfers")
    finally:
        doctor("zone", "set", doctor.stack.zone, "transfer=none")
    assert doctor.stack.zone in warned[0]["finding"] and "allow-transfer" in warned[0]["mend"]
    assert not closed
    assert doctor.stack.zone in listed[0]["finding"] and "transfer=" in listed[0]["mend"]


def test_answers_that_cost_more_than_they_need(doctor, broken_conf):
    broken_conf(r"minimal-responses yes;", "")
    assert "minimal-responses yes;" in doctor.warnings("named.conf")[0]["mend"]


# -- what the world sees -------------------------------------------------------------------------------------


class Resolver:
    """Answers as it is told, as a resolver would: {(name, type): [data]}."""

    def __init__(self, claims, answers):
        self.port = claims.port("127.0.0.1", [5390], ("udp",))
        self._answers = answers
        import socket  # pylint: disable=import-outside-toplevel
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def option(self):
        return f"127.0.0.1#{self.port}"

    def stop(self):
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            question = query.question[0]
            answer = dns.message.make_response(query, recursion_available=True)
            data = self._answers.get((question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)))
            if data:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", dns.rdatatype.to_text(question.rdtype), *data))
            self._socket.sendto(answer.to_wire(), peer)


@pytest.fixture
def world():
    """world(answers): a resolver's ADDR#PORT."""
    made = []
    with Claims() as claims:
        def make(answers):
            made.append(Resolver(claims, answers))
            return made[-1].option
        yield make
    for resolver in made:
        resolver.stop()


def test_delegation_as_a_resolver_sees_it(doctor, world):
    zone, public = doctor.stack.zone, doctor.stack.zone_public
    server = doctor.json("zone", "show", zone)["ns"][0]
    resolver = world({(zone, "NS"): [server + "."], (public, "NS"): ["ns.elsewhere.example."]})
    findings = [f for f in doctor.examine("--resolver", resolver) if f["check"] == "delegation"]
    assert [f["level"] for f in findings] == ["ok", "warning"]
    assert "ns.elsewhere.example" in findings[1]["finding"] and "zone delegation" in findings[1]["mend"]
    nothing = [f for f in doctor.examine("--resolver", world({})) if f["check"] == "delegation"]
    assert all("is not delegated" in f["finding"] for f in nothing) and len(nothing) == 2


def test_mname_leads_to_who_takes_update(doctor, world):
    """127.0.0.3 is nobody; the gateway's door has port 53 only where that is free."""
    mname = doctor.json("zone", "show", doctor.stack.zone)["mname"]
    lost = doctor.warnings("MNAME", "--resolver", world({(mname, "A"): ["127.0.0.3"]}))
    assert mname in lost[0]["finding"] and "takes UPDATE" in lost[0]["finding"] and "mname=" in lost[0]["mend"]
    if doctor.stack.gateway.dns_port == 53:
        assert not doctor.warnings("MNAME", "--resolver", world({(mname, "A"): [doctor.stack.gateway.address]}))


# -- the gateway ------------------------------------------------------------------------------------------------


def test_the_gateway_is_down(stacks):
    own = Doctor(stacks.make("doctor").start())
    own.stack.gateway.stop()
    error = own.only_error("gateway")
    assert "nobody answers at" in error["finding"] and "journalctl -u ddns-gateway" in error["mend"]


def test_the_gateway_is_not_ready(stacks):
    """It stands still: nobody answers; it runs again: all is well."""
    own = Doctor(stacks.make("doctor").start())
    own.stack.gateway.server.send(signal.SIGSTOP)
    try:
        assert own.only_error("gateway")["mend"].startswith("systemctl restart")
    finally:
        own.stack.gateway.server.send(signal.SIGCONT)
    wait_until(lambda: own.run("doctor").status == 0, 30, "nothing is wrong")


def test_a_mistake_in_the_gateway_s_configuration(doctor, tmp_path):
    doctor.config = str(tmp_path / "gateway.conf")
    with open(doctor.config, "w", encoding="utf-8") as file:
        file.write("http-threads = 0\n")
    try:
        error = doctor.only_error("gateway")
        done = doctor.run("doctor", environment=doctor.environment())
    finally:
        doctor.config = doctor.stack.gateway.conf
    assert "ddns-gateway -n" in error["mend"]
    assert "http-threads = 0" in done.err


def test_a_certificate_that_ends_soon(doctor, tmp_path):
    with open(doctor.stack.gateway.conf, encoding="utf-8") as file:
        text = file.read()
    doctor.config = str(tmp_path / "gateway.conf")
    authority, found = tls.Authority(str(tmp_path / "tls")), {}
    try:
        for days in (-1, 3, 90):
            chain, key = authority.issue(days=days)
            with open(doctor.config, "w", encoding="utf-8") as file:
                file.write(f'{text}https-listen = {{"127.0.0.2:0"}}\ntls-certificate = "{chain}"\ntls-key = "{key}"\n')
            found[days] = next(f for f in doctor.examine() if f["check"] == "certificate")
    finally:
        doctor.config = doctor.stack.gateway.conf
    assert [found[days]["level"] for days in (-1, 3, 90)] == ["error", "warning", "ok"]
    assert "has expired" in found[-1]["finding"] and "certbot renew" in found[3]["mend"]


# -- what cannot be checked -----------------------------------------------------------------------------------------


def test_what_cannot_be_checked_is_said(doctor, tmp_path):
    doctor.named_conf = doctor.config = str(tmp_path / "none")
    try:
        findings = doctor.examine(status=2)
    finally:
        doctor.named_conf, doctor.config = doctor.stack.named.conf, doctor.stack.gateway.conf
    unknown = {f["check"]: f for f in findings if f["level"] == "unknown"}
    assert {"named.conf", "gateway", "named"} == set(unknown)
    assert "--named ADDR" in unknown["named.conf"]["mend"]
    findings = Doctor(doctor.stack).examine("--named", f"127.0.0.1#{doctor.stack.named.port}", status=0)
    assert any("answers for 2 zones" in f["finding"] for f in findings)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_somebody_who_is_not_root_is_told_what_root_could_see(doctor):
    """As nobody, whom the database does not know: the first thing is said, and nothing crashes."""
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as place:  # the build may lie in a folder that is root's
        os.chmod(place, 0o755)
        program = shutil.copy(doctor.program, place)
        done = subprocess.run(
            [program, "doctor"], capture_output=True, text=True, check=False, env=doctor.environment(), cwd="/",
            user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    assert done.returncode == 1 and re.search(r"^error +database", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("words", [("--resolver", "nowhere"), ("--named", "127.0.0.1#0"), ("extra",)])
def test_words_that_make_no_sense(doctor, words):
    done = doctor.run("doctor", *words)
    assert done.status == 2 and done.out == "" and words[-1] in done.err
