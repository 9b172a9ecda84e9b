-- SPDX-License-Identifier: GPL-3.0-or-later
-- answer_query and transfer_zone: what update clients ask before and after.
begin;
select plan(39);
select test.world();
insert into ddns.zones (origin, kind, account_id, mname, rname, ttl, negative_ttl)
values ('p.test', 'private', test.account('joe'), 'ns1.p.test', 'h.test', 300, 30), ('sub.p.test', 'own', null, 'ns1.p.test', 'h.test', 60, 60),
       ('gone.test', 'own', null, 'ns1.p.test', 'h.test', 60, 60);
update ddns.zones set served = false where origin = 'gone.test';
update ddns.zone_state set serial = 7 where zone_id = test.zone('p.test');
update ddns.zones set name_servers = '{ns1.p.test,ns2.other.test}' where origin = 'p.test';
insert into ddns.records (zone, owner, type, ttl, rdata) values
  ('p.test', 'ns1', 'A', 60, '192.0.2.53'), ('p.test', 'ns1', 'AAAA', 60, '2001:db8::53'), ('p.test', 'a', 'A', 60, '192.0.2.1'), ('p.test', 'a', 'A', 60, '192.0.2.2'),
  ('p.test', 'a', 'TXT', 60, '"x"'), ('p.test', 'c', 'CNAME', 60, 'a.p.test.'), ('p.test', 'x.y.ent', 'A', 60, '192.0.2.1'),
  ('p.test', '*.w', 'TXT', 60, '"wild"'), ('p.test', 'b.a.w', 'A', 60, '192.0.2.1'), ('p.test', '*', 'MX', 60, '10 mx.p.test.'), ('p.test', '_acme-challenge', 'TXT', 60, '"y"');
create function pg_temp.ask(p_name text, p_type text) returns text language sql as $$
  select string_agg(concat_ws(' ', rcode, section, nullif(name, ''), type, ttl, rdata), '; ' order by section desc, type, rdata) from ddns.answer_query(p_name, p_type) $$;
create function pg_temp.soa(p_rcode int, p_name text default 'p.test', p_ttl int default 30) returns text language sql as $$
  select format('%s authority %s SOA %s ns1.p.test. h.test. 7 3600 600 604800 30', p_rcode, p_name, p_ttl) $$;

select is(pg_temp.ask('p.test', 'SOA'), '0 answer SOA 300 ns1.p.test. h.test. 7 3600 600 604800 30', 'SOA at the apex');
select is(pg_temp.ask('a.p.test', 'SOA'), pg_temp.soa(0), 'SOA at a name: its zone''s, in authority');
select is(pg_temp.ask('b.a.p.test', 'SOA'), pg_temp.soa(3), 'SOA at a name that is not there');
select is(pg_temp.ask('other.test', 'SOA'), '5', 'outside of all zones');
select is(pg_temp.ask('test', 'SOA'), '5', 'above them');
select is(pg_temp.ask('xp.test', 'SOA'), '5', 'a name that only ends alike');
select is(pg_temp.ask('gone.test', 'SOA'), '5', 'a zone that is not served');
select is(pg_temp.ask('sub.p.test', 'SOA') ~ '^0 answer SOA', true, 'the longest zone');
select is(pg_temp.ask('x.sub.p.test', 'A') ~ '^3 authority sub.p.test SOA', true, 'and below it');
select is(pg_temp.ask('p.test', 'NS'), '0 answer NS 300 ns1.p.test.; 0 answer NS 300 ns2.other.test.; 0 additional ns1.p.test A 60 192.0.2.53; 0 additional ns1.p.test AAAA 60 2001:db8::53',
  'NS with the addresses there are') ;
