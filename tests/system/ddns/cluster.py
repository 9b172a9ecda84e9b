# SPDX-License-Identifier: GPL-3.0-or-later
"""A private PostgreSQL cluster: a Unix socket and no other door, peer authentication, fsync on."""

import glob
import os
import pwd
import re
import shutil
import signal
import tempfile
import time

from . import process
from .steps import StepFailed, run, wait_until

# The path of a Unix socket has at most 107 bytes, and PostgreSQL appends "/.s.PGSQL.5432" and, for a
# moment, the name of a lock file.
SOCKET_DIR_LIMIT = 100 - len("/.s.PGSQL.5432")

SETTINGS = """
# The sandbox's own settings; what is not here is PostgreSQL's default (fsync, autovacuum, ...).
listen_addresses = ''
port = 5432
shared_buffers = 64MB
max_connections = 100
max_wal_size = 512MB
jit = off
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'UTC'
client_connection_check_interval = 2s
"""

# No role may log in without being the system's user that the map allows to be it: peer, never trust.
HBA = """\
local all         all peer map=sandbox
local replication all peer map=sandbox
"""

# The database roles of a sandbox: the schema's owner, and those of the module and of the gateway.
OWNER, NAMED_ROLE, GATEWAY_ROLE = "postgres", "bind", "ddns-gateway"


def bin_dir():
    """Where PostgreSQL's programs are: version 15, or the newest after it."""
    found = {int(match[1]): path for path in glob.glob("/usr/lib/postgresql/*/bin")
             if (match := re.search(r"/(\d+)/bin$", path)) and os.path.exists(path + "/initdb")}
    fitting = [version for version in found if version >= 15]
    if not fitting:
        raise StepFailed("no PostgreSQL 15 or newer under /usr/lib/postgresql: install the package postgresql-15")
    return found[15 if 15 in fitting else max(fitting)]


def user():
    """The name of the system's user who asks."""
    return pwd.getpwuid(os.geteuid()).pw_name


def may_enter(path, account):
    """True when the account may pass through every folder down to path."""
    groups = set(os.getgrouplist(account.pw_name, account.pw_gid))
    while True:
        status = os.stat(path)
        if status.st_uid == account.pw_uid:
            allowed = status.st_mode & 0o100
        elif status.st_gid in groups:
            allowed = status.st_mode & 0o010
        else:
            allowed = status.st_mode & 0o001
        if not allowed:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


