-- SPDX-License-Identifier: GPL-3.0-or-later
-- update_messages: what the usual messages do in one statement is what each alone would do.
begin;
select plan(49);
select test.world();
insert into ddns.accounts (login) values ('dns');
insert into ddns.zones (origin, kind, account_id, mname, rname) values ('p.test', 'private', test.account('dns'), 'ns1.p.test', 'h.test');
insert into ddns.keys (name, account_id, secret, secret_key_id, tsig_only) values ('dns.k', test.account('dns'), '\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e', '00000000', true);
insert into ddns.keys (name, account_id, secret, secret_key_id, tsig_only, types) values ('txt.k', test.account('dns'), '\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e', '00000000', true, '{TXT}');
insert into ddns.records (zone, owner, type, ttl, rdata) select 'p.test', 'h' || i, 'A', 60, '192.0.2.1' from generate_series(1, 9) i;
insert into ddns.records (zone, owner, type, ttl, rdata) values ('p.test', 'two', 'A', 60, '192.0.2.1'), ('p.test', 'two', 'A', 60, '192.0.2.2');

create sequence pg_temp.macs;
create function pg_temp.replaces(p_owner text, p_rdata text, p_ttl int default 60, p_type text default 'A') returns text language sql as $$
  select jsonb_build_array(jsonb_build_array('delete_rrset', p_owner, p_type, 0, null), jsonb_build_array('add', p_owner, p_type, p_ttl, p_rdata))::text $$;
-- a group: changes of each message, prerequisites of the first; gives rcode and whether it changed (+) or was a repeat (r)
create function pg_temp.send(p_changes text[], p_prerequisites text default '[]', p_macs int[] default null, p_key text default 'dns.k') returns text language sql as $$
  select string_agg(rcode || case when is_repeated then 'r' when is_changed then '+' else '' end, ' ' order by n)
  from ddns.update_messages(
    (select array_agg(k.id) from ddns.keys k, unnest(p_changes) where k.name = p_key), array_fill(test.account('dns'), array[cardinality(p_changes)]),
    array_fill(p_key, array[cardinality(p_changes)]),
    (select array_agg(decode(md5(coalesce(p_macs[i], nextval('pg_temp.macs') + 1000)::text), 'hex') order by i) from generate_subscripts(p_changes, 1) i),
    array_fill('p.test'::text, array[cardinality(p_changes)]),
    (select array_agg(jsonb_build_object('prerequisites', case when i = 1 then p_prerequisites::jsonb else '[]' end, 'changes', c::jsonb) order by i)
     from unnest(p_changes) with ordinality c (c, i)),
    array_fill('192.0.2.9'::inet, array[cardinality(p_changes)])) $$;
create function pg_temp.stored(p_owner text) returns text language sql as $$
  select string_agg(format('%s %s %s', type, ttl, rdata), ', ' order by type, rdata) from ddns.records where zone = 'p.test' and owner = p_owner $$;

select is(pg_temp.send(array[pg_temp.replaces('h1', '192.0.2.2'), pg_temp.replaces('h2', '192.0.2.3'), pg_temp.replaces('h3', '192.0.2.1')]), '0+ 0+ 0', 'three at once');
select is((select string_agg(pg_temp.stored('h' || i), ', ' order by i) from generate_series(1, 3) i), 'A 60 192.0.2.2, A 60 192.0.2.3, A 60 192.0.2.1', 'are stored');
select is((select string_agg(format('%s %s %s: %s -> %s', name, key, door, old, new), ', ' order by name) from ddns.history where door = 'dns' and zone = 'p.test'),
  'h1.p.test dns.k dns: 60 192.0.2.1 -> 60 192.0.2.2, h2.p.test dns.k dns: 60 192.0.2.1 -> 60 192.0.2.3', 'and told, where something changed');
