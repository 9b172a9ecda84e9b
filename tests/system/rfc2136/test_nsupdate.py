# SPDX-License-Identifier: GPL-3.0-or-later
"""nsupdate, knsupdate and dig as people type them."""

import shutil
import subprocess

import pytest

from ddns.steps import wait_until

from .client import ZONE

ADD = "update delete n1.example.org A\nupdate add n1.example.org 60 A 192.0.2.{}\nsend\n"


@pytest.mark.parametrize("words", [[], ["-v"]], ids=["udp", "tcp"])
@pytest.mark.parametrize("zone", ["", f"zone {ZONE}\n"], ids=["no-zone", "zone"])
def test_delete_and_add(update, words, zone):
    """The address is replaced in one step of the serial, and named gives it at once."""
    for last in (10, 11):
        before = update.serial()
        update.nsupdate(update.server() + zone + ADD.format(last), *words)
        assert update.serial() == before + 1
        assert update.stored("n1") == {("A", 60, f"192.0.2.{last}")}
        update.stack.wait_answer("n1.example.org", "A", {f"192.0.2.{last}"})


def test_key_on_the_command_line(update):
    update.nsupdate(update.server() + ADD.format(12), "-y", f"hmac-sha256:k1:{update.secrets['k1']}", key=None)
    assert update.stored("n1") == {("A", 60, "192.0.2.12")}


def test_md5_key_without_algorithm(update):
    """As OpenWrt writes it: key NAME SECRET means hmac-md5 to nsupdate."""
    script = (update.server() + f"key kmd5 {update.secrets['kmd5']}\nupdate del n1.example.org A\n"
              "update add n1.example.org 600 A 192.0.2.13\nshow\nsend\nanswer\nquit\n")
    assert "status: NOERROR" in update.nsupdate(script, "-d", key=None)
    assert update.stored("n1") == {("A", 600, "192.0.2.13")}


def test_many_records_in_one_message(update):
    """13 KB of TXT: nsupdate goes over to TCP by itself."""
    lines = "".join(f"update add big{i}.example.org 60 TXT \"{'x' * 200}\"\n" for i in range(60))
    before = update.serial()
    update.nsupdate(update.server() + lines + "send\n")
    assert update.serial() == before + 1
    assert update.stored("big59") == {("TXT", 60, '"' + "x" * 200 + '"')}


@pytest.mark.parametrize("line, rcode", [
    ("prereq nxdomain ns1.example.org\n", "YXDOMAIN"),
    ("prereq yxdomain nothing.example.org\n", "NXDOMAIN"),
    ("prereq yxrrset n1.example.org A 9.9.9.9\n", "NXRRSET"),
    ("prereq yxrrset ns1.example.org TXT\n", "NXRRSET"),
    ("prereq nxrrset ns1.example.org A\n", "YXRRSET"),
])
def test_prerequisites(update, line, rcode):
    before = update.serial()
    said = update.nsupdate(update.server() + f"zone {ZONE}\n" + line + ADD.format(99), expect=2)
    assert f"update failed: {rcode}" in said
    assert update.serial() == before


def test_refusals(update):
    script = update.server() + f"zone {ZONE}\n" + ADD.format(98)
    wrong = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    assert "NOTAUTH(BADSIG)" in update.nsupdate(script, "-y", f"hmac-sha256:k1:{wrong}", key=None, expect=2)
    assert "NOTAUTH(BADKEY)" in update.nsupdate(script, "-y", f"hmac-sha256:k9:{wrong}", key=None, expect=2)
    assert "NOTAUTH(BADKEY)" in update.nsupdate(script, "-y", f"hmac-sha512:k1:{update.secrets['k1']}", key=None,
                                                expect=2)
    assert "REFUSED" in update.nsupdate(script, key=None, expect=2)
    assert "NOTZONE" in update.nsupdate(update.server() + f"zone {ZONE}\nupdate add x.example.net 60 A 192.0.2.1\nsend\n",
                                        expect=2)
    assert "NOTAUTH" in update.nsupdate(update.server() + "zone example.net\nupdate add x.example.net 60 A 192.0.2.1\n"
                                        "send\n", expect=2)
    foreign = f"zone {update.stack.zone}\nupdate add other.{update.stack.zone} 60 A 192.0.2.1\nsend\n"
    assert "REFUSED" in update.nsupdate(update.server() + foreign, expect=2)


