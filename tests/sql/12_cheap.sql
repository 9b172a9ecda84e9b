-- SPDX-License-Identifier: GPL-3.0-or-later
-- catch_up() for one domain reads a handful of rows, whatever stands beside it.  The environment
-- says how much does: DDNS_TEST_NAMES names in the zone, DDNS_TEST_ZONES zones of ten beside it.
set client_min_messages = warning;
\set names 5000
\set zones 500
\getenv names DDNS_TEST_NAMES
\getenv zones DDNS_TEST_ZONES
select plan(10);
select test.world();
insert into ddns.zones (origin, mname, rname) select 'small' || i || '.test', 'ns1.test', 'h.test' from generate_series(1, :zones) i;
insert into ddns.records (zone, owner, type, rdata)
select origin, 'r' || i, 'A', '192.0.2.1' from ddns.zones, generate_series(1, 10) i where origin ~ '^small';
insert into ddns.domains (zone, owner, account_id, address, ttl, timeout, wildcard, mail)
select 'dyn.test', 'h' || i, test.account('joe'), '{192.0.2.1}', 60, 0, true, true from generate_series(1, :names) i;
select test.connect('w');

create function pg_temp.rows_read() returns bigint language sql as $$
  select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables where schemaname = 'ddns' $$;
-- What a step costs a reader that stands just before it; with tables that were never analyzed too.
create function pg_temp.cost(p_sql text) returns bigint language plpgsql as $$
declare
  s record;
  before bigint;
begin
  select zone_id, version, xid into s from ddns.zone_state where zone_id = test.zone('dyn.test');
  perform dblink_exec('w', p_sql);
  before := pg_temp.rows_read();
  if (select count(*) from ddns.catch_up(s.zone_id, s.version, s.xid) where what <> 'whole') < 2 then
    raise exception 'no step';
  end if;
  return pg_temp.rows_read() - before;
end $$;
select cmp_ok(pg_temp.cost($$update ddns.domains set address = '{192.0.2.9}' where name = 'h77.dyn.test'$$), '<', 100::bigint, 'one domain, tables not analyzed');
analyze;
select cmp_ok(pg_temp.cost($$update ddns.domains set address = '{192.0.2.10}' where name = 'h77.dyn.test'$$), '<', 100::bigint, 'one domain');
select cmp_ok(pg_temp.cost($$update ddns.domains set online = false, www = 'port' where name = 'h78.dyn.test'$$), '<', 100::bigint, 'one domain with redirects');
update ddns.domains set online = false where zone = 'dyn.test';
create function pg_temp.redirect_cost() returns bigint language plpgsql as $$
declare
  before bigint := pg_temp.rows_read();
begin
  if (select count(*) from ddns.redirects_of(test.zone('dyn.test'), '{h79,*.h79,www.h79}')) <> 2 then
    raise exception 'not two redirects';
  end if;
  return pg_temp.rows_read() - before;
end $$;
select cmp_ok(pg_temp.redirect_cost(), '<', 100::bigint, 'the redirects of one domain');
select cmp_ok(pg_temp.cost($$insert into ddns.records (zone, owner, type, rdata, offline) values ('dyn.test', 'x.h78', 'A', '192.0.2.1', 'page')$$), '<', 100::bigint, 'a host record');
select cmp_ok(pg_temp.cost($$update ddns.domains set address = '{192.0.2.11}' where name in ('h1.dyn.test', 'h2.dyn.test', 'h3.dyn.test', 'h4.dyn.test', 'h5.dyn.test')$$), '<', 500::bigint, 'five domains');

create function pg_temp.lasts() returns interval language plpgsql as $$
declare
  s record;
  began timestamptz;
begin
  select z.zone_id, z.version, p.xid into s from ddns.zone_state z join ddns.steps p on p.zone_id = z.zone_id and p.version = z.version - 1
  where z.zone_id = test.zone('dyn.test');
  began := clock_timestamp();
  for i in 1..200 loop
    perform * from ddns.catch_up(s.zone_id, s.version - 1, s.xid);
  end loop;
  return (clock_timestamp() - began) / 200;
end $$;
select cmp_ok(least(pg_temp.lasts(), pg_temp.lasts(), pg_temp.lasts()), '<', interval '4 ms', 'five domains in 4 ms, ten times what it should be');
select diag('catch_up of five domains, each of 200 times: ' || pg_temp.lasts());

insert into ddns.records (zone, owner, type, rdata) select 'dyn.test', 't.' || owner, 'TXT', 'x' from ddns.domains where zone = 'dyn.test';

-- What a stranger asks for, with as many labels as he likes.
create function pg_temp.asks(p_name text) returns bigint language plpgsql as $$
declare
  before bigint := pg_temp.rows_read();
begin
  if (select rcode from ddns.answer_query(p_name, 'A') limit 1) <> 3 then
    raise exception 'it is there';
  end if;
  return pg_temp.rows_read() - before;
end $$;
update ddns.zones set depth = 2 where origin = 'dyn.test';
select cmp_ok(pg_temp.asks(repeat('a.', 100) || 'dyn.test'), '<', 1000::bigint, 'a name of a hundred labels that is not there');

-- What ddnsctl shows of a name and below it.
create function pg_temp.lists(p_owner text) returns bigint language plpgsql as $$
declare
  before bigint := pg_temp.rows_read();
begin
  if (select count(*) from ddns.list_records('dyn.test', p_owner, null)) <> 2 then
    raise exception 'not an address and a record';
  end if;
  return pg_temp.rows_read() - before;
end $$;
select cmp_ok(pg_temp.lists('h77'), '<', 100::bigint, 'a name is listed without the others of its zone');

-- A foreign key's cascade is planned without knowledge of sizes too.
create function pg_temp.deletes() returns bigint language plpgsql as $$
declare
  before bigint := pg_temp.rows_read();
begin
  delete from ddns.domains where name in (select 'h' || i || '.dyn.test' from generate_series(100, 299) i);
  return pg_temp.rows_read() - before;
end $$;
select cmp_ok(pg_temp.deletes(), '<', 200 * 40 + :names::bigint * 2, 'domains go with their records at no more than their number');

select dblink_disconnect('w');
select * from finish();
truncate ddns.zones, ddns.accounts cascade;
