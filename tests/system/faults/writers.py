# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that update on and on by both doors, whatever they are answered, and know what must be stored."""

import collections
import contextlib
import http.client
import socket
import threading

import dns.exception
import dns.message
import dns.rcode
import dns.tsigkeyring
import dns.update

from ddns.steps import wait_until

TIMEOUT = 20  # the doors themselves give up after two seconds


def address_of(number):
    """The address that stands for the number-th update of a client; any client's differ from any other's."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def number_of(address):
    parts = [int(part) for part in address.split(".")]
    return parts[1] << 16 | parts[2] << 8 | parts[3]


class Writer(threading.Thread):
    """One client of one gateway; it sends the next address to the next of its hosts."""

    def __init__(self, stack, gateway, hosts, first=0):
        super().__init__(daemon=True)
        self.gateway = gateway
        self.hosts = hosts
        self.sent = collections.defaultdict(list)     # host: numbers, in the order in which they were sent
        self.good = collections.defaultdict(lambda: -1)     # host: the last number that was acknowledged
        self.count = 0                                # of acknowledged updates
        self.words = collections.Counter()            # other answers
        self._stack = stack
        self._next = first
        self._over = threading.Event()

    def run(self):
        turn = 0
        while not self._over.is_set():
            host = self.hosts[turn % len(self.hosts)]
            turn += 1
            number, self._next = self._next, self._next + 1
            self.sent[host].append(number)
            try:
                word = self.update(host, address_of(number))
            except OSError as error:
                word = type(error).__name__
            if word == "good":
                self.good[host] = number
                self.count += 1
            else:
                self.words[word] += 1
                self._over.wait(0.02)

    def end(self):
        self._over.set()

    def update(self, host, address):
        """`good`, or another word."""
        raise NotImplementedError


class HttpWriter(Writer):
    """As a router does."""

    def update(self, host, address):
        connection = http.client.HTTPConnection(self.gateway.address, self.gateway.port, timeout=TIMEOUT)
        try:
            connection.request("GET", f"/nic/update?hostname={host}&myip={address}", headers={
                "Authorization": _basic(self._stack.key_name, self._stack.key_secret)})
            body = connection.getresponse().read().decode().split()
        except http.client.HTTPException as error:
            return type(error).__name__
        finally:
            connection.close()
        return "good" if body == ["good", address] else body[0] if body else "empty"


class DnsWriter(Writer):
    """As nsupdate does, but without asking twice."""

    def __init__(self, stack, gateway, hosts, first=0):
        super().__init__(stack, gateway, hosts, first)
        self._algorithm = stack.key_algorithm
        self._keyring = dns.tsigkeyring.from_text({stack.key_name: (self._algorithm, stack.key_secret)})

    def update(self, host, address):
        message = dns.update.UpdateMessage(self._stack.zone)
        message.use_tsig(self._keyring, algorithm=self._algorithm)
        message.replace(host + ".", 60, "A", address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(TIMEOUT)
            client.connect((self.gateway.address, self.gateway.dns_port))
            client.send(message.to_wire())
            rcode = client.recv(4096)[3] & 15
        return "good" if rcode == dns.rcode.NOERROR else dns.rcode.to_text(rcode)


class Writers:
    """Runs them; `with Writers(...) as writers:`."""

    def __init__(self, writers):
        self.all = list(writers)

    def __enter__(self):
        for writer in self.all:
            writer.start()
        return self

    def __exit__(self, *_):
        for writer in self.all:
            writer.end()
        for writer in self.all:
            writer.join(4 * TIMEOUT)
        assert not any(writer.is_alive() for writer in self.all), "a client never got an answer"

    @property
    def count(self):
        return sum(writer.count for writer in self.all)

    def words(self):
        return sum((writer.words for writer in self.all), collections.Counter())

    def wait_each(self, more, timeout):
        """Returns when every client has had so many more updates acknowledged."""
        goals = [writer.count + more for writer in self.all]
        wait_until(lambda: all(writer.count >= goal for writer, goal in zip(self.all, goals)), timeout,
                   f"{more} more updates of each client are acknowledged")

    def wait_refused(self, more, timeout):
        """Returns when every client has been refused so often."""
        goals = [sum(writer.words.values()) + more for writer in self.all]
        wait_until(lambda: all(sum(writer.words.values()) >= goal for writer, goal in zip(self.all, goals)), timeout,
                   f"each client is refused {more} times")

    def check_own(self, connection):
        """Every host has what its one client had acknowledged last, or sent after that: {host: address}."""
        stored = addresses(connection, [host for writer in self.all for host in writer.hosts])
        for writer in self.all:
            for host in writer.hosts:
                number = number_of(stored[host]) if stored[host] else -1
                assert number == -1 or number in writer.sent[host], f"{host} has {stored[host]}, which nobody sent"
                assert number >= writer.good[host], \
                    f"{host} has {stored[host]}; {address_of(writer.good[host])} was acknowledged"
        return stored


def addresses(connection, hosts):
    """The one address that the table has for each host, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, host(address[1]) FROM ddns.domains WHERE name = ANY (%s)", (list(hosts),))
        return dict(cursor.fetchall())


def add_hosts(connection, stack, prefix, count):
    """Hosts of the demo's account in its zone: their names."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ddns.domains (zone, owner, account_id) SELECT %s, %s || n, id"
                       " FROM ddns.accounts, generate_series(0, %s) n WHERE login = %s",
                       (stack.zone, prefix, count - 1, stack.account))
    return [f"{prefix}{n}.{stack.zone}" for n in range(count)]


def own_hosts(stack, connection, gateway, each, hosts=3):
    """`each` clients of each door, with hosts of their own."""
    made = []
    for kind in (HttpWriter, DnsWriter):
        for n in range(each):
            prefix = f"{gateway.server.name}-{kind.__name__.lower()}-{n}-"
            made.append(kind(stack, gateway, add_hosts(connection, stack, prefix, hosts)))
    return made


@contextlib.contextmanager
def watched_zone(connect, zone):
    """Looks at (version, serial) of a zone again and again: the list of what was seen, complete at the end."""
    seen, is_over = [], threading.Event()

    def watch():
        connection = connect()
        with connection.cursor() as cursor:
            while not is_over.is_set():
                cursor.execute("SELECT version, serial FROM ddns.served_zones WHERE origin = %s", (zone,))
                seen.append(cursor.fetchone())
        connection.close()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


def _basic(user, password):
    import base64  # pylint: disable=import-outside-toplevel
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