select is(pg_temp.ask('a.p.test', 'A'), '0 answer A 60 192.0.2.1; 0 answer A 60 192.0.2.2', 'a set');
select is(pg_temp.ask('a.p.test', 'AAAA'), pg_temp.soa(0), 'no data');
select is(pg_temp.ask('a.p.test', 'ANY'), '0 answer A 60 192.0.2.1; 0 answer A 60 192.0.2.2; 0 answer TXT 60 "x"', 'all of a name');
select is(pg_temp.ask('p.test', 'ANY'), '0 answer NS 300 ns1.p.test.; 0 answer NS 300 ns2.other.test.; 0 answer SOA 300 ns1.p.test. h.test. 7 3600 600 604800 30', 'all of the apex');
select is(pg_temp.ask('c.p.test', 'A'), '0 answer CNAME 60 a.p.test.', 'a CNAME for any type');
select is(pg_temp.ask('_acme-challenge.p.test', 'TXT'), '0 answer TXT 60 "y"', 'a challenge');
-- RFC 4592
select is(pg_temp.ask('nothing.p.test', 'MX'), '0 answer MX 60 10 mx.p.test.', 'the wildcard');
select is(pg_temp.ask('nothing.p.test', 'A'), pg_temp.soa(0), 'of another type');
select is(pg_temp.ask('n.o.thing.p.test', 'MX'), '0 answer MX 60 10 mx.p.test.', 'several labels');
select is(pg_temp.ask('x.a.p.test', 'MX'), pg_temp.soa(3), 'not below a name that is there');
select is(pg_temp.ask('n.w.p.test', 'TXT'), '0 answer TXT 60 "wild"', 'a wildcard further down');
select is(pg_temp.ask('n.w.p.test', 'MX'), pg_temp.soa(0), 'hides the one above');
select is(pg_temp.ask('n.a.w.p.test', 'TXT'), pg_temp.soa(3), 'not below an empty name');
select is(pg_temp.ask('*.w.p.test', 'TXT'), '0 answer TXT 60 "wild"', 'the wildcard itself');
select is(pg_temp.ask('ent.p.test', 'A'), pg_temp.soa(0), 'an empty name is there');
select is(pg_temp.ask('y.ent.p.test', 'MX'), pg_temp.soa(0), 'another one, and no wildcard for it');
select is(pg_temp.ask('z.y.ent.p.test', 'A'), pg_temp.soa(3), 'nothing below it');
-- domains: what is served counts, with its defaults
select is(pg_temp.ask('joe.dyn.test', 'A'), '0 answer A 60 192.0.2.1', 'a domain''s address');
select is(pg_temp.ask('joe.dyn.test', 'MX'), '0 answer MX 60 10 joe.dyn.test.', 'its default MX');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'joe', 'MX', '20 mx.p.test.');
select is(pg_temp.ask('joe.dyn.test', 'MX'), '0 answer MX 60 20 mx.p.test.', 'yields to its own');
select is(pg_temp.ask('x.joe.dyn.test', 'A'), '0 answer A 60 192.0.2.1', 'its wildcard');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'x.joe', 'TXT', '"x"');
select is(pg_temp.ask('x.joe.dyn.test', 'A') ~ '^0 authority', true, 'not where another record is');
update ddns.domains set online = false where name = 'joe.dyn.test';
select is(pg_temp.ask('joe.dyn.test', 'A'), '0 answer A 60 203.0.113.9', 'offline: where the page is');

-- transfers
insert into ddns.keys (name, account_id, secret, secret_key_id, tsig_only, types, domains)
select name, test.account(login), '\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e', '00000000', true, types::text[], domains::text[]
from (values ('all.k', 'joe', '{}', '{}'), ('zone.k', 'joe', '{}', '{p.test}'), ('txt.k', 'joe', '{TXT}', '{}'), ('part.k', 'joe', '{}', '{a.p.test}'),
             ('ann.k', 'ann', '{}', '{}')) k (name, login, types, domains);
create function pg_temp.transfers(p_origin text) returns text language sql as $$
  select string_agg(k.name || coalesce((select case when t.may_transfer then '+' else '-' end from ddns.transfer_zone(p_origin, k.id) t), ''), ' ' order by k.name) from ddns.keys k $$;
select is(pg_temp.transfers('p.test'), 'all.k+ ann.k- part.k- txt.k- zone.k+', 'a private zone goes to its account''s keys that nothing limits');
select is(pg_temp.transfers('dyn.test'), 'all.k- ann.k- part.k- txt.k- zone.k-', 'a shared one to nobody');
select is(pg_temp.transfers('sub.p.test'), 'all.k- ann.k- part.k- txt.k- zone.k-', 'nor one that is the operator''s');
select is(pg_temp.transfers('gone.test'), 'all.k ann.k part.k txt.k zone.k', 'one that is not served is not there');
update ddns.keys set expires = now() - interval '1 second' where name = 'all.k';
select is(pg_temp.transfers('p.test'), 'all.k- ann.k- part.k- txt.k- zone.k+', 'nor to a key that has expired');
update ddns.accounts set state = 'suspended' where login = 'joe';
update ddns.zones set served = true where origin = 'p.test';
select is(pg_temp.transfers('p.test'), 'all.k- ann.k- part.k- txt.k- zone.k-', 'nor to those of a suspended account, even if somebody serves its zone');
select * from finish();
rollback;
