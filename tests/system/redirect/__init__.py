# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the redirect listener: what browsers are told about a host."""
