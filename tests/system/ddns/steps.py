# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of the work: one line a step, and the end of the right log when a step fails."""

import subprocess
import sys
import time


class StepFailed(Exception):
    """A step that did not work: what it was, and the log file (or None) that tells why."""

    def __init__(self, what, log=None, output=""):
        super().__init__(what)
        self.what = what
        self.log = log
        self.output = output

    def __str__(self):
        text = self.what
        if self.output.strip():
            text += "\n" + indent(self.output)
        if self.log is not None:
            text += f"\nread {self.log}; its end:\n" + indent(tail(self.log))
        return text


def indent(text):
    return "\n".join("    " + line for line in text.rstrip().splitlines())


def tail(path, lines=20):
    """The last lines of a log, or a word on why there are none."""
    try:
        with open(path, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 65536))
            text = file.read().decode(errors="replace")
    except OSError as error:
        return f"({error.strerror})"
    return "\n".join(text.splitlines()[-lines:]) or "(empty)"


def say(text):
    """One line of progress."""
    print(f"quickstart: {text}", flush=True)


def silent(_text):
    """The say of a test's stack."""


def wait_until(condition, timeout=30.0, what=None, interval=0.02):
    """Calls condition until it returns something true, and returns that.

    The time is patience, for machines that do much else: how soon something must be is asserted apart.  After timeout seconds: AssertionError that names what was waited for.  A condition that raises
    an AssertionError is one that does not hold yet; the last such message is shown.
    """
    deadline = time.monotonic() + timeout
    while True:
        reason = ""
        try:
            value = condition()
            if value:
                return value
        except AssertionError as error:
            reason = f": {error}"
        if time.monotonic() >= deadline:
            name = what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"not within {timeout:g} s: {name}{reason}")
        time.sleep(interval)


def run(argv, what, log=None, timeout=120, keep=(), text="", **options):
    """Runs a short command to its end and returns its standard output; StepFailed when it fails.

    text: its standard input.  keep: descriptors the command inherits.  A sandbox passes its lock, so that whoever comes after
    an interrupted run waits until the last command of that run is over.
    """
    try:
        done = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=timeout, pass_fds=keep, check=False, **options)
    except FileNotFoundError as error:
        raise StepFailed(f"{what}: {error.filename} is not there") from None
    except subprocess.TimeoutExpired:
        raise StepFailed(f"{what}: not done after {timeout} s", log) from None
    if done.returncode != 0:
        raise StepFailed(f"{what}: {argv[0]} ended with status {done.returncode}", log, done.stderr or done.stdout)
    return done.stdout


def complain(text):
    """The last word of a run that failed."""
    sys.stdout.flush()
    print(f"quickstart: {text}", file=sys.stderr, flush=True)
