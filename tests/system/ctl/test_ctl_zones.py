# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl zone import and export, with named and its tools as the judges."""

import contextlib
import os
import pty
import subprocess
import threading
import time

import pytest

from ctl.zonefile import check, compiled, transferred, write
from ddns.named import Named
from ddns.ports import Claims
from ddns.steps import wait_until
from differential.zone import generate
from named.stage import STATIC
from named.support import cursor_of, wait_caught_up

HEAD = "$TTL 300\n@ SOA ns1 hostmaster 7 3600 600 86400 60\n NS ns1\nns1 A 192.0.2.53\n"


@pytest.fixture(scope="module")
def cursor(served_stack):
    with cursor_of(served_stack.cluster) as made:
        yield made


def state(cursor, origin):
    """Version and serial of a zone."""
    cursor.execute("SELECT s.version, s.serial FROM ddns.zone_state s JOIN ddns.zones z ON z.id = s.zone_id "
                   "WHERE z.origin = %s", (origin,))
    return cursor.fetchone()


def records(ctl, origin):
    """What an export has, as (owner, ttl, type, rdata)."""
    return {(r["owner"], r["ttl"], r["type"], r["rdata"]) for r in ctl.json("zone", "export", origin)}


def assert_same_by_axfr(stack, ctl, cursor, origin, path):
    """Stock named with the exported file and named with the module transfer the same zone."""
    ctl("zone", "set", origin, "transfer=127.0.0.1")
    wait_caught_up(stack.named, cursor, origin, timeout=60)
    stock = Named(stack.directory, stack.build, stack.cluster, name="stock")
    stock.options = "allow-transfer { any; };\n"
    stock.body = STATIC % {"origin": origin, "file": path}
    try:
        with Claims() as claims:
            stock.start(claims, timeout=120)
        wait_until(lambda: " SOA " in "\n".join(transferred(stock, origin)), 60, "stock named has loaded the export")
        theirs, ours = transferred(stock, origin), transferred(stack.named, origin)
    finally:
        stock.stop()
    soa = {line for line in theirs | ours if " SOA " in line}
    assert theirs - soa == ours - soa
    assert len(soa) <= 2                # `zone set` alone may have raised the serial


@pytest.mark.parametrize("arguments", [{"seed": 1, "origin": "diff.example", "names": 2000},
                                       {"seed": 2, "origin": "wild.diff-two.example", "names": 800,
                                        "apex_wildcard": True}], ids=["large", "wild apex"])
def test_the_differential_zone(served_stack, served_ctl, cursor, tmp_path, arguments):
    """In, out, and in again: named reads the same, and the last changes nothing."""
    zone = generate(**arguments)
    original = write(tmp_path / "original", zone.master_file(2026112201))
    out = served_ctl("zone", "import", zone.origin, original)
    assert out == f"zone '{zone.origin}' imported: {len(zone.records)} records, serial 2026112201\n"
    exported = write(tmp_path / "exported", served_ctl("zone", "export", zone.origin))
    assert compiled(zone.origin, exported) == compiled(zone.origin, original)
    check(zone.origin, exported)
    before = state(cursor, zone.origin)
    out = served_ctl("zone", "import", zone.origin, exported, "--replace")
    assert "0 records added, 0 deleted, 0 given another TTL, 0 domains changed" in out
    assert state(cursor, zone.origin) == before
    assert served_ctl("zone", "export", zone.origin, "--served") == served_ctl("zone", "export", zone.origin)
    assert_same_by_axfr(served_stack, served_ctl, cursor, zone.origin, exported)


