# SPDX-License-Identifier: GPL-3.0-or-later
"""The doors, each as a function that sets the A record of a host and tells how that was answered."""

import dataclasses
import re
import urllib.parse

import dns.exception
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

from ddns.steps import wait_until


@dataclasses.dataclass(frozen=True)
class Key:
    """A name with a secret: of a key, or of an account with its password."""

    name: str
    secret: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """Whether it says that all is done, and all that it says but for the host's own name."""

    is_done: bool
    text: str


def basic(stack, key, host, address):
    query = urllib.parse.urlencode({"hostname": host, "myip": address})
    return _lines(host, stack.get(f"/nic/update?{query}", key.name, key.secret))


def token(stack, key, host, address):
    query = urllib.parse.urlencode({"hostname": host, "myip": address, "token": key.secret})
    return _lines(host, stack.get(f"/nic/update?{query}"))


def bearer(stack, key, host, address):
    query = urllib.parse.urlencode({"hostname": host, "myip": address})
    return _lines(host, stack.get(f"/nic/update?{query}", headers={"Authorization": f"Bearer {key.secret}"}))


def bookmark(stack, key, host, address):
    query = urllib.parse.urlencode({"hostname": host, "myip": address})
    status, body, _ = stack.get(f"/u/{key.secret}/?{query}")
    state = re.search('class="state">([^<]*)<', body)[1]
    return Answer(status == 200, f"{status} {state} {re.sub('<[^>]*>', '', body).replace(host, 'HOST')}")


def update(stack, key, host, address):
    """RFC 2136: the zone is the one of ours that the host would lie in."""
    zone = next(zone for zone in (stack.zone_public, stack.zone) if f".{host}".endswith("." + zone))
    message = dns.update.UpdateMessage(zone)
    message.use_tsig(dns.tsigkeyring.from_text({key.name: ("hmac-sha256", key.secret)}))
    message.replace(host + ".", 60, "A", address)
    try:
        answer = dns.query.tcp(message, stack.gateway.address, port=stack.gateway.dns_port, timeout=30)
    except (dns.tsig.PeerError, dns.exception.DNSException) as error:
        return Answer(False, type(error).__name__)
    return Answer(answer.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(answer.rcode()))


DOORS = {"basic": basic, "token": token, "bearer": bearer, "bookmark": bookmark, "update": update}


def _lines(host, reply):
    status, body, _ = reply
    return Answer(status == 200 and body.startswith(("good", "nochg")), f"{status} {body.replace(host, 'HOST')}")


# -- accounts, hosts and keys -----------------------------------------------------------------------------


def add_account(stack, login, password):
    stack.ctl("account", "add", login, "--password-stdin", text=password + "\n")
    return Key(login, password)


def add_host(stack, owner, account, zone=None):
    name = f"{owner}.{zone or stack.zone}"
    stack.ctl("domain", "add", name, "--account", account)
    return name


def add_key(stack, name, account, *words):
    """A key that the gateway knows."""
    before = stack.gateway.metric("ddns_gateway_keys")
    clause = stack.ctl("key", "add", name, "--account", account, *words)
    wait_until(lambda: stack.gateway.metric("ddns_gateway_keys") > before, 30, f"key {name} is known")
    return Key(name, re.search(r'secret\s+"([^"]+)"', clause)[1])


def everything(cursor):
    """What no refused request may move: all that is stored but contacts, tries and uses of keys."""
    text = {}
    for table in ("settings", "accounts", "keys", "zones", "zone_state", "domains", "records"):
        cursor.execute(f"SELECT coalesce(json_agg(t ORDER BY t::text), '[]')::text FROM ddns.{table} t")
        text[table] = cursor.fetchone()[0]
    return text
