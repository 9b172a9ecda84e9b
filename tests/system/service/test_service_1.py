# SPDX-License-Identifier: GPL-3.0-or-later
"""People and names: accounts, zones, domains, terms and reserved names.

The number in a test's name is that of the promise; each docstring says it.
"""

import json
import time
import uuid

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import pytest

from ddns.steps import StepFailed, wait_until
from redirect.browser import Redirects
from security.doors import Answer, Key, add_account, add_host, add_key, basic, update

from .host import pass_time

DONE = {"basic": Answer(True, "200 good 192.0.2.7"), "update": Answer(True, "NOERROR")}
DOORS = {"basic": basic, "update": update}


def shown(stack, noun, name):
    return json.loads(stack.ctl(noun, "show", name, "--json"))


def ask_both(stack, key, host, address="192.0.2.7"):
    """What each door says to an update of the host."""
    return {name: door(stack, key, host, address) for name, door in DOORS.items()}


def in_zone(stack, key, zone, *changes):
    """An UPDATE message of (verb, owner, ...) by a key: the rcode."""
    message = dns.update.UpdateMessage(zone)
    message.use_tsig(dns.tsigkeyring.from_text({key.name: ("hmac-sha256", key.secret)}))
    for verb, *rest in changes:
        getattr(message, verb)(*rest)
    answer = dns.query.tcp(message, stack.gateway.address, port=stack.gateway.dns_port, timeout=30)
    return dns.rcode.to_text(answer.rcode())


def soa(stack, zone):
    answer = stack.query(zone, "SOA").answer
    return answer[0][0] if answer else None


def wait_soa(stack, zone, **fields):
    def same():
        now = soa(stack, zone)
        got = {field: str(getattr(now, field)) for field in fields} if now else None
        assert got == {field: str(value) for field, value in fields.items()}, got
        return True
    wait_until(same, 30, f"the SOA of {zone} is {fields}", interval=0.001)


# 1.1

def test_service_1_1_an_account_has_a_registration_id_of_its_own(stack):
    """Login, e-mail, password, role user or admin, state active or suspended; a random registration ID, which nobody is shown."""
    add_account(stack, "paul", "pauls-own-password")
    stack.ctl("account", "set", "paul", "email=paul@mail.example")
    account = shown(stack, "account", "paul")
    assert (account["email"], account["role"], account["state"], account["has_password"]) == \
        ("paul@mail.example", "user", "active", True)
    stack.ctl("account", "add", "petra", "--no-password", "--role", "admin", "--state", "suspended")
    account = shown(stack, "account", "petra")
    assert (account["role"], account["state"], account["has_password"]) == ("admin", "suspended", False)
    ids = [row[0] for row in stack.sql("SELECT registration_id::text FROM ddns.accounts")]
    assert len(set(ids)) == len(ids) >= 3 and {uuid.UUID(one).version for one in ids} == {4}
    said = stack.ctl("account", "show", "paul") + stack.ctl("account", "list", "--json")
    assert not [one for one in ids if one in said]
    for wrong in ("role=root", "state=gone"):
        with pytest.raises(StepFailed, match=wrong.split("=")[1]):
            stack.ctl("account", "set", "paul", wrong)


def test_service_1_1_one_key_acts_on_many_domains(stack):
    """One account holds any number of domains; one key may act on many of them, by both doors."""
    add_account(stack, "maria", "marias-own-password")
    hosts = [add_host(stack, f"maria{i}", "maria") for i in range(6)]
    key = add_key(stack, "maria-all", "maria")
    query = f"/nic/update?hostname={','.join(hosts)}&myip=192.0.2.7"
    assert stack.get(query, key.name, key.secret)[1].splitlines() == ["good 192.0.2.7"] * 6
    assert in_zone(stack, key, stack.zone, *[("replace", host + ".", 60, "A", "192.0.2.8") for host in hosts]) == "NOERROR"
    for host in hosts:
        stack.wait_answer(host, "A", {"192.0.2.8"})
    two = add_key(stack, "maria-two", "maria", "--domain", hosts[0], "--domain", hosts[1])
    query = f"/nic/update?hostname={','.join(hosts[:3])}&myip=192.0.2.9"
    assert stack.get(query, two.name, two.secret)[1].splitlines() == ["good 192.0.2.9", "good 192.0.2.9", "nohost"]
    assert in_zone(stack, two, stack.zone, ("replace", hosts[2] + ".", 60, "A", "192.0.2.9")) == "REFUSED"
    stack.wait_answer(hosts[2], "A", {"192.0.2.8"})


