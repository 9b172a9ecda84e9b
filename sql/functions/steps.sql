-- SPDX-License-Identifier: GPL-3.0-or-later
-- Noting what a transaction touches; commit.sql gives it versions.
--
-- Statement triggers note which names a transaction touches (changes) and in which zones (steps).
-- At commit one deferred trigger gives each of those zones its next version, in zone id order, so
-- that zone_state rows are always the last locks.  A zone's versions therefore have no gaps and
-- their order is commit order.

set local search_path = ddns, pg_temp;

-- Notes names of a zone; null or too many: the whole zone.  p_links: domains or records have come
-- or changed their names, so who belongs to whom is to be looked at once more at commit.  For that
-- steps.seen must be older than the first look: note first, then link.
create or replace function note(p_zone bigint, p_names text[], p_links boolean default false) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  is_whole boolean := coalesce(cardinality(p_names) > 10000, true);
  s record;
begin
  -- changes first: after SET CONSTRAINTS ... IMMEDIATE the insert into steps runs close_steps(),
  -- which reads them
  if not is_whole then
    insert into changes (zone_id, owner) select p_zone, unnest(p_names);
  end if;
  select whole, links, version is not null as is_closed into s
  from steps where xid = pg_current_xact_id() and zone_id = p_zone and at = transaction_timestamp();
  if not found then
    insert into steps (zone_id, whole, links) values (p_zone, is_whole, p_links);
    return;
  end if;
  if is_whole and not s.whole or p_links and not s.links then
    update steps set whole = whole or is_whole, links = links or p_links
    where xid = pg_current_xact_id() and zone_id = p_zone and at = transaction_timestamp();
  end if;
  if s.is_closed and p_zone > 0 then
    perform touch_closed(p_zone, case when not is_whole then p_names end);
  end if;
end $$;

-- A step that was closed before its transaction ended: the zone's row is held, so what the commit
-- would do is done now.
create or replace function touch_closed(p_zone bigint, p_names text[]) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  z_origin text := (select origin from zones where id = p_zone);
begin
  if z_origin is null then
    delete from zone_state where zone_id = p_zone;
    update steps set version = 0
    where xid = pg_current_xact_id() and zone_id = p_zone and at = transaction_timestamp();
    return;
  elsif p_names is null then
    update zone_state set serial = serial_for(z_origin, serial)
    where zone_id = p_zone and serial <> serial_for(z_origin, serial);
  end if;
  perform check_names(p_zone, p_names, true);
end $$;

-- The triggers.  They pair old and new rows by EXCEPT, never by a join: a plan kept from a one-row
-- statement would join 100,000 rows by nested loop.  For the same reason zone ids come from a
-- scalar subquery.  It gives null when the rows go because their zone goes; then the zone's own
-- trigger speaks.

-- The state of a zone that is new.  One that has the id of a former one goes on from the last version
-- in the log: else a reader that was away could take new versions for what follows its own old one.
create or replace function start_state(p_zone bigint) returns void
language sql security definer set search_path = ddns, pg_temp as $$
  insert into zone_state (zone_id, version)
  values (p_zone, coalesce((select max(version) from steps where zone_id + 0 = p_zone), 0))
  on conflict do nothing
$$;

create or replace function zones_note() returns trigger -- insert, delete
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform start_state(id) from t;
  else
    insert into last_serials (origin, zone_id, serial)
    select t.origin, t.id, s.serial from t join zone_state s on s.zone_id = t.id
    on conflict (origin) do update set zone_id = excluded.zone_id, serial = excluded.serial;
  end if;
  perform note(id, null) from t;
  return null;
end $$;

-- What the SOA and NS rows show is a matter of the apex, the rest of the whole zone.
create or replace function zones_note_update() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform start_state(id) from (select id from n except select id from o) d;
  insert into last_serials (origin, zone_id, serial)
  select o.origin, o.id, s.serial from o join zone_state s on s.zone_id = o.id
  where not exists (select from n where n.id = o.id and n.origin = o.origin)
  on conflict (origin) do update set zone_id = excluded.zone_id, serial = excluded.serial;
  perform note(id, null)
  from (with a as (select id, origin, redirectors, transfer, transfer_to, served from o),
             b as (select id, origin, redirectors, transfer, transfer_to, served from n)
        select distinct id from ((table a except table b) union all (table b except table a)) d) d;
  perform note(id, array['@'])
  from (with a as (select id, mname, rname, refresh, retry, expire, negative_ttl, ttl, name_servers from o),
             b as (select id, mname, rname, refresh, retry, expire, negative_ttl, ttl, name_servers from n)
        select distinct id from (table b except table a) d) d;
  return null;