def test_many_records(served_stack, served_ctl, cursor, tmp_path, is_long):
    """A million in less than 30 s on a machine that does nothing else; ten times that is an error here."""
    count = 1000000 if is_long else 20000
    path = str(tmp_path / "many")
    with open(path, "w", encoding="ascii") as file:
        file.write(HEAD)
        file.writelines(f"h{i} A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(count))
    began = time.monotonic()
    done = subprocess.run([served_ctl.program, "zone", "import", "many.example", path], check=True, timeout=900,
                          env=served_ctl.environment(), capture_output=True, text=True)
    taken = time.monotonic() - began
    print(f"{count} records imported in {taken:.1f} s")
    assert done.stdout == f"zone 'many.example' imported: {count + 2} records, serial 7\n"
    assert taken < 10 * max(30 * count / 1000000, 3)
    exported = str(tmp_path / "exported")
    began = time.monotonic()
    with open(exported, "wb") as file:
        subprocess.run([served_ctl.program, "zone", "export", "many.example"], check=True, timeout=900,
                       env=served_ctl.environment(), stdout=file)
    print(f"exported in {time.monotonic() - began:.1f} s")
    assert compiled("many.example", exported) == compiled("many.example", path)
    before = state(cursor, "many.example")
    assert before[1] == 7
    cursor.execute("SELECT bool_or(whole) FROM ddns.steps WHERE zone_id = (SELECT id FROM ddns.zones WHERE origin = "
                   "'many.example')")
    assert cursor.fetchone() == (True,)
    subprocess.run([served_ctl.program, "zone", "import", "many.example", exported, "--replace"], check=True,
                   timeout=900, env=served_ctl.environment(), capture_output=True)
    assert state(cursor, "many.example") == before
    assert_same_by_axfr(served_stack, served_ctl, cursor, "many.example", exported)


def read_to_the_end(terminal):
    """What was written at the other end of a terminal, which is closed."""
    shown = b""
    with contextlib.suppress(OSError):  # its end
        while part := os.read(terminal, 65536):
            shown += part
    return shown.decode()


def test_progress_is_shown_on_a_terminal_only(served_ctl, tmp_path):
    path = write(tmp_path / "file", HEAD + "".join(f"h{i} A 192.0.2.1\n" for i in range(6000)))
    ours, theirs = pty.openpty()
    done = subprocess.run([served_ctl.program, "zone", "import", "progress.example", path], check=True, timeout=60,
                          env=served_ctl.environment(), stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = read_to_the_end(ours)
    os.close(ours)
    assert "records read: 5000" in shown and "changing the zone" in shown and shown.endswith("\r\033[K")
    assert "6002 records" in done.stdout
    done = served_ctl.run("zone", "import", "progress.example", path, "--replace")
    assert (done.status, done.err) == (0, "")


BAD = """\
bad1 A 192.0.2.256
good A 192.0.2.1
alias CNAME good
alias A 192.0.2.2
elsewhere.test. A 192.0.2.3
bad4 300 CH TXT "chaos"
*.wild NS ns1
ns1 NOTYPE data
bad7 SRV 0 0 65536 ns1
$GENERATE 1-x h$ A 192.0.2.$
$TTL soon
bad10 MX 10
@ CNAME good
@ SOA ns1 hostmaster 8 3600 600 86400 60
"""
BAD_LINES = {5: "IPv4", 7: "CNAME cannot stand beside other data: alias", 9: "does not lie in the zone", 10: "class that is not IN",
             11: "wildcard", 12: "type", 13: "", 14: "$GENERATE", 15: "", 16: "", 17: "at the name of the zone",
             18: "a SOA record above"}


def test_all_bad_lines_are_told_and_nothing_is_changed(served_ctl, cursor, tmp_path):
    path = write(tmp_path / "bad", HEAD + BAD)
    error = served_ctl.run("zone", "import", "bad.example", path)
    assert error.status == 1 and error.out == ""
    told = {int(line.split(":")[1]): line for line in error.err.splitlines() if line.startswith(path + ":")}
    assert {line: text for line, text in BAD_LINES.items() if text not in told.get(line, "absent")} == {}
    assert sorted(told) == sorted(BAD_LINES)
    assert all(": error: " in line for line in told.values())
    assert f"{path}: {len(BAD_LINES)} errors, nothing was changed" in error.err
    cursor.execute("SELECT count(*) FROM ddns.zones WHERE origin = 'bad.example'")
    assert cursor.fetchone() == (0,)
    served_ctl("zone", "import", "bad.example", write(tmp_path / "good", HEAD))
    before = state(cursor, "bad.example"), records(served_ctl, "bad.example")
    assert served_ctl.run("zone", "import", "bad.example", path, "--replace").status == 1
    assert (state(cursor, "bad.example"), records(served_ctl, "bad.example")) == before


def test_many_bad_lines_are_counted(served_ctl, tmp_path):
    path = write(tmp_path / "bad", HEAD + "x A 1\n" * 250 + "y.test. A 192.0.2.1\n")
    done = served_ctl.run("zone", "import", "toomany.example", path)
    assert done.err.count(": error: ") == 100
    assert "and 151 more errors" in done.err and "251 errors, nothing was changed" in done.err


def test_what_a_zone_must_have(served_ctl, tmp_path):
    for text, reason in ((HEAD.replace(" NS ns1\n", ""), "there is no NS record at the name of the zone"),
                         ("$TTL 60\n@ NS ns1\nns1 A 192.0.2.1\n", "there is no SOA record at the name of the zone"),
                         ("", "there is no SOA record"), (HEAD.replace("3600", "2147483648"), "over 2147483647"),
                         (HEAD + "a 2147483648 A 192.0.2.1\n", ":5: error: "),
                         (HEAD.replace("SOA ns1", "SOA ."), "the root of all names"),
                         (HEAD.replace("$TTL 300\n@ SOA", "x A 192.0.2.1\n@ SOA"), ":1: error: the record has no TTL")):
        done = served_ctl.run("zone", "import", "must.example", write(tmp_path / "file", text))
        assert done.status == 1 and reason in done.err, done.err
    assert "cannot read /nowhere" in served_ctl.refused("zone", "import", "must.example", "/nowhere")


def test_duplicates_ttls_and_signatures_are_warned_of(served_ctl, tmp_path):
    path = write(tmp_path / "file", HEAD + "a A 192.0.2.1\na 300 A 192.0.2.1\na 60 A 192.0.2.2\n"
                 "a RRSIG A 8 3 300 20300101000000 20200101000000 1 warned.example. AAAA\n"
                 "a NSEC b.warned.example. A\nb NSEC warned.example. A\n")
    done = served_ctl.run("zone", "import", "warned.example", path)
    assert done.status == 0
    assert done.err.splitlines() == [
        f"{path}:6: warning: the record a A is there twice: the second is dropped",
        f"{path}:7: warning: the TTL of a A is not that of the first of these records: set to 300",
        f"{path}:8: warning: 1 RRSIG records are dropped: a signing secondary makes its own",
        f"{path}:9: warning: 2 NSEC records are dropped: a signing secondary makes its own"]
    assert {r for r in records(served_ctl, "warned.example") if r[0] in "ab"} == {
        ("a", 300, "A", "192.0.2.1"), ("a", 300, "A", "192.0.2.2")}


def test_replace_changes_what_differs_in_one_step(served_stack, served_ctl, cursor, tmp_path):
    served_ctl("zone", "import", "few.example", write(tmp_path / "a", HEAD + "".join(
        f"h{i} A 192.0.2.{i}\n" for i in range(200))))
    version, serial = state(cursor, "few.example")
    changed = served_ctl("zone", "export", "few.example").replace("h7\t300\tIN\tA\t192.0.2.7\n", "h7 300 A 192.0.2.77\n")
    changed = changed.replace("h8\t300\t", "h8\t60\t").replace("h9\t300\tIN\tA\t192.0.2.9\n", "") + "new.h9 60 TXT x\n"
    assert served_ctl.json("zone", "import", "few.example", "-", "--replace", text=changed) == {
        "origin": "few.example", "is_new": False, "added": 2, "deleted": 2, "ttl_changed": 1, "domains_changed": 0,
        "serial": serial + 1}
    assert state(cursor, "few.example") == (version + 1, serial + 1)
    cursor.execute("SELECT DISTINCT c.owner, s.whole FROM ddns.steps s JOIN ddns.changes c USING (xid, zone_id) "
                   "JOIN ddns.zones z ON z.id = s.zone_id WHERE z.origin = 'few.example' AND s.version = %s", (version + 1,))
    assert sorted(cursor.fetchall()) == [("h7", False), ("h8", False), ("h9", False), ("new.h9", False)]
    served_stack.wait_answer("h7.few.example", "A", ["192.0.2.77"])
    # a serial that comes after the zone's counts, one that comes before does not
    again = served_ctl("zone", "export", "few.example").replace(f" {serial + 1} ", " 4000000000 ")
    assert served_ctl.json("zone", "import", "few.example", "-", "--replace", text=again)["serial"] == serial + 1
    again = again.replace(" 4000000000 ", " 2000000000 ")
    assert served_ctl.json("zone", "import", "few.example", "-", "--replace", text=again)["serial"] == 2000000000
    assert served_ctl.json("zone", "import", "few.example", "-", "--replace", text=again.replace("3600", "3601"))[
        "serial"] == 2000000001
    assert served_ctl.json("zone", "show", "few.example")["refresh"] == 3601


def test_a_zone_that_is_there_wants_replace(served_ctl, tmp_path):
    path = write(tmp_path / "file", HEAD)
    served_ctl("account", "add", "paula")
    served_ctl("zone", "import", "paula.example", path, "--private", "paula")
    shown = served_ctl.json("zone", "show", "paula.example")
    assert (shown["kind"], shown["account"], shown["serial"]) == ("private", "paula", 7)
    assert (shown["mname"], shown["rname"], shown["ttl"], shown["negative_ttl"]) == (
        "ns1.paula.example", "hostmaster.paula.example", 300, 60)
    assert "--replace" in served_ctl.refused("zone", "import", "paula.example", path)
    served_ctl("zone", "import", "paula.example", path, "--private", "paula", "--replace")
    served_ctl("account", "add", "peter")
    assert "not a private one of that account" in served_ctl.refused(
        "zone", "import", "paula.example", path, "--private", "peter", "--replace")
    assert "there is no account 'nobody'" in served_ctl.refused("zone", "import", "n.example", path, "--private", "nobody")
    assert "there is no zone" in served_ctl.refused("zone", "export", "n.example")


def test_a_zone_that_comes_again_goes_on_with_its_serial(served_ctl, tmp_path):
    path = write(tmp_path / "file", HEAD)
    served_ctl("zone", "import", "again.example", path)
    served_ctl("zone", "delete", "again.example", "--yes")
    out = served_ctl("zone", "import", "again.example", path)
    assert int(out.split()[-1]) > 7


def test_addresses_at_a_domains_name_are_its_own(served_stack, served_ctl, cursor, tmp_path):
    served_ctl("account", "add", "dora")
    served_ctl("zone", "add", "doms.example", "--shared", "--ns", "ns1.doms.example")
    for name in ("one", "two", "three"):
        served_ctl("domain", "add", f"{name}.doms.example", "--account", "dora")
    served_ctl("domain", "online", "one.doms.example", "192.0.2.1,2001:db8::1")
    served_ctl("domain", "online", "two.doms.example", "192.0.2.2")
    served_ctl("domain", "offline", "two.doms.example")
    text = served_ctl("zone", "export", "doms.example")
    assert "one\t60\tIN\tA\t192.0.2.1\none\t60\tIN\tAAAA\t2001:db8::1\ntwo\t60\tIN\tA\t192.0.2.2\n" in text
    assert "*" not in text and "MX" not in text
    before = state(cursor, "doms.example")
    served_ctl("zone", "import", "doms.example", "-", "--replace", text=text)
    assert state(cursor, "doms.example") == before
    served = served_ctl("zone", "export", "doms.example", "--served")
    assert "*.one\t60\tIN\tA\t192.0.2.1\n" in served and "one\t60\tIN\tMX\t10 one.doms.example.\n" in served
    assert "two\t60\tIN\tA" not in served
    changed = text.replace("one\t60\tIN\tA\t192.0.2.1\none\t60\tIN\tAAAA\t2001:db8::1\n", "")
    changed = changed.replace("192.0.2.2", "192.0.2.22") + "three 30 A 192.0.2.3\nthree 30 A 192.0.2.4\n"
    out = served_ctl("zone", "import", "doms.example", "-", "--replace", text=changed)
    assert "0 records added, 0 deleted, 0 given another TTL, 3 domains changed" in out
    one, two, three = (served_ctl.json("domain", "show", f"{name}.doms.example") for name in ("one", "two", "three"))
    assert (one["address"], one["online"]) == ([], False)
    assert (two["address"], two["online"]) == (["192.0.2.22"], True)
    assert (three["address"], three["online"], three["ttl"]) == (["192.0.2.3", "192.0.2.4"], True, 30)
    served_stack.wait_answer("three.doms.example", "A", ["192.0.2.3", "192.0.2.4"])
    done = served_ctl.run("zone", "import", "doms.example", "-", "--replace", text=text + "three CNAME one\n")
    assert "a CNAME cannot stand beside other data: three" in done.err


def test_an_import_beside_updates(served_stack, served_ctl, cursor, tmp_path):
    """Others write into the zone meanwhile: both get through, and named shows what is stored."""
    base = HEAD + "".join(f"h{i} A 192.0.2.{i}\n" for i in range(100))
    served_ctl("zone", "import", "beside.example", write(tmp_path / "file", base))
    failures, is_over = [], threading.Event()

    def update():
        with cursor_of(served_stack.cluster) as other:
            for i in range(100000):
                if is_over.is_set():
                    break
                try:
                    other.execute("INSERT INTO ddns.records (zone, owner, type, rdata) VALUES ('beside.example', %s, "
                                  "'TXT', '\"x\"')", (f"beside-{i}",))
                except Exception as error:  # pylint: disable=broad-except
                    failures.append(error)
    thread = threading.Thread(target=update)
    thread.start()
    try:
        for i in range(6):
            served_ctl("zone", "import", "beside.example", "-", "--replace", text=base + f"mine A 192.0.2.{i}\n")
    finally:
        is_over.set()
        thread.join()
    assert not failures
    wait_caught_up(served_stack.named, cursor, "beside.example")
    assert served_stack.rdata("mine.beside.example") == {"192.0.2.5"}
    cursor.execute("SELECT count(*), max(version) - min(version) + 1 FROM ddns.steps WHERE zone_id = (SELECT id FROM "
                   "ddns.zones WHERE origin = 'beside.example')")
    assert len(set(cursor.fetchone())) == 1
    cursor.execute("SELECT owner FROM ddns.records WHERE zone = 'beside.example' AND type = 'TXT'")
    for (owner,) in cursor.fetchall():
        assert served_stack.rdata(f"{owner}.beside.example", "TXT") == {'"x"'}


def test_every_byte_and_directive_as_named_reads_it(served_ctl, tmp_path):
    """What libzscanner alone would refuse: odd characters, relative $ORIGIN and $INCLUDE, no $TTL."""
    capitals = range(65, 91)
    odd = "".join(f"x{chr(c)}y CNAME a{chr(c)}b.elsewhere.\n" for c in range(33, 127) if chr(c) not in '.;"()\\@' and c not in capitals)
    odd += "".join(f"z\\{c:03d} TXT \"\\{c:03d}\"\n" for c in range(256) if c not in capitals)
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "inner", "i A 192.0.2.9\n$INCLUDE \"deep\" deeper ; a comment\nj A 192.0.2.8\n")
    for folder in (tmp_path, tmp_path / "sub"):  # named looks where it runs, we where the file is
        write(folder / "deep", "@ TXT deep\nd A 192.0.2.7\n")
    path = write(tmp_path / "file", "@ 300 SOA ns1 host+master 7 3600 600 86400 60\n NS ns1\nns1 A 192.0.2.53\n"
                 "$ORIGIN sub\nw A 192.0.2.1\n$ORIGIN sub2\n\tMX 10 w\nv A 192.0.2.2 ; x (\n$ORIGIN odd.example.\n"
                 "$INCLUDE sub/inner inner\nq A ( 192.0.2.3\n  )\nhttps HTTPS 1 x!y alpn=h2\nt TXT v=spf1 ~all\n" + odd)
    served_ctl("zone", "import", "odd.example", path)
    exported = write(tmp_path / "exported", served_ctl("zone", "export", "odd.example"))
    assert compiled("odd.example", exported) == compiled("odd.example", path, tmp_path)
    out = served_ctl("zone", "import", "odd.example", exported, "--replace")
    assert "0 records added, 0 deleted" in out


GENERATES = (
    "1-5 h$ A 192.0.2.$", "0-20/7 h${1} 60 TXT ${2,3,d}", "1-3 x$$-$ 60 IN TXT \"a$$ $\"",
    "1-300/23 ${0,4,x}.hex CNAME ${0,0,X}.up", "8-64/8 o${0,5,o} TXT ${-8,2}", "250-260 ${0,5,n}.rev PTR h${0,7,N}.x",
    "0-3 $.dotted MX \"10 mail-$.elsewhere.\"", "5-5 q$ TXT \"say \\\"$\\\"\"", "0-2 @ NS ns-$.elsewhere.", "1-2 w$ IN 77 A 192.0.2.9",
    "1-2 \\$-$ CNAME y", "0-15/5 $ 0 AAAA 2001:db8::${0,0,x} ; end",
)


@pytest.mark.parametrize("line", GENERATES)
def test_generate_as_named_does(served_ctl, tmp_path, line):
    path = write(tmp_path / "file", HEAD + f"before A 192.0.2.1\n$GENERATE {line}\n TXT \"of before\"\n")
    served_ctl("zone", "import", "gen.example", path, "--replace")
    exported = write(tmp_path / "exported", served_ctl("zone", "export", "gen.example"))
    # names in data are stored in small letters; the zone's serial goes on from test to test
    theirs, ours = ({x.lower() for x in compiled("gen.example", file) if " SOA\t" not in x} for file in (path, exported))
    assert theirs == ours


def test_a_zone_without_ns_of_its_own(served_ctl, cursor, tmp_path):
    """It is exported with those that it is served with, and they stay no records."""
    cursor.execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES ('bare.example', 'ns9.example.net', 'h.example')")
    text = served_ctl("zone", "export", "bare.example")
    assert "@\t60\tIN\tNS\tns9.example.net.\n" in text
    check("bare.example", write(tmp_path / "file", text))
    served_ctl("zone", "import", "bare.example", "-", "--replace", text=text)
    cursor.execute("SELECT count(*) FROM ddns.records WHERE zone = 'bare.example'")
    assert cursor.fetchone() == (0,)
