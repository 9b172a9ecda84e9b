# SPDX-License-Identifier: GPL-3.0-or-later
"""./quickstart as typed: up, down and the demo, side by side, twice, interrupted, failing, as whoever."""

import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from ddns.process import owner, processes_of, program, signal_if_there
from ddns.steps import wait_until


class Quickstart:
    """The script of one tree, on one directory, with programs that are built already."""

    def __init__(self, source, build, directory, prefix=()):
        self.directory = directory
        self._words = [*prefix, f"{source}/quickstart"]
        self._build = build

    def words(self, command):
        build = [] if command == "down" else ["--build", self._build]
        return [*self._words, *([command] if command else []), "--dir", self.directory, *build]

    def run(self, command):
        return subprocess.run(self.words(command), capture_output=True, text=True, timeout=240, check=False, cwd="/")

    def start(self, command):
        return subprocess.Popen(self.words(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")

    def up(self):
        done = self.run("up")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def down(self):
        done = self.run("down")
        assert done.returncode == 0, done.stderr
        assert processes_of(self.directory) == []

    def env(self):
        """What a shell sees that sources DIR/env."""
        text = subprocess.run(["env", "-i", "sh", "-euc", f'set -a; . "{self.directory}/env"; exec env'],
                              capture_output=True, text=True, check=True).stdout
        return dict(line.split("=", 1) for line in text.splitlines())

    def update(self, address):
        """One update by curl; returns the gateway's answer and, once it fits, named's."""
        env = self.env()
        answer = subprocess.run(["curl", "-sS", "--max-time", "30", "-u",
                                 f"{env['DDNS_KEY_NAME']}:{env['DDNS_KEY_SECRET']}",
                                 f"{env['DDNS_HTTP_URL']}/nic/update?hostname={env['DDNS_HOST']}&myip={address}"],
                                capture_output=True, text=True, check=True).stdout.strip()
        wait_until(lambda: self.dig(env["DDNS_HOST"]) == address, 30, f"the answer {address}")
        return answer

    def dig(self, name):
        env = self.env()
        return subprocess.run(["dig", f"@{env['DDNS_NAMED_ADDR']}", "-p", env["DDNS_NAMED_PORT"], "+short", "+tries=1",
                               name], capture_output=True, text=True, check=False).stdout.strip()


@pytest.fixture
def place():
    """A directory of the test's own, open to all users."""
    path = tempfile.mkdtemp(prefix="ddns-sandbox-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def sandboxes(build, place):
    """sandboxes(name): the tree's own quickstart on a directory below place; all are ended with the test."""
    made = []

    def make(name="s", **more):
        made.append(Quickstart(more.pop("source", build.source), more.pop("build", build.directory),
                               f"{place}/{name}", **more))
        return made[-1]
    yield make
    for sandbox in made:
        sandbox.run("down")


@pytest.fixture
def tree(build, place):
    """A copy of the tree with what is built, as in a fresh clone after make."""
    def make(path):
        shutil.copytree(build.source, path, symlinks=True,
                        ignore=lambda folder, names: [n for n in names if folder == build.source
                                                      and n in ("build", ".git", "quickstart.d", "autom4te.cache")])
        shutil.copytree(build.directory, f"{path}/build", symlinks=True,
                        ignore=shutil.ignore_patterns("*.o", "*.a", "*.lo", ".deps", "asan", "unit"))
        return path
    return make


def test_up_tells_all_in_env(sandboxes):
    sandbox = sandboxes()
    sandbox.up()
    env = sandbox.env()
    for name in ("DDNS_NAMED_ADDR DDNS_NAMED_PORT DDNS_HTTP_URL DDNS_UPDATE_ADDR DDNS_UPDATE_PORT PGHOST PGPORT PGDATABASE PGUSER DDNS_ZONE "
                 "DDNS_ZONE_PUBLIC DDNS_HOST DDNS_ACCOUNT DDNS_PASSWORD DDNS_KEY_NAME DDNS_KEY_ALGORITHM "
                 "DDNS_KEY_SECRET DDNS_CTL DDNS_CONFIG DDNS_NAMED_CONF DDNS_NAMED_PID DDNS_GATEWAY_PID").split():
        assert env.get(name), name
    assert env["DDNS_NAMED_ADDR"] == "127.0.0.1" and env["DDNS_HTTP_URL"].startswith("http://127.0.0.2:")
    assert os.readlink(f"/proc/{env['DDNS_NAMED_PID']}/exe").startswith(sandbox.directory + "/")
    assert program(env["DDNS_GATEWAY_PID"]) == "ddns-gateway"

    def shell(line):
        return subprocess.run(["sh", "-c", line], env={"PATH": os.environ["PATH"]} | env, cwd="/", check=True,
                              capture_output=True, text=True).stdout
    assert env["DDNS_ZONE"] in shell("$DDNS_CTL zone list")
    assert shell("psql -XAtc 'SELECT current_user = tableowner FROM pg_tables WHERE schemaname = $$ddns$$ "
                 "AND tablename = $$zones$$'") == "t\n"
    assert shell("psql -XAtc 'SHOW listen_addresses; SHOW fsync'") in ("\non\n",)
    assert "trust" not in open(f"{sandbox.directory}/pgdata/pg_hba.conf", encoding="utf-8").read()
    assert sandbox.update("192.0.2.1") == "good 192.0.2.1"
    sandbox.down()


def test_up_twice_does_not_start_over(sandboxes):
    sandbox = sandboxes()
    sandbox.up()
    sandbox.update("192.0.2.2")
    first = sandbox.env()
    said = sandbox.up()
    assert said.count("is running already") == 3 and sandbox.env() == first
    sandbox.down()
    sandbox.up()
    again = sandbox.env()
    assert again["DDNS_KEY_SECRET"] == first["DDNS_KEY_SECRET"] and again["DDNS_PASSWORD"] == first["DDNS_PASSWORD"]
    assert sandbox.dig(first["DDNS_HOST"]) == "192.0.2.2"
    sandbox.down()
    sandbox.down()


def test_two_at_once(sandboxes):
    pair = [sandboxes("one"), sandboxes("two")]
    for process in [sandbox.start("up") for sandbox in pair]:
        assert process.wait(240) == 0, process.stdout.read()
        process.stdout.close()
    one, two = (sandbox.env() for sandbox in pair)
    for name in ("DDNS_NAMED_PORT", "DDNS_HTTP_URL", "PGHOST", "DDNS_KEY_SECRET", "DDNS_NAMED_PID"):
        assert one[name] != two[name], name
    for number, sandbox in enumerate(pair, 1):
        assert sandbox.update(f"192.0.2.{number}") == f"good 192.0.2.{number}"
    assert [sandbox.dig(one["DDNS_HOST"]) for sandbox in pair] == ["192.0.2.1", "192.0.2.2"]
    pair[0].down()
    assert pair[1].dig(two["DDNS_HOST"]) == "192.0.2.2"
    pair[1].down()


def test_interrupted_at_any_point(sandboxes, is_long):
    """Whenever and however it is ended: the next down leaves no process, the next up works."""
    sandbox = sandboxes()
    begin = time.monotonic()
    sandbox.up()
    whole = time.monotonic() - begin
    sandbox.down()
    chance = random.Random(20221122)
    for turn in range(60 if is_long else 6):
        if turn % 3 == 0:
            shutil.rmtree(sandbox.directory)
        process = sandbox.start("up")
        moment = chance.uniform(0, whole)
        number = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[chance.randrange(3)]
        time.sleep(moment)
        process.send_signal(number)
        process.communicate(timeout=60)
        case = f"{number.name} after {moment:.2f} of {whole:.2f} s"
        print(case, processes_of(sandbox.directory) if os.path.isdir(sandbox.directory) else "nothing yet")
        if turn % 2:
            down = sandbox.run("down")
            assert down.returncode == 0, f"{case}: {down.stderr}"
        else:
            up = sandbox.run("up")
            assert up.returncode == 0, f"{case}: {up.stderr}"
            assert sandbox.update("192.0.2.5") in ("good 192.0.2.5", "nochg 192.0.2.5"), case
            sandbox.down()
        assert not os.path.isdir(sandbox.directory) or processes_of(sandbox.directory) == [], case


def is_taken(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", int(port)))
            return False
        except OSError:
            return True


def test_servers_killed_one_by_one(sandboxes):
    sandbox = sandboxes()
    sandbox.up()
    before = sandbox.env()
    os.kill(int(before["DDNS_NAMED_PID"]), signal.SIGKILL)
    said = sandbox.up()
    after = sandbox.env()
    assert said.count("is running already") == 2
    assert before["DDNS_NAMED_PID"] != after["DDNS_NAMED_PID"]
    # the same port again, unless another sandbox was quicker
    assert before["DDNS_NAMED_PORT"] == after["DDNS_NAMED_PORT"] or is_taken(before["DDNS_NAMED_PORT"])
    for pid in processes_of(f"{sandbox.directory}/pgdata"):
        signal_if_there(pid, signal.SIGKILL)
    sandbox.up()
    assert sandbox.update("192.0.2.6") == "good 192.0.2.6"
    sandbox.down()


def test_a_failing_step_names_its_log_and_leaves_nothing(sandboxes, place, build):
    """named refuses to start: the module is no module."""
    broken = f"{place}/build"
    os.makedirs(f"{broken}/.libs")
    for path in (build.ctl, build.gateway):
        os.symlink(path, f"{broken}/{os.path.basename(path)}")
    with open(f"{broken}/.libs/dlz_ddns.so", "w", encoding="ascii") as file:
        file.write("no ELF file\n")
    sandbox = sandboxes(build=broken)
    done = sandbox.run("up")
    assert done.returncode != 0
    assert "named did not start" in done.stderr and f"read {sandbox.directory}/log/named.log" in done.stderr
    assert "invalid ELF header" in done.stderr or "file too short" in done.stderr
    assert processes_of(sandbox.directory) == [] and not os.path.exists(f"{sandbox.directory}/env")
    sandbox.down()


def test_down_where_nothing_is(sandboxes):
    sandbox = sandboxes("never")
    assert "nothing was running" in sandbox.run("down").stdout
    assert not os.path.exists(sandbox.directory)


def test_words_it_does_not_know(build):
    done = subprocess.run([f"{build.source}/quickstart", "--port", "53"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "unknown word '--port'" in done.stderr and "usage:" in done.stderr
    done = subprocess.run([f"{build.source}/quickstart", "--help"], capture_output=True, text=True, check=True)
    assert "--dir DIR" in done.stdout


def read_until(process, word):
    """What the process printed up to a line with the word."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError("it ended: " + "".join(lines))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_in_the_foreground(sandboxes, number):
    sandbox = sandboxes()
    process = sandbox.start("")
    said = read_until(process, "Ctrl-C ends it")
    assert re.search(r"^good 192\.0\.2\.1\n\$ dig .*\n192\.0\.2\.1$", said, re.MULTILINE), said
    assert sandbox.env()["DDNS_KEY_SECRET"] in said
    again = sandbox.run("")
    assert again.returncode == 0 and "runs already in the foreground" in again.stdout
    process.send_signal(number)
    process.communicate(timeout=60)
    assert processes_of(sandbox.directory) == []


def test_demo_ended_from_elsewhere(sandboxes):
    sandbox = sandboxes()
    process = sandbox.start("")
    read_until(process, "Ctrl-C ends it")
    sandbox.down()
    process.communicate(timeout=60)  # it ends, or this raises
    assert processes_of(sandbox.directory) == []


def test_as_an_ordinary_user(sandboxes, tree, place):
    """The user nobody where root tests, else whoever tests."""
    source = tree(f"{place}/clone")
    prefix = ()
    if os.geteuid() == 0:
        os.chmod(place, 0o777)
        prefix = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--bounding-set=-all")
    sandbox = sandboxes(source=source, build=f"{source}/build", prefix=prefix)
    sandbox.up()
    assert sandbox.update("192.0.2.3") == "good 192.0.2.3"
    wanted = pwd.getpwnam("nobody").pw_uid if prefix else os.geteuid()
    assert {owner(pid) for pid in processes_of(sandbox.directory)} == {wanted}
    sandbox.down()


def test_in_a_closed_directory(sandboxes, tree, place):
    """A clone that only its owner may enter, as one below /root: PostgreSQL runs as another user there."""
    os.mkdir(f"{place}/closed", 0o700)
    source = tree(f"{place}/closed/clone")
    sandbox = sandboxes("closed/clone/quickstart.d", source=source, build=f"{source}/build")
    sandbox.up()
    assert sandbox.update("192.0.2.4") == "good 192.0.2.4"
    sandbox.down()


def test_in_a_directory_too_deep_for_a_socket(sandboxes):
    sandbox = sandboxes("/".join(["deep" * 10] * 3))
    sandbox.up()
    sockets = sandbox.env()["PGHOST"]
    assert not sockets.startswith(sandbox.directory) and os.path.isdir(sockets)
    assert sandbox.update("192.0.2.7") == "good 192.0.2.7"
    sandbox.down()
    assert not os.path.exists(sockets)


def test_a_directory_with_a_blank_is_refused(sandboxes):
    done = sandboxes("a b").run("up")
    assert done.returncode != 0 and "choose another directory" in done.stderr