select is((select count(*) from ddns.duplicates where key_name = 'dns.k'), 3::bigint, 'and remembered');
select is((select count(distinct serial) from ddns.history where door = 'dns' and zone = 'p.test'), 1::bigint, 'with one serial');
select is(pg_temp.send(array[pg_temp.replaces('h1', '192.0.2.2', 30)]), '0+', 'another time to live');
select is(pg_temp.stored('h1'), 'A 30 192.0.2.2', 'is stored');
select is(pg_temp.send(array[pg_temp.replaces('h1', '192.0.2.4'), pg_temp.replaces('h1', '192.0.2.5')]), '0+ 0+', 'two of one name');
select is(pg_temp.stored('h1'), 'A 60 192.0.2.5', 'are done in order');
select is(pg_temp.send(array[pg_temp.replaces('h2', '192.0.2.7'), '[["delete_name", "h2", null, 0, null]]']), '0+ 0+', 'a name that another message takes away');
select is(pg_temp.stored('h2'), null, 'is away');
select is(pg_temp.send(array[pg_temp.replaces('h2', '192.0.2.7')]), '0+', 'one that is not there');
select is(pg_temp.stored('h2'), 'A 60 192.0.2.7', 'comes');
select is(pg_temp.send(array[pg_temp.replaces('two', '192.0.2.7')]), '0+', 'a set of two');
select is(pg_temp.stored('two'), 'A 60 192.0.2.7', 'becomes one');
select is(pg_temp.send(array[pg_temp.replaces('h4', '192.0.2.2'), pg_temp.replaces('h5', '192.0.2.2')], '[]', array[1, 1]), '0+ 0r', 'the same MAC twice in a group');
select is(pg_temp.stored('h5'), 'A 60 192.0.2.1', 'counts once');
select is(pg_temp.send(array[pg_temp.replaces('h4', '192.0.2.1')], '[]', array[1]), '0r', 'and later not again');
select is(pg_temp.send(array[pg_temp.replaces('h6', '192.0.2.2'), pg_temp.replaces('h7', 'nonsense')]), '0+ 5', 'one that cannot be stored refuses itself alone');
select is(pg_temp.send(array[pg_temp.replaces('h6', '192.0.2.3'), pg_temp.replaces('h7', '192.0.2.3')], '[["free", "h6", null, null, 0]]'), '6 0+', 'a prerequisite is judged');
select is(pg_temp.send(array[pg_temp.replaces('h8', '192.0.2.3')], '[]', null, 'txt.k'), '5', 'a key that may not');
select is(pg_temp.stored('h8'), 'A 60 192.0.2.1', 'does not');
select is(pg_temp.send(array[pg_temp.replaces('h1', '"x"', 60, 'TXT'), pg_temp.replaces('h9', '192.0.2.3')]), '0+ 0+', 'another type of the same name is another set');

-- addresses of domains
insert into ddns.domains (zone, owner, account_id, address) values ('p.test', 'd1', test.account('dns'), '{192.0.2.1}'),
  ('p.test', 'd2', test.account('dns'), '{192.0.2.1,192.0.2.2,2001:db8::1}'), ('p.test', 'd3', test.account('dns'), '{2001:db8::1,192.0.2.1}'),
  ('p.test', 'd4', test.account('dns'), '{192.0.2.1}');
delete from ddns.history;
select is(pg_temp.send(array[pg_temp.replaces('d1', '192.0.2.2'), pg_temp.replaces('d2', '192.0.2.3'), pg_temp.replaces('d3', '192.0.2.1'),
  pg_temp.replaces('d4', '2001:db8::2', 60, 'AAAA'), pg_temp.replaces('h9', '192.0.2.5')]), '0+ 0+ 0 0+ 0+', 'domains and a record at once');
select is((select string_agg(address::text, ' ' order by owner) from ddns.domains where zone = 'p.test'),
  '{192.0.2.2} {192.0.2.3,2001:db8::1} {2001:db8::1,192.0.2.1} {192.0.2.1,2001:db8::2}', 'are stored, each family by itself');
select is((select string_agg(format('%s %s %s: %s -> %s', name, key, what, old, new), ', ' order by name) from ddns.history where door = 'dns'),
  'd1.p.test dns.k address: 192.0.2.1 -> 192.0.2.2, d2.p.test dns.k address: 192.0.2.1,192.0.2.2,2001:db8::1 -> 192.0.2.3,2001:db8::1, '
  'd4.p.test dns.k address: 192.0.2.1 -> 192.0.2.1,2001:db8::2, h9.p.test dns.k A: 60 192.0.2.3 -> 60 192.0.2.5', 'and told');
select is((select string_agg(owner || ' ' || host(peer), ', ' order by owner) from ddns.contacts join ddns.domains on id = domain_id where zone = 'p.test'),
  'd1 192.0.2.9, d2 192.0.2.9, d3 192.0.2.9, d4 192.0.2.9', 'their hosts were heard');
update ddns.domains set online = false where zone = 'p.test' and owner = 'd1';
select is(pg_temp.send(array[pg_temp.replaces('d1', '192.0.2.2'), pg_temp.replaces('d2', '224.0.0.1')]), '0+ 5', 'one that is offline, and an address that is none');
select is((select string_agg(owner || ' ' || online || ' ' || address::text, ', ' order by owner) from ddns.domains where zone = 'p.test' and owner in ('d1', 'd2')),
  'd1 true {192.0.2.2}, d2 true {192.0.2.3,2001:db8::1}', 'is online again, and changes nothing');

-- limits: what may be added, by settings
insert into ddns.settings (name, value) values ('records_per_set', '3'), ('set_octets', '260'), ('types_per_name', '2'), ('names_per_account', '4');
create function pg_temp.adds(p_owner text, p_type text, variadic p_rdata text[]) returns text language sql as $$
  select jsonb_agg(jsonb_build_array('add', p_owner, p_type, 60, r))::text from unnest(p_rdata) r $$;
select is(pg_temp.send(array[pg_temp.adds('l1', 'A', '192.0.2.1', '192.0.2.2', '192.0.2.3'), pg_temp.adds('l2', 'A', '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4')]), '0+ 5',
  'three records of a set, not four');
