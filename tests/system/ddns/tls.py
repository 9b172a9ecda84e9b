# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority of a test, and certificates for servers; what it signs is worth nothing elsewhere."""

import datetime
import ipaddress
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """ca_file is its certificate, for clients; issue() makes pairs for Gateway.certificate."""

    def __init__(self, directory):
        self._directory = directory
        os.makedirs(directory, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
        self._own = self._sign(self._name, self._key, 30, x509.BasicConstraints(ca=True, path_length=0), True)
        self.ca_file = self._write("ca.pem", _pem(self._own))

    def issue(self, name="server", hosts=("127.0.0.2", "localhost"), days=30, key=None):
        """Writes NAME.pem, certificate and authority, and NAME.key: their paths."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        own = self._sign(subject, key, days, x509.SubjectAlternativeName([_general_name(host) for host in hosts]), False)
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())
        return self._write(f"{name}.pem", _pem(own) + _pem(self._own)), self._write(f"{name}.key", text)

    def context(self):
        """For clients that believe this authority."""
        return ssl.create_default_context(cafile=self.ca_file)

    def _sign(self, subject, key, days, extension, is_critical):
        now = datetime.datetime.now(datetime.timezone.utc)
        begin = now - datetime.timedelta(days=max(1, 1 - days))
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number(), begin,
                                          now + datetime.timedelta(days=days))
        return builder.add_extension(extension, is_critical).sign(self._key, hashes.SHA256())

    def _write(self, name, data):
        """Puts the file in place as a whole."""
        path = os.path.join(self._directory, name)
        with open(path + ".new", "wb") as file:
            file.write(data)
        os.rename(path + ".new", path)
        return path


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _general_name(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