def test_service_1_1_suspended_and_back_as_it_was(stack):
    """A suspended account's names leave DNS and its keys stop working at once; lifting it brings them back as they were."""
    add_account(stack, "sue", "sues-own-password")
    stack.ctl("zone", "add", "sue.example", "--private", "sue", "--ns", "ns1.example.org")
    hosts = [add_host(stack, "sue", "sue"), "sue.example", add_host(stack, "sue-off", "sue")]
    stack.ctl("domain", "add", "sue.example", "--account", "sue")
    stack.ctl("domain", "set", hosts[0], "www=url:https://example.net/sue")
    key = add_key(stack, "sue-key", "sue")
    for host in hosts:
        assert basic(stack, key, host, "192.0.2.7") == DONE["basic"]
    assert in_zone(stack, key, stack.zone, ("add", f"t.{hosts[0]}.", 60, "TXT", '"x"')) == "NOERROR"
    stack.ctl("domain", "offline", hosts[2])
    redirects = Redirects(stack.gateway)
    redirects.wait("www." + hosts[0], 302, "https://example.net/sue")
    serves = [(hosts[0], "A"), (hosts[0], "MX"), ("any." + hosts[0], "A"), (f"t.{hosts[0]}", "TXT"),
              ("www." + hosts[0], "A"), ("sue.example", "A"), (hosts[2], "A"), ("sue.example", "SOA")]
    stack.wait_answer(hosts[2], "A", {stack.gateway.address})
    before = [stack.rdata(*name) for name in serves[:-1]]
    state = [shown(stack, "domain", host) for host in hosts]
    assert all(before)

    stack.ctl("account", "set", "sue", "state=suspended")
    for name in serves:
        stack.wait_answer(*name, set())
    wait_until(lambda: stack.rcode(hosts[0]) == "NXDOMAIN" and stack.rcode("sue.example") == "REFUSED", what="all is gone")
    redirects.wait("www." + hosts[0], 404)
    wait_until(lambda: stack.get(f"/nic/update?hostname={hosts[0]}", key.name, key.secret)[0] == 401, 30, "its key stops")
    assert not any(answer.is_done for answer in ask_both(stack, key, hosts[0], "192.0.2.66").values())

    stack.ctl("account", "set", "sue", "state=active")
    for name, values in zip(serves, before):
        stack.wait_answer(*name, values)
    redirects.wait("www." + hosts[0], 302, "https://example.net/sue")
    assert [shown(stack, "domain", host) for host in hosts] == state
    wait_until(lambda: basic(stack, key, hosts[0], "192.0.2.7").text == "200 nochg 192.0.2.7", 30, "its key works")
    assert update(stack, key, hosts[0], "192.0.2.7") == DONE["update"]


def test_service_1_1_silence_of_the_suspended_does_not_count(stack):
    """As they were: a host that could not be heard meanwhile is not put offline for that."""
    add_account(stack, "tim", "tims-own-password")
    host = add_host(stack, "tim", "tim")
    key = add_key(stack, "tim-key", "tim")
    stack.ctl("domain", "set", host, "timeout=10")
    assert basic(stack, key, host, "192.0.2.7") == DONE["basic"]
    stack.ctl("account", "set", "tim", "state=suspended")
    pass_time(stack, 3600)
    wait_until(lambda: stack.sql("SELECT count(*) FROM ddns.timeouts") == [(0,)], 30, "the job has looked")
    stack.ctl("account", "set", "tim", "state=active")
    stack.wait_answer(host, "A", {"192.0.2.7"})
    assert shown(stack, "domain", host)["online"]
    stack.sql("UPDATE ddns.timeouts SET due = now()")
    wait_until(lambda: stack.sql("SELECT due > now() + interval '9 min' FROM ddns.timeouts") == [(True,)], 30, "it has looked again")
    assert stack.rdata(host) == {"192.0.2.7"}


# 1.2

