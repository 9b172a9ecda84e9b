# SPDX-License-Identifier: GPL-3.0-or-later
"""No space left on the database's volume: updates fail for the moment, queries do not notice, and it mends by itself."""

import contextlib
import os
import threading
import time

import pytest

from ddns.steps import StepFailed, wait_until
from faults.small_disk import SmallDisk
from faults.writers import Writers, own_hosts


@pytest.fixture
def small(stacks):
    """A stack whose cluster is on a small volume, and the volume."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small volume: a full disk is NOT tested")
    stack = stacks.make("small")
    disk = SmallDisk(stack.cluster)
    try:
        stack.start()
        yield stack, disk
    finally:
        stack.stop()
        disk.remove()


def keep_running(cluster, is_over):
    """What a service manager does: PostgreSQL ends itself where its log has no room to go on."""
    while not is_over.wait(0.2):
        if not cluster.server.is_running():
            with contextlib.suppress(StepFailed):  # no room yet to recover
                cluster.start()


def test_disk_full(small, is_long):
    stack, disk = small
    connection = stack.connect()
    clients = own_hosts(stack, connection, stack.gateway, each=3, hosts=20)
    stack.wait_answer(clients[-1].hosts[-1], "A", ())
    connection.close()
    wrong, is_over, slowest = [], threading.Event(), [0.0]

    def watch():
        while not is_over.is_set():
            begun = time.monotonic()
            if (rcode := stack.rcode(stack.zone, "SOA")) != "NOERROR":
                wrong.append(rcode)
            slowest[0] = max(slowest[0], time.monotonic() - begun)
    threads = [threading.Thread(target=watch), threading.Thread(target=keep_running, args=(stack.cluster, is_over))]
    for thread in threads:
        thread.start()
    try:
        with Writers(clients) as writers:
            for _ in range(5 if is_long else 1):
                writers.wait_each(10, 60)
                disk.fill()
                writers.wait_refused(5, 60)
                disk.empty()
                begun = time.monotonic()
                writers.wait_each(10, 60)
                print(f"every client updated again within {time.monotonic() - begun:.2f} s")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    print(f"{writers.count} acknowledged, other answers {dict(writers.words())}, slowest query {1e3 * slowest[0]:.0f} ms")
    with open(stack.cluster.log, encoding="utf-8", errors="replace") as file:
        said = file.read()
    print(f"PostgreSQL: {said.count('No space left on device')} times no space, {said.count('PANIC: ')} panics")
    assert "No space left on device" in said
    assert set(writers.words()) <= {"911", "SERVFAIL"}
    assert not wrong and slowest[0] < 1
    connection = stack.connect()
    for name, address in writers.check_own(connection).items():
        stack.wait_answer(name, "A", {address} if address else ())
    connection.close()
    wait_until(stack.gateway.is_ready, 30, "the gateway is ready")
