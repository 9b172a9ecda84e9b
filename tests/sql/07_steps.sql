-- SPDX-License-Identifier: GPL-3.0-or-later
-- Steps: who makes one, what it names, versions and serials, catch_up and pruning.  Steps of one
-- transaction are one, so a second session commits them.
set client_min_messages = warning;
select plan(74);
select test.world();
select test.connect('w');
create function pg_temp.did(p_sql text) returns text language plpgsql as $$
declare
  before bigint[];
  was xid8 := (select max(xid::text::bigint)::text::xid8 from ddns.steps);
  state text;
begin
  state := test.elsewhere('w', p_sql);
  if state <> '' then
    return 'failed: ' || state;
  end if;
  return coalesce((select string_agg(case s.zone_id when 0 then '0' else coalesce(z.origin, 'gone') end || case when s.whole then ' whole' else '' end
                            || coalesce(' ' || (select string_agg(distinct owner, ' ' order by owner) from ddns.changes c
                                                where c.xid = s.xid and c.zone_id = s.zone_id), ''), '; ' order by z.origin)
          from ddns.steps s left join ddns.zones z on z.id = s.zone_id where s.xid > was), 'nothing');
end $$;

-- what a statement names
select is(pg_temp.did($$update ddns.domains set address = '{192.0.2.2}' where owner = 'joe'$$), 'dyn.test *.joe joe', 'an address');
select is(pg_temp.did($$update ddns.domains set address = '{192.0.2.2}' where owner = 'joe'$$), 'nothing', 'the same address');
select is(pg_temp.did($$update ddns.domains set address = array_append(address, '192.0.2.3') where zone = 'dyn.test'$$), 'dyn.test *.ann *.joe ann joe', 'several');
select is(pg_temp.did($$update ddns.domains set online_since = now(), offline_reason = 'x', timeout = 5, term_email = 'x' where owner = 'joe'$$), 'nothing', 'columns that nothing shows');
select is(pg_temp.did($$update ddns.domains set wildcard = false where owner = 'joe'$$), 'dyn.test *.joe joe', 'the wildcard');
select is(pg_temp.did($$update ddns.domains set address = '{192.0.2.9}' where owner = 'joe'$$), 'dyn.test joe', 'no wildcard, no name');
select is(pg_temp.did($$update ddns.domains set www = 'port' where owner = 'joe'$$), 'dyn.test joe www.joe', 'www');
select is(pg_temp.did($$update ddns.domains set www_port = 8081 where owner = 'joe'$$), 'dyn.test joe www.joe', 'what only redirects show');
select is(pg_temp.did($$update ddns.domains set fixed = '{192.0.2.9}' where owner = 'joe'$$), 'nothing', 'a fixed address that is the same');
select is(pg_temp.did($$insert into ddns.records (zone, owner, type, rdata, offline) values ('dyn.test', 'cam.joe', 'A', '192.0.2.7', 'page')$$), 'dyn.test cam.joe', 'a record');
select is(pg_temp.did($$update ddns.domains set online = false where owner = 'joe'$$), 'dyn.test cam.joe joe www.joe', 'host records go with their domain');
select is(pg_temp.did($$insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 't.joe', 'TXT', 'x'), ('own.test', 't', 'TXT', 'x')$$), 'dyn.test t.joe; own.test t', 'two zones');
select is(pg_temp.did($$update ddns.domains set served = false where owner = 'joe'$$), 'dyn.test cam.joe joe t.joe www.joe', 'all records go with what hides their domain');
select is(pg_temp.did($$update ddns.domains set served = true where owner = 'joe'$$), 'dyn.test cam.joe joe t.joe www.joe', 'and come back');
select is(pg_temp.did($$update ddns.records set ttl = 61 where owner = 't'$$), 'own.test t', 'TTL of a record');
select is(pg_temp.did($$update ddns.records set interface_id = null, ttl = ttl where owner = 't'$$), 'nothing', 'nothing of a record');
select is(pg_temp.did($$update ddns.records set owner = 'u' where owner = 't'$$), 'own.test t u', 'both names of a renamed record');
select is(pg_temp.did($$update ddns.records set zone = 'dyn.test' where owner = 'u'$$), 'dyn.test u; own.test u', 'both zones of a moved one');
select is(pg_temp.did($$delete from ddns.records where owner = 'u'$$), 'dyn.test u', 'a deleted one');
select is(pg_temp.did($$update ddns.domains set owner = 'jim' where owner = 'joe'$$), 'failed: 23000', 'host records need a domain');
select is(pg_temp.did($$update ddns.records set offline = 'rdata' where owner = 'cam.joe'$$), 'dyn.test cam.joe', 'a setting of a record');
select is(pg_temp.did($$update ddns.domains set owner = 'jim' where owner = 'joe'$$), 'dyn.test cam.joe jim joe t.joe www.jim www.joe', 'a renamed domain names both, and what was below');
select is(pg_temp.did($$update ddns.domains set owner = 'joe' where owner = 'jim'$$), 'dyn.test cam.joe jim joe t.joe www.jim www.joe', 'and back');
select is(pg_temp.did($$update ddns.domains set zone = 'own.test' where owner = 'joe'$$), 'dyn.test cam.joe joe t.joe www.joe; own.test cam.joe joe t.joe www.joe', 'a moved domain takes its records along');
select is(pg_temp.did($$delete from ddns.domains where owner = 'joe'$$), 'own.test cam.joe joe t.joe www.joe', 'and when it goes too');
select is(pg_temp.did($$insert into ddns.contacts (domain_id, at) select id, now() from ddns.domains$$), 'nothing', 'a contact');
select is(pg_temp.did($$begin; insert into ddns.records (zone, owner, type, rdata) values ('own.test', 'r', 'TXT', 'x'); rollback$$), 'nothing', 'what is rolled back');
select is(pg_temp.did($$begin; insert into ddns.records (zone, owner, type, rdata) values ('own.test', 'r', 'TXT', 'x'); savepoint s;
  insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 's', 'TXT', 'x'); rollback to s; commit$$), 'own.test r', 'what a savepoint takes back');
