# SPDX-License-Identifier: GPL-3.0-or-later
"""The random statements of the stress test: everything that SQL lets people do to the tables."""
import io

ORIGINS = ['z%d.test' % i for i in range(7)] + ['sub.z0.test']
OWNERS = ['@', 'a', 'b', 'c', 'd', 'e', 'a.b', 'x.a', 'y.a', 'x.a.b', 'www.a', 'www.b', '*.a', '*.b', '*', 'x.y.c',
          r'p\.q.b', 'c.d.e', '_acme-challenge.a', 'www', 'n1', 'n2.n1']
DOMAINS = ['a', 'b', 'c', 'a.b', 'd.e', 'n1', '@', r'p\.q.b', 'www.a', 'e']
RDATA = {
    'A': ['192.0.2.%d' % i for i in range(1, 8)],
    'AAAA': ['2001:db8::%d' % i for i in range(1, 8)] + ['2001:DB8:0::0009'],
    'TXT': ['one', '"two"', '"three" "strings" "here"', '"a;b"'],
    'CNAME': ['www.example.org.', 'A.Example.org.'],
    'MX': ['10 mail.example.org.', '020 Mail.example.org.'],
    'NS': ['ns1.example.org.', 'ns2.example.org.'],
    'SSHFP': ['1 1 0123456789abcdef0123456789abcdef01234567'],
    'CAA': ['0 issue "ca.example.org"'],
}
PREFIXES = [None, '2001:db8:a::/64', '2001:db8:b::/64', '2001:db8:b:100::/56']
OPTIONS = [None, None, None, '{}', '{"timeout": "10"}', '{"wildcard": "off"}', '{"wildcard": "on", "mx": "relay.test", "backmx": "yes"}',
           '{"prefix": "2001:db8:c::/64"}', '{"prefix": "2001:db8:c:200::/56", "timeout": "0"}', '{"prefix": "x"}']
WEIGHTS = {
    'insert_record': 14, 'insert_records': 5, 'upsert_records': 5, 'insert_host_record': 5,
    'insert_interface_record': 4, 'change_prefix': 3, 'copy_records': 2,
    'change_rdata': 8, 'change_ttl': 6, 'rename_record': 6, 'move_record': 3, 'delete_record': 10,
    'insert_domain': 10, 'change_address': 14, 'change_addresses': 4, 'go_offline': 8, 'change_settings': 8,
    'rename_domain': 4, 'move_domain': 3, 'delete_domain': 4, 'change_term': 3, 'give_domain': 3,
    'insert_zone': 10, 'delete_zone': 2, 'rename_zone': 2, 'change_zone': 4, 'change_redirectors': 2,
    'hide_zone': 1, 'set_serial': 2, 'suspend': 2, 'update_hosts': 6, 'change_setting': 0.3,
    'truncate': 0.4, 'truncate_zones': 0.05,
    'end_terms': 3, 'end_quarantine': 2, 'switch_terms': 0.5,
}


