-- SPDX-License-Identifier: GPL-3.0-or-later
-- Random groups of DNS UPDATE messages: what update_plain does with some of them together gives the
-- same answers and the same data as update_message for each.  DDNS_TEST_GROUPS says how many,
-- DDNS_TEST_SEED (from -1 to 1) which.
\set groups 60
\set seed 0.2136
\getenv groups DDNS_TEST_GROUPS
\getenv seed DDNS_TEST_SEED
begin;
select set_config('test.groups', :'groups', true) is not null as told \gset
select plan(3);
select test.world();
select setseed(:seed) is not null as seeded \gset
insert into ddns.accounts (login) values ('dns');
insert into ddns.zones (origin, kind, account_id, mname, rname) values ('p.test', 'private', test.account('dns'), 'ns1.p.test', 'h.test'),
  ('q.test', 'private', test.account('dns'), 'ns1.q.test', 'h.test');
insert into ddns.keys (name, account_id, secret, secret_key_id, tsig_only, types)
select name, test.account(login), '\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e', '00000000', true, types::text[]
from (values ('all.k', 'dns', '{}'), ('txt.k', 'dns', '{TXT}'), ('joe.k', 'joe', '{}')) k (name, login, types);
insert into ddns.domains (zone, owner, account_id, address) values ('p.test', 'h5', test.account('dns'), '{192.0.2.1}'),
  ('dyn.test', 'dns', test.account('dns'), '{192.0.2.1}'), ('p.test', 'h13', test.account('dns'), '{192.0.2.1,2001:db8::1}'),
  ('p.test', 'h14', test.account('dns'), '{2001:db8::1,192.0.2.1}'), ('p.test', 'h15', test.account('joe'), '{192.0.2.1}'),
  ('p.test', 'h16', test.account('dns'), '{}'), ('p.test', 'h17', test.account('dns'), '{192.0.2.1}');
update ddns.domains set online = false where zone = 'p.test' and owner = 'h16';
update ddns.domains set offline = 'keep', online = false, timeout = 5, fixed = '{192.0.2.3}' where zone = 'p.test' and owner = 'h17';
insert into ddns.records (zone, owner, type, ttl, rdata)
select zone, 'h' || i, type, 60, rdata
from generate_series(1, 12) i, unnest('{p.test,q.test}'::text[]) zone, (values ('A', '192.0.2.1'), ('TXT', '"x"')) t (type, rdata)
where not (zone = 'p.test' and i = 5);
insert into ddns.records (zone, owner, type, ttl, rdata) values ('p.test', 'h4', 'A', 60, '192.0.2.2'), ('dyn.test', 'x.dns', 'A', 60, '192.0.2.1'),
  ('p.test', 'c', 'CNAME', 60, 'x.test.');

create function pg_temp.one_of(variadic p_words text[]) returns text language sql as $$
  select p_words[1 + floor(random() * cardinality(p_words))::int] $$;
create function pg_temp.data_of(p_type text) returns text language sql as $$
  select case p_type when 'A' then pg_temp.one_of('192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.3', '224.0.0.1')
                     when 'AAAA' then pg_temp.one_of('2001:db8::1', '2001:db8::2', 'nonsense')
                     else pg_temp.one_of('"x"', '"y"', '"z" "z"') end $$;
-- most delete a set and add a record to it; some do other things, to the same names
create function pg_temp.message() returns jsonb language plpgsql as $$
declare
  o text := pg_temp.one_of('h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8', 'h9', 'h10', 'h11', 'h12', 'h5', 'h13', 'h13', 'h14', 'h14',
    'h15', 'h16', 'h17', 'dns', 'x.dns', 'c', case when random() < 0.1 then '@' else 'h2' end);
  t text := pg_temp.one_of('A', 'A', 'A', 'TXT', 'AAAA');
  l int := pg_temp.one_of('60', '60', '60', '30', '100000')::int;
  changes jsonb := jsonb_build_array(jsonb_build_array('delete_rrset', o, t, 0, null), jsonb_build_array('add', o, t, l, pg_temp.data_of(t)));
  prerequisites jsonb := '[]';
begin
  case floor(random() * 16)
  when 0 then changes := jsonb_build_array(jsonb_build_array('delete_name', o, null, 0, null));
  when 1 then changes := changes || jsonb_build_array(jsonb_build_array('add', o, 'TXT', 60, '"more"'));
  when 2 then changes := changes -> 1 || changes -> 0;
  when 3 then changes := jsonb_build_array(jsonb_build_array('delete', o, t, 0, pg_temp.data_of(t)));
  when 4 then prerequisites := jsonb_build_array(jsonb_build_array(pg_temp.one_of('in_use', 'free'), o, null, null, 0));
  when 5 then changes := jsonb_build_array(changes -> 1);
  when 6 then changes := jsonb_build_array(jsonb_build_array('delete_rrset', 'h1', t, 0, null), changes -> 1);
  when 7 then changes := '[]';
  else null;
  end case;
  return jsonb_build_object('prerequisites', prerequisites, 'changes', changes);