end $$;

-- Notes one domain: its names (nulls left out) and those of the records that follow its state.
create or replace function note_one(p_zone bigint, p_names text[], p_domain bigint) returns void
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  perform note(p_zone, array_remove(p_names, null) || array(
    select owner from records where domain_id = p_domain and (online <> 'rdata' or offline <> 'rdata')));
end $$;

create or replace function domains_note() returns trigger -- insert, delete
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  perform note(x.zone_id, x.names, tg_op = 'INSERT')
  from (select (select id from zones where origin = g.zone) as zone_id, g.names
        from (select zone, array_agg(u) as names
              from t cross join unnest(array[owner, case when wildcard then wild_owner end,
                                             case when www <> 'off' then www_owner end]) u
              where u is not null group by zone) g offset 0) x
  where x.zone_id is not null;
  if tg_op = 'INSERT' then
    perform from (select distinct account_id as id from t order by 1) x
    cross join lateral (select from accounts where id = x.id for share) a;
    perform serve_domains(array(select id from t where served and (term = 'held'
      or (select state from accounts where id = t.account_id) <> 'active')));
    perform link_domains(array(select id from t), false);
  end if;
  return null;
end $$;

create or replace function domains_note_update() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  one record;
  moved bigint[];
begin
  -- One row that keeps its names: the usual update, and several times cheaper so.
  select (select count(*) from (select from n limit 2) c) as rows, n.id,
         (select id from zones where origin = n.zone) as zone_id,
         array[n.owner, case when n.wildcard or o.wildcard then n.wild_owner end,
               case when n.www <> 'off' or o.www <> 'off' then n.www_owner end] as names,
         n.zone = o.zone and n.owner = o.owner and n.account_id = o.account_id and n.term = o.term
           and n.served = o.served as is_there,
         (n.served, n.online, n.online_address, n.ttl, n.wildcard, n.mail, n.www, n.www_port, n.www_url, n.offline,
          n.offline_address, n.offline_url) is distinct from
         (o.served, o.online, o.online_address, o.ttl, o.wildcard, o.mail, o.www, o.www_port, o.www_url, o.offline,
          o.offline_address, o.offline_url) as is_changed,
         (select true from steps where xid = pg_current_xact_id() and at = transaction_timestamp()
            and zone_id = (select id from zones where origin = n.zone)
            and version is null) as is_noted,
         (select true from records where domain_id = n.id and (online <> 'rdata' or offline <> 'rdata')
          limit 1) as is_followed
  into one from n, o limit 1;
  if one.rows = 1 and one.is_there then
    if not one.is_changed then
      return null;
    elsif one.is_noted and one.is_followed is null then
      insert into changes (zone_id, owner) select one.zone_id, u from unnest(one.names) u where u is not null;
    else
      perform note_one(one.zone_id, one.names, one.id);
    end if;
    return null;
  end if;
  -- Several that all keep their names, holders and what hides them: a gateway's group, a zone going
  -- offline.
  if not exists (select id, zone, owner, account_id, term, served, wildcard, www from n
                 except select id, zone, owner, account_id, term, served, wildcard, www from o) then
    perform note(x.zone_id, x.names)
    from (select (select id from zones where origin = g.zone) as zone_id, g.names
          from (with c as materialized (
                  select id, zone, owner, wild_owner, www_owner, wildcard, online, online_address, ttl, mail, www,
                         www_port, www_url, offline, offline_address, offline_url from n
                  except
                  select id, zone, owner, wild_owner, www_owner, wildcard, online, online_address, ttl, mail, www,
                         www_port, www_url, offline, offline_address, offline_url from o)
                select zone, array_agg(name) as names
                from (select zone, u as name
                      from c cross join unnest(array[owner, case when wildcard then wild_owner end,
                                                     case when www <> 'off' then www_owner end]) u
                      where u is not null
                      union all
                      select r.zone, r.owner
                      from c cross join lateral (select zone, owner from records where domain_id = c.id
                        and (online <> 'rdata' or offline <> 'rdata') offset 0) r) m
                group by zone) g offset 0) x
    where x.zone_id is not null;
    return null;
  end if;
  moved := array(select id from (select id, zone, owner from n except select id, zone, owner from o) m);
  perform note(x.zone_id, x.names, moved <> '{}')
  from (select (select id from zones where origin = g.zone) as zone_id, g.names
        from (with a as (select id, zone, owner, wild_owner, www_owner, served, online, online_address,
                                ttl, wildcard, mail, www, www_port, www_url, offline,
                                offline_address, offline_url from o),
                   b as (select id, zone, owner, wild_owner, www_owner, served, online, online_address,
                                ttl, wildcard, mail, www, www_port, www_url, offline,
                                offline_address, offline_url from n),
                   d as materialized ((table a except table b) union all (table b except table a))
              select zone, array_agg(distinct name) as names
              from (select zone, u as name
                    from d cross join unnest(array[owner, case when wildcard then wild_owner end,
                                                   case when www <> 'off' then www_owner end]) u
                    union all
                    select r.zone, r.owner
                    from (select id, bool_or(served) <> bool_and(served) as hidden from d group by id) e
                    cross join lateral (select zone, owner from records where domain_id = e.id
                      and (online <> 'rdata' or offline <> 'rdata') offset 0) r
                    union all
                    select r.zone, r.owner
                    from (select id from d group by id having bool_or(served) <> bool_and(served)) e
                    cross join lateral (select zone, owner from records where domain_id = e.id
                      and online = 'rdata' and offline = 'rdata' offset 0) r) m
              where name is not null group by zone) g offset 0) x
  where x.zone_id is not null;
  perform serve_domains(array(
    select id from (select id, account_id, term from n except select id, account_id, term from o) m
    union
    select id from (select id, served from n where served except select id, served from o) m));
  perform link_domains(moved, true);
  return null;
