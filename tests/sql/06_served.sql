-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is served: states, redirects, wildcards, defaults and what they yield to.
begin;
select plan(49);
select test.world();
create function pg_temp.joe(p_what text) returns void language plpgsql as $$
begin execute 'update ddns.domains set ' || p_what || ' where name = ''joe.dyn.test'''; end $$;
create function pg_temp.redirect(p_owner text) returns text language sql as $$
  select string_agg(name || ' ' || kind || coalesce(' ' || target, ''), '; ') from ddns.served_redirects where zone_id = test.zone('dyn.test') and owner = p_owner $$;

select is(test.at('dyn.test', 'joe'), 'A 60 192.0.2.1; MX 60 10 joe.dyn.test.', 'online: its address and its mail');
select is(test.at('dyn.test', '*.joe'), 'A 60 192.0.2.1; MX 60 10 joe.dyn.test.', 'and all below it');
select is(test.at('dyn.test', 'www.joe'), '', 'www is below it like the rest');
select pg_temp.joe('ttl = 300, address = ''{192.0.2.1,2001:db8::1}''');
select is(test.at('dyn.test', 'joe'), 'A 300 192.0.2.1; AAAA 300 2001:db8::1; MX 300 10 joe.dyn.test.', 'both families, with its TTL');
select pg_temp.joe('fixed = ''{192.0.2.9}''');
select is(test.at('dyn.test', 'joe'), 'A 300 192.0.2.9; AAAA 300 2001:db8::1; MX 300 10 joe.dyn.test.', 'a fixed address counts in its family');
select pg_temp.joe('fixed = null, wildcard = false');
select is(test.at('dyn.test', '*.joe'), '', 'no wildcard');
select pg_temp.joe('wildcard = true, mail = false');
select is(test.at('dyn.test', 'joe'), 'A 300 192.0.2.1; AAAA 300 2001:db8::1', 'no mail');
select pg_temp.joe('mail = true');

select pg_temp.joe('online = false');
select is(test.at('dyn.test', 'joe'), 'A 60 203.0.113.9; MX 300 10 joe.dyn.test.', 'offline, page: the redirector, TTL at most 60');
select is(pg_temp.redirect('joe'), 'joe.dyn.test page', 'and the page');
select is(pg_temp.redirect('*.joe'), '*.joe.dyn.test page', 'at the wildcard too');
select pg_temp.joe('offline = ''keep''');
select is(test.at('dyn.test', 'joe'), 'A 300 192.0.2.1; AAAA 300 2001:db8::1; MX 300 10 joe.dyn.test.', 'offline, keep: its address');
select is(pg_temp.redirect('joe'), null, 'no redirect then');
select pg_temp.joe('offline = ''none''');
select is(test.at('dyn.test', 'joe'), 'MX 300 10 joe.dyn.test.', 'offline, none');
select pg_temp.joe('offline = ''address'', offline_address = ''{198.51.100.7}''');
select is(test.at('dyn.test', 'joe'), 'A 300 198.51.100.7; MX 300 10 joe.dyn.test.', 'offline, address');
select pg_temp.joe('offline = ''url'', offline_url = ''https://example.org/gone''');
select is(test.at('dyn.test', 'joe'), 'A 60 203.0.113.9; MX 300 10 joe.dyn.test.', 'offline, URL: the redirector');
select is(pg_temp.redirect('joe'), 'joe.dyn.test url https://example.org/gone', 'and the URL');
update ddns.zones set redirectors = '{}' where origin = 'dyn.test';
select is(test.at('dyn.test', 'joe'), 'MX 300 10 joe.dyn.test.', 'without a redirector no address');
update ddns.zones set redirectors = '{203.0.113.9,2001:db8:9::9}' where origin = 'dyn.test';
select is(test.at('dyn.test', 'joe'), 'A 60 203.0.113.9; AAAA 60 2001:db8:9::9; MX 300 10 joe.dyn.test.', 'several redirectors');
update ddns.zones set redirectors = '{203.0.113.9}' where origin = 'dyn.test';
select pg_temp.joe('online = true, www = ''port''');
select is(test.at('dyn.test', 'www.joe'), 'A 60 203.0.113.9', 'www to a port: the redirector');
select is(pg_temp.redirect('www.joe'), 'www.joe.dyn.test port http://joe.dyn.test:8080', 'and the port');
select pg_temp.joe('www = ''url'', www_url = ''http://example.org/''');
select is(pg_temp.redirect('www.joe'), 'www.joe.dyn.test url http://example.org/', 'www to a URL');
select is((select string_agg(concat_ws(' ', owner, kind, target, fallback), '; ') from ddns.redirects_of(test.zone('dyn.test'), '{www.joe,joe,nobody}')),
  'www.joe url http://example.org/ t', 'asked by name');
