-- SPDX-License-Identifier: GPL-3.0-or-later
-- Which zones' secondaries are to be told of a change (RFC 1996).

set local search_path = ddns, pg_temp;

-- Zones that have moved since their secondaries were told, at most p_most, and each at most once a
-- second.  Whoever is given one tells them: nobody else is given it again.
create or replace function claim_notifies(p_most int)
returns table (origin text, serial bigint, targets text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
begin
  if not pg_try_advisory_xact_lock(1684303475, 3) then
    return;
  end if;
  return query
  with moved as (
    select z.id, z.origin, s.version, s.serial, array_to_string(z.notify, ',') as targets
    from (select id, origin, notify from zones where notify <> '{}' and served) z
    cross join lateral (select version, serial from zone_state where zone_id = z.id offset 0) s
    left join lateral (select version, at from notified where zone_id = z.id offset 0) n on true
    where n.version is distinct from s.version and coalesce(n.at not between now() - interval '1 s' and now(), true)
    limit p_most),
  told as (
    insert into notified (zone_id, version, at) select id, version, now() from moved
    on conflict (zone_id) do update set version = excluded.version, at = excluded.at)
  select origin, serial, targets from moved;
end $$;
