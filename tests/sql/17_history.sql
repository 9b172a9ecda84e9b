-- SPDX-License-Identifier: GPL-3.0-or-later
-- History: each change is told once, with who made it.
begin;
set local application_name = 'psql';
select plan(38);
select test.world();
insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256)
values ('joes', test.account('joe'), repeat('x', 30)::bytea, '00000000', sha256('x')),
       ('anns', test.account('ann'), repeat('y', 30)::bytea, '00000000', sha256('y'));
insert into ddns.zones (origin, kind, account_id, mname, rname)
values ('joe.test', 'private', test.account('joe'), 'ns1.test', 'h.test');
create function pg_temp.key(p_name text) returns bigint language sql as $$ select id from ddns.keys where name = p_name $$;
create temporary table seen (id bigint);
insert into seen select coalesce(max(id), 0) from ddns.history;
-- what was told since the last call, a line each
create function pg_temp.told() returns text language sql as $$
  with l as (select string_agg(format('%s %s: %s -> %s', name, what, coalesce(old, '-'), coalesce(new, '-')), '; ' order by name, what, id) as told,
                    max(id) as last from ddns.history where id > (select id from seen)),
       u as (update seen set id = coalesce(last, id) from l)
  select coalesce(told, '') from l $$;
create function pg_temp.hosts(p_accounts text[], p_keys text[], p_names text[], p_v4 text[], p_states text[] default null) returns text language sql as $$
  select string_agg(verdict, ' ' order by n) from ddns.update_hosts(
    array(select pg_temp.key(k) from unnest(p_keys) with ordinality u (k, i) order by i),
    array(select test.account(a) from unnest(p_accounts) with ordinality u (a, i) order by i),
    array_fill(null::text, array[cardinality(p_names)]), p_names, p_v4, array_fill(null::text, array[cardinality(p_names)]),
    coalesce(p_states, array_fill(null::text, array[cardinality(p_names)])), array_fill(null::jsonb, array[cardinality(p_names)]),
    array_fill('http'::text, array[cardinality(p_names)]),
    (array['192.0.2.101', '192.0.2.102', '192.0.2.103']::inet[])[:cardinality(p_names)]) $$;

-- by hand
update ddns.domains set address = '{192.0.2.7,2001:db8::7}' where owner = 'joe';
select is(pg_temp.told(), 'joe.dyn.test address: 192.0.2.1 -> 192.0.2.7,2001:db8::7', 'an address');
select results_eq('select zone, account, key, role, door, serial is not null from ddns.history order by id desc limit 1',
  $$values ('dyn.test' collate "C", null collate "C", null collate "C", session_user::text collate "C", 'psql', true)$$, 'by whom: who is connected, and with what');
update ddns.domains set online = false, www = 'port', www_port = 81, timeout = 10, wildcard = false, offline = 'address',
  offline_address = '{192.0.2.8}', fixed = '{192.0.2.9}' where owner = 'joe';
select is(pg_temp.told(), 'joe.dyn.test fixed: - -> 192.0.2.9; joe.dyn.test offline: page -> address:192.0.2.8; joe.dyn.test state: online -> offline; '
  'joe.dyn.test timeout: 0 -> 10; joe.dyn.test wildcard: on -> off; joe.dyn.test www: off -> port:81', 'settings, each');
update ddns.domains set timeout = 10, online_since = now(), offline_reason = 'x' where owner = 'joe';
select is(pg_temp.told(), '', 'what is as it was is not told');
update ddns.domains set account_id = test.account('ann') where owner = 'joe';
update ddns.domains set account_id = test.account('joe') where owner = 'joe';
select is(pg_temp.told(), 'joe.dyn.test account: joe -> ann; joe.dyn.test account: ann -> joe', 'whose it is');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'x.joe', 'TXT', '"a"'), ('dyn.test', 'x.joe', 'TXT', '"b"'), ('dyn.test', 'x.joe', 'MX', '10 mail.test.');
select is(pg_temp.told(), 'x.joe.dyn.test MX: - -> 60 10 mail.test.; x.joe.dyn.test TXT: - -> 60 "a", 60 "b"', 'records that come, a row for a set');
update ddns.records set ttl = 30 where owner = 'x.joe' and rdata = '"a"';
select is(pg_temp.told(), 'x.joe.dyn.test TXT: 60 "a" -> 30 "a"', 'a record that changes');
update ddns.records set owner = 'y.joe' where owner = 'x.joe' and type = 'MX';
select is(pg_temp.told(), 'x.joe.dyn.test MX: 60 10 mail.test. -> -; y.joe.dyn.test MX: - -> 60 10 mail.test.', 'one that gets another name');
insert into ddns.records (zone, owner, type, rdata, online, online_target, offline) values ('dyn.test', 'cam.joe', 'A', '192.0.2.5', 'port', '81', 'page');
select is(pg_temp.told(), 'cam.joe.dyn.test A: - -> 60 192.0.2.5 online=port:81 offline=page', 'a host record''s settings');
delete from ddns.records where owner in ('cam.joe', 'y.joe');
select pg_temp.told();
delete from ddns.domains where owner = 'joe';
select is(pg_temp.told(), 'joe.dyn.test address: 192.0.2.7,2001:db8::7 -> -; joe.dyn.test domain: joe -> -; x.joe.dyn.test TXT: 30 "a", 60 "b" -> -',
  'what goes with a domain');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'joe', 'A', '192.0.2.1');
