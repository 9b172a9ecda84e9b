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

-- Zones that have moved since their secondaries were told, at most p_most, a row for each secondary.
-- Whoever is given one tells them: nobody else is given it again.  A zone is told of at most once a
-- second, and once in twenty times what its transfer takes of the name server: 1 us for each record,
-- which are counted every ten minutes, a domain as four.
create or replace function claim_notifies(p_most int)
returns table (zone_id bigint, origin text, serial bigint, address text, port int, key text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
begin
  if not pg_try_advisory_xact_lock(1684303475, 3) then
    return;
  end if;
  return query
  with moved as materialized (
    select z.id, z.origin, z.notify, s.version, s.serial, c.counted, c.rrs
    from (select id, origin, notify from zones where notify <> '{}' and served) z
    cross join lateral (select version, serial from zone_state where zone_id = z.id offset 0) s
    left join lateral (select version, at, rrs, counted from notified where zone_id = z.id offset 0) n on true
    cross join lateral (
      select case when n.counted between now() - interval '10 minutes' and now() then n.counted end as counted,
             n.rrs offset 0) c
    where n.version is distinct from s.version
      and coalesce(n.at not between now() - greatest(n.rrs * interval '20 us', interval '1 s') and now(), true)
    limit p_most),
  sized as materialized (
    select m.*, coalesce(m.counted, now()) as counted_at,
           case when m.counted is not null then m.rrs
                else (select count(*) from records where zone = m.origin)
                     + 4 * (select count(*) from domains where zone = m.origin) end as size
    from moved m),
  told as (
    insert into notified (zone_id, version, at, rrs, counted) select id, version, now(), size, counted_at from sized
    on conflict (zone_id) do update set version = excluded.version, at = excluded.at, rrs = excluded.rrs,
                                        counted = excluded.counted)
  select m.id, m.origin, m.serial, host(t.address), t.port, t.key
  from sized m cross join unnest(m.notify) u cross join notify_target(u) t order by m.id;
end $$;
