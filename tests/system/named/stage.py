# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL with our schema and a named with the module, without gateway or demo data; and more of each."""
import os
import shutil

from ddns import process
from ddns.cluster import GATEWAY_ROLE, NAMED_ROLE, OWNER, Cluster, bin_dir
from ddns.named import Named
from ddns.ports import Claims
from ddns.steps import run

STATIC = """\
zone "%(origin)s" {
	type primary;
	file "%(file)s";
	check-names ignore;
};
"""

STATIC_FILE = """\
@ 300 IN SOA ns hostmaster 1 3600 600 86400 60
@ 300 IN NS ns
ns 300 IN A 192.0.2.9
www 300 IN A 192.0.2.10
"""


def make_cluster(directory, build):
    """A running cluster with the schema in its database."""
    for part in ('log', 'run'):
        os.makedirs(os.path.join(directory, part), exist_ok=True)
    cluster = Cluster(directory)
    cluster.create()
    cluster.start()
    cluster.psql('CREATE DATABASE ' + cluster.database, database='postgres')
    environment = process.clean_environment(**cluster.environment(OWNER))
    environment['PATH'] = bin_dir() + ':' + environment['PATH']
    run([build.schema, 'install', '--named-user', NAMED_ROLE, '--gateway-user', GATEWAY_ROLE,
         '--secret-key', os.path.join(directory, 'secret.key')], 'installing the schema', cluster.log, env=environment, cwd='/')
    return cluster


class Stage:
    """One cluster, one named, and what a test adds; leave the context and all of it is gone."""

    def __init__(self, directory, build, template):
        """template: a stopped cluster with the schema, to be copied."""
        self.directory = str(directory)
        self.build = build
        for part in ('log', 'run'):
            os.makedirs(os.path.join(self.directory, part), exist_ok=True)
        self.cluster = Cluster(self.directory)
        self.cluster.copy_from(template)
        self.cluster.start()
        self._template = template
        self._clusters = [self.cluster]
        self._nameds = []
        self.named = self.another_named('named')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in self._nameds + self._clusters:
            part.stop()

    def logs(self):
        """The paths of all logs."""
        folder = os.path.join(self.directory, 'log')
        return sorted(os.path.join(folder, name) for name in os.listdir(folder))

    # named

    def another_named(self, name=None):
        """A named with the three lines; not started.  It ends with the test that asked for it."""
        named = Named(self.directory, self.build, self.cluster, name=name or 'named-%d' % len(self._nameds))
        self._nameds.append(named)
        return named

    def end_others(self):
        """Ends all but the first named."""
        for named in self._nameds[1:]:
            named.stop()
        del self._nameds[1:]

    def mend(self):
        """Starts what a test left down."""
        self.mend_cluster()
        if not self.named.server.is_running():
            self.start(self.named)

    def mend_cluster(self):
        if not self.cluster.server.is_running():
            self.cluster.start()

    @staticmethod
    def start(named):
        with Claims() as claims:
            named.start(claims)

    def static_zone(self, origin, text=STATIC_FILE):
        """The statement for a zone of named's own, and its file; the default one has www = 192.0.2.10."""
        path = os.path.join(self.directory, origin + '.zone')
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        return STATIC % {'origin': origin, 'file': path}

    # PostgreSQL

    def database_connections(self):
        """How many the modules of all nameds hold."""
        return int(self.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = '%s'" % NAMED_ROLE))

    def second_database(self):
        """The name of another database of the cluster, empty but for the schema."""
        name = 'second'
        self.cluster.psql('DROP DATABASE IF EXISTS %s WITH (FORCE)' % name, database='postgres')
        self.cluster.psql('CREATE DATABASE ' + name, database='postgres')
        environment = process.clean_environment(**self.cluster.environment(OWNER) | {'PGDATABASE': name})
        environment['PATH'] = bin_dir() + ':' + environment['PATH']
        run([self.build.schema, 'install', '--named-user', NAMED_ROLE, '--gateway-user', GATEWAY_ROLE,
             '--secret-key', os.path.join(self.directory, 'second.key')], 'installing the schema', self.cluster.log,
            env=environment, cwd='/')
        return name

    def dump(self, path):
        environment = process.clean_environment(**self.cluster.environment(OWNER))
        run([bin_dir() + '/pg_dump', '-f', path], 'dumping the database', env=environment, cwd='/')

    def another_cluster(self, restore):
        """A cluster newly made, with the database of a dump; its transaction ids start low again."""
        directory = os.path.join(self.directory, 'restored')
        shutil.rmtree(directory, ignore_errors=True)
        for part in ('log', 'run'):
            os.makedirs(os.path.join(directory, part))
        cluster = Cluster(directory)
        self._clusters.append(cluster)
        cluster.create()
        cluster.start()
        cluster.psql('CREATE ROLE ddns_named; CREATE ROLE ddns_gateway; CREATE ROLE ddns_admin;'
                     ' CREATE ROLE "%s" LOGIN IN ROLE ddns_named; CREATE ROLE "%s" LOGIN IN ROLE ddns_gateway' % (
                         NAMED_ROLE, GATEWAY_ROLE), database='postgres')
        cluster.psql('CREATE DATABASE ' + cluster.database, database='postgres')
        environment = process.clean_environment(**cluster.environment(OWNER))
        run([bin_dir() + '/psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', restore], 'restoring the database', cluster.log,
            env=environment, cwd='/')
        return cluster

    def replace_cluster(self, other):
        """The other cluster's data at the place of ours, under a named that runs on."""
        other.stop()
        self.cluster.kill()                         # its socket's directory stays
        self.cluster.copy_from(other)
        self.cluster.start()
