# SPDX-License-Identifier: GPL-3.0-or-later
"""What ddnsctl changes is what named answers."""

from ddns.steps import wait_until


def test_from_nothing_to_an_answer_and_back(served_stack, served_ctl):
    ctl, stack = served_ctl, served_stack
    ctl("zone", "add", "new.example", "--shared", "--ns", "ns1.example.org", "--addresses", "any", "--ttl", "42")
    stack.wait_answer("new.example", "NS", {"ns1.example.org."})
    ctl("account", "add", "ada")
    ctl("domain", "add", "ada.new.example", "--account", "ada")
    ctl("record", "add", "ada.new.example", "A", "192.0.2.1")
    stack.wait_answer("ada.new.example", "A", {"192.0.2.1"})
    stack.wait_answer("any.ada.new.example", "A", {"192.0.2.1"})
    stack.wait_answer("ada.new.example", "MX", {"10 ada.new.example."})
    assert stack.query("ada.new.example", "A").answer[0].ttl == 42
    ctl("record", "add", "txt.ada.new.example", "TXT", "v=spf1 -all")
    stack.wait_answer("txt.ada.new.example", "TXT", {'"v=spf1 -all"'})

    ctl("account", "set", "ada", "state=suspended")
    stack.wait_answer("ada.new.example", "A", set())
    wait_until(lambda: stack.rcode("txt.ada.new.example", "TXT") == "NXDOMAIN", what="its records are gone, too")
    ctl("account", "set", "ada", "state=active")
    stack.wait_answer("ada.new.example", "A", {"192.0.2.1"})
    stack.wait_answer("txt.ada.new.example", "TXT", {'"v=spf1 -all"'})

    ctl("record", "delete", "ada.new.example")
    stack.wait_answer("ada.new.example", "A", set())
    ctl("zone", "delete", "new.example", "--yes")
    stack.wait_answer("new.example", "NS", set())


def test_each_change_is_one_step_of_the_serial(served_stack, served_ctl):
    ctl, stack = served_ctl, served_stack
    first = ctl.json("zone", "add", "serial.example", "--ns", "ns1.example.org")["serial"]
    ctl("record", "add", "a.serial.example", "A", "192.0.2.1")
    ctl("record", "add", "b.serial.example", "A", "192.0.2.1")
    assert ctl.json("zone", "show", "serial.example")["serial"] == first + 2
    assert ctl.json("zone", "set", "serial.example", "serial=4294967295")["serial"] == 4294967295
    ctl("record", "delete", "a.serial.example")
    # RFC 1982: after the last number comes the first, and 0 is left out
    assert ctl.json("zone", "show", "serial.example")["serial"] == 1
    stack.wait_answer("serial.example", "SOA",
                      {"ns1.example.org. hostmaster.serial.example. 1 3600 600 604800 60"})
