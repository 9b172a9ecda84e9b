-- SPDX-License-Identifier: GPL-3.0-or-later
-- The gateways' batch: what many hosts report, in one call.

set local search_path = ddns, pg_temp;

-- One verdict per request, in order; sql/README tells parameters and words.
--
-- A request that finds everything as it says writes its contact and no more.  The others take their
-- zones' advisory locks in id order, then the domains' rows; who cannot get one at once is 'busy'
-- (with p_wait: waits, as long as lock_timeout allows).  All changes are one UPDATE; should that
-- fail, each is tried alone, so that one harms no other.
create or replace function update_hosts(
  p_keys bigint[], p_accounts bigint[], p_logins text[], p_names text[], p_v4 text[], p_v6 text[],
  p_states text[], p_options jsonb[], p_doors text[], p_peers inet[], p_wait boolean default false)
returns table (n int, verdict text, name text, zone text, addresses text, reason text, serial bigint)
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off set ddns.actor = '' as $$
#variable_conflict use_column
declare
  q record;                             -- the requests, a column an array
  verdicts text[];
  reasons text[];
  answers text[];
  -- what is known of a domain, at the index of the first request for it
  s4 text[];
  s6 text[];
  s_online boolean[];
  s_free text[];                        -- why it cannot be changed now: busy, unknown
  o4 text[];                            -- what was before
  o6 text[];
  o_online boolean[];
  s_by int[];                           -- the request that changes it; the last one, where there are several
  o_settings jsonb[];                   -- of those with options, as settings_of() tells
  s_settings jsonb[];
  changed int[];                        -- indexes of the domains to be written
  together int[];                       -- those of them that go in one statement
  alone int[];                          -- those written one by one
  quiet int[] := '{}';                  -- those that changed nothing that is served
  contested int[];                      -- those that another key wants to change, too
  is_stale boolean;
  -- from 1.0.0.0 to 223.255.255.255
  plain_v4 constant text :=
    '^(22[0-3]|2[01][0-9]|1[0-9][0-9]|[1-9][0-9]|[1-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}$';
  l record;
  r record;
  i int;
  s int;
  w4 text;
  w6 text;
  w_online boolean;
  w_settings jsonb;
  lock_timeout constant text := current_setting('lock_timeout');
