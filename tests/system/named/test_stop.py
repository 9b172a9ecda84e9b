# SPDX-License-Identifier: GPL-3.0-or-later
"""named ends at once and in good order, whatever the module is about; and starts while PostgreSQL hangs."""
import random
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from ddns.steps import wait_until
from named.support import answer, cursor_of, make_zone, rdatas, served_serial, wait_caught_up

ZONE = 'stop.example'
PATIENCE = 5.0              # seconds


@pytest.fixture(scope='module')
def zone(module_stage):
    with cursor_of(module_stage.cluster) as cursor:
        make_zone(cursor, ZONE, names=5000)
    module_stage.named.stop()


def end(named, how):
    """Ends named, which must soon come to the end of its own shutdown."""
    begin = len(named.read_log().encode())
    if how == 'rndc':
        named.rndc('stop')
    else:
        named.server.send(signal.SIGTERM)
    assert named.server.wait_gone(PATIENCE), 'named still runs after %g s' % PATIENCE
    wait_until(lambda: 'exiting' in named.read_log(begin), 30, 'named says that it exits')
    assert 'assertion' not in named.read_log(begin)


@contextmanager
def updates(cluster):
    """Transactions of 400 names, one after the other."""
    over = threading.Event()

    def update():
        with cursor_of(cluster) as cursor:
            while not over.is_set():
                cursor.execute("UPDATE ddns.records SET ttl = 121 - ttl WHERE zone = %s AND id %% 12 = 0", (ZONE,))
    writer = threading.Thread(target=update)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


@pytest.mark.parametrize('how', ['rndc', 'SIGTERM'])
@pytest.mark.parametrize('state', ['follows', 'hangs', 'is away', 'comes back'])
def test_ends_while_the_database(stage, zone, state, how, is_long):
    """...follows: during updates; hangs: SIGSTOP; is away: killed; comes back: at any moment of that."""
    named, cluster = stage.another_named(), stage.cluster
    rng = random.Random(state + how)
    for _ in range(10 if is_long else 1):
        stage.start(named)
        moment = rng.random()
        if state == 'follows':
            with updates(cluster):
                serial = served_serial(named, ZONE)
                wait_until(lambda serial=serial: served_serial(named, ZONE) != serial, 30, 'updates are served')
                time.sleep(moment / 5)              # a random moment is what is tested
                end(named, how)
        elif state == 'hangs':
            cluster.pause()
            try:
                time.sleep(moment)
                end(named, how)
            finally:
                cluster.resume()
        else:
            cluster.kill()
            if state == 'comes back':
                cluster.start()
            time.sleep(moment)
            end(named, how)
        stage.mend_cluster()


def test_starts_while_the_database_hangs(stage, zone):
    """The wait for the first load is bounded, then names that may be ours are failures; later they are answered."""
    named, cluster = stage.another_named(), stage.cluster
    named.body = stage.static_zone('static.example') + named.dlz()
    cluster.pause()
    try:
        began = time.monotonic()
        stage.start(named)
        took = time.monotonic() - began
        print('started in %.1f s' % took)
        assert took < 30
        assert answer(named, 'host-1.' + ZONE).rcode == 'SERVFAIL'
        assert rdatas(answer(named, 'www.static.example')) == {'192.0.2.10'}
    finally:
        cluster.resume()
    with cursor_of(cluster) as cursor:
        wait_caught_up(named, cursor, ZONE, timeout=20)
    assert rdatas(answer(named, 'host-1.' + ZONE)) == {'10.0.0.1'}
