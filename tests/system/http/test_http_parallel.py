# SPDX-License-Identifier: GPL-3.0-or-later
"""Many curl at once: nothing is lost, the last one counts, and the zone steps no more than it must."""

import dataclasses
import subprocess

import pytest

from http_hosts import add_hosts, addresses, all_addresses, state, wait_served

HOSTS, CLIENTS, ON_ONE = 64, 64, 8


@dataclasses.dataclass
class Curl:
    """One curl process that makes updates one after the other: a list of (host, address)."""

    updates: list

    def start(self, stack):
        # curl keeps to the order in which a configuration names URLs
        lines = [f'user = "{stack.key_name}:{stack.key_secret}"']
        lines += [f'url = "{stack.gateway.url}/nic/update?hostname={host}&myip={address}"'
                  for host, address in self.updates]
        self.process = subprocess.Popen(["curl", "-sS", "--max-time", "30", "-K", "-"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.process.stdin.write("\n".join(lines) + "\n")
        self.process.stdin.close()
        self.process.stdin = None

    def finish(self):
        """The first word of each answer, each of which must name the address that was sent."""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        answers = [line.split() for line in out.splitlines()]
        assert [answer[-1] for answer in answers] == [address for _, address in self.updates], out
        assert {answer[0] for answer in answers} <= {"good", "nochg"}, out
        return [answer[0] for answer in answers]


def run_all(stack, curls):
    """All at once; returns how many said `good`."""
    for curl in curls:
        curl.start(stack)
    return sum(curl.finish().count("good") for curl in curls)


@pytest.fixture(scope="module")
def hosts(stack):
    return add_hosts(stack, "curl", HOSTS)


def test_clients_of_their_own_hosts(stack, cursor, hosts, is_long):
    each = 50 if is_long else 10
    before = state(cursor, stack.zone)
    curls = [Curl([(hosts[n], f"10.{n}.{turn}.1") for turn in range(each)]) for n in range(CLIENTS)]
    assert run_all(stack, curls) == CLIENTS * each
    assert all_addresses(cursor, hosts) == {host: [f"10.{n}.{each - 1}.1"] for n, host in enumerate(hosts)}
    wait_served(stack, cursor, hosts)
    after = state(cursor, stack.zone)
    steps = after[0] - before[0]
    print(f"{CLIENTS} clients, {CLIENTS * each} changes: {steps} steps")
    assert 1 <= steps <= CLIENTS * each and after[1] - before[1] == steps


def test_clients_of_one_host(stack, cursor, hosts, is_long):
    """What is stored at the end is what one of them sent last: the updates of each went in its order."""
    host, each = hosts[0], 50 if is_long else 10
    before = state(cursor, stack.zone)
    curls = [Curl([(host, f"10.{client}.{turn}.2") for turn in range(each)]) for client in range(ON_ONE)]
    changes = run_all(stack, curls)
    stored = addresses(cursor, host)
    assert stored in [[f"10.{client}.{each - 1}.2"] for client in range(ON_ONE)]
    stack.wait_answer(host, "A", set(stored))
    after = state(cursor, stack.zone)
    steps = after[0] - before[0]
    print(f"{ON_ONE} clients of one host, {changes} changes: {steps} steps")
    assert 1 <= steps <= changes and after[1] - before[1] == steps


def test_mixed_hosts_in_one_request(stack, cursor, hosts, is_long):
    """Requests that name the same hosts in opposite orders come to no deadlock."""
    turns, names = 20 if is_long else 4, hosts[:10]
    curls = []
    for client in range(8):
        order = names if client % 2 else names[::-1]
        curls.append(Curl([(",".join(order), f"10.{client}.{turn}.3") for turn in range(turns)]))
    for curl in curls:
        curl.start(stack)
    for curl in curls:
        out, err = curl.process.communicate(timeout=60)
        assert curl.process.returncode == 0, err
        sent = [address for _, address in curl.updates for _ in names]
        answers = [line.split() for line in out.splitlines()]
        assert [answer[-1] for answer in answers] == sent and {answer[0] for answer in answers} <= {"good", "nochg"}
    stored = all_addresses(cursor, names)
    assert {tuple(value) for value in stored.values()} <= {(f"10.{client}.{turns - 1}.3",) for client in range(8)}
    wait_served(stack, cursor, names)


def test_no_change_moves_no_version(stack, cursor, hosts):
    """It is a keepalive: noted, and nothing else."""
    run_all(stack, [Curl([(host, f"10.9.9.{n}")]) for n, host in enumerate(hosts)])
    before = state(cursor, stack.zone)
    cursor.execute("SELECT min(at) FROM ddns.contacts JOIN ddns.domains ON id = domain_id WHERE name = ANY (%s)", (hosts,))
    contact = cursor.fetchone()[0]
    assert run_all(stack, [Curl([(host, f"10.9.9.{n}")] * 3) for n, host in enumerate(hosts)]) == 0
    assert state(cursor, stack.zone) == before
    cursor.execute("SELECT min(at), count(*) FROM ddns.contacts JOIN ddns.domains ON id = domain_id "
                   "WHERE name = ANY (%s)", (hosts,))
    later, count = cursor.fetchone()
    assert count == HOSTS and later > contact
