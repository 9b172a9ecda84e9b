# SPDX-License-Identifier: GPL-3.0-or-later
"""A steady stream of queries whose every answer is checked, in a thread of its own."""
import selectors
import socket
import threading
import time
from collections import Counter

from differential.compare import Query, parse
from named.oracle import agrees, parse_name


def query(name, rrtype='A'):
    return Query(parse_name(name), rrtype)


class Load(threading.Thread):
    """Sends up to `rate` queries a second, taking turns among the queries, until the context is left.

    expect: {Query: check}, check a function of an Answer that says whether it is right, or the
    expected Answer itself (with any_serial: whatever the serial of its SOA).  What was wrong is kept,
    with the second since the start, in `wrong`.
    """

    LOST_AFTER = 10.0
    IN_FLIGHT = 200             # so that no socket's buffer overflows: what is lost is lost by the server

    def __init__(self, address, port, expect, rate=1000, any_serial=False):
        super().__init__(name='load', daemon=True)
        self.server = (address, port)
        self.checks = [(q, check if callable(check) else self.equals(check, any_serial)) for q, check in expect.items()]
        self.interval = 1 / rate
        self.rcodes = Counter()
        self.wrong = []
        self.lost = []                          # (second, query) that got no reply
        self.answered = 0
        self.slowest = 0.0
        self.failure = None
        self._right = [set() for _ in self.checks]      # raw replies found right, by query
        self._end = threading.Event()

    @staticmethod
    def equals(want, any_serial):
        return lambda got: agrees(got, want, any_serial)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(60)

    def run(self):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, selectors.DefaultSelector() as selector:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
                sock.connect(self.server)
                sock.setblocking(False)
                selector.register(sock, selectors.EVENT_READ)
                self.loop(sock, selector)
        except Exception as error:              # pylint: disable=broad-except  # told by check()
            self.failure = error

    def loop(self, sock, selector):
        began = following = time.monotonic()
        waiting = {}                            # ident -> (turn, sent at)
        turn = 0
        while not self._end.is_set() or waiting:
            now = time.monotonic()
            if not self._end.is_set() and now >= following and len(waiting) < self.IN_FLIGHT:
                following = max(following + self.interval, now - 0.2)
                ident = turn & 0xffff
                if ident not in waiting and self.send(sock, turn):
                    waiting[ident] = (turn, now)
                turn += 1
            if selector.select(max(0, min(following - time.monotonic(), 0.1))):
                self.receive(sock, waiting, began)
            if waiting:
                ident, (asked, at) = next(iter(waiting.items()))
                if now - at > self.LOST_AFTER:
                    del waiting[ident]
                    self.lost.append((at - began, str(self.checks[asked % len(self.checks)][0])))

    def send(self, sock, turn):
        try:
            sock.send(self.checks[turn % len(self.checks)][0].wire(turn & 0xffff))
            return True
        except (BlockingIOError, ConnectionRefusedError):
            return False

    def receive(self, sock, waiting, began):
        while True:
            try:
                reply = sock.recv(65535)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            turn, at = waiting.pop(reply[0] << 8 | reply[1], (None, None))
            if turn is None:
                continue
            now = time.monotonic()
            self.slowest = max(self.slowest, now - at)
            self.answered += 1
            self.rcodes[reply[3] & 15] += 1
            self.judge(turn % len(self.checks), reply[2:], now - began)

    def judge(self, which, reply, second):
        if reply in self._right[which]:
            return
        asked, check = self.checks[which]
        got = parse(b'\0\0' + reply)
        if check(got):
            if len(self._right[which]) < 1000:
                self._right[which].add(reply)
        elif len(self.wrong) < 1000:
            self.wrong.append((second, str(asked), str(got)))

    def check(self, least):
        """Asserts that at least so many answers came, and all were right."""
        assert self.failure is None, self.failure
        assert not self.wrong, '%d wrong answers, the first at %.2f s: %s\n%s' % (len(self.wrong), *self.wrong[0])
        assert not self.lost, '%d queries without an answer, the first sent at %.2f s: %s' % (len(self.lost), *self.lost[0])
        assert self.answered >= least, 'only %d answers' % self.answered
