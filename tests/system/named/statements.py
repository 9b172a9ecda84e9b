# SPDX-License-Identifier: GPL-3.0-or-later
"""Random statements over all tables, such as a person might type into psql; the seed decides them."""
import io
import random

import psycopg2

ZONES = ('one.example', 'two.example', 'inner.one.example', 'deep.inner.one.example', 'shared.example',
         'private.example', 'three.example', '2.0.192.in-addr.arpa')
LABELS = ('a', 'b', 'c', 'www', 'mail', '*', '_tcp', 'inner', 'deep', 'x\\.y', '\\@', 'a\\032b', '\\255')
REFUSALS = (psycopg2.errors.IntegrityError, psycopg2.errors.RaiseException, psycopg2.errors.DataError,
            psycopg2.errors.ObjectNotInPrerequisiteState, psycopg2.errors.FeatureNotSupported)

SETUP = """
INSERT INTO ddns.settings (name, value) VALUES ('name_servers', 'ns1.example.net ns2.example.net')
  ON CONFLICT (name) DO UPDATE SET value = excluded.value;
INSERT INTO ddns.accounts (login, password_hash) VALUES ('rs-ann', 'x'), ('rs-bob', 'x'), ('rs-cat', 'x');
"""


class Statements:
    """next() runs one statement, or one transaction of several, and says what it was and whether it held."""

    def __init__(self, connection, seed):
        self.connection = connection
        self.random = random.Random(seed)
        self.refused = 0
        self.done = 0
        with connection.cursor() as cursor:
            cursor.execute(SETUP)
            for zone in ZONES[:6]:
                self.add_zone(cursor, zone)
        self.kinds = [(weight, kind) for weight, kind in (
            (22, self.insert_record), (8, self.change_record), (3, self.delete_record), (5, self.rename_record),
            (4, self.many_records), (5, self.copy_records), (16, self.insert_domain), (20, self.change_domain),
            (3, self.many_domains), (3, self.delete_domain), (4, self.rename_domain), (5, self.change_zone),
            (2, self.toggle_zone), (1, self.rename_zone), (1, self.drop_zone), (4, self.make_zone),
            (2, self.suspend), (1, self.setting), (3, self.beside), (0.4, self.truncate), (6, self.several), (3, self.abort))]

    def next(self):
        kind = self.random.choices([k for _, k in self.kinds], [w for w, _ in self.kinds])[0]
        try:
            with self.connection.cursor() as cursor:
                kind(cursor)
        except REFUSALS as error:
            self.refused += 1
            return '%s: refused: %s' % (kind.__name__, str(error).splitlines()[0])
        self.done += 1
        return kind.__name__

    # random values

    def owner(self):
        depth = self.random.choices((0, 1, 2, 3), (1, 8, 5, 2))[0]
        labels = [self.random.choice(LABELS) for _ in range(depth)]
        if '*' in labels[1:] and self.random.random() < 0.8:
            labels = ['a' if label == '*' else label for label in labels[:1]] + ['b' if x == '*' else x for x in labels[1:]]
        return '.'.join(labels) or '@'

    def zone(self):
        return self.random.choice(ZONES)

    def v4(self):
        return '198.51.100.%d' % self.random.randrange(1, 255)

    def v6(self):
        return '2001:db8::%x' % self.random.randrange(1, 65536)

    def array(self, most=3):
        addresses = [self.random.choice((self.v4, self.v4, self.v6))() for _ in range(self.random.randrange(most + 1))]
        return '{%s}' % ','.join(dict.fromkeys(addresses))

    def target(self):
        owner, zone = self.owner(), self.zone()
        return self.random.choice(('%s.' % (zone if owner == '@' else '%s.%s' % (owner, zone)), 'www.elsewhere.test.'))

    def ttl(self):
        return self.random.choice((0, 1, 30, 60, 61, 3600, 86400))

    def value(self):
        """(type, rdata)"""
        return self.random.choices((
            ('A', self.v4()), ('AAAA', self.v6()), ('MX', '%d %s' % (self.random.randrange(50), self.target())),
            ('TXT', '"t%d" "a \\"quoted\\" word"' % self.random.randrange(9)), ('CNAME', self.target()),
            ('NS', self.target()), ('SRV', '0 %d 5060 %s' % (self.random.randrange(9), self.target())),
            ('CAA', '0 issue "ca%d.example.net"' % self.random.randrange(9)), ('PTR', self.target())),
            (10, 6, 4, 6, 5, 2, 3, 2, 2))[0]

    def condition(self):
        """Of some rows of records or domains, a tenth or so."""
        return self.random.choice(('id %% 10 = %d' % self.random.randrange(10),
                                   "zone = '%s' AND id %% 3 = %d" % (self.zone(), self.random.randrange(3))))

    # the statements

    def add_zone(self, cursor, origin):
        kind = 'shared' if origin.startswith('shared') else 'private' if origin.startswith('private') else 'own'
        cursor.execute(
            'INSERT INTO ddns.zones (origin, kind, account_id, mname, rname, ttl, negative_ttl, redirectors, addresses)'
            " VALUES (%s, %s, (SELECT id FROM ddns.accounts WHERE login = 'rs-cat' AND %s), %s, %s, %s, %s, %s, 'any')"
            ' ON CONFLICT DO NOTHING',
            (origin, kind, kind == 'private', 'ns1.' + origin, 'hostmaster.' + origin, self.ttl(), self.ttl(),
             '{192.0.2.80,2001:db8::80}'))

    def insert_record(self, cursor):
        rrtype, rdata = self.value()
        cursor.execute('INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES (%s, %s, %s, %s, %s)'
                       + self.random.choice(('', ' ON CONFLICT DO NOTHING')),
                       (self.zone(), self.owner(), rrtype, self.ttl(), rdata))

    def change_record(self, cursor):
        rrtype, rdata = self.value()
        cursor.execute('UPDATE ddns.records SET rdata = %s, ttl = %s WHERE id ='
                       ' (SELECT id FROM ddns.records WHERE type = %s ORDER BY md5(id || %s) LIMIT 1)',
                       (rdata, self.ttl(), rrtype, str(self.random.random())))

    def delete_record(self, cursor):
        cursor.execute('DELETE FROM ddns.records WHERE ' + self.condition())

    def rename_record(self, cursor):
        cursor.execute('UPDATE ddns.records SET owner = %s, zone = %s WHERE id ='
                       ' (SELECT id FROM ddns.records ORDER BY md5(id || %s) LIMIT 1)',
                       (self.owner(), self.zone(), str(self.random.random())))

    def many_records(self, cursor):
        cursor.execute(self.random.choice((
            'UPDATE ddns.records SET ttl = %d WHERE %s' % (self.ttl(), self.condition()),
            "UPDATE ddns.records SET rdata = host(rdata::inet + 1) WHERE type = 'A' AND online = 'rdata'"
            " AND offline = 'rdata' AND " + self.condition(),
            "UPDATE ddns.records SET online = 'default' WHERE type = 'A' AND domain_id IS NOT NULL AND " + self.condition())))

    def copy_records(self, cursor):
        lines = ''
        for _ in range(self.random.randrange(1, 8)):
            rrtype, rdata = self.random.choice((('A', self.v4()), ('AAAA', self.v6()), ('TXT', '"copied"')))
            lines += '\t'.join((self.zone(), self.owner().replace('\\', '\\\\'), rrtype, str(self.ttl()), rdata)) + '\n'
        cursor.copy_expert('COPY ddns.records (zone, owner, type, ttl, rdata) FROM STDIN', io.StringIO(lines))

    def insert_domain(self, cursor):
        cursor.execute('INSERT INTO ddns.domains (zone, owner, account_id, address, www, offline, ttl)'
                       ' VALUES (%s, %s, (SELECT id FROM ddns.accounts ORDER BY md5(login || %s) LIMIT 1), %s, %s, %s, %s)',
                       (self.zone(), self.owner(), str(self.random.random()), self.array(),
                        self.random.choice(('off', 'off', 'port')), self.random.choice(('page', 'keep', 'none')), self.ttl()))

    def change_domain(self, cursor):
        change = self.random.choice((
            "address = '%s'" % self.array(), "address = '%s', online = true" % self.array(), 'online = not online',
            'online = not online', 'wildcard = not wildcard', 'mail = not mail', "fixed = '%s'" % self.array(2),
            'fixed = null', "www = 'port'", "www = 'off'", "www = 'url', www_url = 'https://example.net/'",
            "offline = 'keep'", "offline = 'none'", "offline = 'page'", "offline = 'url', offline_url = 'https://example.net/'",
            "offline = 'address', offline_address = '%s'" % self.array(2), 'ttl = %d' % self.ttl(), 'served = not served'))
        cursor.execute('UPDATE ddns.domains SET %s WHERE id = (SELECT id FROM ddns.domains'
                       " ORDER BY md5(id || '%s') LIMIT 1)" % (change, self.random.random()))

    def many_domains(self, cursor):
        cursor.execute('UPDATE ddns.domains SET %s WHERE %s' % (
            self.random.choice(('online = not online', 'wildcard = not wildcard', "address = address || '%s'::inet" % self.v4(),
                                'mail = false', 'ttl = %d' % self.ttl())), self.condition()))

    def delete_domain(self, cursor):
        cursor.execute("DELETE FROM ddns.domains WHERE id = (SELECT id FROM ddns.domains ORDER BY md5(id || '%s') LIMIT 1)"
                       % self.random.random())

    def rename_domain(self, cursor):
        cursor.execute('UPDATE ddns.domains SET owner = %s, zone = %s WHERE id ='
                       ' (SELECT id FROM ddns.domains ORDER BY md5(id || %s) LIMIT 1)',
                       (self.owner(), self.zone(), str(self.random.random())))

    def change_zone(self, cursor):
        change = self.random.choice((
            'ttl = %d' % self.ttl(), 'negative_ttl = %d' % self.ttl(), 'refresh = refresh + 1',
            "mname = 'ns%d.example.net'" % self.random.randrange(5), "rname = 'host\\.master.example.net'",
            "redirectors = '%s'" % self.array(2), "name_servers = '{ns%d.example.net}'" % self.random.randrange(5),
            "name_servers = '{}'"))
        cursor.execute('UPDATE ddns.zones SET %s WHERE origin = %%s' % change, (self.zone(),))

    def toggle_zone(self, cursor):
        cursor.execute('UPDATE ddns.zones SET served = not served WHERE origin = %s', (self.zone(),))

    def rename_zone(self, cursor):
        cursor.execute('UPDATE ddns.zones SET origin = %s WHERE origin = %s', (self.zone(), self.zone()))

    def drop_zone(self, cursor):
        cursor.execute('DELETE FROM ddns.zones WHERE origin = %s', (self.zone(),))

    def make_zone(self, cursor):
        for origin in ZONES:
            self.add_zone(cursor, origin)

    def suspend(self, cursor):
        cursor.execute("UPDATE ddns.accounts SET state = CASE state WHEN 'active' THEN 'suspended' ELSE 'active' END"
                       ' WHERE login = %s', (self.random.choice(('rs-ann', 'rs-bob', 'rs-cat')),))

    def setting(self, cursor):
        cursor.execute("UPDATE ddns.settings SET value = %s WHERE name = 'name_servers'",
                       (self.random.choice(('ns1.example.net ns2.example.net', 'ns3.example.net')),))

    def beside(self, cursor):
        """What is not served."""
        cursor.execute(self.random.choice((
            "INSERT INTO ddns.contacts (domain_id, at, peer, door) SELECT id, now(), '192.0.2.9', 'psql' FROM ddns.domains"
            ' ON CONFLICT (domain_id) DO UPDATE SET at = excluded.at',
            "UPDATE ddns.accounts SET email = 'a%d@example.net' WHERE login = 'rs-ann'" % self.random.randrange(9),
            "INSERT INTO ddns.history (zone, name, what) VALUES ('one.example', 'a.one.example', 'test')",
            "INSERT INTO ddns.attempts (name, reason) VALUES ('a.one.example', 'test')",
            "INSERT INTO ddns.quarantine (name, account_id, until) SELECT 'q%d.shared.example', id, now() FROM ddns.accounts"
            ' LIMIT 1 ON CONFLICT DO NOTHING' % self.random.randrange(9),
            'UPDATE ddns.domains SET timeout = 10 WHERE ' + self.condition())))

    def truncate(self, cursor):
        cursor.execute(self.random.choice(('TRUNCATE ddns.records', 'TRUNCATE ddns.domains CASCADE')))
        for _ in range(10):
            self.in_savepoint(cursor, self.insert_domain)
            self.in_savepoint(cursor, self.insert_record)

    # transactions of several statements

    def in_savepoint(self, cursor, kind):
        cursor.execute('SAVEPOINT s' if self.connection.info.transaction_status != 0 else 'SELECT')
        try:
            kind(cursor)
        except REFUSALS:
            if self.connection.info.transaction_status == 0:
                return
            cursor.execute('ROLLBACK TO SAVEPOINT s')

    def transaction(self, cursor, end):
        cursor.execute('BEGIN')
        try:
            plain = [k for _, k in self.kinds if k not in (self.several, self.abort)]
            for kind in self.random.sample(plain, self.random.randrange(2, 6)):
                self.in_savepoint(cursor, kind)
                if self.random.random() < 0.2:
                    cursor.execute('ROLLBACK TO SAVEPOINT s')
            cursor.execute(end)
        except REFUSALS:
            cursor.execute('ROLLBACK')
            raise

    def several(self, cursor):
        self.transaction(cursor, 'COMMIT')

    def abort(self, cursor):
        self.transaction(cursor, 'ROLLBACK')
