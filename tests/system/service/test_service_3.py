# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: defaults, custom and host records, what may stand where, and IPv6 hosts behind a router.

The number in a test's name is that of the promise; each docstring says it.
"""

import threading

import dns.rdata
import psycopg2
import pytest

from ddns.steps import wait_until

TYPES = [
    ("A", "192.0.2.9"),
    ("AAAA", "2001:db8::9"),
    ("CNAME", "other.example.net."),
    ("MX", "20 mail.example.net."),
    ("TXT", '"v=spf1 -all"'),
    ("SRV", "0 5 443 www.example.net."),
    ("CAA", '0 issue "ca.example.net"'),
    ("NS", "ns1.example.net."),
    ("PTR", "host.example.net."),
    ("SSHFP", "4 2 " + "ab" * 32),
    ("TLSA", "3 1 1 " + "cd" * 32),
    ("HTTPS", '1 . alpn="h2"'),
    ("SVCB", '1 svc.example.net. port="8443"'),
    ("NAPTR", '100 10 "S" "SIP+D2U" "" _sip._udp.example.net.'),
    ("DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),
    ("DNAME", "tree.example.net."),
    ("LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m"),
    ("URI", '10 1 "https://example.net/"'),
    ("TYPE65280", r"\# 4 c0000201"),
]

FORBIDDEN = {"NS", "DNAME", "TYPE65280"}  # could take over more than their own names


# 3.1

def test_service_3_1_defaults(host):
    """<domain> and *.<domain> have address records and MX 10 <domain>, without anybody writing them."""
    host.update(myip="192.0.2.1,2001:db8::1")
    for name in ("", "any", "a.b"):
        host.serves("A", "192.0.2.1", name=name)
        host.serves("AAAA", "2001:db8::1", name=name)
        host.serves("MX", f"10 {host.name}.", name=name)
    host.stack.ctl("domain", "offline", host.name)
    for name in ("", "any"):
        host.serves("A", host.redirector, name=name)
        host.serves("MX", f"10 {host.name}.", name=name)


def test_service_3_1_wildcard_and_mail_are_switched_off(host):
    """Wildcard and default MX can be switched off per domain, by command and by the update URL."""
    host.update(myip="192.0.2.1")
    host.set("wildcard=off")
    host.serves("A", name="any")
    assert host.stack.rcode(host.full("any")) == "NXDOMAIN"
    host.set("wildcard=on", "mail=off")
    host.serves("A", "192.0.2.1", name="any")
    host.serves("MX")
    host.serves("MX", name="any")
    assert host.update(myip="192.0.2.1", wildcard="OFF") == "good 192.0.2.1"
    host.serves("A", name="any")
    assert host.update(myip="192.0.2.1", wildcard="OFF") == "nochg 192.0.2.1"
    assert host.update(myip="192.0.2.1", wildcard="NOCHG") == "nochg 192.0.2.1"
    assert host.update(myip="192.0.2.1", wildcard="ON") == "good 192.0.2.1"
    host.serves("A", "192.0.2.1", name="any")


def test_service_3_1_explicit_records_win(host):
    """Explicit records win over defaults: MX at the name, anything at the wildcard, and at www."""
    host.update(myip="192.0.2.1")
    host.set("www=port:8080")
    host.add("", "MX", "20", "mail.example.net.")
    host.serves("MX", "20 mail.example.net.")
    host.serves("MX", f"10 {host.name}.", name="any")
    host.add("*", "A", "192.0.2.77")
    host.serves("A", "192.0.2.77", name="any")
    host.add("www", "A", "192.0.2.88")
    host.serves("A", "192.0.2.88", name="www")


def test_service_3_1_no_redirect_of_www_where_a_cname_stands(host):
    """Explicit records win over defaults: www= is refused with a reason where a CNAME stands, until that is deleted."""
    host.update(myip="192.0.2.1")
    host.add("www", "CNAME", "site.example.net.")
    assert f"www.{host.name} is a CNAME" in host.refused("domain", "set", host.name, "www=port:8080")
    assert host.show()["www"] == "off"
    host.stack.ctl("record", "delete", host.full("www"), "CNAME")
    host.set("www=port:8080")
    host.browser(302, f"http://{host.name}:8080/", name="www")


def test_service_3_1_what_exists_is_not_covered_by_the_wildcard(host):
    """What exists below a name is not covered by its wildcard (RFC 4592)."""
    host.update(myip="192.0.2.1")
    host.add("x.there", "TXT", "something")
    host.serves("TXT", '"something"', name="x.there")
    for name in ("there", "x.there", "y.there"):
        host.serves("A", name=name)
    host.serves("A", "192.0.2.1", name="elsewhere")


def test_service_3_1_a_mail_host_by_the_update_url(host):
    """mx= puts a mail host in place of the default MX, backmx=YES the host itself before it, in one step."""
    host.update(myip="192.0.2.1")
    serial = host.serial()
    assert host.update(myip="192.0.2.2", mx="Mail.Example.net", backmx="YES", wildcard="OFF") == "good 192.0.2.2"
    assert host.serial() == serial + 1
    host.serves("MX", "10 mail.example.net.", f"5 {host.name}.")
    assert host.update(myip="192.0.2.2", mx="mail.example.net", backmx="YES", wildcard="OFF") == "nochg 192.0.2.2"
    assert host.update(myip="192.0.2.2", mx="mail.example.net", backmx="NO") == "good 192.0.2.2"
    host.serves("MX", "10 mail.example.net.")


# 3.2

@pytest.mark.parametrize("rtype, rdata", TYPES, ids=[rtype for rtype, _ in TYPES])
def test_service_3_2_types(host, rtype, rdata):
    """Custom records of these types and of unknown ones; in shared zones users get those that take over no other names."""
    host.update(myip="192.0.2.1")
    rcode = host.nsupdate(("add", "rec", 300, rtype, rdata))
    if rtype in FORBIDDEN:
        assert rcode == "REFUSED"
        host.add("rec", rtype, rdata)  # the operator may
    else:
        assert rcode == "NOERROR"
    if rtype == "DNAME":
        host.stack.wait_answer(f"below.{host.full('rec')}", "CNAME", {"below.tree.example.net."})
    elif rtype == "NS":
        wait_until(lambda: "NS ns1.example.net." in "".join(
            rrset.to_text() for rrset in host.stack.query(host.full("rec")).authority), 30, "it is a delegation")
    else:
        expected = (dns.rdata.from_text("IN", rtype, rdata).to_digestable(), 60 if rtype in FORBIDDEN else 300)
        wait_until(lambda: [(r.to_digestable(), rrset.ttl) for rrset in host.stack.query(host.full("rec"), rtype).answer
                            for r in rrset] == [expected], 30, f"{rtype} is served")
    host.stack.ctl("record", "delete", host.full("rec"))


def test_service_3_2_names_are_relative_to_the_domain(host):
    """Any number per domain, names relative to it; blank is the domain itself."""
    host.update(myip="192.0.2.1")
    for n in range(6):
        host.add("many", "TXT", f"text {n}")
    host.add("", "TXT", "own")
    host.serves("TXT", *[f'"text {n}"' for n in range(6)], name="many")
    host.serves("TXT", '"own"')


@pytest.mark.parametrize("ttl, accepted", [(0, True), (86400, True), (86401, False), (2147483647, False)])
def test_service_3_2_ttl_in_a_shared_zone(host, ttl, accepted):
    """TTL 0..86400 in shared zones; above it REFUSED over UPDATE.  0 = never cache."""
    assert host.nsupdate(("add", "rec", ttl, "TXT", "x")) == ("NOERROR" if accepted else "REFUSED")
    host.serves("TXT", *(['"x"'] if accepted else []), name="rec")
    if accepted:
        assert host.stack.query(host.full("rec"), "TXT").answer[0].ttl == ttl


def test_service_3_2_ttl_elsewhere(host):
    """0..2147483647 elsewhere, 60 by default; above it refused with a reason."""
    zone = f"private-{host.name.split('.')[0]}.example"
    host.stack.ctl("zone", "add", zone, "--private", host.stack.account, "--ns", "ns1.example.net")
    for ttl in (0, 2147483647):
        host.stack.ctl("record", "add", f"t{ttl}.{zone}", "TXT", "x", "--ttl", str(ttl))
        host.stack.wait_answer(f"t{ttl}.{zone}", "TXT", {'"x"'})
        assert host.stack.query(f"t{ttl}.{zone}", "TXT").answer[0].ttl == ttl
    host.stack.ctl("record", "add", f"default.{zone}", "TXT", "x")
    host.stack.wait_answer(f"default.{zone}", "TXT", {'"x"'})
    assert host.stack.query(f"default.{zone}", "TXT").answer[0].ttl == 60
    assert "2147483648" in host.refused("record", "add", f"long.{zone}", "TXT", "x", "--ttl", "2147483648")


def test_service_3_2_a_long_text(host):
    """A TXT record may be as long as a message can carry it."""
    text = " ".join('"' + chr(ord("a") + n % 26) * 250 + '"' for n in range(100))
    host.add("long", "TXT", text)
    wait_until(lambda: host.stack.rdata(host.full("long"), "TXT", tcp=True) == {text}, 30, "it is served")
    assert "already" in host.refused("record", "add", host.full("long"), "TXT", text)


# 3.3

@pytest.mark.parametrize("online, offline, while_online, while_offline", [
    (None, None, "192.0.2.9", "192.0.2.9"),
    ("default", "default", "192.0.2.1", "redirector"),
    ("address:192.0.2.10", "address:192.0.2.11", "192.0.2.10", "192.0.2.11"),
    ("port:8443", "page", "redirector", "redirector"),
    ("url:https://example.net/on", "url:https://example.net/off", "redirector", "redirector"),
])
def test_service_3_3_host_records(host, online, offline, while_online, while_offline):
    """Host records may have an online setting and an offline setting; lists show each record's current data."""
    def shows(value):
        host.serves("A", host.redirector if value == "redirector" else value, name="cam")
        listed = host.ctl("record", "list", host.full("cam"))[0]
        assert listed["rdata"] == "192.0.2.9"
        assert listed["current_data"] == [host.redirector if value == "redirector" else value]
    host.update(myip="192.0.2.1")
    host.add("cam", "A", "192.0.2.9", *(["--online", online] if online else []), *(["--offline", offline] if offline else []))
    shows(while_online)
    if online == "port:8443":
        host.browser(302, "http://192.0.2.9:8443/", name="cam")
    elif online and online.startswith("url"):
        host.browser(302, "https://example.net/on", name="cam")
    host.update(offline="YES")
    shows(while_offline)
    if offline in ("page", "default"):
        host.browser(503, name="cam")
    elif offline and offline.startswith("url"):
        host.browser(302, "https://example.net/off", name="cam")
    host.update(myip="192.0.2.1")
    shows(while_online)


