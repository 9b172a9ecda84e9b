-- SPDX-License-Identifier: GPL-3.0-or-later
-- Settings that an update may carry: timeout, wildcard, MX, and the prefix of hosts behind a router.

set local search_path = ddns, pg_temp;

-- What the options of a request ask for, as they are stored; p_policy is the zone's: any or public.
-- Raises invalid_parameter_value with a sentence for people.
create or replace function read_options(p_options jsonb, p_policy text) returns jsonb
language plpgsql immutable strict set search_path = ddns, pg_temp as $$
declare
  o record;
  settings jsonb := '{}';
begin
  for o in select key, value #>> '{}' as value from jsonb_each(p_options) loop
    settings := settings || case o.key
      when 'timeout' then jsonb_build_object('timeout', option_number(o.value, 'timeout', 525600))
      when 'wildcard' then jsonb_build_object('wildcard', option_switch(o.value, 'wildcard', 'on', 'off'))
      when 'backmx' then jsonb_build_object('backmx', option_switch(o.value, 'backmx', 'yes', 'no'))
      when 'mx' then jsonb_build_object('mx', option_mail_host(o.value))
      when 'prefix' then jsonb_build_object('prefix', option_prefix(o.value, p_policy)) end;
    if settings is null then
      raise invalid_parameter_value using message = format('the option "%s" is not known', left(o.key, 60));
    end if;
  end loop;
  -- backmx says something about mx only: without any, a host gets its own mail in any case
  return case when settings ? 'mx' then settings else settings - 'backmx' end;
end $$;

create or replace function option_number(p_value text, p_option text, p_max int) returns int
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_value is null or p_value !~ '^[0-9]{1,9}$' or p_value::int > p_max then
    raise invalid_parameter_value using
      message = format('%s cannot be "%s": it is a number from 0 to %s', p_option, left(p_value, 60), p_max);
  end if;
  return p_value;
end $$;

create or replace function option_switch(p_value text, p_option text, p_on text, p_off text) returns boolean
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if lower(p_value) = p_on then
    return true;
  elsif lower(p_value) = p_off then
    return false;
  end if;
  raise invalid_parameter_value using
    message = format('%s cannot be "%s": it is %s or %s', p_option, left(p_value, 60), p_on, p_off);
end $$;

