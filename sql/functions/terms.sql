-- SPDX-License-Identifier: GPL-3.0-or-later
-- Terms: names of a shared zone that are given for a time.
--
--   trial --register--> registered --register--> registered, from now
--     |                     |
--     +--- at its end: held for the same account and not served; register brings it back
--                           |
--                           +--- at its end: released, and rests in quarantine
--
-- A zone has terms where its column terms says so.  When that is switched on, the names that are given
-- already are registered from then on; switched off, all are given without end again, the held ones
-- too.  Lengths of terms count for those that begin after they were set.  term = 'none' in a zone with
-- terms exempts a name.  Who takes a name back out of quarantine begins anew, on trial.

set local search_path = ddns, pg_temp;

-- Refuses a term for what is not given for a time.
create or replace function check_term(p_name text, p_zone text, p_owner text) returns void
language plpgsql security definer set search_path = ddns, pg_temp as $$
declare
  z record;
begin
  select kind, terms into z from zones where origin = p_zone for share;
  if z.kind <> 'shared' or p_owner = '@' then
    raise integrity_constraint_violation using
      message = format('%s is its holder''s own: it has no term', p_name),
      hint = 'Only names below a shared zone are given for a time. Leave term "none" and term_ends null.';
  elsif not z.terms then
    raise integrity_constraint_violation using
      message = format('%s has no term: those of zone %s are given without end', p_name, p_zone),
      hint = format('To change that for all of them: UPDATE ddns.zones SET terms = true WHERE origin = %L;', p_zone);
  end if;
end $$;

-- The term of a new domain, where none is said in a zone with terms, or only its word.  Called by its
-- BEFORE trigger, with the zone's row locked.
create or replace function start_term(d domains) returns domains
language plpgsql security definer set search_path = ddns, pg_temp as $$
declare
  z record;
begin
  if d.term is null or d.term in ('trial', 'registered') and d.term_ends is null then
    select trial_days, registered_days into z from zones where origin = d.zone;
    d.term := coalesce(d.term, 'trial');
    d.term_ends := coalesce(d.term_ends,
      case d.term when 'trial' then now() + make_interval(days => z.trial_days)
                  when 'registered' then now() + make_interval(days => z.registered_days) end);
  end if;
  if d.term = 'trial' and d.term_email is null then
    d.term_email := (select email from accounts where id = d.account_id for share);
    if d.term_email is null then
      raise integrity_constraint_violation using
        message = format('%s would be on trial, and account %s has no e-mail address to register it by',
                         full_name(d.owner, d.zone), login_of(d.account_id)),
        hint = 'Give the account one (ddnsctl account set LOGIN email=ADDRESS), or set term to "none".';
    end if;
  end if;
  return d;
end $$;

-- Refuses a name that rests, or lies below one that does, to all but its former account; which takes
-- it back so.
create or replace function take_name(p_name text, p_account bigint) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  q record;
begin
  for q in select * from quarantine where name = any (p_name || ancestors(p_name)) and until > now() loop
    if q.account_id is distinct from p_account then
      raise integrity_constraint_violation using
        message = format('%s was released and rests until %s: only its former account may have it',
                         q.name, to_char(q.until at time zone 'UTC', 'YYYY-MM-DD')),
        hint = format('Wait, or give it away nevertheless: DELETE FROM ddns.quarantine WHERE name = %L;', q.name);
    end if;
  end loop;
  delete from quarantine where name = p_name;
end $$;

create or replace function domains_take() returns trigger -- insert
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  if exists (select from quarantine) then
    perform take_name(name, account_id) from t;
  end if;
  perform check_term(name, zone, owner) from t where term <> 'none';
  return null;
end $$;

create or replace trigger take_insert after insert on domains referencing new table as t
  for each statement execute function domains_take();

-- Lets names rest, whose accounts lose them, and takes them out of these accounts' keys.  A list of a
-- key that named nothing else would be empty, which means everything: such a key goes.
create or replace function rest_names(p_names text[], p_accounts bigint[]) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  days int := setting('quarantine_days')::int;
begin
  insert into quarantine (name, account_id, until)
  select n.name, n.account, now() + make_interval(days => days) from unnest(p_names, p_accounts) n (name, account)
  where days > 0
  on conflict (name) do update set account_id = excluded.account_id, until = excluded.until;
  with lost as materialized (
    select k.id, array_agg(distinct e) as entries
    from (select distinct u from unnest(p_accounts) u) a
    cross join lateral (select * from keys where account_id = a.u and (domains <> '{}' or names <> '{}') offset 0) k
    cross join lateral unnest(k.domains || k.names) e
    cross join lateral unnest(e || ancestors(e)) up
    join unnest(p_names, p_accounts) n (name, account) on n.name = up and n.account = k.account_id
    group by k.id),
  rest as (
    select k.id, array(select e from unnest(k.domains) e where e <> all (l.entries)) as domains,
           array(select e from unnest(k.names) e where e <> all (l.entries)) as names,
           k.domains <> '{}' as has_domains, k.names <> '{}' as has_names
    from lost l join keys k using (id)),
  gone as (
    delete from keys k using rest r
    where k.id = r.id and (r.has_domains and r.domains = '{}' or r.has_names and r.names = '{}'))
  update keys k set domains = r.domains, names = r.names from rest r
  where k.id = r.id and not (r.has_domains and r.domains = '{}' or r.has_names and r.names = '{}');