select pg_temp.told();
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'joe', test.account('joe'));
select is(pg_temp.told(), 'joe.dyn.test A: 60 192.0.2.1 -> -; joe.dyn.test address: - -> 192.0.2.1; joe.dyn.test domain: - -> joe', 'what a domain takes over');
select is((select serial from ddns.history order by id desc limit 1), (select serial % 4294967295 + 1 from ddns.zone_state where zone_id = test.zone('dyn.test')), 'the serial that is to come');
select test.commit();
update ddns.domains set ttl = 61 where owner = 'joe';
select is((select serial from ddns.history order by id desc limit 1), (select serial from ddns.zone_state where zone_id = test.zone('dyn.test')), 'or has come');
select pg_temp.told();

-- zones, accounts, keys, settings
update ddns.zones set ttl = 99, redirectors = '{192.0.2.3,192.0.2.4}' where origin = 'own.test';
update ddns.zone_state set serial = 7 where zone_id = test.zone('own.test');
select is(pg_temp.told(), 'own.test redirectors:  -> 192.0.2.3,192.0.2.4; own.test serial: ' || (select old from ddns.history where what = 'serial' and zone = 'own.test') || ' -> 7; own.test ttl: 60 -> 99', 'a zone');
insert into ddns.accounts (login) values ('eve');
update ddns.accounts set password_hash = 'hash', state = 'suspended', registration_id = gen_random_uuid() where login = 'eve';
delete from ddns.accounts where login = 'eve';
select is(pg_temp.told(), 'account:eve account: - -> user; account:eve account: user -> -; account:eve password: - -> changed; account:eve registration_id: - -> changed; '
  'account:eve state: active -> suspended', 'an account, and no password');
insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256) values ('k', test.account('joe'), repeat('z', 30)::bytea, '00000000', sha256('z'));
update ddns.keys set domains = '{joe.dyn.test,joe.test}', secret = repeat('w', 30)::bytea where name = 'k';
delete from ddns.keys where name = 'k';
select is(pg_temp.told(), 'key:k domains:  -> joe.dyn.test,joe.test; key:k key: - -> joe; key:k key: joe -> -; key:k secret: - -> changed', 'a key, and no secret');
insert into ddns.settings values ('history_days', '30');
update ddns.settings set value = '31' where name = 'history_days';
delete from ddns.settings where name = 'history_days';
select is(pg_temp.told(), 'setting:history_days setting: - -> 30; setting:history_days setting: 31 -> -; setting:history_days value: 30 -> 31', 'a setting');
insert into ddns.zones (origin, mname, rname) values ('gone.test', 'ns1.test', 'h.test');
insert into ddns.records (zone, owner, type, rdata) values ('gone.test', 'a', 'A', '192.0.2.1');
select pg_temp.told();
update ddns.zones set origin = 'left.test' where origin = 'gone.test';
delete from ddns.zones where origin = 'left.test';
select is(pg_temp.told(), 'left.test origin: gone.test -> left.test; left.test zone: own -> -', 'a zone that is renamed or goes tells for all that is in it');

-- doors
select is(pg_temp.hosts('{joe,ann}', '{joes,null}', '{joe.dyn.test,ann.dyn.test}', '{192.0.2.21,192.0.2.22}'), 'changed changed', 'a group');
select is(pg_temp.told(), 'ann.dyn.test address: 192.0.2.1 -> 192.0.2.22; joe.dyn.test address: 192.0.2.1 -> 192.0.2.21', 'is told, each once');
select results_eq('select name, account, key, role, door, peer from ddns.history order by id desc limit 2',
  $$values ('ann.dyn.test' collate "C", 'ann' collate "C", null collate "C", null collate "C", 'http', '192.0.2.102'::inet),
           ('joe.dyn.test', 'joe', 'joes', null, 'http', '192.0.2.101')$$, 'each with its own account, key and peer');
