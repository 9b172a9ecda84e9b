# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain that an account holds, and the ways to it: update URL, DNS UPDATE, ddnsctl, DNS, a browser."""

import json
import subprocess

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update

from redirect.browser import Redirects


def pass_time(stack, seconds):
    """As if so much time had passed in which gateways listened and nobody was heard."""
    with stack.connect() as connection, connection.cursor() as cursor:
        for table, column in (("contacts", "at"), ("domains", "online_since"), ("timeouts", "due"), ("listening", "since")):
            cursor.execute(f"UPDATE ddns.{table} SET {column} = {column} - %s * interval '1 s'", (seconds,))


class Host:
    """A new domain of the demo's account, online without an address.  Names given to methods are below it."""

    def __init__(self, stack, name):
        self.stack = stack
        self.name = name
        self.redirects = Redirects(stack.gateway)
        self.redirector = stack.gateway.address
        stack.sql("INSERT INTO ddns.domains (zone, owner, account_id) SELECT %s, %s, id FROM ddns.accounts WHERE login = %s",
                  (stack.zone, name.removesuffix("." + stack.zone), stack.account))

    def full(self, name=""):
        return f"{name}.{self.name}" if name else self.name

    # -- ways to change it -----------------------------------------------------------------------------

    def update(self, **parameters):
        """The line that the update URL answers, by the demo's key."""
        return self.stack.update(hostname=self.name, **parameters)

    def nsupdate(self, *changes, zone=None):
        """Sends ("add", name, ttl, type, data) and ("delete", name[, type[, data]]) in one message; the rcode."""
        zone = zone or self.stack.zone
        message = dns.update.UpdateMessage(zone)
        message.use_tsig(dns.tsigkeyring.from_text({self.stack.key_name: self.stack.key_secret}),
                         algorithm=self.stack.key_algorithm)
        for verb, name, *rest in changes:
            getattr(message, verb)(self.full(name) + ".", *rest)
        gateway = self.stack.gateway
        return dns.rcode.to_text(dns.query.tcp(message, gateway.address, port=gateway.dns_port, timeout=30).rcode())

    def set(self, *settings):
        self.stack.ctl("domain", "set", self.name, *settings)

    def ctl(self, *words):
        """A ddnsctl command as JSON."""
        return json.loads(self.stack.ctl(*words, "--json"))

    def add(self, name, rtype, *rdata):
        """A record by ddnsctl."""
        return self.ctl("record", "add", self.full(name), rtype, *rdata)

    def refused(self, *words):
        """Why ddnsctl refuses it."""
        done = subprocess.run([*self.stack.ctl_words(), *words], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode != 0 and done.stderr.startswith("ddnsctl: "), done
        return done.stderr

    # -- what it is --------------------------------------------------------------------------------------

    def show(self):
        return self.ctl("domain", "show", self.name)

    def serves(self, rtype, *values, name=""):
        """Waits until named gives exactly these."""
        self.stack.wait_answer(self.full(name), rtype, set(values))

    def serial(self):
        return self.stack.sql("SELECT serial FROM ddns.served_zones WHERE origin = %s", (self.stack.zone,))[0][0]

    def browser(self, status, location=None, name="", path="/"):
        """Waits until a browser that asks for that name gets this."""
        return self.redirects.wait(self.full(name), status, location, path)
