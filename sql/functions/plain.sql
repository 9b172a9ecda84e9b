-- SPDX-License-Identifier: GPL-3.0-or-later
-- The usual DNS UPDATE, many at once: a message that replaces the one record of a set.

set local search_path = ddns, pg_temp;

-- Does those of a group's messages that do no more than to delete a set and to add a record to it,
-- where exactly one record of the set is stored.  places are theirs in the group, and what became of
-- each is at the same place of the other arrays.  All together they are a statement or two, while each
-- would be a dozen.  The parameters are those of update_messages, and p_locked the zones whose locks are
-- held.
--
-- What comes out is what update_message would do, one after the other: such a message takes no name
-- and no set away and brings none, so whatever else the group does meets the same names.  Left to
-- update_message are those whose owner is the apex or a domain, or named by another message of the
-- group; all of a zone whose apex one names, since the serial may be set there; those that came
-- before; and those that are to be refused, or whose records somebody holds.
--
-- OFFSET 0 keeps the planner from joining: it would scan tables that were small when it looked.
create or replace function update_plain(
  p_keys bigint[], p_accounts bigint[], p_key_names text[], p_macs bytea[], p_zones text[],
  p_messages jsonb[], p_peers inet[], p_locked bigint[], out places int[], out changes boolean[], out serials bigint[])
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set ddns.told = 'on' as $$
#variable_conflict use_column
declare
  wanted bigint;
  done bigint;
begin
  with message as materialized (
    select m.i, m.key, m.account, m.key_name, m.mac, m.zone, m.peer, m.message -> 'changes' as c,
           m.message -> 'prerequisites' as p,
           row_number() over (partition by m.key_name, m.mac) as copy
    from unnest(p_keys, p_accounts, p_key_names, p_macs, p_zones, p_messages, p_peers)
      with ordinality m (key, account, key_name, mac, zone, message, peer, i)),
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
    group by 1, 2 having count(distinct m.i) > 1 or e.value ->> 1 = '@'),
  fitting as materialized (
    select c.*, z.id as zone_id, z.kind, z.addresses, r.id, r.ttl as old_ttl, r.rdata as old_rdata,
           r.ttl <> c.ttl or r.rdata <> c.rdata as is_changed
    from candidate c
    join zones z on z.origin = c.zone and z.served and z.id = any (p_locked)
    cross join lateral (
      select min(id) as id, min(ttl) as ttl, min(rdata) as rdata
      from records where zone = c.zone and owner = c.owner and type = c.type having count(*) = 1) r
    where not exists (select from mentioned m where m.zone = c.zone and m.owner in (c.owner, '@'))
      and not exists (select from domains d where d.zone = c.zone and d.owner = c.owner offset 0)
      and not exists (select from duplicates d where d.key_name = c.key_name and d.mac = c.mac offset 0)
      and octet_length(c.rdata) <= 255), -- the least that set_octets can be
  plain as materialized (               -- what the policy costs, only of those
    select c.* from fitting c
    where update_refused(c.kind, c.addresses, c.type, c.ttl, c.rdata) is null
      and message_refused(c.account, c.key, c.zone, array[c.owner], '{delete_rrset,add}', array[c.owner, c.owner],
                          array[c.type, c.type], '{}', '{}', '{}') is null),
  zone_serials as materialized (
    select z.zone_id, (select serial from zone_state s where s.zone_id = z.zone_id) as old,
           next_serial(z.zone_id, true) as new
    from (select distinct zone_id from plain) z),
  written as (
    update records r set ttl = p.ttl, rdata = p.rdata from plain p
    where p.is_changed and r.id = p.id and r.rdata = p.old_rdata
    returning 1),
  told as (
    insert into history (zone, name, account, key, door, peer, what, old, new, serial)
    select p.zone, p.owner || '.' || p.zone, (select login from accounts where id = p.account), p.key_name, 'dns', p.peer,
           p.type, p.old_ttl || ' ' || p.old_rdata, p.ttl || ' ' || p.rdata, s.new
    from plain p join zone_serials s on s.zone_id = p.zone_id where p.is_changed),
  kept as (
    insert into duplicates (key_name, mac, rcode, serial)
    select p.key_name, p.mac, 0, case when p.is_changed then s.new else s.old end
    from plain p join zone_serials s on s.zone_id = p.zone_id on conflict do nothing)
  select coalesce(array_agg(p.i::int order by p.i), '{}'), array_agg(p.is_changed order by p.i),
         array_agg(case when p.is_changed then s.new else s.old end order by p.i),
         count(*) filter (where p.is_changed), (select count(*) from written)
  into places, changes, serials, wanted, done
  from plain p join zone_serials s on s.zone_id = p.zone_id;
  if wanted <> done then
    raise lock_not_available;           -- somebody typed SQL at one of the records meanwhile
  end if;
-- one of them is at fault, or meets a lock: update_message finds which
exception when integrity_constraint_violation or data_exception or raise_exception or lock_not_available then
  places := '{}';
end $$;
