-- SPDX-License-Identifier: GPL-3.0-or-later
-- Options of an update, prefixes and interface ids, fixed addresses.
begin;
select plan(71);
select test.world();
insert into ddns.zones (origin, kind, mname, rname) values ('pub.test', 'shared', 'ns1.test', 'h.test');
insert into ddns.domains (zone, owner, account_id) values ('pub.test', 'joe', test.account('joe'));
create function pg_temp.key(p_name text, p_types text[], p_verbs text[]) returns void language sql as $$
  insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256, types, verbs)
  select p_name, test.account('joe'), '\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e', '00000000', sha256(p_name::bytea), p_types, p_verbs $$;
select pg_temp.key('update.k', '{}', '{update}'), pg_temp.key('addresses.k', '{A,AAAA}', '{}'), pg_temp.key('four.k', '{A}', '{}'),
  pg_temp.key('mail.k', '{A,MX}', '{update,add,delete}'), pg_temp.key('set.k', '{A}', '{update,set}');
create function pg_temp.ask(p_options jsonb, p_v4 text default null, p_v6 text default null, p_name text default 'joe.dyn.test', p_key text default null,
                            p_state text default null) returns text language sql as $$
  select verdict || coalesce(' ' || addresses, '') || coalesce(': ' || reason, '')
  from ddns.update_hosts(array[(select id from ddns.keys where name = p_key)], array[test.account('joe')], array[null::text], array[p_name], array[p_v4],
                         array[p_v6], array[p_state], array[p_options], array['test'], array['198.51.100.9'::inet]) $$;
-- how many names were noted since it was asked last
create function pg_temp.noted() returns bigint language sql as $$
  with gone as (delete from ddns.changes where xid = pg_current_xact_id() and zone_id = test.zone('dyn.test') returning 1) select count(*) from gone $$;
create function pg_temp.served(p_owner text) returns text language sql as $$ select test.at('dyn.test', p_owner) $$;

-- timeout and wildcard
select ok(pg_temp.noted() > 0, 'what was made is noted');
select is(pg_temp.ask('{"timeout": "10"}'), 'changed 192.0.2.1', 'a timeout is set');
select is((select timeout from ddns.domains where name = 'joe.dyn.test'), 10, 'and stored');
select is(pg_temp.noted(), 0::bigint, 'without a step');
select is(pg_temp.ask('{"timeout": "10"}'), 'unchanged 192.0.2.1', 'the same again');
select is(pg_temp.ask('{"wildcard": "ON"}'), 'unchanged 192.0.2.1', 'a wildcard that is on');
select is(pg_temp.ask('{"wildcard": "off"}'), 'changed 192.0.2.1', 'goes off');
select is(pg_temp.served('*.joe'), '', 'and is not served');
select ok(pg_temp.noted() > 0, 'which is a step');
select is(pg_temp.ask('{"wildcard": "ON", "timeout": "0"}', '192.0.2.2'), 'changed 192.0.2.2', 'several things at once');
select is((select (timeout, wildcard, address)::text from ddns.domains where name = 'joe.dyn.test'), '(0,t,{192.0.2.2})', 'are all done');
select is(pg_temp.ask('{"timeout": "5"}', p_state => 'offline'), 'changed 192.0.2.2', 'with offline');
select is((select (timeout, online)::text from ddns.domains where name = 'joe.dyn.test'), '(5,f)', 'both');
select is(pg_temp.ask('{}'), 'changed 192.0.2.2', 'no options put online');
select is(pg_temp.ask(o), 'refused: ' || r, 'refused: ' || o::text) from (values
  ('{"timeout": "x"}'::jsonb, 'timeout cannot be "x": it is a number from 0 to 525600'), ('{"timeout": "525601"}', 'timeout cannot be "525601": it is a number from 0 to 525600'),
  ('{"timeout": null}', 'timeout cannot be "": it is a number from 0 to 525600'), ('{"wildcard": "maybe"}', 'wildcard cannot be "maybe": it is on or off'),
  ('{"mx": "192.0.2.1"}', 'mx cannot be "192.0.2.1": it is an address'), ('{"mx": "a..b"}', 'mx cannot be "a..b": it has an empty label'),
  ('{"mx": "mail"}', 'mx cannot be "mail": it is not a full host name'), ('{"mx": "m.test", "backmx": "perhaps"}', 'backmx cannot be "perhaps": it is yes or no'),
  ('{"prefix": "fish"}', '"fish" is not a prefix'), ('{"prefix": "192.0.2.0/24"}', 'the prefix 192.0.2.0/24 is no IPv6 network'),
  ('{"prefix": "2001:db8::/80"}', 'the prefix 2001:db8::/80 is 80 bits long, which leaves no room for interface ids of 64'),
  ('{"prefix": "::/0"}', 'the prefix ::/0 is no network'), ('{"prefix": "ff00::/8"}', 'the prefix ff00::/8 is a multicast address'),
  ('{"colour": "red"}', 'the option "colour" is not known')) v (o, r);
