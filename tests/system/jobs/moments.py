# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes in the database alone, and the job that puts domains offline."""

from ddns.steps import wait_until


def pass_time(stack, seconds):
    """As if so much time had passed in which gateways listened and nobody was heard."""
    with stack.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ddns.contacts SET at = at - %(s)s * interval '1 s'", {"s": seconds})
        cursor.execute("UPDATE ddns.domains SET online_since = online_since - %(s)s * interval '1 s' WHERE online",
                       {"s": seconds})
        cursor.execute("UPDATE ddns.timeouts SET due = due - %(s)s * interval '1 s'", {"s": seconds})
        cursor.execute("UPDATE ddns.listening SET since = since - %(s)s * interval '1 s'", {"s": seconds})


def wait_looked(stack):
    """Returns when the job has looked twice since now: the first look may have begun before."""
    def looked():
        return stack.gateway.metric('ddns_gateway_job_last_success_timestamp_seconds{job="timeouts"}')
    for _ in range(2):
        last = looked()
        wait_until(lambda last=last: looked() > last, what="the job has looked")
