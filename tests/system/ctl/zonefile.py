# SPDX-License-Identifier: GPL-3.0-or-later
"""Master files, judged by BIND's own tools."""

import subprocess

LENIENT = ("-i", "none", "-k", "ignore", "-m", "ignore", "-M", "ignore", "-n", "ignore", "-r", "ignore",
           "-S", "ignore", "-T", "ignore", "-W", "ignore")


def compiled(origin, path, folder=None):
    """The records of a file as named, run in the folder, reads it: a set of lines."""
    done = subprocess.run(["named-compilezone", *LENIENT, "-F", "text", "-s", "full", "-o", "-", origin, path],
                          capture_output=True, text=True, timeout=300, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return set(done.stdout.splitlines())


def check(origin, path):
    """named-checkzone passes it, with the strictness it has by default but for hosts that are elsewhere."""
    done = subprocess.run(["named-checkzone", "-i", "local", "-k", "warn", origin, path], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def transferred(named, origin):
    """The records of a zone as a name server gives them by AXFR: a set of lines."""
    done = subprocess.run(["dig", "+noall", "+answer", "+onesoa", "+time=60", "@" + named.address, "-p",
                           str(named.port), origin, "AXFR"], capture_output=True, text=True, timeout=600, check=True)
    lines = {" ".join(line.split()) for line in done.stdout.splitlines() if line and not line.startswith(";")}
    assert lines, done.stdout
    return lines


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return str(path)