end $$;

-- Whoever deletes a domain of a zone with terms releases it.
create or replace function domains_release() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  if exists (select from (select distinct zone from t) d join zones z on z.origin = d.zone where z.terms) then
    perform rest_names(array_agg(t.name::text), array_agg(t.account_id))
    from t join zones z on z.origin = t.zone where z.terms and t.owner <> '@';
  end if;
  return null;
end $$;

create or replace trigger release_delete after delete on domains referencing old table as t
  for each statement execute function domains_release();

-- A term that is set, by register_domain() or by hand, and a domain that gets another name.
create or replace function domain_term() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
declare
  z record;
begin
  if new.name <> old.name and exists (select from zones where origin = old.zone) then
    perform take_name(new.name, new.account_id);
    perform rest_names(array[old.name::text], array[old.account_id]) from zones where origin = old.zone and terms;
  end if;
  if new.term = 'none' then
    return null;
  end if;
  perform check_term(new.name, new.zone, new.owner);
  if new.term = 'trial' and 'registered' in (old.term, old.term_before_held) then
    raise integrity_constraint_violation using
      message = format('%s has been registered: it cannot be on trial again', new.name),
      hint = format('Register it: SELECT ddns.register_domain(%L);', new.name);
  elsif new.term = 'registered' and 'trial' in (old.term, old.term_before_held) and not coalesce(
      lower(old.term_email) = (select lower(email) from accounts where id = new.account_id for share), false) then
    raise integrity_constraint_violation using
      message = format('%s can only be registered by the account with the e-mail address that started its trial, and that of %s is another',
                       new.name, login_of(new.account_id)),
      hint = 'Set the account''s e-mail address back, or release the name.';
  end if;
  if new.term = 'registered' and old.term <> 'registered' and new.term_ends = old.term_ends then
    update domains set term_ends = now() + (select make_interval(days => registered_days) from zones where origin = new.zone)
    where id = new.id;
  end if;
  return null;
end $$;

create or replace trigger term after update of term, term_ends, zone, owner on domains for each row
  when (new.term is distinct from old.term or new.zone <> old.zone or new.owner <> old.owner) execute function domain_term();

-- A zone that gets terms, or has them no longer.
create or replace function zone_terms() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  if new.terms then
    update domains set term = 'registered', term_ends = now() + make_interval(days => new.registered_days)
    where zone = new.origin and term = 'none' and owner <> '@';
  else
    update domains set term = 'none', term_ends = null, term_before_held = null, term_email = null
    where zone = new.origin and term <> 'none';
  end if;
  return null;
end $$;

create or replace trigger terms after update of terms on zones for each row
  when (new.terms <> old.terms) execute function zone_terms();

-- A domain that somebody asked for by name; p_account null: an administrator did.
create or replace function domain_to_change(p_name text, p_account bigint) returns domains
language plpgsql set search_path = ddns, pg_temp as $$
declare
  d domains;
begin
  select * into d from domains where name = p_name and account_id = coalesce(p_account, account_id) for update;
  if not found then
    raise no_data_found using
      message = format('there is no domain %s', p_name),
      hint = 'Write the full name, in lower case and without a final dot.';
  end if;
  return d;
end $$;

-- Registers a domain that is on trial, held, or registered already, from now; until when.
create or replace function register_domain(p_name text, p_account bigint default null) returns timestamptz
language plpgsql set search_path = ddns, pg_temp as $$
declare
  d domains := domain_to_change(p_name, p_account);
  ends timestamptz;
begin
  perform check_term(d.name, d.zone, d.owner);
  update domains
  set term = 'registered', term_before_held = null,
      term_ends = now() + (select make_interval(days => registered_days) from zones where origin = d.zone)
  where id = d.id returning term_ends into ends;
  return ends;
end $$;

