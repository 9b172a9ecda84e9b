-- SPDX-License-Identifier: GPL-3.0-or-later
-- Rules between rows: which domain a record belongs to, what may stand beside what, and what
-- accounts and terms hide.

set local search_path = ddns, pg_temp;

-- The domain at an owner or nearest above it, or null.
create or replace function nearest_domain(p_zone text, p_owner text) returns bigint
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  up text := p_owner;
  found_id bigint;
begin
  loop
    select id into found_id from domains where zone = p_zone and owner = up;
    exit when found or up = '@';
    up := case when up !~ '\\' then case when strpos(up, '.') > 0 then substr(up, strpos(up, '.') + 1) else '@' end
               else coalesce(substring(up from '^(?:[^\\.]|\\[0-9]{3}|\\.)*\.(.*)$'), '@') end;
  end loop;
  return found_id;
end $$;

-- Gives a record its domain, and locks it: a transaction that has changed the domain and looked for
-- its records could otherwise miss this one.  Refuses what may not stand under, or at, a domain's
-- name.
create or replace function link_record(p_id bigint, p_zone text, p_owner text, p_type text,
                                       p_domain bigint, p_is_host boolean) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  nearest bigint := nearest_domain(p_zone, p_owner);
  d record;
begin
  if nearest is distinct from p_domain then
    update records set domain_id = nearest where id = p_id;
  elsif nearest is not null then        -- else that statement's trigger comes here
    select owner, name into d from domains where id = nearest for share;
    if d.owner = p_owner and p_type in ('A', 'AAAA') then
      perform refuse_own_address(d.name);
    end if;
  elsif p_is_host then
    perform refuse_lone_host(p_zone, p_owner);
  end if;
end $$;

-- The same for many, by joins.  Sizes differ so much that each call is planned anew.
create or replace function link_records(p_ids bigint[]) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  r record;
  wrong bigint[];
begin
  if p_ids = '{}' then
    return;
  end if;
  wrong := array(select id from records
                 where id = any (p_ids) and nearest_domain(zone, owner) is distinct from domain_id);
  if wrong <> '{}' then
    update records set domain_id = nearest_domain(zone, owner) where id = any (wrong);
    return;                             -- that statement's trigger does the rest
  end if;
  perform from domains where id in (select distinct domain_id from records where id = any (p_ids))
  order by id for share;
  select x.zone, x.owner, d.id, d.name into r
  from records x left join domains d on d.id = x.domain_id
  where x.id = any (p_ids) and (d.owner = x.owner and x.type in ('A', 'AAAA')
    or d.id is null and (x.online <> 'rdata' or x.offline <> 'rdata')) limit 1;
  if r.id is not null then
    perform refuse_own_address(r.name);
  elsif r.zone is not null then
    perform refuse_lone_host(r.zone, r.owner);
  end if;
end $$;

create or replace function refuse_lone_host(p_zone text, p_owner text) returns void
language plpgsql set search_path = ddns, pg_temp as $$
begin
  raise integrity_constraint_violation using
    message = format('the record %s in zone %s is under no domain whose state it could follow', p_owner, p_zone),
    hint = 'Set its online and offline to "rdata", or add a domain at or above its name first.';
end $$;

create or replace function refuse_own_address(p_name text) returns void
language plpgsql set search_path = ddns, pg_temp as $$
begin
  raise integrity_constraint_violation using
    message = format('%s is a domain: its A and AAAA records are its address', p_name),
    hint = format('UPDATE ddns.domains SET address = ''{192.0.2.1}'' WHERE name = %L; (with your address)', p_name);
end $$;

-- Domains that are new or have another name: records at and below it become theirs, and those that
-- are no longer below it somebody else's or nobody's.  A and AAAA records at a new domain's name
-- become its address.
create or replace function link_domains(p_ids bigint[], p_are_moved boolean) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  wrong bigint[];
begin
  if p_ids = '{}' or not exists (
      select from (select distinct zone from domains where id = any (p_ids) offset 0) d
      cross join lateral (select from records where zone = d.zone limit 1) r) then
    return;
  end if;
  if not p_are_moved and exists (
    select from domains d join records r on r.zone = d.zone and r.owner = d.owner and r.type in ('A', 'AAAA')
    where d.id = any (p_ids)) then
    with taken as (
      delete from records r using domains d
      where d.id = any (p_ids) and r.zone = d.zone and r.owner = d.owner and r.type in ('A', 'AAAA')
      returning d.id, r.rdata::inet as a)
    update domains d
    set address = d.address || array(select a from taken where taken.id = d.id and a <> all (d.address) order by a)
    where d.id in (select id from taken);
  end if;
  wrong := array(
    select r.id
    from domains d
    cross join lateral (
      (select id, zone, owner, domain_id from records where zone = d.zone and owner = d.owner offset 0)
      union all
      (select id, zone, owner, domain_id from records
       where zone || ' ' || reverse(owner) > d.zone || ' ' || reverse(d.owner) || '.'
         and zone || ' ' || reverse(owner) < d.zone || ' ' || reverse(d.owner) || '/' offset 0)
      union all
      (select id, zone, owner, domain_id from records
       where d.owner = '@' and zone = d.zone and domain_id is null offset 0)
      union all
      (select id, zone, owner, domain_id from records where p_are_moved and domain_id = d.id offset 0)) r
    where d.id = any (p_ids) and nearest_domain(r.zone, r.owner) is distinct from r.domain_id);
  if wrong <> '{}' then
    update records set domain_id = nearest_domain(zone, owner) where id = any (wrong);
  end if;
  if p_are_moved then
    perform link_records(array(select r.id from domains d join records r on r.zone = d.zone and r.owner = d.owner
                               where d.id = any (p_ids)));
  end if;
