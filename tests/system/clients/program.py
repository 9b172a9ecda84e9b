# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's servers that run for the time of one test, and what they log."""

import os
import re
import shutil
import subprocess

from ddns import process
from ddns.steps import tail, wait_until


class Programs:
    """Servers of one test; end() ends them."""

    def __init__(self, directory):
        self._directory = directory
        self._started = []

    def start(self, path, *words, **environment):
        """Starts a private copy of the program: the profile that AppArmor has for its path refuses our files."""
        copy = os.path.join(self._directory, os.path.basename(path))
        if not os.path.exists(copy):
            shutil.copy2(path, copy)
        log = f"{copy}.{len(os.listdir(self._directory))}.log"
        self._started.append(Program(copy, words, log, environment))
        return self._started[-1]

    def end(self):
        for program in self._started:
            program.end()


class Program:
    """One server; its log is all that it prints."""

    def __init__(self, path, words, log, environment):
        self.log = log
        self._seen = 0
        with open(log, "wb") as output:
            self._child = subprocess.Popen(  # pylint: disable=consider-using-with
                ["setpriv", "--pdeathsig", "KILL", path, *words], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, cwd=os.path.dirname(path), env=process.clean_environment(**environment))

    def wait_log(self, pattern, timeout=60):
        """Returns when a line that fits comes after the last one that was waited for."""
        def said():
            with open(self.log, encoding="utf-8", errors="replace") as file:
                text = file.read()
            match = re.compile(pattern).search(text, self._seen)
            if match is None and self._child.poll() is not None:
                raise RuntimeError(f"it ended:\n{tail(self.log)}")
            return match
        try:
            match = wait_until(said, timeout, f"'{pattern}' in the log")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{tail(self.log, 40)}") from None
        self._seen = match.end()
        return match

    def end(self):
        self._child.terminate()
        try:
            self._child.wait(30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(30)