class Statements:
    def __init__(self, rnd):
        self.rnd = rnd
        self.last = ''
        self.counts = {}

    def prepare(self, cursor):
        """What is there at the start."""
        cursor.execute("insert into ddns.accounts (login, email) select 'u' || i, 'u' || i || '@mail.test' from generate_series(1, 4) i")
        for origin in ORIGINS[:5]:
            cursor.execute("insert into ddns.zones (origin, kind, terms, mname, rname)"
                           " values (%s, 'shared', true, 'ns1.test', 'hostmaster.test')",
                           (origin,))

    def run(self, cursor):
        name = self.rnd.choices(list(WEIGHTS), WEIGHTS.values())[0]
        self.last = name
        count = self.counts.setdefault(name, [0, 0])
        count[0] += 1
        try:
            getattr(self, name)(cursor)
        except Exception:
            count[1] += 1
            raise

    def pick(self):
        return self.rnd.choice(ORIGINS)

    def ttl(self):
        return self.rnd.choice((0, 5, 60, 300, 86400))

    def record(self):
        rtype = self.rnd.choices(list(RDATA), (8, 5, 5, 2, 2, 1, 1, 1))[0]
        return self.pick(), self.rnd.choice(OWNERS), rtype, self.ttl(), self.rnd.choice(RDATA[rtype])

    def addresses(self):
        pool = RDATA['A'] + RDATA['AAAA'][:7]
        return '{%s}' % ','.join(self.rnd.sample(pool, self.rnd.choice((0, 1, 1, 1, 2, 3))))

    # records

    def insert_record(self, cursor):
        cursor.execute('insert into ddns.records (zone, owner, type, ttl, rdata) values (%s, %s, %s, %s, %s)', self.record())

    def insert_records(self, cursor):
        zone, rtype = self.pick(), self.rnd.choice(('A', 'TXT', 'AAAA'))
        cursor.execute('insert into ddns.records (zone, owner, type, rdata) select %s, o, %s, %s from unnest(%s::text[]) o'
                       ' on conflict do nothing',
                       (zone, rtype, self.rnd.choice(RDATA[rtype]), self.rnd.sample(OWNERS, 6)))

    def upsert_records(self, cursor):
        for _ in range(2):
            cursor.execute('insert into ddns.records (zone, owner, type, ttl, rdata) values (%s, %s, %s, %s, %s)'
                           ' on conflict (zone, owner, type, (case when octet_length(rdata) <= 1000 then rdata'
                           ' else left(rdata, 1000) || md5(rdata) end)) do update set ttl = excluded.ttl', self.record())

    def insert_host_record(self, cursor):
        rnd = self.rnd
        online = rnd.choice(('rdata', 'default', 'address', 'port', 'url'))
        offline = rnd.choice(('rdata', 'default', 'address', 'url', 'page'))
        targets = {'address': '192.0.2.99', 'port': '8081', 'url': 'https://example.org/x'}
        cursor.execute('insert into ddns.records (zone, owner, type, rdata, online, online_target, offline, offline_target)'
                       ' values (%s, %s, %s, %s, %s, %s, %s, %s)',
                       (self.pick(), rnd.choice(OWNERS), 'A', rnd.choice(RDATA['A']), online, targets.get(online),
                        offline, targets.get(offline)))

    def insert_interface_record(self, cursor):
        cursor.execute("insert into ddns.records (zone, owner, type, interface_id) values (%s, %s, 'AAAA', %s)",
                       (self.pick(), self.rnd.choice(OWNERS), '::%x' % self.rnd.randrange(0x1000, 0x10000000)))

    def copy_records(self, cursor):
        zone = self.pick()
        n = self.rnd.randrange(1000000)
        rows = ''.join('%s\tcopy%d-%d.%s\tA\t60\t192.0.2.5\n' % (zone, n, i, self.rnd.choice('abc'))
                       for i in range(self.rnd.choice((3, 30))))
        cursor.copy_expert('copy ddns.records (zone, owner, type, ttl, rdata) from stdin', io.StringIO(rows))

    def change_rdata(self, cursor):
        rtype = self.rnd.choice(('A', 'AAAA', 'TXT'))
        cursor.execute('update ddns.records set rdata = %s where zone = %s and owner = %s and type = %s',
                       (self.rnd.choice(RDATA[rtype]), self.pick(), self.rnd.choice(OWNERS), rtype))

    def change_ttl(self, cursor):
        cursor.execute('update ddns.records set ttl = %s where zone = %s and owner = any (%s)',
                       (self.ttl(), self.pick(), self.rnd.sample(OWNERS, self.rnd.choice((1, 4)))))

    def rename_record(self, cursor):
        cursor.execute('update ddns.records set owner = %s where zone = %s and owner = %s',
                       (self.rnd.choice(OWNERS), self.pick(), self.rnd.choice(OWNERS)))

    def move_record(self, cursor):
        cursor.execute('update ddns.records set zone = %s where zone = %s and owner = %s',
                       (self.pick(), self.pick(), self.rnd.choice(OWNERS)))

    def delete_record(self, cursor):
        cursor.execute('delete from ddns.records where zone = %s and owner = any (%s)',
                       (self.pick(), self.rnd.sample(OWNERS, self.rnd.choice((1, 2, 6)))))

    # domains

    def insert_domain(self, cursor):
        cursor.execute("insert into ddns.domains (zone, owner, account_id, address, mail, online)"
                       " select %s, %s, id, %s, %s, %s from ddns.accounts where login = %s",
                       (self.pick(), self.rnd.choice(DOMAINS), self.addresses(), self.rnd.random() < 0.5,
                        self.rnd.random() < 0.8, 'u%d' % self.rnd.randrange(1, 5)))

    def change_address(self, cursor):
        cursor.execute('update ddns.domains set address = %s where zone = %s and owner = %s',
                       (self.addresses(), self.pick(), self.rnd.choice(DOMAINS)))

    def change_addresses(self, cursor):
        cursor.execute('update ddns.domains set address = %s where zone = %s', (self.addresses(), self.pick()))

    def go_offline(self, cursor):
        cursor.execute('update ddns.domains set online = not online where zone = %s and owner = any (%s)',
                       (self.pick(), self.rnd.sample(DOMAINS, self.rnd.choice((1, 3)))))

    def change_settings(self, cursor):
        column, value = self.rnd.choice((
            ('wildcard', 'not wildcard'), ('mail', 'not mail'), ('ttl', '30'), ('www', "'port'"), ('www_port', '8081'),
            ('www', "'off'"), ('(www, www_url)', "('url', 'https://example.org/')"), ('offline', "'page'"),
            ('offline', "'keep'"), ('offline', "'none'"), ('(offline, offline_address)', "('address', '{192.0.2.77}')"),
            ('(offline, offline_url)', "('url', 'https://example.org/gone')"), ('fixed', "'{192.0.2.66}'"), ('fixed', 'null')))
        cursor.execute('update ddns.domains set %s = %s where zone = %%s and owner = any (%%s)' % (column, value),
                       (self.pick(), self.rnd.sample(DOMAINS, 3)))

    def rename_domain(self, cursor):
        cursor.execute('update ddns.domains set owner = %s where zone = %s and owner = %s',
                       (self.rnd.choice(DOMAINS), self.pick(), self.rnd.choice(DOMAINS)))

    def move_domain(self, cursor):
        cursor.execute('update ddns.domains set zone = %s where zone = %s and owner = %s',
                       (self.pick(), self.pick(), self.rnd.choice(DOMAINS)))

    def delete_domain(self, cursor):
        cursor.execute('delete from ddns.domains where zone = %s and owner = any (%s)',
                       (self.pick(), self.rnd.sample(DOMAINS, self.rnd.choice((1, 3)))))

    def change_term(self, cursor):
        term, before = self.rnd.choice((('none', None), ('trial', None), ('held', 'trial')))
        cursor.execute("update ddns.domains set term = %s, term_before_held = %s,"
                       " term_ends = case when %s = 'none' then null else now() end where zone = %s and owner = %s",
                       (term, before, term, self.pick(), self.rnd.choice(DOMAINS)))

    def give_domain(self, cursor):
        cursor.execute('update ddns.domains set account_id = (select id from ddns.accounts where login = %s)'
                       ' where zone = %s and owner = %s',
                       ('u%d' % self.rnd.randrange(1, 5), self.pick(), self.rnd.choice(DOMAINS)))

    def update_hosts(self, cursor):
        rnd = self.rnd
        cursor.execute("select name, account_id from ddns.domains order by random() limit %s", (rnd.choice((1, 5, 10)),))
        hosts = cursor.fetchall()
        n = len(hosts)
        cursor.execute('select verdict, count(*) from ddns.update_hosts(%s::bigint[], %s::bigint[], %s::text[], %s::text[],'
                       ' %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::text[], %s::inet[]) group by verdict',
                       ([None] * n, [h[1] for h in hosts], [None] * n, [h[0] for h in hosts],
                        [rnd.choice((None, '', '192.0.2.5', '192.0.2.6', '192.0.2.7,192.0.2.8', 'junk')) for _ in hosts],
                        [rnd.choice((None, None, '', '2001:db8::5')) for _ in hosts],
                        [rnd.choice((None, None, None, 'offline')) for _ in hosts],
                        [rnd.choice(OPTIONS) for _ in hosts], ['test'] * n, ['127.0.0.1'] * n))
        if any(verdict == 'failed' for verdict, _ in cursor.fetchall()):
            raise AssertionError('update_hosts let a member fail that it should have refused')

    def change_prefix(self, cursor):
        cursor.execute('update ddns.domains set prefix = %s where zone = %s and owner = %s',
                       (self.rnd.choice(PREFIXES), self.pick(), self.rnd.choice(DOMAINS)))

    # zones and what is above them

    def insert_zone(self, cursor):
        kind = self.rnd.choice(('own', 'shared'))
        cursor.execute("insert into ddns.zones (origin, kind, terms, mname, rname, redirectors)"
                       " values (%s, %s, %s, 'ns1.test', 'hostmaster.test', %s) on conflict (origin) do nothing",
                       (self.pick(), kind, kind == 'shared', self.rnd.choice(('{}', '{203.0.113.9}'))))

    def switch_terms(self, cursor):
        cursor.execute("update ddns.zones set terms = not terms where origin = %s and kind = 'shared'", (self.pick(),))

    def end_terms(self, cursor):
        cursor.execute('select * from ddns.end_terms(200)')

    def end_quarantine(self, cursor):
        cursor.execute('update ddns.quarantine set until = now()')

    def delete_zone(self, cursor):
        cursor.execute('delete from ddns.zones where origin = %s', (self.pick(),))

    def rename_zone(self, cursor):
        cursor.execute('update ddns.zones set origin = %s where origin = %s', (self.pick(), self.pick()))

    def change_zone(self, cursor):
        column, value = self.rnd.choice((('negative_ttl', '30'), ('refresh', '1800'), ('ttl', '120'), ('mname', "'ns9.test'"),
                                         ('name_servers', "'{ns1.test,ns2.test}'"), ('notify', "'{192.0.2.1#53}'"),
                                         ('transfer_to', "'{192.0.2.0/24}'"), ('name_servers', "'{}'")))
        cursor.execute('update ddns.zones set %s = %s where origin = any (%%s)' % (column, value),
                       (self.rnd.sample(ORIGINS, self.rnd.choice((1, 3))),))

    def change_redirectors(self, cursor):
        cursor.execute('update ddns.zones set redirectors = %s where origin = %s',
                       (self.rnd.choice(('{}', '{203.0.113.9}', '{203.0.113.9,2001:db8:9::9}')), self.pick()))

    def hide_zone(self, cursor):
        cursor.execute('update ddns.zones set served = not served where origin = %s', (self.pick(),))

    def set_serial(self, cursor):
        cursor.execute('update ddns.zone_state set serial = %s where zone_id = (select id from ddns.zones where origin = %s)',
                       (self.rnd.choice((1, 2026010101, 4294967294, 4294967295)), self.pick()))

    def suspend(self, cursor):
        cursor.execute('update ddns.accounts set state = %s where login = %s',
                       (self.rnd.choice(('active', 'active', 'suspended')), 'u%d' % self.rnd.randrange(1, 5)))

    def change_setting(self, cursor):
        cursor.execute("insert into ddns.settings (name, value) values ('name_servers', %s)"
                       " on conflict (name) do update set value = excluded.value",
                       (self.rnd.choice(('', 'ns1.test', 'ns1.test ns2.test')),))

    def truncate(self, cursor):
        cursor.execute('truncate ddns.records' if self.rnd.random() < 0.7 else 'truncate ddns.domains cascade')

    def truncate_zones(self, cursor):
        cursor.execute('truncate ddns.zones cascade')
