# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs at the DNS door, each in its usual set-up: port 53, a resolver, a network of its own."""
