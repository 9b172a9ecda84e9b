# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ddnsctl as a person or a script does."""

import dataclasses
import json
import os
import subprocess

import pytest

from ddns import process


@dataclasses.dataclass
class Run:
    """What one run of ddnsctl did."""

    words: tuple
    status: int
    out: str
    err: str


class Ctl:
    """ddnsctl for one stack.  Called, it expects success and returns what was printed."""

    def __init__(self, stack):
        self.stack = stack

    @property
    def program(self):
        return self.stack.build.ctl

    def environment(self, **more):
        """The database and the secret key file, by the environment."""
        variables = {**self.stack.cluster.environment(), "DDNS_SECRET_KEY": self.stack.secret_key, **more}
        return process.clean_environment(**variables)

    def run(self, *words, text="", environment=None):
        done = subprocess.run([self.program, *words], input=text, capture_output=True, text=True, check=False,
                              env=self.environment() if environment is None else environment, timeout=60)
        return Run(words, done.returncode, done.stdout, done.stderr)

    def __call__(self, *words, text=""):
        done = self.run(*words, text=text)
        assert done.status == 0, f"{' '.join(words)}: {done.err}"
        return done.out

    def json(self, *words, text=""):
        return json.loads(self(*words, "--json", text=text))

    def refused(self, *words, status=1, text="", environment=None):
        """Expects a refusal that prints nothing but its reason, and returns that."""
        done = self.run(*words, text=text, environment=environment)
        assert done.status == status, f"{' '.join(words)}: status {done.status}: {done.out}{done.err}"
        assert done.out == ""
        assert done.err.startswith("ddnsctl: ")
        return done.err


@pytest.fixture(scope="module")
def database_stack(module_stacks):
    """PostgreSQL alone: ddnsctl needs no more."""
    return module_stacks.make("ctl").start(named=False, gateway=False)


@pytest.fixture(scope="module")
def ctl(database_stack):
    return Ctl(database_stack)


@pytest.fixture(scope="module")
def served_stack(module_stacks):
    """With named, to see what is answered."""
    return module_stacks.make("ctl").start(gateway=False)


@pytest.fixture(scope="module")
def served_ctl(served_stack):
    return Ctl(served_stack)


@pytest.fixture
def key_file(tmp_path):
    """Writes a key clause into a file that only its owner reads, and returns the path."""
    def write(clause, name="key"):
        path = tmp_path / name
        with open(path, "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
            file.write(clause)
        return str(path)
    return write
