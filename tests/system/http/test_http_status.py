# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway tells of itself, and of clients' addresses: /livez, /readyz, /metrics, /myip, its log."""

import re
import time

import pytest

from ddns.steps import wait_until
from http_hosts import demo
from http_raw import SECRETS, Login, ask, update, update_target

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)')
TYPES = ("counter", "gauge", "histogram")


def read_metrics(gateway):
    """{name{labels}: value} of the Prometheus text format, version 0.0.4, and {name: type}."""
    status, text = gateway.status("/metrics")
    assert status == 200 and text.endswith("\n")
    types, helped, samples = {}, set(), {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helped
            helped.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name in helped and name not in types and kind in TYPES
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name = match[1]
            family = name if name in types else re.sub("_(bucket|sum|count)$", "", name)
            assert types[family] != "histogram" or name != family, line
            full = f"{name}{{{match[2]}}}" if match[2] else name
            assert full not in samples, line
            samples[full] = float(match[3])
    assert set(types) == helped
    return samples, types


def test_metrics_are_prometheus_text(stack):
    samples, types = read_metrics(stack.gateway)
    assert {"counter", "gauge", "histogram"} == set(types.values())
    assert all(name.endswith("_total") for name, kind in types.items() if kind == "counter")
    for name in (name for name, kind in types.items() if kind == "histogram"):
        buckets = {}
        for full, value in samples.items():
            if full.startswith(f"{name}_bucket{{"):
                labels = re.sub(r',?le="[^"]*"', "", full[len(name) + 8:-1])
                buckets.setdefault(labels, []).append((float(re.search('le="([^"]*)"', full)[1]), value))
        assert buckets
        for labels, values in buckets.items():
            assert values == sorted(values) and values[-1][0] == float("inf")
            assert [value for _, value in values] == sorted(value for _, value in values)
            suffix = f"{{{labels}}}" if labels else ""
            assert samples[f"{name}_count{suffix}"] == values[-1][1] and samples[f"{name}_sum{suffix}"] >= 0


def test_counters_move(stack):
    login, before = demo(stack), read_metrics(stack.gateway)[0]
    asked = {"changed": 3, "unchanged": 2, "unknown": 1, "refused": 1, "malformed": 1, "unauthenticated": 1}
    for n in range(3):
        assert update(stack.gateway, login, stack.host, myip=f"10.22.0.{n}").startswith("good")
    for _ in range(2):
        assert update(stack.gateway, login, stack.host, myip="10.22.0.2").startswith("nochg")
    assert update(stack.gateway, login, "nobody.example", myip="10.22.0.2") == "nohost"
    assert update(stack.gateway, login, stack.host, myip="nonsense") == "dnserr"
    assert update(stack.gateway, login, "nodot", myip="10.22.0.2") == "notfqdn"
    assert update(stack.gateway, Login(login.user, "wrong-password"), stack.host) == "badauth"
    assert update(stack.gateway, Login(stack.account, stack.password), stack.host, myip="10.22.0.2").startswith("nochg")
    after, types = read_metrics(stack.gateway)
    moved = {name: after[name] - before[name] for name in after}
    asked["unchanged"] += 1
    for result, count in asked.items():
        assert moved[f'ddns_gateway_updates_total{{door="http",result="{result}"}}'] == count, result
    assert moved['ddns_gateway_update_seconds_count{door="http"}'] == sum(asked.values())
    assert moved["ddns_gateway_http_connections_total"] >= sum(asked.values())
    assert moved["ddns_gateway_batch_size_sum"] >= 6 and moved["ddns_gateway_batch_seconds_sum"] > 0
    assert moved["ddns_gateway_password_checks_total"] >= 1
    assert after["ddns_gateway_writer_connected"] == after["ddns_gateway_feed_connected"] == 1
    assert after["ddns_gateway_keys"] == 1 and after["ddns_gateway_accounts"] == 1
    assert 0 <= after["ddns_gateway_feed_age_seconds"] < 10
    assert min(value for name, value in moved.items() if types.get(name) == "counter") >= 0


def test_status_pages(stack):
    assert stack.gateway.status("/livez") == stack.gateway.status("/readyz") == (200, "ok\n")
    target = update_target(stack.host, myip="192.0.2.66")
    port = stack.gateway.status_port
    for path in (target, "/", "/myip"):
        assert ask(stack.gateway, path, demo(stack), port=port).status == 404
    for method, status in (("HEAD", 200), ("POST", 405), ("DELETE", 405)):
        assert ask(stack.gateway, "/livez", method=method, port=port, body=b"").status == status


@pytest.mark.parametrize("path", ["/myip", "/ip", "/checkip", "/nic/checkip.html"])
def test_the_clients_address(stack, path):
    """And nothing else that looks like one."""
    reply = ask(stack.gateway, path, headers=["X-Forwarded-For: 198.51.100.9", "Forwarded: for=198.51.100.9"])
    assert reply.status == 200 and re.findall(r"\d+\.\d+\.\d+\.\d+", reply.body) == ["127.0.0.1"]
    assert path not in ("/myip", "/ip") or reply.body == "127.0.0.1"
    assert "checkip" not in path or reply.body.count("Current IP Address: 127.0.0.1<") == 1
    assert reply.headers["cache-control"] == "no-store" and "set-cookie" not in reply.headers
    assert ask(stack.gateway, path, method="HEAD").status == 200


def test_one_line_an_update(stack):
    """Who, with what, from where, for what, and how it ended; nothing of what only the client may know."""
    secret = "a-secret-in-a-place-for-none"
    SECRETS.add(secret)
    begin = len(stack.gateway.read_log())
    target = update_target(f"{stack.host},nobody.example", myip="10.22.1.1", password=secret, token=secret)
    assert ask(stack.gateway, target, demo(stack), headers=[f"Cookie: {secret}", f"User-Agent: {secret}",
                                                            f"X-Api-Key: {secret}"]).lines[1] == "nohost"
    ask(stack.gateway, target, headers=[f"Authorization: Bearer {secret}"])
    ask(stack.gateway, f"/{secret}")
    lines = stack.gateway.read_log(begin).splitlines()
    assert len(lines) == 3, lines
    for part in ("127.0.0.1", f"account '{stack.account}'", f"key '{stack.key_name}'", f"zone '{stack.zone}'",
                 f"name '{stack.host}'", " A: good"):
        assert part in lines[0]
    assert lines[1].endswith("name 'nobody.example' A: nohost") and lines[2].endswith("badauth")
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z http 127\.0\.0\.1", line) for line in lines)


def test_what_clients_send_cannot_forge_a_line(stack):
    """Line ends and control characters of names do not reach the log as such."""
    begin = len(stack.gateway.read_log())
    name = "x\n2026-01-01T00:00:00.000Z http 6.6.6.6 forged\x1b[31m\u2028.example"
    assert update(stack.gateway, demo(stack), name, myip="10.22.1.1") == "notfqdn"
    assert ask(stack.gateway, update_target(stack.host), Login("x\nforged", "y\r\nforged")).status == 401
    text = stack.gateway.read_log(begin)
    assert len(text.splitlines()) == 2 and "\x1b" not in text and "\u2028" not in text


def test_ready_follows_the_database(own_stack):
    """Killed and back: alive all the time, updates fail for the moment only, without a restart."""
    stack, login = own_stack, demo(own_stack)
    pid = stack.gateway.server.pid()
    assert update(stack.gateway, login, stack.host, myip="10.22.2.1") == "good 10.22.2.1"
    stack.cluster.kill()
    wait_until(lambda: stack.gateway.status("/readyz")[0] == 503, 30, "not ready")
    assert stack.gateway.status("/livez")[0] == 200
    waited = []
    for _ in range(3):
        begin = time.monotonic()
        reply = ask(stack.gateway, update_target(stack.host, myip="10.22.2.2"), login)
        waited.append(time.monotonic() - begin)
        assert (reply.status, reply.body) == (503, "911\n") and int(reply.headers["retry-after"]) > 0
    # by its password, too, which needs a look at what is remembered, not at the database
    assert ask(stack.gateway, update_target(stack.host), Login(stack.account, stack.password)).body == "911\n"
    assert ask(stack.gateway, update_target(stack.host), Login(login.user, "wrong-password")).body == "badauth\n"
    assert ask(stack.gateway, "/myip").body == "127.0.0.1"
    stack.cluster.start()
    begin = time.monotonic()
    wait_until(stack.gateway.is_ready, 30, "ready again")
    print(f"without the database: answered after at most {max(waited):.2f} s; ready {time.monotonic() - begin:.2f} s "
          "after its return")
    assert max(waited) <= 10
    assert update(stack.gateway, login, stack.host, myip="10.22.2.3") == "good 10.22.2.3"
    stack.wait_answer(stack.host, "A", {"10.22.2.3"})
    assert stack.gateway.server.pid() == pid


def test_a_database_that_hangs(own_stack):
    """SIGSTOP: an answer in time all the same, and what was not acknowledged is there whole or not at all."""
    stack, login = own_stack, demo(own_stack)
    assert update(stack.gateway, login, stack.host, myip="10.22.3.1") == "good 10.22.3.1"
    stack.cluster.pause()
    try:
        begin = time.monotonic()
        reply = ask(stack.gateway, update_target(stack.host, myip="10.22.3.2"), login)
        waited = time.monotonic() - begin
        assert (reply.status, reply.body) == (503, "911\n") and waited <= 10
        assert stack.gateway.status("/livez")[0] == 200
        wait_until(lambda: stack.gateway.status("/readyz")[0] == 503, 30, "not ready")
        assert ask(stack.gateway, update_target(stack.host, myip="10.22.3.2"), login).body == "911\n"
    finally:
        stack.cluster.resume()
    wait_until(stack.gateway.is_ready, 30, "ready again")
    print(f"a hanging database: 911 after {waited:.2f} s")
    assert update(stack.gateway, login, stack.host, myip="10.22.3.3") == "good 10.22.3.3"
    stack.wait_answer(stack.host, "A", {"10.22.3.3"})
