-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the gateways' batches share: the locks of zones, and when keys were used.

set local search_path = ddns, pg_temp;

-- Takes zones' locks in order; those it got.  Where nobody is to wait, the row that the commit takes is
-- among them: else all of a group would wait there for somebody who keeps one zone's.
create or replace function lock_zones(p_zones bigint[], p_wait boolean default false) returns bigint[]
language plpgsql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
declare
  z bigint;
  locked bigint[] := '{}';
begin
  foreach z in array p_zones loop
    if p_wait then
      perform pg_advisory_xact_lock(z);
      locked := locked || z;
    elsif pg_try_advisory_xact_lock(z) then
      perform from zone_state where zone_id = z for no key update skip locked;
      if found then
        locked := locked || z;
      end if;
    end if;
  end loop;
  return locked;
end $$;

-- When keys were used, to the minute; nulls are none.  A key that somebody holds will be used again.
create or replace function note_key_uses(p_keys bigint[], p_doors text[], p_peers inet[]) returns void
language plpgsql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off as $$
begin
  insert into key_uses as k (key_id, at, peer, door)
  select distinct on (u.key) u.key, now(), u.peer, u.door
  from unnest(p_keys, p_doors, p_peers) with ordinality u (key, door, peer, i)
  where exists (select from keys k where k.id = u.key offset 0)
    and coalesce((select k.at from key_uses k where k.key_id = u.key) < now() - interval '1 minute', true)
  order by u.key, u.i desc
  on conflict (key_id) do update set at = excluded.at, peer = excluded.peer, door = excluded.door;
exception when lock_not_available or foreign_key_violation then
  return;
end $$;