select pg_temp.joe('online = false, offline = ''page''');
select is(test.at('dyn.test', 'www.joe') || coalesce(pg_temp.redirect('www.joe'), ''), '', 'www is as all below it while offline');
select pg_temp.joe('online = true');

-- www where a CNAME stands
select pg_temp.joe('www = ''off''');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'www.joe', 'CNAME', 'x.test.');
select test.refused($$update ddns.domains set www = 'port' where name = 'joe.dyn.test'$$, '23000', 'www.joe.dyn.test is a CNAME: browsers that ask for it cannot be redirected', 'Delete that record first:%', 'www= beside a CNAME');
select test.refused($$insert into ddns.domains (zone, owner, account_id, www) values ('dyn.test', 'www', test.account('joe'), 'port'), ('own.test', 'joe', test.account('joe'), 'port'); insert into ddns.records (zone, owner, type, rdata) values ('own.test', 'www.joe', 'CNAME', 'x.test.'); update ddns.domains set www_port = 81 where zone = 'own.test'$$, '23000', 'www.joe.own.test is a CNAME%', '%', 'nor to another port, where it came later');
delete from ddns.records where owner = 'www.joe';
select pg_temp.joe('www = ''url''');

-- what wins over what
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'joe', 'MX', '5 mail.test.'), ('dyn.test', 'joe', 'TXT', 'x'), ('dyn.test', '*.joe', 'AAAA', '2001:db8::5');
select is(test.at('dyn.test', 'joe'), 'A 300 192.0.2.1; AAAA 300 2001:db8::1; MX 60 5 mail.test.; TXT 60 "x"', 'an explicit MX replaces the default one');
select is(test.at('dyn.test', '*.joe'), 'AAAA 60 2001:db8::5; MX 300 10 joe.dyn.test.', 'an explicit address at the wildcard replaces both families');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'www.joe', 'A', '192.0.2.55');
select is(test.at('dyn.test', 'www.joe'), 'A 60 192.0.2.55', 'an explicit address at www replaces the redirect');
update ddns.records set owner = '*.joe', type = 'CNAME', rdata = 'x.test.' where owner = '*.joe';
select is(test.at('dyn.test', '*.joe'), 'CNAME 60 x.test.', 'a CNAME replaces all defaults');

-- name servers
select is(test.at('dyn.test', '@'), 'NS 60 ns1.test.', 'NS is the mname');
update ddns.zones set name_servers = '{ns1.test,ns2.test}', ttl = 120 where origin = 'dyn.test';
select is(test.at('dyn.test', '@'), 'NS 120 ns1.test.; NS 120 ns2.test.', 'or the name servers');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', '@', 'NS', 'ns9.test.');
select is(test.at('dyn.test', '@'), 'NS 60 ns9.test.', 'or the zone''s own records');
insert into ddns.settings values ('name_servers', 'a.ns.test b.ns.test');
insert into ddns.zones (origin, mname, rname) values ('later.test', 'ns1.test', 'h.test');
select is(test.at('later.test', '@'), 'NS 60 a.ns.test.; NS 60 b.ns.test.', 'the setting is for new zones');
select is(test.at('own.test', '@'), 'NS 60 a.ns.test.; NS 60 b.ns.test.', 'and for those that follow it');
update ddns.settings set value = 'c.ns.test' where name = 'name_servers';
select is(test.at('later.test', '@'), 'NS 60 c.ns.test.', 'as it changes');
select is((select name_servers from ddns.zones where origin = 'dyn.test'), '{ns1.test,ns2.test}', 'not for those that have others');
delete from ddns.settings where name = 'name_servers';
select is(test.at('later.test', '@'), 'NS 60 ns1.test.', 'and back');