end $$;

-- A record under a domain also locks the domain's row: else a transaction that has changed the
-- domain and looked for its records could miss this one, and readers would keep what this one saw
-- of the domain.
create or replace function records_note() returns trigger -- insert, delete
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  one record;
begin
  select (select count(*) from (select from t limit 2) c) as rows,
         (select id from zones where origin = t.zone) as zone_id, t.*
  into one from t limit 1;
  if one.rows = 1 and one.zone_id is null then
    return null;                        -- its zone goes, too, and says so itself
  elsif one.rows = 1 then
    perform note(one.zone_id, array[one.owner], tg_op = 'INSERT');
    if tg_op = 'INSERT' then
      perform link_record(one.id, one.zone, one.owner, one.type, one.domain_id,
                          one.online <> 'rdata' or one.offline <> 'rdata');
    end if;
    return null;
  end if;
  perform note(x.zone_id, x.names, tg_op = 'INSERT')
  from (select (select id from zones where origin = g.zone) as zone_id, g.names
        from (select zone, array_agg(owner) as names from t group by zone) g offset 0) x
  where x.zone_id is not null;
  if tg_op = 'INSERT' then
    perform link_records(array(select id from t where domain_id is not null or online <> 'rdata' or offline <> 'rdata'
                               or exists (select from domains where zone = t.zone)));
  end if;
  return null;
end $$;

-- An update that leaves a record's name, type and what it follows alone is noted and no more: it stays
-- whose it was.
create or replace function records_note_update() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  one record;
  is_moved boolean;
