-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who may do what.
begin;
select plan(40);
select test.world();
grant usage on schema test to public;

-- SQLSTATE that a role meets, '' if none
create function pg_temp.as_role(p_role text, p_sql text) returns text language plpgsql as $$
declare
  state text := '';
begin
  begin
    execute format('set local role %I', p_role);
    execute p_sql;
    set constraints all immediate;
  exception when others then
    state := sqlstate;
  end;
  reset role;
  set constraints all deferred;
  return state;
end $$;

select is((select array_agg(rolname || rolcanlogin order by rolname)::text from pg_roles where rolname in ('ddns_named', 'ddns_gateway', 'ddns_admin')),
          '{ddns_adminfalse,ddns_gatewayfalse,ddns_namedfalse}', 'three roles that cannot log in');

-- name servers: the contract and nothing secret
select is(pg_temp.as_role('ddns_named', 'table ddns.' || v), '', 'named reads ' || v)
from unnest(array['served_zones', 'served_rows', 'served_records', 'served_redirects', 'steps', 'changes', 'zone_state']) v;
select is(pg_temp.as_role('ddns_named', 'select * from ddns.catch_up(1, 0, ''1'')'), '', 'named asks catch_up');
select is((select array_agg(relname order by relname)::text from pg_class where relnamespace = 'ddns'::regnamespace and relkind in ('r', 'v', 'm')
           and (has_table_privilege('ddns_named', oid, 'select') or has_any_column_privilege('ddns_named', oid, 'select'))),
          '{changes,placed_redirects,placed_rows,served_records,served_redirects,served_rows,served_zones,steps,zone_state}', 'and no other table');
select is_empty($$select relname from pg_class where relnamespace = 'ddns'::regnamespace and relkind in ('r', 'v')
  and has_any_column_privilege('ddns_named', oid, 'insert, update, references')$$, 'named writes nothing');
select is((select array_agg(proname)::text from pg_proc where pronamespace = 'ddns'::regnamespace and has_function_privilege('ddns_named', oid, 'execute')),
          '{catch_up}', 'and calls nothing else');

-- nor sees who has changed what, which zone 0 tells to gateways
update ddns.accounts set state = state where login = 'joe';
update ddns.accounts set state = 'suspended' where login = 'ann';
create function pg_temp.sees(p_role text) returns text language plpgsql as $$
declare
  seen text;
begin
  execute format('set local role %I', p_role);
  select (select count(*) filter (where zone_id = 0) > 0 from ddns.steps) || ' ' || (select count(*) filter (where zone_id = 0) > 0 from ddns.changes)
         || ' ' || (select count(*) filter (where zone_id > 0) > 0 from ddns.steps) || ' ' || (select count(*) filter (where zone_id > 0) > 0 from ddns.changes)
  into seen;
  reset role;
  return seen;
end $$;
select is(pg_temp.sees('ddns_named'), 'false false true true', 'named sees the steps of zones only');
select is(pg_temp.sees(r), 'true true true true', r || ' sees all') from unnest(array['ddns_gateway', 'ddns_admin']) r;

-- gateways
select is(pg_temp.as_role('ddns_gateway', s), '', 'a gateway: ' || s) from unnest(array[
  'table ddns.gateway_keys', 'table ddns.gateway_accounts', 'table ddns.settings',
  $$select * from ddns.update_hosts('{null}', (select array_agg(id) from ddns.accounts where login = 'joe'), '{null}', '{joe.dyn.test}', '{192.0.2.99}', '{null}', '{null}', '{null}', '{t}', '{127.0.0.1}')$$,
  $$insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'x.joe', 'MX', '10 Mail.test.')$$,
  $$update ddns.records set owner = 'y.joe' where owner = 'x.joe'$$, $$delete from ddns.records where owner = 'y.joe'$$,
  $$insert into ddns.domains (zone, owner, account_id) select 'dyn.test', 'new', id from ddns.accounts where login = 'joe'$$,
  $$update ddns.accounts set state = 'suspended' where login = 'joe'$$, $$delete from ddns.domains where owner = 'new'$$,
  $$insert into ddns.zones (origin, mname, rname) values ('gw.test', 'ns1.test', 'h.test')$$, $$delete from ddns.zones where origin = 'gw.test'$$,
  $$insert into ddns.attempts (name, reason) values ('x', 'y')$$]) s;
select is((select address from ddns.domains where owner = 'joe'), '{192.0.2.99}'::inet[], 'and it is done');
select is(pg_temp.as_role('ddns_gateway', s), '42501', 'not a gateway: ' || s) from unnest(array[
  'truncate ddns.records', $$insert into ddns.settings values ('history_days', '1')$$, 'update ddns.zone_state set version = 7', 'update ddns.steps set whole = true',
  'alter table ddns.records add x int', 'update ddns.history set what = what', 'delete from ddns.history', 'delete from ddns.attempts']) s;
select is(pg_temp.as_role('ddns_gateway', 'select * from ddns.forget(10)'), '', 'a gateway forgets what is old');


-- administrators
select is(pg_temp.as_role('ddns_admin', $$update ddns.zone_state set serial = 7 where zone_id > 0; insert into ddns.settings values ('history_days', '1');
  insert into ddns.accounts (login) values ('x'); truncate ddns.contacts$$), '', 'an administrator');
select is(pg_temp.as_role('ddns_admin', 'drop view ddns.served_rows'), '42501', 'does not own the tables');

select * from finish();
rollback;
