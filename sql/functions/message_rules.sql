-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a DNS UPDATE may do: policy, limits, prerequisites.

set local search_path = ddns, pg_temp;

-- Why a record may not be added over DNS UPDATE, or null.  In shared zones users get the types that
-- take over nothing but their own names, and times to live that end within a day.
create or replace function update_refused(p_zone_kind text, p_addresses text, p_type text, p_ttl bigint, p_rdata text)
returns text
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  if p_ttl > (case p_zone_kind when 'shared' then 86400 else 2147483647 end) then
    return format('a time to live of %s s is too long', p_ttl);
  elsif p_zone_kind = 'shared' and p_type not in ('A', 'AAAA', 'CNAME', 'MX', 'TXT', 'SRV', 'CAA', 'PTR', 'SSHFP',
    'TLSA', 'HTTPS', 'SVCB', 'NAPTR', 'DHCID', 'LOC', 'URI') then
    return format('records of type %s are not for users in this zone', p_type);
  elsif p_type in ('A', 'AAAA') then
    return coalesce(address_refused_anywhere(p_rdata::inet),
                    case when p_addresses = 'public' then address_refused(p_rdata::inet) end);
  end if;
  return null;
end $$;

-- Why a name, or the sender's account, would hold more than the settings allow, or null.  Looked at where
-- something comes, set by set: what was more before may still shrink.  The arrays have an element a record, as
-- in write_message; p_new: the owners of records that come.
create or replace function limit_passed(
  p_zone bigint, p_account bigint, p_new text[], p_owners text[], p_types text[], p_rdata text[], p_kinds text[],
  p_old_ttls bigint[], p_is_live boolean[]) returns text
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  most record;
  w record;
begin
  -- one statement, in which the defaults are constants
  select coalesce((select value from settings where name = 'records_per_set'), setting_default('records_per_set'))::int as records,
         coalesce((select value from settings where name = 'set_octets'), setting_default('set_octets'))::int as octets,
         coalesce((select value from settings where name = 'types_per_name'), setting_default('types_per_name'))::int as types,
         coalesce((select value from settings where name = 'names_per_account'), setting_default('names_per_account'))::int as names
  into most;
  select s.owner, s.type, count(*) as records, sum(octet_length(s.rdata)) as octets into w
  from unnest(p_owners, p_types, p_rdata, p_old_ttls, p_is_live) s (owner, type, rdata, old_ttl, is_live)
  where s.is_live group by 1, 2
  having bool_or(s.old_ttl is null) and (count(*) > most.records or sum(octet_length(s.rdata)) > most.octets) limit 1;
  if w.records > most.records then
    return format('%s records of type %s at %s are more than %s', w.records, w.type, w.owner, most.records);
  elsif found then
    return format('%s octets of data of type %s at %s are more than %s', w.octets, w.type, w.owner, most.octets);
  elsif p_new = '{}' or (select kind from zones where id = p_zone) <> 'shared' then
    return null;
  end if;
  select s.owner, count(distinct s.type) as types into w
  from unnest(p_owners, p_types, p_is_live) s (owner, type, is_live)
  where s.is_live and s.owner = any (p_new) group by 1 having count(distinct s.type) > most.types limit 1;
  if found then
    return format('%s types of records at %s are more than %s', w.types, w.owner, most.types);
  end if;
  select count(*) filter (where o.is_there and not o.was_there)
         - count(*) filter (where o.was_there and not o.is_there) as more into w
  from (select bool_or(s.is_live) as is_there, bool_or(s.old_ttl is not null) as was_there
        from unnest(p_owners, p_kinds, p_old_ttls, p_is_live) s (owner, kind, old_ttl, is_live)
        where s.kind = 'record' group by s.owner) o;
  if w.more > 0 and w.more + names_held(p_account, most.names + 1) > most.names then
    return format('the account''s records have more than %s names in shared zones', most.names);
  end if;
  return null;
end $$;