select is(pg_temp.did($$copy ddns.records (zone, owner, type, rdata) from program 'printf "own.test\tcopied\tTXT\tx\n"'$$), 'own.test copied', 'COPY');
select is(pg_temp.did($$insert into ddns.records (zone, owner, type, rdata) values ('own.test', 'copied', 'TXT', 'x') on conflict (zone, owner, type, (case when octet_length(rdata) <= 1000 then rdata else left(rdata, 1000) || md5(rdata) end)) do update set ttl = 77$$), 'own.test copied', 'ON CONFLICT');
select is(pg_temp.did($$merge into ddns.records r using (values ('own.test', 'copied')) v (z, o) on r.zone = z and r.owner = o when matched then update set ttl = 78$$), 'own.test copied', 'MERGE');
select is(pg_temp.did($$insert into ddns.records (zone, owner, type, rdata) select 'own.test', 'm' || i, 'A', '192.0.2.1' from generate_series(1, 10001) i$$), 'own.test whole', 'more than 10,000 names');
select is(pg_temp.did($$truncate ddns.records$$), 'dyn.test whole; own.test whole', 'TRUNCATE');
select is(pg_temp.did($$begin isolation level repeatable read; truncate ddns.records$$), 'failed: 0A000', 'TRUNCATE of an older picture');
select test.elsewhere('w', 'rollback');

-- zones
select is(pg_temp.did($$update ddns.zones set negative_ttl = 61 where origin = 'own.test'$$), 'own.test @', 'SOA fields');
select is(pg_temp.did($$update ddns.zones set notify = '{192.0.2.1}', timeout = 7, depth = 2 where origin = 'own.test'$$), 'nothing', 'what no answer shows');
select is(pg_temp.did($$update ddns.zones set redirectors = '{203.0.113.1}' where origin = 'own.test'$$), 'own.test whole', 'redirectors');
select is(pg_temp.did($$update ddns.zones set transfer = 'named' where origin = 'own.test'$$), 'own.test whole', 'who may copy it');
select is(pg_temp.did($$insert into ddns.zones (origin, mname, rname) values ('new.test', 'ns1.test', 'h.test')$$), 'new.test whole', 'a new zone');
select is(pg_temp.did($$update ddns.zones set origin = 'newer.test' where origin = 'new.test'$$), 'newer.test whole', 'a renamed one');

