# SPDX-License-Identifier: GPL-3.0-or-later
"""A site of its own: named on 127.0.0.1 port 53 for resolver, the gateway's DNS door on 127.0.0.2 port 53."""

import os

import pytest

from rfc2136.client import Client

from .namespace import Namespace
from .program import Programs


@pytest.fixture(scope="module")
def namespace(tmp_path_factory):
    """The tests of a file are in a network and mount namespace."""
    if os.geteuid() != 0:
        pytest.fail("these tests make network namespaces: run them as root, or leave them out by "
                    "--ignore=tests/system/clients", pytrace=False)
    resolv_conf = tmp_path_factory.mktemp("resolver") / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\n")
    made = Namespace()
    made.enter(str(resolv_conf))
    yield made
    made.leave()


@pytest.fixture(scope="module")
def site(namespace, module_stacks):  # pylint: disable=redefined-outer-name,unused-argument
    """Zones example.org, 2.0.192.in-addr.arpa and dyn.example.org, key k1 and the demo's; gw.example.org is the gateway."""
    stack = module_stacks.make("clients")
    stack.named.usual_port = 53
    client = Client(stack.start())
    assert (stack.named.port, client.port) == (53, 53)
    stack.ctl("record", "add", "gw.example.org", "A", client.address)
    return client


@pytest.fixture
def programs(site):  # pylint: disable=redefined-outer-name
    """programs.start(...): servers that end with the test."""
    started = Programs(site.home)
    yield started
    started.end()
