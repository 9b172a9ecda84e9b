# SPDX-License-Identifier: GPL-3.0-or-later
"""named with the module under every circumstance but the gateway's."""