# 3.4

def test_service_3_4_several_addresses_and_the_same_record_twice(host):
    """Several addresses per name; the same record twice is refused."""
    host.add("multi", "A", "192.0.2.1")
    host.add("multi", "A", "192.0.2.2")
    host.serves("A", "192.0.2.1", "192.0.2.2", name="multi")
    assert "already" in host.refused("record", "add", host.full("multi"), "A", "192.0.2.1")
    serial = host.serial()
    assert host.nsupdate(("add", "multi", 60, "A", "192.0.2.1")) == "NOERROR"  # RFC 2136 passes over it
    assert host.serial() == serial


def test_service_3_4_a_cname_stands_alone(host):
    """CNAME stands alone: refused where anything is, and anything where it is, until that is deleted."""
    host.add("alias", "CNAME", "there.example.net.")
    assert "CNAME" in host.refused("record", "add", host.full("alias"), "A", "192.0.2.1")
    assert "CNAME" in host.refused("record", "add", host.full("alias"), "CNAME", "elsewhere.example.net.")
    host.add("text", "TXT", "x")
    assert "CNAME" in host.refused("record", "add", host.full("text"), "CNAME", "there.example.net.")
    assert "CNAME" in host.refused("record", "add", host.name, "CNAME", "there.example.net.")
    host.stack.ctl("record", "delete", host.full("alias"), "CNAME")
    host.add("alias", "A", "192.0.2.1")
    host.serves("A", "192.0.2.1", name="alias")
    serial = host.serial()  # over UPDATE it is passed over (RFC 2136 section 3.4.2.2)
    assert host.nsupdate(("add", "text", 60, "CNAME", "there.example.net.")) == "NOERROR"
    assert host.serial() == serial


