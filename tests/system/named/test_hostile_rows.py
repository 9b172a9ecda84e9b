# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that the schema refuses, put in by force: named leaves them out, says so, and lives.

Each of them made named abort, or answer wrongly, with a module that passes on what it is given.
"""
import random
import re

import dns.exception
import dns.rdatatype
import pytest

from ddns.steps import wait_until
from named.load import Load, query
from named.support import answer, cursor_of, make_zone, rdatas, transfer_of, wait_caught_up

ZONE = 'hostile.example'

# (type, rdata): each is put beside a good TXT of the same owner
BAD_RDATA = (
    ('ANY', '\\# 0'), ('AXFR', '\\# 0'), ('IXFR', '\\# 0'), ('OPT', '\\# 0'), ('TSIG', '\\# 0'), ('TKEY', '\\# 0'),
    ('TYPE255', '\\# 0'), ('TYPE252', '\\# 0'), ('TYPE41', '\\# 0'), ('TYPE0', '\\# 0'), ('TYPE65536', '\\# 0'),
    ('TYPE1', '\\# 1 00'), ('TYPE65500', '\\# 5 010203'), ('TYPE65500', '\\# 2 010203'), ('TYPE65500', 'text'),
    ('NOSUCHTYPE', '1'), ('', '1'), ('A A', '192.0.2.1'), ('SOA', 'a. b. 1 2 3 4 5'),
    ('RRSIG', 'A 8 2 60 20300101000000 20200101000000 1 a. AAAA'), ('NSEC', 'a. A'),
    ('NSEC3', '1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A'), ('DNSKEY', '257 3 8 AAAA'), ('NULL', ''), ('A', ''),
    ('A', 'nonsense'), ('A', '192.0.2'), ('A', '192.0.2.256'), ('A', '192.0.2.1 192.0.2.2'), ('A', '2001:db8::1'),
    ('A', '0x7f000001'), ('AAAA', '192.0.2.1'), ('AAAA', '2001:db8::1::2'), ('AAAA', 'fe80::1%eth0'), ('CNAME', ''),
    ('CNAME', 'a..b.'), ('CNAME', 'relative'), ('CNAME', 'a. b.'), ('NS', 'x' * 64 + '.'),
    ('NS', '.'.join(['x' * 60] * 5) + '.'), ('MX', 'mail.example.'), ('MX', '10'), ('MX', '65536 a.'),
    ('MX', '-1 a.'), ('MX', '10 relative'), ('PTR', 'a\\25.'), ('PTR', 'a\\256.'), ('SRV', '1 2 3'),
    ('SRV', '1 2 70000 a.'), ('CAA', '256 issue "x"'), ('CAA', '0 is-sue "x"'), ('CAA', '0 issue'),
    ('SPF', '"%s"' % ('x' * 256)), ('HINFO', '"%s" "x"' % ('x' * 256)), ('HINFO', '"open'), ('HINFO', 'one'),
    ('LOC', '91 0 0 N 0 0 0 E 0m'), ('SSHFP', '1 1 abc'), ('TLSA', '3 1 1 xyz'), ('NAPTR', '1 2 "u" "s" "r"'),
    ('URI', '1 1 ""'), ('DNAME', '('), ('AFSDB', '1 a. ; comment'), ('RP', 'a. b.\nevil 60 IN A 192.0.2.1'),
    ('DNAME', '$INCLUDE'), ('MX', '10 a.\x01'), ('SRV', '0 0 0 "a."'), ('PTR', '"a."'), ('DNAME', '\\# 1 00'),
    ('KX', '(1 a.'),
)

# What looks right until named itself reads it: the first question may fail, the next must not.
BAD_FOR_NAMED = (
    ('DS', '1 8 2 00'), ('SSHFP', '1 1 ab'), ('HTTPS', '1 . port=99999'), ('HTTPS', '1 . mandatory=alpn'),
    ('NAPTR', '1 2 "u" "s" "bad" .'), ('URI', '1 1 x'), ('CERT', '1 1 1 ab=='),
)

# (owner, type, rdata): the owner itself, or what stands there together, is wrong
BAD_OWNERS = (
    ('', 'A', '192.0.2.1'), ('a..b', 'A', '192.0.2.1'), ('.', 'A', '192.0.2.1'), ('trailing.', 'A', '192.0.2.1'),
    ('x' * 64, 'A', '192.0.2.1'), ('.'.join(['y' * 60] * 4), 'A', '192.0.2.1'), ('bad\\25', 'A', '192.0.2.1'),
    ('bad\\999', 'A', '192.0.2.1'), ('bad\\', 'A', '192.0.2.1'), ('b d', 'A', '192.0.2.1'),
    ('UPPER', 'A', '192.0.2.1'), ('\u00fcml', 'A', '192.0.2.1'), ('new\nline', 'A', '192.0.2.1'),
    ('*', 'NS', 'ns.elsewhere.test.'), ('*', 'DNAME', 'elsewhere.test.'), ('*.star', 'NS', 'ns.elsewhere.test.'),
    ('@', 'CNAME', 'elsewhere.test.'), ('@', 'SOA', 'a. b. 1 2 3 4 5'),
)


def weaken(cursor):
    """Takes every rule of the tables away, and the triggers of this connection."""
    cursor.execute("""
        SELECT format('ALTER TABLE ddns.%I DROP CONSTRAINT %I CASCADE', c.relname, k.conname)
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'ddns' AND c.relname IN ('zones', 'records', 'domains') AND (k.contype = 'c' OR
               c.relname = 'records' AND k.contype IN ('u', 'x'))
        UNION ALL
        SELECT format('DROP INDEX ddns.%I', c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid = 'ddns.records'::regclass AND i.indisunique AND NOT i.indisprimary
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)""")
    for statement, in cursor.fetchall():
        cursor.execute(statement)
    # what looks over a zone once more at commit, and would refuse every later change of ours
    cursor.execute("""
        SELECT format('CREATE OR REPLACE FUNCTION ddns.%I(%s) RETURNS void LANGUAGE plpgsql AS ''BEGIN END''', proname,
                      pg_get_function_arguments(oid))
          FROM pg_proc WHERE pronamespace = 'ddns'::regnamespace AND proname LIKE 'check%' AND prorettype = 'void'::regtype""")
    statements = cursor.fetchall()
    assert statements
    for statement, in statements:
        cursor.execute(statement)
    cursor.execute('SET session_replication_role = replica')


def force(cursor, owner, rrtype, rdata, ttl=60):
    cursor.execute('INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES (%s, %s, %s, %s, %s)',
                   (ZONE, owner, rrtype, ttl, rdata))


@pytest.fixture(scope='module')
def hostile(bare_stage):
    """A stage whose tables hold every bad row, and a cursor that obeys the triggers that are left."""
    stage = bare_stage
    with cursor_of(stage.cluster) as cursor:
        make_zone(cursor, ZONE, names=50)
        with cursor_of(stage.cluster) as forced:
            weaken(forced)
            for n, (rrtype, rdata) in enumerate(BAD_RDATA):
                force(forced, 'bad-%d' % n, 'TXT', '"good %d"' % n)
                force(forced, 'bad-%d' % n, rrtype, rdata)
            for n, (rrtype, rdata) in enumerate(BAD_FOR_NAMED):
                force(forced, 'late-%d' % n, 'TXT', '"good %d"' % n)
                force(forced, 'late-%d' % n, rrtype, rdata)
            for owner, rrtype, rdata in BAD_OWNERS:
                force(forced, owner, rrtype, rdata)
            force(forced, 'ttl', 'A', '192.0.2.1', ttl=-1)
            force(forced, 'twice', 'A', '192.0.2.1')
            force(forced, 'twice', 'A', '192.0.2.1')
            force(forced, 'twice', 'AAAA', '2001:db8::1')
            force(forced, 'twice', 'AAAA', '2001:DB8:0::1')
            force(forced, 'aliases', 'CNAME', 'host-1.' + ZONE + '.')
            force(forced, 'aliases', 'CNAME', 'host-2.' + ZONE + '.')
            force(forced, 'alias', 'CNAME', 'host-1.' + ZONE + '.')
            force(forced, 'alias', 'A', '192.0.2.1')
            force(forced, 'ttls', 'A', '192.0.2.1', ttl=10)
            force(forced, 'ttls', 'A', '192.0.2.2', ttl=20)
            for origin, mname, rname in (('bad-soa.example', '', 'x'), ('worse-soa.example', 'a..b', 'c'), ('a..b', 'a', 'b'),
                                         ('', 'a', 'b'), ('bad ttl.example', 'a', 'b')):
                forced.execute("INSERT INTO ddns.zones (origin, mname, rname, name_servers, addresses, ttl, refresh)"
                               " VALUES (%s, %s, %s, '{}', 'any', -1, -1) RETURNING id", (origin, mname, rname))
                forced.execute('INSERT INTO ddns.zone_state (zone_id) VALUES (%s)', (forced.fetchone()[0],))
        yield stage, cursor


def is_left_out(named, n, rrtype):
    """Whether the good TXT beside a bad row is answered alone, and its type as absent."""
    owner = 'bad-%d.%s' % (n, ZONE)
    everything = answer(named, owner, 'ANY')
    if rdatas(answer(named, owner, 'TXT'), 'TXT') != {'"good %d"' % n} or {rr[1] for rr in everything.answer} != {'TXT'}:
        return False
    if rrtype not in ('A', 'AAAA', 'NS', 'CNAME', 'MX', 'PTR', 'SRV', 'CAA', 'DNAME'):
        return True
    got = answer(named, owner, rrtype)
    return (got.rcode, got.answer) == ('NOERROR', frozenset()) and {rr[1] for rr in got.authority} == {'SOA'}


def check(stage):
    """Every good thing of the zone is answered, and nothing bad."""
    named = stage.named
    for n in range(50):
        assert rdatas(answer(named, 'host-%d.%s' % (n, ZONE))) == {'10.0.0.%d' % n}
    wrong = [(bad, answer(named, 'bad-%d.%s' % (n, ZONE), 'ANY')) for n, bad in enumerate(BAD_RDATA)
             if not is_left_out(named, n, bad[0])]
    assert not wrong, '%d rows, the first %s' % (len(wrong), '; '.join('%s %s' % bad for bad in wrong[:9]))
    for n, bad in enumerate(BAD_FOR_NAMED):
        owner = 'late-%d.%s' % (n, ZONE)
        assert answer(named, owner, 'TXT').rcode in ('NOERROR', 'SERVFAIL'), bad
        assert rdatas(answer(named, owner, 'TXT'), 'TXT') == {'"good %d"' % n}, bad
        assert answer(named, owner, bad[0]).rcode == 'NOERROR'
    assert answer(named, 'nothing.' + ZONE).rcode == 'NXDOMAIN'
    assert answer(named, 'nothing.' + ZONE, 'ANY').rcode == 'NXDOMAIN'
    assert rdatas(answer(named, 'twice.' + ZONE)) == {'192.0.2.1'}
    assert len(answer(named, 'twice.' + ZONE, 'AAAA').answer) == 1
    assert len({rr[2] for rr in answer(named, 'ttls.' + ZONE).answer}) == 1
    assert all(0 <= rr[2] < 1 << 31 for rr in answer(named, 'ttl.' + ZONE).answer)
    assert len([rr for rr in answer(named, 'aliases.' + ZONE, 'CNAME').answer]) <= 1
    soa, = answer(named, ZONE, 'SOA').answer
    assert soa[3].startswith('ns1.%s. hostmaster.%s. ' % (ZONE, ZONE))
    for origin in ('bad-soa.example', 'worse-soa.example'):
        for name in (origin, 'x.' + origin):
            for rrtype in ('A', 'SOA', 'ANY', 'NS'):
                answer(named, name, rrtype)
    for name in ('upper', 'UPPER', 'bad', 'x' * 63, 'star', 'q.star', 'trailing', 'b\\032d', 'ttl', 'alias', 'aliases'):
        for rrtype in ('A', 'NS', 'ANY', 'SOA', 'CNAME', 'DNAME'):
            assert answer(named, '%s.%s' % (name, ZONE), rrtype).rcode in ('NOERROR', 'NXDOMAIN'), name


def reported(named):
    """(how many rows the log speaks of as left out, what it says of each)"""
    said = re.findall(r"row left out: (.*)", named.read_log())
    return len(said) + sum(map(int, re.findall(r'(\d+) more rows were left out', named.read_log()))), said


def test_at_the_first_load(hostile):
    """named starts with them in the tables; the log shows some and counts the rest."""
    stage, cursor = hostile
    stage.start(stage.named)
    wait_caught_up(stage.named, cursor, ZONE)
    check(stage)
    least = len(BAD_RDATA) + len(BAD_OWNERS) - 1               # an SOA of the apex may be passed over in silence
    wait_until(lambda: reported(stage.named)[0] >= least, what='all are told of')
    said = reported(stage.named)[1]
    assert len(said) >= 10 and any("'bad-0' ANY" in line for line in said)
    for origin in ('bad-soa.example', 'worse-soa.example'):
        assert origin in stage.named.read_log()


def test_when_the_zone_is_loaded_whole(hostile):
    stage, cursor = hostile
    cursor.execute('UPDATE ddns.zones SET refresh = refresh + 1 WHERE origin = %s', (ZONE,))
    wait_caught_up(stage.named, cursor, ZONE)
    check(stage)


def test_when_a_step_brings_them(hostile):
    """A change of each owner reads its bad rows, too."""
    stage, cursor = hostile
    cursor.execute("UPDATE ddns.records SET ttl = ttl + 1 WHERE zone = %s AND type = 'TXT'", (ZONE,))
    wait_caught_up(stage.named, cursor, ZONE)
    check(stage)


def test_transfers_stay_whole(hostile):
    """A bad row must not end a transfer early, which a secondary would take for the whole zone."""
    stage, cursor = hostile
    cursor.execute("UPDATE ddns.zones SET transfer = 'list', transfer_to = '{127.0.0.1}' WHERE origin = %s", (ZONE,))
    wait_caught_up(stage.named, cursor, ZONE)
    for _ in BAD_FOR_NAMED:
        try:
            zone = transfer_of(stage.named, ZONE)
            break
        except dns.exception.DNSException:          # fails as a whole, and the row is left out from then on
            continue
    rows = {(name.to_text().split('.')[0], dns.rdatatype.to_text(rdata.rdtype)) for name, _, rdata in zone.iterate_rdatas()}
    assert {('host-%d' % n, 'A') for n in range(50)} <= rows
    assert {('bad-%d' % n, 'TXT') for n in range(len(BAD_RDATA))} <= rows


def test_random_text_in_every_column(hostile, is_long):
    """Rows of random bytes under a load of right answers."""
    stage, cursor = hostile
    named = stage.named
    rng = random.Random(3)
    pid = named.server.pid()
    alphabet = 'aA1.\\"();@$ \t*-_\u00ff\n#'
    types = ('A', 'AAAA', 'MX', 'TXT', 'CNAME', 'NS', 'SRV', 'CAA', 'SOA', 'HINFO', 'DNAME', 'TYPE65280', 'LOC', 'NAPTR', 'SVCB', 'HTTPS')
    expect = {query('host-%d.%s' % (n, ZONE)): answer(named, 'host-%d.%s' % (n, ZONE)) for n in range(50)}

    def word():
        return ''.join(rng.choice(alphabet) for _ in range(rng.randrange(12)))

    with cursor_of(stage.cluster) as forced, Load(named.address, named.port, expect) as load:
        forced.execute('SET session_replication_role = replica')
        for turn in range(150 if is_long else 15):
            for n in range(40):
                force(forced, rng.choice(('junk-%d' % n, word())), rng.choice(types),
                      rng.choice((word(), '10 ' + word(), '"%s"' % word(), '\\# %s' % word())), rng.choice((-5, 0, 60, 2 ** 31 - 1)))
            cursor.execute('UPDATE ddns.zones SET retry = %s WHERE origin = %s', (turn, ZONE))
            wait_caught_up(named, cursor, ZONE)
            for n in range(40):
                for rrtype in ('ANY', 'A', 'TXT', 'SOA'):
                    assert answer(named, 'junk-%d.%s' % (n, ZONE), rrtype).rcode in ('NOERROR', 'NXDOMAIN')
            forced.execute("DELETE FROM ddns.records WHERE zone = %s AND owner NOT LIKE 'bad-%%' AND owner NOT LIKE 'host-%%'", (ZONE,))
    load.check(least=100)
    assert named.server.pid() == pid
