# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes in the database alone."""


def pass_time(stack, seconds):
    """As if so much time had passed in which gateways listened and nobody was heard."""
    with stack.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ddns.contacts SET at = at - %(s)s * interval '1 s'", {"s": seconds})
        cursor.execute("UPDATE ddns.domains SET online_since = online_since - %(s)s * interval '1 s' WHERE online",
                       {"s": seconds})
        cursor.execute("UPDATE ddns.timeouts SET due = due - %(s)s * interval '1 s'", {"s": seconds})
        cursor.execute("UPDATE ddns.listening SET since = since - %(s)s * interval '1 s'", {"s": seconds})
