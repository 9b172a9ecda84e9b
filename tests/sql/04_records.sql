-- SPDX-License-Identifier: GPL-3.0-or-later
-- Records: what may stand where, and which domain they belong to.
begin;
select plan(41);
select test.world();
create temp view r as select * from ddns.records;
create function pg_temp.put(p_zone text, p_owner text, p_type text, p_rdata text) returns text language sql as $$
  select format('insert into ddns.records (zone, owner, type, rdata) values (%L, %L, %L, %L)', p_zone, p_owner, p_type, p_rdata) $$;

-- the statements that README promises
select test.accepted($$
  INSERT INTO ddns.zones (origin, mname, rname) VALUES ('example.org', 'ns1.example.org', 'hostmaster.example.org');
  INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES ('example.org', 'www', 'A', 60, '192.0.2.1');
  UPDATE ddns.records SET rdata = '192.0.2.2' WHERE zone = 'example.org' AND owner = 'www' AND type = 'A';
  UPDATE ddns.domains SET online = false WHERE name = 'joe.dyn.test'; $$, 'hand-typed SQL works as it stands');
select is(test.at('example.org', 'www'), 'A 60 192.0.2.2', 'and is served');
select is((select (kind, addresses, ttl, negative_ttl, refresh, retry, expire)::text from ddns.zones where origin = 'example.org'),
          '(own,any,60,60,3600,600,604800)', 'defaults of a zone');
select is((select addresses from ddns.zones where origin = 'dyn.test'), 'any', 'addresses as given');

-- duplicates
select lives_ok(pg_temp.put('own.test', 'dup', 'MX', '10 a.test.'), 'a record');
select test.refused(pg_temp.put('own.test', 'dup', 'MX', '010 A.test.'), '23505', '%record_is_there_already%', '%', 'the same record, spelt otherwise');
select test.accepted(pg_temp.put('own.test', 'dup', 'TXT', (select string_agg('"' || repeat(chr(65 + i), 250) || '"', ' ') from generate_series(0, 57) i)), 'a record of 14 kB');
select test.accepted(pg_temp.put('own.test', 'dup', 'TXT', (select string_agg('"' || repeat(chr(65 + i % 57), 250) || '"', ' ') from generate_series(0, 57) i)), 'one that differs at its end');
select test.refused(pg_temp.put('own.test', 'dup', 'TXT', (select string_agg('"' || repeat(chr(65 + i), 250) || '"', ' ') from generate_series(0, 57) i)), '23505', '%record_is_there_already%', '%', 'the same long record');
select test.accepted(pg_temp.put('own.test', 'dup2', 'MX', '10 a.test.'), 'the same data at another owner');
select test.refused($$update ddns.records set owner = 'dup' where zone = 'own.test' and owner = 'dup2'$$, '23505', '%there_already%', '%', 'an update onto it');

-- TTL
select test.refused($$insert into ddns.records (zone, owner, type, rdata, ttl) values ('own.test', 'x', 'A', '192.0.2.1', -1)$$, '22023',
  'the TTL -1 is not from 0 to 2147483647', 'Write seconds%', 'a negative TTL');
select test.refused($$insert into ddns.records (zone, owner, type, rdata, ttl) values ('own.test', 'x', 'A', '192.0.2.1', 2147483648)$$, '22023',
  'the TTL 2147483648 %', 'Write seconds%', 'a TTL above 31 bits');
select test.accepted($$insert into ddns.records (zone, owner, type, rdata, ttl) values ('own.test', 't0', 'A', '192.0.2.1', 0), ('own.test', 't1', 'A', '192.0.2.1', 2147483647)$$, 'both ends');

-- CNAME
select test.refused(pg_temp.put('own.test', '@', 'CNAME', 'a.test.'), '22023', 'a CNAME record cannot stand at the name of the zone own.test itself', 'Give%', 'CNAME at the apex');
select test.accepted(pg_temp.put('own.test', 'c', 'CNAME', 'a.test.'), 'a CNAME alone');
select test.refused(pg_temp.put('own.test', 'c', 'CNAME', 'b.test.'), '23505', '%one_cname%', '%', 'a second CNAME');
select test.refused(pg_temp.put('own.test', 'c', 'A', '192.0.2.1'), '23000', 'a CNAME cannot stand beside other data: c.own.test', 'Delete the CNAME first%', 'data beside a CNAME');
select test.refused(pg_temp.put('own.test', 't0', 'CNAME', 'a.test.'), '23000', 'a CNAME cannot stand beside%', '%', 'a CNAME beside data');
select test.refused(pg_temp.put('dyn.test', 'joe', 'CNAME', 'a.test.'), '23000', '%joe.dyn.test', '%', 'a CNAME at a domain that has an address');
update ddns.domains set address = '{}', mail = false, online = true where owner = 'ann';
select test.accepted(pg_temp.put('dyn.test', 'ann', 'CNAME', 'a.test.'), 'a CNAME at a domain without address and mail');
select test.refused($$update ddns.domains set address = '{192.0.2.1}' where owner = 'ann'$$, '23000', '%ann.dyn.test', '%', 'an address there then');
select test.refused($$update ddns.domains set mail = true where owner = 'ann'$$, '23000', '%ann.dyn.test', '%', 'mail there then');
select test.refused($$update ddns.domains set online = false where owner = 'ann'$$, '23000', '%ann.dyn.test', '%', 'the offline page there then');
select test.accepted($$update ddns.domains set offline = 'none' where owner = 'ann'; update ddns.domains set online = false where owner = 'ann'$$, 'offline without address is right');