def test_service_1_2_all_soa_fields_are_settable(stack):
    """All SOA fields settable, the negative TTL too: down to 1 s; at `zone add` and later."""
    stack.ctl("zone", "add", "fields.example", "--ns", "ns1.fields.example", "--mname", "ns9.fields.example", "--rname",
              "ann.lee@mail.example", "serial=4294967295", "refresh=7201", "retry=901", "expire=100001", "negative_ttl=1")
    wait_soa(stack, "fields.example", mname="ns9.fields.example.", rname=r"ann\.lee.mail.example.", serial=4294967295,
             refresh=7201, retry=901, expire=100001, minimum=1)
    stack.ctl("record", "add", "here.fields.example", "TXT", '"x"', "--ttl", "3600")
    wait_soa(stack, "fields.example", serial=1)
    stack.ctl("zone", "set", "fields.example", "ttl=3600")
    stack.wait_answer("here.fields.example", "TXT", {'"x"'})
    for name, rcode in (("gone.fields.example", "NXDOMAIN"), ("here.fields.example", "NOERROR")):
        answer = stack.query(name, "A")
        assert dns.rcode.to_text(answer.rcode()) == rcode
        assert [(rrset.rdtype, rrset.ttl) for rrset in answer.authority] == [(dns.rdatatype.SOA, 1)]
    stack.ctl("zone", "set", "fields.example", "mname=ns8.fields.example", "rname=bob@mail.example", "serial=77",
              "refresh=1", "retry=2", "expire=3", "negative_ttl=4")
    wait_soa(stack, "fields.example", mname="ns8.fields.example.", rname="bob.mail.example.", serial=77, refresh=1, retry=2,
             expire=3, minimum=4)


def test_service_1_2_ns_set_and_default_ttl(stack):
    """Its NS set, and the TTL of what says no other."""
    stack.ctl("zone", "add", "ns.example", "--shared", "--ns", "ns1.example.net", "--ns", "ns2.ns.example", "ttl=33",
              "addresses=any")
    stack.wait_answer("ns.example", "NS", {"ns1.example.net.", "ns2.ns.example."})
    stack.ctl("record", "add", "ns.example", "NS", "ns3.example.net.")
    stack.ctl("record", "delete", "ns.example", "NS", "ns2.ns.example.")
    stack.wait_answer("ns.example", "NS", {"ns1.example.net.", "ns3.example.net."})
    stack.ctl("record", "add", "t.ns.example", "TXT", '"x"')
    stack.ctl("domain", "add", "joe.ns.example", "--account", stack.account)
    assert stack.update(hostname="joe.ns.example", myip="192.0.2.7") == "good 192.0.2.7"
    stack.wait_answer("joe.ns.example", "A", {"192.0.2.7"})
    for name, rtype in (("t.ns.example", "TXT"), ("joe.ns.example", "A")):
        assert stack.query(name, rtype).answer[0].ttl == 33


def test_service_1_2_kinds(stack):
    """Shared zones give subdomains, private ones belong to one account (a reverse zone too), any other is the operator's own."""
    vera = add_key(stack, "vera-key", add_account(stack, "vera", "veras-own-password").name)
    other = add_key(stack, "otto-key", add_account(stack, "otto", "ottos-own-password").name)
    stack.ctl("zone", "add", "vera.example", "--private", "vera", "--ns", "ns1.example.org")
    stack.ctl("zone", "add", "2.0.192.in-addr.arpa", "--private", "vera", "--ns", "ns1.example.org")
    stack.ctl("zone", "add", "operator.example", "--ns", "ns1.example.org")
    assert [shown(stack, "zone", zone)["kind"] for zone in (stack.zone, "vera.example", "operator.example")] == \
        ["shared", "private", "own"]
    for zone, change in (("vera.example", ("add", "mx", 60, "MX", "5 mail.vera.example.")),
                         ("vera.example", ("add", "deep.below", 60, "A", "192.0.2.7")),
                         ("2.0.192.in-addr.arpa", ("add", "7", 60, "PTR", "deep.below.vera.example."))):
        assert in_zone(stack, other, zone, change) == "REFUSED"
        assert in_zone(stack, vera, zone, change) == "NOERROR"
    stack.wait_answer("7.2.0.192.in-addr.arpa", "PTR", {"deep.below.vera.example."})
    stack.wait_answer("deep.below.vera.example", "A", {"192.0.2.7"})
    for key in (vera, other):
        for zone in ("operator.example", stack.zone):
            for owner in ("@", "veras", "a.b"):
                assert in_zone(stack, key, zone, ("add", owner, 60, "A", "192.0.2.7")) == "REFUSED"
        assert stack.get("/nic/update?hostname=veras.operator.example&myip=192.0.2.7", key.name, key.secret)[1] == "nohost"
    with pytest.raises(StepFailed, match="kind|account|--private"):
        stack.ctl("zone", "add", "both.example", "--private", "vera", "--shared", "--ns", "ns1.example.org")