select is(pg_temp.ask('{"prefix": "2001:db8::/64"}', null, null, 'joe.pub.test'), 'refused: the prefix 2001:db8::/64 is for documentation (2001:db8::/32)', 'a prefix that is not public');
select is((select (timeout, wildcard, prefix, online)::text from ddns.domains where name = 'joe.dyn.test'), '(5,t,,t)', 'nothing of what is refused is done');

-- mail
select is(pg_temp.ask('{"mx": "Mail.Test."}'), 'changed 192.0.2.2', 'a mail host');
select is(pg_temp.served('joe'), 'A 60 192.0.2.2; MX 60 10 mail.test.', 'takes the place of the default');
select is(pg_temp.ask('{"mx": "mail.test"}'), 'unchanged 192.0.2.2', 'again');
select is(pg_temp.ask('{"mx": "mail.test", "backmx": "YES"}'), 'changed 192.0.2.2', 'with the host itself');
select is(pg_temp.served('joe'), 'A 60 192.0.2.2; MX 60 10 mail.test.; MX 60 5 joe.dyn.test.', 'which is preferred');
select is(pg_temp.ask('{"mx": "other.test"}'), 'changed 192.0.2.2', 'another mail host');
select is(pg_temp.served('joe'), 'A 60 192.0.2.2; MX 60 10 other.test.; MX 60 5 joe.dyn.test.', 'the host stays where backmx is not said');
select is(pg_temp.ask('{"backmx": "NO"}'), 'unchanged 192.0.2.2', 'backmx alone says nothing');
select is(pg_temp.ask('{"mx": "joe.dyn.test", "backmx": "YES"}'), 'changed 192.0.2.2', 'itself');
select is(pg_temp.served('joe'), 'A 60 192.0.2.2; MX 60 10 joe.dyn.test.', 'is there once');

-- keys
select is(pg_temp.ask(o, '192.0.2.2', null, 'joe.dyn.test', k), r, k || ' ' || o::text) from (values
  ('update.k', '{"timeout": "9"}'::jsonb, 'denied: the key is not for the verb set'), ('update.k', '{"wildcard": "ON"}', 'denied: the key is not for the verb set'),
  ('update.k', '{"mx": "m.test"}', 'denied: the key is not for the verb delete'), ('addresses.k', '{"mx": "m.test"}', 'denied: the key is not for the type MX'),
  ('four.k', '{"prefix": "2001:db8::/64"}', 'denied: the key is not for the type AAAA'), ('mail.k', '{"mx": "joe.dyn.test"}', 'unchanged 192.0.2.2'),
  ('set.k', '{"timeout": "5", "wildcard": "on"}', 'unchanged 192.0.2.2'), ('addresses.k', '{"backmx": "NO"}', 'unchanged 192.0.2.2')) v (k, o, r);

-- prefixes
select pg_temp.ask(null, '', '2001:db8:1:2::7,2001:db8:1:3::8');
select is(pg_temp.ask('{"prefix": "2001:db8:2::/48"}'), 'changed 2001:db8:2:2::7,2001:db8:2:3::8', 'a prefix moves the domain''s own addresses');
select is(pg_temp.ask('{"prefix": "2001:db8:2:ffff::1/48"}'), 'unchanged 2001:db8:2:2::7,2001:db8:2:3::8', 'bits behind its length do not count');
insert into ddns.records (zone, owner, type, interface_id) values ('dyn.test', 'nas.joe', 'AAAA', '::1234'), ('dyn.test', 'cam.joe', 'AAAA', '::a:b:c:d');
insert into ddns.records (zone, owner, type, rdata, interface_id) values ('dyn.test', 'far.joe', 'AAAA', '2001:db8:2:77::5', '::5');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'own.joe', 'AAAA', '2001:db8:2::99');
select is(pg_temp.served('nas.joe') || ' ' || pg_temp.served('cam.joe') || ' ' || pg_temp.served('far.joe'), 'AAAA 60 2001:db8:2::1234 AAAA 60 2001:db8:2:0:a:b:c:d AAAA 60 2001:db8:2:77::5',
          'records with an interface id are in the prefix');
select pg_temp.noted();
select is(pg_temp.ask('{"prefix": "2001:db8:3:ff00::/56"}', null, '2001:db8:9::1'), 'changed 2001:db8:9::1', 'a prefix beside an address');
select is(pg_temp.served('nas.joe') || ' ' || pg_temp.served('cam.joe') || ' ' || pg_temp.served('far.joe') || ' ' || pg_temp.served('own.joe'),
  'AAAA 60 2001:db8:3:ff00::1234 AAAA 60 2001:db8:3:ff00:a:b:c:d AAAA 60 2001:db8:3:ff77::5 AAAA 60 2001:db8:2::99', 'moves those records, their subnets and no others');
