-- SPDX-License-Identifier: GPL-3.0-or-later
-- Rules between rows, and what a row's missing values are.

set local search_path = ddns, pg_temp;

create or replace function zones_fill() returns trigger
language plpgsql set search_path = ddns, pg_temp as $$
begin
  new.name_servers := coalesce(new.name_servers, setting_list('name_servers'));
  new.addresses := coalesce(new.addresses, case new.kind when 'shared' then 'public' else 'any' end);
  return new;
end $$;

create or replace trigger fill before insert on zones for each row
  when (new.name_servers is null or new.addresses is null) execute function zones_fill();

-- A private zone is a domain registered by its holder: a default wildcard there would end its
-- NXDOMAIN.
create or replace function domains_fill() returns trigger
language plpgsql set search_path = ddns, pg_temp as $$
declare
  z record;
begin
  select kind, ttl, timeout into z from zones where origin = new.zone;
  new.ttl := coalesce(new.ttl, z.ttl, 60);
  new.timeout := coalesce(new.timeout, z.timeout, 0);
  new.wildcard := coalesce(new.wildcard, not (z.kind is not distinct from 'private' and new.owner = '@'));
  new.mail := coalesce(new.mail, not (z.kind is not distinct from 'private' and new.owner = '@'));
  return new;
end $$;

create or replace trigger fill before insert on domains for each row
  when (new.ttl is null or new.timeout is null or new.wildcard is null or new.mail is null)
  execute function domains_fill();

-- A CNAME stands alone.  Called with the zone's state row held, in a statement of its own: at READ
-- COMMITTED it sees all that committed in the zone before.  (At REPEATABLE READ the state row
-- cannot be had if anything did: 40001.)  Driven by the CNAMEs there are, so that a bulk load
-- without any pays nothing.
create or replace function check_names(p_zone bigint, p_names text[]) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_bitmapscan = off as $$
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
  if cnames = '{}' then
    return;
  end if;
  -- scalar subqueries: "exists or exists" may be hashed, which reads all rows
  select n into bad from unnest(cnames) n
  where (select true from records where zone = o and owner = n and type <> 'CNAME' limit 1)
     or (select true from domains where zone = o and owner = n
           and (mail or address <> '{}' or fixed <> '{}' or not online and offline <> 'keep'))
  limit 1;
  if found then
    raise integrity_constraint_violation using
      message = format('a CNAME cannot stand beside other data: %s in zone %s', bad, o),
      hint = 'Delete the CNAME or the other records of that name first, in the same transaction.';
  end if;
end $$;
