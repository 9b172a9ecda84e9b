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

-- What is not served, since its account is suspended or its term over, cannot be heard: that time does not
-- count, and a domain comes back as it was.
create or replace function watch_domain_again() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  insert into timeouts (domain_id, due, since) values (new.id, now() + make_interval(mins => new.timeout), now())
  on conflict (domain_id) do update set due = excluded.due, since = excluded.since;
  return null;
end $$;

create or replace trigger watch_insert after insert on domains for each row
  when (new.online and new.timeout > 0) execute function watch_domain();
create or replace trigger watch_update after update of online, timeout on domains for each row
  when (new.online and new.timeout > 0 and (not old.online or new.timeout <> old.timeout))
  execute function watch_domain();
create or replace trigger watch_again after update of served on domains for each row
  when (new.served and not old.served and new.online and new.timeout > 0) execute function watch_domain_again();

-- A gateway says that it is there, about once a second, and learns since when hosts could be heard without a
-- break: the longest that any gateway has been there which is there now, that is, was seen since this
-- one started.  Nobody goes offline for a time in which nobody listened.  A gateway that starts, that was silent for longer than 5 seconds,
-- or for which the clock went back begins anew.  Times are the database's: gateways' clocks do not
-- matter.
create or replace function listen_on(p_gateway text, p_is_start boolean) returns timestamptz
language plpgsql set search_path = ddns, pg_temp as $$
declare
  was timestamptz;
  own timestamptz;
begin
  select at, since into was, own from listening where gateway = p_gateway;
  if not p_is_start and now() between was - interval '1 s' and was + interval '5 s' then
    -- many calls follow each other while there is much to do
    update listening set at = now() where gateway = p_gateway and at < now() - interval '500 ms';
  else
    own := now();
    delete from listening where at not between now() - interval '1 day' and now() + interval '1 day';
    insert into listening (gateway, since, at) values (p_gateway, now(), now())
    on conflict (gateway) do update set since = excluded.since, at = excluded.at;
    if was > now() + interval '1 s' then
      -- what the clock had said before it went back is too far ahead
      update timeouts t set due = now() + make_interval(mins => d.timeout)
      from domains d where d.id = t.domain_id and t.due > now() + make_interval(mins => d.timeout);
    end if;
  end if;
  return (select min(since) from listening
          where at between greatest(own, now() - interval '5 s') and now() + interval '1 s');
end $$;

-- The job: one short transaction.  Looks at p_limit domains that may be due, and puts those offline that
-- are.  is_more: call it again at once, with last_due and last_id as p_after and p_after_id, so that
-- the index is not walked again over what was done before; busy: so many had a zone or a row that
-- somebody else holds, try again soon; fault: why some cannot be put offline; they are tried again a
-- minute later; late_ms: how long the oldest has waited, told by a first call.  It waits for
-- nobody, and where another gateway is at it does nothing.
create or replace function time_out(
  p_gateway text, p_limit int, p_is_start boolean default false, p_after timestamptz default '-infinity',
  p_after_id bigint default 0,
  out offline int, out busy int, out is_more boolean, out fault text, out last_due timestamptz, out last_id bigint,
  out late_ms bigint)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  listens_since timestamptz := listen_on(p_gateway, p_is_start);
  looked bigint[];
  found_dues timestamptz[];
  q record;
  locked bigint[];
  ready bigint[] := '{}';
  i bigint;
begin
  offline := 0;
  busy := 0;
  is_more := false;
  if p_after = '-infinity' then
    late_ms := coalesce(1000 * extract(epoch from now() - (select due from timeouts where due <= now()
                                                           order by due limit 1)), 0);
  end if;
  if pg_try_advisory_xact_lock(1684303475, 2) then
    select array_agg(l.domain_id), array_agg(l.due) into looked, found_dues
    from (select domain_id, due from timeouts where due <= now() and (due, domain_id) > (p_after, p_after_id)
          order by due, domain_id limit p_limit for update skip locked) l;
  end if;
  if looked is null then
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;
  is_more := cardinality(looked) = p_limit;
  last_due := found_dues[cardinality(looked)];
  last_id := looked[cardinality(looked)];
  select coalesce(array_agg(d.id), '{}') as watched,
         array_agg(d.id) filter (where d.due > now()) as later,
         array_agg(d.due) filter (where d.due > now()) as later_due,
         coalesce(array_agg(d.id) filter (where d.due <= now()), '{}') as over,
         coalesce(array_agg(d.zone_id) filter (where d.due <= now()), '{}') as zones
  into q from timeouts_of(looked, listens_since) d;
  if cardinality(q.watched) < cardinality(looked) then
    delete from timeouts where domain_id = any (array(select unnest(looked) except select unnest(q.watched)));
  end if;
  if q.later is not null then
    update timeouts t set due = u.due
    -- an array of one: "=" could be merged, and a plan made while there was one row walk all of them
    from unnest(q.later, q.later_due) u (id, due) where t.domain_id = any (array[u.id]);
  end if;

  locked := lock_zones(array(select distinct u from unnest(q.zones) u order by u));
  -- the domain first, then, as it is by then, its contact: who is just being heard holds that
  if locked <> '{}' then
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
  end if;
  busy := cardinality(q.over) - cardinality(ready);
  if busy > 0 then
    update timeouts set due = now() + interval '100 ms'
    where domain_id = any (q.over) and domain_id <> all (ready);
  end if;
  if ready <> '{}' then
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
  end if;
  -- the last of many is flushed, and all before it with it
  if is_more or offline = 0 then
    perform set_config('synchronous_commit', 'off', true);
  end if;
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
                              case when d.online_since <= now() then d.online_since end,
                              case when t.since <= now() then t.since end, p_since)
                     + make_interval(mins => d.timeout)
  from unnest(p_ids) u (id)
  cross join lateral (select id, zone, online_since, timeout from domains where id = u.id
                      and online and timeout > 0 and served offset 0) d
  cross join lateral (select id from zones where origin = d.zone offset 0) z
  left join lateral (select at from contacts where domain_id = u.id offset 0) c on true
  left join lateral (select since from timeouts where domain_id = u.id offset 0) t on true;
end $$;

-- What a commit would find wrong is found here, so that it hits one domain and not all.  It writes the
-- history of all at once.
create or replace function put_offline(p_ids bigint[]) returns void
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off set ddns.told = 'on'
as $$
begin
  with gone as (
    update domains d set online = false, online_since = null, offline_reason = 'timeout'
    where d.id = any (p_ids)
    returning d.zone, d.name),
  z as materialized (
    select origin, next_serial(id, true) as serial
    from (select distinct zone from gone) g
    cross join lateral (select id, origin from zones where origin = g.zone offset 0) o)
  insert into history (zone, name, door, what, old, new, serial)
  select zone, name, 'timeout', 'state', 'online', 'offline', (select serial from z where origin = zone) from gone;
  delete from timeouts where domain_id = any (p_ids);
  set constraints all immediate;
  set constraints all deferred;
end $$;
