# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages for the tests of named: one for each file of tests, a copy of one template.

They need the module and the schema only, so that they tell about named whatever the gateway does.
"""
import fcntl
import os
import shutil
import tempfile

import pytest

from ddns.cluster import Cluster
from ddns.kept import FAILED, STACKS
from named.stage import Stage, make_cluster


@pytest.fixture(scope='session')
def bare_template(workshop, build):
    """A stopped cluster with the schema and nothing in it, made once a run."""
    directory = os.path.join(workshop, 'bare-template')
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, 'lock'), 'wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(os.path.join(directory, 'ready')):
            return Cluster(directory)
        cluster = make_cluster(directory, build)
        cluster.stop()
        with open(os.path.join(directory, 'ready'), 'wb'):
            return cluster


def make_stage(request, workshop, build, bare_template):
    directory = tempfile.mkdtemp(prefix='named-', dir=workshop)
    os.chmod(directory, 0o755)
    with Stage(directory, build, bare_template) as stage:
        request.node.stash.setdefault(STACKS, []).append(stage)
        yield stage
    if not request.node.stash.get(FAILED, False):
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope='module')
def bare_stage(request, workshop, build, bare_template):
    """One whose named is not started yet."""
    yield from make_stage(request, workshop, build, bare_template)


@pytest.fixture(scope='module')
def module_stage(bare_stage):
    """PostgreSQL and named, shared by the tests of a file."""
    bare_stage.mend()
    return bare_stage


@pytest.fixture
def stage(module_stage):
    """The same, with both running whatever the test before did to them."""
    module_stage.mend()
    yield module_stage
    module_stage.end_others()
