# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of the tests of named."""
from named.conftest import bare_stage, bare_template  # noqa: F401  pylint: disable=unused-import