-- host records
insert into ddns.records (zone, owner, type, ttl, rdata, online, online_target, offline, offline_target)
values ('dyn.test', 'cam.joe', 'A', 600, '192.0.2.33', 'rdata', null, 'page', null), ('dyn.test', 'def.joe', 'A', 600, '192.0.2.34', 'default', null, 'default', null),
       ('dyn.test', 'nas.joe', 'A', 600, '192.0.2.35', 'port', '8443', 'url', 'https://example.org/nas'), ('dyn.test', 'adr.joe', 'A', 600, '192.0.2.36', 'address', '192.0.2.37', 'address', '2001:db8::37');
select is(test.at('dyn.test', 'cam.joe') || ' | ' || test.at('dyn.test', 'def.joe') || ' | ' || test.at('dyn.test', 'nas.joe') || ' | ' || test.at('dyn.test', 'adr.joe'),
  'A 600 192.0.2.33 | A 600 192.0.2.1; AAAA 600 2001:db8::1 | A 60 203.0.113.9 | A 600 192.0.2.37', 'host records while online');
select is(pg_temp.redirect('nas.joe'), 'nas.joe.dyn.test port http://192.0.2.35:8443', 'a port redirect leads to the host''s own address');
select pg_temp.joe('online = false');
select is(test.at('dyn.test', 'cam.joe') || ' | ' || test.at('dyn.test', 'def.joe') || ' | ' || test.at('dyn.test', 'nas.joe') || ' | ' || test.at('dyn.test', 'adr.joe'),
  'A 60 203.0.113.9 | A 60 203.0.113.9 | A 60 203.0.113.9 | AAAA 600 2001:db8::37', 'and while offline');
select is(pg_temp.redirect('cam.joe') || ' | ' || pg_temp.redirect('nas.joe') || ' | ' || pg_temp.redirect('def.joe'),
  'cam.joe.dyn.test page | nas.joe.dyn.test url https://example.org/nas | def.joe.dyn.test page', 'with their redirects');

-- hidden
select pg_temp.joe('served = false');
select is((select count(*) from ddns.served_rows where zone_id = test.zone('dyn.test') and owner ~ 'joe'), 0::bigint, 'a domain that is not served hides its records');
select is((select count(*) from ddns.served_redirects where owner ~ 'joe'), 0::bigint, 'and redirects');
update ddns.zones set served = false where origin = 'dyn.test';
select is((select count(*) from ddns.served_rows where zone_id = test.zone('dyn.test')) + (select count(*) from ddns.served_zones where origin = 'dyn.test'), 0::bigint, 'a zone all of it');
update ddns.zones set served = true, transfer = 'list', transfer_to = '{192.0.2.1,10.0.0.0/8,2001:db8::/32}' where origin = 'dyn.test';
select is((select transfer_to from ddns.served_zones where origin = 'dyn.test'), array['192.0.2.1', '10.0.0.0/8', '2001:db8::/32'], 'the transfer list as text');

-- readers
select is_empty($$select * from ddns.served_rows where ttl is null or rdata is null or owner is null$$, 'no nulls');
select is_empty($$select zone_id, owner, name, kind from ddns.served_redirects group by 1, 2, 3, 4 having count(*) > 1$$, 'one redirect per name');
select is((select string_agg(owner, ' ' order by owner) from ddns.redirects_of(test.zone('dyn.test'), '{joe,*.joe,cam.joe}') where fallback), null, 'hidden ones are not asked for either');
select pg_temp.joe('served = true, wildcard = true');
select is((select string_agg(owner, ' ' order by owner) filter (where fallback) || ' | ' || string_agg(owner, ' ' order by owner) filter (where not fallback)
  from ddns.redirects_of(test.zone('dyn.test'), '{joe,*.joe,cam.joe}')), '*.joe | cam.joe joe', 'the wildcard''s yields');

select * from finish();
rollback;
