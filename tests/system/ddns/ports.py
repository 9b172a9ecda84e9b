# SPDX-License-Identifier: GPL-3.0-or-later
"""Free ports for servers that stand side by side, without a race between two that choose at once.

A bound port alone is no sure sign: named opens its sockets with SO_REUSEPORT, so that a second
named of the same user would share the port in silence and get every other query.  So whoever wants
a port first claims it by binding an abstract Unix socket named after it: the kernel gives that to
one process only, per network namespace as the ports are, and takes it back when the process ends.
The claim is held until the server answers on its port.
"""

import errno
import random
import socket

from .steps import StepFailed


class Claims:
    """The ports chosen in one go.  Leave the context when the servers that use them answer."""

    def __init__(self):
        self._held = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for claim in self._held:
            claim.close()
        self._held.clear()

    def port(self, address, usual, protocols=("tcp",), avoid=()):
        """A free port at address: the first of the usual ones that is free, else any.

        avoid: ports not to be taken again (a server failed to bind them).
        """
        # Below the range from which the system takes the ports of outgoing connections.
        others = random.sample(range(20000, 32000), 200)
        for port in [*usual, *others]:
            if port not in avoid and self._claim(address, port) and is_free(address, port, protocols):
                return port
        raise StepFailed(f"no free port at {address}: 200 tried between 20000 and 32000")

    def _claim(self, address, port):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0dlz_ddns sandbox {address} {port}")
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                raise
            return False
        self._held.append(claim)
        return True


def has_ipv6():
    """True when there is a loopback address of IPv6 here: containers may have none."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def is_free(address, port, protocols):
    """True when nobody has bound the port at the address, nor at all addresses, and we may."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for protocol in protocols:
        kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
        with socket.socket(family, kind) as probe:
            # A connection that waits out its last minutes does not keep a server from the port.
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                # EACCES: a port below 1024 is not for ordinary users.
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise StepFailed(f"cannot bind {address}: {error.strerror}") from None
                return False
    return True