select is(pg_temp.hosts('{joe,ann}', '{joes,null}', '{joe.dyn.test,ann.dyn.test}', '{192.0.2.21,192.0.2.22}'), 'unchanged unchanged', 'a keepalive');
select is(pg_temp.told(), '', 'writes no history');
select is(pg_temp.hosts('{joe,joe}', '{joes,joes}', '{joe.dyn.test,joe.dyn.test}', '{192.0.2.31,192.0.2.32}'), 'changed changed', 'two for one host');
select is(pg_temp.told(), 'joe.dyn.test address: 192.0.2.21 -> 192.0.2.32', 'are one change, of what stands in the end');
select is(pg_temp.hosts('{joe,joe,joe}', '{null,joes,null}', '{joe.dyn.test,joe.dyn.test,joe.dyn.test}', '{192.0.2.33,192.0.2.34,192.0.2.35}'), 'changed busy busy', 'of two keys the second comes alone, and who comes after it');
select is(pg_temp.told(), 'joe.dyn.test address: 192.0.2.32 -> 192.0.2.33', 'or one would be told as the other');
select is((select key from ddns.history order by id desc limit 1), null, 'it is told as its own');
select pg_temp.hosts('{joe}', '{joes}', '{joe.dyn.test}', '{192.0.2.32}');
select pg_temp.told();
select is(pg_temp.hosts('{joe}', '{joes}', '{joe.dyn.test}', '{null}', '{offline}'), 'changed', 'offline');
select is(pg_temp.told(), 'joe.dyn.test state: online -> offline', 'is told as a state');
-- a rule that refuses one of a group: the others go one by one, and who asked for one does not stick to the next
create function pg_temp.refuse() returns trigger language plpgsql as $$ begin raise 'not joe'; end $$;
create trigger refuse after update on ddns.domains for each row when (new.owner = 'joe') execute function pg_temp.refuse();
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'bob', test.account('joe'));
select pg_temp.told();
select is(pg_temp.hosts('{ann,joe,joe}', '{anns,joes,null}', '{ann.dyn.test,joe.dyn.test,bob.dyn.test}', '{192.0.2.41,192.0.2.42,192.0.2.43}'), 'changed failed changed', 'one of three fails');
select results_eq('select name, account, key, door, peer from ddns.history where id > (select id from seen) order by id',
  $$values ('ann.dyn.test' collate "C", 'ann' collate "C", 'anns' collate "C", 'http', '192.0.2.101'::inet),
           ('bob.dyn.test', 'joe', null, 'http', '192.0.2.103')$$, 'the others are told with their own');
drop trigger refuse on ddns.domains;
update ddns.domains set ttl = 62 where owner = 'bob';
select is((select door from ddns.history order by id desc limit 1), 'psql', 'and what comes after with its own');
select pg_temp.told();

-- masses
insert into ddns.records (zone, owner, type, rdata) select 'own.test', 'n' || i, 'A', '192.0.2.1' from generate_series(1, 1001) i;
update ddns.records set ttl = 61 where zone = 'own.test';
select is(pg_temp.told(), 'own.test records: - -> 1001 added; own.test records: - -> 1001 changed', 'more than a thousand in one statement are one row');

-- what is shown
update ddns.history set at = now() - interval '1 day' where name = 'joe.dyn.test' and what = 'domain';
insert into ddns.attempts (name, reason, at) values ('joe.dyn.test', 'why', now() + interval '1 s');
select is((select string_agg(what, ' ') from (select * from ddns.history_of('joe.dyn.test', 3) limit 3) h), 'failed state address', 'the newest first, tries that failed too');
select is((select count(*) from ddns.history_of('dyn.test', 100000) where name = 'joe.dyn.test'), (select count(*) + 1 from ddns.history where name = 'joe.dyn.test'), 'and what lies below a name');
select is((select count(*) from ddns.history_of('joe.dyn.test', 1000, test.account('ann'))), 0::bigint, 'to others nothing');
update ddns.domains set created = now() where name = 'joe.dyn.test';
update ddns.history set at = now() - interval '1 s' where name = 'joe.dyn.test' and what = 'ttl';
select is((select bool_or(what in ('domain', 'ttl')) from ddns.history_of('joe.dyn.test', 1000, test.account('joe'))), false, 'to its holder nothing of before his time');

select * from finish();
rollback;
