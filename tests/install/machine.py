# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh Debian 12 in a directory, in namespaces of its own."""

import hashlib
import os
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = "bookworm"
# What every Debian machine has beside the packages of priority important.
USUAL = ["apparmor", "ca-certificates", "iproute2", "systemd-sysv"]
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
               "USER": "root", "SHELL": "/bin/bash", "TERM": "dumb", "LC_ALL": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}
ENDED_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
NAMESPACES = ["--mount", "--net", "--pid", "--uts", "--ipc"]


class Failed(AssertionError):
    """A command on the machine did not succeed."""


def _output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def package_sources():
    """The lines of sources.list for Debian's own packages, as this machine's apt has them."""
    form = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines = _output("apt-get", "indextargets", "--format", form, "Created-By: Packages", "Origin: Debian")
    lines = "".join(line + "\n" for line in dict.fromkeys(lines.split("\n")) if f" {SUITE}" in line)
    assert lines, f"apt on this machine has no package source for Debian's {SUITE}: try apt-get update"
    return lines


def make_base(cache, packages):
    """A bare Debian with `packages` in apt's cache, since the machine has no network; its directory."""
    packages = sorted(packages)
    name = hashlib.sha256(" ".join(packages + USUAL).encode()).hexdigest()[:12]
    base = os.path.join(cache, f"{SUITE}-{name}")
    if os.path.exists(base):
        return base
    partial = base + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(cache, exist_ok=True)
    download = "APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get install --download-only --no-install-recommends -y "
    options = _output("apt-config", "dump", "Acquire::http", "Acquire::https", "Acquire::Check-Valid-Until",
                      "Acquire::Check-Date")
    path = os.path.join(cache, "mmdebstrap.log")
    with open(path, "w", encoding="utf-8") as log:
        # its processes and mounts go with it, and it goes with us
        made = subprocess.run(
            [*ENDED_WITH_US, "unshare", "--fork", "--kill-child=KILL", "--mount", "--pid", "--mount-proc",
             "mmdebstrap", "--mode=root", "--variant=important", "--format=directory",
             "--include=" + ",".join(USUAL), *[f"--aptopt={line}" for line in options.splitlines()],
             "--skip=cleanup/apt", "--customize-hook=" + download + " ".join(packages), SUITE, partial, "-"],
            input=package_sources(), text=True, stdout=log, stderr=log, check=False)
    if made.returncode != 0:
        with open(path, encoding="utf-8") as log:
            raise Failed("mmdebstrap made no system:\n" + log.read()[-3000:])
    os.rename(partial, base)
    return base


class Machine:
    """Boots a copy of `base` in `directory`; run() types there."""

    def __init__(self, base, directory, with_systemd=True):
        self.root = os.path.join(directory, "root")
        subprocess.run(["cp", "-a", "--reflink=auto", base, self.root], check=True)
        self.has_systemd = False
        self._process = self._group = self._init = None
        if with_systemd:
            self._boot("systemd")
        if self._process is None:
            self._boot("none")

    # -- its life ------------------------------------------------------------------------------------

    def _make_group(self):
        """A control group of its own, as systemd wants one; None where there is none to be had."""
        for line in _output("findmnt", "-rno", "TARGET", "-t", "cgroup2").splitlines()[:1]:
            group = os.path.join(line, f"ddns-install-{os.getpid()}")
            try:
                os.mkdir(group)
                return group
            except OSError:
                pass
        return None

    def _boot(self, init):
        namespaces = NAMESPACES
        enter = "true"
        if init == "systemd":
            try:
                self._group = self._make_group()
            except subprocess.CalledProcessError:
                pass
            if self._group is None:
                return
            enter = f"echo $$ >{self._group}/cgroup.procs"
            namespaces = NAMESPACES + ["--cgroup"]
        words = [*ENDED_WITH_US, "sh", "-c", enter + ' && exec "$@"', "sh",
                 "unshare", "--fork", "--kill-child=KILL", *namespaces, os.path.join(HERE, "boot"), self.root, init]
        with open(self.root + ".log", "ab") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             start_new_session=True)
        self.has_systemd = init == "systemd"
        try:
            self.wait_until(self._has_booted, 60)
        except Failed:
            self.stop()
            if init != "systemd":
                raise

    def _has_booted(self):
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        with open(children, encoding="ascii") as file:
            words = file.read().split()
        if not words:
            return False
        self._init = words[0]
        if not self.has_systemd:
            return self.succeeds("test -e /run/booted")
        return self.output("systemctl is-system-running || true").strip() in ("running", "degraded")

    def stop(self):
        """Ends every process of the machine; its mounts go with them."""
        if self._process is not None:
            if self._init is not None:
                try:
                    os.kill(int(self._init), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            else:
                self._process.kill()
            self._process.wait()
        self._process = self._init = None
        if self._group is not None:
            for directory, _, _ in os.walk(self._group, topdown=False):
                self._remove_group(directory)
        self._group = None

    @staticmethod
    def _remove_group(directory):
        """Its processes are being ended by the kernel."""
        for _ in range(100):
            try:
                os.rmdir(directory)
                return
            except OSError:
                time.sleep(0.05)

    # -- at its keyboard -----------------------------------------------------------------------------

    def _command(self, script, directory):
        cgroup = ["--cgroup"] if self.has_systemd else []
        settings = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return ["nsenter", "--target", self._init, *NAMESPACES, *cgroup, "--", "env", "-i", "-C", directory, *settings,
                "bash", "-e", "-o", "pipefail", "-c", script]

    def output(self, script, directory="/root", timeout=120):
        """What the script prints; Failed with all it said if it, or a command of it, fails."""
        done = subprocess.run(self._command(script, directory), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise Failed(f"{script.strip()}\nended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-6000:]}")
        return done.stdout

    def succeeds(self, script, **more):
        try:
            self.output(script, **more)
            return True
        except Failed:
            return False

    def fails(self, script, **more):
        """What a script that must fail says."""
        try:
            said = self.output(script, **more)
        except Failed as failure:
            return str(failure)
        raise Failed(f"{script.strip()}\nsucceeded, and said: {said}")

    @staticmethod
    def wait_until(condition, seconds=30):
        """Returns what `condition` gives when that is true; Failed after so many seconds."""
        end = time.monotonic() + seconds
        while True:
            try:
                value, reason = condition(), "it is not so"
            except (Failed, OSError) as failure:
                value, reason = None, failure
            if value:
                return value
            if time.monotonic() > end:
                raise Failed(f"not within {seconds} s: {reason}")
            time.sleep(0.1)

    def path(self, name):
        """A file of the machine, as seen from outside."""
        return self.root + name

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def log(self, unit):
        """What a service has said since the machine booted."""
        if self.has_systemd:
            return self.output(f"journalctl -b -o cat --no-pager -u {unit}")
        return self.output(f"cat /run/systemctl/{unit}.log 2>/dev/null || true")