begin
  select array_agg(r.id) as ids, array_agg(r.slot) as slots,
         array_agg(r.name) as names, array_agg(r.zone) as zones,
         array_agg(r.zone_id) as zone_ids, array_agg(r.policy) as policies,
         array_agg(r.serial) as serials, array_agg(r.fixed) as fixed, array_agg(r.v4) as v4,
         array_agg(r.v6) as v6, array_agg(r.online) as onlines,
         array_agg(r.verdict) as verdicts, array_agg(r.reason) as reasons
  into q
  from (select * from resolve_hosts(p_keys, p_accounts, p_logins, p_names, p_v4, p_v6, p_states) order by i offset 0) r;
  o4 := q.v4;
  o6 := q.v6;
  o_online := q.onlines;
  s_free := array_fill(null::text, array[cardinality(p_accounts)]);

  for pass in 1..2 loop
    s4 := o4;
    s6 := o6;
    s_online := o_online;
    s_settings := o_settings;
    verdicts := q.verdicts;
    reasons := q.reasons;
    answers := array_fill(null::text, array[cardinality(p_accounts)]);
    changed := '{}';
    contested := '{}';
    for i in 1..cardinality(p_accounts) loop
      s := q.slots[i];
      continue when verdicts[i] is not null;
      if s_free[s] is not null or s = any (contested) then
        verdicts[i] := coalesce(s_free[s], 'busy');
        continue;
      end if;
      -- the usual thing first: one IPv4 address as it is stored, or nothing
      if p_options[i] is null and p_states[i] is null and p_v6[i] is null
         and coalesce(q.policies[i] = 'any' and p_v4[i] ~ plain_v4, true) then
        w4 := coalesce(p_v4[i], s4[s]);
        w6 := s6[s];
        w_online := true;
        w_settings := s_settings[s];
      else
        r := read_report(p_v4[i], p_v6[i], p_states[i], p_options[i], q.policies[i], s6[s]);
        if r.fault is not null then
          verdicts[i] := 'refused';
          reasons[i] := r.fault;
          continue;
        end if;
        w4 := coalesce(r.v4, s4[s]);
        w6 := coalesce(r.v6, s6[s]);
        w_online := r.online;
        if r.settings is not null then
          reasons[i] := options_denied(p_keys[i], q.ids[s], r.settings);
          if reasons[i] is not null then
            verdicts[i] := 'denied';
            continue;
          end if;
          if s_settings[s] is null then
            o_settings[s] := settings_of(q.ids[s]);
            s_settings[s] := o_settings[s];
          end if;
          w_settings := with_options(s_settings[s], r.settings, q.names[s]);
        else
          w_settings := s_settings[s];
        end if;
      end if;
      if w4 = s4[s] and w6 = s6[s] and w_online = s_online[s] and w_settings is not distinct from s_settings[s] then
        verdicts[i] := 'unchanged';
      elsif not p_wait and s = any (changed)
            and (p_keys[i], p_accounts[i]) is distinct from (p_keys[s_by[s]], p_accounts[s_by[s]]) then
        verdicts[i] := 'busy';          -- history names one: each with what was its own
        contested := contested || s;
        continue;
      else
        -- what is reported beneath a fixed address is kept, and nothing else comes of it
        verdicts[i] := case when q.fixed[s] is not null and w_online = s_online[s]
                              and w_settings is not distinct from s_settings[s]
                              and (w4 = s4[s] or q.fixed[s] ~ '4') and (w6 = s6[s] or q.fixed[s] ~ '6')
                            then 'unchanged' else 'changed' end;
        s4[s] := w4;
        s6[s] := w6;
        s_online[s] := w_online;
        s_by[s] := i;
        s_settings[s] := w_settings;
        if s <> all (changed) then
          changed := changed || s;
        end if;
      end if;
      answers[i] := w4 || case when w4 <> '' and w6 <> '' then ',' else '' end || w6;
    end loop;
    exit when changed = '{}' or pass = 2;

    -- The locks, and what the rows say once they are held.  Mostly nothing moved meanwhile.
    is_stale := false;
    foreach s in array changed loop
      s_free[s] := 'busy';
    end loop;
    for l in select * from lock_hosts(
        array(select q.ids[c] from unnest(changed) c),
        array(select distinct q.zone_ids[c] from unnest(changed) c order by 1), p_wait) loop
      s := array_position(q.ids, l.id);
      s_free[s] := case when l.account_id <> p_accounts[s] or l.name <> q.names[s] or l.term = 'held' then 'unknown'
                        when l.has_cname then 'refused' end;
      if s_free[s] is not null or (l.v4, l.v6, l.online) is distinct from (o4[s], o6[s], o_online[s]) then
        is_stale := true;
        o4[s] := l.v4;
        o6[s] := l.v6;
        o_online[s] := l.online;
      end if;
      if o_settings[s] is not null then
        w_settings := settings_of(l.id);
        is_stale := is_stale or w_settings <> o_settings[s];
        o_settings[s] := w_settings;
      end if;
    end loop;
    foreach s in array changed loop
      is_stale := is_stale or s_free[s] is not null;
    end loop;
    exit when not is_stale;
  end loop;

  -- All that is written: together, or else host by host, as those with settings are.  No lock is
  -- waited for: who would have to is busy.
  if not p_wait then
    perform set_config('lock_timeout', '1ms', true);
  end if;
  alone := case when s_settings is null then '{}'
                else array(select c from unnest(changed) c where s_settings[c] is not null) end;
  begin
    perform write_contacts(q.ids, array(select case when q.slots[u] <> all (alone) then verdicts[u] end
                                        from generate_subscripts(verdicts, 1) u order by u), p_doors, p_peers);
    together := array(select c from unnest(changed) c where c <> all (alone));
    if together <> '{}' then
      perform write_group(array(select q.ids[c] from unnest(together) c),
                          array(select s4[c] || case when s4[c] <> '' and s6[c] <> '' then ',' else '' end || s6[c]
                                from unnest(together) c),
                          array(select s_online[c] from unnest(together) c));
      insert into history (zone, name, account, key, door, peer, what, old, new, serial)
      select q.zones[c], q.names[c], a.login, k.name, p_doors[s_by[c]], p_peers[s_by[c]], x.what, x.old, x.new,
             case verdicts[s_by[c]] when 'unchanged' then q.serials[c] else q.serials[c] % 4294967295 + 1 end
      from unnest(together) c
      left join lateral (select login from accounts where id = p_accounts[s_by[c]] offset 0) a on true
      left join lateral (select name from keys where id = p_keys[s_by[c]] offset 0) k on true
      cross join lateral (
        select 'address' as what, nullif(concat_ws(',', nullif(o4[c], ''), nullif(o6[c], '')), '') as old,
               nullif(concat_ws(',', nullif(s4[c], ''), nullif(s6[c], '')), '') as new
        where o4[c] <> s4[c] or o6[c] <> s6[c]
        union all
        select 'state', case when o_online[c] then 'online' else 'offline' end, case when s_online[c] then 'online' else 'offline' end
        where o_online[c] <> s_online[c] offset 0) x;
    end if;
  exception when integrity_constraint_violation or data_exception or raise_exception or lock_not_available then
    if p_wait and sqlstate = '55P03' then
      raise;
    end if;
    alone := array(select distinct q.slots[u] from generate_subscripts(verdicts, 1) u
                   where verdicts[u] in ('changed', 'unchanged') order by 1);
  end;
  foreach s in array alone loop
    begin
      perform write_contacts(q.ids, array(select case when q.slots[u] = s then verdicts[u] end
                                          from generate_subscripts(verdicts, 1) u order by u), p_doors, p_peers);
      if s = any (changed) then
        perform set_config('ddns.actor', actor_of(p_accounts[s_by[s]], p_keys[s_by[s]], p_doors[s_by[s]], p_peers[s_by[s]]), true);
        perform write_hosts(array[q.ids[s]],
                            array[s4[s] || case when s4[s] <> '' and s6[s] <> '' then ',' else '' end || s6[s]],
                            array[s_online[s]]);
        if s_settings[s] is not null then
          perform write_settings(q.ids[s], o_settings[s], s_settings[s], q.policies[s]);
          if not exists (select from steps where xid = pg_current_xact_id() and zone_id = q.zone_ids[s]
                           and at = transaction_timestamp()) then
            quiet := quiet || s;
          end if;
        end if;
      end if;
    exception when integrity_constraint_violation or data_exception or raise_exception or lock_not_available then
      for i in 1..cardinality(verdicts) loop
        if q.slots[i] = s and verdicts[i] in ('changed', 'unchanged') then
          verdicts[i] := case when sqlstate in ('55P03', '23503') then 'busy' else 'failed' end;
          reasons[i] := case verdicts[i] when 'failed' then sqlerrm end;
          answers[i] := null;
        end if;
      end loop;
    end;
  end loop;
  perform note_key_uses(array(select case when verdicts[u] in ('changed', 'unchanged') then p_keys[u] end
                              from generate_subscripts(verdicts, 1) u order by u), p_doors, p_peers);
  perform set_config('lock_timeout', lock_timeout, true);
  if changed = '{}' then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  return query
    select i, verdicts[i], q.names[i], q.zones[i], answers[i],
           coalesce(reasons[i],
                    case verdicts[i] when 'refused' then 'a CNAME stands at this name: delete it first' end),
           case when verdicts[i] = 'unchanged' or verdicts[i] = 'changed' and q.slots[i] = any (quiet) then q.serials[i]
                when verdicts[i] = 'changed' then q.serials[i] % 4294967295 + 1 end
    from generate_subscripts(verdicts, 1) i order by i;
