-- SPDX-License-Identifier: GPL-3.0-or-later
-- How the service stands, for ddnsctl.

set local search_path = ddns, pg_temp;

-- One object.
create or replace function status() returns json
language sql stable set search_path = ddns, pg_temp as $$
  select json_build_object(
    'database', current_database(), 'postgresql', split_part(current_setting('server_version'), ' ', 1),
    'schema', (select max(version) from schema_version), 'is_standby', pg_is_in_recovery(),
    'gateways', (select coalesce(json_agg(json_build_object(
                   'gateway', gateway, 'is_there', at > clock_timestamp() - interval '5 s', 'since', since, 'at', at)
                   order by at <= clock_timestamp() - interval '5 s', gateway), '[]') from listening),
    'accounts', (select count(*) from accounts), 'keys', (select count(*) from keys),
    'zones', (select count(*) from zones), 'records', (select count(*) from records),
    'domains', d.online + d.offline, 'domains_online', d.online, 'domains_offline', d.offline,
    'timeouts', t.watched, 'timeouts_due', t.due, 'timeouts_oldest_due', t.oldest,
    'steps', (select count(*) from steps), 'last_prune', (select at from last_prune),
    'last_prune_steps', (select steps from last_prune),
    'zones_to_notify', (select count(*) from status_zones() z where z.is_notify_due))
  from (select count(*) filter (where online) as online, count(*) filter (where not online) as offline from domains) d,
       (select count(*) as watched, count(*) filter (where due <= now()) as due,
               min(due) filter (where due <= now()) as oldest from timeouts) t
$$;

-- Each zone that is served, with its name servers and those of zones.notify.  address is null where the
-- name is of no zone here.
create or replace function status_zones()
returns table (origin text, serial bigint, notified timestamptz, is_notify_due boolean, servers json)
language sql stable set search_path = ddns, pg_temp as $$
  with z as (
    select z.id, z.origin, z.notify, s.serial, n.at, z.notify <> '{}' and n.version is distinct from s.version as is_due,
           coalesce((select array_agg(rtrim(r.rdata, '.') order by r.rdata) from records r
                     where r.zone = z.origin and r.owner = '@' and r.type = 'NS'), nullif(z.name_servers, '{}'),
                    array[z.mname]) as ns
    from zones z join zone_state s on s.zone_id = z.id left join notified n on n.zone_id = z.id where z.served),
  a as (
    select n.name, o.rdata as address
    from (select distinct unnest(ns) as name from z) n
    left join lateral (select id, origin from zones where served and origin = any (n.name || ancestors(n.name))
                       order by length(origin) desc limit 1) z on true
    left join lateral (select rdata from served_rows
                       where zone_id = z.id and type in ('A', 'AAAA')
                         and owner = case when z.origin = n.name then '@'
                                          else left(n.name, -length(z.origin) - 1) end) o on true)
  select z.origin, z.serial, z.at, z.is_due, coalesce((
    select json_agg(json_build_object('name', u.name, 'address', u.address, 'port', u.port))
    from (select a.name, a.address, 53 as port from a where a.name = any (z.ns)
          union
          select null, host(t.address), t.port from unnest(z.notify) n cross join notify_target(n) t
          order by 1, 2, 3) u), '[]')
  from z order by z.origin
$$;
