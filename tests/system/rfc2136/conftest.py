# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack with private zones, and keys that may change them over DNS UPDATE."""

import pytest

from .client import Client


@pytest.fixture(scope="module")
def update(module_stacks):
    """A running stack as the clients of DNS UPDATE see it."""
    return Client(module_stacks.make("rfc2136").start())


@pytest.fixture
def own_update(stacks):
    """The same for one test alone."""
    return Client(stacks.make("rfc2136").start())