end $$;

-- What one request reports, or why it cannot be accepted.  A prefix moves the IPv6 addresses that are
-- stored, where none are given.
create or replace function read_report(p_v4 text, p_v6 text, p_state text, p_options jsonb, p_policy text,
                                       p_stored_v6 text, out v4 text, out v6 text, out online boolean,
                                       out settings jsonb, out fault text)
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_state not in ('online', 'offline') then
    fault := format('"%s" is neither online nor offline', left(p_state, 60));
  else
    v4 := parse_addresses(p_v4, 4, p_policy);
    settings := nullif(read_options(p_options, p_policy), '{}');
    v6 := parse_addresses(coalesce(p_v6, hosts_in((settings ->> 'prefix')::inet, p_stored_v6)), 6, p_policy);
    online := p_state is distinct from 'offline';
  end if;
exception when invalid_parameter_value then
  fault := sqlerrm;
end $$;

-- These are plpgsql for its plans, which a function in SQL would make anew at each call.

-- Whom each request means, and whether it may: verdict null where it may.  slot is the first
-- request for the same domain.
create or replace function resolve_hosts(
  p_keys bigint[], p_accounts bigint[], p_logins text[], p_names text[], p_v4 text[], p_v6 text[], p_states text[])
returns table (i int, slot int, id bigint, name text, zone text, zone_id bigint, policy text, serial bigint,
               fixed text, v4 text, v6 text, online boolean, verdict text, reason text)
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off as $$
#variable_conflict use_column
begin
  return query
  select r.i::int, case when r.verdict is null then (min(r.i) over (partition by r.verdict, r.id))::int end,
         case when r.verdict is null then r.id end, r.wanted, case when r.verdict is null then r.zone end,
         r.zone_id, r.addresses, r.serial,
         case when r.fixed is not null then (select string_agg(family(f)::text, '') from unnest(r.fixed) f) end,
         case when cardinality(r.address) = 0 then ''
              when cardinality(r.address) > 1 then host_list(r.address, 4)
              when family(r.address[1]) = 4 then host(r.address[1]) else '' end,
         case when cardinality(r.address) = 0 then ''
              when cardinality(r.address) > 1 then host_list(r.address, 6)
              when family(r.address[1]) = 6 then host(r.address[1]) else '' end,
         r.online, r.verdict,
         case r.verdict when 'denied' then r.denial end
  from (
    select u.i, w.wanted, d.id, d.zone, z.id as zone_id, z.addresses, s.serial, d.fixed, d.address, d.online, x.denial,
           case when w.wanted is null then 'ambiguous'
                when d.id is null or d.account_id is distinct from u.account or d.term = 'held' or u.login <> d.name
                     or a.state is distinct from 'active'
                     or u.key is not null and (k.account_id is distinct from u.account
                       or not (k.domains = '{}' and k.names = '{}' or key_covers(k.domains, k.names, d.name)))
                then 'unknown'
                when x.denial is not null then 'denied' end as verdict
    from unnest(p_keys, p_accounts, p_logins, p_names, p_v4, p_v6, p_states) with ordinality
         as u (key, account, login, name, v4, v6, state, i)
    -- each by itself: what is joined may be walked whole by a plan made while there was one row
    left join lateral (select * from keys where id = u.key offset 0) k on true
    left join lateral (select state from accounts where id = u.account offset 0) a on true
    cross join lateral (
      select coalesce(u.name, u.login, only_domain(u.account, k.domains, k.names)) as wanted offset 0) w
    left join lateral (select * from domains where name = w.wanted offset 0) d on true
    left join lateral (select id, addresses from zones where origin = d.zone offset 0) z on true
    left join lateral (select serial from zone_state where zone_id = z.id offset 0) s on true
    cross join lateral (
      select case when u.key is null or k.types = '{}' and k.verbs = '{}' and k.expires is null then null
                  else key_denies(k.types, k.verbs, k.expires,
                         array_remove(array[case when u.v4 is not null then 'A' end,
                                            case when u.v6 is not null then 'AAAA' end], null)
                         -- a host goes offline with all its addresses
                         || case when u.state = 'offline' and d.online_address <> '{}'
                                 then array(select family_type(a) from unnest(d.online_address) a)
                                 when coalesce(u.v4, u.v6) is not null then '{}'::text[]
                                 when 'AAAA' = any (k.types) then '{AAAA}' else '{A}' end,
                         case u.state when 'offline' then 'offline' else 'update' end) end as denial offset 0) x) r;