-- zone 0
select is(pg_temp.did($$insert into ddns.settings values ('quarantine_days', '100')$$), '0 setting:quarantine_days', 'a setting');
select is(pg_temp.did($$update ddns.settings set value = value$$), 'nothing', 'the same');
select is(pg_temp.did($$delete from ddns.settings$$), '0 setting:quarantine_days', 'gone');
select is(pg_temp.did($$insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256) select 'k.test', id, '\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e', '00000000', sha256('x') from ddns.accounts where login = 'ann'$$), '0 key:k.test', 'a key');
select is(pg_temp.did($$update ddns.accounts set email = 'x@y' where login = 'ann'$$), '0 account:ann', 'an account');
select is(pg_temp.did($$update ddns.accounts set state = 'suspended' where login = 'ann'$$), 'dyn.test *.ann ann; 0 account:ann key:k.test', 'a suspended one: its keys, its names');
select is(pg_temp.did($$update ddns.accounts set state = 'active' where login = 'ann'$$), 'dyn.test *.ann ann; 0 account:ann key:k.test', 'and back');
select is(pg_temp.did($$insert into ddns.key_uses (key_id, at) select id, now() from ddns.keys$$), 'nothing', 'use of a key');
select is(pg_temp.did($$update ddns.keys set name = 'l.test'$$), 'failed: 22023', 'a key keeps its name');
select is(pg_temp.did($$delete from ddns.keys$$), '0 key:k.test', 'a key gone');
insert into ddns.settings values ('name_servers', 'ns8.test');
select is(pg_temp.did($$truncate ddns.settings$$), 'dyn.test @; newer.test @; own.test @; 0 whole', 'TRUNCATE of settings, and zones follow');

-- versions and serials
create temp table v as select z.origin, s.* from ddns.zone_state s join ddns.zones z on z.id = s.zone_id;
select test.elsewhere('w', $$update ddns.domains set ttl = 61 where owner = 'ann'$$);
select is((select (s.version - v.version, s.serial - v.serial)::text from v join ddns.zone_state s using (zone_id) where origin = 'dyn.test'), '(1,1)', 'a step is + 1 of both');
select test.elsewhere('w', $$update ddns.zone_state set serial = 4294967295 where zone_id = test.zone('dyn.test')$$);
select is((select (s.version - v.version, s.serial)::text from v join ddns.zone_state s using (zone_id) where origin = 'dyn.test'), '(2,4294967295)', 'a serial that is set is served, by a step');
select test.elsewhere('w', $$update ddns.domains set ttl = 62 where owner = 'ann'$$);
select is((select serial from ddns.zone_state where zone_id = test.zone('dyn.test')), 1::bigint, 'the next of the last is 1');
select is(test.elsewhere('w', $$update ddns.zone_state set serial = 0$$), '23514', 'never 0');
select is(test.elsewhere('w', $$update ddns.zone_state set serial = 4294967296$$), '23514', 'never above 32 bits');
select ok((select serial between extract(epoch from now())::bigint - 60 and extract(epoch from now())::bigint + 60 from ddns.zone_state where zone_id = test.zone('newer.test')), 'a new zone starts at the time');
select test.elsewhere('w', $$update ddns.zone_state set serial = 4000000000 where zone_id = test.zone('newer.test')$$);
select test.elsewhere('w', $$delete from ddns.zones where origin = 'newer.test'; insert into ddns.zones (origin, mname, rname) values ('newer.test', 'ns1.test', 'h.test')$$);
select ok((select ddns.serial_is_after(serial, 4000000000) from ddns.zone_state where zone_id = test.zone('newer.test')), 'one that comes again is above (RFC 1982)');
select test.elsewhere('w', $$update ddns.zone_state set serial = 3000000000 where zone_id = test.zone('newer.test')$$);
select test.elsewhere('w', $$delete from ddns.zones where origin = 'newer.test'$$);
select test.elsewhere('w', $$insert into ddns.zones (origin, mname, rname) values ('newer.test', 'ns1.test', 'h.test')$$);
select ok((select ddns.serial_is_after(serial, 3000000000) from ddns.zone_state where zone_id = test.zone('newer.test')), 'in a transaction of its own too');
select is((select count(*) from ddns.zone_state s left join ddns.zones z on z.id = s.zone_id where z.id is null), 1::bigint, 'only zone 0 has a state and no zone');
select is_empty($$select * from ddns.steps where version is null$$, 'every step has its version');

