-- SPDX-License-Identifier: GPL-3.0-or-later
-- One DNS UPDATE message: what is stored is read, worked on, and what differs is written.

set local search_path = ddns, pg_temp;

-- One message, in a zone whose advisory lock is held.  The stored records of all names it mentions
-- are read into arrays, an index for each record; prerequisites and changes are worked out there,
-- and what differs in the end is written.  So a message that changes nothing writes nothing.  All that
-- works on the arrays is in one function: a call would copy them.
create or replace function update_message(p_zone bigint, p_key bigint, p_account bigint, p_message jsonb,
                                          p_key_name text, p_peer inet,
                                          out rcode int, out is_changed boolean, out reason text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_variable
declare
  z record;
  -- a change each
  c_kind text[];
  c_owner text[];
  c_type text[];
  c_ttl bigint[];
  c_rdata text[];
  owners text[];                        -- of changes and prerequisites, each once
  -- a stored or new record each
  s_id bigint[];                        -- of records; null: elsewhere, or new
  s_owner text[];
  s_type text[];
  s_ttl bigint[];
  s_rdata text[];
  s_kind text[];                        -- record, address (of a domain), soa, ns (of the zone)
  s_old_ttl bigint[];
  s_is_live boolean[];
  -- a domain each
  d_id bigint[];
  d_owner text[];
  d_ttl bigint[];
  d_adds bigint[] := '{}';              -- domains to which an address is added
  d_contacts bigint[] := '{}';          -- domains whose addresses are spoken of
  most constant int := 5000;            -- stored records that a message may be about: its work is short
  o text;
  t text;
  r text;
  l bigint;
  found_at int;
  dom int;
begin
  rcode := 0;
  is_changed := false;
  select zones.origin, zones.kind, zones.addresses, zones.served into z from zones where zones.id = p_zone;
  if not z.served then
    rcode := 9;
    reason := 'the zone is not served';
    return;
  end if;
  select coalesce(array_agg(e.value ->> 0 order by e.i), '{}'), coalesce(array_agg(e.value ->> 1 order by e.i), '{}'),
         array_agg(e.value ->> 2 order by e.i), array_agg((e.value ->> 3)::bigint order by e.i),
         array_agg(e.value ->> 4 order by e.i)
  into c_kind, c_owner, c_type, c_ttl, c_rdata
  from jsonb_array_elements(p_message -> 'changes') with ordinality e (value, i);
  owners := array(select distinct u from unnest(c_owner) u);
  if p_message -> 'prerequisites' <> '[]' then
    owners := array(select u from unnest(owners) u union
                    select e.value ->> 1 from jsonb_array_elements(p_message -> 'prerequisites') e
                    where e.value ->> 1 is not null);
  end if;

  -- What is stored there: records, the addresses that a domain shows, SOA, and the name servers of a
  -- zone that has no NS records.  Nothing that is computed: no redirectors, no defaults.
  select coalesce(array_agg(d.id), '{}'), coalesce(array_agg(d.owner), '{}'), coalesce(array_agg(d.ttl), '{}')
  into d_id, d_owner, d_ttl
  from unnest(owners) u (owner) cross join lateral (
    -- a stranger's is not locked: whoever names it is refused
    select * from domains where zone = z.origin and owner = u.owner and account_id = p_account for no key update) d;
  select coalesce(array_agg(r.id), '{}'), coalesce(array_agg(r.owner), '{}'), coalesce(array_agg(r.type), '{}'),
         coalesce(array_agg(r.ttl::bigint), '{}'), coalesce(array_agg(r.rdata), '{}')
  into s_id, s_owner, s_type, s_ttl, s_rdata
  from (select r.* from unnest(owners) u (owner) cross join lateral (
          select * from records where zone = z.origin and owner = u.owner offset 0) r
        limit most + 1) r;
  s_kind := array_fill('record'::text, array[cardinality(s_owner)]);
  if d_id <> '{}' or '@' = any (owners) then
    select s_id || array_agg(null::bigint), s_owner || array_agg(v.owner), s_type || array_agg(v.type),
           s_ttl || array_agg(v.ttl), s_rdata || array_agg(v.rdata), s_kind || array_agg(v.kind)
    into s_id, s_owner, s_type, s_ttl, s_rdata, s_kind
    from stored_elsewhere(p_zone, d_id, '@' = any (owners)) v;
  end if;
  s_old_ttl := s_ttl;
  s_is_live := array_fill(true, array[cardinality(s_owner)]);

  -- One record that is not granted refuses the whole; and prerequisites tell what is there.
  reason := message_refused(p_account, p_key, z.origin, owners, c_kind, c_owner, c_type, d_owner, s_owner, s_type);
  if reason is null and cardinality(s_owner) > most then
    reason := format('the names of the message have more than %s records', most);
  end if;
  for i in 1..cardinality(c_kind) loop
    exit when reason is not null;
    if c_kind[i] = 'add' then
      reason := update_refused(z.kind, z.addresses, c_type[i], c_ttl[i], c_rdata[i]);
    end if;
  end loop;
  if reason is not null then
    rcode := 5;
    return;
  end if;
  if p_message -> 'prerequisites' <> '[]' then
    rcode := prerequisites_rcode(p_message -> 'prerequisites', s_owner, s_type, s_rdata);
    if rcode <> 0 then
      return;
    end if;
  end if;

  for i in 1..cardinality(c_kind) loop
    o := c_owner[i];
    t := c_type[i];
    l := c_ttl[i];
    r := c_rdata[i];
    dom := array_position(d_owner, o);
    if dom is not null and (t is null or t in ('A', 'AAAA')) then
      d_contacts := d_contacts || d_id[dom];
    end if;
    case c_kind[i]
    when 'add' then
      if t = 'SOA' then
        -- only at the apex, and only forward (RFC 2136 section 3.4.2.2)
        found_at := array_position(s_type, 'SOA');
        continue when o <> '@' or not serial_is_after(split_part(r, ' ', 3)::bigint,
                                                      split_part(s_rdata[found_at], ' ', 3)::bigint);
        s_rdata[found_at] := r;
        s_ttl[found_at] := l;
        continue;
      end if;
      -- a CNAME is ignored where anything else is, and anything else where a CNAME is
      found_at := null;
      for j in 1..cardinality(s_owner) loop
        if s_is_live[j] and s_owner[j] = o and (s_type[j] = 'CNAME') <> (t = 'CNAME') then
          found_at := j;
          exit;
        end if;
      end loop;
      continue when found_at is not null;
      if dom is not null and t in ('A', 'AAAA') then
        l := d_ttl[dom];
        d_adds := d_adds || d_id[dom];
      end if;
      for j in 1..cardinality(s_owner) loop
        continue when s_owner[j] <> o or s_type[j] <> t;
        if s_rdata[j] = r then
          found_at := j;
          s_is_live[j] := true;
        elsif t in ('CNAME', 'DNAME') then -- there is one of these
          s_is_live[j] := false;
        end if;
        s_ttl[j] := l;
      end loop;
      if found_at is null then
        s_id := s_id || null::bigint;
        s_owner := s_owner || o;
        s_type := s_type || t;
        s_ttl := s_ttl || l;
        s_rdata := s_rdata || r;
        s_kind := s_kind || case when dom is not null and t in ('A', 'AAAA') then 'address' else 'record' end;
        s_old_ttl := s_old_ttl || null::bigint;
        s_is_live := s_is_live || true;
      end if;
    when 'delete' then
      -- the SOA stays, and the last NS of the zone
      continue when t = 'SOA' or o = '@' and t = 'NS'
        and 1 >= (select count(*) from unnest(s_owner, s_type, s_is_live) s (owner, type, is_live)
                  where s.is_live and s.owner = '@' and s.type = 'NS');
      for j in 1..cardinality(s_owner) loop
        if s_owner[j] = o and s_type[j] = t and s_rdata[j] = r then
          s_is_live[j] := false;
        end if;
      end loop;
    else -- delete_rrset, delete_name
      for j in 1..cardinality(s_owner) loop
        if s_owner[j] = o and (t is null or s_type[j] = t) and not (o = '@' and s_type[j] in ('SOA', 'NS')) then
          s_is_live[j] := false;
        end if;
      end loop;
    end case;
  end loop;

  select w.is_changed, w.reason into is_changed, reason
  from write_message(p_zone, z.origin, p_account, p_key_name, p_peer, s_id, s_owner, s_type, s_ttl, s_rdata, s_kind,
                     s_old_ttl, s_is_live, d_id, d_owner, d_contacts, d_adds) w;
  if reason is not null then
    rcode := 5;
  end if;
end $$;

-- What of names' records is stored elsewhere than in records: addresses of domains while they show
-- them, and of the apex SOA, and NS of a zone without NS records.  A row at least.
create or replace function stored_elsewhere(p_zone bigint, p_domains bigint[], p_has_apex boolean)
returns table (owner text, type text, ttl bigint, rdata text, kind text)
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
begin
  return query
    select d.owner::text, case family(a) when 4 then 'A' else 'AAAA' end, d.ttl::bigint, host(a), 'address'
    from unnest(p_domains) u join domains d on d.id = u cross join unnest(d.address) a
    where d.online or d.offline = 'keep';
  if p_has_apex then
    return query
      select '@', 'SOA', z.ttl::bigint, format('%s. %s. %s %s %s %s %s', z.mname, z.rname, s.serial, z.refresh, z.retry,
                                               z.expire, z.negative_ttl), 'soa'
      from zones z join zone_state s on s.zone_id = z.id where z.id = p_zone;
    return query
      select '@', 'NS', z.ttl::bigint, s || '.', 'ns'
      from zones z cross join unnest(case when z.name_servers = '{}' then array[z.mname] else z.name_servers end) s
      where z.id = p_zone and not exists (select from records where zone = z.origin and owner = '@' and type = 'NS');
  end if;
end $$;
