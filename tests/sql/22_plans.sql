-- SPDX-License-Identifier: GPL-3.0-or-later
-- Plans are kept for as long as a connection lives, so one that was made when there was next to nothing
-- must serve thousands.  A session does everything a few times at such a moment; then all grows, and
-- nobody tells the planner; then the same must read about as many rows as it is asked about.
set client_min_messages = warning;
set synchronous_commit = off;
\set names 1000
select plan(44);
do $$
declare
  t regclass;
begin
  for t in select oid from pg_class where relnamespace = 'ddns'::regnamespace and relkind = 'r' loop
    execute format('alter table %s set (autovacuum_enabled = off)', t);
  end loop;
end $$;

create function test.rows_read() returns bigint language sql as $$
  select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables where schemaname = 'ddns' $$;
create function test.cost(p_sql text) returns bigint language plpgsql as $$
declare
  before bigint := test.rows_read();
begin
  execute p_sql;
  return test.rows_read() - before;
end $$;
-- What the session does: for the domains p_kind1 to p_kindN.
create function pg_temp.deeds(p_kind text, p_count int, p_round int)
returns table (deed text, most int, sql text) language plpgsql as $$
declare
  z bigint := test.zone('dyn.test');
  joe bigint := test.account('joe');
  owners text[] := array(select p_kind || i from generate_series(1, p_count) i);
  address text := '198.51.100.' || p_round % 200 + 1;
  s record;
begin
  select version, xid into s from ddns.zone_state where zone_id = z;
  update ddns.domains d set address = array[('203.0.113.' || p_round % 200 + 1)::inet] where owner = any (owners);
  update ddns.domains set online = true where owner = any (owners) and not online;
  update ddns.timeouts set due = now() - interval '1 minute' where domain_id in (select id from ddns.domains where owner = any (owners));
  update ddns.domains set online_since = '-infinity' where owner = any (owners);
  update ddns.notified set version = 0, at = '-infinity';
  return query values
    ('a step', 400, format('select count(*) from ddns.catch_up(%s, %s, %L)', z, s.version, s.xid)),
    ('redirects', 100, format('select count(*) from ddns.redirects_of(%s, %L)', z,
       array(select unnest(array[o, '*.' || o, 'www.' || o]) from unnest(owners) o))),
    ('a question', 100, format('select count(*) from ddns.answer_query(%L, ''A'')', p_kind || '1.dyn.test')),
    ('a name that is not there', 100, format('select count(*) from ddns.answer_query(%L, ''A'')', 'x.y.z.' || p_kind || '1.own.test')),
    ('reports', 200, format('select count(*) from ddns.update_hosts(%L, %L, %L, %L, %L, %L, %L, null, %L, %L)',
       array_fill(null::bigint, array[p_count]), array_fill(joe, array[p_count]), array_fill(null::text, array[p_count]),
       array(select o || '.dyn.test' from unnest(owners) o), array_fill(address, array[p_count]), array_fill(null::text, array[p_count]),
       array_fill(null::text, array[p_count]), array_fill('http'::text, array[p_count]), array_fill('192.0.2.9'::inet, array[p_count]))),
    ('a domain', 100, format('update ddns.domains set address = %L where name = %L', '{192.0.2.' || p_round % 200 + 1 || '}', p_kind || '1.dyn.test')),
    ('a record', 100, format('insert into ddns.records (zone, owner, type, rdata) values (''dyn.test'', ''r%s.%s1'', ''A'', ''192.0.2.1'')', p_round, p_kind)),
    ('timeouts', 200, $d$select count(*) from ddns.time_out('test', 200)$d$),
    ('terms', 100, 'select count(*) from ddns.end_terms(200)'),
    ('secondaries', 100, 'select count(*) from ddns.claim_notifies(64)'),
    ('failed tries', 100, format('select ddns.note_attempts(%L, ''{k}'', ''{joe}'', ''{http}'', ''{192.0.2.1}'', ''{no}'')',
                                 array[p_kind || '1.dyn.test']));
end $$;

create temp table todo (n int generated always as identity, deed text, most int, sql text, cost bigint);
-- Each deed has what was made ready for it committed, and commits by itself.
create procedure pg_temp.act(p_kind text, p_count int, p_round int) language plpgsql as $$
declare
  d record;
begin
  delete from todo;
  insert into todo (deed, most, sql) select * from pg_temp.deeds(p_kind, p_count, p_round);
  commit;
  for d in select * from todo order by n loop
    update todo set cost = (select rows from dblink('r', format('select test.cost(%L)', d.sql)) as t (rows bigint)) where n = d.n;
    commit;
  end loop;
