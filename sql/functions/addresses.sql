-- SPDX-License-Identifier: GPL-3.0-or-later
-- What addresses a host may have.

set local search_path = ddns, pg_temp;

-- Why an address may not be that of a public host, or null.  Ranges that mean something else to
-- each who looks them up (private, loopback, link-local, documentation, benchmarks, translation),
-- and those that carry such an IPv4 address inside.
create or replace function address_refused(p_address inet) returns text
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
declare
  v4 inet;                              -- the IPv4 address inside an IPv6 one
  hex text;
  inner_reason text;
begin
  if family(p_address) = 4 then
    return case
      when p_address <<= '0.0.0.0/8' then 'this network (0.0.0.0/8)'
      when p_address <<= '10.0.0.0/8' then 'private (10.0.0.0/8)'
      when p_address <<= '100.64.0.0/10' then 'shared by carriers (100.64.0.0/10)'
      when p_address <<= '127.0.0.0/8' then 'loopback (127.0.0.0/8)'
      when p_address <<= '169.254.0.0/16' then 'link-local (169.254.0.0/16)'
      when p_address <<= '172.16.0.0/12' then 'private (172.16.0.0/12)'
      when p_address <<= '192.0.0.0/24' then 'reserved for protocols (192.0.0.0/24)'
      when p_address <<= '192.0.2.0/24' then 'for documentation (192.0.2.0/24)'
      when p_address <<= '192.168.0.0/16' then 'private (192.168.0.0/16)'
      when p_address <<= '198.18.0.0/15' then 'for benchmarks (198.18.0.0/15)'
      when p_address <<= '198.51.100.0/24' then 'for documentation (198.51.100.0/24)'
      when p_address <<= '203.0.113.0/24' then 'for documentation (203.0.113.0/24)'
      when p_address <<= '224.0.0.0/4' then 'multicast (224.0.0.0/4)'
      when p_address <<= '240.0.0.0/4' then 'reserved (240.0.0.0/4)'
    end;
  end if;
  -- the 32 hexadecimal digits
  hex := substr(encode(inet_send(p_address), 'hex'), 9);
  if p_address <<= '::ffff:0:0/96' then
    return 'an IPv4 address in IPv6 form (::ffff:0:0/96)';
  elsif p_address <<= '::/96' then
    return case when p_address = '::1' then 'loopback (::1)' else 'reserved (::/96)' end;
  elsif p_address <<= '2002::/16' then
    v4 := ddns.address_of_hex(substr(hex, 5, 8));
  elsif p_address <<= '2001::/32' then  -- Teredo: server as it is, client with its bits inverted
    inner_reason := ddns.address_refused(ddns.address_of_hex(substr(hex, 9, 8)));
    v4 := ddns.address_of_hex(translate(substr(hex, 25, 8), '0123456789abcdef', 'fedcba9876543210'));
  end if;
  inner_reason := coalesce(inner_reason, case when v4 is not null then ddns.address_refused(v4) end);
  return case
    when inner_reason is not null then 'a tunnel to an address that is ' || inner_reason
    when p_address <<= '64:ff9b::/96' then 'for translation (64:ff9b::/96)'
    when p_address <<= '64:ff9b:1::/48' then 'for translation (64:ff9b:1::/48)'
    when p_address <<= '100::/64' then 'to be discarded (100::/64)'
    when p_address <<= '2001:db8::/32' then 'for documentation (2001:db8::/32)'
    when p_address <<= '3fff::/20' then 'for documentation (3fff::/20)'
    when p_address <<= 'fc00::/7' then 'private (fc00::/7)'
    when p_address <<= 'fe80::/10' then 'link-local (fe80::/10)'
    when p_address <<= 'fec0::/10' then 'site-local (fec0::/10)'
    when p_address <<= 'ff00::/8' then 'multicast (ff00::/8)'
  end;
end $$;

-- The IPv4 address of eight hexadecimal digits.
create or replace function address_of_hex(p_hex text) returns inet
language sql immutable parallel safe set search_path = ddns, pg_temp
return '0.0.0.0'::inet + ('x' || lpad(p_hex, 16, '0'))::bit(64)::bigint;

-- A list of addresses as somebody typed it ("192.0.2.1, 192.0.2.2") of one family, as sorted text
-- without blanks; each once, unspecified ones left out.  p_policy is the zone's: any or public.
-- Raises invalid_parameter_value with a sentence for people.
create or replace function parse_addresses(p_list text, p_family int, p_policy text) returns text
language plpgsql immutable strict set search_path = ddns, pg_temp as $$
declare
  word text;
  a inet;
  reason text;
  addresses inet[] := '{}';
begin
  foreach word in array string_to_array(p_list, ',') loop
    word := btrim(word);
    continue when word = '';
    begin
      a := word::inet;
    exception when invalid_text_representation then
      raise invalid_parameter_value using message = format('"%s" is not an address', left(word, 60));
    end;
    reason := address_refused_anywhere(a);
    if reason is not null then
      raise invalid_parameter_value using message = format('%s is %s', left(word, 60), reason);
    end if;
    a := address_folded(a);
    if family(a) <> p_family then
      raise invalid_parameter_value using message = format('%s is not an IPv%s address', host(a), p_family);
    end if;
    continue when a in ('0.0.0.0', '::') or a = any (addresses);
    reason := case when p_policy = 'public' then address_refused(a) end;
    if reason is not null then
      raise invalid_parameter_value using message = format('%s is %s', host(a), reason);
    end if;
    addresses := addresses || a;
  end loop;
  if cardinality(addresses) > 100 then
    raise invalid_parameter_value using
      message = format('%s addresses are more than the 100 a host may have', cardinality(addresses));
  end if;
  return case when cardinality(addresses) < 2 then coalesce(host(addresses[1]), '')
              else (select string_agg(host(x), ',' order by x) from unnest(addresses) x) end;
end $$;

-- IPv4 in its own form.
create or replace function address_folded(p_address inet) returns inet
language sql immutable parallel safe set search_path = ddns, pg_temp
return case when p_address <<= '::ffff:0:0/96'
            then address_of_hex(substr(encode(inet_send(p_address), 'hex'), 33)) else p_address end;

-- Why a value is no host's address in any zone, or null.
create or replace function address_refused_anywhere(p_address inet) returns text
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return case
    when masklen(p_address) <> case family(p_address) when 4 then 32 else 128 end then 'a network, not an address'
    when p_address <<= '224.0.0.0/4' or p_address <<= 'ff00::/8' or p_address <<= '::ffff:224.0.0.0/100'
    then 'a multicast address' end;
end $$;
