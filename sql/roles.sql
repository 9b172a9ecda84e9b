-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who may do what.  The three roles cannot log in; login roles are members of them.
--   ddns_named    a name server's module: the contract and nothing secret
--   ddns_gateway  a gateway: its caches, its writer, the tables its doors change
--   ddns_admin    ddnsctl and people at psql: every row, not the tables themselves

set local search_path = ddns, pg_temp;

do $$
declare
  r text;
begin
  foreach r in array array['ddns_named', 'ddns_gateway', 'ddns_admin'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = r) then
      execute format('create role %I nologin', r);
    end if;
  end loop;
end $$;

revoke all on schema ddns from public;
revoke all on all tables in schema ddns from public, ddns_named, ddns_gateway, ddns_admin;
revoke all on all sequences in schema ddns from public, ddns_named, ddns_gateway, ddns_admin;
revoke all on all routines in schema ddns from public, ddns_named, ddns_gateway, ddns_admin;
grant usage on schema ddns to ddns_named, ddns_gateway, ddns_admin;

-- The contract
grant select on served_zones, served_rows, served_records, served_redirects, steps, changes, zone_state
  to ddns_named, ddns_gateway, ddns_admin;
grant select on placed_rows, placed_redirects to ddns_named, ddns_gateway, ddns_admin; -- for catch_up
grant execute on function catch_up to ddns_named, ddns_gateway, ddns_admin;

-- Gateways
grant select on gateway_keys, gateway_accounts, settings, schema_version, last_serials
  to ddns_gateway, ddns_admin;
grant select, insert, update, delete on accounts, keys, key_uses, zones, domains, records, contacts,
  timeouts, listening, notified, last_prune, quarantine, duplicates to ddns_gateway, ddns_admin;
-- What has happened they write down and do not change: forget() takes away what is old.
grant select, insert on history, attempts to ddns_gateway, ddns_admin;
grant usage on all sequences in schema ddns to ddns_gateway, ddns_admin;
grant execute on all functions in schema ddns to ddns_gateway, ddns_admin;
grant execute on procedure prune(interval, bigint, bigint), prune(bigint) to ddns_gateway, ddns_admin;
grant delete on steps, changes to ddns_gateway, ddns_admin;
grant update (log_floor) on zone_state to ddns_gateway;

-- The names of keys, accounts and settings in zone 0 are none of a name server's matters.
do $$
declare
  t text;
begin
  foreach t in array array['steps', 'changes'] loop
    execute format('drop policy if exists zones on %I', t);
    execute format('create policy zones on %I for select to ddns_named using (zone_id > 0)', t);
    execute format('drop policy if exists everything on %I', t);
    execute format('create policy everything on %I to ddns_gateway, ddns_admin using (true) with check (true)', t);
  end loop;
end $$;

-- Administrators
grant update, delete on history, attempts to ddns_admin;
grant insert, update, delete on settings to ddns_admin;
grant update (serial, log_floor) on zone_state to ddns_admin;
grant truncate on accounts, keys, key_uses, zones, domains, records, contacts, timeouts, quarantine, history,
  attempts, duplicates, settings to ddns_admin;
