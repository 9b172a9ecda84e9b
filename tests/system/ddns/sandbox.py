# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL, named and the gateway in one directory, with a demo zone, account, domain and key."""

import fcntl
import os
import re
import secrets
import shlex
import shutil
import signal
import time

from . import process, steps
from .cluster import GATEWAY_ROLE, NAMED_ROLE, OWNER, Cluster, bin_dir
from .gateway import Gateway
from .named import Named
from .ports import Claims
from .steps import StepFailed, run, wait_until

ZONE = "dyn.example.org"
ZONE_PUBLIC = "public.example.org"
ACCOUNT = "joe"
HOST = f"joe.{ZONE}"
KEY = "joe-laptop"
NAME_SERVER = "ns1.example.org"


class Sandbox:
    """All of it, below directory.  Whoever changes anything holds its lock: `with sandbox.locked():`."""

    def __init__(self, directory, build, say=steps.say):
        self.directory = os.path.abspath(directory)
        if re.search(r"[^\w./+,@=-]", self.directory):
            raise StepFailed(f"'{self.directory}' holds a character other than letters, digits and ./_+,@=-: "
                             "choose another directory with --dir")
        for part in ("log", "run"):
            os.makedirs(os.path.join(self.directory, part), exist_ok=True)
        self.build = build
        self.say = say
        self._lock = os.open(os.path.join(self.directory, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        keep = (self._lock,)
        self._keep = keep
        self.cluster = Cluster(self.directory, keep)
        self.named = Named(self.directory, build, self.cluster, keep=keep)
        self.gateway = Gateway(self.directory, build, self.cluster, keep=keep)
        self.front = process.Server("quickstart", os.path.join(self.directory, "run"), None,
                                    os.path.basename(os.path.realpath("/usr/bin/python3")))
        self.secret_key = self.gateway.secret_key
        self.env_file = os.path.join(self.directory, "env")
        self._demo_file = os.path.join(self.directory, "demo")

    # -- the lock ------------------------------------------------------------------------------------

    def locked(self, timeout=60):
        """A context in which nobody else starts or ends servers here.

        The short commands that a run starts inherit the lock.  So after a run was killed the next
        one waits until its last command is over, and cannot miss a server that was just starting.
        """
        said = False
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return _Locked(self._lock)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StepFailed(f"another quickstart has been at work on {self.directory} for {timeout} s: "
                                     "wait for it or end it") from None
            if not said:
                self.say(f"waiting for another quickstart that is at work on {self.directory}")
                said = True
            time.sleep(0.05)

    # -- up --------------------------------------------------------------------------------------------

    def up(self):
        """Starts what does not run and makes what is not there.  On failure nothing is left running."""
        try:
            with Claims() as claims:
                self._start_cluster()
                self._install_schema()
                self._make_demo()
                self._start("named", self.named, claims)
                self._start("ddns-gateway", self.gateway, claims)
            self._wait_served()
            self._write_env()
        except BaseException:
            self.down()
            raise

    def prepare_data(self):
        """Makes the cluster with schema and demo, and leaves it stopped."""
        try:
            self._start_cluster()
            self._install_schema()
            self._make_demo()
        finally:
            self.cluster.stop()

    def copy_from(self, other):
        """Takes over the data (not the servers) of another sandbox, which must be down."""
        self.cluster.copy_from(other.cluster)
        for name in ("demo", "schema", "secret.key"):
            shutil.copy2(os.path.join(other.directory, name), self.directory)

    def _start_cluster(self):
        if self.cluster.server.is_running():
            self.say(f"PostgreSQL is running already (process {self.cluster.server.pid()})")
            self.cluster.wait_ready()
            return
        if not self.cluster.exists():
            self.say(f"makes a private PostgreSQL cluster in {self.cluster.data}")
            self.cluster.create()
            self._forget_data()
        self.cluster.start()
        self.say(f"PostgreSQL runs (process {self.cluster.server.pid()}, socket in {self.cluster.socket_dir})")

    def _start(self, title, part, claims):
        if part.server.is_running():
            self.say(f"{title} is running already (process {part.server.pid()}, {part.address} port {part.port})")
            part.wait_ready()
            return
        part.start(claims)
        self.say(f"{title} runs (process {part.server.pid()}, {part.address} port {part.port})")

    # The database is whole when the file `schema` is there, the demo's data when `demo` is; each is
    # written last, so that an interrupted run is followed by a fresh start of that step.

    def _forget_data(self):
        for name in ("schema", "demo"):
            path = os.path.join(self.directory, name)
            if os.path.exists(path):
                os.unlink(path)

    def _install_schema(self):
        mark = os.path.join(self.directory, "schema")
        if os.path.exists(mark):
            self._schema("upgrade", "bringing the schema up to date")
            return
        self.say(f"installs the schema in database {self.cluster.database}")
        self._forget_data()
        self.cluster.psql(f"DROP DATABASE IF EXISTS {self.cluster.database} WITH (FORCE)", database="postgres")
        self.cluster.psql(f"CREATE DATABASE {self.cluster.database}", database="postgres")
        self._schema("install", "installing the schema", "--named-user", NAMED_ROLE, "--gateway-user", GATEWAY_ROLE,
                     "--secret-key", self.secret_key)
        _write(mark, "")

    def _schema(self, verb, what, *words):
        environment = process.clean_environment(**self.cluster.environment(OWNER))
        environment["PATH"] = bin_dir() + ":" + environment["PATH"]
        run([self.build.schema, verb, *words], what, self.cluster.log, keep=self._keep, env=environment, cwd="/")

    def _make_demo(self):
        if os.path.exists(self._demo_file):
            return
        self.say(f"makes zone {ZONE}, account {ACCOUNT}, domain {HOST} and key {KEY}")
        # An interrupted run may have left a part of it.
        self.cluster.psql(f"DELETE FROM ddns.zones WHERE origin IN ('{ZONE}', '{ZONE_PUBLIC}');"
                          f"DELETE FROM ddns.keys WHERE name = '{KEY}';"
                          f"DELETE FROM ddns.accounts WHERE login = '{ACCOUNT}'")
        password = secrets.token_urlsafe(12)
        self.ctl("zone", "add", ZONE, "--shared", "--ns", NAME_SERVER, "--addresses", "any")
        self.ctl("zone", "set", ZONE, f"redirectors={self.gateway.address}")
        self.ctl("zone", "add", ZONE_PUBLIC, "--shared", "--ns", NAME_SERVER)
        self.ctl("account", "add", ACCOUNT, "--password-stdin", text=password + "\n")
        self.ctl("domain", "add", HOST, "--account", ACCOUNT)
        clause = self.ctl("key", "add", KEY, "--account", ACCOUNT)
        demo = {"DDNS_ZONE": ZONE, "DDNS_ZONE_PUBLIC": ZONE_PUBLIC, "DDNS_HOST": HOST, "DDNS_ACCOUNT": ACCOUNT,
                "DDNS_PASSWORD": password, "DDNS_KEY_NAME": KEY,
                "DDNS_KEY_ALGORITHM": re.search(r'algorithm\s+"?([\w-]+)', clause)[1],
                "DDNS_KEY_SECRET": re.search(r'secret\s+"([^"]+)"', clause)[1]}
        _write(self._demo_file, _lines(demo))

    def _wait_served(self):
        """The name server shows the demo's zone: the module has loaded its mirror."""
        try:
            wait_until(lambda: self.named.dig(ZONE, "SOA"), 30, f"named answers for {ZONE}")
        except AssertionError as error:
            raise StepFailed(str(error), self.named.log) from None

    # -- down ------------------------------------------------------------------------------------------

    def down(self):
        """Ends every server, whatever became of the run that started it.  The data stay."""
        if os.path.exists(self.env_file):
            os.unlink(self.env_file)
        for part in (self.gateway, self.named, self.cluster):
            part.stop()

    def end_front(self):
        """Ends a ./quickstart that stays in the foreground on this directory."""
        if self.front.pid() not in (None, os.getpid()):
            self.front.stop(((signal.SIGTERM, 30), (signal.SIGKILL, 5)))

    def running(self):
        """Names of the servers that run."""
        parts = {"PostgreSQL": self.cluster, "named": self.named, "ddns-gateway": self.gateway}
        return [name for name, part in parts.items() if part.server.is_running()]

    # -- what is told about it -------------------------------------------------------------------------

    def ctl_words(self):
        return [self.build.ctl, "--db", self.cluster.uri(), "--secret-key", self.secret_key]

    def ctl(self, *words, text=""):
        """Runs ddnsctl and returns what it prints."""
        return run([*self.ctl_words(), *words], f"ddnsctl {' '.join(words)}", self.cluster.log, keep=self._keep,
                   text=text, env=process.clean_environment(), cwd="/")

    def demo(self):
        """The variables of DIR/env that tell the demo's names."""
        with open(self._demo_file, encoding="utf-8") as file:
            return dict(line.split("=", 1) for line in shlex.split(file.read()))

    def env(self):
        """The variables of DIR/env."""
        return {
            "DDNS_NAMED_ADDR": self.named.address, "DDNS_NAMED_PORT": str(self.named.port),
            "DDNS_HTTP_URL": self.gateway.url,
            "DDNS_UPDATE_ADDR": self.gateway.address, "DDNS_UPDATE_PORT": str(self.gateway.dns_port),
            "DDNS_REDIRECT_ADDR": self.gateway.address, "DDNS_REDIRECT_PORT": str(self.gateway.redirect_port),
            **self.cluster.environment(OWNER), **self.demo(),
            "DDNS_CTL": " ".join(self.ctl_words()),
            "DDNS_CONFIG": self.gateway.conf, "DDNS_NAMED_CONF": self.named.conf,
            "DDNS_NAMED_PID": str(self.named.server.pid()), "DDNS_GATEWAY_PID": str(self.gateway.server.pid()),
        }

    def _write_env(self):
        _write(self.env_file, _lines(self.env()))


class _Locked:
    def __init__(self, descriptor):
        self._descriptor = descriptor

    def __enter__(self):
        return self

    def __exit__(self, *_):
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def _lines(variables):
    """NAME=value lines that a shell can source."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def _write(path, text):
    """A file that is there whole or not at all, and that only its owner reads: it may hold secrets."""
    with open(path + ".new", "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
    os.rename(path + ".new", path)