def test_service_1_2_transfer_list(stack):
    """Nobody may copy a zone until it says who: addresses and networks, and no other."""
    stack.ctl("zone", "add", "copy.example", "--ns", "ns1.example.org")
    stack.wait_answer("copy.example", "NS", {"ns1.example.org."})

    def copies(source):
        query = dns.message.make_query("copy.example", "AXFR")
        answer = dns.query.tcp(query, stack.named.address, port=stack.named.port, timeout=30, source=source)
        return answer.rcode() == dns.rcode.NOERROR

    def wait_copies(expected):
        wait_until(lambda: [copies(source) for source in ("127.0.0.1", "127.0.0.9")] == expected, 30, f"copies: {expected}")
    wait_copies([False, False])
    stack.ctl("zone", "set", "copy.example", "transfer=127.0.0.9,192.0.2.0/24")
    wait_copies([False, True])
    stack.ctl("zone", "set", "copy.example", "transfer=127.0.0.0/29")
    wait_copies([True, False])
    stack.ctl("zone", "set", "copy.example", "transfer=none")
    wait_copies([False, False])


def test_service_1_2_served_when_committed_and_gone_when_deleted(stack):
    """A zone is served the moment it is committed, and gone the moment it is deleted."""
    times = []
    for i in range(5):
        origin = f"moment{i}.example"
        with stack.connect(autocommit=False) as connection, connection.cursor() as cursor:
            for statement, rcode in (
                    ("INSERT INTO ddns.zones (origin, mname, rname) VALUES (%s, 'ns1.example.org', 'h.example.org')", "NOERROR"),
                    ("DELETE FROM ddns.zones WHERE origin = %s", "REFUSED")):
                before = stack.rcode(origin, "SOA")
                cursor.execute(statement, (origin,))
                assert stack.rcode(origin, "SOA") == before != rcode, "what is not committed is not served"
                connection.commit()
                began = time.monotonic()
                wait_until(lambda: stack.rcode(origin, "SOA") == rcode, 30, f"{origin} is {rcode}", interval=0.0005)  # pylint: disable=cell-var-from-loop
                times.append(time.monotonic() - began)
        connection.close()
    print(f"from COMMIT to the answer: {max(times) * 1000:.1f} ms at most")
    assert max(times) < 0.5


# 1.3

def refusal(stack, account, name):
    """Why an account may not take a name, as the doors ask."""
    with stack.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET ROLE ddns_gateway")
        cursor.execute("SELECT ddns.domain_refused(id, %s) FROM ddns.accounts WHERE login = %s", (name, account))
        return cursor.fetchone()[0]


def test_service_1_3_as_deep_as_the_operator_allows(stack):
    """A domain is a subdomain of a shared zone, one label deep unless the operator allows more; updates reach it at any depth."""
    stack.ctl("zone", "add", "deep.example", "--shared", "--ns", "ns1.example.org", "--addresses", "any")
    assert refusal(stack, stack.account, "one.deep.example") is None
    assert refusal(stack, stack.account, "two.one.deep.example") == \
        "it has 2 labels before deep.example, and 1 are allowed"
    stack.ctl("zone", "set", "deep.example", "depth=3")
    assert refusal(stack, stack.account, "three.two.one.deep.example") is None
    assert "3 are allowed" in refusal(stack, stack.account, "four.three.two.one.deep.example")
    stack.ctl("domain", "add", "three.two.one.deep.example", "--account", stack.account)
    assert stack.update(hostname="three.two.one.deep.example", myip="192.0.2.7") == "good 192.0.2.7"
    stack.wait_answer("three.two.one.deep.example", "A", {"192.0.2.7"})
    assert stack.rcode("two.one.deep.example") == "NOERROR" and stack.rdata("two.one.deep.example") == set()
    assert stack.update(hostname="two.one.deep.example", myip="192.0.2.7") == "nohost"


def test_service_1_3_what_lies_below_a_domain_is_its_holders(stack):
    """A name below somebody's domain is not to be had by others, however deep the operator allows."""
    stack.ctl("zone", "add", "below.example", "--shared", "--ns", "ns1.example.org", "depth=3")
    stack.ctl("account", "add", "belle", "--no-password")
    stack.ctl("domain", "add", "joe.below.example", "--account", stack.account)
    assert refusal(stack, "belle", "shop.joe.below.example") == "it lies below joe.below.example, which is somebody's"
    assert refusal(stack, "belle", "a.shop.joe.below.example") == "it lies below joe.below.example, which is somebody's"
    assert refusal(stack, stack.account, "shop.joe.below.example") is None
    assert refusal(stack, "belle", "notjoe.below.example") is None