end $$;

-- The only domain that a credential may act on, or null.
create or replace function only_domain(p_account bigint, p_domains text[], p_names text[]) returns text
language sql stable set search_path = ddns, pg_temp
as $$
  select case when count(*) = 1 then min(d.name) end
        from (select name from domains where account_id = p_account and term <> 'held'
                and (p_domains is null or key_covers(p_domains, p_names, name)) limit 2) d
$$;

-- Addresses of one family as sorted text without blanks.
create or replace function host_list(p_addresses inet[], p_family int) returns text
language sql immutable parallel safe set search_path = ddns, pg_temp
return coalesce((select string_agg(host(a), ',' order by a) from unnest(p_addresses) a where family(a) = p_family), '');

-- Locks zones and domains, in that order and by id, and tells how those it got stand.
create or replace function lock_hosts(p_ids bigint[], p_zones bigint[], p_wait boolean)
returns table (id bigint, account_id bigint, name text, term text, v4 text, v6 text, online boolean, has_cname boolean)
language plpgsql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off as $$
#variable_conflict use_column
declare
  locked text[] := array(select z.origin from unnest(lock_zones(p_zones, p_wait)) u
                         cross join lateral (select origin from zones where id = u offset 0) z);
begin
  if p_wait then
    perform from unnest(array(select i from unnest(p_ids) i order by i)) i
    cross join lateral (select from domains d where d.id = i for no key update) d;
  end if;
  return query
    select d.*
    from unnest(array(select i from unnest(p_ids) i order by i)) i cross join lateral (
    select d.id, d.account_id, d.name, d.term,
           case when cardinality(d.address) = 0 then ''
              when cardinality(d.address) > 1 then host_list(d.address, 4)
              when family(d.address[1]) = 4 then host(d.address[1]) else '' end,
           case when cardinality(d.address) = 0 then ''
              when cardinality(d.address) > 1 then host_list(d.address, 6)
              when family(d.address[1]) = 6 then host(d.address[1]) else '' end,
           d.online,
           coalesce((select true from records r
                     where r.zone = d.zone and r.owner = d.owner and r.type = 'CNAME'), false)
    from domains d where d.id = i and d.zone = any (locked) for no key update skip locked) d;
