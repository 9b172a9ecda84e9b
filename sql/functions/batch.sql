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
    elsif pg_try_advisory_xact_lock(z) or stand_in_line(z) then
      perform from zone_state where zone_id = z for no key update skip locked;
      if found then
        locked := locked || z;
      end if;
    end if;
  end loop;
  return locked;
end $$;

-- A zone's lock, where it comes free in a moment.  Whoever only tries takes his chance against all others
-- who do, each time anew: of four committers that have always something to do in a zone, one may lose for a
-- second.  In line each gets it in turn; whoever tries does not get past those who stand there.
create or replace function stand_in_line(p_zone bigint) returns boolean
language plpgsql set search_path = ddns, pg_temp set lock_timeout = '10ms' as $$
begin
  perform pg_advisory_xact_lock(p_zone);
  return true;
exception when lock_not_available then
  return false;
end $$;

-- When keys were used, to the minute; nulls are none.  A key that somebody holds will be used again.
create or replace function note_key_uses(p_keys bigint[], p_doors text[], p_peers inet[]) returns void
language plpgsql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off as $$
begin
  if not exists (select from unnest(p_keys) u (key)
                 where coalesce((select k.at from key_uses k where k.key_id = u.key) < now() - interval '1 minute',
                                u.key is not null)) then
    return;                             -- as usual: no subtransaction is begun for nothing
  end if;
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
  end;
end $$;
