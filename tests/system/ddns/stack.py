# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox as tests see it: the same one as ./quickstart up makes, with questions put in Python."""

import http.client
import os
import shutil
import urllib.parse

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from .ports import Claims
from .sandbox import Sandbox
from .steps import silent, wait_until


class Stack(Sandbox):
    """Servers in a temporary directory.  start() what a test needs, or all; stop() is the fixture's."""

    def __init__(self, directory, build, template=None):
        """template: a Template, whose data are taken over; without one the first start makes its own."""
        super().__init__(directory, build, say=silent)
        if template is not None and not self.cluster.exists():
            self.copy_from(template)

    # -- its life ------------------------------------------------------------------------------------

    def start(self, named=True, gateway=True):
        """Starts the cluster and, unless told otherwise, the others, and returns when they answer."""
        with Claims() as claims:
            if not self.cluster.server.is_running():
                self.cluster.start()
            if named and not self.named.server.is_running():
                self.start_named(claims)
            if gateway and not self.gateway.server.is_running():
                self.gateway.start(claims)
        return self

    def start_named(self, claims=None):
        with claims or Claims() as claims:
            self.named.start(claims)

    def start_gateway(self):
        with Claims() as claims:
            self.gateway.start(claims)

    def stop(self):
        self.down()

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def logs(self):
        """The paths of all logs."""
        folder = os.path.join(self.directory, "log")
        return sorted(os.path.join(folder, name) for name in os.listdir(folder))

    # -- the demo's names ------------------------------------------------------------------------------

    def __getattr__(self, name):
        """stack.host, stack.zone, stack.key_secret, ...: what DIR/env calls DDNS_HOST and so on."""
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.demo()["DDNS_" + name.upper()]
        except KeyError:
            raise AttributeError(name) from None

    # -- the database ----------------------------------------------------------------------------------

    def connect(self, **more):
        """A psycopg2 connection as the schema's owner, in autocommit mode unless told otherwise."""
        return self.cluster.connect(**more)

    def sql(self, statement, parameters=None):
        """Runs one statement on a connection of its own and returns its rows, or None."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def end_sessions(self, role):
        """Ends the connections of a database role, and returns when they are gone."""
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (role,))
        wait_until(lambda: not self.sql("SELECT 1 FROM pg_stat_activity WHERE usename = %s", (role,)),
                   what=f"the sessions of {role} have ended")

    # -- DNS -------------------------------------------------------------------------------------------

    def query(self, name, rtype="A", tcp=False, timeout=5, tries=3):
        """The whole answer of named, a dns.message.Message; asked again, as clients do, where none comes."""
        message = dns.message.make_query(name, rtype)
        message.flags &= ~dns.flags.RD
        ask = dns.query.tcp if tcp else dns.query.udp
        for left in reversed(range(tries)):
            try:
                return ask(message, self.named.address, port=self.named.port, timeout=timeout)
            except dns.exception.Timeout:
                if not left:
                    raise
        raise AssertionError("no try was allowed")

    def rdata(self, name, rtype="A", **more):
        """The set of values that named gives for a name and type, as text; empty for no data and no name."""
        answer = self.query(name, rtype, **more)
        wanted = dns.rdatatype.from_text(rtype)
        return {rdata.to_text() for rrset in answer.answer if rrset.rdtype == wanted for rdata in rrset}

    def rcode(self, name, rtype="A"):
        return dns.rcode.to_text(self.query(name, rtype).rcode())

    def wait_answer(self, name, rtype, values, timeout=30):
        """Returns when named gives exactly these values."""
        def same():
            got = self.rdata(name, rtype)
            assert got == set(values), f"{name} {rtype} is {sorted(got)}"
            return True
        wait_until(same, timeout, f"{name} {rtype} = {sorted(values)}", interval=0.001)

    # -- HTTP ------------------------------------------------------------------------------------------

    def get(self, path, user=None, password=None, headers=(), timeout=30):
        """GET from the gateway: (status, body, headers)."""
        connection = http.client.HTTPConnection(self.gateway.address, self.gateway.port, timeout=timeout)
        try:
            sent = dict(headers)
            if user is not None:
                sent["Authorization"] = "Basic " + _base64(f"{user}:{password}")
            connection.request("GET", path, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace").strip(), answer.headers
        finally:
            connection.close()

    def update(self, user=None, password=None, **parameters):
        """An update by the demo's key, unless told otherwise: the body of the answer, as `good 192.0.2.1`.

        hostname= is the demo's unless given; any other parameter goes as it is.
        """
        parameters.setdefault("hostname", self.host)
        path = "/nic/update?" + urllib.parse.urlencode(parameters, safe=":,")
        return self.get(path, user or self.key_name, self.key_secret if password is None else password)[1]


class Template(Stack):
    """A sandbox that was up once and is down: a schema and a demo to start from by a copy."""

    def prepare(self):
        with self.locked(300):
            if not os.path.exists(os.path.join(self.directory, "ready")):
                self.prepare_data()
                with open(os.path.join(self.directory, "ready"), "wb"):
                    pass
        return self


def _base64(text):
    import base64  # pylint: disable=import-outside-toplevel
    return base64.b64encode(text.encode()).decode("ascii")