end $$;

create or replace function write_hosts(p_ids bigint[], p_addresses text[], p_online boolean[]) returns void
language plpgsql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off as $$
begin
  update domains d
  set address = ('{' || u.addresses || '}')::inet[], online = u.online,
      online_since = case when not u.online then null when d.online then d.online_since else now() end,
      offline_reason = case when u.online then null when d.online then 'update' else d.offline_reason end
  from unnest(p_ids, p_addresses, p_online) u (id, addresses, online)
  -- an array of one: "=" could be merged, and a plan made while there was one row walk all of them
  where d.id = any (array[u.id]);
end $$;

-- The same for a group, of which the caller writes the history.
create or replace function write_group(p_ids bigint[], p_addresses text[], p_online boolean[]) returns void
language plpgsql set search_path = ddns, pg_temp set ddns.told = 'on' as $$
begin
  perform write_hosts(p_ids, p_addresses, p_online);
end $$;

-- Contacts of accepted requests.
create or replace function write_contacts(p_ids bigint[], p_verdicts text[], p_doors text[], p_peers inet[])
returns void
language plpgsql set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off set jit = off set enable_hashjoin = off set enable_mergejoin = off
set enable_material = off as $$
begin
  insert into contacts (domain_id, at, peer, door)
  select distinct on (u.id) u.id, now(), u.peer, u.door
  from unnest(p_ids, p_verdicts, p_doors, p_peers) with ordinality u (id, verdict, door, peer, i)
  where u.verdict in ('changed', 'unchanged')
  order by u.id, u.i desc
  on conflict (domain_id) do update set at = excluded.at, peer = excluded.peer, door = excluded.door;
end $$;