def test_service_1_3_the_apex_of_a_private_zone(stack):
    """Or it is the apex of a private zone; there wildcard and mail are off at first, and its own SOA and NS stay."""
    stack.ctl("zone", "add", "apex.example", "--private", stack.account, "--ns", "ns1.example.org")
    stack.ctl("domain", "add", "apex.example", "--account", stack.account)
    assert stack.update(hostname="apex.example", myip="192.0.2.7") == "good 192.0.2.7"
    stack.wait_answer("apex.example", "A", {"192.0.2.7"})
    assert soa(stack, "apex.example") and stack.rdata("apex.example", "NS") == {"ns1.example.org."}
    assert stack.rdata("apex.example", "MX") == set() and stack.rcode("any.apex.example") == "NXDOMAIN"
    stack.ctl("domain", "set", "apex.example", "wildcard=on", "mail=on")
    stack.wait_answer("any.apex.example", "A", {"192.0.2.7"})
    stack.wait_answer("apex.example", "MX", {"10 apex.example."})
    stack.ctl("account", "add", "axel", "--no-password")
    assert refusal(stack, "axel", "x.apex.example") == "it lies in somebody's private zone"
    assert refusal(stack, stack.account, "x.apex.example") is None


def test_service_1_3_each_has_its_own_state_and_settings(host, stack):
    """It has its own state and settings: what is set for one leaves its neighbour alone."""
    other = add_host(stack, "neighbour-" + host.name.split(".", maxsplit=1)[0], stack.account)
    stack.update(hostname=other, myip="192.0.2.2")
    before = shown(stack, "domain", other)
    host.set("timeout=7", "ttl=5", "www=port:81", "offline=none", "wildcard=off", "mail=off", "address=192.0.2.100")
    stack.ctl("domain", "offline", host.name)
    host.serves("A")
    assert shown(stack, "domain", other) == before
    stack.wait_answer(other, "A", {"192.0.2.2"})
    stack.wait_answer("any." + other, "A", {"192.0.2.2"})


# 1.4 is in ../terms


# 1.5

RESERVED = ["www", "ftp", "mail", "ns", "ns1", "ns99", "dyn", "localhost", "wpad", "autodiscover", "mx2", "smtp", "admin",
            "postmaster", "_x", "_acme-challenge"]


@pytest.mark.parametrize("label", RESERVED)
def test_service_1_5_reserved_names(stack, label):
    """www, ftp, mail, ns*, dyn, localhost, wpad, autodiscover and their kind, and a leading _, are nobody's in shared zones."""
    name = f"{label}.{stack.zone}"
    assert refusal(stack, stack.account, name) is not None
    assert {door: answer.is_done for door, answer in
            ask_both(stack, Key(stack.key_name, stack.key_secret), name).items()} == {"basic": False, "update": False}
    assert stack.rcode(name) == "NXDOMAIN"


def test_service_1_5_not_reserved(stack):
    """Their kind is not more than that: names that merely contain such a word are free."""
    for label in ("joes-www", "ftpd", "mailer", "dynamo", "localhosts", "x--y"):
        assert refusal(stack, stack.account, f"{label}.{stack.zone}") is None, label


def test_service_1_5_the_operators_list(stack):
    """The operator's list, at once for all."""
    name = f"acme-corp.{stack.zone}"
    assert refusal(stack, stack.account, name) is None
    stack.ctl("setting", "set", "reserved_names", "_* www acme-*")
    try:
        assert refusal(stack, stack.account, name) == '"acme-corp" is reserved'
        assert refusal(stack, stack.account, f"ftp.{stack.zone}") is None
    finally:
        stack.ctl("setting", "delete", "reserved_names")
    assert refusal(stack, stack.account, name) is None
    assert "reserved" in refusal(stack, stack.account, f"ftp.{stack.zone}")


@pytest.mark.parametrize("label, is_valid", [
    ("xn--bcher-kva", True),        # bücher
    ("xn--fa-hia", True),           # faß, which IDNA 2008 keeps
    ("xn--mnchen-3ya", True),
    ("xn--", False),
    ("xn--a", False),               # a control character
    ("xn--b", False),
    ("xn--99999999", False),        # beyond the last code point
    ("xn--abc-", False),            # no character that would need it
    ("xn--l", False),               # cut off
    ("xn--bcher-2pa", False),       # a capital
    ("ab--cd", False),              # hyphens at the third and fourth place are for IDNA
    ("a--b", True),
])
def test_service_1_5_invalid_idna(stack, label, is_valid):
    """International names are had by what IDNA gives; what is none is refused in shared zones."""
    got = refusal(stack, stack.account, f"{label}.{stack.zone}")
    assert (got is None) == is_valid, got
