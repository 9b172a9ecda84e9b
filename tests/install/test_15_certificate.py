# SPDX-License-Identifier: GPL-3.0-or-later
"""README: A certificate, but for certbot itself, which has no authority to ask here; tests/system runs it."""

import pytest

NAME = "gw.dyn.example.org"
LINEAGE = f"/etc/letsencrypt/live/{NAME}"


@pytest.fixture(scope="session")
def blocks(machine, readme):
    """What README says to type, without certbot; its directories are made, as by its package."""
    first, hook, run, listen = readme.commands("A certificate")
    assert "certbot certonly" in run
    machine.output(f"mkdir -p -m 0700 {LINEAGE} /etc/letsencrypt/renewal-hooks/deploy")
    lines = first.splitlines(keepends=True)
    assert lines[0].startswith("apt-get")
    return "".join(lines[1:]), hook, listen


def issue(machine):
    """A new certificate, in certbot's place, and certbot's call of its hooks; its fingerprint."""
    machine.output(f"""
        cd {LINEAGE}
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={NAME} \
            -addext subjectAltName=DNS:{NAME} -keyout privkey.pem -out fullchain.pem 2>&1
        RENEWED_LINEAGE={LINEAGE} run-parts /etc/letsencrypt/renewal-hooks/deploy""")
    return machine.output(f"openssl x509 -noout -fingerprint -in {LINEAGE}/fullchain.pem")


def shown(machine):
    return machine.output(f"openssl s_client -connect localhost:443 -servername {NAME} </dev/null 2>/dev/null"
                          " | openssl x509 -noout -fingerprint")


def test_the_gateway_takes_certbots_certificate(machine, blocks):
    for block in blocks[:2]:
        machine.output(block)
    first = issue(machine)
    machine.output(blocks[2])
    assert shown(machine) == first
    said = machine.output(f"curl -sS --cacert {LINEAGE}/fullchain.pem --resolve {NAME}:443:127.0.0.1"
                          f" https://{NAME}/myip")
    assert said.strip() == "127.0.0.1"
    assert machine.output("stat -c '%a %G' /etc/ddns/certificate.key") == "640 ddns-gateway\n"


def test_a_renewed_one_is_taken_up(machine):
    renewed = issue(machine)
    machine.wait_until(lambda: shown(machine) == renewed, 60)


def test_the_key_of_certbot_is_for_challenges_only(machine):
    shown_key = machine.output("ddnsctl key show gw-acme")
    assert "_acme-challenge" in shown_key and "TXT" in shown_key
