# SPDX-License-Identifier: GPL-3.0-or-later
"""A primary and its streaming standby, and what clients of both are told."""

import os

from ddns.cluster import OWNER, Cluster
from ddns.steps import wait_until


class Pair:
    """Begins with a stack's running cluster as the primary."""

    database = Cluster.database

    def __init__(self, primary):
        self.primary = primary
        directory = os.path.join(primary.directory, "standby")
        for part in ("log", "run"):
            os.makedirs(os.path.join(directory, part))
        self.standby = Cluster(directory)
        self.standby.copy_live(primary)
        self.standby.start()

    def conninfo(self, role=OWNER, **more):
        """Both hosts, and that the primary is meant unless told otherwise: as in a cluster's."""
        words = {"host": f"{self.primary.socket_dir},{self.standby.socket_dir}", "port": Cluster.port,
                 "dbname": self.database, "user": role, "target_session_attrs": "read-write"} | more
        return " ".join(f"{name}={value}" for name, value in words.items())

    def be_synchronous(self):
        """A commit is acknowledged when the standby has it, too."""
        self.primary.psql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.psql("SELECT pg_reload_conf()")
        wait_until(lambda: self.primary.psql("SELECT sync_state FROM pg_stat_replication") == "sync", 30,
                   "the standby is synchronous")

    def promote(self):
        """After the primary's end the standby takes its place."""
        self.standby.psql("SELECT pg_promote()")
        wait_until(lambda: self.standby.psql("SELECT pg_is_in_recovery()") == "f", 30, "the standby is promoted")

    def stop(self):
        self.standby.stop()