def test_names_of_a_domain_are_its_address(update):
    """Online by an update, offline when the last address is removed; the TTL is the domain's."""
    host, zone = update.stack.host, update.stack.zone
    state = f"SELECT online, array(SELECT host(a) FROM unnest(address) a), ttl FROM ddns.domains WHERE name = '{host}'"
    update.nsupdate(update.server() + f"zone {zone}\nupdate delete {host} A\nupdate add {host} 1 A 192.0.2.77\nsend\n")
    assert update.stack.sql(state) == [(True, ["192.0.2.77"], 60)]
    update.stack.wait_answer(host, "A", {"192.0.2.77"})
    update.nsupdate(update.server() + f"zone {zone}\nupdate delete {host} A\nsend\n")
    assert update.stack.sql(state) == [(False, [], 60)]
    update.nsupdate(update.server() + f"zone {zone}\nprereq nxrrset {host} A\nupdate add {host} 1 A 192.0.2.78\n"
                    f"update add _acme-challenge.{host} 60 TXT token\nsend\n")
    assert update.stack.sql(state) == [(True, ["192.0.2.78"], 60)]
    update.stack.wait_answer(f"_acme-challenge.{host}", "TXT", {'"token"'})


def test_key_that_is_revoked_or_limited(update):
    host, zone = update.stack.host, update.stack.zone
    update.key("acme", "--type", "TXT", "--name", "_acme-challenge.*")
    update.nsupdate(update.server() + f"zone {zone}\nupdate add _acme-challenge.{host} 60 TXT a\nsend\n", key="acme")
    for line in (f"update add {host} 60 TXT a", f"update add _acme-challenge.{host} 60 A 192.0.2.1",
                 f"update delete {host}"):
        script = update.server() + f"check-names off\nzone {zone}\n{line}\nsend\n"
        assert "REFUSED" in update.nsupdate(script, key="acme", expect=2)
    update.stack.ctl("key", "delete", "acme")
    script = update.server() + f"zone {zone}\nupdate add _acme-challenge.{host} 60 TXT b\nsend\n"
    wait_until(lambda: "BADKEY" in update.nsupdate(script, key="acme", expect=2), what="the key is gone")


def test_knsupdate(update):
    if shutil.which("knsupdate") is None:
        pytest.fail("knsupdate is not installed: install the package knot-dnsutils")
    script = (f"server {update.address} {update.port}\nzone {ZONE}.\nkey hmac-sha256:k1 {update.secrets['k1']}\n"
              "del k1.example.org. A\nadd k1.example.org. 60 A 192.0.2.20\nsend\nquit\n")
    update.run(["knsupdate"], script)
    assert update.stored("k1") == {("A", 60, "192.0.2.20")}


@pytest.mark.parametrize("words", [[], ["+tcp"]], ids=["udp", "tcp"])
def test_dig_with_a_key(update, words):
    dig = ["dig", f"@{update.address}", "-p", str(update.port), "-k", update.key_file("k1"), *words]
    said = update.run([*dig, "SOA", "x.y.example.org"])
    assert "status: NXDOMAIN" in said and " aa" in said and "verif" not in said.lower()
    said = update.run([*dig, "SOA", "example.org"])
    assert "status: NOERROR" in said and "ns1.example.org. hostmaster" in said.replace("hostmaster.example.org", "hostmaster")
    said = update.run([*dig, "SOA", "example.com"])
    assert "status: REFUSED" in said


def test_transfers(update):
    """The whole zone for a key that may change all of it; nothing for others."""
    dig = ["dig", f"@{update.address}", "-p", str(update.port), "example.org", "AXFR", "+onesoa"]
    said = update.run([*dig, "-k", update.key_file("k1")])
    assert "ns1.example.org." in said and "XFR size" in said
    assert "XFR size" in update.run([*dig[:-2], "IXFR=1", "+onesoa", "-k", update.key_file("k1")])
    assert "Transfer failed" in update.run(dig)
    update.key("narrow", "--type", "TXT")
    assert "Transfer failed" in update.run([*dig, "-k", update.key_file("narrow")])


def test_read_back_at_once(update):
    """What an update wrote is in the door's answers when it is acknowledged."""
    for last in range(1, 40):
        message = update.message()
        message.replace("rb", 60, "A", f"192.0.2.{last}")
        assert update.rcode(message) == "NOERROR"
        answer = update.query("rb.example.org", "A", key="k1")
        assert [rr.address for rr in answer.answer[0]] == [f"192.0.2.{last}"]


def test_a_repeated_message_is_answered_and_not_repeated(update):
    """The same octets again, as after a lost answer, even when others changed the name meanwhile."""
    import dns.query  # pylint: disable=import-outside-toplevel
    first = update.message()
    first.present("ns1")
    first.add("dup", 60, "A", "192.0.2.1")
    wire = first.to_wire()
    def send():
        import socket  # pylint: disable=import-outside-toplevel
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(30)
            client.sendto(wire, (update.address, update.port))
            return client.recv(65535)
    assert send()[3] & 15 == 0
    second = update.message()
    second.delete("dup")
    assert update.rcode(second) == "NOERROR"
    before = update.serial()
    assert send()[3] & 15 == 0
    assert update.serial() == before and update.stored("dup") == set()


def test_versions_of_the_tools():
    """Says in the log what was tested with."""
    print(subprocess.run(["nsupdate", "-V"], capture_output=True, text=True, check=False).stdout)
