-- SPDX-License-Identifier: GPL-3.0-or-later
-- Timeouts: who was not heard for as long as its timeout goes offline.
--
-- A keepalive writes contacts and nothing else.  So timeouts holds, for each domain that is online and
-- has a timeout, no more than a time before which nothing can be due; when that has come, the job
-- reads the last contact, and either writes a later time or puts the domain offline.  A domain is
-- looked at about once in its timeout, however often it is heard.

set local search_path = ddns, pg_temp;

-- A domain comes online, or its timeout is set.  A shorter timeout may be over already.
create or replace function watch_domain() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  insert into timeouts as t (domain_id, due)
  values (new.id, case when tg_op = 'UPDATE' and old.online then now()
                       else now() + make_interval(mins => new.timeout) end)
  on conflict (domain_id) do update set due = least(t.due, excluded.due);
  return null;
end $$;

create or replace trigger watch_insert after insert on domains for each row
  when (new.online and new.timeout > 0) execute function watch_domain();
create or replace trigger watch_update after update of online, timeout on domains for each row
  when (new.online and new.timeout > 0 and (not old.online or new.timeout <> old.timeout))
  execute function watch_domain();

-- Since when gateways have listened without a break: nobody is offline who could not be heard.  The
-- job writes listening.at each second; a longer silence, or a clock that went back, begins anew.
-- Times are the database's: gateways' clocks do not matter.
create or replace function listen_on() returns timestamptz
language plpgsql set search_path = ddns, pg_temp as $$
declare
  l record;
begin
  select since, at into l from listening for update;
  if not found then
    insert into listening (since, at) values (now(), now());
    return now();
  elsif now() between l.at - interval '1 s' and l.at + interval '10 s' then
    update listening set at = greatest(at, now());
    return l.since;
  end if;
  update listening set since = now(), at = now();
  if now() < l.at then
    -- the clock went back: what it had said is too far ahead
    update timeouts t set due = now() + make_interval(mins => d.timeout)
    from domains d where d.id = t.domain_id and t.due > now() + make_interval(mins => d.timeout);
  end if;
  return now();
end $$;

-- The job: one short transaction.  Looks at p_looks domains that may be due, and puts at most
-- p_offline of those that are offline.  is_more: call it again at once; busy: so many had a zone or
-- a row that somebody else holds, try again soon; fault: why some cannot be put offline; they are
-- tried again a minute later.  It waits for nobody, and where another gateway is at it does nothing.
create or replace function time_out(p_looks int, p_offline int,
                                    out offline int, out busy int, out is_more boolean, out fault text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  listens_since timestamptz;
  looked bigint[];
  q record;
  z bigint;
  locked bigint[] := '{}';
  ready bigint[];
  i bigint;
begin
  offline := 0;
  busy := 0;
  is_more := false;
  if not pg_try_advisory_xact_lock(1684303475, 2) then
    return;
  end if;
  listens_since := listen_on();
  looked := array(select domain_id from timeouts where due <= now() order by due limit p_looks
                  for update skip locked);
  if looked = '{}' then
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;
  select array_agg(d.id) filter (where d.due > now()) as later,
         array_agg(d.due) filter (where d.due > now()) as later_due,
         coalesce((array_agg(d.id order by d.due) filter (where d.due <= now()))[:p_offline], '{}') as over,
         coalesce((array_agg(d.zone_id order by d.due) filter (where d.due <= now()))[:p_offline], '{}') as zones,
         count(*) filter (where d.due <= now()) > p_offline as is_more
  into q from timeouts_of(looked, listens_since) d;
  is_more := q.is_more or cardinality(looked) = p_looks;
  -- what is not watched any more
  delete from timeouts where domain_id = any (looked)
    and not exists (select from domains d where d.id = domain_id and d.online and d.timeout > 0);
  update timeouts t set due = u.due
  from (select * from unnest(q.later, q.later_due) u (id, due) limit p_looks) u where t.domain_id = u.id;
  if q.over = '{}' then
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;

  for z in select distinct u from unnest(q.zones) u order by u loop
    if pg_try_advisory_xact_lock(z) then
      locked := locked || z;
    end if;
  end loop;
  -- the domain first, then its contact: who is just being heard holds that
  ready := array(
    select u.id from unnest(q.over, q.zones) u (id, zone_id)
    cross join lateral (select from domains d where d.id = u.id and d.online and d.timeout > 0
                        for no key update skip locked) d
    where u.zone_id = any (locked));
  ready := array(select d.id from timeouts_of(
    array(select u from unnest(ready) u where not exists (select from contacts c where c.domain_id = u)
          union all
          select c.domain_id from unnest(ready) u
          cross join lateral (select domain_id from contacts where domain_id = u for update skip locked) c),
    listens_since) d where d.due <= now());
  busy := cardinality(q.over) - cardinality(ready);
  update timeouts set due = now() + interval '100 ms'
  where domain_id = any (q.over) and domain_id <> all (ready);
  begin
    perform put_offline(ready);
    offline := cardinality(ready);
  exception when integrity_constraint_violation or data_exception or raise_exception then
    foreach i in array ready loop
      begin
        perform put_offline(array[i]);
        offline := offline + 1;
      exception when integrity_constraint_violation or data_exception or raise_exception then
        fault := format('domain %s: %s', (select name from domains where id = i), sqlerrm);
        update timeouts set due = now() + interval '1 minute' where domain_id = i;
      end;
    end loop;
  end;
end $$;

-- When each of these is due, by what is known now.  Times ahead of the clock are from before it
-- went back.
create or replace function timeouts_of(p_ids bigint[], p_since timestamptz)
returns table (id bigint, zone_id bigint, due timestamptz)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
#variable_conflict use_column
begin
  return query
  select d.id, z.id, greatest(case when c.at <= now() then c.at end,
                              case when d.online_since <= now() then d.online_since end, p_since)
                     + make_interval(mins => d.timeout)
  from unnest(p_ids) u (id)
  cross join lateral (select id, zone, online_since, timeout from domains where id = u.id
                      and online and timeout > 0 offset 0) d
  cross join lateral (select id from zones where origin = d.zone offset 0) z
  left join lateral (select at from contacts where domain_id = u.id offset 0) c on true;
end $$;

-- What a commit would find wrong is found here, so that it hits one domain and not all.
create or replace function put_offline(p_ids bigint[]) returns void
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off set ddns.actor = '{"door": "timeout"}'
as $$
begin
  update domains d set online = false, online_since = null, offline_reason = 'timeout'
  from (select u as id from unnest(p_ids) u limit cardinality(p_ids)) u where d.id = u.id;
  delete from timeouts where domain_id = any (p_ids);
  set constraints all immediate;
  set constraints all deferred;
end $$;
