-- SPDX-License-Identifier: GPL-3.0-or-later
-- Two hand-typed transactions at once: the rules between rows hold all the same.
set client_min_messages = warning;
select plan(39);
select test.world();
select test.connect('a'), test.connect('b');
create temp table pids as select (select pid from dblink('a', 'select pg_backend_pid()') t (pid int)) as a, (select pid from dblink('b', 'select pg_backend_pid()') t (pid int)) as b;

-- Both do their statement, then both commit; gives what a and b met.  At REPEATABLE READ both have
-- their picture before either begins.
create function pg_temp.both(p_a text, p_b text, p_level text default 'read committed') returns text language plpgsql as $$
declare
  sa text; sb text;
begin
  perform dblink_exec(c, 'begin isolation level ' || p_level || '; create temp table if not exists seen as select count(*) from ddns.records; ') from unnest(array['a', 'b']) c;
  sa := test.elsewhere('a', p_a);
  sb := test.elsewhere('b', p_b);
  sa := sa || test.elsewhere('a', case sa when '' then 'commit' else 'rollback' end);
  sb := sb || test.elsewhere('b', case sb when '' then 'commit' else 'rollback' end);
  return coalesce(nullif(sa, ''), 'done') || ' ' || coalesce(nullif(sb, ''), 'done');
end $$;
-- As they must be: the first is done, the second refused as wrong or told to try again.
create function pg_temp.one(p_a text, p_b text, p_name text) returns setof text language plpgsql as $$
begin
  return next is(pg_temp.both(p_a, p_b), 'done 23000', p_name);
  perform dblink_exec('a', 'delete from ddns.records; delete from ddns.domains where owner ~ ''^(new|n2)''');
  return next is(pg_temp.both(p_a, p_b, 'repeatable read'), 'done 40001', p_name || ', at REPEATABLE READ');
  perform dblink_exec('a', 'delete from ddns.records; delete from ddns.domains where owner ~ ''^(new|n2)''');
end $$;
create function pg_temp.put(p_owner text, p_type text, p_rdata text) returns text language sql as $$
  select format('insert into ddns.records (zone, owner, type, rdata) values (''dyn.test'', %L, %L, %L)', p_owner, p_type, p_rdata) $$;
create function pg_temp.domain(p_owner text) returns text language sql as $$
  select format('insert into ddns.domains (zone, owner, account_id, mail, address) select ''dyn.test'', %L, id, true, ''{}'' from ddns.accounts where login = ''joe''', p_owner) $$;

select pg_temp.one(pg_temp.put('c', 'CNAME', 'x.test.'), pg_temp.put('c', 'A', '192.0.2.1'), 'CNAME and then data');
select pg_temp.one(pg_temp.put('c', 'A', '192.0.2.1'), pg_temp.put('c', 'CNAME', 'x.test.'), 'data and then CNAME');
select pg_temp.one(pg_temp.put('new', 'CNAME', 'x.test.'), pg_temp.domain('new'), 'CNAME and then a domain with mail');
select pg_temp.one(pg_temp.domain('new'), pg_temp.put('new', 'CNAME', 'x.test.'), 'a domain with mail and then CNAME');
select pg_temp.one(pg_temp.put('new', 'A', '192.0.2.1'), pg_temp.domain('new'), 'an address record and then its domain');
select pg_temp.one(pg_temp.domain('new'), pg_temp.put('new', 'AAAA', '2001:db8::1'), 'a domain and then an address record');

-- links are mended
select is(pg_temp.both(pg_temp.put('x.new', 'A', '192.0.2.1'), pg_temp.domain('new')), 'done done', 'a record and then its domain');
select is((select d.owner from ddns.records r join ddns.domains d on d.id = r.domain_id where r.owner = 'x.new'), 'new', 'find each other');
select is(pg_temp.both(pg_temp.domain('n2'), pg_temp.put('x.n2', 'A', '192.0.2.1')), 'done done', 'a domain and then its record');
select is((select d.owner from ddns.records r join ddns.domains d on d.id = r.domain_id where r.owner = 'x.n2'), 'n2', 'find each other');
select is(pg_temp.both(pg_temp.put('z.y.new', 'TXT', 'x'), pg_temp.domain('y.new')), 'done done', 'a domain between a record and its domain');
select is((select d.owner from ddns.records r join ddns.domains d on d.id = r.domain_id where r.owner = 'z.y.new'), 'y.new', 'becomes the nearer one');

-- a record waits for what is being done to its domain, so that readers are told of it
select dblink_exec('a', 'begin; update ddns.domains set served = false where owner = ''new''');
select test.start('b', pg_temp.put('w.new', 'TXT', 'x') || ' returning 1');
select ok(test.is_waiting((select b from pids)), 'a record waits for its domain');
select dblink_exec('a', 'commit');
select is(test.outcome('b'), '', 'and then comes');
select is((select count(*) from ddns.served_rows where owner = 'w.new'), 0::bigint, 'hidden as its domain is');
select dblink_exec('a', 'update ddns.domains set served = true where owner = ''new''');

-- a domain for an account that is being suspended
select dblink_exec('a', 'begin; update ddns.accounts set state = ''suspended'' where login = ''joe''');
select test.start('b', pg_temp.domain('n3') || ' returning 1::text');
select ok(test.is_waiting((select b from pids)), 'a new domain waits for what is being done to its account');
select dblink_exec('a', 'commit');
select is(test.outcome('b'), '', 'and then comes');
select is((select served from ddns.domains where owner = 'n3'), false, 'hidden as its account is');
select dblink_exec('a', 'update ddns.accounts set state = ''active'' where login = ''joe''');

