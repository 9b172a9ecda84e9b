# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of its own for each test."""

import itertools

import pytest

from .host import Host

NUMBERS = itertools.count(1)


@pytest.fixture
def host(stack):
    return Host(stack, f"host{next(NUMBERS)}.{stack.zone}")
