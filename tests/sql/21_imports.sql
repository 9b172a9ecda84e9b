-- SPDX-License-Identifier: GPL-3.0-or-later
-- Zones from files: what is judged, compared and changed.  tests/system/ctl has the files themselves.
begin;
select plan(21);

create function pg_temp.gather(p_zone text, variadic p_rows text[]) returns void language sql as $$
  select ddns.import_begin();
  select ddns.import_put(p_zone, 0, array_agg(0), array_agg(i::bigint), array_agg(split_part(r, ' ', 1)),
                         array_agg(split_part(r, ' ', 2)), array_agg(split_part(r, ' ', 3)::bigint),
                         array_agg(substr(r, length(split_part(r, ' ', 1) || split_part(r, ' ', 2)
                                                    || split_part(r, ' ', 3)) + 4)), array_agg(false))
  from unnest(p_rows) with ordinality u (r, i)
$$;
create function pg_temp.apply(p_zone text, p_serial bigint default 7) returns text language sql as $$
  select concat_ws(' ', is_new, added, deleted, changed, addresses)
  from ddns.import_apply(p_zone, ddns.import_compare(p_zone), jsonb_build_object('mname', 'ns1.' || p_zone, 'rname',
    'h.' || p_zone, 'serial', p_serial, 'refresh', 1, 'retry', 2, 'expire', 3, 'negative_ttl', 4, 'ttl', 300), null, true)
$$;
create function pg_temp.stored(p_zone text) returns text language sql as $$
  select string_agg(owner || ' ' || type || ' ' || ttl || ' ' || rdata, ', ') from ddns.stored_records(p_zone)
$$;

select pg_temp.gather('im.test', '@ NS 300 ns1.im.test.', 'ns1 A 300 192.0.2.1', 'a MX 300 010 A.im.test.',
                      'b TYPE13 300 \# 4 01610162');
select is_empty($$ select * from ddns.import_review('im.test', 9) $$, 'nothing is wrong with a usual zone');
select is(ddns.import_compare('im.test'), null, 'a zone that is not there');
select is(pg_temp.apply('im.test'), 't 4 0 0 0', 'is made');
select is(pg_temp.stored('im.test'), '@ NS 300 ns1.im.test., a MX 300 10 a.im.test., b HINFO 300 \# 4 01610162, ns1 A 300 192.0.2.1',
          'with canonical data and types');
select results_eq($$ select mname, rname, refresh, retry, expire, negative_ttl, ttl, serial from ddns.zones z
                     join ddns.zone_state s on s.zone_id = z.id where origin = 'im.test' $$,
  $$ values ('ns1.im.test' collate "C", 'h.im.test' collate "C", 1, 2, 3, 4, 300, 7::bigint) $$, 'and its SOA');

select pg_temp.gather('im.test', '@ NS 300 ns1.im.test.', 'ns1 A 300 192.0.2.1', 'a MX 300 10 a.im.test.',
                      'b HINFO 300 \# 4 01610162');
select is(pg_temp.apply('im.test'), 'f 0 0 0 0', 'the same again is no difference');
select pg_temp.gather('im.test', '@ NS 300 ns1.im.test.', 'ns1 A 60 192.0.2.1', 'c TXT 5 x');
select is(pg_temp.apply('im.test'), 'f 1 2 1 0', 'only what differs is changed');
select is(pg_temp.stored('im.test'), '@ NS 300 ns1.im.test., c TXT 5 "x", ns1 A 60 192.0.2.1', 'to what is gathered');
select is(pg_temp.apply('im.test', 4000000000), 'f 0 0 0 0', 'a serial from behind the zone''s');
select ok((select s.serial between 7 and 99 from ddns.zone_state s join ddns.zones z on z.id = s.zone_id
           where origin = 'im.test'), 'is not taken over');
select pg_temp.apply('im.test', 2000000000);
select is((select serial from ddns.zone_state s join ddns.zones z on z.id = s.zone_id where origin = 'im.test'),
          2000000000::bigint, 'one that comes after it is');

select pg_temp.gather('im.test', 'a A 300 192.0.2.1', 'a A 300 192.0.2.1', 'b A 60 192.0.2.1', 'b A 5 192.0.2.2',
                      'c CNAME 5 a.im.test.', 'c A 5 192.0.2.1', 'd A 5 nonsense', '@ NS 5 ns1.im.test.', '*.e NS 5 a.');
select results_eq($$ select is_error, total, line from ddns.import_review('im.test', 9) order by line $$,
  $$ values (false, 2::bigint, 2::bigint), (false, 2, 4), (true, 3, 5), (true, 3, 7), (true, 3, 9) $$,
  'what is wrong is told by lines');
select pg_temp.gather('im.test', 'd A 5 nonsense', 'e A 5 nonsense', 'f A 5 nonsense');
select results_eq($$ select total, line from ddns.import_review('im.test', 2) $$,
                  $$ values (3::bigint, 1::bigint), (3, 2) $$, 'as many as are asked for, with their number');
select pg_temp.gather('im.test', 'a A 300 192.0.2.1');
select matches((select remark from ddns.import_review('im.test', 9)), 'no NS record', 'a zone wants NS records');

insert into ddns.accounts (login) values ('imp');
insert into ddns.domains (zone, owner, account_id, address)
select 'im.test', 'dom', id, '{192.0.2.9,2001:db8::9}' from ddns.accounts where login = 'imp';
select pg_temp.gather('im.test', '@ NS 300 ns1.im.test.', 'dom A 300 192.0.2.9', 'dom AAAA 300 2001:db8::9');
select is(pg_temp.apply('im.test'), 'f 0 2 0 0', 'a domain''s addresses are no records, in any order');
select pg_temp.gather('im.test', '@ NS 300 ns1.im.test.', 'dom A 60 192.0.2.8');
select is(pg_temp.apply('im.test'), 'f 0 0 0 1', 'others');
select is((select (address, ttl, online)::text from ddns.domains where name = 'dom.im.test'), '({192.0.2.8},60,t)',
          'are its address');
select pg_temp.gather('im.test', '@ NS 300 ns1.im.test.');
select is(pg_temp.apply('im.test'), 'f 0 0 0 1', 'none');
select is((select (address, online, offline_reason)::text from ddns.domains where name = 'dom.im.test'),
          '({},f,"its last address was removed")', 'puts it offline');

insert into ddns.records (zone, owner, type, rdata) values ('im.test', '@', 'CDNSKEY', '256 3 8 AwEAAQ==');
select is(pg_temp.apply('im.test'), 'f 0 0 0 0', 'what a signer makes is not a file''s to delete');

select results_eq($$ select o from unnest(array['b.a', '@', 'a.b', 'a\000', 'z', 'a', '*.a', 'a\.a', 'a-', '\001.a'])
                     o order by ddns.canonical_order(o) $$,
  $$ values ('@'), ('a'), ('\001.a'), ('*.a'), ('b.a'), ('a\000'), ('a-'), ('a\.a'), ('a.b'), ('z') $$,
  'owners in the order of RFC 4034 section 6.1');

select * from finish();
rollback;
