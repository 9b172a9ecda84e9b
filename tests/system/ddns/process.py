# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that outlive the program that started them: recorded before they run, checked before they are ended.

A record is a file NAME.pid of one line: pid, start time in clock ticks since boot, boot id.  Pid and
start time together name a process for good, so a pid that the system gave to somebody else later is
never signalled.  The server's own process writes the record before it becomes the server: there is
no moment at which a server runs unrecorded.
"""

import os
import signal
import subprocess
import sys
import time

from .steps import StepFailed


def start_time(pid):
    """Clock ticks since boot at which pid was started; None when it is gone or a zombie."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def program(pid):
    """The base name of the program that pid runs, or None.

    A program that keeps secrets, as the gateway, hides its file from all but root; it still tells
    the first 15 characters of its name.
    """
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)"))
    except PermissionError:
        return _read(pid, "comm").strip() or None
    except OSError:
        return None


def owner(pid):
    """The effective uid of pid, or None."""
    for line in _read(pid, "status").splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[2])
    return None


def _read(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def clean_environment(**extra):
    """The environment of a server: nothing of the caller's that could lead it to another database."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("PG", "LC_", "DDNS_")) and name not in ("LANG", "LANGUAGE")}
    environment["LC_ALL"] = "C.UTF-8"
    environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return environment | extra


class Server:
    """One server: its record, its log and its life."""

    def __init__(self, name, run_dir, log, executable):
        """executable: the base name of the program that the process must be running to be this server."""
        self.name = name
        self.record = os.path.join(run_dir, f"{name}.pid")
        self.log = log
        # On its way there the process is still Python, or setpriv.
        self.programs = (executable, "setpriv", os.path.basename(os.path.realpath(sys.executable)))
        self._child = None

    # -- who it is ---------------------------------------------------------------------------------

    def pid(self):
        """The running server's pid, or None: no record, or nobody it fits."""
        try:
            with open(self.record, encoding="ascii") as file:
                pid, ticks, boot = file.read().split()
        except (OSError, ValueError):
            return None
        self._reap()
        pid = int(pid)
        if boot != boot_id() or start_time(pid) != int(ticks):
            return None
        # A process that is about to end has no program any more, but still its sockets and its pid.
        return pid if program(pid) in (None, *self.programs) else None

    def is_running(self):
        return self.pid() is not None

    def write_record(self):
        """Records the calling process."""
        pid = os.getpid()
        temporary = f"{self.record}.{pid}"
        with open(temporary, "w", encoding="ascii") as file:
            file.write(f"{pid} {start_time(pid)} {boot_id()}\n")
        os.rename(temporary, self.record)

    def forget(self):
        try:
            os.unlink(self.record)
        except FileNotFoundError:
            pass

    # -- its life ----------------------------------------------------------------------------------

    def start(self, argv, cwd, environment=None):
        """Starts it in a session of its own, so that a Ctrl-C at the terminal does not reach it."""
        if self.is_running():
            raise StepFailed(f"{self.name} is running already, as process {self.pid()}", self.log)
        with open(self.log, "ab") as log:
            # The child leaves its record before exec; until then it also holds the sandbox's lock.
            self._child = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=cwd,
                env=clean_environment() if environment is None else environment,
                start_new_session=True, preexec_fn=self.write_record)

    def send(self, number):
        """Sends a signal; False when there is nobody to get it."""
        pid = self.pid()
        return pid is not None and signal_if_there(pid, number)

    def wait_gone(self, timeout):
        """True when it is gone within timeout seconds."""
        deadline = time.monotonic() + timeout
        while self.is_running():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    def stop(self, plan=((signal.SIGTERM, 30), (signal.SIGKILL, 10))):
        """Ends it: each signal of the plan in turn, until it is gone.  Ends one that is stopped (SIGSTOP), too."""
        for number, patience in plan:
            if not self.send(number):
                break
            self.send(signal.SIGCONT)
            if self.wait_gone(patience):
                break
        else:
            raise StepFailed(f"{self.name}, process {self.pid()}, does not end", self.log)
        if self._child is not None:
            # Nor may a zombie of ours make others think that it runs: PostgreSQL looks at the pid only.
            self._child.wait(30)
        self.forget()

    def kill(self):
        """kill -9, as a fault to be survived."""
        self.stop(((signal.SIGKILL, 30),))

    def _reap(self):
        if self._child is not None and self._child.poll() is not None:
            self._child = None


def signal_if_there(pid, number):
    """Sends a signal; False when the process has ended meanwhile."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def processes_of(directory):
    """Pids of all processes that run in, or from, a directory: what must be empty after down."""
    inside = os.path.realpath(directory) + "/"
    return [int(entry) for entry in os.listdir("/proc")
            if entry.isdigit() and int(entry) != os.getpid() and start_time(entry) and _is_in(entry, inside)]


def _is_in(pid, inside):
    try:
        links = [os.readlink(f"/proc/{pid}/{link}") for link in ("cwd", "exe")]
    except PermissionError:
        # Somebody else's, or one that hides: see program().
        return owner(pid) == os.geteuid() and inside in _read(pid, "cmdline")
    except OSError:
        return False
    return any((link.removesuffix(" (deleted)") + "/").startswith(inside) for link in links)