class Cluster:
    """One cluster below a sandbox's directory; the port is a file name only, so it is always 5432."""

    port = 5432
    database = "ddns"
    usual_options = {}  # settings of every cluster's next start: a test run's own

    def __init__(self, directory, keep=()):
        """keep: descriptors for the short commands to inherit (see steps.run)."""
        self.directory = directory
        self.data = os.path.join(directory, "pgdata")
        self.log = os.path.join(directory, "log", "postgres.log")
        self.options = {}  # settings of the next start, beside postgresql.conf: a test's own
        self.wrapper = []  # words before the server's command line: a test's own, as nsenter
        self._keep = keep
        self._socket_note = os.path.join(directory, "run", "socket-dir")
        self.server = process.Server("postgres", os.path.join(directory, "run"), self.log,
                                     "postgres")

    # -- its making ----------------------------------------------------------------------------------

    def exists(self):
        return os.path.isdir(self.data)

    def create(self):
        """initdb beside its final place, then a rename: a cluster is there whole or not at all."""
        new = self.data + ".new"
        shutil.rmtree(new, ignore_errors=True)
        os.mkdir(new)
        self._give(new, 0o700)
        run([*self._as_server(), f"{bin_dir()}/initdb", "-D", new, "-U", OWNER, "-E", "UTF8", "--locale=C.UTF-8",
             "--auth=peer", "--wal-segsize=4", "--no-sync", "--no-instructions"],
            "making the PostgreSQL cluster", keep=self._keep, cwd="/", env=process.clean_environment())
        with open(f"{new}/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(SETTINGS)
        with open(f"{new}/pg_hba.conf", "w", encoding="utf-8") as file:
            file.write(HBA)
        with open(f"{new}/pg_ident.conf", "w", encoding="utf-8") as file:
            file.write(_ident())
        os.rename(new, self.data)

    def copy_from(self, other):
        """Takes over the data of another cluster, which must be stopped."""
        shutil.rmtree(self.data, ignore_errors=True)
        run(["cp", "-a", "--reflink=auto", other.data, self.data], "copying the PostgreSQL cluster")

    def copy_live(self, primary):
        """Makes this a streaming standby of a cluster that runs; it is one until it is promoted."""
        os.mkdir(self.data)
        self._give(self.data, 0o700)
        run([*self._as_server(), f"{bin_dir()}/pg_basebackup", "-D", self.data, "-d", primary.conninfo(dbname="postgres"),
             "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"],
            "copying the PostgreSQL cluster", primary.log, keep=self._keep, cwd="/", env=process.clean_environment())

    # -- its life ------------------------------------------------------------------------------------

    def start(self, timeout=60):
        """Starts it and returns when it takes connections.  A crash before is recovered from."""
        self._remove_stale_lock()
        settings = {"unix_socket_directories": self._make_socket_dir(), **self.usual_options, **self.options}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.server.start([*self.wrapper, *self._as_server(), f"{bin_dir()}/postgres", "-D", self.data, *arguments], cwd="/")
        self.wait_ready(timeout)

    def wait_ready(self, timeout=60):
        def ready():
            if not self.server.is_running():
                raise StepFailed("PostgreSQL did not start", self.log)
            return self.is_ready()
        try:
            wait_until(ready, timeout, "PostgreSQL takes connections")
        except AssertionError as error:
            raise StepFailed(str(error), self.log) from None

    def is_ready(self):
        try:
            run([f"{bin_dir()}/pg_isready", "-q"], "asking PostgreSQL", keep=self._keep, timeout=10,
                env=process.clean_environment(**self.environment() | {"PGDATABASE": "postgres"}))
        except StepFailed:
            return False
        return True

    def stop(self):
        """A fast shutdown; what does not obey is ended harder.  The socket's own folder goes, too."""
        self.resume()
        self.server.stop(((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)))
        self._end_backends()
        self._remove_socket_dir()

    def kill(self):
        """kill -9 of the postmaster; its children notice and end."""
        self.server.kill()
        self._end_backends()

    def pause(self):
        """SIGSTOP to the postmaster and all its children, as a machine that hangs."""
        self.server.send(signal.SIGSTOP)
        for pid in self._backends():
            process.signal_if_there(pid, signal.SIGSTOP)

    def resume(self):
        self.server.send(signal.SIGCONT)
        for pid in self._backends():
            process.signal_if_there(pid, signal.SIGCONT)

    # -- who connects ----------------------------------------------------------------------------------

    @property
    def socket_dir(self):
        try:
            with open(self._socket_note, encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def conninfo(self, role=OWNER, **more):
        """A connection string of words without blanks inside, for libpq."""
        words = {"host": self.socket_dir, "port": self.port, "dbname": self.database, "user": role} | more
        return " ".join(f"{name}={value}" for name, value in words.items())

    def uri(self, role=OWNER):
        """The same without any blank, for a command line that is split at blanks."""
        host = self.socket_dir.replace("%", "%25").replace("/", "%2F")
        return f"postgresql://{role}@{host}:{self.port}/{self.database}"

    def environment(self, role=OWNER):
        """PG* for psql and the like."""
        return {"PGHOST": self.socket_dir, "PGPORT": str(self.port), "PGDATABASE": self.database, "PGUSER": role}

    def psql(self, sql, role=OWNER, database=None):
        """Runs SQL in one psql and returns its output, unaligned, without headers."""
        environment = process.clean_environment(**self.environment(role))
        if database:
            environment["PGDATABASE"] = database
        return run([f"{bin_dir()}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"], "running SQL", self.log,
                   keep=self._keep, text=sql, env=environment, cwd="/").rstrip("\n")

    def connect(self, role=OWNER, autocommit=True, **more):
        """A psycopg2 connection."""
        import psycopg2  # pylint: disable=import-outside-toplevel
        connection = psycopg2.connect(self.conninfo(role), **more)
        connection.autocommit = autocommit
        return connection

    # -- the system ------------------------------------------------------------------------------------

    def _as_server(self):
        """What comes before PostgreSQL's programs so that they run as their user."""
        if os.geteuid() != 0:
            return []
        words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        if not may_enter(self.directory, pwd.getpwnam("postgres")):
            # A clone below /root: the right to pass through its folders, and no other.
            words += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return words

    def _give(self, path, mode):
        """Makes PostgreSQL's user the owner of a folder."""
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(path, account.pw_uid, account.pw_gid)
        os.chmod(path, mode)

    def _make_socket_dir(self):
        path = self.socket_dir
        if path and os.path.isdir(path):
            return path
        path = os.path.join(self.directory, "socket")
        if len(os.fsencode(path)) > SOCKET_DIR_LIMIT:
            path = tempfile.mkdtemp(prefix="dlz_ddns.")
        self._note_socket_dir(path)
        os.makedirs(path, exist_ok=True)
        self._give(path, 0o755)
        return path

    def _note_socket_dir(self, path):
        with open(self._socket_note + ".new", "w", encoding="utf-8") as file:
            file.write(path + "\n")
        os.rename(self._socket_note + ".new", self._socket_note)

    def _remove_socket_dir(self):
        path = self.socket_dir
        if path:
            shutil.rmtree(path, ignore_errors=True)
            os.unlink(self._socket_note)

    def _backends(self):
        """Processes of this cluster but the postmaster: those that run PostgreSQL in its data directory."""
        postmaster = self.server.pid()
        return [pid for pid in process.processes_of(self.data)
                if pid != postmaster and process.program(pid) == "postgres"]

    def _end_backends(self):
        """After the postmaster's end; its children end by themselves, unless they are stopped or stuck."""
        deadline = time.monotonic() + 5
        while (left := self._backends()) and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in left:
            process.signal_if_there(pid, signal.SIGKILL)

    def _remove_stale_lock(self):
        """A pid file that a killed server left must not make PostgreSQL think it runs, or spare another's pid."""
        if not self.server.is_running() and not self._backends():
            for path in (f"{self.data}/postmaster.pid", f"{self.socket_dir}/.s.PGSQL.{self.port}.lock"):
                if os.path.exists(path):
                    os.unlink(path)


def _ident():
    """Who of the system's users may be which role."""
    people = dict.fromkeys(["root", "postgres", user()])
    lines = [f'sandbox {person} "{role}"' for person in people for role in (OWNER, NAMED_ROLE, GATEWAY_ROLE)]
    lines.append(f'sandbox bind "{NAMED_ROLE}"')
    return "\n".join(lines) + "\n"