-- other places
select test.refused(pg_temp.put('own.test', '*', 'NS', 'a.test.'), '22023', 'a NS record cannot stand at the wildcard *', '%', 'NS at a wildcard');
select test.refused(pg_temp.put('own.test', '*.a', 'DNAME', 'a.test.'), '22023', 'a DNAME record cannot stand at the wildcard *.a', '%', 'DNAME at a wildcard');
select test.refused(pg_temp.put('dyn.test', 'joe', 'A', '192.0.2.1'), '23000', 'joe.dyn.test is a domain: its A and AAAA records are its address',
  'UPDATE ddns.domains SET address = %joe.dyn.test%', 'an address record at a domain''s own name');
select test.refused(pg_temp.put('dyn.test', 'joe', 'AAAA', '2001:db8::1'), '23000', 'joe.dyn.test is a domain%', '%', 'AAAA too');
select test.accepted(pg_temp.put('dyn.test', 'joe', 'TXT', 'hello'), 'other types may stand there');
select test.accepted(pg_temp.put('dyn.test', '*.joe', 'A', '192.0.2.9'), 'and addresses below');

-- links
select is((select array_agg(d.owner order by r.owner) from r join ddns.domains d on d.id = r.domain_id where r.zone = 'dyn.test' and r.owner like '%joe'),
          array['joe', 'joe'], 'records find their domain');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'x.y.bob', 'A', '192.0.2.5'), ('dyn.test', 'bob', 'A', '192.0.2.6'),
  ('dyn.test', 'bob', 'AAAA', '2001:db8::6'), ('dyn.test', 'p\.bob', 'A', '192.0.2.7'), ('dyn.test', 'notbob', 'A', '192.0.2.8');
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'bob', test.account('joe'));
select is((select address from ddns.domains where owner = 'bob'), '{192.0.2.6,2001:db8::6}'::inet[], 'a new domain takes over the addresses at its name');
select is((select string_agg(owner, ' ' order by owner) from r where domain_id = (select id from ddns.domains where owner = 'bob')), 'x.y.bob',
          'and what is below it, by labels');
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'y.bob', test.account('ann'));
select is((select d.owner from r join ddns.domains d on d.id = r.domain_id where r.owner = 'x.y.bob'), 'y.bob', 'the nearest domain wins');
update ddns.domains set owner = 'z.bob' where owner = 'y.bob';
select is((select d.owner from r join ddns.domains d on d.id = r.domain_id where r.owner = 'x.y.bob'), 'bob', 'and loses them when it is renamed');
update ddns.domains set owner = 'y.bob' where owner = 'z.bob';
delete from ddns.domains where owner = 'y.bob';
select is((select count(*) from r where owner = 'x.y.bob'), 0::bigint, 'what belongs to a domain goes with it');
select test.refused($$insert into ddns.records (zone, owner, type, rdata, online) values ('own.test', 'h', 'A', '192.0.2.1', 'default')$$, '23000',
  '%is under no domain whose state it could follow', 'Set its online and offline to "rdata"%', 'a host record under no domain');
select test.refused($$insert into ddns.records (zone, owner, type, rdata, online) values ('dyn.test', 'h.joe', 'TXT', 'x', 'default')$$, '22023',
  '%TXT cannot follow%', '%', 'a host record that is no address');
select test.refused($$insert into ddns.records (zone, owner, type, rdata, online) values ('dyn.test', 'h.joe', 'A', '192.0.2.1', 'port')$$, '22023',
  '%has no port%', '%online_target%', 'a port redirect without a port');
select test.refused($$insert into ddns.records (zone, owner, type, rdata, offline, offline_target) values ('dyn.test', 'h.joe', 'A', '192.0.2.1', 'url', 'http://u:p@x/')$$, '22023',
  '%user name%', '%', 'a URL with user information');

select * from finish();
rollback;
