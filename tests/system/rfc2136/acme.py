# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an ACME server (RFC 8555): one order with a dns-01 challenge, which it finds wanting.

It believes every signature.  When it is asked to look at the challenge it calls `look`.
"""

import http.server
import json
import secrets
import threading


class Acme:
    def __init__(self, domain, look):
        self.domain, self.look = domain, look
        self.is_looked_at = False
        acme = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

            def reply(self, status, value=None, **headers):
                body = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Replay-Nonce", secrets.token_urlsafe(16))
                self.send_header("Content-Length", str(len(body)))
                if value is not None:
                    self.send_header("Content-Type", "application/json")
                for name, text in headers.items():
                    self.send_header(name.replace("_", "-"), text)
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)

            def do_HEAD(self):
                self.reply(200)

            def do_GET(self):
                if self.path == "/dir":
                    return self.reply(200, {name: f"{acme.url}/{name}" for name in ("newNonce", "newAccount", "newOrder",
                                                                                     "revokeCert", "keyChange")})
                return self.reply(204)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                state = "invalid" if acme.is_looked_at else "pending"
                identifier = {"type": "dns", "value": acme.domain}
                challenge = {"type": "dns-01", "url": f"{acme.url}/challenge", "status": state, "token": "t" * 43}
                if acme.is_looked_at:
                    challenge["error"] = {"type": "urn:ietf:params:acme:error:dns", "detail": "a stand-in", "status": 400}
                order = {"status": state, "identifiers": [identifier], "authorizations": [f"{acme.url}/authz"],
                         "finalize": f"{acme.url}/finalize", "expires": "2099-01-01T00:00:00Z"}
                if self.path == "/newAccount":
                    return self.reply(201, {"status": "valid"}, Location=f"{acme.url}/account")
                if self.path == "/newOrder":
                    return self.reply(201, order, Location=f"{acme.url}/order")
                if self.path == "/challenge":
                    if not acme.is_looked_at:
                        acme.look()
                    acme.is_looked_at = True
                    return self.reply(200, challenge, Link=f'<{acme.url}/authz>;rel="up"')
                if self.path == "/authz":
                    return self.reply(200, {"identifier": identifier, "status": state, "challenges": [challenge],
                                            "expires": "2099-01-01T00:00:00Z"})
                return self.reply(200, order)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
