# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway, on free ports of an address of its own."""

import http.client
import os
import pwd
import re

from . import process
from .cluster import GATEWAY_ROLE
from .steps import StepFailed, wait_until

CONFIG = """\
database = "{conninfo}"
user = "{user}"
secret-key-file = "{secret_key}"
http-listen = {{"{address}:{port}"}}
{https}redirect-listen = {{"{address}:{redirect_port}"}}
status-listen = {{"{address}:{status_port}"}}
dns-listen = {{"{address}:{dns_port}"}}
# No limits: every client of a sandbox has the same address.
http-connections-per-address = 0
login-failures-per-network = 0
login-failures-per-user = 0
dns-connections-per-address = 0
dns-key-rate = 0
dns-query-rate = 0
dns-refusal-rate = 0
{options}"""


HTTPS = """\
https-listen = {{"{address}:{port}"}}
tls-certificate = "{chain}"
tls-key = "{key}"
"""


class Gateway:
    """One gateway.  Set options before start (or before rewrite and SIGHUP) for another configuration."""

    address = "127.0.0.2"

    def __init__(self, directory, build, cluster, *, name="gateway", keep=()):
        self.home = os.path.join(directory, name)
        self.conf = os.path.join(self.home, "ddns-gateway.conf")
        self.log = os.path.join(directory, "log", f"{name}.log")
        self.secret_key = os.path.join(directory, "secret.key")
        self.build = build
        self.cluster = cluster
        self.options = ""  # more lines of configuration
        self.environment = {}  # more variables for the gateway
        self.certificate = None  # (chain, key) of ddns.tls: HTTPS, too
        self.port = None
        self.redirect_port = None
        self.https_port = None
        self.status_port = None
        self.dns_port = None
        self._keep = keep
        self._read_ports()
        self.server = process.Server(name, os.path.join(directory, "run"), self.log, "ddns-gateway")

    @property
    def url(self):
        return f"http://{self.address}:{self.port}"

    @property
    def status_url(self):
        return f"http://{self.address}:{self.status_port}"

    # -- its life ------------------------------------------------------------------------------------

    def start(self, claims, timeout=30):
        """Chooses ports, writes the configuration, starts it and returns when it is ready for updates."""
        os.makedirs(self.home, exist_ok=True)
        taken = []
        for _ in range(5):
            self.port = claims.port(self.address, [self.port or 8053, 8080, 8081], avoid=taken)
            self.status_port = claims.port(self.address, [self.status_port or 8054], avoid=[*taken, self.port])
            self.redirect_port = claims.port(self.address, [self.redirect_port or 8052],
                                             avoid=[*taken, self.port, self.status_port])
            self.dns_port = claims.port(self.address, [self.dns_port or 53, 5353], ("tcp", "udp"),
                                        avoid=[*taken, self.port, self.status_port, self.redirect_port])
            if self.certificate is not None:
                self.https_port = claims.port(self.address, [self.https_port or 8443], avoid=[*taken, self.dns_port])
            self.rewrite()
            begin = os.path.getsize(self.log) if os.path.exists(self.log) else 0
            self.server.start([self.build.gateway, "-f", "-c", self.conf], cwd=self.home,
                              environment=process.clean_environment(**self.environment))
            try:
                self.wait_ready(timeout, begin)
                return
            except _PortTaken:
                taken += [self.port, self.status_port, self.redirect_port, self.dns_port, self.https_port]
                self.server.stop()
        raise StepFailed("the gateway found no port to listen on", self.log)

    def stop(self):
        self.server.stop()

    def kill(self):
        self.server.kill()

    def rewrite(self):
        """Writes the configuration anew, as options are now."""
        https = "" if self.certificate is None else HTTPS.format(
            address=self.address, port=self.https_port, chain=self.certificate[0], key=self.certificate[1])
        with open(self.conf + ".new", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(conninfo=self.cluster.conninfo(GATEWAY_ROLE), secret_key=self.secret_key,
                                     user=pwd.getpwuid(os.geteuid()).pw_name, address=self.address, port=self.port,
                                     redirect_port=self.redirect_port, status_port=self.status_port,
                                     dns_port=self.dns_port, https=https,
                                     options=self.options))
        os.rename(self.conf + ".new", self.conf)

    def wait_ready(self, timeout=30, log_begin=0):
        def ready():
            if self.is_ready():
                return True
            if not self.server.is_running():
                if re.search("address already in use", self.read_log(log_begin), re.IGNORECASE):
                    raise _PortTaken
                raise StepFailed("the gateway did not start", self.log)
            return False
        try:
            wait_until(ready, timeout, "the gateway is ready")
        except AssertionError as error:
            raise StepFailed(str(error), self.log) from None

    def is_ready(self):
        """True when /readyz says so and this gateway runs."""
        try:
            return self.status("/readyz")[0] == 200 and self.server.is_running()
        except OSError:
            return False

    def status(self, path):
        """GET from the status listener: (HTTP status, body)."""
        connection = http.client.HTTPConnection(self.address, self.status_port, timeout=15)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from None
        finally:
            connection.close()

    def metric(self, name):
        """The value of one line of /metrics."""
        for line in self.status("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        raise KeyError(name)

    def read_log(self, begin=0):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(begin)
            return file.read()

    def _read_ports(self):
        """Those of the configuration it ran with last, so that it keeps them where it can."""
        try:
            with open(self.conf, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return
        self.port = int(re.search(r'http-listen = \{"[^"]*:(\d+)"', text)[1])
        redirects = re.search(r'redirect-listen = \{"[^"]*:(\d+)"', text)
        self.redirect_port = int(redirects[1]) if redirects else None
        self.status_port = int(re.search(r'status-listen = \{"[^"]*:(\d+)"', text)[1])
        dns = re.search(r'dns-listen = \{"[^"]*:(\d+)"', text)
        self.dns_port = int(dns[1]) if dns else None


class _PortTaken(Exception):
    pass
