# SPDX-License-Identifier: GPL-3.0-or-later
"""Stock named with a dynamic zone in a file: what RFC 2136 means in practice."""

import os
import socket
import subprocess
import time

import dns.message
import dns.query
import dns.rcode

CONFIG = """\
options {{ directory "{home}"; listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }}; recursion no;
  pid-file none; session-keyfile none; dnssec-validation no; notify no; minimal-responses yes; }};
controls {{ }};
{keys}
zone "{zone}" {{ type primary; file "zone"; allow-transfer {{ any; }}; allow-update {{ {names} }};
  check-names ignore; check-integrity no; }};
"""


class Named:
    """One named.  It runs as a private copy, since AppArmor's profile is for the installed path."""

    def __init__(self, home, zone, text, keys, address="127.0.0.1"):
        """keys: name -> (algorithm, secret)."""
        os.makedirs(home)
        self.address = address
        self.port = _free_port(address)
        binary = os.path.join(home, "named")
        with open("/usr/sbin/named", "rb") as source, open(binary, "wb") as target:
            target.write(source.read())
        os.chmod(binary, 0o755)
        with open(os.path.join(home, "zone"), "w", encoding="ascii") as file:
            file.write(text)
        clauses = "\n".join(f'key "{name}" {{ algorithm {algorithm}; secret "{secret}"; }};'
                            for name, (algorithm, secret) in keys.items())
        with open(os.path.join(home, "named.conf"), "w", encoding="ascii") as file:
            file.write(CONFIG.format(home=home, port=self.port, address=address, keys=clauses, zone=zone,
                                     names=" ".join(f'key "{name}";' for name in keys)))
        with open(os.path.join(home, "log"), "wb") as log:
            self.process = subprocess.Popen([binary, "-g", "-c", os.path.join(home, "named.conf")],
                                            stdout=log, stderr=log, cwd=home)
        question = dns.message.make_query(zone, "SOA")
        deadline = time.monotonic() + 10
        while True:
            try:
                if dns.query.udp(question, address, port=self.port, timeout=0.5).rcode() == dns.rcode.NOERROR:
                    return
            except (OSError, dns.exception.Timeout):
                pass
            assert time.monotonic() < deadline and self.process.poll() is None, f"named does not answer: {home}/log"
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def _free_port(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]