begin
  select (select count(*) from (select from n limit 2) c) as rows,
         (select id from zones where origin = n.zone) as zone_id,
         array[n.owner, nullif(o.owner, n.owner)] as names, o.zone = n.zone as is_there,
         (n.owner, n.domain_id, n.type, n.online, n.offline) is distinct from
         (o.owner, o.domain_id, o.type, o.online, o.offline) as is_moved,
         (n.ttl, n.rdata, n.online_target, n.offline_target) is distinct from
         (o.ttl, o.rdata, o.online_target, o.offline_target) as is_changed, n.*
  into one from n, o limit 1;
  if one.rows = 1 and one.is_there then
    if one.is_moved then
      perform note(one.zone_id, array_remove(one.names, null), true);
      perform link_record(one.id, one.zone, one.owner, one.type, one.domain_id,
                          one.online <> 'rdata' or one.offline <> 'rdata');
    elsif one.is_changed then
      perform note(one.zone_id, array[one.owner]);
    end if;
    return null;
  end if;
  is_moved := exists (select id, zone, owner, domain_id, type, online, offline from n
                      except select id, zone, owner, domain_id, type, online, offline from o);
  perform note(x.zone_id, x.names, is_moved)
  from (select (select id from zones where origin = g.zone) as zone_id, g.names
        from (with a as (select zone, domain_id, owner, type, ttl, rdata, online, offline,
                                online_target, offline_target from o),
                   b as (select zone, domain_id, owner, type, ttl, rdata, online, offline,
                                online_target, offline_target from n)
              select zone, array_agg(owner) as names
              from ((table a except table b) union all (table b except table a)) d
              group by zone) g offset 0) x
  where x.zone_id is not null;
  if is_moved then
    perform link_records(array(select m.id
                               from (select id, zone, owner, domain_id, type, online, offline from n
                                     except select id, zone, owner, domain_id, type, online, offline from o) m
                               where m.domain_id is not null or m.online <> 'rdata' or m.offline <> 'rdata'
                                 or exists (select from domains where zone = m.zone)));
  end if;
  return null;
end $$;

-- Before, so that the rows are still there; and at READ COMMITTED only, as an older snapshot does
-- not show all the rows that TRUNCATE removes.
create or replace function truncate_note() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise feature_not_supported using
      message = format('TRUNCATE of %I.%I is only possible at READ COMMITTED', tg_table_schema, tg_table_name),
      hint = 'Start the transaction with BEGIN ISOLATION LEVEL READ COMMITTED, or use DELETE.';
  end if;
  if tg_table_name = 'zones' then
    insert into last_serials (origin, zone_id, serial)
    select z.origin, z.id, s.serial from zones z join zone_state s on s.zone_id = z.id
    on conflict (origin) do update set zone_id = excluded.zone_id, serial = excluded.serial;
  end if;
  -- hashed; a probe per zone may be planned as a scan of the table per zone
  perform note(id, null) from zones
  where tg_table_name = 'zones' or origin in (select zone from domains union select zone from records);
  return null;
end $$;

-- A serial that somebody sets is served as it is set, and later ones follow it: what the origin had
-- before counts no more.
create or replace function zone_state_note() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  insert into steps (zone_id, has_serial) values (new.zone_id, true)
  on conflict (xid, zone_id, at) do update set has_serial = true;
  delete from last_serials where origin = (select origin from zones where id = new.zone_id);
  return null;
end $$;

create or replace trigger note_insert after insert on zones referencing new table as t
  for each statement execute function zones_note();
create or replace trigger note_delete after delete on zones referencing old table as t
  for each statement execute function zones_note();
create or replace trigger note_update after update on zones referencing old table as o new table as n
  for each statement execute function zones_note_update();
create or replace trigger note_truncate before truncate on zones
  for each statement execute function truncate_note();
create or replace trigger note_insert after insert on domains referencing new table as t
  for each statement execute function domains_note();
create or replace trigger note_delete after delete on domains referencing old table as t
  for each statement execute function domains_note();
create or replace trigger note_update after update on domains referencing old table as o new table as n
  for each statement execute function domains_note_update();
create or replace trigger note_truncate before truncate on domains
  for each statement execute function truncate_note();
create or replace trigger note_insert after insert on records referencing new table as t
  for each statement execute function records_note();
create or replace trigger note_delete after delete on records referencing old table as t
  for each statement execute function records_note();
create or replace trigger note_update after update on records referencing old table as o new table as n
  for each statement execute function records_note_update();
create or replace trigger note_truncate before truncate on records
  for each statement execute function truncate_note();
create or replace trigger note_serial after update of serial on zone_state for each row
  when (new.serial <> old.serial and new.version = old.version) execute function zone_state_note();
