-- SPDX-License-Identifier: GPL-3.0-or-later
-- History: who changed what.
--
-- Triggers write it, a row for each thing that a statement changed.  What goes in groups is written by
-- the functions that know who asked for which part (write_group, write_message, update_plain): they
-- have ddns.told = on in their definition, and then triggers are silent.  A statement that changes
-- more than 1000 rows of a table is one row for each zone.
--
-- Who it is says the setting ddns.actor, a JSON object of account, key, door and peer.  It stands in a
-- function's definition, or is set within a function that has it so: then it ends with that function,
-- and nobody else's changes can go under that name.  Without it, it is whoever is connected, and the
-- door is the program's name.

set local search_path = ddns, pg_temp;

create or replace function actor(out account text, out key text, out role text, out door text, out peer inet)
language plpgsql stable set search_path = ddns, pg_temp as $$
declare
  a jsonb := nullif(current_setting('ddns.actor', true), '');
begin
  if a is null then
    role := session_user;
    door := coalesce(nullif(current_setting('application_name'), ''), 'sql');
    peer := inet_client_addr();
  else
    account := a ->> 'account';
    key := a ->> 'key';
    door := a ->> 'door';
    peer := a ->> 'peer';
  end if;
end $$;

-- The value of ddns.actor for a request at a door; key null: the account's password.
create or replace function actor_of(p_account bigint, p_key bigint, p_door text, p_peer inet) returns text
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
begin
  return json_build_object('account', (select login from accounts where id = p_account),
                           'key', (select name from keys where id = p_key), 'door', p_door, 'peer', p_peer);
end $$;

-- The serial that a zone has once this transaction has committed, unless others commit in it before: each
-- of them adds one.  Only the commit knows, and would have to write its history again.  What gateways do
-- holds the zone's lock from before until its commit, so only statements typed by hand come between.
create or replace function serial_after(p_zone bigint) returns bigint
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
as $$
begin
  return (select case when exists (select from steps where xid = pg_current_xact_id() and zone_id = p_zone
                                     and at = transaction_timestamp() and version is null and not has_serial)
                      then s.serial % 4294967295 + 1 else s.serial end
          from zone_state s where s.zone_id = p_zone);
end $$;

create or replace function is_mass(p_rows bigint) returns boolean
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return p_rows > 1000;
end $$;

create or replace function full_name(p_owner text, p_zone text) returns text
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return case p_owner when '@' then p_zone else p_owner || '.' || p_zone end;
end $$;

-- Records.  Old and new are the data of one name and type, as "TTL RDATA" with commas between.

create or replace function record_text(p_ttl bigint, p_rdata text, p_online text, p_online_target text, p_offline text,
                                       p_offline_target text, p_interface inet) returns text
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return p_ttl || ' ' || p_rdata
  || case when p_online <> 'rdata' then ' online=' || p_online || coalesce(':' || p_online_target, '') else '' end
  || case when p_offline <> 'rdata' then ' offline=' || p_offline || coalesce(':' || p_offline_target, '') else '' end
  || coalesce(' interface-id=' || host(p_interface), '');
end $$;

-- Many at once, a row for each zone.  Zones that are gone tell it themselves.
create or replace function tell_mass(p_zones text[], p_rows bigint[], p_what text, p_done text) returns void
language sql set search_path = ddns, pg_temp as $$
  insert into history (zone, name, account, key, role, door, peer, what, new, serial)
  select z.origin, z.origin, a.*, p_what, format('%s %s', u.rows, p_done), serial_after(z.id)
  from unnest(p_zones, p_rows) u (zone, rows) join zones z on z.origin = u.zone cross join actor() a
$$;

create or replace function tell_records() returns trigger -- insert, delete
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  if is_mass((select count(*) from (select from t limit 1001) c)) then
    perform tell_mass(array_agg(g.zone), array_agg(g.rows), 'records', case tg_op when 'INSERT' then 'added' else 'deleted' end)
    from (select zone, count(*) as rows from t group by zone) g;
    return null;
  end if;
  insert into history (zone, name, account, key, role, door, peer, what, old, new, serial)
  select g.zone, full_name(g.owner, g.zone), a.*, g.type, case tg_op when 'DELETE' then g.data end,
         case tg_op when 'INSERT' then g.data end, s.serial
  from (select zone, owner, type, string_agg(record_text(ttl, rdata, online, online_target, offline, offline_target,
                                                         interface_id), ', ' order by rdata) as data
        from t group by zone, owner, type) g
  join (select origin, serial_after(id) as serial from zones where origin in (select zone from t)) s on s.origin = g.zone
  cross join actor() a;
  return null;
