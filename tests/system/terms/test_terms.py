# SPDX-License-Identifier: GPL-3.0-or-later
"""Terms: names of a shared zone that are given for a time, through real named, HTTP and nsupdate.

Times are moved in the database; the gateway's job does the rest.
"""

import http.client
import json
import subprocess

import pytest

from ddns.gateway import Gateway
from ddns.ports import Claims
from ddns.steps import StepFailed, wait_until


@pytest.fixture(scope="module")
def terms(module_stacks):
    """A stack whose demo zone gives names for a time, and whose redirector is there."""
    stack = module_stacks.make("terms").start()
    stack.ctl("account", "set", stack.account, "email=joe@mail.example")
    stack.ctl("account", "add", "ann", "--no-password", "--email", "ann@mail.example")
    stack.ctl("zone", "set", stack.zone, "terms=on")
    return stack


def new_domain(stack, label, account=None):
    """A domain on trial, online and served, with a record, a redirect and a key that is for it alone."""
    name = f"{label}.{stack.zone}"
    stack.ctl("domain", "add", name, "--account", account or stack.account, "www=port:8081")
    stack.ctl("domain", "online", name, "192.0.2.50")
    stack.ctl("record", "add", f"t.{name}", "TXT", '"x"')
    secret = stack.ctl("key", "add", f"{label}-key", "--account", account or stack.account, "--domain", name) \
        .split('secret "')[1].split('"')[0]
    stack.wait_answer(name, "A", {"192.0.2.50"})
    return name, secret


def show(stack, name):
    return json.loads(stack.ctl("domain", "show", name, "--json"))


def days_left(stack, name):
    return stack.sql("SELECT round(extract(epoch FROM term_ends - now()) / 86400)::int FROM ddns.domains WHERE name = %s",
                     (name,))[0][0]


def end_term(stack, name):
    stack.sql("UPDATE ddns.domains SET term_ends = now() WHERE name = %s", (name,))


def is_there(stack, name):
    return stack.sql("SELECT count(*) FROM ddns.domains WHERE name = %s", (name,))[0][0] == 1


def hold(stack, name):
    end_term(stack, name)
    wait_until(lambda: show(stack, name)["term"] == "held", 30, f"{name} is held")


