# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that report in turn over HTTP, and clients beside them whose waiting is measured."""

import base64
import http.client
import multiprocessing
import socket
import threading
import time

import dns.flags
import dns.message

HOSTS_EACH = 20  # what a request may name at most
PROCESSES = 4


class Keepalives:
    """Processes that report all hosts in turn, so many a second, HOSTS_EACH in a request of its own connection."""

    def __init__(self, gateways, login, hosts, rate, address):
        self._results = multiprocessing.Queue()
        self._stop = multiprocessing.Event()
        self.begin = time.monotonic()
        self._processes = []
        for i in range(PROCESSES):
            gateway = gateways[i % len(gateways)]
            self._processes.append(multiprocessing.Process(
                target=self._run, args=((gateway.address, gateway.port), login, hosts[i::PROCESSES], rate / PROCESSES,
                                        address)))
        for process in self._processes:
            process.start()

    def stop(self):
        """How many hosts reported a second, and the answers that were not `nochg`."""
        self._stop.set()
        results = [self._results.get(timeout=60) for _ in self._processes]
        for process in self._processes:
            process.join()
        return sum(done / seconds for done, seconds, _ in results), [bad for _, _, some in results for bad in some]

    def _run(self, server, login, hosts, rate, address):
        authorization = "Basic " + base64.b64encode(":".join(login).encode()).decode()
        begin, done, bad = time.monotonic(), 0, []
        while not self._stop.is_set():
            ahead = begin + done / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            some = [hosts[(done + i) % len(hosts)] for i in range(min(HOSTS_EACH, len(hosts)))]
            connection = http.client.HTTPConnection(*server, timeout=30)
            connection.request("GET", f"/nic/update?hostname={','.join(some)}&myip={address}",
                               headers={"Authorization": authorization})
            lines = connection.getresponse().read().decode().splitlines()
            connection.close()
            bad += [line for line in lines if line != f"nochg {address}"]
            done += len(some)
        self._results.put((done, time.monotonic() - begin, bad[:5]))


class Prober(threading.Thread):
    """Asks named for a name's address a hundred times a second."""

    def __init__(self, named, name):
        super().__init__(daemon=True)
        self._server = (named.address, named.port)
        self._wire = bytearray(_question(name))
        self._end = threading.Event()
        self.times, self.lost = [], 0

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.connect(self._server)
            number = 0
            while not self._end.wait(0.01):
                number = (number + 1) & 0xffff
                self._wire[:2] = number.to_bytes(2, "big")
                begin = time.monotonic()
                client.send(self._wire)
                try:
                    while client.recv(4096)[:2] != self._wire[:2]:
                        pass
                    self.times.append(time.monotonic() - begin)
                except TimeoutError:
                    self.lost += 1

    def take(self):
        """The times since the last take, and how many answers were lost."""
        times, self.times = self.times, []
        lost, self.lost = self.lost, 0
        return times, lost

    def stop(self):
        self._end.set()
        self.join()


def _question(name):
    message = dns.message.make_query(name, "A")
    message.flags &= ~dns.flags.RD
    return message.to_wire()


def percentile(times, percent):
    return sorted(times)[min(len(times) * percent // 100, len(times) - 1)]


def update_times(stack, count, pause=0.02):
    """How long each of so many changes of the demo's host takes."""
    times = []
    for i in range(count):
        began = time.monotonic()
        address = f"192.0.2.{i % 250 + 1}"
        assert stack.update(myip=address) == f"good {address}"
        times.append(time.monotonic() - began)
        time.sleep(pause)
    return times
