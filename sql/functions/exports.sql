-- SPDX-License-Identifier: GPL-3.0-or-later
-- A zone as a master file has it.

set local search_path = ddns, pg_temp;

-- Sorts owners in DNS's canonical order (RFC 4034 section 6.1), the zone's own name first: labels from
-- the last to the first with octet 1 between, octets up to 2 written as 2 and one more than they are.
create or replace function canonical_order(p_owner text) returns bytea
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
declare
  t text;
  code int;
  label bytea := '';
  sorted bytea := '';
begin
  if p_owner = '@' then
    return '';
  elsif p_owner !~ '[.\\]' then
    return convert_to(p_owner, 'UTF8');
  elsif p_owner !~ '\\' then
    return convert_to(array_to_string(array(
      select l from unnest(string_to_array(p_owner, '.')) with ordinality u (l, i) order by i desc), chr(1)), 'UTF8');
  end if;
  for t in select m[1] from regexp_matches(p_owner, '\\[0-9]{3}|\\.|[^\\]', 'g') m loop
    if t = '.' then
      sorted := '\x01'::bytea || label || sorted;
      label := '';
      continue;
    end if;
    code := case when t ~ '^\\[0-9]' then substr(t, 2)::int else ascii(right(t, 1)) end;
    label := label || case when code <= 2 then set_byte('\x0200', 1, code + 1) else set_byte('\x00', 0, code) end;
  end loop;
  return label || sorted;
end $$;

-- What is stored for a zone: its records, its domains' addresses, and the NS records that it is served
-- with where it has none.
create or replace function stored_records(p_zone text)
returns table (owner text, ttl bigint, type text, rdata text)
language plpgsql stable set search_path = ddns, pg_temp set work_mem = '128MB' as $$
begin
  return query
    select r.owner, r.ttl, r.type, r.rdata
    from (select x.owner, x.ttl, x.type, x.rdata from records x where x.zone = p_zone
          union all
          select d.owner, d.ttl, case family(a) when 4 then 'A' else 'AAAA' end, host(a)
          from domains d, unnest(d.online_address) a where d.zone = p_zone
          union all
          select '@', z.ttl, 'NS', n || '.'
          from zones z, unnest(case when z.name_servers = '{}' then array[z.mname] else z.name_servers end) n
          where z.origin = p_zone
            and not exists (select from records x where x.zone = p_zone and x.owner = '@' and x.type = 'NS')) r
    order by canonical_order(r.owner), r.type <> 'NS', r.type, r.rdata;
end $$;