end $$;
create procedure pg_temp.start_anew() language plpgsql as $$
begin
  truncate ddns.zones, ddns.accounts, ddns.timeouts cascade;
  commit;
  truncate ddns.steps, ddns.changes;
  commit;
end $$;
create procedure pg_temp.add_world() language sql as $$
  select test.world();
  update ddns.zones set notify = '{192.0.2.53}' where origin = 'dyn.test';
  insert into ddns.domains (zone, owner, account_id, address, timeout) values ('dyn.test', 'q1', test.account('joe'), '{192.0.2.1}', 10);
$$;
create procedure pg_temp.plan_and_grow(p_names int) language plpgsql as $$
begin
  perform test.connect('r'), dblink_exec('r', 'set synchronous_commit = off');
  for i in 1..7 loop
    call pg_temp.act('q', 1, i);
  end loop;
  insert into ddns.domains (zone, owner, account_id, address, timeout, www)
  select 'dyn.test', 'h' || i, test.account('joe'), '{192.0.2.1}', 10, case when i % 2 = 0 then 'port' else 'off' end
  from generate_series(1, p_names) i;
  insert into ddns.records (zone, owner, type, rdata) select 'own.test', 'r' || i, 'A', '192.0.2.1' from generate_series(1, p_names) i;
  insert into ddns.records (zone, owner, type, rdata) select 'dyn.test', 't.h' || i, 'TXT', 'x' from generate_series(1, p_names) i;
  insert into ddns.records (zone, owner, type, rdata, offline)
  select 'dyn.test', 'p.h' || i, 'A', '192.0.2.1', 'page' from generate_series(1, p_names) i;
  insert into ddns.zones (origin, mname, rname) select 'g' || i || '.test', 'ns1.test', 'h.test' from generate_series(1, p_names / 2) i;
  insert into ddns.steps (xid, at, zone_id, version)
  select '3', now() - i * interval '1 ms', test.zone('dyn.test'), -i from generate_series(1, p_names) i;
  commit;
  call pg_temp.act('h', 10, 9);
  perform dblink_disconnect('r');
end $$;

call pg_temp.start_anew();
call pg_temp.add_world();
call pg_temp.plan_and_grow(:names);
select cmp_ok(cost, '<', most::bigint, 'planned with tables never analyzed: ' || deed || ', ' || cost || ' rows') from todo order by n;

call pg_temp.start_anew();
vacuum analyze ddns.zones, ddns.zone_state, ddns.domains, ddns.records, ddns.steps, ddns.changes, ddns.timeouts,
  ddns.contacts, ddns.accounts, ddns.history, ddns.notified, ddns.attempts;
call pg_temp.add_world();
call pg_temp.plan_and_grow(:names);
select cmp_ok(cost, '<', most::bigint, 'planned with empty tables: ' || deed || ', ' || cost || ' rows') from todo order by n;

call pg_temp.start_anew();
call pg_temp.add_world();
vacuum analyze ddns.zones, ddns.zone_state, ddns.domains, ddns.records, ddns.steps, ddns.changes, ddns.timeouts,
  ddns.contacts, ddns.accounts, ddns.history, ddns.notified, ddns.attempts;
call pg_temp.plan_and_grow(:names);
select cmp_ok(cost, '<', most::bigint, 'planned with a row or two: ' || deed || ', ' || cost || ' rows') from todo order by n;

call pg_temp.start_anew();
call pg_temp.add_world();
insert into ddns.zones (origin, kind, account_id, mname, rname)
select 's' || i || '.test', 'private', test.account('ann'), 'ns1.test', 'h.test' from generate_series(1, 1000) i;
insert into ddns.domains (zone, owner, account_id, address) select origin, '@', account_id, '{192.0.2.1}' from ddns.zones where kind = 'private';
vacuum analyze ddns.zones, ddns.zone_state, ddns.domains, ddns.records, ddns.steps, ddns.changes, ddns.timeouts,
  ddns.contacts, ddns.accounts, ddns.history, ddns.notified, ddns.attempts;
call pg_temp.plan_and_grow(:names);
select cmp_ok(cost, '<', most::bigint, 'planned with a domain in each zone: ' || deed || ', ' || cost || ' rows') from todo order by n;

select * from finish();
drop function test.rows_read, test.cost;
do $$
declare
  t regclass;
begin
  for t in select oid from pg_class where relnamespace = 'ddns'::regnamespace and relkind = 'r' loop
    execute format('alter table %s reset (autovacuum_enabled)', t);
  end loop;
end $$;
call pg_temp.start_anew();