-- A host name in its stored form.
create or replace function option_mail_host(p_value text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  n record := parse_name(coalesce(p_value, ''));
  fault text := case when p_value ~ '^[0-9.]*$' or p_value ~ ':' then 'it is an address'
                     when n.fault is not null then n.fault
                     when n.name !~ '^[a-z0-9_-]+(\.[a-z0-9_-]+)+$' then 'it is not a full host name' end;
begin
  if fault is not null then
    raise invalid_parameter_value using message = format('mx cannot be "%s": %s', left(p_value, 60), fault);
  end if;
  return n.name;
end $$;

-- A prefix without its length is of 64 bits; bits behind its length do not count.
create or replace function option_prefix(p_value text, p_policy text) returns cidr
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  prefix inet;
  fault text;
begin
  begin
    prefix := btrim(p_value);
  exception when invalid_text_representation then
    raise invalid_parameter_value using message = format('"%s" is not a prefix', left(p_value, 60));
  end;
  if family(prefix) = 6 and p_value !~ '/' then
    prefix := set_masklen(prefix, 64);
  end if;
  fault := case when prefix is null then 'nothing' else prefix_refused(prefix, p_policy) end;
  if fault is not null then
    raise invalid_parameter_value using message = format('the prefix %s is %s', left(p_value, 60), fault);
  end if;
  return network(prefix);
end $$;

-- Why a key may not do what settings ask for, or null.  A prefix moves records below the domain, too.
create or replace function options_denied(p_key bigint, p_domain bigint, p_settings jsonb) returns text
language plpgsql stable set search_path = ddns, pg_temp as $$
declare
  k record;
begin
  select domains, names, types, verbs, expires into k from keys where id = p_key;
  if not found then
    return null;                        -- an account's password
  end if;
  return coalesce(
    case when p_settings ?| '{timeout,wildcard}' then key_denies(k.types, k.verbs, k.expires, '{}', 'set') end,
    case when p_settings ? 'prefix' then key_denies(k.types, k.verbs, k.expires, '{AAAA}', 'update') end,
    case when p_settings ? 'prefix' and k.names <> '{}' then
      (select format('the key is not for %s', full_name(r.owner, r.zone)) from records r
       where r.domain_id = p_domain and r.interface_id is not null
         and not key_covers(k.domains, k.names, full_name(r.owner, r.zone)) limit 1) end,
    case when p_settings ? 'mx' then coalesce(key_denies(k.types, k.verbs, k.expires, '{MX}', 'delete'),
                                              key_denies(k.types, k.verbs, k.expires, '{MX}', 'add')) end);
end $$;

-- How a domain stands as to what options can set.
create or replace function settings_of(p_domain bigint) returns jsonb
language sql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
  select jsonb_build_object('timeout', d.timeout, 'wildcard', d.wildcard, 'prefix', d.prefix,
    'mx', array(select rdata from records r where r.zone = d.zone and r.owner = d.owner and r.type = 'MX' order by 1))
  from domains d where d.id = p_domain
$$;

-- The same after settings were made.  A mail host is the only one beside the domain itself, which is
-- preferred where it is one.
create or replace function with_options(p_stored jsonb, p_settings jsonb, p_name text) returns jsonb
language sql immutable parallel safe set search_path = ddns, pg_temp
return p_stored || (p_settings - 'backmx') || case
  when not p_settings ? 'mx' then '{}'
  when p_settings ->> 'mx' = p_name then jsonb_build_object('mx', array['10 ' || p_name || '.'])
  else jsonb_build_object('mx', array['10 ' || (p_settings ->> 'mx') || '.'] || case
    when coalesce((p_settings -> 'backmx')::boolean,
                  exists (select from jsonb_array_elements_text(p_stored -> 'mx') m
                          where split_part(m, ' ', 2) = p_name || '.'))
    then array['5 ' || p_name || '.'] else '{}' end) end;

-- Writes what differs.
create or replace function write_settings(p_domain bigint, p_old jsonb, p_new jsonb, p_policy text) returns void
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  d record;
  fault text;
begin
  select zone, owner, ttl into d from domains where id = p_domain;
  update domains
  set timeout = (p_new -> 'timeout')::int, wildcard = (p_new -> 'wildcard')::boolean
  where id = p_domain and (timeout, wildcard) is distinct from ((p_new -> 'timeout')::int, (p_new -> 'wildcard')::boolean);
  if p_new -> 'mx' <> p_old -> 'mx' then
    delete from records where zone = d.zone and owner = d.owner and type = 'MX';
    insert into records (zone, owner, type, ttl, rdata)
    select d.zone, d.owner, 'MX', d.ttl, m from jsonb_array_elements_text(p_new -> 'mx') m;
  end if;
  if p_new -> 'prefix' <> p_old -> 'prefix' then
    update domains set prefix = (p_new ->> 'prefix')::cidr where id = p_domain;
    -- the network may be a public one and a host in it not
    if p_policy = 'public' then
      select format('%s is %s', rdata, address_refused(rdata::inet)) into fault
      from records
      where domain_id = p_domain and interface_id is not null and address_refused(rdata::inet) is not null limit 1;
      if found then
        raise invalid_parameter_value using message = fault;
      end if;
    end if;
  end if;
end $$;

-- Addresses of a family as text, moved into a prefix.
create or replace function hosts_in(p_prefix inet, p_addresses text) returns text
language sql immutable parallel safe strict set search_path = ddns, pg_temp
return coalesce((select string_agg(distinct host(address_in(p_prefix, a::inet)), ',')
                 from unnest(string_to_array(p_addresses, ',')) a), '');
