# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine for all files here, which go on where the one before stopped, in the order of their names."""

import os
import shutil
import subprocess
import tempfile

import pytest

from machine import Machine, make_base
from readme import SOURCE, Readme

# What the checks use beside what README installs.
ALSO = ["python3"]


@pytest.fixture(scope="session")
def readme():
    return Readme()


@pytest.fixture(scope="session")
def machine(readme):
    option = os.environ.get
    directory = tempfile.mkdtemp(prefix="ddns-install-")
    booted = None
    try:
        base = make_base(option("DDNS_INSTALL_CACHE") or directory, readme.packages() + ALSO)
        booted = Machine(base, directory, with_systemd=not option("DDNS_INSTALL_WITHOUT_SYSTEMD"))
        if not booted.has_systemd:
            booted.output("apt-get install -y --no-install-recommends python3")
            shutil.copy(os.path.join(os.path.dirname(__file__), "systemctl"), booted.path("/usr/local/bin/systemctl"))
        yield booted
    finally:
        if booted is not None:
            booted.stop()
        if option("DDNS_INSTALL_KEEP"):
            print(f"\nkept: {directory}")
        else:
            shutil.rmtree(directory)


@pytest.fixture(scope="session")
def source(machine):
    """copy(NAME) puts the source tree on the machine, as it was when the run began and as a clone would have it."""
    listed = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            check=True, capture_output=True).stdout
    packed = subprocess.run(["tar", "-C", SOURCE, "--null", "-T", "-", "--owner=0", "--group=0", "-cf", "-"],
                            input=listed, check=True, capture_output=True).stdout

    def copy(name):
        target = machine.path("/root/" + name)
        os.mkdir(target)
        subprocess.run(["tar", "-C", target, "-xf", "-"], input=packed, check=True)
        return "/root/" + name
    return copy


@pytest.fixture(scope="session")
def typed(machine, readme):
    """typed(SECTION, DIRECTORY, SECRET=...): types a section of README there; what it printed."""
    def types(section, directory="/root", **placeholders):
        said = ""
        for block in readme.commands(section):
            for name, value in placeholders.items():
                block = block.replace(name, value)
            said += machine.output(block, directory=directory, timeout=900)
        return said
    return types


@pytest.fixture(scope="session")
def host(machine):
    return Host(machine)


class Host:
    """The first host of README: how it is updated, and what named says of it."""

    name = "joe.dyn.example.org"

    def __init__(self, machine):
        self.machine = machine

    @property
    def secret(self):
        return self.machine.output("sed -n 's/.*secret \"\\(.*\\)\".*/\\1/p' /root/joe-router.key").strip()

    def update(self, address):
        """What the gateway answers, \"good ADDRESS\" and the like."""
        url = f"http://localhost/nic/update?hostname={self.name}&myip={address}"
        return self.machine.output(f"curl -sS -m 10 -u joe-router:{self.secret} '{url}'").strip()

    def served(self):
        """What dig prints of its addresses."""
        return self.machine.output(f"dig @localhost +time=2 +tries=1 +short {self.name}").split()

    def is_served(self, address, seconds=10):
        self.machine.wait_until(lambda: self.served() == [address], seconds)
