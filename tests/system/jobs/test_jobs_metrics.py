# SPDX-License-Identifier: GPL-3.0-or-later
"""What monitoring is told of the jobs."""

import re
import time

from ddns.steps import wait_until
from jobs.moments import pass_time


def values(stack, name):
    """The lines of a metric: its labels, and its value."""
    return {labels: float(value) for labels, value in
            re.findall(rf"^ddns_gateway_{name}(?:{{(.*)}})? (\S+)$", stack.gateway.status("/metrics")[1], re.MULTILINE)}


def test_jobs_say_when_they_worked(stack):
    def jobs():
        times = values(stack, "job_last_success_timestamp_seconds")
        assert all(time.time() - at < 10 for label, at in times.items() if "prune" not in label), times
        return {re.search('"(.*)"', label)[1] for label in times}
    wait_until(lambda: {"notify", "prune", "timeouts"} <= jobs(), 30, "each has worked")
    assert set(values(stack, "job_errors_total").values()) == {0}


def test_a_job_that_fails(own_stack):
    own_stack.sql("ALTER FUNCTION ddns.claim_notifies(int, bigint[]) RENAME TO elsewhere")
    wait_until(lambda: values(own_stack, "job_errors_total")['job="notify"'] > 0, 30, "the failure is counted")
    own_stack.sql("ALTER FUNCTION ddns.elsewhere(int, bigint[]) RENAME TO claim_notifies")
    before = values(own_stack, "job_last_success_timestamp_seconds")['job="notify"']
    wait_until(lambda: values(own_stack, "job_last_success_timestamp_seconds")['job="notify"'] > before, 30, "it works again")


def test_domains_put_offline(stack):
    stack.ctl("domain", "set", stack.host, "timeout=10")
    stack.update(myip="192.0.2.10")
    pass_time(stack, 601)
    wait_until(lambda: values(stack, "timeouts_offline_total")[""] == 1, 30, "it is counted")
    wait_until(lambda: values(stack, "timeouts_late_seconds")[""] < 10, 30, "and none waits any more")


def test_monitoring_itself_is_not_counted(stack):
    before = values(stack, "http_connections_total")[""]
    for _ in range(5):
        stack.gateway.status("/livez")
    assert values(stack, "http_connections_total")[""] == before
    stack.get("/myip")
    assert values(stack, "http_connections_total")[""] == before + 1