def test_service_3_4_no_cname_at_an_apex(host):
    """No CNAME at a zone's apex."""
    assert "CNAME" in host.refused("record", "add", host.stack.zone, "CNAME", "there.example.net.")


@pytest.mark.parametrize("first, second", [("CNAME", "TXT"), ("CNAME", "CNAME"), ("TXT", "CNAME")])
def test_service_3_4_two_hand_typed_transactions_at_once(host, first, second):
    """The rules hold for two who type SQL at the same time: one of them gets the refusal."""
    owner = "both." + host.name.removesuffix("." + host.stack.zone)
    failures = []
    ready = threading.Barrier(2)

    def insert(rtype, rdata):
        connection = host.stack.connect(autocommit=False)
        try:
            with connection.cursor() as cursor:
                ready.wait(10)
                cursor.execute("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES (%s, %s, %s, %s)",
                               (host.stack.zone, owner, rtype, rdata))
                if first != second:  # of two CNAMEs the second waits for the first's end
                    ready.wait(10)
            connection.commit()
        except psycopg2.Error as error:
            failures.append(error.pgcode)
        finally:
            connection.close()

    data = {"CNAME": "{}.example.net.", "TXT": '"{}"'}
    threads = [threading.Thread(target=insert, args=(rtype, data[rtype].format(n))) for n, rtype in enumerate((first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 1 and failures[0][:2] in ("23", "40"), failures
    assert len(host.ctl("record", "list", host.full("both"))) == 1


def test_service_3_4_mx_has_priority_and_host_name(host):
    """MX: priority and host name; anything else is refused with a reason."""
    host.add("mail", "MX", "5", "mail.example.net.")
    host.add("mail", "MX", "10", "backup.example.net.")
    host.serves("MX", "5 mail.example.net.", "10 backup.example.net.", name="mail")
    for wrong in (["mail.example.net."], ["5", "mail"], ["70000", "mail.example.net."], ["x", "mail.example.net."]):
        assert "MX" in host.refused("record", "add", host.full("bad"), "MX", *wrong)


def test_service_3_4_a_cname_follows_its_target(host):
    """CNAME follows its target with no further edit."""
    host.update(myip="192.0.2.1")
    host.add("alias", "CNAME", host.name + ".")
    host.stack.wait_answer(host.full("alias"), "A", {"192.0.2.1"})
    host.update(myip="192.0.2.2")
    host.stack.wait_answer(host.full("alias"), "A", {"192.0.2.2"})


# 3.5

@pytest.fixture
def router(host):
    """A host with an address of its own and two hosts behind it."""
    host.update(myip="192.0.2.1", myipv6="2001:db8:1:2::1")
    host.add("nas", "AAAA", "--interface-id", "::1234")
    host.add("cam", "AAAA", "--interface-id", "::a:b:c:d")
    host.add("fixed", "AAAA", "2001:db8:77::1")
    host.serves("AAAA", "2001:db8:1:2::1234", name="nas")
    return host


@pytest.mark.parametrize("parameters, own, nas, cam", [
    ({"ipv6prefix": "2001:db8:5:6::/64"}, "2001:db8:5:6::1", "2001:db8:5:6::1234", "2001:db8:5:6:a:b:c:d"),
    ({"ip6lanprefix": "2001:db8:5:6::"}, "2001:db8:5:6::1", "2001:db8:5:6::1234", "2001:db8:5:6:a:b:c:d"),
    ({"ipv6prefix": "2001:db8:5:ff00::/56"}, "2001:db8:5:ff02::1", "2001:db8:5:ff02::1234", "2001:db8:5:ff02:a:b:c:d"),
    ({"ipv6prefix": "2001:db8:5::/48"}, "2001:db8:5:2::1", "2001:db8:5:2::1234", "2001:db8:5:2:a:b:c:d"),
    ({"myip": "192.0.2.1,2001:db8:5:6::/64"}, "2001:db8:5:6::1", "2001:db8:5:6::1234", "2001:db8:5:6:a:b:c:d"),
    ({"myipv6": "2001:db8:5:6::"}, "2001:db8:5:6::1", "2001:db8:5:6::1234", "2001:db8:5:6:a:b:c:d"),
    ({"myipv6": "2001:db8:5:6::9/64"}, "2001:db8:5:6::9", "2001:db8:5:6::1234", "2001:db8:5:6:a:b:c:d"),
    ({"myipv6": "2001:db8:9::9", "ipv6prefix": "2001:db8:5:6::/64"}, "2001:db8:9::9", "2001:db8:5:6::1234",
     "2001:db8:5:6:a:b:c:d"),
])
def test_service_3_5_a_prefix_moves_all_hosts_in_one_step(router, parameters, own, nas, cam):
    """An update that carries a prefix re-addresses all records with an interface id, in one transaction and one step."""
    serial = router.serial()
    assert router.update(**parameters).startswith("good")
    assert router.serial() == serial + 1
    router.serves("AAAA", own)
    router.serves("AAAA", nas, name="nas")
    router.serves("AAAA", cam, name="cam")
    router.serves("AAAA", "2001:db8:77::1", name="fixed")
    router.serves("A", "192.0.2.1")
    assert router.update(**parameters).startswith("nochg")
    assert router.serial() == serial + 1


def test_service_3_5_an_address_without_a_length_moves_nobody(router):
    """An address without /len is the host's own and carries no prefix."""
    assert router.update(myipv6="2001:db8:5:6::1") == "good 2001:db8:5:6::1"
    router.serves("AAAA", "2001:db8:5:6::1")
    router.serves("AAAA", "2001:db8:1:2::1234", name="nas")


def test_service_3_5_a_prefix_alone_waits_for_hosts(host):
    """A prefix where nothing can be combined with it changes no address; a host that is added later has it."""
    host.update(myip="192.0.2.1")
    assert host.update(myip="192.0.2.1,2001:db8:5:6::/64") == "good 192.0.2.1"
    host.serves("AAAA")
    assert host.update(myip="192.0.2.1,2001:db8:5:6::/64") == "nochg 192.0.2.1"
    assert host.add("nas", "AAAA", "--interface-id", "::7")["rdata"] == "2001:db8:5:6::7"
    host.serves("AAAA", "2001:db8:5:6::7", name="nas")


@pytest.mark.parametrize("prefix", [
    "2001:db8:5::/65", "2001:db8:5::/128", "192.0.2.0/24", "::/0", "ff00::/8", "fish", "2001:db8::/129"])
def test_service_3_5_prefixes_that_are_refused(router, prefix):
    """A prefix that leaves no room for interface ids, or is none, is refused and changes nothing."""
    before = router.show()
    assert router.update(ipv6prefix=prefix) == "dnserr"
    assert {**router.show(), "last_contact": None} == {**before, "last_contact": None}
    assert "more than 64 bits" in router.refused("record", "add", router.full("x"), "AAAA", "--interface-id", "2001:db8::1")
