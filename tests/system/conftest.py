# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of the system tests.  README beside this file explains them and gives recipes."""

import contextlib
import os
import signal
import tempfile

import pytest

from ddns import steps
from ddns.build import Build
from ddns.cluster import Cluster
from ddns.kept import FAILED, STACKS
from ddns.ports import has_ipv6
from ddns.stack import Stack, Template


def pytest_configure(config):
    """SIGTERM ends the run as Ctrl-C does: with the fixtures' clean-up, so that no server is left.

    A disk that others keep busy makes a commit wait for seconds, for which doors rightly give up.  What fsync
    is for, a machine that loses its power, is no test's matter: to a server that is killed nothing is lost.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not config.getoption("--long"):
        Cluster.usual_options = {"fsync": "off"}


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="with the full counts and times")


@pytest.fixture(scope="session")
def is_long(request):
    """True when the full counts and times are asked for."""
    return request.config.getoption("--long")


@pytest.fixture
def ipv6():
    """For tests that need the address ::1."""
    if not has_ipv6():
        pytest.skip("there is no address ::1 here: what is said over IPv6 is NOT tested")


@pytest.fixture(scope="session")
def build():
    """The programs under test: ./build, or what DDNS_BUILD names."""
    return Build()


@pytest.fixture(scope="session")
def workshop(tmp_path_factory, worker_id):
    """A directory that all workers of this run share; short, for the sake of sockets' paths."""
    base = tmp_path_factory.getbasetemp()
    return str(base if worker_id == "master" else base.parent)


@pytest.fixture(scope="session")
def template(workshop, build):
    """A stopped sandbox with schema and demo, made once a run: what the others are copied from."""
    return Template(os.path.join(workshop, "template"), build).prepare()


class Stacks:
    """Makes stacks and ends them; keeps the directories of those whose tests failed."""

    def __init__(self, node, workshop, build, template):
        self._node = node
        self._workshop = workshop
        self._build = build
        self._template = template
        self._made = []

    def make(self, name="stack"):
        """A stack that is not started: set it up as needed, then start()."""
        directory = tempfile.mkdtemp(prefix=f"{name}-", dir=self._workshop)
        os.chmod(directory, 0o755)
        stack = Stack(directory, self._build, self._template)
        self._made.append(stack)
        _stacks_of(self._node).append(stack)
        return stack

    def end(self):
        for stack in self._made:
            stack.stop()
            if not self._node.stash.get(FAILED, False):
                stack.remove()


def _stacks_of(node):
    return node.stash.setdefault(STACKS, [])


def _stacks(request, workshop, build, template):
    stacks = Stacks(request.node, workshop, build, template)
    yield stacks
    stacks.end()


@pytest.fixture
def stacks(request, workshop, build, template):
    """stacks.make(name): stacks of this test alone, for what kills servers or needs another configuration."""
    yield from _stacks(request, workshop, build, template)


@pytest.fixture(scope="module")
def module_stacks(request, workshop, build, template):
    """The same for all tests of a file."""
    yield from _stacks(request, workshop, build, template)


@pytest.fixture(scope="module")
def stack(module_stacks):
    """PostgreSQL, named and gateway, shared by the tests of a file."""
    return module_stacks.make().start()


@pytest.fixture
def own_stack(stacks):
    """The same for one test alone."""
    return stacks.make().start()


class _Hangs(Exception):
    """A test that does not end."""


@contextlib.contextmanager
def _within(item, limit=300):
    """A context for one phase of a test: one that hangs fails, and the others go on.  --long has no limit."""
    def ring(*_):
        raise _Hangs(f"it hangs: not over after {limit} s")
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(0 if item.config.getoption("--long") else limit)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    with _within(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    with _within(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    with _within(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):  # pylint: disable=unused-argument
    """A test that failed keeps its stacks' directories, and shows the end of their logs."""
    report = (yield).get_result()
    if not report.failed:
        return
    for node in item.listchain():
        node.stash[FAILED] = True
        for stack in node.stash.get(STACKS, []):
            report.sections.append(("kept", stack.directory))
            for log in stack.logs():
                report.sections.append((f"end of {log}", steps.tail(log, 30)))
