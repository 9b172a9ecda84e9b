-- SPDX-License-Identifier: GPL-3.0-or-later
-- Which zones' secondaries are to be told of a change (RFC 1996).

set local search_path = ddns, pg_temp;

-- An element of zones.notify, ADDR[#PORT][ key NAME], in its parts, or an error that says what is wrong
-- with it.
create or replace function notify_target(p_target text, out address inet, out port int, out key text)
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  parts text[] := regexp_match(p_target, '^([0-9a-fA-F:.]+)(?:#([0-9]{1,5}))?(?: key (\S+))?$');
begin
  begin
    address := parts[1]::inet;
  exception when invalid_text_representation then
  end;
  port := coalesce(parts[2]::int, 53);
  key := parts[3];
  if address is null or port not between 1 and 65535 then
    raise invalid_parameter_value using
      message = format('the server to notify "%s" is not an address with or without a port and a key', p_target),
      hint = 'Write such as "192.0.2.1", "2001:db8::1", "192.0.2.1#5353" or "192.0.2.1 key xfer".';
  end if;
end $$;

-- Of some zones, or of all, those that have moved since their secondaries were told, a row for each
-- secondary; at most p_most, those told longest ago first, so that each has its turn.  Whoever is given one
-- tells them, and says so by end_notifies; nobody else is given it again, but for a new change, or where
-- that has not come after 15 seconds: then whoever had it is gone.
-- A zone is told of at most once a second, and once in twenty times what its transfer takes of the name
-- server: 1 us for each record, which are counted every ten minutes, a domain as four.  For one that has
-- moved but has to wait for that there is a row without an address: ask for it again.
create or replace function claim_notifies(p_most int, p_zones bigint[] default null)
returns table (zone_id bigint, origin text, version bigint, serial bigint, address text, port int, key text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
begin
  if not pg_try_advisory_xact_lock(1684303475, 3) then
    return query select u, null, null::bigint, null::bigint, null, null::int, null from unnest(p_zones) u;
    return;
  end if;
  return query
  with moved as materialized (
    select z.id, z.origin, z.notify, s.version, s.serial, c.counted, c.rrs, n.at,
           coalesce(n.at not between now() - greatest(n.rrs * interval '20 us', interval '1 s') and now(), true) as is_due
    from unnest(coalesce(p_zones, array(select id from zones where notify <> '{}' and served))) u
    cross join lateral (select id, origin, notify from zones where id = u and notify <> '{}' and served offset 0) z
    cross join lateral (select version, serial from zone_state where zone_id = u offset 0) s
    left join lateral (select * from notified where zone_id = u offset 0) n on true
    cross join lateral (
      select case when n.counted between now() - interval '10 minutes' and now() then n.counted end as counted,
             n.rrs offset 0) c
    where n.claimed is distinct from s.version
       or n.version is distinct from s.version and n.until not between now() and now() + interval '15 s'),
  due as materialized (select * from moved where is_due order by at nulls first limit p_most),
  sized as materialized (
    select m.*, coalesce(m.counted, now()) as counted_at,
           case when m.counted is not null then m.rrs
                else (select count(*) from records where zone = m.origin)
                     + 4 * (select count(*) from domains where zone = m.origin) end as size
    from due m),
  told as (
    insert into notified (zone_id, claimed, until, at, rrs, counted)
    select id, version, now() + interval '15 s', now(), size, counted_at from sized
    on conflict (zone_id) do update set claimed = excluded.claimed, until = excluded.until, at = excluded.at,
                                        rrs = excluded.rrs, counted = excluded.counted)
  select m.id, m.origin, m.version, m.serial, host(t.address), t.port, t.key
  from sized m cross join unnest(m.notify) u cross join notify_target(u) t
  union all
  select m.id, m.origin, m.version, m.serial, null, null, null from moved m
  where m.id <> all (array(select id from due))
  order by 1;
end $$;

-- The secondaries of these zones have answered, or will not; not where a newer change was claimed meanwhile.
create or replace function end_notifies(p_zones bigint[], p_versions bigint[]) returns void
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  update notified n set version = u.version from unnest(p_zones, p_versions) u (zone_id, version)
  where n.zone_id = any (array[u.zone_id]) and n.claimed = u.version;
end $$;
