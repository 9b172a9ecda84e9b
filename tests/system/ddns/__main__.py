# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of ./quickstart that handles servers: up, down, run (the demo in the foreground), with-cluster."""

import argparse
import ipaddress
import os
import signal
import subprocess
import sys
import time

from . import process
from .build import Build
from .sandbox import Sandbox
from .steps import StepFailed, complain, run, say


class Interrupted(Exception):
    """Ctrl-C, or a signal that asks us to end."""


def main():
    parser = argparse.ArgumentParser(prog="quickstart", add_help=False)
    parser.add_argument("command", choices=("up", "down", "run", "with-cluster"))
    parser.add_argument("--dir", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if arguments.command == "down" and not os.path.isdir(arguments.dir):
        say("nothing was running")
        return 0
    try:
        sandbox = Sandbox(arguments.dir, Build(arguments.build))
        if arguments.command == "with-cluster":
            return with_cluster(sandbox, arguments.words)
        {"up": up, "down": down, "run": demo}[arguments.command](sandbox)
    except StepFailed as failure:
        complain(str(failure))
        return 1
    except Interrupted:
        complain("interrupted")
        return 130
    return 0


def _interrupt(*_):
    # Once is enough: what follows ends the servers and must come to its end.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted


def up(sandbox):
    with sandbox.locked():
        sandbox.up()
    say(f"everything answers; its variables are in {sandbox.env_file}")


def down(sandbox):
    was = sandbox.running()
    sandbox.end_front()
    with sandbox.locked():
        sandbox.down()
    say(f"ended {', '.join(was)}" if was else "nothing was running")


def demo(sandbox):
    """up, one update for all to see, and then it stays until Ctrl-C."""
    if sandbox.front.is_running():
        say(f"runs already in the foreground, as process {sandbox.front.pid()}; Ctrl-C there, or "
            f"./quickstart down, ends it")
        print(hints(sandbox))
        return
    with sandbox.locked():
        sandbox.front.write_record()
        try:
            sandbox.up()
            show_update(sandbox)
        except BaseException:
            sandbox.down()
            sandbox.front.forget()
            raise
    print(hints(sandbox), flush=True)
    try:
        while len(sandbox.running()) == 3:
            time.sleep(0.5)
        raise StepFailed(f"a server has ended; read the logs in {sandbox.directory}/log")
    except Interrupted:
        pass
    finally:
        with sandbox.locked():
            sandbox.down()
        sandbox.front.forget()
        say(f"all servers are ended; the data stay in {sandbox.directory}")


def with_cluster(sandbox, words):
    """Runs a command with PG* naming a bare cluster, whose data are for this run only; returns its exit status."""
    cluster = sandbox.cluster
    cluster.options["fsync"] = "off"
    cluster.options["autovacuum"] = "off"  # it takes locks, and new plans come, at no moment that a test could know
    try:
        with sandbox.locked():
            cluster.create()
            cluster.start()
        environment = process.clean_environment(**cluster.environment() | {"PGDATABASE": "postgres"})
        try:
            child = subprocess.Popen(words, env=environment)  # pylint: disable=consider-using-with
        except OSError as error:
            raise StepFailed(f"cannot run {words[0]}: {error.strerror}") from None
        try:
            return child.wait()
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    finally:
        cluster.stop()


def show_update(sandbox):
    """One real update by curl, and the answer of the name server."""
    env = sandbox.env()
    host = env["DDNS_HOST"]
    old = sandbox.named.dig(host)
    address = str(ipaddress.ip_address("192.0.2.1") + (1 if old == "192.0.2.1" else 0))
    url = f"{env['DDNS_HTTP_URL']}/nic/update?hostname={host}&myip={address}"
    print(f"\n$ curl -u {env['DDNS_KEY_NAME']}:{env['DDNS_KEY_SECRET']} '{url}'")
    # The password goes by standard input: the command line is for all to see in ps.
    answer = run(["curl", "-sS", "--max-time", "10", "-K", "-", url], "updating by curl", sandbox.gateway.log,
                 text=f'user = "{env["DDNS_KEY_NAME"]}:{env["DDNS_KEY_SECRET"]}"\n').strip()
    print(answer)
    if answer not in (f"good {address}", f"nochg {address}"):
        raise StepFailed(f"the gateway answered '{answer}', not 'good {address}'", sandbox.gateway.log)
    served = sandbox.named.dig(host)
    deadline = time.monotonic() + 5
    while served != address and time.monotonic() < deadline:
        time.sleep(0.01)
        served = sandbox.named.dig(host)
    print(f"$ dig @{sandbox.named.address} -p {sandbox.named.port} +short {host}\n{served}\n", flush=True)
    if served != address:
        raise StepFailed(f"named answers '{served}' for {host}, not '{address}'", sandbox.named.log)


def hints(sandbox):
    env = sandbox.env()
    curl = (f"curl -u {env['DDNS_KEY_NAME']}:{env['DDNS_KEY_SECRET']} "
            f"'{env['DDNS_HTTP_URL']}/nic/update?hostname={env['DDNS_HOST']}")
    nsupdate = (f"printf 'server {env['DDNS_UPDATE_ADDR']} {env['DDNS_UPDATE_PORT']}\\nupdate delete {env['DDNS_HOST']} A"
                f"\\nupdate add {env['DDNS_HOST']} 60 A 192.0.2.78\\nsend\\n' |")
    dig = f"dig @{env['DDNS_NAMED_ADDR']} -p {env['DDNS_NAMED_PORT']} +short"
    return f"""
It runs.  In another terminal, try:

  change the address         {curl}&myip=192.0.2.77'
  see the answer             {dig} {env['DDNS_HOST']}
  the same by DNS UPDATE     {nsupdate}
                             nsupdate -y {env['DDNS_KEY_ALGORITHM']}:{env['DDNS_KEY_NAME']}:{env['DDNS_KEY_SECRET']}
  the same by plain SQL      set -a; . {sandbox.env_file}; set +a
                             psql -c "UPDATE ddns.domains SET online = false WHERE name = '{env['DDNS_HOST']}'"
                             psql -c "INSERT INTO ddns.zones (origin, mname, rname)
                                      VALUES ('example.net', 'ns1.example.net', 'hostmaster.example.net')"
                             {dig} example.net SOA
  administer it              $DDNS_CTL zone list
                             $DDNS_CTL record add mail.{env['DDNS_ZONE']} A 192.0.2.25
  your address as seen       curl {env['DDNS_HTTP_URL']}/myip
  is the gateway ready       curl {sandbox.gateway.status_url}/readyz

  account {env['DDNS_ACCOUNT']}, password {env['DDNS_PASSWORD']}
  logs in {sandbox.directory}/log, named's three lines in {env['DDNS_NAMED_CONF']}

Ctrl-C ends it; the data stay in {sandbox.directory} for the next time.
"""


if __name__ == "__main__":
    sys.exit(main())
