# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong around the servers: a failover, a full disk; and two gateways at one database."""
