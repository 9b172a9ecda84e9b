-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is shown to people of a zone's records.

set local search_path = ddns, pg_temp;

-- What is stored at an owner and below it, the addresses of domains among it; p_type null: of any type.
-- current_data is what is served of each now; leads_to where a browser is sent, or "page".  kind: address
-- (of a domain, at its own name) or record.
create or replace function list_records(p_zone text, p_owner text, p_type text)
returns table (name text, zone text, owner text, ttl bigint, type text, rdata text, current_data text[], leads_to text,
               domain text, kind text, online text, online_target text, offline text, offline_target text,
               interface_id text)
language sql stable set search_path = ddns, pg_temp as $$
  with z as (select id, origin, zones.served from zones where origin = p_zone),
  -- the whole zone; or what is at a name and, by the index that is_above() uses, below it
  r as (
    select * from records where zone = p_zone and p_owner = '@'
    union all
    select * from records where zone = p_zone and owner = p_owner and p_owner <> '@'
    union all
    select * from records
    where zone || ' ' || reverse(owner) > (p_zone || ' ' || reverse(p_owner) || '.') collate "C"
      and zone || ' ' || reverse(owner) < (p_zone || ' ' || reverse(p_owner) || '/') collate "C"
      and p_owner <> '@' and is_at_or_below(owner, p_owner)),
  d as (
    select * from domains where zone = p_zone and p_owner = '@'
    union all
    select * from domains where zone = p_zone and owner = p_owner and p_owner <> '@'
    union all
    select * from domains
    where zone || ' ' || reverse(owner) > (p_zone || ' ' || reverse(p_owner) || '.') collate "C"
      and zone || ' ' || reverse(owner) < (p_zone || ' ' || reverse(p_owner) || '/') collate "C"
      and p_owner <> '@' and is_at_or_below(owner, p_owner)),
  stored as (
    select r.owner, r.ttl, r.type, r.rdata,
           case when not (z.served and coalesce(h.served, true)) then '{}'
                when r.online = 'rdata' and r.offline = 'rdata' then array[r.rdata]
                else array(select h.rdata from placed_rows h where h.place = r.zone || ' ' || reverse(r.owner)
                             and h.record_id = r.id order by 1) end as current_data,
           r.online <> 'rdata' or r.offline <> 'rdata' as may_lead,
           h.name as domain, 'record' as kind, r.online, r.online_target, r.offline, r.offline_target,
           host(r.interface_id) as interface_id
    from z cross join r left join domains h on h.id = r.domain_id
    union all
    select d.owner, d.ttl, family_type(a), host(a),
           case when not (z.served and d.served) then '{}'
                when d.online or d.offline = 'keep' then array[host(a)]
                else array(select h.rdata from placed_rows h where h.place = d.zone || ' ' || reverse(d.owner)
                             and not h.fallback and h.type = family_type(a) order by 1) end,
           not d.online, d.name, 'address', 'rdata', null, 'rdata', null, null
    from z cross join d cross join unnest(d.online_address) a)
  select case s.owner when '@' then p_zone else s.owner || '.' || p_zone end, p_zone, s.owner, s.ttl, s.type, s.rdata,
         s.current_data,
         case when s.may_lead
              then (select coalesce(g.target, g.kind) from placed_redirects g
                    where g.place = p_zone || ' ' || reverse(s.owner) and not g.fallback order by 1 limit 1) end,
         s.domain, s.kind, s.online, s.online_target, s.offline, s.offline_target, s.interface_id
  from stored s
  where p_type is null or s.type = p_type
  order by s.owner <> '@', s.owner, s.type, s.rdata
$$;

create or replace function family_type(p_address inet) returns text
language sql immutable parallel safe strict set search_path = ddns, pg_temp
return case family(p_address) when 4 then 'A' else 'AAAA' end;
