# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones beside, inside and after one another; views; several dlz statements."""
import pytest

from ddns.steps import wait_until
from named.load import Load, query
from named.support import add_record, answer, answer_from, cursor_of, make_zone, rdatas, served_serial, set_address, wait_caught_up


@pytest.fixture
def cursor(stage):
    with cursor_of(stage.cluster) as cursor:
        cursor.execute("DELETE FROM ddns.zones WHERE origin LIKE '%zones.test'")
        yield cursor


def test_two_zones_with_the_same_owner_names(stage, cursor):
    named = stage.named
    for n, origin in enumerate(('a.zones.test', 'b.zones.test')):
        make_zone(cursor, origin)
        add_record(cursor, origin, 'www', 'A', '192.0.2.%d' % n)
        add_record(cursor, origin, '*', 'TXT', '"%s"' % origin)
    wait_caught_up(named, cursor, 'a.zones.test', 'b.zones.test')
    for n, origin in enumerate(('a.zones.test', 'b.zones.test')):
        assert rdatas(answer(named, 'www.' + origin)) == {'192.0.2.%d' % n}
        assert rdatas(answer(named, 'q.' + origin, 'TXT'), 'TXT') == {'"%s"' % origin}
    cursor.execute("DELETE FROM ddns.records WHERE zone = 'a.zones.test' AND owner = 'www'")
    wait_caught_up(named, cursor, 'a.zones.test')
    assert not rdatas(answer(named, 'www.a.zones.test'))
    assert rdatas(answer(named, 'www.b.zones.test')) == {'192.0.2.1'}


def test_a_zone_inside_another(stage, cursor):
    """The inner one hides what the outer has at and below its origin, for as long as it is there."""
    named = stage.named
    make_zone(cursor, 'zones.test')
    add_record(cursor, 'zones.test', 'www.in', 'A', '192.0.2.1')
    add_record(cursor, 'zones.test', '*', 'A', '192.0.2.2')
    add_record(cursor, 'zones.test', 'to-inner', 'CNAME', 'www.in.zones.test.')
    wait_caught_up(named, cursor, 'zones.test')
    assert rdatas(answer(named, 'www.in.zones.test')) == {'192.0.2.1'}
    make_zone(cursor, 'in.zones.test')
    add_record(cursor, 'in.zones.test', 'www', 'A', '192.0.2.3')
    make_zone(cursor, 'far.in.zones.test')
    wait_caught_up(named, cursor, 'in.zones.test', 'far.in.zones.test')
    assert rdatas(answer(named, 'www.in.zones.test')) == {'192.0.2.3'}
    assert rdatas(answer(named, 'to-inner.zones.test')) == {'192.0.2.3'}
    assert answer(named, 'other.in.zones.test').rcode == 'NXDOMAIN'
    assert answer(named, 'q.far.in.zones.test').rcode == 'NXDOMAIN'
    assert rdatas(answer(named, 'q.zones.test')) == {'192.0.2.2'}
    cursor.execute("DELETE FROM ddns.zones WHERE origin = 'in.zones.test'")
    wait_until(lambda: rdatas(answer(named, 'www.in.zones.test')) == {'192.0.2.1'}, 30, 'the outer zone shows again')
    assert answer(named, 'q.far.in.zones.test').rcode == 'NXDOMAIN'


def test_the_soa_of_zones_with_long_names(stage, cursor):
    """named is given it in a form that depends on their length, and must read each at once."""
    named = stage.named
    begin = len(named.read_log())
    origins = ['.'.join(['x' * 40] * labels + ['x' * length, 'zones.test']) for labels in range(5) for length in (5, 15, 25, 35)]
    for origin in origins:
        make_zone(cursor, origin)
    wait_caught_up(named, cursor, *origins)
    for origin in origins:
        (_, kind, _, soa), = answer(named, 'nope.' + origin).authority
        assert (kind, soa.split()[:2]) == ('SOA', ['ns1.%s.' % origin, 'hostmaster.%s.' % origin])
    assert 'ran out of space' not in named.read_log()[begin:]


