# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and passwords: what is printed, once, and what never is."""

import base64
import os
import pty
import re
import select
import subprocess

import pytest

CLAUSE = re.compile(r'\Akey "(?P<name>[^"]+)" \{\n\talgorithm (?P<algorithm>[a-z0-9-]+);\n'
                    r'\tsecret "(?P<secret>[A-Za-z0-9]{44})";\n\};\n\Z')


@pytest.fixture(scope="module", autouse=True)
def world(ctl):
    ctl("zone", "add", "keys.example", "--shared", "--ns", "ns1.example.org")
    ctl("account", "add", "kim")
    ctl("domain", "add", "kim.keys.example", "--account", "kim")


def test_key_add_prints_a_clause_and_nothing_else(ctl, key_file):
    done = ctl.run("key", "add", "Kim-Router", "--account", "kim", "--domain", "kim.keys.example")
    assert (done.status, done.err) == (0, "")
    clause = CLAUSE.match(done.out)
    assert clause["name"] == "kim-router"
    assert clause["algorithm"] == "hmac-sha256"
    assert len(base64.b64decode(clause["secret"], validate=True)) == 33
    path = key_file(done.out)
    asked = subprocess.run(["nsupdate", "-d", "-k", path], input="quit\n", capture_output=True, text=True, timeout=20,
                           check=False)
    assert asked.returncode == 0 and "keycreate" in asked.stdout + asked.stderr
    checked = subprocess.run(["named-checkconf", path], capture_output=True, text=True, timeout=20, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha384", "hmac-sha512"])
def test_key_of_each_algorithm(ctl, key_file, algorithm):
    done = ctl.run("key", "add", f"kim-{algorithm}", "--account", "kim", "--algorithm", algorithm)
    assert CLAUSE.match(done.out)["algorithm"] == algorithm
    assert ("md5" in done.err) == (algorithm == "hmac-md5")
    checked = subprocess.run(["named-checkconf", key_file(done.out)], capture_output=True, timeout=20, check=False)
    assert checked.returncode == 0


def test_key_scope(ctl):
    ctl("key", "add", "scoped", "--account", "kim", "--domain", "Kim.keys.example.", "--name", "_ACME-challenge.*",
        "--type", "txt", "--type", "AAAA", "--verb", "update", "--expires", "90d")
    key = ctl.json("key", "show", "scoped")
    assert (key["domains"], key["names"]) == (["kim.keys.example"], ["_acme-challenge.*"])
    assert (key["types"], key["verbs"], key["is_expired"]) == (["TXT", "AAAA"], ["update"], False)
    assert key in ctl.json("key", "list", "--account", "kim")
    assert ctl.json("key", "list", "--account", "joe") != []
    assert key not in ctl.json("key", "list", "--account", "joe")
    ctl("key", "add", "dated", "--account", "kim", "--expires", "2020-01-31")
    assert ctl.json("key", "show", "dated")["is_expired"] is True


@pytest.mark.parametrize("words, says", [
    (("--algorithm", "md5"), "algorithm"), (("--expires", "soon"), "soon"), (("--type", "NONSENSE"), "NONSENSE"),
    (("--verb", "fly"), "verbs"), (("--domain", "a..b"), "a..b"),
])
def test_key_add_refuses(ctl, words, says):
    assert says in ctl.refused("key", "add", "refused", "--account", "kim", *words)
    ctl.refused("key", "show", "refused")


def test_key_for_a_name_that_the_account_does_not_hold_is_noted(ctl):
    done = ctl.run("key", "add", "early", "--account", "kim", "--domain", "later.keys.example")
    assert done.status == 0 and CLAUSE.match(done.out) and "later.keys.example" in done.err


def test_key_delete(ctl):
    ctl("key", "add", "short-lived", "--account", "kim")
    assert "already" in ctl.refused("key", "add", "short-lived", "--account", "kim")
    assert ctl.json("key", "delete", "short-lived") == {"deleted": "short-lived"}
    assert "'short-lived'" in ctl.refused("key", "delete", "short-lived")


def test_a_secret_is_printed_once_and_lies_nowhere_in_clear(ctl, database_stack):
    secrets = [CLAUSE.match(ctl("key", "add", "secretive", "--account", "kim"))["secret"],
               ctl.json("key", "add", "as-json", "--account", "kim")["secret"]]
    ctl("account", "add", "sam", "--password-stdin", text="password of sam\n")
    seen = ""
    for words in (("key", "list"), ("key", "show", "secretive"), ("key", "show", "as-json"), ("account", "list"),
                  ("account", "show", "sam"), ("account", "show", "kim")):
        seen += ctl(*words) + ctl(*words, "--json")
    # what PostgreSQL says of a failed check holds the whole row
    seen += ctl.refused("account", "set", "sam", "role=king")
    seen += ctl.refused("key", "add", "x", "--account", "kim", "--verb", "fly")
    with open(database_stack.cluster.log, encoding="utf-8") as log:
        logged = log.read()
    cluster = database_stack.cluster
    dump = subprocess.run(["pg_dump", cluster.conninfo()], capture_output=True, text=True, timeout=60, check=True,
                          env=ctl.environment()).stdout
    for secret in secrets:
        octets = base64.b64decode(secret)
        for form in (secret, octets.hex(), octets.hex().upper()):
            assert form not in seen and form not in dump and form not in logged
    for text in (seen, dump, logged):
        assert "password of sam" not in text
    assert "$y$" not in seen, "nor is a password's hash printed"


def test_the_stored_secret_opens_for_its_key_only(ctl, database_stack):
    """Two keys of one algorithm: their ciphertexts differ, and each names the file it was made under."""
    ctl("key", "add", "first", "--account", "kim")
    ctl("key", "add", "second", "--account", "kim")
    rows = database_stack.sql("select secret, secret_key_id, length(secret_sha256) from ddns.keys "
                              "where name in ('first', 'second')")
    setting = database_stack.sql("select ddns.setting('secret_key_id')")[0][0]
    assert len({bytes(secret) for secret, _, _ in rows}) == 2
    for secret, key_id, length in rows:
        secret = bytes(secret)
        assert (secret[0], len(secret), key_id, length) == (1, 1 + 12 + 33 + 16, setting, 32)


# -- the secret key file -----------------------------------------------------------------------------


def test_secret_key_file_that_is_missing_foreign_open_or_broken(ctl, database_stack, tmp_path):
    def refused(path):
        return ctl.refused("--secret-key", str(path), "key", "add", "unborn", "--account", "kim")
    missing = tmp_path / "missing"
    assert str(missing) in refused(missing)
    foreign = tmp_path / "foreign"
    foreign.write_text("ab" * 32 + "\n")
    foreign.chmod(0o640)
    reason = refused(foreign)
    assert str(foreign) in reason and database_stack.sql("select ddns.setting('secret_key_id')")[0][0] in reason
    broken = tmp_path / "broken"
    broken.write_text("ab" * 31 + "\n")
    broken.chmod(0o640)
    assert "64 hexadecimal digits" in refused(broken)
    open_to_all = tmp_path / "open"
    with open(database_stack.secret_key, encoding="ascii") as file:
        open_to_all.write_text(file.read())
    open_to_all.chmod(0o644)
    assert "0644" in refused(open_to_all)
    open_to_all.chmod(0o600)
    assert CLAUSE.match(ctl("--secret-key", str(open_to_all), "key", "add", "born", "--account", "kim"))
    ctl.refused("key", "show", "unborn")


def test_only_key_add_needs_the_file(ctl, tmp_path):
    nowhere = ("--secret-key", str(tmp_path / "none"))
    for words in (("key", "list"), ("key", "show", "first"), ("account", "list"), ("key", "delete", "first")):
        ctl(*nowhere, *words)


# -- passwords ---------------------------------------------------------------------------------------


def test_password_from_standard_input(ctl, database_stack):
    ctl("account", "add", "pat", "--password-stdin", text="first line\nsecond line\n")
    stored = database_stack.sql("select password_hash from ddns.accounts where login = 'pat'")[0][0]
    assert stored.startswith("$y$")
    ctl("account", "set", "pat", "--password-stdin", text="another")
    assert database_stack.sql("select password_hash from ddns.accounts where login = 'pat'")[0][0] != stored
    assert ctl.json("account", "set", "pat", "--no-password")["has_password"] is False
    for text in ("", "\n", "x" * 600 + "\n"):
        ctl.refused("account", "set", "pat", "--password-stdin", text=text)
    assert ctl.json("account", "show", "pat")["has_password"] is False


@pytest.mark.parametrize("words, column", [
    (("account", "set", "shown", "role="), "role"),
    (("account", "set", "shown", "state="), "state"),
    (("account", "add", "shown-2", "--no-password", "--role", ""), "role"),
    (("domain", "set", "shown.secrets.example", "offline="), "offline"),
])
def test_a_refused_value_shows_no_row(ctl, words, column):
    """PostgreSQL's detail would be the whole row: password hash and registration ID with it."""
    if "shown" not in ctl("account", "list"):
        ctl("account", "add", "shown", "--password-stdin", text="shown-password\n")
        ctl("zone", "add", "secrets.example", "--shared", "--ns", "ns1.example.org")
        ctl("domain", "add", "shown.secrets.example", "--account", "shown")
    said = ctl.refused(*words).splitlines()
    assert said == [f"ddnsctl: {column} cannot be empty",
                    f"ddnsctl: hint: `ddnsctl help {words[0]} {words[1]}` says what it takes"]


def test_password_is_never_an_argument(ctl):
    ctl.refused("account", "add", "arg", "--password", "hunter2", status=2)
    ctl.refused("account", "set", "pat", "--password=hunter2", status=2)
    ctl.refused("account", "set", "pat", "password=hunter2", status=2)


QUESTIONS = (b"(empty: none): ", b"once more: ")


def _at_a_terminal(ctl, words, answers):
    """Runs ddnsctl at a terminal of its own and types the answers, each as soon as its question is there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(ctl.program, [ctl.program, *words], ctl.environment())
    shown = b""

    def read():
        assert select.select([terminal], [], [], 60)[0], f"it is silent after {shown}"
        return os.read(terminal, 1024)
    try:
        for question, answer in zip(QUESTIONS, answers):
            while question not in shown:
                shown += read()
            os.write(terminal, answer.encode() + b"\n")
        while True:
            shown += read()
    except OSError:  # its end
        pass
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_password_from_the_terminal_is_not_shown(ctl):
    status, shown = _at_a_terminal(ctl, ["account", "add", "tess"], ["typed once", "typed once"])
    assert status == 0, shown
    assert "typed" not in shown
    assert ctl.json("account", "show", "tess")["has_password"] is True
    status, shown = _at_a_terminal(ctl, ["account", "set", "tess", "--password"], ["one", "another"])
    assert status == 1 and "differ" in shown
    status, shown = _at_a_terminal(ctl, ["account", "add", "tom"], [""])
    assert status == 0, shown
    assert ctl.json("account", "show", "tom")["has_password"] is False