-- nobody waits for a transaction that stays open, but at its own rows
select dblink_exec('a', 'begin; update ddns.domains set address = ''{192.0.2.7}'' where owner = ''joe''');
select is(test.elsewhere('b', 'set lock_timeout = ''100ms''; update ddns.domains set address = ''{192.0.2.8}'' where owner = ''ann'''), '', 'an open transaction stops nobody else in the zone');
select is(test.elsewhere('b', 'update ddns.domains set address = ''{192.0.2.8}'' where owner = ''joe'''), '55P03', 'but at the very host');
select is((select verdict from dblink('b', format('select verdict from ddns.update_hosts(''{null}'', ''{%s}'', ''{null}'', ''{joe.dyn.test}'', ''{192.0.2.8}'', ''{null}'', ''{null}'', ''{null}'', ''{t}'', ''{127.0.0.1}'')', test.account('joe'))) t (verdict text)),
          'busy', 'a gateway''s batch is told so at once');
select is(test.elsewhere('b', format('do $x$ begin perform ddns.update_hosts(''{null}'', ''{%s}'', ''{null}'', ''{joe.dyn.test}'', ''{192.0.2.8}'', ''{null}'', ''{null}'', ''{null}'', ''{t}'', ''{127.0.0.1}'', true); end $x$', test.account('joe'))),
          '55P03', 'or waits as long as lock_timeout says');
select dblink_exec('a', 'commit');
select dblink_exec('b', 'reset lock_timeout');

-- a gateway that holds the zone
select dblink_exec('a', format('begin; do $x$ begin perform pg_advisory_xact_lock(%s); end $x$', test.zone('dyn.test')));
select is((select string_agg(verdict, ' ' order by n) from dblink('b', format('select n, verdict from ddns.update_hosts(''{null,null}'', ''{%s,%s}'', ''{null,null}'', ''{joe.dyn.test,ann.dyn.test}'', ''{192.0.2.9,192.0.2.8}'', ''{null,null}'', ''{null,null}'', ''{null,null}'', ''{t,t}'', ''{127.0.0.1,127.0.0.1}'')', test.account('joe'), test.account('ann'))) t (n int, verdict text)),
          'busy unchanged', 'another gateway in the zone makes changes busy, keepalives not');
create temp table waits as select clock_timestamp() as began;
select is(cardinality(ddns.lock_zones(array[test.zone('dyn.test')])), 0, 'who needs the zone stands in line');
select cmp_ok(clock_timestamp() - began, '>=', interval '9 ms', 'for a moment') from waits;
select cmp_ok(clock_timestamp() - began, '<', interval '1 s', 'and no longer') from waits;
select dblink_exec('a', 'commit');

-- somebody who holds what a batch cannot try by itself: the others of the batch are done
insert into ddns.zones (origin, kind, mname, rname, addresses) values ('dyn2.test', 'shared', 'ns1.test', 'hostmaster.test', 'any');
insert into ddns.domains (zone, owner, account_id, address) values ('dyn2.test', 'ann', test.account('ann'), '{192.0.2.1}');
create function pg_temp.batch(p_joe text, p_ann text) returns text language sql as $$
  select string_agg(verdict, ' ' order by n) from dblink('b', format($q$select n, verdict from ddns.update_hosts('{null,null}', '{%s,%s}', '{null,null}',
    '{joe.dyn.test,ann.dyn2.test}', '{%s,%s}', '{null,null}', '{null,null}', '{null,null}', '{t,t}', '{127.0.0.1,127.0.0.1}')$q$,
    test.account('joe'), test.account('ann'), p_joe, p_ann)) t (n int, verdict text) $$;
select dblink_exec('a', format('begin; do $x$ begin perform from ddns.zone_state where zone_id = %s for update; end $x$', test.zone('dyn.test')));
select is(pg_temp.batch('192.0.2.21', '192.0.2.21'), 'busy changed', 'a zone''s state: its changes are busy, other zones are not');
select is(pg_temp.batch('192.0.2.7', '192.0.2.21'), 'unchanged unchanged', 'and keepalives are written');
select dblink_exec('a', 'rollback');
select dblink_exec('a', 'begin; delete from ddns.domains where name = ''joe.dyn.test''');
select is(pg_temp.batch('192.0.2.22', '192.0.2.22'), 'busy changed', 'a domain that is being deleted is busy');
select is(pg_temp.batch('192.0.2.7', '192.0.2.22'), 'busy unchanged', 'so is its keepalive');
select dblink_exec('a', 'rollback');
delete from ddns.contacts;
select dblink_exec('a', 'begin; delete from ddns.domains where name = ''joe.dyn.test''');
select is(pg_temp.batch('192.0.2.7', '192.0.2.22'), 'busy unchanged', 'and its first one');
select dblink_exec('a', 'rollback');
select is(pg_temp.batch('192.0.2.23', '192.0.2.22'), 'changed unchanged', 'until it is let go');

-- only the commit counts
select is(test.elsewhere('a', 'begin; ' || pg_temp.put('o', 'CNAME', 'x.test.') || '; ' || pg_temp.put('o', 'A', '192.0.2.1') || '; delete from ddns.records where owner = ''o'' and type = ''CNAME''; commit'), '', 'order within a transaction does not matter');

select dblink_disconnect('a'), dblink_disconnect('b');
select * from finish();
truncate ddns.zones, ddns.accounts cascade;