def test_a_zone_added_and_removed_while_queried(stage, cursor, is_long):
    """Its names are answered or refused and nothing else; the zone beside it never minds."""
    named = stage.named
    make_zone(cursor, 'stays.zones.test', names=20)
    wait_caught_up(named, cursor, 'stays.zones.test')

    def there_or_not(got):
        return got.rcode == 'REFUSED' or rdatas(got) == {'192.0.2.4'}

    def absent_or_not(got):
        return got.rcode == 'REFUSED' or got.rcode == 'NXDOMAIN' and {rr[1] for rr in got.authority} == {'SOA'}

    expect = {query('host-%d.stays.zones.test' % n): answer(named, 'host-%d.stays.zones.test' % n) for n in range(20)}
    expect |= {query('n%d.comes.zones.test' % n): there_or_not for n in range(40)}
    expect |= {query('q%d.comes.zones.test' % n): absent_or_not for n in range(10)}
    with Load(named.address, named.port, expect, rate=3000) as load:
        for _ in range(200 if is_long else 30):
            cursor.execute('BEGIN')
            make_zone(cursor, 'comes.zones.test')
            for n in range(40):
                add_record(cursor, 'comes.zones.test', 'n%d' % n, 'A', '192.0.2.4')
            cursor.execute('COMMIT')
            wait_caught_up(named, cursor, 'comes.zones.test')
            cursor.execute("DELETE FROM ddns.zones WHERE origin = 'comes.zones.test'")
            wait_until(lambda: served_serial(named, 'comes.zones.test') is None, 30, 'the zone is gone', interval=0.002)
    load.check(least=500)
    assert {0, 3, 5} <= load.rcodes.keys()


def test_two_views_with_one_conninfo(stage, cursor):
    """Both answer, and there is one mirror: as many database connections as for one."""
    named = stage.another_named()
    named.body = ''.join('view "%s" { match-clients { %s; }; %s };\n' % (view, clients, named.dlz())
                         for view, clients in (('one', '127.0.0.1'), ('other', 'any')))
    make_zone(cursor, 'zones.test')
    add_record(cursor, 'zones.test', 'www', 'A', '192.0.2.1')
    wait_caught_up(stage.named, cursor, 'zones.test')
    for_one = stage.database_connections()
    stage.start(named)
    wait_caught_up(named, cursor, 'zones.test')
    for source in ('127.0.0.1', '127.0.0.2'):
        assert rdatas(answer_from(named, source, 'www.zones.test')) == {'192.0.2.1'}
    assert stage.database_connections() == 2 * for_one          # the stage's own named, and this
    set_address(cursor, 'zones.test', 'www', '192.0.2.2')
    wait_caught_up(named, cursor, 'zones.test')
    for source in ('127.0.0.1', '127.0.0.2'):
        assert rdatas(answer_from(named, source, 'www.zones.test')) == {'192.0.2.2'}
    named.body = 'view "only" { %s };\n' % named.dlz()
    named.rewrite()
    named.rndc('reconfig')
    set_address(cursor, 'zones.test', 'www', '192.0.2.3')
    wait_caught_up(named, cursor, 'zones.test')
    assert rdatas(answer_from(named, '127.0.0.2', 'www.zones.test')) == {'192.0.2.3'}


def test_who_may_ask(stage, cursor):
    """As README says: allow-query does not count for a dlz statement's zones, match-clients of a view does."""
    named = stage.another_named()
    named.body = """
        view "inside" { match-clients { 127.0.0.1; }; allow-query { none; }; %s };
        view "outside" { match-clients { any; }; };
    """ % named.dlz()
    make_zone(cursor, 'zones.test')
    add_record(cursor, 'zones.test', 'www', 'A', '192.0.2.1')
    stage.start(named)
    wait_until(lambda: rdatas(answer_from(named, '127.0.0.1', 'www.zones.test')) == {'192.0.2.1'}, 30, 'inside')
    assert answer_from(named, '127.0.0.2', 'www.zones.test').rcode == 'REFUSED'


