# SPDX-License-Identifier: GPL-3.0-or-later
"""The same zone from a file and from the database must give the same answers."""
