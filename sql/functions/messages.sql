-- SPDX-License-Identifier: GPL-3.0-or-later
-- DNS UPDATE (RFC 2136): many messages in one call, each atomic, against what is stored.

set local search_path = ddns, pg_temp;

-- One answer per message, in order.  All arrays have an element per message:
--   p_keys, p_accounts, p_key_names   the key that signed it (verified) and its account
--   p_macs       its MAC: the same one again gets the first answer again, and changes nothing
--   p_zones      the zone it names, canonical
--   p_messages   {"prerequisites": [[kind, owner, type, rdata, rcode], ...],
--                 "changes": [[kind, owner, type, ttl, rdata], ...]}, owners relative to the zone,
--                rdata canonical.  Prerequisites: in_use, free, exists, absent, rr, and wrong, at
--                which evaluation ends with rcode.  Changes: add, delete, delete_rrset, delete_name
-- rcode is the answer's, or -1: somebody holds a lock, nothing was done, and it may be tried again:
-- nobody waits here.  serial is the zone's once this transaction has committed; zone null: it is not served.
create or replace function update_messages(
  p_keys bigint[], p_accounts bigint[], p_key_names text[], p_macs bytea[], p_zones text[],
  p_messages jsonb[], p_peers inet[])
returns table (n int, rcode int, is_changed boolean, is_repeated boolean, serial bigint, reason text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  locked bigint[] := lock_zones(array(select distinct z.id from unnest(p_zones) o join zones z on z.origin = o
                                      order by 1));
  lock_timeout constant text := current_setting('lock_timeout');
  has_changed boolean := false;
  plain record;                         -- what update_plain has done, by place
  zone_id bigint;
  at int;
  d record;
  m record;
begin
  perform set_config('lock_timeout', '1ms', true);
  plain := update_plain(p_keys, p_accounts, p_key_names, p_macs, p_zones, p_messages, p_peers, locked);
  has_changed := coalesce(true = any (plain.changes), false);
  for i in 1..cardinality(p_zones) loop
    n := i;
    at := array_position(plain.places, i);
    if at is not null then
      rcode := 0;
      is_changed := plain.changes[at];
      is_repeated := false;
      serial := plain.serials[at];
      reason := null;
      return next;
      continue;
    end if;
    rcode := null;
    is_changed := false;
    is_repeated := false;
    serial := null;
    reason := null;
    zone_id := (select z.id from zones z where z.origin = p_zones[i]);
    if zone_id is not null and zone_id <> all (locked) then
      rcode := -1;
      return next;
      continue;
    end if;
    select d.rcode, d.serial into d from duplicates d where d.key_name = p_key_names[i] and d.mac = p_macs[i];
    if found then
      rcode := d.rcode;
      serial := d.serial;
      is_repeated := true;
      return next;
      continue;
    end if;
    if zone_id is null then
      rcode := 9;
      reason := 'there is no such zone';
      return next;
      continue;
    end if;
    -- Only what a message itself can cause is told to its sender; a deadlock or a lost connection
    -- is not.
    begin
      select u.rcode, u.is_changed, u.reason into m
      from update_message(zone_id, p_keys[i], p_accounts[i], p_messages[i], p_key_names[i], p_peers[i]) u;
      rcode := m.rcode;
      is_changed := m.is_changed;
      reason := m.reason;
    exception
      -- a record that somebody typed SQL at, or came first with, since it was read, is a lock as well
      when lock_not_available or unique_violation then
        rcode := -1;
        return next;
        continue;
      when integrity_constraint_violation or data_exception or raise_exception then
        rcode := 5;
        reason := sqlerrm;
    end;
    serial := next_serial(zone_id, is_changed);
    has_changed := has_changed or is_changed;
    insert into duplicates (key_name, mac, rcode, serial)
    values (p_key_names[i], p_macs[i], rcode, serial) on conflict do nothing;
    return next;
  end loop;
  perform note_key_uses(p_keys, array_fill('dns'::text, array[cardinality(p_keys)]), p_peers);
  perform set_config('lock_timeout', lock_timeout, true);
  if not has_changed then
    perform set_config('synchronous_commit', 'off', true);
  end if;
end $$;

-- The serial a zone will have when this transaction commits; the steps of a transaction give it one.
create or replace function next_serial(p_zone bigint, p_is_changed boolean) returns bigint
language plpgsql stable set search_path = ddns, pg_temp set enable_seqscan = off as $$
declare
  serial bigint := (select s.serial from zone_state s where s.zone_id = p_zone);
begin
  if not p_is_changed or (select has_serial from steps where xid = pg_current_xact_id()
                            and zone_id = p_zone and at = transaction_timestamp()) then
    return serial;
  end if;
  return serial % 4294967295 + 1;
end $$;

-- Forgets MACs that are too old to be taken for new ones, p_most at a time; how many.  A signature counts
-- from 300 s before its time to 300 s after it, and the clocks of gateways and database may differ.
create or replace function prune_duplicates(p_most int) returns bigint
language sql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
  with gone as (
    delete from duplicates d
    using (select key_name, mac from duplicates where at < now() - interval '11 minutes'
           order by at limit p_most for update skip locked) o
    where d.key_name = o.key_name and d.mac = o.mac
    returning 1)
  select count(*) from gone
$$;