select is(test.elsewhere('w', $$begin; insert into ddns.zones (origin, mname, rname) values ('brief.test', 'ns1.test', 'h.test'); set constraints all immediate;
  insert into ddns.records (zone, owner, type, rdata) values ('brief.test', 'x', 'TXT', 'y'); delete from ddns.zones where origin = 'brief.test'; commit$$), '', 'a zone that goes after its step was closed');
select is((select count(*) from ddns.zone_state s left join ddns.zones z on z.id = s.zone_id where z.id is null), 1::bigint, 'leaves no state');
select is((select version from ddns.steps where zone_id = (select max(zone_id) from ddns.steps)), 0::bigint, 'and a step that says it is gone');

-- catch_up
create temp table c as select s.zone_id, s.version, s.xid from ddns.zone_state s where zone_id = test.zone('dyn.test');
select is((select what from c, ddns.catch_up(zone_id, version, xid)), 'same', 'nothing new');
select test.elsewhere('w', $$update ddns.domains set address = '{192.0.2.44}' where owner = 'ann'$$);
select test.elsewhere('w', $$insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'x.ann', 'TXT', 'y')$$);
select results_eq($$select u.what, u.owner, u.type, u.rdata, u.fallback from c, ddns.catch_up(zone_id, c.version, c.xid) u order by 1 desc, 2, 3$$,
  $$values ('step', '@', 'SOA', 'ns1.test. hostmaster.test. 3 3600 600 604800 60', false), ('row', '*.ann', 'A', '192.0.2.44', true), ('row', '*.ann', 'MX', '10 ann.dyn.test.', true),
  ('row', 'ann', 'A', '192.0.2.44', false), ('row', 'ann', 'MX', '10 ann.dyn.test.', true), ('row', 'x.ann', 'TXT', '"y"', false), ('name', '*.ann', null, null, null), ('name', 'ann', null, null, null), ('name', 'x.ann', null, null, null)$$,
  'two transactions in one answer');
select is((select what from c, ddns.catch_up(zone_id, c.version, '1')), 'whole', 'another transaction made that version: restored');
select is((select what from c, ddns.catch_up(zone_id, c.version + 10, c.xid)), 'whole', 'a version that is not there');
select is((select what from ddns.catch_up(-1, 1, '1')), 'gone', 'a zone that never was');
call ddns.prune('0 s', 1);
select is((select what from c, ddns.catch_up(zone_id, c.version, c.xid)), 'whole', 'below the floor of the log');
select is((select string_agg(what, ' ') from ddns.zone_state s, ddns.catch_up(s.zone_id, s.version, s.xid) where s.zone_id = test.zone('dyn.test')), 'same', 'but the newest step stays');
update ddns.zones set served = false where origin = 'dyn.test';
select is((select what from c, ddns.catch_up(zone_id, c.version, c.xid)), 'gone', 'a zone that is not served');
select is((select what from ddns.catch_up(0, -1, '0')), 'whole', 'zone 0 from nothing');
select is_empty($$select xid from ddns.changes c where not exists (select from ddns.steps s where s.xid = c.xid and s.zone_id = c.zone_id)$$, 'pruning leaves no change without its step');

select dblink_disconnect('w');
select * from finish();
truncate ddns.zones, ddns.accounts cascade;