select is(pg_temp.send(array[pg_temp.adds('l1', 'A', '192.0.2.4')]), '5', 'nor a fourth later');
select is(pg_temp.send(array[jsonb_insert(pg_temp.adds('l1', 'A', '192.0.2.4')::jsonb, '{0}', '["delete", "l1", "A", 0, "192.0.2.1"]')::text]), '0+', 'but in the place of one');
update ddns.settings set value = '2' where name = 'records_per_set';
select is(pg_temp.send(array[pg_temp.adds('l1', 'TXT', '"x"'), pg_temp.adds('l1', 'A', '192.0.2.5')]), '0+ 5', 'a set with more than that from before keeps no other from its name');
update ddns.settings set value = '3' where name = 'records_per_set';
select is(pg_temp.send(array[pg_temp.adds('l3', 'TXT', '"' || repeat('x', 250) || '" "' || repeat('x', 5) || '"')]), '0+', '260 octets');
select is(pg_temp.send(array[pg_temp.adds('l4', 'TXT', '"' || repeat('x', 250) || '" "' || repeat('x', 6) || '"')]), '5', 'not 261');
select is(pg_temp.send(array[pg_temp.adds('l3', 'TXT', '"y"')]), '5', 'nor one by one');
select is(pg_temp.send(array[pg_temp.replaces('l3', '"' || repeat('y', 250) || '" "' || repeat('y', 6) || '"', 60, 'TXT')]), '5', 'nor in the place of others');
insert into ddns.records (zone, owner, type, rdata) select 'p.test', 'l5', 'A', '192.0.2.' || i from generate_series(1, 5) i;
select is(pg_temp.send(array['[["delete", "l5", "A", 0, "192.0.2.1"]]']), '0+', 'what SQL made more of may shrink');
select is(pg_temp.send(array[pg_temp.adds('l6', 'A', '192.0.2.1') , pg_temp.adds('l6', 'TXT', '"x"'), pg_temp.adds('l6', 'PTR', 'x.test.')]), '0+ 0+ 0+', 'types do not count in a private zone');
insert into ddns.records (zone, owner, type, rdata) select 'p.test', 'm' || i % 2, 'TXT', i::text from generate_series(0, 5000) i;
select is(pg_temp.send(array['[["delete", "m0", "TXT", 0, "\"0\""], ["delete", "m1", "TXT", 0, "\"1\""]]', '[["delete", "m1", "TXT", 0, "\"1\""]]']), '5 0+',
  'a message whose names have more than 5,000 records');
select is(pg_temp.send(array['[]'], '[["exists", "m0", "TXT", null, 0], ["exists", "m1", "TXT", null, 0]]'), '0', 'not with 5,000');
select is(pg_temp.send(array['[["delete_name", "m0", null, 0, null], ["delete_name", "m1", null, 0, null]]']), '0+', 'which may all go at once');
-- in a shared zone
insert into ddns.domains (zone, owner, account_id, address) values ('dyn.test', 'dns', test.account('dns'), '{}');
create function pg_temp.send_shared(p_changes text) returns text language sql as $$
  select rcode || case when is_changed then '+' else '' end || coalesce(' ' || reason, '')
  from ddns.update_messages(array[(select id from ddns.keys where name = 'dns.k')], array[test.account('dns')], '{dns.k}',
    array[decode(md5(nextval('pg_temp.macs')::text), 'hex')], '{dyn.test}', array[jsonb_build_object('prerequisites', '[]'::jsonb, 'changes', p_changes::jsonb)], '{192.0.2.9}') $$;
select is(pg_temp.send_shared(pg_temp.adds('dns', 'A', '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4')), '5 4 records of type A at dns are more than 3', 'addresses of a domain');
select is(pg_temp.send_shared(pg_temp.adds('x.dns', 'A', '192.0.2.1')) || pg_temp.send_shared(pg_temp.adds('x.dns', 'TXT', '"x"')), '0+0+', 'two types at a name');
select is(pg_temp.send_shared(pg_temp.adds('x.dns', 'PTR', 'x.test.')), '5 3 types of records at x.dns are more than 2', 'not three');
select is(pg_temp.send_shared(jsonb_insert(pg_temp.adds('x.dns', 'PTR', 'x.test.')::jsonb, '{0}', '["delete_rrset", "x.dns", "A", 0, null]')::text), '0+', 'but one for another');
select is(pg_temp.send_shared((pg_temp.adds('a.dns', 'A', '192.0.2.1')::jsonb || pg_temp.adds('b.dns', 'A', '192.0.2.1')::jsonb)::text)
  || pg_temp.send_shared(pg_temp.adds('c.dns', 'A', '192.0.2.1')), '0+0+', 'four names of an account');
select is(pg_temp.send_shared(pg_temp.adds('d.dns', 'A', '192.0.2.1')), '5 the account''s records have more than 4 names in shared zones', 'not five');
select is(pg_temp.send_shared((pg_temp.adds('d.dns', 'A', '192.0.2.1')::jsonb || '[["delete_name", "c.dns", null, 0, null]]')::text), '0+', 'but one for another');
select * from finish();
rollback;
