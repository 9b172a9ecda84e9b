# SPDX-License-Identifier: GPL-3.0-or-later
"""After every door was used with every kind of credential, right and wrong, no secret is found where others can read."""

import base64
import binascii
import os
import re
import threading
import urllib.parse

import pytest

from ddns.cluster import bin_dir
from ddns.process import processes_of
from ddns.steps import run, wait_until
from ddns.tls import Authority
from .doors import DOORS, Key, add_account, add_host, add_key, basic

PASSWORD, GUESS = "s3cr+t&x-of-ann", "gue$$ed by somebody"


class Watch(threading.Thread):
    """Reads all command lines, again and again: what `ps` shows to everybody."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self._ended = set(), threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self.join()

    def run(self):
        while not self._ended.wait(0.005):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                self.seen.add(read(f"/proc/{pid}/cmdline"))


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it has ended, or is none of ours
        return b""


def forms(user, secret):
    """A secret as it may be written down."""
    raw = secret.encode()
    found = {raw, base64.b64encode(f"{user}:{secret}".encode()), base64.b64encode(raw), binascii.hexlify(raw),
             urllib.parse.quote(secret).encode(), urllib.parse.quote_plus(secret).encode()}
    if re.fullmatch("[A-Za-z0-9]{44}", secret):
        found.add(binascii.hexlify(base64.b64decode(secret)))
    return found


@pytest.fixture(scope="module")
def stack(module_stacks, tmp_path_factory):
    """The file's servers, that tell all they have to tell."""
    stack = module_stacks.make()
    stack.gateway.certificate = Authority(str(tmp_path_factory.mktemp("tls"))).issue()
    stack.gateway.options = 'log-level = "debug"\nlogin-failures-per-network = 20\n'
    return stack.start()


@pytest.fixture(scope="module")
def used(stack):
    """Uses all doors; what was shown there, as names with secrets, and the command lines meanwhile."""
    with Watch() as watch:
        ann = add_account(stack, "ann", PASSWORD)
        host = add_host(stack, "ann", "ann")
        assert basic(stack, ann, host, "192.0.2.1").is_done
        key = add_key(stack, "ann-key", "ann")
        revoked = add_key(stack, "ann-revoked", "ann")
        stack.ctl("key", "show", key.name)
        stack.ctl("key", "list")
        stack.sql("DELETE FROM ddns.keys WHERE name = 'ann-revoked'")
        wait_until(lambda: not basic(stack, revoked, host, "192.0.2.1").is_done, 30, "the key is revoked")
        demo = Key(stack.key_name, stack.key_secret)
        for door in DOORS.values():
            assert door(stack, key, host, "192.0.2.1").is_done
            for other in (revoked, demo, Key(key.name, revoked.secret)):
                assert not door(stack, other, host, "192.0.2.66").is_done
        for n in range(8):  # up to the limit and beyond
            wrong = Key("ann", f"{GUESS} {n % 2}")
            assert not basic(stack, wrong, host, "192.0.2.66").is_done
            with_query(stack, wrong, host)
        assert basic(stack, ann, host, "192.0.2.2").is_done  # she was here before
        assert stack.gateway.metric('ddns_gateway_updates_total{door="http",result="limited"}') > 0
        # a secret that stands where the name should
        for misplaced in (key.secret, PASSWORD):
            basic(stack, Key(misplaced, ""), host, "192.0.2.66")
            basic(stack, Key(misplaced, misplaced), host, "192.0.2.66")
        stack.get(f"/u/{key.secret}/nonsense?myip=x")
        stack.get(f"/nowhere/{key.secret}?token={key.secret}")
        stack.get(f"/nic/update?token={key.secret}&hostname={host}%00")
        stack.cluster.kill()
        basic(stack, key, host, "192.0.2.3")
        with_query(stack, ann, host)
        stack.cluster.start()
        wait_until(stack.gateway.is_ready, 30, "the database is back")
        assert basic(stack, key, host, "192.0.2.4").is_done
    secrets = [ann, key, revoked, demo, Key("joe", stack.password)]
    secrets += [Key("ann", f"{GUESS} {n}") for n in range(2)]
    return secrets, watch.seen


def with_query(stack, key, host):
    query = urllib.parse.urlencode({"hostname": host, "username": key.name, "password": key.secret})
    stack.get("/nic/update?" + query)


def assert_none(used, texts):
    secrets, _ = used
    told = {(where, key.name) for where, text in texts.items() for key in secrets
            if any(form in text for form in forms(key.name, key.secret))}
    assert not told, f"secrets are told: {sorted(told)}"


def test_the_search_finds_what_is_there(stack, used):
    """The file for the owner of the sandbox holds some of them."""
    with pytest.raises(AssertionError, match="demo"):
        assert_none(used, {"demo": read(os.path.join(stack.directory, "demo"))})


def test_logs(stack, used):
    texts = {path: read(path) for path in stack.logs()}
    assert any(b"ann" in text for text in texts.values())
    assert_none(used, texts)


def test_metrics_and_monitoring(stack, used):
    assert_none(used, {path: stack.gateway.status(path)[1].encode() for path in ("/metrics", "/livez", "/readyz")})


def test_command_lines_and_environments(stack, used):
    """Of every process while all was done, and of the servers as they are."""
    assert any(b"ddnsctl" in line for line in used[1])
    texts = {f"ps {n}": line for n, line in enumerate(used[1])}
    for pid in processes_of(stack.directory):
        texts[f"environment of {pid}"] = read(f"/proc/{pid}/environ")
    assert_none(used, texts)


def test_no_core_is_dumped(stack):
    limits = read(f"/proc/{stack.gateway.server.pid()}/limits").decode()
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_a_dump_of_the_database(stack, used):
    """Without the key file nobody gets a secret out of it, in whatever form it is."""
    dump = run([f"{bin_dir()}/pg_dump", "-n", "ddns", "-d", stack.cluster.uri()], "dumping", timeout=60)
    assert "COPY ddns.keys" in dump and "ann-key" in dump
    assert_none(used, {"dump": dump.encode()})
    with open(stack.gateway.secret_key, "rb") as file:
        key = file.read()
    for form in (key, key.strip(), binascii.hexlify(key), base64.b64encode(key)):
        assert form not in dump.encode()


def test_files_of_the_servers(stack, used):
    """But for those that hold secrets by intent, and the database's own."""
    meant = {"env", "demo", os.path.basename(stack.gateway.secret_key)}
    texts = {}
    for folder, folders, files in os.walk(stack.directory):
        if folder == stack.cluster.data:
            folders.clear()
            continue
        for name in set(files) - meant:
            if os.path.isfile(path := os.path.join(folder, name)):
                texts[path] = read(path)
    assert len(texts) > 5
    assert_none(used, texts)
