# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an ACME server (RFC 8555): dns-01 only, looked up at the resolver; what it signs is worth nothing."""

import base64
import contextlib
import datetime
import hashlib
import http.server
import json
import secrets
import threading

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ddns.steps import wait_until

CHALLENGE = "_acme-challenge."


class AcmeServer:
    """Listens at url from start to stop.  looked_up: for each challenge the name, and the TXT values seen."""

    def __init__(self, address, port, resolver):
        self.url = f"http://{address}:{port}"
        self.resolver = resolver
        self.looked_up = []
        self.objects = {}  # path: what a client that asks for it gets
        self.thumbprint = ""
        self._authority = ec.generate_private_key(ec.SECP256R1())
        self._server = http.server.ThreadingHTTPServer((address, port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def directory(self):
        return {name: f"{self.url}/{name}" for name in ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange")}

    def answer(self, path, header, payload):
        """(status, path of the object made or None, body) for a signed request."""
        if path == "/newAccount":
            self.thumbprint = _thumbprint(header["jwk"])
            return 201, "/account", {"status": "valid"}
        if path == "/newOrder":
            return self._new_order(payload)
        if path.startswith("/challenge/") and payload == {}:
            self._look(self.objects[path], self.objects[path.replace("challenge", "authz")])
        if path.startswith("/finalize/"):
            return self._finalize(self.objects[path.replace("finalize", "order")], payload)
        return 200, None, self.objects[path]

    def _new_order(self, payload):
        order = f"/order/{len(self.objects)}"
        authorizations = []
        for identifier in payload["identifiers"]:
            number = len(self.objects)
            challenge = {"type": "dns-01", "status": "pending", "token": secrets.token_urlsafe(16),
                         "url": f"{self.url}/challenge/{number}"}
            name = identifier["value"]
            self.objects[f"/challenge/{number}"] = challenge
            self.objects[f"/authz/{number}"] = {
                "status": "pending", "challenges": [challenge], "wildcard": name.startswith("*."),
                "identifier": {"type": "dns", "value": name.removeprefix("*.")}}
            authorizations.append(f"{self.url}/authz/{number}")
        self.objects[order] = {"status": "ready", "identifiers": payload["identifiers"], "authorizations": authorizations,
                               "finalize": self.url + order.replace("order", "finalize")}
        return 201, order, self.objects[order]

    def _look(self, challenge, authorization):
        """As servers do, again where the proof is not there yet: named shows a change a moment after it was acknowledged."""
        name = CHALLENGE + authorization["identifier"]["value"]
        wanted = _base64(hashlib.sha256(f"{challenge['token']}.{self.thumbprint}".encode()).digest())
        proofs = sum(one.get("identifier") == authorization["identifier"] for one in self.objects.values() if isinstance(one, dict))
        seen = set()

        def is_there():
            seen.clear()
            seen.update(self._texts(name))
            return wanted in seen and len(seen) == proofs
        with contextlib.suppress(AssertionError):
            wait_until(is_there, 30)
        self.looked_up.append((name, frozenset(seen)))
        challenge["status"] = authorization["status"] = "valid" if wanted in seen else "invalid"

    def _texts(self, name):
        try:
            answer = dns.query.udp(dns.message.make_query(name, "TXT"), self.resolver, timeout=5).answer
        except dns.exception.Timeout:
            return set()
        return {text.decode() for rrset in answer if rrset.rdtype == dns.rdatatype.TXT
                for rdata in rrset for text in rdata.strings}

    def _finalize(self, order, payload):
        request = x509.load_der_x509_csr(_bytes(payload["csr"]))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        now = datetime.datetime.utcnow()
        leaf = (x509.CertificateBuilder().subject_name(request.subject).issuer_name(_name("nobody"))
                .public_key(request.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
                .add_extension(names.value, critical=False).sign(self._authority, hashes.SHA256()))
        root = (x509.CertificateBuilder().subject_name(_name("nobody")).issuer_name(_name("nobody"))
                .public_key(self._authority.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
                .sign(self._authority, hashes.SHA256()))
        path = f"/certificate/{len(self.objects)}"
        self.objects[path] = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (leaf, root))
        order |= {"status": "valid", "certificate": self.url + path}
        return 200, None, order


def _handler(acme):
    class Handler(http.server.BaseHTTPRequestHandler):
        """One request."""

        protocol_version = "HTTP/1.1"

        def do_HEAD(self):  # pylint: disable=invalid-name
            self._reply(200, None, b"")

        def do_GET(self):  # pylint: disable=invalid-name
            self._reply(200, None, acme.directory() if self.path.startswith("/dir") else b"")

        def do_POST(self):  # pylint: disable=invalid-name
            signed = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            header = json.loads(_bytes(signed["protected"]))
            text = _bytes(signed["payload"])
            self._reply(*acme.answer(self.path, header, json.loads(text) if text else None))

        def _reply(self, status, location, body):
            kind = "application/pem-certificate-chain"
            if not isinstance(body, bytes):
                body, kind = json.dumps(body).encode(), "application/json"
            self.send_response(status)
            self.send_header("Replay-Nonce", secrets.token_urlsafe(16))
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", acme.url + location)
            if self.path.startswith("/challenge/"):
                self.send_header("Link", f'<{acme.url}{self.path.replace("challenge", "authz")}>;rel="up"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    return Handler


def _thumbprint(jwk):
    """RFC 7638."""
    members = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in members}, separators=(",", ":"), sort_keys=True)
    return _base64(hashlib.sha256(text.encode()).digest())


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _base64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