-- Gives a domain of a shared zone back; until when it rests, null: not at all.
create or replace function release_domain(p_name text, p_account bigint default null) returns timestamptz
language plpgsql set search_path = ddns, pg_temp as $$
declare
  d domains := domain_to_change(p_name, p_account);
begin
  if d.owner = '@' or (select kind from zones where origin = d.zone) <> 'shared' then
    raise integrity_constraint_violation using
      message = format('%s goes back to no pool: it is no name of a shared zone', d.name),
      hint = format('Delete it: DELETE FROM ddns.domains WHERE name = %L; (or ddnsctl domain delete)', d.name);
  end if;
  delete from domains where id = d.id;
  perform rest_names(array[d.name::text], array[d.account_id]);
  return (select until from quarantine where name = d.name);
end $$;

-- The job: one short transaction that looks at p_most terms that are over, the earliest first, and ends
-- those it can.  is_more: call it again at once, with last_ends and last_id as p_after and p_after_id, so
-- that what cannot be ended keeps nothing else waiting; busy: so many had a zone or a row that somebody else
-- holds; fault: why some cannot be ended.  It waits for nobody, and where another gateway is at it does
-- nothing.  What is held is held from now on, however late that is.
create or replace function end_terms(
  p_most int, p_after timestamptz default '-infinity', p_after_id bigint default 0,
  out held int, out released int, out busy int, out is_more boolean, out fault text, out last_ends timestamptz,
  out last_id bigint)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
declare
  lock_timeout constant text := current_setting('lock_timeout');
  due record;
  locked bigint[];
  ready bigint[];
  e record;
  i bigint;
begin
  held := 0;
  released := 0;
  busy := 0;
  is_more := false;
  if not pg_try_advisory_xact_lock(1684303475, 4) then
    return;
  end if;
  delete from quarantine where name = any (array(select name from quarantine where until <= now() order by until limit p_most
                                                 for update skip locked));
  select coalesce(array_agg(d.id), '{}') as ids, coalesce(array_agg(d.zone_id), '{}') as zones,
         array_agg(d.term_ends) as ends into due
  from (select d.id, d.term_ends, (select id from zones where origin = d.zone) as zone_id
        from domains d where d.term_ends <= now() and (d.term_ends, d.id) > (p_after, p_after_id)
        order by d.term_ends, d.id limit p_most) d;
  if due.ids = '{}' then
    perform set_config('synchronous_commit', 'off', true);
    return;
  end if;
  is_more := cardinality(due.ids) = p_most;
  last_ends := due.ends[cardinality(due.ids)];
  last_id := due.ids[cardinality(due.ids)];
  locked := lock_zones(array(select distinct u from unnest(due.zones) u order by u));
  ready := array(
    select u.id from unnest(due.ids, due.zones) u (id, zone_id)
    cross join lateral (select from domains d where d.id = u.id and d.term_ends <= now() for update skip locked) d
    where u.zone_id = any (locked));
  busy := cardinality(due.ids) - cardinality(ready);
  -- a zone's row, and what goes with a domain, are locked on the way
  perform set_config('lock_timeout', '1ms', true);
  begin
    select * into held, released from end_terms_of(ready);
  exception when integrity_constraint_violation or data_exception or raise_exception or lock_not_available then
    foreach i in array ready loop
      begin
        select * into e from end_terms_of(array[i]);
        held := held + e.held;
        released := released + e.released;
      exception
        when lock_not_available then
          busy := busy + 1;
        when integrity_constraint_violation or data_exception or raise_exception then
          fault := format('domain %s: %s', (select name from domains where id = i), sqlerrm);
      end;
    end loop;
  end;
  perform set_config('lock_timeout', lock_timeout, true);
end $$;

-- What a commit would find wrong is found here, so that it hits one domain and not all.
create or replace function end_terms_of(p_ids bigint[], out held int, out released int)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off set ddns.actor = '{"door": "terms"}'
as $$
declare
  over bigint[];
begin
  over := array(
    select d.id from unnest(p_ids) u
    cross join lateral (select id, zone, term from domains where id = u offset 0) d
    cross join lateral (select case d.term when 'trial' then trial_held_days when 'registered' then held_days else 0 end as days
                        from zones where origin = d.zone offset 0) z
    where z.days = 0);
  delete from domains where id = any (over);
  get diagnostics released = row_count;
  update domains d
  set term = 'held', term_before_held = d.term,
      term_ends = now() + (select make_interval(days => case d.term when 'trial' then trial_held_days else held_days end)
                           from zones where origin = d.zone)
  where d.id = any (p_ids) and d.term <> 'held';
  get diagnostics held = row_count;
  set constraints all immediate;
  set constraints all deferred;
end $$;
