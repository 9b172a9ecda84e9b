# SPDX-License-Identifier: GPL-3.0-or-later
"""What no door may let through, and no place may tell."""
