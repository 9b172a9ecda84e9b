-- SPDX-License-Identifier: GPL-3.0-or-later
-- What update clients ask before and after an UPDATE, answered from what is served.

set local search_path = ddns, pg_temp;

-- The answer to a question; name is canonical.  Each row has the rcode; one without an answer has a
-- row with section null.  section: answer, authority or additional.  name: full, '' for the
-- question's own.
create or replace function answer_query(p_name text, p_type text)
returns table (rcode int, section text, name text, type text, ttl bigint, rdata text)
language plpgsql stable
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  z record;
  o text;                               -- the name that holds the data: the question's, or a wildcard
  up text;
  closest text;                         -- the closest encloser of the name
  soa text;
begin
  select z.*, s.serial into z
  from unnest(p_name || ancestors(p_name)) with ordinality u (name, i)
  cross join lateral (select * from zones where origin = u.name and served offset 0) z
  cross join lateral (select serial from zone_state where zone_id = z.id offset 0) s
  order by u.i limit 1;
  if not found then
    rcode := 5;
    return next;
    return;
  end if;
  soa := format('%s. %s. %s %s %s %s %s', z.mname, z.rname, z.serial, z.refresh, z.retry, z.expire, z.negative_ttl);
  o := case when p_name = z.origin then '@' else left(p_name, -length(z.origin) - 1) end;
  rcode := 0;
  if o <> '@' and not exists (select from placed_rows where place = z.origin || ' ' || reverse(o)) then
    -- RFC 4592: the closest name there is, and the wildcard below it
    if not is_above(z.origin, o) then
      closest := '@';
      for up in select a.name from unnest(ancestors(o)) with ordinality a (name, i) order by a.i loop
        if exists (select from placed_rows where place = z.origin || ' ' || reverse(up)) or is_above(z.origin, up) then
          closest := up;
          exit;
        end if;
      end loop;
      closest := case closest when '@' then '*' else '*.' || closest end;
      if exists (select from placed_rows where place = z.origin || ' ' || reverse(closest)) then
        o := closest;
      else
        rcode := 3;
      end if;
    end if;
  end if;

  section := 'answer';
  if rcode = 0 then
    name := '';
    if o = '@' and p_type in ('SOA', 'ANY') then
      type := 'SOA';
      ttl := z.ttl;
      rdata := soa;
      return next;
    end if;
    return query
      select 0, 'answer', '', s.type, s.ttl::bigint, s.rdata
      from (select r.*, bool_or(not fallback and type = 'CNAME') over () as cname,
                   bool_or(not fallback) over (partition by case when type in ('A', 'AAAA') then 'A' else type end) as taken
            from placed_rows r where r.place = z.origin || ' ' || reverse(o)) s
      where (not s.fallback or not (s.cname or s.taken)) and (s.type = p_type or p_type = 'ANY' or s.type = 'CNAME');
    if found then
      if p_type = 'NS' then
        return query
          select 0, 'additional', s.target, r.type, r.ttl::bigint, r.rdata
          from (select distinct left(n.rdata, -1) as target
                from placed_rows n where n.place = z.origin || ' ' || reverse(o) and n.type = 'NS') s
          cross join lateral (select * from placed_rows
                              where is_at_or_below(s.target, z.origin)
                                and place = z.origin || ' ' || reverse(case when s.target = z.origin then '@'
                                                                            else left(s.target, -length(z.origin) - 1) end)
                                and type in ('A', 'AAAA') and not fallback offset 0) r;
      end if;
      return;
    elsif o = '@' and p_type in ('SOA', 'ANY') then
      return;
    end if;
  end if;
  section := 'authority';
  name := z.origin;
  type := 'SOA';
  ttl := least(z.ttl, z.negative_ttl);
  rdata := soa;
  return next;
end $$;

-- Whether anything is stored below a name of a zone.  Strangers ask for this, as often as the name has labels: it
-- must be found by records_below and domains_below, in zones of any size.
create or replace function is_above(p_origin text, p_owner text) returns boolean
language plpgsql stable
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_indexonlyscan = off as $$
declare
  below constant text collate "C" := p_origin || ' ' || reverse(p_owner);
begin
  return exists (select from records
                 where zone || ' ' || reverse(owner) > below || '.' and zone || ' ' || reverse(owner) < below || '/'
                   and is_at_or_below(owner, p_owner))
      or exists (select from domains
                 where zone || ' ' || reverse(owner) > below || '.' and zone || ' ' || reverse(owner) < below || '/'
                   and is_at_or_below(owner, p_owner));
end $$;

-- A served zone, and whether a key may have all of it: its account's own, private zone, and no list
-- limits the key.
create or replace function transfer_zone(p_origin text, p_key bigint)
returns table (id bigint, may_transfer boolean, ttl bigint, soa text)
language sql stable set search_path = ddns, pg_temp as $$
  select z.zone_id, coalesce(k.account_id = o.account_id and k.names = '{}' and k.types = '{}' and k.verbs = '{}'
                             and (k.domains = '{}' or z.origin = any (k.domains)), false), z.ttl::bigint,
         format('%s. %s. %s %s %s %s %s', z.mname, z.rname, z.serial, z.refresh, z.retry, z.expire, z.negative_ttl)
  from served_zones z join zones o on o.id = z.zone_id
  left join (keys k join accounts a on a.id = k.account_id and a.state = 'active')
    on k.id = p_key and (k.expires is null or k.expires > now())
  where z.origin = p_origin
$$;
