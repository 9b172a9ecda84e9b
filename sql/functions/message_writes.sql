-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a DNS UPDATE message leaves behind: records, addresses, the SOA and the history.

set local search_path = ddns, pg_temp;

-- Writes what differs between the records as they were (those with an id, or of another kind than
-- record) and as they are to be, and who did it.  A record that goes where another of its set comes
-- becomes that one.  p_contacts: domains whose addresses the message speaks of; p_adds: those to
-- which it adds one.  A record that somebody typed SQL at since it was read raises lock_not_available,
-- as if it were still held: the message is worked out anew.
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
  is_ns_changed boolean;
  rows bigint;
  missed bigint := 0;                   -- records that are no longer what was read
  u_ids bigint[] := '{}';               -- records that become others
  u_ttls bigint[] := '{}';
  u_rdata text[] := '{}';
  u_old text[] := '{}';                 -- their rdata until now
  i_owners text[] := '{}';              -- records that come
  i_types text[] := '{}';
  i_ttls bigint[] := '{}';
  i_rdata text[] := '{}';
  d_ids bigint[] := '{}';               -- records that go
  d_old text[] := '{}';
  a_ids bigint[] := '{}';               -- domains whose addresses become others
  a_addresses text[] := '{}';
  new_serial bigint;
  went int[] := '{}';
  g int;
  j int;
begin
  is_changed := false;
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
        u_old := u_old || p_rdata[i];
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
        u_old := u_old || p_rdata[j];
      end if;
    end if;
  end loop;
  foreach g in array went loop
    d_ids := d_ids || p_ids[g];
    d_old := d_old || p_rdata[g];
  end loop;

  if i_owners <> '{}' or u_ids <> '{}' or p_adds <> '{}' then
    reason := limit_passed(p_zone, p_account, i_owners, p_owners, p_types, p_rdata, p_kinds, p_old_ttls, p_is_live);
    if reason is not null then
      return;
    end if;
  end if;

  if cardinality(p_contacts) > 0 then
    insert into contacts as c (domain_id, at, peer, door)
    select distinct u, now(), p_peer, 'dns' from unnest(p_contacts) u
    on conflict (domain_id) do update set at = excluded.at, peer = excluded.peer, door = excluded.door;
  end if;
  if d_ids <> '{}' then
    delete from records r using unnest(d_ids, d_old) d (id, rdata) where r.id = d.id and r.rdata = d.rdata;
    get diagnostics rows = row_count;
    missed := missed + cardinality(d_ids) - rows;
  end if;
  if u_ids <> '{}' then
    update records r set ttl = u.ttl, rdata = u.rdata
    from unnest(u_ids, u_ttls, u_rdata, u_old) u (id, ttl, rdata, old) where r.id = u.id and r.rdata = u.old;
    get diagnostics rows = row_count;
    missed := missed + cardinality(u_ids) - rows;
  end if;
  if missed <> 0 then
    raise lock_not_available using message = format('%s records were changed meanwhile', missed);
  end if;
  if i_owners <> '{}' then
    insert into records (zone, owner, type, ttl, rdata)
    select p_origin, u.* from unnest(i_owners, i_types, i_ttls, i_rdata) u;
  end if;
  is_changed := d_ids <> '{}' or u_ids <> '{}' or i_owners <> '{}';

  -- Addresses of domains, where they change, or one that is offline is given what it had.
  for i in 1..cardinality(p_domains) loop
    continue when not exists (select from unnest(p_owners, p_kinds, p_is_live, p_old_ttls) s (owner, kind, is_live, old_ttl)
                              where s.owner = p_domain_owners[i] and s.kind = 'address'
                                and s.is_live = (s.old_ttl is null))
              and not (p_domains[i] = any (p_adds)
                       and exists (select from domains d where d.id = p_domains[i] and not d.online));
    a_ids := a_ids || p_domains[i];
    a_addresses := a_addresses || (
      select coalesce(array_agg(s.rdata::inet order by s.rdata::inet), '{}')::text
      from unnest(p_owners, p_kinds, p_is_live, p_rdata) s (owner, kind, is_live, rdata)
      where s.owner = p_domain_owners[i] and s.kind = 'address' and s.is_live);
  end loop;
  if a_ids <> '{}' then
    perform write_addresses(a_ids, a_addresses, p_origin, p_account, p_key_name, p_peer, next_serial(p_zone, true));
    is_changed := true;
  end if;

  -- A zone's history is written by triggers.
  for i in 1..cardinality(p_kinds) loop
    continue when p_kinds[i] <> 'soa';
    perform set_config('ddns.told', 'off', true);
    perform set_config('ddns.actor', json_build_object('account', (select login from accounts where id = p_account),
                                                       'key', p_key_name, 'door', 'dns', 'peer', p_peer)::text, true);
    is_changed := write_soa(p_zone, p_rdata[i], p_ttls[i]) or is_changed;
  end loop;

  if is_changed then
    if 'CNAME' = any (p_types) then
      perform check_names(p_zone, array(select distinct o from unnest(p_owners) o), true);
    end if;
    new_serial := next_serial(p_zone, true);
    insert into history (zone, name, account, key, door, peer, what, old, new, serial)
    select p_origin, case s.owner when '@' then p_origin else s.owner || '.' || p_origin end,
           (select login from accounts where id = p_account), p_key_name, 'dns', p_peer, s.type,
           string_agg(s.old_ttl || ' ' || s.rdata, ', ' order by s.rdata) filter (where s.old_ttl is not null),
           string_agg(s.ttl || ' ' || s.rdata, ', ' order by s.rdata) filter (where s.is_live),
           new_serial
    from unnest(p_owners, p_types, p_ttls, p_rdata, p_kinds, p_old_ttls, p_is_live)
         s (owner, type, ttl, rdata, kind, old_ttl, is_live)
    where s.kind in ('record', 'ns')
    group by s.owner, s.type
    having bool_or(s.is_live = (s.old_ttl is null) or s.is_live and s.ttl <> s.old_ttl);
  end if;
end $$;

-- Gives domains, whose rows are locked, other addresses, and tells it.  An update puts them online, the
-- removal of the last address offline.
create or replace function write_addresses(p_domains bigint[], p_addresses text[], p_origin text, p_account bigint,
                                           p_key_name text, p_peer inet, p_serial bigint) returns void
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  with o as materialized (
    select d.id, d.name, d.address, d.online from unnest(p_domains) u (id) join domains d on d.id = u.id),
  n as (
    update domains d
    set address = u.addresses::inet[], online = u.addresses <> '{}',
        online_since = case when u.addresses = '{}' then null when d.online then d.online_since else now() end,
        offline_reason = case when u.addresses = '{}' then 'update' end
    from unnest(p_domains, p_addresses) u (id, addresses)
    where d.id = u.id
    returning d.id, d.address, d.online)
  insert into history (zone, name, account, key, door, peer, what, old, new, serial)
  select p_origin, o.name, (select login from accounts where id = p_account), p_key_name, 'dns', p_peer, x.what, x.old,
         x.new, p_serial
  from o join n on n.id = o.id cross join lateral (values
    ('address', nullif(array_to_string(o.address, ','), ''), nullif(array_to_string(n.address, ','), '')),
    ('state', case when o.online then 'online' else 'offline' end, case when n.online then 'online' else 'offline' end))
    x (what, old, new)
  where x.old is distinct from x.new;
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