end $$;

-- What stood under a domain goes with it; but what stands in a zone whose apex is a domain is the
-- zone's.
create or replace function domains_unlink() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  if exists (select from zones where origin = old.zone) then
    update records
    set domain_id = null, online = 'rdata', offline = 'rdata', online_target = null, offline_target = null,
        interface_id = null
    where domain_id = old.id;
  end if;
  return old;
end $$;

create or replace trigger unlink before delete on domains for each row
  when (old.owner = '@') execute function domains_unlink();

-- Where a CNAME stands at www.<domain>, it is what counts, and a redirect set there would do nothing.
create or replace function domains_www() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  if exists (select from records where zone = new.zone and owner = new.www_owner and type = 'CNAME') then
    raise integrity_constraint_violation using
      message = format('www.%s is a CNAME: browsers that ask for it cannot be redirected', new.name),
      hint = format('Delete that record first: DELETE FROM ddns.records WHERE zone = %L AND owner = %L; '
                    '(or ddnsctl record delete)', new.zone, new.www_owner);
  end if;
  return null;
end $$;

create or replace trigger www_insert after insert on domains for each row
  when (new.www <> 'off') execute function domains_www();
create or replace trigger www_update after update of www, www_port, www_url on domains for each row
  when (new.www <> 'off' and (new.www, new.www_port, new.www_url) is distinct from (old.www, old.www_port, old.www_url))
  execute function domains_www();

-- What must hold between rows, looked at once more with the zone's state row held: at READ
-- COMMITTED this sees all that committed in the zone before.  (At REPEATABLE READ the state row
-- cannot be had if anything did: 40001.)  Names null: the whole zone; then records and domains are
-- compared only if somebody else committed since p_seen, as statements have compared their own.
create or replace function check_names(p_zone bigint, p_names text[], p_is_alone boolean) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_bitmapscan = off as $$
declare
  o text := (select origin from zones where id = p_zone);
  cnames text[];
  bad text;
begin
  if p_names is null then
    cnames := array(select owner from records where zone = o and type = 'CNAME');
  else
    cnames := array(select n from unnest(p_names) n
                    where (select true from records where zone = o and owner = n and type = 'CNAME'));
  end if;
  if cnames <> '{}' then
    -- scalar subqueries: "exists or exists" may be hashed, which reads all rows
    select n into bad from unnest(cnames) n
    where (select true from records where zone = o and owner = n and type <> 'CNAME' limit 1)
       or (select true from domains where zone = o and owner = n
             and (mail or online_address <> '{}' or not online and offline not in ('keep', 'none')))
    limit 1;
    if found then
      raise integrity_constraint_violation using
        message = format('a CNAME cannot stand beside other data: %s',
                         case bad when '@' then o else bad || '.' || o end),
        hint = 'Delete the CNAME first, or what else has that name: other records, or a domain''s address and mail.';
    end if;
  end if;
  if not p_is_alone then
    perform check_links(o, p_names);
  end if;
end $$;

-- Somebody else has committed in the zone: mends the links of records and domains that did not see
-- each other, and refuses the address records that a domain did not see.
create or replace function check_links(p_origin text, p_names text[]) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
begin
  if not exists (select from domains where zone = p_origin)
     or not exists (select from records where zone = p_origin) then
    return;
  end if;
  if p_names is null then
    perform link_records(array(select id from records where zone = p_origin));
  else
    perform link_records(array(
      select r.id from (select distinct n from unnest(p_names) n) n
      cross join lateral (select id from records where zone = p_origin and owner = n offset 0) r));
    perform link_domains(array(
      select d.id from (select distinct n from unnest(p_names) n) n
      cross join lateral (select id from domains where zone = p_origin and owner = n offset 0) d), true);
  end if;
end $$;

-- The stored word by which accounts and terms reach the views.  Whoever relies on an account's
-- state locks its row.

create or replace function account_state_changed(p_accounts bigint[]) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
begin
  if p_accounts = '{}' then
    return;
  end if;
  update domains d set served = a.state = 'active' and d.term <> 'held'
  from accounts a where a.id = any (p_accounts) and d.account_id = a.id
    and d.served <> (a.state = 'active' and d.term <> 'held');
  update zones z set served = a.state = 'active'
  from accounts a where a.id = any (p_accounts) and z.account_id = a.id and z.served <> (a.state = 'active');
end $$;

-- Domains that are new, or whose holder or term has changed.
create or replace function serve_domains(p_ids bigint[]) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
begin
  if p_ids = '{}' then
    return;
  end if;
  perform from accounts where id in (select account_id from domains where id = any (p_ids)) order by id for share;
  update domains d set served = a.state = 'active' and d.term <> 'held'
  from accounts a where d.id = any (p_ids) and a.id = d.account_id
    and d.served <> (a.state = 'active' and d.term <> 'held');
end $$;
