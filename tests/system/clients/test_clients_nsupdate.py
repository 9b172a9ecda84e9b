# SPDX-License-Identifier: GPL-3.0-or-later
"""nsupdate, knsupdate, ddclient and dig where they find the door by themselves, and where answers get lost."""

import contextlib
import socket
import subprocess
import threading

import pytest

ADD = "update delete n1.example.org A\nupdate add n1.example.org 60 A 192.0.2.{}\nsend\n"


@pytest.mark.parametrize("words", [[], ["-v"]], ids=["udp", "tcp"])
@pytest.mark.parametrize("lines", ["", "zone example.org\n"], ids=["nothing", "zone"])
def test_finds_the_server_by_the_zone(site, words, lines):
    """Without a server line: it asks the resolver for the SOA and sends to the name server in it."""
    for last in (10, 11):
        before = site.serial()
        site.nsupdate(lines + ADD.format(last), *words)
        assert site.serial() == before + 1
        assert site.stored("n1") == {("A", 60, f"192.0.2.{last}")}
        site.stack.wait_answer("n1.example.org", "A", {f"192.0.2.{last}"})


@pytest.mark.parametrize("words", [[], ["-v"]], ids=["udp", "tcp"])
def test_finds_the_zone_by_the_name(site, words):
    """Of nested zones the inner one: dyn.example.org is not example.org's."""
    name = site.stack.host
    site.nsupdate(f"server gw.example.org\nupdate delete {name} A\nupdate add {name} 60 A 192.0.2.12\nsend\n", *words)
    site.stack.wait_answer(name, "A", {"192.0.2.12"})
    site.nsupdate(f"update add txt.{name} 60 TXT inner\nsend\n", *words)
    site.stack.wait_answer(f"txt.{name}", "TXT", {'"inner"'})


@pytest.mark.parametrize("words", [[], ["-v"]], ids=["udp", "tcp"])
@pytest.mark.usefixtures("ipv6")
def test_over_ipv6(site, words):
    for last in (1, 2):
        site.nsupdate(f"server ::1\nupdate delete six.example.org AAAA\nupdate add six.example.org 60 AAAA 2001:db8::{last}\n"
                      "send\n", *words)
        site.stack.wait_answer("six.example.org", "AAAA", {f"2001:db8::{last}"})


def test_reverse_zone(site):
    site.nsupdate("update add 7.2.0.192.in-addr.arpa 60 PTR n1.example.org.\nsend\n")
    site.stack.wait_answer("7.2.0.192.in-addr.arpa", "PTR", {"n1.example.org."})


@pytest.mark.parametrize("words", [[], ["-v"]], ids=["udp", "tcp"])
def test_knsupdate(site, words):
    script = (f"server 127.0.0.2\nzone example.org.\nkey hmac-sha256:k1 {site.secrets['k1']}\n"
              "del k1.example.org. A\nadd k1.example.org. 60 A 192.0.2.20\nsend\nquit\n")
    site.run(["knsupdate", *words], script)
    site.stack.wait_answer("k1.example.org", "A", {"192.0.2.20"})


DDCLIENT = "ddclient -daemon=0 -foreground -noquiet -verbose -force -file {} -cache ddclient.cache"


def test_ddclient(site):
    configuration = site.write("ddclient.conf", site.recipe("ddclient").replace("use=if, if=ppp0", "use=ip, ip=192.0.2.43"))
    said = site.shell(DDCLIENT.format(configuration))
    assert said.count("SUCCESS") == 1, said
    site.stack.wait_answer(site.stack.host, "A", {"192.0.2.43"})


def test_ddclient_with_two_hosts(site):
    """Both in one message, so in one step of the serial."""
    configuration = site.write("ddclient.conf", "use=ip, ip=192.0.2.44\nprotocol=nsupdate\nserver=gw.example.org\n"
                               f"password={site.key_file('k1')}\nzone=example.org\nttl=60\n"
                               "h1.example.org,h2.example.org\n")
    before = site.serial()
    said = site.shell(DDCLIENT.format(configuration))
    assert said.count("SUCCESS") == 2, said
    assert site.serial() == before + 1
    for name in ("h1", "h2"):
        site.stack.wait_answer(f"{name}.example.org", "A", {"192.0.2.44"})


@pytest.mark.parametrize("words", [[], ["+tcp"]], ids=["udp", "tcp"])
def test_dig(site, words):
    dig = ["dig", "@gw.example.org", *words]
    signed = [*dig, "-k", site.key_file("k1")]
    said = site.run([*signed, "SOA", "x.y.example.org"])
    assert "status: NXDOMAIN" in said and "TSIG PSEUDOSECTION" in said and "verify" not in said
    assert "status: REFUSED" in site.run([*dig, "SOA", "example.com"])
    said = site.shell(site.recipe("dig"))
    assert "XFR size" in said and "Transfer failed" not in said
    assert "Transfer failed" in site.run([*dig, "example.org", "AXFR"])


@contextlib.contextmanager
def forgetful_relay(address):
    """A relay on port 5353 of an address that loses the first answer of the door, and gives all others."""
    outer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    outer.bind((address, 5353))
    outer.settimeout(0.1)
    stop, requests = threading.Event(), []

    def run():
        while not stop.is_set():
            try:
                request, client = outer.recvfrom(65535)
            except TimeoutError:
                continue
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inner:
                inner.settimeout(30)
                inner.sendto(request, ("127.0.0.2", 53))
                answer = inner.recv(65535)
            requests.append(request)
            if len(requests) > 1:
                outer.sendto(answer, client)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield requests
    finally:
        stop.set()
        thread.join()
        outer.close()


def test_a_lost_answer(site):
    """Both tools send the same octets again after 3 s; they succeed, and what is done is done once."""
    add = "add {}.example.org. 60 A 192.0.2.30\nsend\nquit\n"
    scripts = {"nsupdate": f"server 127.0.0.3 5353\nzone example.org\nkey hmac-sha256:k1 {site.secrets['k1']}\n"
                           "prereq nxdomain lost1.example.org\nupdate " + add.format("lost1"),
               "knsupdate": f"server 127.0.0.4 5353\nzone example.org.\nkey hmac-sha256:k1 {site.secrets['k1']}\n"
                            "prereq nxdomain lost2.example.org.\n" + add.format("lost2")}
    before = site.serial()
    with forgetful_relay("127.0.0.3") as first, forgetful_relay("127.0.0.4") as second:
        running = {tool: subprocess.Popen([tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, text=True) for tool in scripts}
        for tool, process in running.items():
            process.stdin.write(scripts[tool])
            process.stdin.close()
        for tool, process in running.items():
            said = process.stdout.read()
            assert process.wait(20) == 0, f"{tool}: {said}"
            process.stdout.close()
    for requests in (first, second):
        assert len(requests) == 2 and requests[0] == requests[1]
    assert site.serial() == before + 2
    for name in ("lost1", "lost2"):
        assert site.stored(name) == {("A", 60, "192.0.2.30")}
