-- SPDX-License-Identifier: GPL-3.0-or-later
-- Domains: what they have by default, what they may hold, who hides them.
begin;
select plan(41);
select test.world();
insert into ddns.zones (origin, kind, account_id, mname, rname, ttl, timeout) select 'joe.test', 'private', id, 'ns1.test', 'h.test', 300, 10
from ddns.accounts where login = 'joe';
insert into ddns.domains (zone, owner, account_id) select 'joe.test', o, id from ddns.accounts, unnest(array['@', 'sub']) o where login = 'joe';

select is((select (name, wild_owner, www_owner, ttl, timeout, wildcard, mail, online, served, offline, www, www_port)::text from ddns.domains where name = 'joe.dyn.test'),
          '(joe.dyn.test,*.joe,www.joe,60,0,t,t,t,t,page,off,8080)', 'defaults in a shared zone');
select is((select (name, wild_owner, www_owner, ttl, timeout, wildcard, mail)::text from ddns.domains where name = 'joe.test'),
          '(joe.test,*,www,300,10,f,f)', 'at the apex of a private zone wildcard and mail are off; TTL and timeout are the zone''s');
select is((select (wildcard, mail)::text from ddns.domains where name = 'sub.joe.test'), '(t,t)', 'below it they are on');

select test.refused($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'joe', test.account('ann'))$$, '23505', '%', '%', 'a name is held once');
select test.refused($$insert into ddns.domains (zone, owner, account_id) values ('no.test', 'joe', test.account('ann'))$$, '23503', '%', '%', 'only in zones there are');
select test.refused($$delete from ddns.accounts where login = 'joe'$$, '23503', '%', '%', 'an account that holds names stays');

create function pg_temp.set(p_what text) returns text language sql as $$ select 'update ddns.domains set ' || p_what || ' where name = ''joe.dyn.test''' $$;
select test.refused(pg_temp.set($$address = '{192.0.2.0/24}'$$), '22023', 'the address "192.0.2.0/24" is a network%', 'Write an array%', 'a network');
select test.refused(pg_temp.set($$address = '{224.0.0.1}'$$), '22023', 'the address "224.0.0.1" is a multicast address', '%', 'multicast');
select test.refused(pg_temp.set($$address = '{239.255.255.255}'$$), '22023', '%multicast%', '%', 'the last of it');
select test.refused(pg_temp.set($$address = '{ff02::1}'$$), '22023', '%multicast%', '%', 'multicast over IPv6');
select test.refused(pg_temp.set($$address = '{0.0.0.0}'$$), '22023', '%"0.0.0.0" is no address', '%''{}'' for none.', 'unspecified');
select test.refused(pg_temp.set($$address = '{::}'$$), '22023', '%"::" is no address', '%', 'unspecified over IPv6');
select test.refused(pg_temp.set($$address = '{::ffff:192.0.2.1}'$$), '22023', '%an IPv4 address in IPv6 form', '%', 'IPv4 in IPv6');
select test.refused(pg_temp.set($$address = '{192.0.2.1,192.0.2.1}'$$), '22023', '%is there twice', '%', 'one address twice');
select test.refused(pg_temp.set($$address = '{192.0.2.1,null}'$$), '22023', '%', '%', 'null among them');
select test.refused(pg_temp.set($$address = null$$), '23502', '%', '%', 'null for all');
select test.refused(pg_temp.set($$fixed = '{ff02::1}'$$), '22023', 'the fixed address%', '%', 'fixed addresses too');
select test.refused(pg_temp.set($$offline_address = '{224.0.0.1}'$$), '22023', 'the offline address%', '%', 'and offline ones');
select test.accepted(pg_temp.set($$address = '{192.0.2.1,127.0.0.1,2001:db8::1,::1,2.0.0.1,223.255.255.255,2a00::1,fe80::1}'$$), 'hand-typed SQL may set any host''s address');
select test.refused(pg_temp.set($$ttl = 2147483648$$), '22023', 'the TTL 2147483648%', '%', 'TTL');
select test.refused(pg_temp.set($$timeout = -1$$), '22023', 'timeout cannot be -1', 'Write a number%', 'timeout');
select test.refused(pg_temp.set($$www = 'on'$$), '22023', 'www cannot be "on"', 'Write one of off, port, url.', 'www');
select test.refused(pg_temp.set($$www_port = 65536$$), '22023', 'www_port cannot be 65536', '%', 'www_port');
select test.refused(pg_temp.set($$offline = 'off'$$), '22023', 'offline cannot be "off"', '%', 'offline');
select test.refused(pg_temp.set($$www = 'url'$$), '22023', 'www is "url" and there is none', '%', 'a redirect to nowhere');
select test.refused(pg_temp.set($$www = 'url', www_url = 'http://x.test/%0D%0Aa:b'$$), '22023', '%an encoded control character', '%', 'a line end in a URL');
select test.refused(pg_temp.set($$www = 'url', www_url = 'http://[2001:db8::1]:65536/'$$), '22023', '%its port is not from 1 to 65535', '%', 'a bad port in a URL');
select lives_ok(pg_temp.set($$www_url = 'HTTPS://x.test:65535?q=a:99999'$$), 'and a good one');
select test.refused(pg_temp.set($$offline = 'url'$$), '22023', 'offline is "url" and there is none', '%', 'the same offline');
select test.refused(pg_temp.set('www_url = ' || quote_literal(u)), '22023', '%' || f || '%', 'Write a URL such as%', 'URL: ' || f)
from (values ('ftp://x/', 'does not begin'), ('https://u@x/', 'user name'), (E'https://x/\n', 'control'), ('https://x/ y', 'blank'),
      ('https:///x', 'no host name'), ('https://x/' || repeat('y', 2048), '2058 bytes')) v (u, f);
select test.accepted(pg_temp.set($$www = 'url', www_url = 'HTTPS://www.example.org:8443/a?b=c#d'$$), 'a URL');
select test.refused(pg_temp.set($$term = 'held'$$), '22023', '%does not fit%', '%', 'held of nothing');

-- suspended and held
select test.commit();
update ddns.accounts set state = 'suspended' where login = 'joe';
select is((select string_agg(served::text, ' ') from ddns.domains where account_id = test.account('joe')) || ' ' || (select served from ddns.zones where origin = 'joe.test'),
          'false false false false', 'a suspended account''s names and private zones are not served');
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'late', test.account('joe'));
insert into ddns.zones (origin, kind, account_id, mname, rname) values ('late.test', 'private', test.account('joe'), 'ns1.test', 'h.test');
select is((select served from ddns.domains where owner = 'late') or (select served from ddns.zones where origin = 'late.test'), false, 'nor what it gets meanwhile');
update ddns.zones set terms = true where origin = 'dyn.test';
update ddns.domains set term = 'held', term_before_held = 'trial', term_ends = now() where owner = 'late';
update ddns.accounts set state = 'active' where login = 'joe';
select is((select string_agg(served::text, ' ' order by name) from ddns.domains where account_id = test.account('joe')), 'true true false true', 'lifting brings back all but the held');
update ddns.domains set term = 'trial', term_before_held = null where owner = 'late';
select is((select served from ddns.domains where owner = 'late'), true, 'which comes back with its term');

select * from finish();
rollback;
