# SPDX-License-Identifier: GPL-3.0-or-later
"""Private PostgreSQL, named and gateway in a directory of their own: for ./quickstart and the system tests.

Everything that ./quickstart itself needs (process, ports, steps, cluster, named, gateway, sandbox)
uses the standard library only; dnspython and psycopg2 are imported where a test asks for them.
"""
