# SPDX-License-Identifier: GPL-3.0-or-later
"""A site of its own: named on 127.0.0.1 port 53 for resolver, the gateway's DNS door on 127.0.0.2 port 53."""

import os

import pytest

from ddns.ports import has_ipv6

from .namespace import Namespace
from .program import Programs
from .site import Site


@pytest.fixture(scope="module")
def namespace(tmp_path_factory):
    """The tests of a file are in a network and mount namespace."""
    if os.geteuid() != 0:
        pytest.fail("these tests make network namespaces: run them as root, or leave them out by "
                    "--ignore=tests/system/clients", pytrace=False)
    resolv_conf = tmp_path_factory.mktemp("resolver") / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\n")
    made = Namespace()
    try:
        made.enter(str(resolv_conf))
    except PermissionError as error:
        pytest.fail(f"{error}: these tests need the capability CAP_SYS_ADMIN, which this container does not give",
                    pytrace=False)
    yield made
    made.leave()


@pytest.fixture(scope="module")
def site(namespace, module_stacks):  # pylint: disable=redefined-outer-name,unused-argument
    """Zones example.org, 2.0.192.in-addr.arpa and dyn.example.org, with the gateway at gw.example.org."""
    stack = module_stacks.make("clients")
    stack.named.usual_port = 53
    if has_ipv6():
        stack.gateway.options = 'dns-listen += {"[::1]:53"}\n'
    made = Site(stack.start())
    assert (stack.named.port, made.port) == (53, 53)
    return made


@pytest.fixture
def programs(site):  # pylint: disable=redefined-outer-name
    """programs.start(...): servers that end with the test."""
    started = Programs(site.home)
    yield started
    started.end()
