-- SPDX-License-Identifier: GPL-3.0-or-later
-- IPv6 hosts behind a router: addresses made of the domain's prefix and an interface id.

set local search_path = ddns, pg_temp;

-- The address with its network's bits replaced by a prefix.
create or replace function address_in(p_prefix inet, p_address inet) returns inet
language sql immutable parallel safe strict set search_path = ddns, pg_temp
return set_masklen(network(p_prefix)::inet, 128) | (p_address & hostmask(p_prefix));

create or replace function check_prefix(p_prefix inet) returns void
language plpgsql immutable strict set search_path = ddns, pg_temp as $$
declare
  fault text := prefix_refused(p_prefix, 'any');
begin
  if fault is not null then
    raise invalid_parameter_value using
      message = format('the prefix %s is %s', p_prefix, fault),
      hint = 'Write an IPv6 network of at most 64 bits, such as "2001:db8:1::/56".';
  end if;
end $$;

-- Why a network may not be that of a domain's hosts, or null.  p_policy is the zone's: any or public.
create or replace function prefix_refused(p_prefix inet, p_policy text) returns text
language sql immutable parallel safe set search_path = ddns, pg_temp
return case
  when family(p_prefix) <> 6 then 'no IPv6 network'
  when masklen(p_prefix) > 64 then format('%s bits long, which leaves no room for interface ids of 64', masklen(p_prefix))
  when host(network(p_prefix)) = '::' then 'no network'
  else coalesce(address_refused_anywhere(host(network(p_prefix))::inet),
                case when p_policy = 'public' then address_refused(host(network(p_prefix))::inet) end) end;

create or replace function check_interface(p_type text, p_interface inet) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_type <> 'AAAA' then
    raise invalid_parameter_value using
      message = format('a record of type %s cannot have the interface id %s', p_type, host(p_interface)),
      hint = 'Only AAAA records can.';
  elsif family(p_interface) <> 6 or masklen(p_interface) <> 128 or p_interface = '::' then
    raise invalid_parameter_value using
      message = format('"%s" is not an interface id', p_interface),
      hint = 'Write the lower 64 bits of an IPv6 address, such as "::1234".';
  elsif not p_interface <<= '::/64' then
    raise invalid_parameter_value using
      message = format('the interface id %s has more than 64 bits', host(p_interface)),
      hint = format('Write its lower 64 bits: "%s".', host(p_interface & '::ffff:ffff:ffff:ffff'));
  end if;
end $$;

-- The data of a record with an interface id: its domain's prefix, then what bits of a subnet the
-- record has by p_given (new data) or p_stored (its former data), then the interface id.  The
-- domain's row is locked, since who changes its prefix looks for these records.
create or replace function interface_rdata(p_zone text, p_owner text, p_interface inet, p_given text, p_stored text)
returns text
language plpgsql security definer set search_path = ddns, pg_temp as $$
declare
  d record;
  prefix inet;
  given inet := case when p_given is not null then rdata_address(6, 'AAAA', p_given) end;
  subnet inet;
begin
  if given & '::ffff:ffff:ffff:ffff' <> p_interface then
    raise invalid_parameter_value using
      message = format('the address %s does not end in the interface id %s of its record',
                       host(given), host(p_interface)),
      hint = 'Set interface_id to null, for a record that follows no prefix, or give an address that fits it.';
  end if;
  select name, domains.prefix, online_address into d
  from domains where id = nearest_domain(p_zone, p_owner) for share;
  if not found then
    raise integrity_constraint_violation using
      message = format('the record %s in zone %s has an interface id and is under no domain whose prefix it could have',
                       p_owner, p_zone),
      hint = 'Add a domain at or above its name first, or set interface_id to null.';
  end if;
  prefix := coalesce(d.prefix::inet, (select set_masklen(a, 64) from unnest(d.online_address) a
                                      where family(a) = 6 order by a limit 1));
  subnet := coalesce(given, p_stored::inet, p_interface) & 'ffff:ffff:ffff:ffff::';
  if prefix is null and given is null and p_stored is null then
    raise integrity_constraint_violation using
      message = format('%s has neither a prefix nor an IPv6 address to take one from', d.name),
      hint = 'Give the address too, or let an update with ipv6prefix= come first.';
  end if;
  return host(coalesce(address_in(prefix, subnet | p_interface), subnet | p_interface));
end $$;

-- A domain's prefix moves its records that have an interface id.
create or replace function readdress_records() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  update records set rdata = host(address_in(new.prefix, rdata::inet))
  where domain_id = new.id and interface_id is not null and rdata <> host(address_in(new.prefix, rdata::inet));
  return null;
end $$;

create or replace trigger readdress after update of prefix on domains for each row
  when (new.prefix is not null and new.prefix is distinct from old.prefix)
  execute function readdress_records();
