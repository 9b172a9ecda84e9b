# SPDX-License-Identifier: GPL-3.0-or-later
"""The stacks of the HTTP tests: when they have done their work, no secret may be found in what they wrote."""

import pytest

from ddns.kept import FAILED, STACKS
from http_hosts import demo
from http_raw import SECRETS


def assert_no_secret_is_told(node):
    """Searches every log, and /metrics, of a node's stacks for every password that was sent in this run."""
    for stack in node.stash.get(STACKS, []):
        secrets = SECRETS | {demo(stack).password, demo(stack).encoded, stack.password}
        texts = {}
        for path in stack.logs():
            with open(path, encoding="utf-8", errors="replace") as file:
                texts[path] = file.read()
        if stack.gateway.server.is_running():
            texts["/metrics"] = stack.gateway.status("/metrics")[1]
        told = [path for path, text in texts.items() if any(secret in text for secret in secrets)]
        if told:
            node.stash[FAILED] = True  # now, so that the logs are kept
        assert not told, f"a secret is told in {told}"


@pytest.fixture(scope="module")
def module_stacks(request, module_stacks):
    """module_stacks.make(), for all tests of a file."""
    yield module_stacks
    assert_no_secret_is_told(request.node)


@pytest.fixture
def stacks(request, stacks):
    """stacks.make(), for one test alone."""
    yield stacks
    assert_no_secret_is_told(request.node)


@pytest.fixture(scope="module")
def cursor(stack):
    connection = stack.connect()
    with connection.cursor() as cursor:
        yield cursor
    connection.close()
