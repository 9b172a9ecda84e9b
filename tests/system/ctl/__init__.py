# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl: each command, its secrets, its failures, and what named makes of it."""
