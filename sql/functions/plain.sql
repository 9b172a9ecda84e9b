-- SPDX-License-Identifier: GPL-3.0-or-later
-- The usual DNS UPDATE, many at once: a message that replaces the one record of a set, or the addresses
-- of a domain.

set local search_path = ddns, pg_temp;

-- Those of a group's messages that do no more than to delete a set and to add a record to it, where that
-- set is one stored record, or the addresses of a family of a domain that is the account's own and
-- online.  Parameters are those of update_messages, and p_locked the zones whose locks are held.
--
-- Such a message takes no name away and brings none, so whatever else the group does meets the same
-- names.  Left out are those whose owner is the apex, or named by another message of the group; all of a
-- zone whose apex one names, since the serial may be set there; those that came before; and those whose
-- record is to be refused.
--
-- OFFSET 0 keeps the planner from joining: it would scan tables that were small when it looked.
create or replace function plain_messages(
  p_keys bigint[], p_accounts bigint[], p_key_names text[], p_macs bytea[], p_zones text[],
  p_messages jsonb[], p_locked bigint[])
returns setof plain_message
language plpgsql stable
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  with zone as materialized (
    select z.origin, z.kind, z.addresses, s.serial, next_serial(z.id, true) as next_serial
    from unnest(p_locked) u cross join lateral (select * from zones where id = u and served offset 0) z
    cross join lateral (select serial from zone_state where zone_id = u offset 0) s),
  message as materialized (
    select m.i, m.key, m.account, m.key_name, m.mac, m.zone, m.message -> 'changes' as c,
           m.message -> 'prerequisites' as p,
           row_number() over (partition by m.key_name, m.mac) as copy
    from unnest(p_keys, p_accounts, p_key_names, p_macs, p_zones, p_messages)
      with ordinality m (key, account, key_name, mac, zone, message, i)),
  candidate as materialized (
    select m.*, m.c #>> '{0,1}' as owner, m.c #>> '{0,2}' as type, (m.c #>> '{1,3}')::bigint as ttl,
           m.c #>> '{1,4}' as rdata
    from message m
    where m.p = '[]' and m.copy = 1 and jsonb_array_length(m.c) = 2
      and m.c #>> '{0,0}' = 'delete_rrset' and m.c #>> '{1,0}' = 'add'
      and m.c #>> '{0,1}' = m.c #>> '{1,1}' and m.c #>> '{0,2}' = m.c #>> '{1,2}'
      and m.c #>> '{0,2}' in ('A', 'AAAA', 'TXT')),
  mentioned as materialized (           -- owners that are not this message's alone
    select m.zone, e.value ->> 1 as owner
    from message m cross join jsonb_array_elements(m.c || m.p) e (value)
    group by 1, 2 having count(distinct m.i) > 1 or e.value ->> 1 = '@')
  select c.i::int, c.key, c.account, c.zone, c.owner, c.type, d.id is not null, x.is_changed,
         case when x.is_changed then z.next_serial else z.serial end, coalesce(d.id, r.id),
         c.ttl, coalesce(a.address::text, c.rdata), r.ttl, coalesce(d.address::text, r.rdata)
  from candidate c
  join zone z on z.origin = c.zone
  left join lateral (
    select id, account_id, online, address from domains where zone = c.zone and owner = c.owner offset 0) d on true
  left join lateral (
    select min(id) as id, min(ttl) as ttl, min(rdata) as rdata
    from records where d.id is null and zone = c.zone and owner = c.owner and type = c.type having count(*) = 1) r on true
  left join lateral (
    select array_agg(u.a order by u.a) as address
    from (select a from unnest(d.address) a where family(a) <> case c.type when 'A' then 4 else 6 end
          union all select c.rdata::inet) u (a)
    where d.id is not null and c.type <> 'TXT') a on true
  cross join lateral (
    select case when d.id is null then r.ttl <> c.ttl or r.rdata <> c.rdata
                else not (d.address <@ a.address and d.address @> a.address) end as is_changed) x
  where case when d.id is null then r.id is not null
             else d.account_id = c.account and d.online and d.address <> '{}' and c.type <> 'TXT' end
    and not exists (select from mentioned m where m.zone = c.zone and m.owner in (c.owner, '@'))
    and not exists (select from duplicates d where d.key_name = c.key_name and d.mac = c.mac offset 0)
    and octet_length(c.rdata) <= 255    -- the least that set_octets can be
    and update_refused(z.kind, z.addresses, c.type, c.ttl, c.rdata) is null;
end $$;

-- Does what plain_messages finds.  places are theirs in the group, and what became of each is at the same
-- place of the other arrays.  All together they are a few statements, while each would be a dozen.
-- What comes out is what update_message would do, one after the other.  Left to it are also all messages
-- of a key that asks for what it may not do; and all there are, where somebody holds a row, or typed SQL
-- at one since it was read.
create or replace function update_plain(
  p_keys bigint[], p_accounts bigint[], p_key_names text[], p_macs bytea[], p_zones text[],
  p_messages jsonb[], p_peers inet[], p_locked bigint[], out places int[], out changes boolean[], out serials bigint[])
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set ddns.told = 'on' as $$
#variable_conflict use_column
declare
  plain plain_message[];
  s record;                             -- a key's in a zone, and then how many there are of each kind
  rows bigint;
begin
  plain := array(select m from plain_messages(p_keys, p_accounts, p_key_names, p_macs, p_zones, p_messages, p_locked) m);
  for s in select p.key, p.account, p.zone, array_agg(p.owner) as owners, array_agg(p.type) as types,
                  array_agg(p.owner) filter (where p.is_address) as domains, count(*)::int as messages
           from unnest(plain) p group by 1, 2, 3 loop
    if message_refused(s.account, s.key, s.zone, s.owners,
                       array_fill('delete_rrset'::text, array[s.messages]) || array_fill('add'::text, array[s.messages]),
                       s.owners || s.owners, s.types || s.types, s.domains, '{}', '{}') is not null then
      plain := array(select p from unnest(plain) p where p.key <> s.key or p.zone <> s.zone);
    end if;
  end loop;
  select array_agg(p.i) as places, array_agg(p.is_changed) as changes, array_agg(p.serial) as serials,
         count(*) filter (where p.is_address) as addresses,
         count(*) filter (where p.is_address and p.is_changed) as new_addresses,
         count(*) filter (where not p.is_address and p.is_changed) as new_records
  into s from unnest(plain) p;
  places := coalesce(s.places, '{}');
  changes := s.changes;
  serials := s.serials;
  if s.new_records > 0 then
    update records r set ttl = p.ttl, rdata = p.value from unnest(plain) p
    where p.is_changed and not p.is_address and r.id = p.id and r.rdata = p.old_value;
    get diagnostics rows = row_count;
    s.new_records := s.new_records - rows;
  end if;
  if s.new_addresses > 0 then
    update domains d set address = p.value::inet[] from unnest(plain) p
    where p.is_changed and p.is_address and d.id = p.id and d.account_id = p.account and d.online
      and d.address = p.old_value::inet[];
    get diagnostics rows = row_count;
    s.new_addresses := s.new_addresses - rows;
  end if;
  if s.new_records + s.new_addresses > 0 then
    raise lock_not_available;           -- somebody typed SQL at one of them meanwhile
  end if;
  if s.addresses > 0 then
    insert into contacts as c (domain_id, at, peer, door)
    select p.id, now(), p_peers[p.i], 'dns' from unnest(plain) p where p.is_address
    on conflict (domain_id) do update set at = excluded.at, peer = excluded.peer, door = excluded.door;
  end if;
  if true = any (changes) then
    insert into history (zone, name, account, key, door, peer, what, old, new, serial)
    select p.zone, p.owner || '.' || p.zone, (select login from accounts where id = p.account), p_key_names[p.i], 'dns',
           p_peers[p.i], case when p.is_address then 'address' else p.type end,
           case when p.is_address then array_to_string(p.old_value::inet[], ',') else p.old_ttl || ' ' || p.old_value end,
           case when p.is_address then array_to_string(p.value::inet[], ',') else p.ttl || ' ' || p.value end, p.serial
    from unnest(plain) p where p.is_changed;
  end if;
  insert into duplicates (key_name, mac, rcode, serial)
  select p_key_names[p.i], p_macs[p.i], 0, p.serial from unnest(plain) p on conflict do nothing;
-- one of them is at fault, or meets a lock: update_message finds which
exception when integrity_constraint_violation or data_exception or raise_exception or lock_not_available then
  places := '{}';
end $$;