@pytest.fixture
def second(stage):
    """A second database of the same cluster: (its name, a cursor)."""
    database = stage.second_database()
    with cursor_of(stage.cluster, dbname=database) as cursor:
        yield database, cursor


def test_two_conninfos_in_two_dlz_statements(stage, cursor, second):
    """The deeper zone wins wherever it is; of equal ones the first statement's."""
    database, theirs = second
    make_zone(cursor, 'zones.test')
    make_zone(cursor, 'both.zones.test')
    make_zone(theirs, 'inner.zones.test')
    make_zone(theirs, 'both.zones.test')
    add_record(cursor, 'zones.test', 'www', 'A', '192.0.2.1')
    add_record(cursor, 'zones.test', 'www.inner', 'A', '192.0.2.2')
    add_record(cursor, 'both.zones.test', 'www', 'A', '192.0.2.3')
    add_record(theirs, 'inner.zones.test', 'www', 'A', '192.0.2.4')
    add_record(theirs, 'both.zones.test', 'www', 'A', '192.0.2.5')
    named = stage.another_named()
    for first, www_both in ((None, '192.0.2.3'), (database, '192.0.2.5')):
        statements = [named.dlz('ours'), named.dlz('theirs', dbname=database)]
        named.body = ''.join(reversed(statements) if first else statements)
        if named.server.is_running():
            named.rewrite()
            named.rndc('reconfig')
        else:
            stage.start(named)
        wait_caught_up(named, cursor, 'zones.test')
        wait_caught_up(named, theirs, 'inner.zones.test')
        assert rdatas(answer(named, 'www.zones.test')) == {'192.0.2.1'}
        assert rdatas(answer(named, 'www.inner.zones.test')) == {'192.0.2.4'}
        wait_until(lambda www_both=www_both: rdatas(answer(named, 'www.both.zones.test')) == {www_both}, 30,
                   'the first statement wins')
        assert answer(named, 'www.elsewhere.test').rcode == 'REFUSED'


def test_only_dlz(stage, cursor, second):
    """With only-dlz in the later statement a zone of the earlier one is dropped where the later has none."""
    database, theirs = second
    make_zone(cursor, 'zones.test')
    make_zone(theirs, 'inner.zones.test')
    add_record(cursor, 'zones.test', 'www', 'A', '192.0.2.1')
    add_record(theirs, 'inner.zones.test', 'www', 'A', '192.0.2.4')
    named = stage.another_named()
    named.body = stage.static_zone('static.example') + named.dlz('ours') + named.dlz(
        'theirs', more='only-dlz', dbname=database)
    stage.start(named)
    wait_caught_up(named, theirs, 'inner.zones.test')
    assert rdatas(answer(named, 'www.inner.zones.test')) == {'192.0.2.4'}
    assert not rdatas(answer(named, 'www.zones.test'))
    assert rdatas(answer(named, 'www.static.example')) == {'192.0.2.10'}


def test_a_static_zone_beside(stage, cursor):
    """named's own zones go first where they are as deep; ours where they are deeper."""
    named = stage.another_named()
    named.body = stage.static_zone('own.zones.test') + named.dlz()
    for origin in ('zones.test', 'own.zones.test', 'deeper.own.zones.test'):
        make_zone(cursor, origin)
        add_record(cursor, origin, 'www', 'A', '192.0.2.1')
    stage.start(named)
    wait_caught_up(named, cursor, 'zones.test', 'deeper.own.zones.test')
    assert rdatas(answer(named, 'www.own.zones.test')) == {'192.0.2.10'}
    assert rdatas(answer(named, 'www.zones.test')) == {'192.0.2.1'}
    assert rdatas(answer(named, 'www.deeper.own.zones.test')) == {'192.0.2.1'}


def test_an_unknown_argument_is_refused_by_name(stage):
    named = stage.another_named()
    named.body = named.dlz(more='snapshoot=/tmp/x')
    with pytest.raises(Exception, match='snapshoot'):
        stage.start(named)
