# SPDX-License-Identifier: GPL-3.0-or-later
"""Stock named with the module, on a free port of the loopback address."""

import os
import re
import secrets
import shutil

from . import process, sanitizers
from .cluster import NAMED_ROLE
from .steps import StepFailed, run, wait_until

STOCK = "/usr/sbin/named"

# What README tells an operator to write, and what a sandbox needs beside it to disturb nobody.
CONFIG = """\
options {{
	directory "{home}";
	pid-file none;
	session-keyfile "{home}/session.key";
	listen-on port {port} {{ {address}; }};
	listen-on-v6 {{ none; }};
	recursion no;
	minimal-responses yes;
	dnssec-validation no;
	notify no;
{options}}};

include "{home}/rndc.key";
controls {{
	inet 127.0.0.1 port {rndc_port} allow {{ 127.0.0.1; }} keys {{ "sandbox"; }};
}};

{body}"""

# named's own configuration: three lines.
DLZ = """\
dlz "{name}" {{
	database "dlopen {module} {conninfo}";
}};
"""

RNDC_KEY = """\
key "sandbox" {{
	algorithm hmac-sha256;
	secret "{secret}";
}};
"""

RNDC_CONF = """\
include "{home}/rndc.key";
options {{
	default-key "sandbox";
	default-server 127.0.0.1;
	default-port {port};
}};
"""


class Named:
    """One named.  Set options, body or arguments before start (or before rewrite and rndc) for another configuration."""

    address = "127.0.0.1"

    def __init__(self, directory, build, cluster, *, name="named", keep=()):
        self.home = os.path.join(directory, name)
        self.conf = os.path.join(self.home, "named.conf")
        self.log = os.path.join(directory, "log", f"{name}.log")
        self.build = build
        self._module = None
        self.cluster = cluster
        self.options = ""  # more lines for options { }
        self.body = None  # what stands after it; None: the three lines
        self.arguments = []  # more words for named's command line
        self.environment = {}  # more variables for named
        self.usual_port = 5300
        self.port = None
        self.rndc_port = None
        self._keep = keep
        self._read_ports()
        self.server = process.Server(name, os.path.join(directory, "run"), self.log, "named")

    @property
    def module(self):
        """The module's file: the build's, unless another one is set."""
        return self._module or self.build.module

    @module.setter
    def module(self, path):
        self._module = path

    # -- its life ------------------------------------------------------------------------------------

    def start(self, claims, timeout=60):
        """Chooses ports, writes the configuration, starts it and returns when it answers.

        Somebody who is no sandbox may take a port between the choice and named's bind: then named
        says so in its log, and other ports are tried.
        """
        os.makedirs(self.home, exist_ok=True)
        binary = self._copy_binary()
        taken = []
        for _ in range(5):
            self.port = claims.port(self.address, [self.port or self.usual_port, *range(5301, 5310)],
                                    ("udp", "tcp"), taken)
            self.rndc_port = claims.port("127.0.0.1", [self.rndc_port or 9530], avoid=taken)
            self.rewrite()
            begin = os.path.getsize(self.log) if os.path.exists(self.log) else 0
            # -g: in the foreground, all of its log to standard error, from the first line on
            self.server.start([binary, "-g", "-c", self.conf, *self.arguments], cwd=self.home,
                              environment=self._whole_environment())
            try:
                self.wait_ready(timeout, begin)
                return
            except _PortTaken:
                taken += [self.port, self.rndc_port]
                self.server.stop()
        raise StepFailed("named found no port to listen on", self.log)

    def stop(self):
        self.server.stop()

    def kill(self):
        self.server.kill()

    def rewrite(self):
        """Writes the configuration anew, as options and body are now."""
        key = os.path.join(self.home, "rndc.key")
        if not os.path.exists(key):
            self._write(key, RNDC_KEY.format(secret=_base64(secrets.token_bytes(32))))
        self._write(f"{self.home}/rndc.conf", RNDC_CONF.format(home=self.home, port=self.rndc_port))
        body = self.dlz() if self.body is None else self.body
        self._write(self.conf, CONFIG.format(home=self.home, address=self.address, port=self.port,
                                             rndc_port=self.rndc_port, body=body,
                                             options=_indented(self.options)))

    def dlz(self, name="ddns", more="", **conninfo):
        """A dlz statement for this named's cluster; more: words before the conninfo, as only-dlz."""
        words = self.cluster.conninfo(NAMED_ROLE, **conninfo)
        return DLZ.format(name=name, module=self.module, conninfo=f"{more} {words}".strip())

    def rndc(self, *words):
        """Runs rndc and returns what it prints."""
        return run(["/usr/sbin/rndc", "-c", f"{self.home}/rndc.conf", *words], f"rndc {' '.join(words)}", self.log,
                   keep=self._keep)

    def read_log(self, begin=0):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(begin)
            return file.read()

    # -- what it answers -------------------------------------------------------------------------------

    def wait_ready(self, timeout=60, log_begin=0):
        """Returns when its log says that it runs: its sockets are open then, and its zones loaded."""
        def ready():
            text = self.read_log(log_begin)
            if re.search(r": address in use\b", text):
                raise _PortTaken
            if not self.server.is_running():
                raise StepFailed("named did not start", self.log)
            return re.search(r" running$", text, re.MULTILINE)
        try:
            wait_until(ready, timeout, "named runs")
        except AssertionError as error:
            raise StepFailed(str(error), self.log) from None

    def dig(self, name, rtype="A", *words):
        """What `dig +short` prints, without the final line end; "" when nobody answers."""
        try:
            return run(["dig", f"@{self.address}", "-p", str(self.port), "+short", "+time=1", "+tries=1",
                        "+norecurse", *words, name, rtype], f"dig {name}", self.log, keep=self._keep).strip()
        except StepFailed:
            return ""

    def _read_ports(self):
        """Those of the configuration it ran with last, so that it keeps them where it can."""
        try:
            with open(self.conf, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return
        self.port = int(re.search(r"listen-on port (\d+)", text)[1])
        self.rndc_port = int(re.search(r"inet 127.0.0.1 port (\d+)", text)[1])

    # -- the rest ----------------------------------------------------------------------------------------

    def _whole_environment(self):
        more = sanitizers.environment(self.home) if sanitizers.is_sanitized(self.module) else {}
        return process.clean_environment(**more | self.environment)

    def _copy_binary(self):
        """A private copy: AppArmor's profile binds to the installed path and refuses our files."""
        copy = os.path.join(self.home, "named")
        if not os.path.exists(STOCK):
            raise StepFailed(f"{STOCK} is not there: install the package bind9")
        stock, old = os.stat(STOCK), os.stat(copy) if os.path.exists(copy) else None
        if old is None or (old.st_size, old.st_mtime_ns) != (stock.st_size, stock.st_mtime_ns):
            shutil.copy2(STOCK, copy + ".new")
            os.rename(copy + ".new", copy)
        return copy

    @staticmethod
    def _write(path, text):
        with open(path + ".new", "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
        os.rename(path + ".new", path)


class _PortTaken(Exception):
    pass


def _private(path, flags):
    return os.open(path, flags, 0o600)


def _base64(raw):
    import base64  # pylint: disable=import-outside-toplevel
    return base64.b64encode(raw).decode("ascii")


def _indented(lines):
    return "".join(f"\t{line}\n" for line in lines.splitlines())
