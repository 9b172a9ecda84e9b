# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the security tests."""

import pytest


@pytest.fixture(scope="module")
def cursor(stack):
    connection = stack.connect()
    with connection.cursor() as cursor:
        yield cursor
    connection.close()