end $$;
create temp table members (n int, key text, mac text, zone text, message jsonb);
create function pg_temp.group() returns void language sql as $$
  truncate members;
  insert into members
  select i, pg_temp.one_of('all.k', 'all.k', 'all.k', 'all.k', 'txt.k', 'joe.k'),
         md5(case when random() < 0.1 then '7' else random()::text end), pg_temp.one_of('p.test', 'p.test', 'q.test', 'dyn.test', 'no.test'), pg_temp.message()
  from generate_series(1, 1 + floor(random() * 12)::int) i $$;
create function pg_temp.send() returns text language sql as $$
  select string_agg(concat_ws(' ', n, rcode, is_changed, is_repeated, serial, reason), '; ' order by n)
  from ddns.update_messages((select array_agg(k.id order by n) from members m join ddns.keys k on k.name = m.key),
    (select array_agg(k.account_id order by n) from members m join ddns.keys k on k.name = m.key),
    (select array_agg(key order by n) from members), (select array_agg(decode(mac, 'hex') order by n) from members),
    (select array_agg(zone order by n) from members), (select array_agg(message order by n) from members),
    (select array_agg('192.0.2.9'::inet) from members)) $$;
create function pg_temp.state() returns text language sql as $$
  select concat_ws(E'\n',
    (select string_agg(concat_ws(' ', zone, owner, type, ttl, rdata, domain_id), E'\n' order by zone, owner, type, rdata) from ddns.records),
    (select string_agg(concat_ws(' ', name, online, address, ttl, online_since is null, offline_reason), E'\n' order by name) from ddns.domains),
    (select string_agg(concat_ws(' ', domain_id, peer, door), E'\n' order by domain_id) from ddns.contacts),
    (select string_agg(concat_ws(' ', zone, name, account, key, door, peer, what, old, new, serial), E'\n' order by zone, name, what, old, new, key, serial) from ddns.history),
    (select string_agg(concat_ws(' ', key_name, mac, rcode, serial), E'\n' order by key_name, mac) from ddns.duplicates),
    (select string_agg(distinct concat_ws(' ', zone_id, owner), E'\n' order by concat_ws(' ', zone_id, owner)) from ddns.changes)) $$;
-- what a group does without the short cut, and nothing of it stays
create function pg_temp.one_by_one() returns text language plpgsql as $$
declare
  answers text;
begin
  create or replace function ddns.update_plain(p_keys bigint[], p_accounts bigint[], p_key_names text[], p_macs bytea[], p_zones text[],
    p_messages jsonb[], p_peers inet[], p_locked bigint[], out places int[], out changes boolean[], out serials bigint[]) language sql
    as 'select ''{}''::int[], ''{}''::boolean[], ''{}''::bigint[]';
  answers := pg_temp.send();
  raise exception using errcode = 'ZZ000', message = answers, detail = pg_temp.state();
exception when sqlstate 'ZZ000' then
  get stacked diagnostics answers = pg_exception_detail;
  return sqlerrm || E'\n' || answers;
end $$;

create temp table compared (i int, alone text, together text, messages jsonb);
do $$
declare
  alone text;
begin
  for i in 1..current_setting('test.groups')::int loop
    perform pg_temp.group();
    alone := pg_temp.one_by_one();
    insert into compared select i, alone, pg_temp.send() || E'\n' || pg_temp.state(), (select jsonb_agg(to_jsonb(m) order by n) from members m);
  end loop;
end $$;
select is((select count(*) from compared where together = alone), current_setting('test.groups')::bigint,
          'groups do what their messages do one by one');
select diag(format(E'seed %s, group %s of %s\none by one: %s\ntogether: %s\nmessages: %s', :'seed', i, current_setting('test.groups'),
  (select string_agg(l, E'\n  ') from (select string_to_table(alone, E'\n') except select string_to_table(together, E'\n')) d (l)),
  (select string_agg(l, E'\n  ') from (select string_to_table(together, E'\n') except select string_to_table(alone, E'\n')) d (l)), messages))
from compared where together <> alone order by i limit 2;
select cmp_ok((select count(*) from ddns.duplicates where rcode = 0), '>', current_setting('test.groups')::bigint, 'many were done');
select cmp_ok((select count(distinct rcode) from ddns.duplicates), '>=', 3::bigint, 'and several refused, for several reasons');
select * from finish();
rollback;
