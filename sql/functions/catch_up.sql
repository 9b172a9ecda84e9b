-- SPDX-License-Identifier: GPL-3.0-or-later
-- What readers call, and what keeps the log short.

set local search_path = ddns, pg_temp;

-- What follows (p_version, p_xid) in a zone.  One statement, so one snapshot.
-- First row, what =
--   same   nothing                   gone   the zone is not served
--   whole  reload the zone (zone 0: all that is global) in one snapshot
--   step   the new version, serial, xid and SOA; then
--          name  each touched name: drop what you have of it
--          row   each served row of these names, the fallback rule not applied
-- Without the settings PostgreSQL plans anew each time, or for a zone of average size, or for the
-- size that the tables had when it planned.  With them, each table has one index that can be used.
create or replace function catch_up(p_zone bigint, p_version bigint, p_xid xid8)
returns table (what text, version bigint, serial bigint, xid xid8,
               owner text, type text, ttl int, rdata text, fallback boolean)
language plpgsql stable
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  s record;                             -- now
  l record;                             -- the log since
  names text[];
  n bigint;
begin
  select t.version, t.serial, t.xid, t.log_floor, z.origin, z.ttl, z.zone_id is not null as is_served,
         format('%s. %s. %s %s %s %s %s', z.mname, z.rname, t.serial, z.refresh, z.retry, z.expire,
                z.negative_ttl) as soa
  into s from zone_state t left join served_zones z on z.zone_id = t.zone_id where t.zone_id = p_zone;
  what := case when not found or p_zone > 0 and not s.is_served then 'gone'
               when (s.version, s.xid) = (p_version, p_xid) then 'same'
               when p_version < s.log_floor or s.version - p_version not between 1 and 10000 then 'whole'
               else 'step' end;
  if what = 'step' then
    -- the reader's own step must be there, and every one since
    select count(*) filter (where version > p_version) as n, bool_or(whole and version > p_version) as whole,
           coalesce(bool_or(version = p_version and xid = p_xid), false) as known,
           array_agg(xid) filter (where version > p_version) as xids
    into l from steps where zone_id + 0 = p_zone and version between p_version and s.version;
    select array_agg(distinct c.owner), count(*) into names, n -- sorts; "select distinct" would size a hash
    from (select owner from changes where xid = any (l.xids) and zone_id = p_zone limit 10001) c;
    if not l.known or l.whole or l.n <> s.version - p_version or n > 10000
       or cardinality(names) > 4000 then
      what := 'whole';
    end if;
  end if;
  if what <> 'step' then
    return next;
    return;
  end if;
  return query select 'step', s.version, s.serial, s.xid, '@', 'SOA', s.ttl, s.soa, false;
  return query select 'name', null::bigint, null::bigint, null::xid8, o, null, null::int, null, null::boolean
               from unnest(names) o;
  return query select 'row', null::bigint, null::bigint, null::xid8, r.owner, r.type, r.ttl, r.rdata, r.fallback
               -- name by name, and by nothing but the place: whatever else is said of it, another
               -- index may fit, and be walked for each name
               from unnest(names) o cross join lateral (
                 select * from placed_rows where place = s.origin || ' ' || reverse(o) offset 0) r;
end $$;

-- The redirects of some names of a zone, now: what a reader of redirects asks after a step, for the
-- names that it tells.  It may show more than that step did; then a later one tells the name again.
create or replace function redirects_of(p_zone bigint, p_names text[])
returns table (owner text, kind text, target text, fallback boolean)
language plpgsql stable
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  zone_origin text := (select origin from zones where id = p_zone);
begin
  return query select r.owner, r.kind, r.target, r.fallback
               -- as in catch_up
               from unnest(p_names) o cross join lateral (
                 select * from placed_redirects where place = zone_origin || ' ' || reverse(o) offset 0) r;
end $$;

-- Forgets steps older than p_keep, and all but p_rows of each zone; never a zone's newest.  A
-- commit per zone, and its state row is taken last.  Other people's deadlocks may hit it (40P01):
-- call it again.  It needs a statement of its own.  Where somebody else is at it, zones are left to
-- them.  Tells how many steps went.
create or replace procedure prune(p_keep interval, p_rows bigint, inout pruned bigint default 0)
language plpgsql as $$
declare
  n bigint;
  z bigint;
  f bigint;                             -- the first version that stays
  since timestamptz := pg_catalog.now() - p_keep;
begin
  for z in select zone_id from ddns.steps group by zone_id
           having pg_catalog.min(at) < since or pg_catalog.count(*) > p_rows loop
    continue when not pg_catalog.pg_try_advisory_xact_lock(1684303475, 1);
    select least(greatest(coalesce(pg_catalog.min(s.version) filter (where s.at >= since), t.version),
                          t.version - p_rows + 1), t.version)
    into f from ddns.zone_state t left join ddns.steps s on s.zone_id + 0 = z and s.version > 0
    where t.zone_id = z group by t.version;
    -- a zone that is gone: f is null
    with old as (delete from ddns.steps
                 where zone_id + 0 = z and case when version = 0 or f is null then at < since else version < f end
                 returning xid, at),
    untouched as (
      delete from ddns.changes c using old
      where c.xid = old.xid and c.zone_id = z
        -- a restored step may bear the xid of a living one
        and not exists (select from ddns.steps s where s.xid = c.xid and s.zone_id = z
                        and s.at > old.at and case when f is null then s.at >= since else s.version >= f end))
    select pg_catalog.count(*) into n from old;
    pruned := pruned + n;
    update ddns.zone_state set log_floor = f where zone_id = z and log_floor < f;
    commit;
  end loop;
end $$;

-- The same, by the settings log_keep and log_rows; notes that it was done.
create or replace procedure prune(inout pruned bigint default 0)
language plpgsql as $$
begin
  call ddns.prune(ddns.setting('log_keep')::interval, ddns.setting('log_rows')::bigint, pruned);
  perform ddns.note_prune(pruned);
end $$;

create or replace function note_prune(p_steps bigint) returns void
language sql set search_path = ddns, pg_temp as $$
  insert into last_prune (at, steps) values (now(), p_steps)
  on conflict (id) do update set at = excluded.at, steps = excluded.steps
$$;

-- Forgets history, failed tries and requests seen that are older than the settings history_days and
-- attempts_days and than prune_duplicates() keeps them; at most p_rows of each.  Tells how many rows
-- went, and whether there may be more.  The only way in which a gateway takes history away.
create or replace function forget(p_rows int, out forgotten bigint, out is_more boolean)
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set enable_seqscan = off set jit = off as $$
declare
  n bigint;
begin
  forgotten := 0;
  is_more := false;
  if not pg_try_advisory_xact_lock(1684303475, 1) then
    return;
  end if;
  delete from history where id = any (array(
    select id from history where at < now() - make_interval(days => setting('history_days')::int)
    order by at limit p_rows));
  get diagnostics n = row_count;
  forgotten := n;
  is_more := n = p_rows;
  delete from attempts where ctid = any (array(
    select ctid from attempts where at < now() - make_interval(days => setting('attempts_days')::int)
    order by at limit p_rows));
  get diagnostics n = row_count;
  forgotten := forgotten + n;
  is_more := is_more or n = p_rows;
  n := prune_duplicates(p_rows);
  forgotten := forgotten + n;
  is_more := is_more or n = p_rows;
end $$;