end $$;

create or replace function tell_records_update() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  if is_mass((select count(*) from (select from n limit 1001) c)) then
    perform tell_mass(array_agg(g.zone), array_agg(g.rows), 'records', 'changed')
    from (select zone, count(*) as rows from n group by zone) g;
    return null;
  end if;
  insert into history (zone, name, account, key, role, door, peer, what, old, new, serial)
  select g.zone, full_name(g.owner, g.zone), a.*, g.type, g.old, g.new, s.serial
  from (with b as (select id, zone, owner, type, rdata, record_text(ttl, rdata, online, online_target, offline,
                                                                    offline_target, interface_id) as data from o),
             c as (select id, zone, owner, type, rdata, record_text(ttl, rdata, online, online_target, offline,
                                                                    offline_target, interface_id) as data from n)
        select d.zone, d.owner, d.type, string_agg(d.data, ', ' order by d.rdata) filter (where d.is_old) as old,
               string_agg(d.data, ', ' order by d.rdata) filter (where not d.is_old) as new
        from (select b.*, true as is_old from (table b except table c) b
              union all select c.*, false from (table c except table b) c) d
        group by d.zone, d.owner, d.type) g
  join (select origin, serial_after(id) as serial from zones
        where origin in (select zone from n union select zone from o)) s on s.origin = g.zone
  cross join actor() a
  -- the names of a zone that is renamed
  where not exists (select from o where not exists (select from zones where origin = o.zone));
  return null;
end $$;

-- Domains, in the words of ddnsctl.

create or replace function setting_text(p_word text, p_address inet[], p_port int, p_url text) returns text
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return p_word || case p_word when 'address' then ':' || array_to_string(p_address, ',') when 'port' then ':' || p_port
                             when 'url' then ':' || p_url else '' end;
end $$;

create or replace function term_text(p_term text, p_ends timestamptz) returns text
language plpgsql stable parallel safe set search_path = ddns, pg_temp as $$
begin
  return nullif(p_term, 'none') || to_char(p_ends at time zone 'UTC', '" until "YYYY-MM-DD HH24:MI"Z"');
end $$;

create or replace function login_of(p_account bigint) returns text
language plpgsql stable parallel safe set search_path = ddns, pg_temp as $$
begin
  return (select login from accounts where id = p_account);
end $$;

create or replace function tell_domains() returns trigger -- insert, delete
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  is_new boolean := tg_op = 'INSERT';
begin
  if is_mass((select count(*) from (select from t limit 1001) c)) then
    perform tell_mass(array_agg(g.zone), array_agg(g.rows), 'domains', case when is_new then 'added' else 'deleted' end)
    from (select zone, count(*) as rows from t group by zone) g;
    return null;
  end if;
  insert into history (zone, name, account, key, role, door, peer, what, old, new, serial)
  select t.zone, t.name, a.*, x.what, case when not is_new then x.value end, case when is_new then x.value end, s.serial
  from t
  join (select origin, serial_after(id) as serial from zones where origin in (select zone from t)) s on s.origin = t.zone
  cross join lateral (values ('domain', login_of(t.account_id)), ('address', nullif(array_to_string(t.address, ','), '')),
                             ('term', term_text(t.term, t.term_ends))) x (what, value)
  cross join actor() a
  where x.value is not null;
  return null;
end $$;

