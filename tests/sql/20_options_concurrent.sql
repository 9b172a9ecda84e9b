-- SPDX-License-Identifier: GPL-3.0-or-later
-- Options and prefixes beside somebody else's open transaction.
set client_min_messages = warning;
select plan(14);
select test.world();
update ddns.domains set prefix = '2001:db8:1::/64' where owner = 'joe';
insert into ddns.records (zone, owner, type, interface_id) values ('dyn.test', 'nas.joe', 'AAAA', '::5');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'joe', 'MX', '10 mail.test.');
select test.connect('w');
set lock_timeout = '10s';
create temp table w as select pid from dblink('w', 'select pg_backend_pid()') t (pid int);
create function pg_temp.ask(p_owners text[], p_options jsonb[]) returns text language sql as $$
  select string_agg(verdict, ' ' order by n)
  from ddns.update_hosts(array_fill(null::bigint, array[cardinality(p_owners)]),
    array(select test.account(o) from unnest(p_owners) with ordinality u (o, i) order by i), array_fill(null::text, array[cardinality(p_owners)]),
    array(select o || '.dyn.test' from unnest(p_owners) with ordinality u (o, i) order by i), array_fill('192.0.2.77'::text, array[cardinality(p_owners)]),
    array_fill(null::text, array[cardinality(p_owners)]), array_fill(null::text, array[cardinality(p_owners)]), p_options,
    array_fill('t'::text, array[cardinality(p_owners)]), array_fill('127.0.0.1'::inet, array[cardinality(p_owners)])) $$;

select is(test.elsewhere('w', $$begin; delete from ddns.records where owner = 'nas.joe'$$), '', 'somebody holds a host''s row');
create temp table began as select clock_timestamp() as at;
select is(pg_temp.ask('{joe,ann}', array['{"prefix": "2001:db8:2::/64"}', null]::jsonb[]), 'busy changed', 'who would move it is to try again, and harms nobody');
select ok((select clock_timestamp() - at < interval '5 s' from began), 'at once');
select is((select address::text from ddns.domains where owner = 'joe'), '{192.0.2.1}', 'nothing of it is done');
select is(test.elsewhere('w', 'rollback'), '', 'they let go');
select is(pg_temp.ask('{joe}', array['{"prefix": "2001:db8:2::/64"}']::jsonb[]), 'changed', 'then it is done');
select is(test.at('dyn.test', 'nas.joe'), 'AAAA 60 2001:db8:2::5', 'and the host is moved');
select is(test.elsewhere('w', $$begin; delete from ddns.records where owner = 'joe' and type = 'MX'$$), '', 'the same with a mail host');
select is(pg_temp.ask('{joe}', array['{"mx": "other.test"}']::jsonb[]), 'busy', 'is to try again');
select is(test.elsewhere('w', 'rollback'), '', 'they let go again');

-- a host that comes while its domain moves
begin;
update ddns.domains set prefix = '2001:db8:3::/64' where owner = 'joe';
select test.start('w', $$insert into ddns.records (zone, owner, type, interface_id) values ('dyn.test', 'cam.joe', 'AAAA', '::6')$$);
select ok(test.is_waiting((select pid from w)), 'a new host waits for the domain''s prefix');
commit;
select is(test.outcome('w'), '', 'and comes');
select is(test.at('dyn.test', 'cam.joe') || ' ' || test.at('dyn.test', 'nas.joe'), 'AAAA 60 2001:db8:3::6 AAAA 60 2001:db8:3::5', 'where the others are');
select is((select prefix::text from ddns.domains where owner = 'joe'), '2001:db8:3::/64', 'in the new prefix');

select dblink_disconnect('w');
select * from finish();
truncate ddns.zones, ddns.accounts, ddns.history cascade;
