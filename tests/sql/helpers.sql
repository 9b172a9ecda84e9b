-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the tests share: loaded into the scratch database once, before them.
create extension pgtap;
create extension dblink;
create schema test;

-- Runs a statement that must fail, and everything that a commit would check; compares SQLSTATE,
-- message and hint, the last two as LIKE patterns.
create function test.refused(p_sql text, p_state text, p_message text, p_hint text, p_name text) returns text
language plpgsql as $$
declare
  m text;
  h text;
  s text;
begin
  begin
    execute p_sql;
    set constraints all immediate;
    set constraints all deferred;
    return ok(false, p_name) || E'\n' || diag('nothing was refused: ' || p_sql);
  exception when others then
    get stacked diagnostics m = message_text, h = pg_exception_hint, s = returned_sqlstate;
  end;
  return ok(s = p_state and m like p_message and h like p_hint, p_name)
    || case when s = p_state and m like p_message and h like p_hint then ''
            else E'\n' || diag(format('%s: %s / %s', s, m, h)) end;
end $$;

-- The same for something that must pass at commit too.
create function test.accepted(p_sql text, p_name text) returns text
language plpgsql as $$
declare
  m text;
begin
  begin
    execute p_sql;
    set constraints all immediate;
    set constraints all deferred;
  exception when others then
    get stacked diagnostics m = message_text;
    return ok(false, p_name) || E'\n' || diag(m);
  end;
  return ok(true, p_name);
end $$;

-- A second session to the same database.
create function test.connect(p_name text) returns text
language sql as $$
  select dblink_connect(p_name, format('dbname=%s host=%s port=%s user=%s', current_database(),
    split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), session_user))
$$;

-- What it met when it did this: '' or the SQLSTATE.
create function test.elsewhere(p_connection text, p_sql text) returns text
language plpgsql as $$
begin
  perform dblink_exec(p_connection, p_sql);
  return '';
exception when others then
  return sqlstate;
end $$;

-- Starts something there that may have to wait, and later asks how it went.
create function test.start(p_connection text, p_sql text) returns int
language sql as $$ select dblink_send_query(p_connection, p_sql) $$;

create function test.outcome(p_connection text) returns text
language plpgsql as $$
declare
  state text := '';
begin
  begin
    perform * from dblink_get_result(p_connection) as t (r text);
  exception when others then
    state := sqlstate;
  end;
  perform * from dblink_get_result(p_connection, false) as t (r text);
  return state;
end $$;

create function test.is_waiting(p_pid int) returns boolean
language plpgsql as $$
begin
  for i in 1..3000 loop
    perform pg_stat_clear_snapshot();
    if exists (select from pg_stat_activity where pid = p_pid and wait_event_type = 'Lock') then
      return true;
    end if;
    perform pg_sleep(0.01);
  end loop;
  return false;
end $$;

-- Two accounts, a shared zone with a redirector, a zone of the operator's.
create function test.world() returns void
language sql as $$
  insert into ddns.accounts (login) values ('joe'), ('ann');
  insert into ddns.zones (origin, kind, mname, rname, redirectors, addresses)
  values ('dyn.test', 'shared', 'ns1.test', 'hostmaster.test', '{203.0.113.9}', 'any'),
         ('own.test', 'own', 'ns1.test', 'hostmaster.test', '{}', 'any');
  insert into ddns.domains (zone, owner, account_id, address)
  select 'dyn.test', login, id, '{192.0.2.1}' from ddns.accounts where login in ('joe', 'ann');
$$;

create function test.account(p_login text) returns bigint
language sql as $$ select id from ddns.accounts where login = p_login $$;

create function test.zone(p_origin text) returns bigint
language sql as $$ select id from ddns.zones where origin = p_origin $$;

-- What is served at an owner, as "TYPE TTL RDATA" lines in order.
create function test.at(p_origin text, p_owner text) returns text
language sql as $$
  select coalesce(string_agg(type || ' ' || ttl || ' ' || rdata, '; ' order by type, rdata), '')
  from ddns.served_records where zone_id = test.zone(p_origin) and owner = p_owner
$$;

create function test.version(p_zone bigint) returns bigint
language sql as $$ select version from ddns.zone_state where zone_id = p_zone $$;

-- Closes the steps and opens the next: as good as a commit, but it can be rolled back.  Steps of
-- one transaction are one, so tests of several versions use a connection of their own.
create function test.commit() returns void
language plpgsql as $$
begin
  set constraints all immediate;
  set constraints all deferred;
end $$;

-- The names that this transaction has noted in a zone.
create function test.noted(p_zone bigint) returns text
language sql as $$
  select string_agg(distinct owner, ' ' order by owner) from ddns.changes
  where xid = pg_current_xact_id() and zone_id = p_zone
$$;