-- How many names in shared zones have records of an account, counted up to p_most.
create or replace function names_held(p_account bigint, p_most int) returns bigint
language sql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off as $$
  select count(*)
  from (select distinct r.zone, r.owner
        from (select id, zone from domains where account_id = p_account offset 0) d
        cross join lateral (select from zones where origin = d.zone and kind = 'shared' offset 0) z
        cross join lateral (select zone, owner from records where domain_id = d.id offset 0) r
        limit p_most) n
$$;

-- Why the message's sender may not do all that it asks for, or null: the policy of all doors, for
-- each record.  What a key sees by prerequisites is what it covers, whatever its types and verbs.
create or replace function message_refused(p_account bigint, p_key bigint, p_origin text, p_owners text[],
                                           p_kinds text[], p_change_owners text[], p_change_types text[],
                                           p_domains text[], p_stored_owners text[], p_stored_types text[])
returns text
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  k record;
  w record;
  o text;
  name text;
  denial text;
begin
  select keys.domains, keys.names, keys.types, keys.verbs, keys.expires, a.state into k
  from keys join accounts a on a.id = keys.account_id where keys.id = p_key and a.id = p_account;
  if not found or k.state <> 'active' then
    return 'the key is gone, or its account is suspended';
  end if;
  foreach o in array p_owners loop
    name := case o when '@' then p_origin else o || '.' || p_origin end;
    if not coalesce(holder_in(p_origin, name) = p_account, false)
       or not (k.domains = '{}' and k.names = '{}') and not key_covers(k.domains, k.names, name) then
      return format('%s is not granted to the key', name);
    end if;
  end loop;
  if k.types = '{}' and k.verbs = '{}' and k.expires is null then
    return null;
  end if;
  for w in
    select distinct c.owner, c.type, case when c.type in ('A', 'AAAA') and c.owner = any (p_domains) then 'update'
                                          when c.kind = 'add' then 'add' else 'delete' end as verb
    from (select u.kind, u.owner, u.type from unnest(p_kinds, p_change_owners, p_change_types) u (kind, owner, type)
          where u.kind <> 'delete_name'
          union all
          select u.kind, s.owner, s.type
          from unnest(p_kinds, p_change_owners) u (kind, owner)
          join unnest(p_stored_owners, p_stored_types) s (owner, type) on s.owner = u.owner
          where u.kind = 'delete_name' and not (s.owner = '@' and s.type in ('SOA', 'NS'))) c
  loop
    denial := key_denies(k.types, k.verbs, k.expires, array[w.type], w.verb);
    if denial is not null then
      return format('%s %s: %s', w.owner, w.type, denial);
    end if;
  end loop;
  return null;
end $$;

-- RFC 2136 section 3.2: 0, or the rcode of the first prerequisite that fails.  Those on the data of
-- RR sets are collected and compared last.
create or replace function prerequisites_rcode(p_prerequisites jsonb, p_owners text[], p_types text[], p_rdata text[])
returns int
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  e jsonb;
  o text;
  t text;
  is_there boolean;
  has_data boolean := false;
begin
  for e in select value from jsonb_array_elements(p_prerequisites) loop
    o := e ->> 1;
    t := e ->> 2;
    if e ->> 0 = 'wrong' then
      return e ->> 4;
    elsif e ->> 0 = 'rr' then
      has_data := true;
      continue;
    end if;
    is_there := exists (select from unnest(p_owners, p_types) s (owner, type)
                        where s.owner = o and (t is null or s.type = t));
    case e ->> 0
    when 'in_use' then
      if not is_there then
        return 3;
      end if;
    when 'free' then
      if is_there then
        return 6;
      end if;
    when 'exists' then
      if not is_there then
        return 8;
      end if;
    when 'absent' then
      if is_there then
        return 7;
      end if;
    end case;
  end loop;
  if has_data and exists (
    select from (select e.value ->> 1 as owner, e.value ->> 2 as type, array_agg(distinct e.value ->> 3) as wanted
                 from jsonb_array_elements(p_prerequisites) e where e.value ->> 0 = 'rr' group by 1, 2) w
    where w.wanted is distinct from (select array_agg(distinct s.rdata)
                                     from unnest(p_owners, p_types, p_rdata) s (owner, type, rdata)
                                     where s.owner = w.owner and s.type = w.type)) then
    return 8;
  end if;
  return 0;
end $$;
