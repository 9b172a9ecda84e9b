# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl key import and export, and that two gateways know of a key at once."""

import base64
import json
import os
import subprocess

import pytest

from ctl.conftest import Ctl
from ddns.gateway import Gateway
from ddns.ports import Claims
from ddns.steps import wait_until

SHORT = base64.b64encode(b"fifteen octets!").decode()
LONG = base64.b64encode(bytes(range(256)) * 2).decode()
PRIVATE = """\
Private-key-format: v1.3
Algorithm: 165 (HMAC_SHA512)
Key: {secret}
Bits: AAA=
Created: 20200101000000
"""


@pytest.fixture(scope="module")
def gateways(module_stacks):
    """A stack with two gateways."""
    stack = module_stacks.make("ctl").start(named=False)
    second = Gateway(stack.directory, stack.build, stack.cluster, name="gateway-2")
    with Claims() as claims:
        second.start(claims)
    yield stack, [stack.gateway, second]
    second.stop()


@pytest.fixture(scope="module")
def ctl(gateways):
    stack = gateways[0]
    made = Ctl(stack)
    made("account", "add", "kay")
    made("domain", "add", f"kay.{stack.zone}", "--account", "kay")
    return made


def nsupdate(gateway, name, path):
    """One update signed by a key file: the exit status and what was said."""
    done = subprocess.run(["nsupdate", "-k", path], capture_output=True, text=True, timeout=20, check=False,
                          input=f"server {gateway.address} {gateway.dns_port}\nupdate delete {name} A\n"
                                f"update add {name} 60 A 192.0.2.{os.urandom(1)[0]}\nsend\n")
    return done.returncode, done.stderr


def password_answer(stack, gateway, host, key, secret):
    """What /nic/update of that gateway says to the key as a password."""
    stack_gateway, stack.gateway = stack.gateway, gateway
    try:
        return stack.get(f"/nic/update?hostname={host}&myip=192.0.2.1", key, secret)[1]
    finally:
        stack.gateway = stack_gateway


def test_import_is_effective_at_both_gateways_and_so_is_revoking(gateways, ctl, key_file):
    stack, both = gateways
    made = subprocess.run(["tsig-keygen", "-a", "hmac-sha384", "Kay-Laptop"], capture_output=True, text=True, timeout=20,
                          check=True).stdout
    secret = made.split('secret "')[1].split('"')[0]
    host = f"kay.{stack.zone}"
    path = key_file("# keys\n/* of\n kay */\n" + made + 'key "kay-two" { algorithm hmac-sha256; // second\n'
                    'secret "AAECAwQFBgcICQoLDA0ODw=="; };\noptions { key-directory "x"; };\n')
    out = ctl("key", "import", path, "--account", "kay", "--domain", host)
    assert out == "key 'kay-laptop' imported: hmac-sha384, 384 bits\nkey 'kay-two' imported: hmac-sha256, 128 bits\n"
    for gateway in both:
        wait_until(lambda at=gateway: nsupdate(at, host, key_file(made, "one"))[0] == 0, 30, "the key works")
        wait_until(lambda at=gateway: password_answer(stack, at, host, "kay-laptop", secret).split()[0]
                   in ("good", "nochg"), 30, "the key works as a password")
    used = ctl.json("key", "show", "kay-laptop")
    assert used["last_use"] is not None and used["domains"] == [host]
    assert secret not in ctl("key", "show", "kay-laptop") + ctl("key", "list") + json.dumps(ctl.json("key", "list"))
    assert ctl("key", "export", "KAY-laptop") == f'key "kay-laptop" {{\n\talgorithm hmac-sha384;\n\tsecret "{secret}";\n}};\n'
    ctl("key", "revoke", "kay-laptop")
    for gateway in both:
        wait_until(lambda at=gateway: nsupdate(at, host, key_file(made, "one"))[0] != 0, 30, "the key is refused")
        wait_until(lambda at=gateway: password_answer(stack, at, host, "kay-laptop", secret) == "badauth", 30,
                   "the key is refused as a password")
    assert "there is no key 'kay-laptop'" in ctl.refused("key", "export", "kay-laptop")


def test_import_of_a_private_file(gateways, ctl, tmp_path):
    stack, both = gateways
    host = f"kay.{stack.zone}"
    path = str(tmp_path / "Kkay-old.+165+12345.private")
    with open(path, "w", encoding="ascii") as file:
        file.write(PRIVATE.format(secret=LONG))
    assert "K*.key" in ctl.refused("key", "import", path, "--account", "kay")
    with open(path.replace(".private", ".key"), "w", encoding="ascii") as file:
        file.write(f"Kay-Old. IN KEY 512 3 165 {LONG}\n")
    done = ctl.json("key", "import", path, "--account", "kay")
    assert done == [{"name": "kay-old", "algorithm": "hmac-sha512", "bits": 4096, "tsig_only": False}]
    exported = str(tmp_path / "exported.key")
    with open(exported, "w", encoding="ascii") as file:
        file.write(ctl("key", "export", "kay-old"))
    wait_until(lambda: nsupdate(both[1], host, exported)[0] == 0, 30, "the exported key works")
    assert ctl.json("key", "export", "kay-old") == {"name": "kay-old", "algorithm": "hmac-sha512", "secret": LONG}


def test_short_keys_are_for_tsig_only(gateways, ctl, key_file):
    stack, both = gateways
    host = f"kay.{stack.zone}"
    clause = f'key "kay-short" {{ algorithm hmac-md5; secret "{SHORT}"; }};\n'
    done = ctl.run("key", "import", key_file(clause), "--account", "kay")
    assert done.out == "key 'kay-short' imported: hmac-md5, 120 bits, for TSIG only\n"
    assert "hmac-md5" in done.err
    assert ctl.json("key", "show", "kay-short")["tsig_only"] is True
    wait_until(lambda: nsupdate(both[0], host, key_file(clause, "short"))[0] == 0, 30, "the key works")
    assert password_answer(stack, both[0], host, "kay-short", SHORT) == "badauth"


def test_import_is_all_or_nothing(ctl, key_file):
    good = 'key "kay-new" { algorithm hmac-sha256; secret "EAECAwQFBgcICQoLDA0ODw=="; };\n'
    bad = 'key "kay-bad" { algorithm hmac-sha256; secret "AA"; };\n'
    error = ctl.refused("key", "import", key_file(good + bad), "--account", "kay")
    assert "line 2: the secret is not base64" in error and '"AA"' not in error
    assert "there is a key of this name" in ctl.refused(
        "key", "import", key_file(good + good.replace("kay-new", "kay-two")), "--account", "kay")
    assert "has the secret of 'kay-new'" in ctl.refused(
        "key", "import", key_file(good.replace("EAE", "AAE")), "--account", "kay")
    assert "there is no account 'nobody'" in ctl.refused("key", "import", key_file(good), "--account", "nobody")
    assert "--account" in ctl.refused("key", "import", key_file(good), status=2)
    assert "cannot read /nowhere" in ctl.refused("key", "import", "/nowhere", "--account", "kay")
    assert "there is no key in it" in ctl.refused("key", "import", "-", "--account", "kay", text="options { };")
    assert not [key for key in ctl.json("key", "list") if key["name"] in ("kay-new", "kay-bad")]


def test_export_wants_the_right_file(ctl, tmp_path):
    wrong = tmp_path / "wrong.key"
    wrong.write_text("0" * 64 + "\n", encoding="ascii")
    os.chmod(wrong, 0o600)
    assert "is not the one of this database" in ctl.refused("key", "export", "kay-two", "--secret-key", str(wrong))
