-- SPDX-License-Identifier: GPL-3.0-or-later
-- DNS UPDATE (RFC 2136): many messages in one call, each atomic, against what is stored.

set local search_path = ddns, pg_temp;

-- One answer per message, in order.  All arrays have an element per message:
--   p_keys, p_accounts, p_key_names   the key that signed it (verified) and its account
--   p_macs       its MAC: the same one again gets the first answer again, and changes nothing
--   p_zones      the zone it names, canonical
--   p_messages   {"prerequisites": [[kind, owner, type, rdata, rcode], ...],
--                 "changes": [[kind, owner, type, ttl, rdata], ...]}, owners relative to the zone,
--                rdata canonical.  Prerequisites: in_use, free, exists, absent, rr, and wrong, at
--                which evaluation ends with rcode.  Changes: add, delete, delete_rrset, delete_name
--   p_wait       whether to wait for locks (as long as lock_timeout allows)
-- rcode is the answer's, or -1: a lock is held elsewhere, nothing was done, and it may be tried
-- again.  serial is the zone's once this transaction has committed; zone null: it is not served.
create or replace function update_messages(
  p_keys bigint[], p_accounts bigint[], p_key_names text[], p_macs bytea[], p_zones text[],
  p_messages jsonb[], p_peers inet[], p_wait boolean default false)
