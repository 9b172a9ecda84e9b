-- SPDX-License-Identifier: GPL-3.0-or-later
-- Whose secondaries are told, of what, and how often.
set client_min_messages = warning;
select plan(25);
select test.world();
select test.connect('w');
create function pg_temp.claim() returns text language sql as $$
  select string_agg(format('%s %s#%s %s', origin, address, port, coalesce(key, '-')), '; ' order by origin, address)
  from ddns.claim_notifies(64) where address is not null $$;
create function pg_temp.ends(p_version bigint default null) returns void language sql as $$
  select ddns.end_notifies(array[zone_id], array[coalesce(p_version, claimed)]) from ddns.notified $$;
create function pg_temp.parts(p_target text) returns text language sql as $$
  select format('%s %s %s', host(address), port, coalesce(key, '-')) from ddns.notify_target(p_target) $$;
create function pg_temp.pass(p_time interval) returns void language sql as $$
  update ddns.notified set at = at - p_time, counted = counted - p_time, until = until - p_time $$;

select is(pg_temp.parts('192.0.2.1'), '192.0.2.1 53 -', 'an address');
select is(pg_temp.parts('2001:DB8::1#5353'), '2001:db8::1 5353 -', 'with a port');
select is(pg_temp.parts('192.0.2.1#1 key x\.y.z'), '192.0.2.1 1 x\.y.z', 'with a key');
select test.refused(format('update ddns.zones set notify = array[%L]', t), '22023', '%"' || t || '" is not an address%', 'Write such as%', t)
from unnest(array['192.0.2.1#0', '192.0.2.1#65536', '1.2.3.4.5', '192.0.2.1 key']) t;
select test.refused($$update ddns.zones set notify = '{192.0.2.1 key nobody}'$$, '22023', 'there is no key "nobody"%', 'Make it by%', 'an unknown key');

insert into ddns.records (zone, owner, type, ttl, rdata) values ('own.test', 'www', 'A', 76, '192.0.2.1');
select is(pg_temp.claim(), null, 'where no zone has a list, nobody is told');
update ddns.zones set notify = '{192.0.2.1,2001:db8::1#5353}' where origin = 'own.test';
select is(pg_temp.claim(), 'own.test 192.0.2.1#53 -; own.test 2001:db8::1#5353 -', 'all of a zone are told');
select is(pg_temp.claim(), null, 'once');
select pg_temp.pass('14 s');
select is(pg_temp.claim(), null, 'by one, for as long as it may take');
select pg_temp.pass('1.1 s');
select is(pg_temp.claim() is not null, true, 'and by another after that, where nobody said that it was done');
select pg_temp.ends();
select pg_temp.pass('1 hour');
select is(pg_temp.claim(), null, 'not where it was');
update ddns.records set ttl = 75 where zone = 'own.test' and ttl = 76;
select is(pg_temp.claim() is not null, true, 'a change');
select pg_temp.ends((select version - 1 from ddns.notified));
select pg_temp.pass('16 s');
select is(pg_temp.claim() is not null, true, 'is not done by the one before it');
select pg_temp.ends();
update ddns.records set ttl = 76 where zone = 'own.test' and ttl = 75;
select is((select string_agg(format('%s %s', origin, coalesce(address, '-')), ' ') from ddns.claim_notifies(64, array[test.zone('own.test'), test.zone('dyn.test')])),
          'own.test -', 'who asks too early is told to ask again, of the zones it asks for');
select is((select count(*) from ddns.claim_notifies(64, '{}')), 0::bigint, 'and of no others');
select pg_temp.pass('1.1 s');
select pg_temp.claim() is not null as told \gset
update ddns.records set ttl = 77 where zone = 'own.test' and ttl = 76;
select is(pg_temp.claim(), null, 'and not again within the second');
select pg_temp.pass('1.1 s');
select test.elsewhere('w', 'begin; select pg_advisory_xact_lock(1684303475, 3)');
select is(pg_temp.claim(), null, 'nor by a second gateway at once');
select test.elsewhere('w', 'commit');
select is(pg_temp.claim() is not null, true, 'then of all changes in one');
update ddns.notified set rrs = 100000, counted = now();
update ddns.records set ttl = 78 where zone = 'own.test' and ttl = 77;
select pg_temp.pass('1.5 s');
select is(pg_temp.claim(), null, 'a large zone less often');
select pg_temp.pass('0.6 s');
select is(pg_temp.claim() is not null, true, 'by its records');
select pg_temp.pass('11 minutes');
update ddns.records set ttl = 79 where zone = 'own.test' and ttl = 78;
select pg_temp.claim();
select is((select rrs from ddns.notified), (select count(*) from ddns.records where zone = 'own.test')
          + 4 * (select count(*) from ddns.domains where zone = 'own.test'), 'which are counted again in time');

update ddns.zones set notify = '{192.0.2.2}' where origin = 'dyn.test';
select pg_temp.claim() is not null as told \gset
update ddns.zones set retry = retry + 1 where origin in ('own.test', 'dyn.test');
update ddns.notified set at = now() - interval '1 hour' * (case zone_id when greatest(test.zone('own.test'), test.zone('dyn.test')) then 2 else 1 end);
select is((select min(zone_id) from ddns.claim_notifies(1, (select array_agg(zone_id order by zone_id) from ddns.notified)) where address is not null),
          greatest(test.zone('own.test'), test.zone('dyn.test')), 'of many, who has waited longest comes first');

select dblink_disconnect('w');
select * from finish();
truncate ddns.zones, ddns.accounts cascade;