select is(test.noted(test.zone('dyn.test')), '*.joe cam.joe far.joe joe nas.joe', 'in one step');
insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256, names) values
  ('alone.k', test.account('joe'), repeat('x', 30)::bytea, '00000000', sha256('alone'), '{joe.dyn.test}'),
  ('wide.k', test.account('joe'), repeat('x', 30)::bytea, '00000000', sha256('wide'), '{joe.dyn.test,nas.joe.dyn.test,cam.joe.dyn.test,far.joe.dyn.test}');
select matches(pg_temp.ask('{"prefix": "2001:db8:4:5::/64"}', null, null, 'joe.dyn.test', 'alone.k'), '^denied: the key is not for (nas|cam|far)[.]joe[.]dyn[.]test$', 'a key for the domain''s name alone moves no hosts below it');
select matches(pg_temp.ask('{"prefix": "2001:db8:3:ff00::/56"}', null, null, 'joe.dyn.test', 'wide.k'), '^(un)?changed', 'one that is for them too does');
update ddns.domains set prefix = '2001:db8:4::/64' where name = 'joe.dyn.test';
select is(pg_temp.served('nas.joe'), 'AAAA 60 2001:db8:4::1234', 'set by hand it does the same');
update ddns.records set interface_id = '::9' where owner = 'nas.joe';
select is(pg_temp.served('nas.joe'), 'AAAA 60 2001:db8:4::9', 'another interface id');
update ddns.records set interface_id = null, rdata = '2001:db8::abc' where owner = 'nas.joe';
update ddns.domains set prefix = '2001:db8:5::/64' where name = 'joe.dyn.test';
select is(pg_temp.served('nas.joe'), 'AAAA 60 2001:db8::abc', 'without one it stays');
select test.refused(format('insert into ddns.records (zone, owner, type, rdata, interface_id) values (%L, %L, %L, %L, %L)', z, o, t, d, i), s, m, h, n) from (values
  ('dyn.test', 'x.joe', 'A', '192.0.2.1', '::1', '22023', '%type A cannot have the interface id ::1', 'Only AAAA%', 'a type without'),
  ('dyn.test', 'x.joe', 'AAAA', null, '::1:0:0:0:1', '22023', 'the interface id ::1:0:0:0:1 has more than 64 bits', '%"::1"%', 'too many bits'),
  ('dyn.test', 'x.joe', 'AAAA', null, '::', '22023', '"::" is not an interface id', '%', 'none'),
  ('dyn.test', 'x.joe', 'AAAA', '2001:db8::2', '::1', '22023', 'the address 2001:db8::2 does not end in the interface id ::1%', '%', 'one that differs from the address'),
  ('own.test', 'x', 'AAAA', '2001:db8::1', '::1', '23000', '%under no domain whose prefix%', '%', 'under no domain'),
  ('dyn.test', 'x.ann', 'AAAA', null, '::1', '23000', 'ann.dyn.test has neither a prefix nor an IPv6 address%', '%', 'under a domain without prefix')) v (z, o, t, d, i, s, m, h, n);
select test.refused($$update ddns.domains set prefix = '2001:db8::/72' where name = 'joe.dyn.test'$$, '22023', 'the prefix 2001:db8::/72 is 72 bits long%', '%', 'a prefix of the domain that is too long');

-- fixed addresses
select pg_temp.ask(null, '192.0.2.1', '2001:db8::1');
update ddns.domains set fixed = '{192.0.2.200}' where name = 'joe.dyn.test';
select pg_temp.noted();
select is(pg_temp.ask(null, '192.0.2.3'), 'unchanged 192.0.2.3,2001:db8::1', 'beneath a fixed address nothing moves');
select is(pg_temp.noted(), 0::bigint, 'without a step');
select is(pg_temp.ask(null, '192.0.2.3', '2001:db8::2'), 'changed 192.0.2.3,2001:db8::2', 'the other family does');
select is(pg_temp.served('joe'), 'A 60 192.0.2.200; AAAA 60 2001:db8::2; MX 60 10 joe.dyn.test.', 'and the fixed one stays');
update ddns.domains set fixed = null where name = 'joe.dyn.test';
select is(pg_temp.served('joe'), 'A 60 192.0.2.3; AAAA 60 2001:db8::2; MX 60 10 joe.dyn.test.', 'what was reported meanwhile comes when it is no longer fixed');

select * from finish();
rollback;
