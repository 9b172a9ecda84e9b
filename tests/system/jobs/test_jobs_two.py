# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways on one database: each job is done once, beside updates at both, and no client sees a clash."""

import re
import socket
import statistics
import threading
import time

import dns.message
import pytest

from ddns.gateway import Gateway
from ddns.ports import Claims
from ddns.steps import wait_until
from jobs.load import Keepalives
from jobs.moments import pass_time

HOSTS, SECONDS = 400, 4


@pytest.fixture
def pair(stacks):
    """A stack with two gateways that ask its named before they tell secondaries."""
    stack = stacks.make("two").start(gateway=False)
    gateways = [stack.gateway, Gateway(stack.directory, stack.build, stack.cluster, name="gateway2")]
    for gateway in gateways:
        gateway.options = f'name-servers = {{"{stack.named.address}:{stack.named.port}"}}\n'
    with Claims() as claims:
        for gateway in gateways:
            gateway.start(claims)
    yield stack, gateways
    gateways[1].stop()


class Secondary(threading.Thread):
    """Answers NOTIFY, and keeps when it came."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.target = f"127.0.0.1#{self.socket.getsockname()[1]}"
        self.times = []
        self.start()

    def run(self):
        while True:
            wire, peer = self.socket.recvfrom(1024)
            if wire == b"end":
                return
            self.times.append(time.monotonic())
            self.socket.sendto(dns.message.make_response(dns.message.from_wire(wire)).to_wire(), peer)

    def stop(self):
        self.socket.sendto(b"end", self.socket.getsockname())
        self.join()
        self.socket.close()


def add_hosts(stack, kind):
    stack.sql("INSERT INTO ddns.domains (zone, owner, account_id, address, timeout) SELECT %s, %s || i, id,"
              " '{192.0.2.1}', 10 FROM ddns.accounts, generate_series(1, %s) i WHERE login = %s",
              (stack.zone, kind, HOSTS, stack.account))
    return [f"{kind}{i}.{stack.zone}" for i in range(1, HOSTS + 1)]


def test_each_job_is_done_once_beside_updates(pair):
    stack, gateways = pair
    secret = re.search(r'secret "([^"]+)"', stack.ctl("key", "add", "all", "--account", stack.account))[1]
    heard, silent = add_hosts(stack, "heard"), add_hosts(stack, "silent")
    stack.sql("UPDATE ddns.settings SET value = '1 s' WHERE name = 'log_keep'")
    stack.sql("INSERT INTO ddns.settings (name, value) VALUES ('log_keep', '1 s') ON CONFLICT DO NOTHING")
    secondary = Secondary()
    stack.ctl("zone", "set", stack.zone, f"notify={secondary.target}")
    wait_until(lambda: all(gateway.status("/metrics")[1].count('ddns_gateway_keys 2') for gateway in gateways), 30,
               "both know the key")
    load = Keepalives(gateways, ("all", secret), heard, 400, "192.0.2.1")
    answers = []
    try:
        pass_time(stack, 601)
        began, i = time.monotonic(), 0
        while time.monotonic() - began < SECONDS or stack.sql(
                "SELECT count(*) FROM ddns.domains WHERE owner LIKE 'silent%' AND online") != [(0,)]:
            assert time.monotonic() - began < 60, "all are offline"
            i += 1
            answers.append(stack.update(myip=f"192.0.2.{i % 250 + 1}"))
            if i % 20 == 0:
                stack.sql("CALL ddns.prune()")  # as the job does each minute
        took = time.monotonic() - began
    finally:
        _, bad = load.stop()
        time.sleep(1.5)  # the last NOTIFY
        watched = time.monotonic() - began
        secondary.stop()
    assert all(answer.startswith("good ") for answer in answers), answers
    assert not [line for line in bad if not line.startswith(("good", "nochg"))], bad
    # each domain once, by whichever gateway
    assert stack.sql("SELECT count(*), count(DISTINCT name) FROM ddns.history WHERE door = 'timeout' AND name LIKE 'silent%'") \
        == [(len(silent), len(silent))]
    assert sum(gateway.metric("ddns_gateway_timeouts_offline_total") for gateway in gateways) >= len(silent)
    apart = [later - earlier for earlier, later in zip(secondary.times, secondary.times[1:])]
    print(f"{len(answers)} updates in {took:.1f} s beside; told {len(secondary.times)} times, {statistics.median(apart):.2f} s apart")
    # once a second is decided; what is sent then may be a moment late
    assert len(secondary.times) <= watched + 2 and statistics.median(apart) > 0.5
    kept, made = stack.sql("SELECT count(*), max(version) FROM ddns.steps WHERE zone_id ="
                           " (SELECT id FROM ddns.zones WHERE origin = %s)", (stack.zone,))[0]
    assert kept < made / 2, "steps are forgotten beside that"
    for gateway in gateways:
        assert "cannot go on" not in gateway.read_log()
    with open(stack.cluster.log, encoding="utf-8") as log:
        assert "deadlock" not in log.read()
    stack.wait_answer(stack.host, "A", {answers[-1].split()[1]})


def test_a_gateway_that_dies_before_the_answer_is_replaced(stacks):
    """What it has begun to tell, another tells again: a NOTIFY is done when it is answered."""
    stack = stacks.make("dies").start(gateway=False)
    gateways = {"127.0.0.2": stack.gateway, "127.0.0.3": Gateway(stack.directory, stack.build, stack.cluster, name="gateway2")}
    with Claims() as claims:
        for source, gateway in gateways.items():
            gateway.options = f'notify-source = {{"{source}:0"}}\n'
            gateway.start(claims)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as secondary:
            secondary.bind(("127.0.0.1", 0))
            secondary.settimeout(60)
            stack.ctl("zone", "set", stack.zone, f"notify=127.0.0.1#{secondary.getsockname()[1]}")
            _, first = secondary.recvfrom(1024)
            gateways[first[0]].kill()
            stack.sql("UPDATE ddns.notified SET until = now(), at = at - interval '2 s'")  # as if time had passed
            while True:
                wire, second = secondary.recvfrom(1024)
                if second[0] != first[0]:  # what the first had sent before may still be there
                    break
            assert second[0] in gateways
            is_due = "SELECT is_notify_due FROM ddns.status_zones() WHERE origin = %s"
            assert stack.sql(is_due, (stack.zone,)) == [(True,)], "not before the answer"
            secondary.sendto(dns.message.make_response(dns.message.from_wire(wire)).to_wire(), second)
            wait_until(lambda: stack.sql(is_due, (stack.zone,)) == [(False,)], 30, "it is done")
            print(f"told by {first[0]}, which died, and by {second[0]}")
    finally:
        gateways["127.0.0.3"].stop()
