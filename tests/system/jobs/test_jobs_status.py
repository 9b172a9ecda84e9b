# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl status: what there is, and which name servers are behind."""

import json
import signal
import subprocess
import time

from ddns.steps import wait_until


def status(stack, *words):
    return json.loads(stack.ctl("status", "--json", *words))


def named_of(stack):
    return f"{stack.named.address}#{stack.named.port}"


def test_all_of_it(stack):
    stack.update(myip="192.0.2.1")
    told = status(stack, "--named", named_of(stack))
    assert (told["database"], told["is_standby"]) == ("ddns", False)
    assert (told["zones"], told["accounts"], told["keys"]) == (2, 1, 1)
    assert told["domains"] == told["domains_online"] + told["domains_offline"] == 1
    assert [gateway["is_there"] for gateway in told["gateways"]] == [True]
    assert told["gateways"][0]["gateway"].endswith(f":{stack.gateway.server.pid()}")
    wait_until(lambda: status(stack)["last_prune"] is not None, 30, "the job has pruned")
    text = stack.ctl("status", "--named", named_of(stack))
    for line in ("domains", "last prune", "NAME SERVER", stack.zone):
        assert line in text, text


def test_a_server_that_is_behind_and_one_that_is_silent(own_stack):
    stack = own_stack

    def state(*words):
        return {zone["origin"]: [(server["state"], server.get("behind")) for server in zone["servers"]]
                for zone in status(stack, *words)["zone_list"]}
    stack.update(myip="192.0.2.1")
    stack.wait_answer(stack.host, "A", {"192.0.2.1"})
    wait_until(lambda: state("--named", named_of(stack))[stack.zone] == [("current", 0)], what="it is current")
    stack.sql("ALTER ROLE bind NOLOGIN")
    stack.end_sessions("bind")  # named goes on with what it knows
    for i in range(3):
        stack.update(myip=f"192.0.2.{i + 2}")
    assert state("--named", named_of(stack))[stack.zone] == [("behind", 3)]
    assert f"{stack.zone}" in stack.ctl("status", "--named", named_of(stack)).split("NOT IN STEP")[1]
    stack.ctl("zone", "add", "late.example", "--ns", "ns1.late.example")
    assert state("--named", named_of(stack))["late.example"] == [("not served", None)]
    stack.named.server.send(signal.SIGSTOP)
    try:
        for i in range(100):
            stack.sql("INSERT INTO ddns.zones (origin, mname, rname) VALUES (%s, 'a', 'b')", (f"z{i}.example",))
        began = time.monotonic()
        assert state("--named", named_of(stack))[stack.zone] == [("silent", None)]
        took = time.monotonic() - began
        print(f"103 zones at a silent server: {took:.1f} s")
        assert took < 60
    finally:
        stack.named.server.send(signal.SIGCONT)


def test_servers_by_the_zones_own_records(stack):
    """The addresses of its NS, in the database, and those of notify."""
    stack.ctl("zone", "add", "own.example", "--ns", "ns1.own.example", "--ns", "ns.nowhere.invalid")
    stack.ctl("record", "add", "ns1.own.example", "A", "127.0.0.1")
    stack.ctl("zone", "set", "own.example", f"notify={named_of(stack)}")
    wait_until(lambda: stack.rdata("ns1.own.example", "A"), 30, "it is served")

    def servers():
        return [zone for zone in status(stack)["zone_list"] if zone["origin"] == "own.example"][0]["servers"]
    assert {(server["name"], server["address"], server["port"]) for server in servers()} == \
        {("ns1.own.example", "127.0.0.1", 53), ("ns.nowhere.invalid", None, 53), (None, "127.0.0.1", stack.named.port)}
    wait_until(lambda: {server["state"] for server in servers() if server["port"] == stack.named.port} == {"current"},
               what="the last change is served")
    assert {server["state"] for server in servers() if server["address"] is None} == {"no address"}


def test_what_is_no_address(stack):
    for value in ("ns1.example", "127.0.0.1#0", "127.0.0.1#65536"):
        done = subprocess.run([*stack.ctl_words(), "status", "--named", value], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and value in done.stderr
