# SPDX-License-Identifier: GPL-3.0-or-later
"""The stacks of the HTTP tests: when one has done its work, no secret may be found in what it wrote."""

import pytest

from http_raw import SECRETS, Login


def assert_no_secret_is_told(stack):
    """Searches every log, and /metrics, for every password that was sent or stored in this run."""
    for login in (Login(stack.key_name, stack.key_secret), Login(stack.account, stack.password)):
        assert login.password in SECRETS
    texts = {}
    for path in stack.logs():
        with open(path, encoding="utf-8", errors="replace") as file:
            texts[path] = file.read()
    if stack.gateway.server.is_running():
        texts["/metrics"] = stack.gateway.status("/metrics")[1]
    told = [path for path, text in texts.items() if any(secret in text for secret in SECRETS)]
    assert not told, f"a secret is told in {told}"


@pytest.fixture(scope="module")
def stack(stack):
    """PostgreSQL, named and gateway, shared by the tests of a file."""
    yield stack
    assert_no_secret_is_told(stack)


@pytest.fixture
def own_stack(own_stack):
    """The same for one test alone."""
    yield own_stack
    assert_no_secret_is_told(own_stack)


@pytest.fixture(scope="module")
def cursor(stack):
    connection = stack.connect()
    with connection.cursor() as cursor:
        yield cursor
    connection.close()
