-- SPDX-License-Identifier: GPL-3.0-or-later
-- Settings, accounts and keys: the defaults, and the names that belong to no zone.

set local search_path = ddns, pg_temp;

-- A setting's value where nobody has set it; null: there is no such setting.
create or replace function setting_default(p_name text) returns text
language sql immutable parallel safe set search_path = ddns, pg_temp
return case p_name
  when 'name_servers' then ''           -- names, separated by blanks: NS of zones without their own
  when 'update_name' then ''            -- MNAME of new zones: where a gateway takes DNS UPDATE
  when 'update_url' then ''             -- the gateways' HTTP doors, for the configurations of clients
  when 'secret_key_id' then ''          -- id of the file that encrypts keys
  when 'quarantine_days' then '200'     -- how long a released name rests
  when 'history_days' then '365'
  when 'attempts_days' then '30'
  when 'log_keep' then '1 hour'         -- how long steps are kept for readers
  when 'log_rows' then '1000000'        -- and how many of a zone
  when 'records_per_set' then '100'     -- what DNS UPDATE may add: records of a type at a name,
  when 'set_octets' then '16384'        -- their data together, as text,
  when 'types_per_name' then '20'       -- and in shared zones types at a name,
  when 'names_per_account' then '1000'  -- and names with records of an account
  when 'reserved_names' then            -- labels that nobody gets in shared zones; * stands for
                                        -- any text
    '_* www ftp mail mx mx* smtp imap pop pop3 ns ns* dns dyn api admin root abuse postmaster '
    'hostmaster webmaster security localhost local internal wpad isatap autodiscover autoconfig'
  end;

create or replace function setting(p_name text) returns text
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  return coalesce((select value from settings where name = p_name), setting_default(p_name));
end $$;

-- The words of a list.
create or replace function words(p_list text) returns text[]
language sql immutable parallel safe set search_path = ddns, pg_temp
return array(select w from regexp_split_to_table(p_list, '[\s,]+') with ordinality as l (w, i)
             where w <> '' order by i);

create or replace function setting_list(p_name text) returns text[]
language sql stable set search_path = ddns, pg_temp
return words(setting(p_name));

create or replace function note_global(p_names text[]) returns void
language sql security definer set search_path = ddns, pg_temp
as $$ select note(0, p_names) where p_names <> '{}' $$;

create or replace function settings_note() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform note_global(array(select 'setting:' || name from t));
  if exists (select from t where name = 'name_servers') then
    perform copy_name_servers(case tg_op when 'DELETE' then (select value from t where name = 'name_servers')
                                         else setting_default('name_servers') end);
  end if;
  return null;
end $$;

create or replace function settings_note_update() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform note_global(array(select distinct 'setting:' || name
    from ((table o except table n) union all (table n except table o)) d));
  if exists (select from o where name = 'name_servers') then
    perform copy_name_servers((select value from o where name = 'name_servers'));
  end if;
  return null;
end $$;

-- Views read no settings: zones keep a copy, which follows where nobody has changed it.
create or replace function copy_name_servers(p_before text) returns void
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  update zones set name_servers = setting_list('name_servers')
  where name_servers = words(p_before) and name_servers <> setting_list('name_servers');
end $$;

create or replace function settings_truncate_note() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform note(0, null);
  update zones set name_servers = words(setting_default('name_servers'))
  where name_servers = setting_list('name_servers');
  return null;
end $$;

create or replace function keys_note() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform note_global(array(select 'key:' || name from t));
  return null;
end $$;

create or replace function keys_note_update() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform note_global(array(select distinct 'key:' || name
    from ((table o except table n) union all (table n except table o)) d));
  return null;
end $$;

create or replace function accounts_note() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform note_global(array(select 'account:' || login from t));
  return null;
end $$;

-- What gateway_keys shows of an account is a matter of its keys too.
create or replace function accounts_note_update() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  perform note_global(array(
    select distinct 'account:' || login
    from ((table o except table n) union all (table n except table o)) d
    union all
    select 'key:' || k.name
    from (select id from (select id, login, state from o union select id, login, state from n) d
          group by id having count(*) > 1) d
    cross join lateral (select name from keys where account_id = d.id offset 0) k));
  perform account_state_changed(array(select id from (select id, state from n except select id, state from o) d));
  return null;
end $$;

create or replace function global_truncate_note() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  perform note(0, null);
  return null;
end $$;

create or replace trigger note_insert after insert on settings referencing new table as t
  for each statement execute function settings_note();
create or replace trigger note_delete after delete on settings referencing old table as t
  for each statement execute function settings_note();
create or replace trigger note_update after update on settings referencing old table as o new table as n
  for each statement execute function settings_note_update();
create or replace trigger note_truncate before truncate on settings
  for each statement execute function settings_truncate_note();
create or replace trigger note_insert after insert on keys referencing new table as t
  for each statement execute function keys_note();
create or replace trigger note_delete after delete on keys referencing old table as t
  for each statement execute function keys_note();
create or replace trigger note_update after update on keys referencing old table as o new table as n
  for each statement execute function keys_note_update();
create or replace trigger note_truncate before truncate on keys
  for each statement execute function global_truncate_note();
create or replace trigger note_insert after insert on accounts referencing new table as t
  for each statement execute function accounts_note();
create or replace trigger note_delete after delete on accounts referencing old table as t
  for each statement execute function accounts_note();
create or replace trigger note_update after update on accounts referencing old table as o new table as n
  for each statement execute function accounts_note_update();
create or replace trigger note_truncate before truncate on accounts
  for each statement execute function global_truncate_note();