create or replace function tell_domains_update() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_nestloop = off as $$
begin
  if is_mass((select count(*) from (select from n limit 1001) c)) then
    perform tell_mass(array_agg(g.zone), array_agg(g.rows), 'domains', 'changed')
    from (select zone, count(*) as rows from n group by zone) g;
    return null;
  end if;
  insert into history (zone, name, account, key, role, door, peer, what, old, new, serial)
  select n.zone, n.name, a.*, x.what, x.old, x.new, s.serial
  from n join o using (id)
  join (select origin, serial_after(id) as serial from zones where origin in (select zone from n)) s on s.origin = n.zone
  cross join lateral (
    select 'address' as what, nullif(array_to_string(o.address, ','), '') as old,
           nullif(array_to_string(n.address, ','), '') as new where n.address <> o.address
    union all
    select 'state', case when o.online then 'online' else 'offline' end, case when n.online then 'online' else 'offline' end
    where n.online <> o.online
    union all
    -- what else there is; worded only where it has changed
    select s.*
    from (select (n.www, n.www_port, n.www_url) is distinct from (o.www, o.www_port, o.www_url) as www,
                 (n.offline, n.offline_address, n.offline_url)
                   is distinct from (o.offline, o.offline_address, o.offline_url) as offline,
                 (n.term, n.term_ends) is distinct from (o.term, o.term_ends) as term) c
    cross join lateral (values
      ('name', o.name, n.name),
      ('account', case when n.account_id <> o.account_id then login_of(o.account_id) end,
                  case when n.account_id <> o.account_id then login_of(n.account_id) end),
      ('fixed', array_to_string(o.fixed, ','), array_to_string(n.fixed, ',')),
      ('prefix', o.prefix::text, n.prefix::text), ('timeout', o.timeout::text, n.timeout::text),
      ('www', case when c.www then setting_text(o.www, null, o.www_port, o.www_url) end,
              case when c.www then setting_text(n.www, null, n.www_port, n.www_url) end),
      ('offline', case when c.offline then setting_text(o.offline, o.offline_address, null, o.offline_url) end,
                  case when c.offline then setting_text(n.offline, n.offline_address, null, n.offline_url) end),
      ('wildcard', case when o.wildcard then 'on' else 'off' end, case when n.wildcard then 'on' else 'off' end),
      ('mail', case when o.mail then 'on' else 'off' end, case when n.mail then 'on' else 'off' end),
      ('ttl', o.ttl::text, n.ttl::text),
      ('term', case when c.term then term_text(o.term, o.term_ends) end,
               case when c.term then term_text(n.term, n.term_ends) end)) s (what, old, new)
    where (n.name, n.account_id, n.fixed, n.prefix, n.timeout, n.www, n.www_port, n.www_url, n.offline, n.offline_address,
           n.offline_url, n.wildcard, n.mail, n.ttl, n.term, n.term_ends)
      is distinct from
          (o.name, o.account_id, o.fixed, o.prefix, o.timeout, o.www, o.www_port, o.www_url, o.offline, o.offline_address,
           o.offline_url, o.wildcard, o.mail, o.ttl, o.term, o.term_ends)
      and s.old is distinct from s.new) x
  cross join actor() a
  -- the names of a zone that is renamed
  where n.zone = o.zone or exists (select from zones where origin = o.zone);
  return null;
end $$;

-- Zones, accounts, keys and settings: few rows of many columns.

create or replace function told_name(p_table text, p_row jsonb) returns text
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return case p_table when 'zones' then p_row ->> 'origin' when 'accounts' then 'account:' || (p_row ->> 'login')
                    when 'keys' then 'key:' || (p_row ->> 'name') else 'setting:' || (p_row ->> 'name') end;
end $$;