returns table (n int, rcode int, is_changed boolean, is_repeated boolean, serial bigint, reason text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  locked bigint[] := lock_zones(array(select distinct z.id from unnest(p_zones) o join zones z on z.origin = o
                                      order by 1), p_wait);
  has_changed boolean := false;
  plain record;                         -- what update_plain has done, by place
  zone_id bigint;
  at int;
  d record;
  m record;
begin
  select coalesce(array_agg(p.n order by p.n), '{}') as places, array_agg(p.is_changed order by p.n) as changes,
         array_agg(p.serial order by p.n) as serials, coalesce(bool_or(p.is_changed), false) as has_changed
  into plain
  from update_plain(p_keys, p_accounts, p_key_names, p_macs, p_zones, p_messages, p_peers, locked) p;
  has_changed := plain.has_changed;
  for i in 1..cardinality(p_zones) loop
    n := i;
    at := array_position(plain.places, i);
    if at is not null then
      rcode := 0;
      is_changed := plain.changes[at];
      is_repeated := false;
      serial := plain.serials[at];
      reason := null;
      return next;
      continue;
    end if;
    rcode := null;
    is_changed := false;
    is_repeated := false;
    serial := null;
    reason := null;
    zone_id := (select z.id from zones z where z.origin = p_zones[i]);
    if zone_id is not null and zone_id <> all (locked) then
      rcode := -1;
      return next;
      continue;
    end if;
    select d.rcode, d.serial into d from duplicates d where d.key_name = p_key_names[i] and d.mac = p_macs[i];
    if found then
      rcode := d.rcode;
      serial := d.serial;
      is_repeated := true;
      return next;
      continue;
    end if;
    if zone_id is null then
      rcode := 9;
      reason := 'there is no such zone';
      return next;
      continue;
    end if;
    -- Only what a message itself can cause is told to its sender; a deadlock or a lost connection
    -- is not.
    begin
      select u.rcode, u.is_changed, u.reason into m
      from update_message(zone_id, p_keys[i], p_accounts[i], p_messages[i], p_key_names[i], p_peers[i]) u;
      rcode := m.rcode;
      is_changed := m.is_changed;
      reason := m.reason;
    exception when integrity_constraint_violation or data_exception or raise_exception then
      rcode := 5;
      reason := sqlerrm;
    end;
    serial := next_serial(zone_id, is_changed);
    has_changed := has_changed or is_changed;
    insert into duplicates (key_name, mac, rcode, serial)
    values (p_key_names[i], p_macs[i], rcode, serial) on conflict do nothing;
    return next;
  end loop;
  perform note_key_uses(p_keys, p_peers);
  if not has_changed then
    perform set_config('synchronous_commit', 'off', true);
  end if;
end $$;

-- Takes zones' advisory locks in order; those it got.
create or replace function lock_zones(p_zones bigint[], p_wait boolean) returns bigint[]
language plpgsql set search_path = ddns, pg_temp as $$
declare
  z bigint;
  locked bigint[] := '{}';
begin
  foreach z in array p_zones loop
    if p_wait then
      perform pg_advisory_xact_lock(z);
    elsif not pg_try_advisory_xact_lock(z) then
      continue;
    end if;
    locked := locked || z;
  end loop;
  return locked;
end $$;

-- The serial a zone will have when this transaction commits; the steps of a transaction give it one.
create or replace function next_serial(p_zone bigint, p_is_changed boolean) returns bigint
language plpgsql stable set search_path = ddns, pg_temp set enable_seqscan = off as $$
declare
  serial bigint := (select s.serial from zone_state s where s.zone_id = p_zone);
begin
  if not p_is_changed or (select has_serial from steps where xid = pg_current_xact_id()
                            and zone_id = p_zone and at = transaction_timestamp()) then
    return serial;
  end if;
  return serial % 4294967295 + 1;
end $$;

-- When keys were used, to the minute.
create or replace function note_key_uses(p_keys bigint[], p_peers inet[]) returns void
language sql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  insert into key_uses as k (key_id, at, peer, door)
  select distinct on (u.key) u.key, now(), u.peer, 'dns'
  from unnest(p_keys, p_peers) with ordinality u (key, peer, i)
  where exists (select from keys k where k.id = u.key)
    and coalesce((select k.at from key_uses k where k.key_id = u.key) < now() - interval '1 minute', true)
  order by u.key, u.i desc
  on conflict (key_id) do update set at = excluded.at, peer = excluded.peer, door = excluded.door
$$;

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

-- One message, in a zone whose advisory lock is held.  The stored records of all names it mentions
-- are read into arrays, an index for each record; prerequisites and changes are worked out there,
-- and what differs in the end is written.  So a message that changes nothing writes nothing.
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
  from unnest(owners) u (owner) join domains d on d.zone = z.origin and d.owner = u.owner;
  select coalesce(array_agg(r.id), '{}'), coalesce(array_agg(r.owner), '{}'), coalesce(array_agg(r.type), '{}'),
         coalesce(array_agg(r.ttl::bigint), '{}'), coalesce(array_agg(r.rdata), '{}')
  into s_id, s_owner, s_type, s_ttl, s_rdata
  from unnest(owners) u (owner) cross join lateral (
    select * from records where zone = z.origin and owner = u.owner offset 0) r;
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

-- Writes what differs between the records as they were (those with an id, or of another kind than
-- record) and as they are to be, and who did it.  A record that goes where another of its set comes
-- becomes that one.  p_contacts: domains whose addresses the message speaks of; p_adds: those to
-- which it adds one.
-- reason: nothing was written, since a limit would be passed.
create or replace function write_message(
  p_zone bigint, p_origin text, p_account bigint, p_key_name text, p_peer inet, p_ids bigint[], p_owners text[],
  p_types text[], p_ttls bigint[], p_rdata text[], p_kinds text[], p_old_ttls bigint[], p_is_live boolean[],
  p_domains bigint[], p_domain_owners text[], p_contacts bigint[], p_adds bigint[],
  out is_changed boolean, out reason text)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set ddns.told = 'on' set ddns.actor = ''
as $$
#variable_conflict use_variable
declare
  w record;
  is_ns_changed boolean;
  u_ids bigint[] := '{}';               -- records that become others
  u_ttls bigint[] := '{}';
  u_rdata text[] := '{}';
  i_owners text[] := '{}';              -- records that come
  i_types text[] := '{}';
  i_ttls bigint[] := '{}';
  i_rdata text[] := '{}';
  d_ids bigint[] := '{}';                     -- records that go
  went int[] := '{}';
  g int;
  j int;
begin
  is_changed := false;
  if cardinality(p_contacts) > 0 then
    insert into contacts as c (domain_id, at, peer, door)
    select distinct u, now(), p_peer, 'dns' from unnest(p_contacts) u
    on conflict (domain_id) do update set at = excluded.at, peer = excluded.peer, door = excluded.door;
  end if;

  -- a zone's own name servers are written down as soon as one is to be added to them
  is_ns_changed := 'ns' = any (p_kinds) and (exists (select from unnest(p_kinds, p_is_live, p_ttls, p_old_ttls) s (kind, is_live, ttl, old_ttl)
                           where s.kind = 'ns' and (not s.is_live or s.ttl <> s.old_ttl))
    or exists (select from unnest(p_owners, p_types, p_kinds, p_is_live) s (owner, type, kind, is_live)
               where s.owner = '@' and s.type = 'NS' and s.kind = 'record' and s.is_live));
  for i in 1..cardinality(p_owners) loop
    if p_ids[i] is not null and not p_is_live[i] then
      went := went || i;
    end if;
  end loop;
  for i in 1..cardinality(p_owners) loop
    if p_kinds[i] = 'record' and p_ids[i] is not null then
      if p_is_live[i] and p_ttls[i] <> p_old_ttls[i] then
        u_ids := u_ids || p_ids[i];
        u_ttls := u_ttls || p_ttls[i];
        u_rdata := u_rdata || p_rdata[i];
      end if;
    elsif p_is_live[i] and (p_kinds[i] = 'record' or p_kinds[i] = 'ns' and is_ns_changed) then
      j := null;
      foreach g in array went loop
        if p_owners[g] = p_owners[i] and p_types[g] = p_types[i] then
          j := g;
          exit;
        end if;
      end loop;
      if j is null then
        i_owners := i_owners || p_owners[i];
        i_types := i_types || p_types[i];
        i_ttls := i_ttls || p_ttls[i];
        i_rdata := i_rdata || p_rdata[i];
      else
        went := array_remove(went, j);
        u_ids := u_ids || p_ids[j];
        u_ttls := u_ttls || p_ttls[i];
        u_rdata := u_rdata || p_rdata[i];
      end if;
    end if;
  end loop;
  foreach g in array went loop
    d_ids := d_ids || p_ids[g];
  end loop;

  if cardinality(i_owners) > 0 and cardinality(p_owners) > 100 then
    select s.owner, s.type, count(*) as rows into w
    from unnest(p_owners, p_types, p_is_live) s (owner, type, is_live)
    where s.is_live group by 1, 2 having count(*) > 100 limit 1;
    if found then
      reason := format('%s records of type %s at %s are more than 100', w.rows, w.type, w.owner);
      return;
    end if;
  end if;

  if d_ids <> '{}' then
    delete from records r where r.id = any (d_ids);
  end if;
  if u_ids <> '{}' then
    update records r set ttl = u.ttl, rdata = u.rdata
    from unnest(u_ids, u_ttls, u_rdata) u (id, ttl, rdata) where r.id = u.id;
  end if;
  if i_owners <> '{}' then
    insert into records (zone, owner, type, ttl, rdata)
    select p_origin, u.* from unnest(i_owners, i_types, i_ttls, i_rdata) u;
  end if;
  is_changed := d_ids <> '{}' or u_ids <> '{}' or i_owners <> '{}';

  -- From here triggers write the history.
  perform set_config('ddns.told', 'off', true);
  perform set_config('ddns.actor', json_build_object('account', (select login from accounts where id = p_account),
                                                     'key', p_key_name, 'door', 'dns', 'peer', p_peer)::text, true);
  -- Addresses of domains.  An update puts them online, the removal of the last one offline.
  for j in 1..cardinality(p_domains) loop
    continue when not exists (select from unnest(p_owners, p_kinds, p_is_live, p_old_ttls) s (owner, kind, is_live, old_ttl)
                              where s.owner = p_domain_owners[j] and s.kind = 'address'
                                and s.is_live = (s.old_ttl is null))
              and not (p_domains[j] = any (p_adds)
                       and exists (select from domains d where d.id = p_domains[j] and not d.online));
    update domains d
    set address = n.address, online = n.address <> '{}',
        online_since = case when n.address = '{}' then null when d.online then d.online_since else now() end,
        offline_reason = case when n.address = '{}' then 'update' end
    from (select coalesce(array_agg(s.rdata::inet order by s.rdata::inet), '{}') as address
          from unnest(p_owners, p_kinds, p_is_live, p_rdata) s (owner, kind, is_live, rdata)
          where s.owner = p_domain_owners[j] and s.kind = 'address' and s.is_live) n
    where d.id = p_domains[j];
    is_changed := true;
  end loop;

  for i in 1..cardinality(p_kinds) loop
    continue when p_kinds[i] <> 'soa';
    is_changed := write_soa(p_zone, p_rdata[i], p_ttls[i]) or is_changed;
  end loop;

  if is_changed then
    if 'CNAME' = any (p_types) then
      perform check_names(p_zone, array(select distinct o from unnest(p_owners) o), true);
    end if;
    insert into history (zone, name, account, key, door, peer, what, old, new, serial)
    select p_origin, case s.owner when '@' then p_origin else s.owner || '.' || p_origin end,
           (select login from accounts where id = p_account), p_key_name, 'dns', p_peer, s.type,
           string_agg(s.old_ttl || ' ' || s.rdata, ', ' order by s.rdata) filter (where s.old_ttl is not null),
           string_agg(s.ttl || ' ' || s.rdata, ', ' order by s.rdata) filter (where s.is_live),
           next_serial(p_zone, true)
    from unnest(p_owners, p_types, p_ttls, p_rdata, p_kinds, p_old_ttls, p_is_live)
         s (owner, type, ttl, rdata, kind, old_ttl, is_live)
    where s.kind in ('record', 'ns')
    group by s.owner, s.type
    having bool_or(s.is_live = (s.old_ttl is null) or s.is_live and s.ttl <> s.old_ttl);
  end if;
end $$;

-- The SOA as a message left it; whether that is another one.
create or replace function write_soa(p_zone bigint, p_rdata text, p_ttl bigint) returns boolean
language plpgsql security definer set search_path = ddns, pg_temp as $$
declare
  w text[] := string_to_array(p_rdata, ' ');
begin
  update zone_state s set serial = w[3]::bigint where s.zone_id = p_zone and s.serial <> w[3]::bigint;
  if not found then
    return false;                       -- a SOA that is taken always has another serial
  end if;
  update zones
  set mname = left(w[1], -1), rname = left(w[2], -1), refresh = w[4]::int, retry = w[5]::int, expire = w[6]::int,
      negative_ttl = w[7]::int, ttl = p_ttl
  where id = p_zone and (mname, rname, refresh, retry, expire, negative_ttl, ttl)
    is distinct from (left(w[1], -1), left(w[2], -1), w[4]::int, w[5]::int, w[6]::int, w[7]::int, p_ttl::int);
  return true;
end $$;

-- Forgets MACs that are too old to be taken for new ones, p_most at a time; how many.
create or replace function prune_duplicates(p_most int) returns bigint
language sql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
  with gone as (
    delete from duplicates d
    using (select key_name, mac from duplicates where at < now() - interval '600 seconds'
           order by at limit p_most for update skip locked) o
    where d.key_name = o.key_name and d.mac = o.mac
    returning 1)
  select count(*) from gone
$$;
