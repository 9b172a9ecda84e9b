# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon a change typed into psql redirects, and how many requests a second are answered."""

import statistics
import threading
import time

from .browser import Redirects

SLACK = 10
CHANGE_MS = 50


def test_a_change_by_hand_redirects_at_once(stack, redirects, joe, cursor, is_long):
    joe("www = 'port'")
    redirects.wait("www." + stack.host, 302, f"http://{stack.host}:8080/")
    changes = [("online = false", stack.host, 503, None),
               ("offline = 'url', offline_url = 'https://example.net/1'", stack.host, 302, "https://example.net/1"),
               ("offline_url = 'https://example.net/2'", stack.host, 302, "https://example.net/2"),
               ("offline = 'page'", stack.host, 503, None),
               ("online = true", "www." + stack.host, 302, f"http://{stack.host}:8080/"),
               ("www_port = 8081", "www." + stack.host, 302, f"http://{stack.host}:8081/"),
               ("www = 'url', www_url = 'https://example.net/3'", "www." + stack.host, 302, "https://example.net/3"),
               ("www = 'off'", "www." + stack.host, 404, None),
               ("www = 'port', www_port = 8080", "www." + stack.host, 302, f"http://{stack.host}:8080/")]
    times = []
    for _ in range(50 if is_long else 5):
        for what, host, status, location in changes:
            cursor.execute(f"UPDATE ddns.domains SET {what} WHERE name = %s", (stack.host,))
            begin = time.monotonic()
            redirects.wait(host, status, location)
            times.append((time.monotonic() - begin) * 1000)
    print(f"\n{len(times)} changes: median {statistics.median(times):.1f} ms, most {max(times):.1f} ms")
    assert max(times) < CHANGE_MS * SLACK


def test_requests_a_second(stack, redirects, joe, is_long):
    """With a hundred thousand names in the table, and a host that changes all the time."""
    count = 100000 if is_long else 5000
    joe("www = 'port'")
    stack.sql("INSERT INTO ddns.domains (zone, owner, account_id, online) SELECT %s, 'h' || i, a.id, false"
              " FROM ddns.accounts a, generate_series(1, %s) i WHERE login = %s", (stack.zone, count, stack.account))
    redirects.wait(f"h{count}.{stack.zone}", 503)
    seconds = 10 if is_long else 2
    done, wrong = [0] * 4, []

    def load(number):
        mine = Redirects(stack.gateway)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            host = f"h{number * 1000 + done[number] % 1000 + 1}.{stack.zone}"
            if mine.ask(host).status != 503:
                wrong.append(host)
            done[number] += 1
    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        joe("www_port = CASE www_port WHEN 8080 THEN 8081 ELSE 8080 END")
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    rate = sum(done) / seconds
    print(f"\n{count} names offline, {stack.gateway.metric('ddns_gateway_redirects'):.0f} redirects: {rate:.0f} requests/s"
          " by four Python threads")
    assert not wrong and rate > 1000 / SLACK
    stack.sql("DELETE FROM ddns.domains WHERE zone = %s AND owner ~ '^h[0-9]+$'", (stack.zone,))
    redirects.wait(f"h{count}.{stack.zone}", 404)