create or replace function told_value(p_column text, p_value jsonb) returns text
language plpgsql stable parallel safe set search_path = ddns, pg_temp as $$
begin
  return case when p_column = 'account_id' then login_of((p_value #>> '{}')::bigint)
            when jsonb_typeof(p_value) = 'array' then array_to_string(array(select jsonb_array_elements_text(p_value)), ',')
            else p_value #>> '{}' end;
end $$;

create or replace function tell_rows() returns trigger -- insert, delete
language plpgsql security definer set search_path = ddns, pg_temp as $$
declare
  n bigint := (select count(*) from t);
begin
  insert into history (zone, name, account, key, role, door, peer, what, old, new)
  select r.j ->> 'origin', told_name(tg_table_name, r.j), a.*, rtrim(tg_table_name, 's'),
         case tg_op when 'DELETE' then r.value end, case tg_op when 'INSERT' then r.value end
  from (select j, case tg_table_name
                    when 'zones' then j ->> 'kind' when 'accounts' then j ->> 'role' when 'settings' then j ->> 'value'
                    else login_of((j ->> 'account_id')::bigint) end as value
        from (select to_jsonb(t) as j from t where not is_mass(n)) l) r
  cross join actor() a;
  if is_mass(n) then
    insert into history (name, account, key, role, door, peer, what, new)
    select tg_table_name, a.*, tg_table_name, format('%s %s', n, case tg_op when 'INSERT' then 'added' else 'deleted' end)
    from actor() a;
  end if;
  return null;
end $$;

-- Secrets, and what is as good as one, are told without their values.
create or replace function tell_rows_update() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp set enable_nestloop = off as $$
declare
  rows bigint := (select count(*) from n);
begin
  if is_mass(rows) then
    insert into history (name, account, key, role, door, peer, what, new)
    select tg_table_name, a.*, tg_table_name, format('%s changed', rows) from actor() a;
    return null;
  end if;
  insert into history (zone, name, account, key, role, door, peer, what, old, new, serial)
  select b.j ->> 'origin', told_name(tg_table_name, b.j), a.*, case c.key when 'account_id' then 'account' when 'password_hash' then 'password' else c.key end,
         case when not x.is_secret then told_value(c.key, d.j -> c.key) end,
         case when x.is_secret then 'changed' else told_value(c.key, c.value) end,
         case when tg_table_name = 'zones' then serial_after((b.j ->> 'id')::bigint) end
  from (select to_jsonb(n) as j from n) b
  join (select to_jsonb(o) as j from o) d on coalesce(d.j ->> 'id', d.j ->> 'name') = coalesce(b.j ->> 'id', b.j ->> 'name')
  cross join lateral jsonb_each(b.j) c
  cross join lateral (select c.key in ('secret', 'password_hash', 'registration_id') as is_secret) x
  cross join actor() a
  where c.value is distinct from d.j -> c.key and c.key not in ('served', 'secret_key_id', 'secret_sha256');
  return null;
end $$;

create or replace function tell_serial() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  insert into history (zone, name, account, key, role, door, peer, what, old, new, serial)
  select z.origin, z.origin, a.*, 'serial', old.serial::text, new.serial::text, new.serial
  from zones z cross join actor() a where z.id = new.zone_id;
  return null;
end $$;

create or replace function tell_truncate() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  insert into history (name, account, key, role, door, peer, what, new)
  select tg_table_name, a.*, tg_table_name, 'all deleted' from actor() a;
  return null;
end $$;

do $$
declare
  t text;
begin
  foreach t in array array['domains', 'records', 'zones', 'accounts', 'keys', 'settings'] loop
    execute format('create or replace trigger tell_insert after insert on %I referencing new table as t for each statement '
                   'when (current_setting(''ddns.told'', true) is distinct from ''on'') execute function %I()',
                   t, case when t in ('domains', 'records') then 'tell_' || t else 'tell_rows' end);
    execute format('create or replace trigger tell_delete after delete on %I referencing old table as t for each statement '
                   'when (current_setting(''ddns.told'', true) is distinct from ''on'') execute function %I()',
                   t, case when t in ('domains', 'records') then 'tell_' || t else 'tell_rows' end);
    execute format('create or replace trigger tell_update after update on %I referencing old table as o new table as n '
                   'for each statement when (current_setting(''ddns.told'', true) is distinct from ''on'') '
                   'execute function %I()',
                   t, case when t in ('domains', 'records') then 'tell_' || t else 'tell_rows' end || '_update');
    execute format('create or replace trigger tell_truncate after truncate on %I for each statement '
                   'execute function tell_truncate()', t);
  end loop;
end $$;
create or replace trigger tell_serial after update of serial on zone_state for each row
  when (new.serial <> old.serial and new.version = old.version) execute function tell_serial();

-- What was changed at a name and what lies below it, and tries that failed, newest first.  p_name may
-- be account:LOGIN, key:NAME or setting:NAME too.  p_account: only what is that account's to see: what
-- has happened since it holds the domain or private zone.
create or replace function history_of(p_name text, p_limit int, p_account bigint default null)
returns table (at timestamptz, name text, account text, key text, role text, door text, peer inet,
               what text, old text, new text, serial bigint, reason text)
language plpgsql stable
set search_path = ddns, pg_temp set plan_cache_mode = force_custom_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  since timestamptz := '-infinity';
begin
  if p_account is not null then
    since := (select case m.holder when p_account then greatest(
                       coalesce((select d.created from domains d where d.name = m.name),
                                (select z.created from zones z where z.origin = m.name)),
                       (select max(h.at) from history h
                        where reverse(h.name) = reverse(m.name) and h.name = m.name and h.what = 'account')) end
              from matter_of(p_name) m);
  end if;
  return query
  select r.* from (
    (select h.at, h.name::text, h.account::text, h.key::text, h.role::text, h.door, h.peer, h.what, h.old, h.new, h.serial,
            null::text as reason
     from history h
     where reverse(h.name) >= reverse(p_name) collate "C" and reverse(h.name) < reverse(p_name) || '/' collate "C"
       and is_at_or_below(h.name, p_name) and h.at >= since
     order by h.id desc limit p_limit)
    union all
    (select t.at, t.name::text, t.account::text, t.key::text, null, t.door, t.peer, 'failed', null, null, null, t.reason
     from attempts t
     where reverse(t.name) >= reverse(p_name) collate "C" and reverse(t.name) < reverse(p_name) || '/' collate "C"
       and is_at_or_below(t.name, p_name) and t.at >= since
     order by t.at desc limit p_limit)) r
  order by r.at desc limit p_limit;
end $$;