def redirected(stack, name):
    """The status by which the redirect listener answers for a name."""
    connection = http.client.HTTPConnection(stack.gateway.address, stack.gateway.redirect_port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": name})
        return connection.getresponse().status
    finally:
        connection.close()


def nsupdate(stack, key, secret, name, expect):
    script = (f"server {stack.gateway.address} {stack.gateway.dns_port}\nzone {stack.zone}\nupdate delete {name} A\n"
              f"update add {name} 60 A 192.0.2.51\nsend\n")
    done = subprocess.run(["nsupdate", "-y", f"hmac-sha256:{key}:{secret}"], input=script, text=True, check=False,
                          capture_output=True, timeout=30)
    assert (done.returncode == 0) == expect, done.stderr


def test_service_1_4_a_name_without_terms(stack):
    """By default names have no term and never expire; there is nothing to register."""
    assert show(stack, stack.host)["term"] == "none"
    assert json.loads(stack.ctl("zone", "show", stack.zone, "--json"))["terms"] is False
    with pytest.raises(StepFailed, match="has no term: those of zone .* are given without end"):
        stack.ctl("domain", "register", stack.host)


def test_service_1_4_the_whole_way(terms):
    """Trial 30 days, held 30 days for the same account, registered 1 year, held 60 days, released.

    A held domain is not served and its keys cannot update it; registering brings it back as it was; a released one
    loses records, redirects and keys at once and rests in quarantine, during which only its former account may take it.
    """
    name, secret = new_domain(terms, "way")
    assert show(terms, name)["term"] == "trial" and days_left(terms, name) == 30
    wait_until(lambda: redirected(terms, f"www.{name}") == 302, 30, "its redirect is there")

    hold(terms, name)
    assert days_left(terms, name) == 30
    terms.wait_answer(name, "A", set())
    terms.wait_answer(f"t.{name}", "TXT", set())
    wait_until(lambda: redirected(terms, f"www.{name}") == 404, 30, "browsers are told that there is nothing")
    assert terms.get(f"/nic/update?hostname={name}&myip=192.0.2.52", "way-key", secret)[1] == "nohost"
    nsupdate(terms, "way-key", secret, name, False)
    wait_until(lambda: any(row["reason"] == "it is held, and not served"
                           for row in json.loads(terms.ctl("history", name, "--json"))), 30, "its holder is told why")

    said = terms.ctl("domain", "register", name)
    assert said.startswith(f"domain '{name}' is registered until 20")
    terms.wait_answer(name, "A", {"192.0.2.50"})
    terms.wait_answer(f"t.{name}", "TXT", {'"x"'})
    assert show(terms, name)["term"] == "registered" and days_left(terms, name) == 365
    nsupdate(terms, "way-key", secret, name, True)
    terms.wait_answer(name, "A", {"192.0.2.51"})

    hold(terms, name)
    assert days_left(terms, name) == 60
    terms.wait_answer(name, "A", set())
    end_term(terms, name)
    wait_until(lambda: not is_there(terms, name), 30, "it is released")
    assert terms.sql("SELECT count(*) FROM ddns.records WHERE owner = 't.way'") == [(0,)]
    assert terms.sql("SELECT count(*) FROM ddns.served_redirects WHERE name LIKE '%%way.%%'") == [(0,)]
    wait_until(lambda: terms.get(f"/nic/update?hostname={name}", "way-key", secret)[0] == 401, 30, "its key is gone")
    assert terms.sql("SELECT round(extract(epoch FROM until - now()) / 86400)::int FROM ddns.quarantine WHERE name = %s",
                     (name,)) == [(200,)]
    with pytest.raises(StepFailed, match="rests until .* only its former account may have it"):
        terms.ctl("domain", "add", name, "--account", "ann")
    terms.ctl("domain", "add", name, "--account", terms.account)
    assert show(terms, name)["term"] == "trial"
    rows = json.loads(terms.ctl("history", name, "--json"))
    assert {row["door"] for row in rows} >= {"ddnsctl", "dns", "terms"}


def test_service_1_4_a_trial_that_nobody_registers(terms):
    """Per zone and switchable, with the lengths that it says: trial, held, released; and the setting's quarantine."""
    terms.ctl("zone", "add", "short.example", "--shared", "--ns", "ns1.example.org", "--addresses", "any", "terms=on",
              "trial_days=5", "trial_held_days=7")
    terms.ctl("setting", "set", "quarantine_days", "9")
    try:
        for name in ("brief.short.example", f"brief.{terms.zone_public}"):
            terms.ctl("domain", "add", name, "--account", terms.account)
        name = "brief.short.example"
        assert show(terms, f"brief.{terms.zone_public}")["term"] == "none"
        assert terms.update(hostname=name, myip="192.0.2.50") == "good 192.0.2.50"
        terms.wait_answer(name, "A", {"192.0.2.50"})
        assert show(terms, name)["term"] == "trial" and days_left(terms, name) == 5
        hold(terms, name)
        assert days_left(terms, name) == 7
        terms.wait_answer(name, "A", set())
        end_term(terms, name)
        wait_until(lambda: not is_there(terms, name), 30, "it is released")
        assert terms.sql("SELECT round(extract(epoch FROM until - now()) / 86400)::int FROM ddns.quarantine WHERE name = %s",
                         (name,)) == [(9,)]
        assert terms.update(hostname=name, myip="192.0.2.51") == "nohost"
        terms.sql("UPDATE ddns.quarantine SET until = now() WHERE name = %s", (name,))
        terms.ctl("domain", "add", name, "--account", "ann")
    finally:
        terms.ctl("setting", "delete", "quarantine_days")


def test_service_1_4_a_trial_is_its_account_and_address(terms):
    """A trial is registered only by the account with the e-mail that started it."""
    name, _ = new_domain(terms, "trial", "ann")
    terms.ctl("account", "set", "ann", "email=other@mail.example")
    with pytest.raises(StepFailed, match="e-mail address that started its trial"):
        terms.ctl("domain", "register", name)
    terms.ctl("account", "set", "ann", "email=ann@mail.example")
    terms.ctl("domain", "register", name)
    assert show(terms, name)["term"] == "registered"


def test_service_1_4_released_by_command(terms):
    """`ddnsctl domain release` gives a name back at once; keys for other names stay, and none gets wider by it."""
    name, _ = new_domain(terms, "quick", "ann")
    other, _ = new_domain(terms, "other", "ann")
    terms.ctl("key", "add", "both", "--account", "ann", "--domain", name, "--domain", other)
    said = json.loads(terms.ctl("domain", "release", name, "--json"))
    assert said["released"] == name and said["rests_until"] > "2020"
    terms.wait_answer(name, "A", set())
    assert terms.sql("SELECT name, domains FROM ddns.keys WHERE name IN ('quick-key', 'both')") == [("both", [other])]
    with pytest.raises(StepFailed, match="there is no domain"):
        terms.ctl("domain", "release", name)
    terms.sql("UPDATE ddns.quarantine SET until = now() WHERE name = %s", (name,))
    terms.ctl("domain", "add", name, "--account", terms.account)


def test_service_1_4_own_domains(terms):
    """Own domains never return to a pool and cannot be on trial."""
    terms.ctl("zone", "add", "joes.example", "--private", terms.account, "--ns", "ns1.example.org")
    terms.ctl("domain", "add", "joes.example", "--account", terms.account)
    assert show(terms, "joes.example")["term"] == "none"
    with pytest.raises(StepFailed, match="goes back to no pool"):
        terms.ctl("domain", "release", "joes.example")
    with pytest.raises(StepFailed, match="has no term"):
        terms.ctl("domain", "register", "joes.example")


def test_service_1_4_two_gateways(terms):
    """Any number of gateways may run: each term is ended once."""
    second = Gateway(terms.directory, terms.build, terms.cluster, name="gateway2")
    try:
        with Claims() as claims:
            second.start(claims)
        terms.sql("INSERT INTO ddns.domains (zone, owner, account_id, term) SELECT %s, 'two' || i, id, 'registered'"
                  " FROM ddns.accounts, generate_series(1, 450) i WHERE login = 'ann'", (terms.zone,))
        terms.sql("UPDATE ddns.domains SET term_ends = now() WHERE owner LIKE 'two%%'")
        wait_until(lambda: terms.sql("SELECT count(*) FROM ddns.domains WHERE owner LIKE 'two%%' AND term = 'held'")
                   == [(450,)], 30, "all are held")
        assert terms.sql("SELECT count(*) FROM ddns.history WHERE door = 'terms' AND name LIKE 'two%%'") == [(450,)]
        assert "cannot" not in second.read_log()
    finally:
        second.stop()


def test_service_1_4_switched_off(terms):
    """Switched off, names are given without end again, and what was held is served."""
    name, _ = new_domain(terms, "off")
    hold(terms, name)
    terms.wait_answer(name, "A", set())
    terms.ctl("zone", "set", terms.zone, "terms=off")
    terms.wait_answer(name, "A", {"192.0.2.50"})
    assert show(terms, name)["term"] == "none"
