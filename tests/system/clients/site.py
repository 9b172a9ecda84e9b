# SPDX-License-Identifier: GPL-3.0-or-later
"""The site of joe's: what the recipes of gateway/dns/README name, and a shell in which they run."""

import os
import re

from ddns import process
from ddns.steps import wait_until
from rfc2136.client import REVERSE, ZONE, Client

from .recipes import recipe


class Site(Client):
    """A running stack with named and gateway on port 53, and the keys of the recipes."""

    def __init__(self, stack):
        super().__init__(stack)
        stack.ctl("record", "add", "gw.example.org", "A", self.address)
        # Updates go to the gateway, all other questions to named.
        stack.ctl("record", "delete", "ns1.example.org", "A")
        stack.ctl("record", "add", "ns1.example.org", "A", stack.named.address)
        for zone in (ZONE, REVERSE, stack.zone):
            stack.ctl("zone", "set", zone, "mname=gw.example.org")
        self.bin = os.path.join(self.home, "bin")
        os.makedirs(self.bin)
        self.write("bin/ddnsctl", f'#!/bin/sh\nexec {" ".join(stack.ctl_words())} "$@"\n')
        for number, name in enumerate(("joe-router", "joe-acme", "dhcp")):
            known = stack.gateway.metric("ddns_gateway_keys")
            self.shell(recipe("Keys", number))
            self.read_key(name)
            wait_until(lambda known=known: stack.gateway.metric("ddns_gateway_keys") > known, what=f"key {name} is known")

    def read_key(self, name):
        """Takes over a key from the file that a recipe made."""
        with open(self.key_file(name), encoding="utf-8") as file:
            self.secrets[name] = re.search(r'secret "([^"]*)"', file.read())[1]

    def write(self, name, text):
        """A file of mode 0700 in the directory where programs run; its path."""
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
        return path

    def shell(self, script, expect=0, **variables):
        """Runs a script of sh where the keys' files are; its output."""
        environment = process.clean_environment(**variables)
        words = [f"{name}={value}" for name, value in variables.items()]
        return self.run(["env", f"PATH={self.bin}:{environment['PATH']}", *words, "sh", "-euc", script], expect=expect)

    def recipe(self, heading, number=0, secret=""):
        """A recipe for this site: its addresses, paths and secrets."""
        text = recipe(heading, number)
        for usual, here in (("198.51.100.2", self.address), ("/etc/ppp", self.home), ("/etc/ddclient", self.home)):
            text = text.replace(usual, here)
        return re.sub(r"\bSECRET\b", secret, text)


def _private(path, flags):
    return os.open(path, flags, 0o700)
