# SPDX-License-Identifier: GPL-3.0-or-later
"""What pytest's nodes remember of a test: whether it failed, and the stacks to keep and show then.

Here and not in a conftest.py, since of those there are several and only one can be imported.
"""

import pytest

FAILED = pytest.StashKey[bool]()
STACKS = pytest.StashKey[list]()
