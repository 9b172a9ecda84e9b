-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is served, computed: online and offline, redirects, wildcards and defaults are decided here,
-- for DNS and HTTP alike.
--
-- The views read zones, zone_state, domains and records only, and depend on no clock, no session setting and
-- no role.  There is no anti-join in them.
--
-- What is served, and where browsers are led, there is in two shapes, made of one text: served_ for whole
-- zones, in which the planner is free; placed_ for one name, which has nothing to decide.  A name's place
-- is its zone and owner in one expression, which one index of a table knows and no other; zone and domain
-- are then looked up behind a fence (lateral, offset 0), since what is joined may be read whole by a plan
-- that was made while it was tiny; so are the settings of a record, which a partial index knows.  So
-- catch_up() is a handful of probes, whatever the tables' sizes are, and were when its plans were made.
--
-- Default rows say fallback, and whoever reads applies, per owner:
--   a fallback A or AAAA counts where no other A, AAAA or CNAME row is;
--   any other fallback counts where no other row of its type and no CNAME is.

set local search_path = ddns, pg_temp;

create or replace view served_zones as
select z.id as zone_id, z.origin, s.version, s.serial, s.xid, z.mname, z.rname, z.refresh, z.retry,
       z.expire, z.negative_ttl, z.ttl, z.transfer, array(select abbrev(a) from unnest(z.transfer_to) a) as transfer_to
from zones z join zone_state s on s.zone_id = z.id
where z.served;

-- Redirects: target is for a port the URL that the request's path is appended to; for a URL, itself; for
-- the page, null.  Fallback rows yield to others of their owner.  "not materialized": what is named
-- twice would else be computed whole, for all domains.
do $do$
declare
  rows constant text := $rows$
with hosts as not materialized (
  -- the addresses of domains, redirectors included
  select d.zone, z.id as zone_id, d.owner, d.wild_owner, d.wildcard,
         case family(a) when 4 then 'A' else 'AAAA' end collate "C" as type,
         (case when d.online or d.offline in ('keep', 'address') then d.ttl
               else least(d.ttl, 60) end)::int as ttl,
         host(a) collate "C" as rdata
  from {domains}
  cross join unnest(case when d.online or d.offline = 'keep' then d.online_address
                         when d.offline = 'address' then d.offline_address
                         when d.offline <> 'none' then z.redirectors end) a
  where d.served and z.served),
mail as not materialized (
  select d.zone, z.id as zone_id, d.owner, d.wild_owner, d.wildcard, 'MX'::text collate "C" as type, d.ttl::int,
         ('10 ' || d.name || '.') collate "C" as rdata
  from {domains}
  where d.mail and d.served and z.served)
select zone || ' ' || reverse(owner) as place, zone_id, owner, type, ttl, rdata, false as fallback,
       null::bigint as record_id
from hosts
union all
select zone || ' ' || reverse(wild_owner), zone_id, wild_owner, type, ttl, rdata, true, null from hosts where wildcard
union all
select zone || ' ' || reverse(owner), zone_id, owner, type, ttl, rdata, true, null from mail
union all
select zone || ' ' || reverse(wild_owner), zone_id, wild_owner, type, ttl, rdata, true, null from mail where wildcard
union all
-- the redirect of www.<domain>
select d.zone || ' ' || reverse(d.www_owner), z.id, d.www_owner,
       (case family(a) when 4 then 'A' else 'AAAA' end) collate "C", least(d.ttl, 60)::int, host(a) collate "C", true, null
from {domains} cross join unnest(z.redirectors) a
where d.www <> 'off' and d.online and d.served and z.served
union all
-- records as they are written
select r.zone || ' ' || reverse(r.owner), z.id, r.owner, r.type, r.ttl::int, r.rdata, false, r.id
from {records}
where h.online = 'rdata' and h.offline = 'rdata' and coalesce(d.served, true) and z.served
union all
-- host records that follow their domain
select r.zone || ' ' || reverse(r.owner), z.id, r.owner, (case family(a) when 4 then 'A' else 'AAAA' end) collate "C",
       (case when case when d.online then h.online else h.offline end in ('rdata', 'address')
               or case when d.online then h.online else h.offline end = 'default'
                  and (d.online or d.offline in ('keep', 'address')) then r.ttl
             else least(r.ttl, 60) end)::int,
       host(a) collate "C", false, r.id
from {records}
cross join unnest(case case when d.online then h.online else h.offline end
    when 'rdata' then array[r.rdata::inet]
    when 'address' then array[case when d.online then r.online_target else r.offline_target end::inet]
    when 'default' then case when d.online or d.offline = 'keep' then d.online_address
                             when d.offline = 'address' then d.offline_address
                             when d.offline <> 'none' then z.redirectors end
    else z.redirectors end) a
where not (h.online = 'rdata' and h.offline = 'rdata') and d.served and z.served
union all
-- the name servers of a zone that has no NS records of its own
select z.origin || ' @', z.id, '@'::text collate "C", 'NS'::text collate "C", z.ttl, (s || '.') collate "C", true, null
from zones z cross join unnest(case when z.name_servers = '{}' then array[z.mname]
                                    else z.name_servers end) s
where z.served$rows$;
  redirects constant text := $redirects$
with offline as not materialized (
  select d.zone, z.id as zone_id, d.owner, d.wild_owner, d.wildcard, d.name, d.offline as kind,
         case d.offline when 'url' then d.offline_url end as target
  from {domains}
  where not d.online and d.offline in ('page', 'url') and d.served and z.served)
select zone || ' ' || reverse(owner) as place, zone_id, owner, name, kind, target, false as fallback from offline
union all
select zone || ' ' || reverse(wild_owner), zone_id, wild_owner, ('*.' || name) collate "C", kind, target, true
from offline where wildcard
union all
select d.zone || ' ' || reverse(d.www_owner), z.id, d.www_owner, ('www.' || d.name) collate "C", d.www,
       case d.www when 'url' then d.www_url else 'http://' || d.name || ':' || d.www_port end, true
from {domains}
where d.www <> 'off' and d.online and d.served and z.served
union all
select r.zone || ' ' || reverse(r.owner), z.id, r.owner,
       (case r.owner when '@' then r.zone else r.owner || '.' || r.zone end) collate "C",
       case when d.online then h.online else h.offline end,
       case case when d.online then h.online else h.offline end
         when 'url' then case when d.online then r.online_target else r.offline_target end
         when 'port' then 'http://' || case r.type when 'A' then r.rdata else '[' || r.rdata || ']' end
                          || ':' || r.online_target end,
       false
from {records}
where case when d.online then h.online else h.offline end in ('port', 'url', 'page')
  and not (h.online = 'rdata' and h.offline = 'rdata') and d.served and z.served
union all
-- host records that show what their domain shows
select r.zone || ' ' || reverse(r.owner), z.id, r.owner,
       (case r.owner when '@' then r.zone else r.owner || '.' || r.zone end) collate "C",
       d.offline, case d.offline when 'url' then d.offline_url end, false
from {records}
where h.offline = 'default' and not d.online and d.offline in ('page', 'url')
  and d.served and z.served$redirects$;
  s record;
begin
  for s in
    select * from (values
      ('served', 'zone_id, owner, type, ttl, rdata, fallback', 'zone_id, owner, name, kind, target, fallback',
       'domains d join zones z on z.origin = d.zone',
       'records r join zones z on z.origin = r.zone left join domains d on d.id = r.domain_id '
       'cross join lateral (select r.online, r.offline) h'),
      ('placed', 'place, owner, type, ttl, rdata, fallback, record_id', 'place, owner, kind, target, fallback',
       'domains d cross join lateral (select * from zones where origin = d.zone offset 0) z',
       'records r cross join lateral (select * from zones where origin = r.zone offset 0) z '
       'left join lateral (select * from domains where id = r.domain_id offset 0) d on true '
       'cross join lateral (select r.online, r.offline offset 0) h')
    ) s (shape, of_rows, of_redirects, domains, records)
  loop
    execute format('create or replace view %s_rows as select %s from (%s) r', s.shape, s.of_rows,
                   replace(replace(rows, '{domains}', s.domains), '{records}', s.records));
    execute format('create or replace view %s_redirects as select %s from (%s) r', s.shape, s.of_redirects,
                   replace(replace(redirects, '{domains}', s.domains), '{records}', s.records));
  end loop;
end $do$;

-- The same with the fallback rule applied: for people and tests, never for readers.
create or replace view served_records as
select zone_id, owner, type, ttl, rdata
from (select *, bool_or(not fallback and type = 'CNAME') over (partition by zone_id, owner) as cname,
                bool_or(not fallback) over (partition by zone_id, owner,
                  case when type in ('A', 'AAAA') then 'A' else type end) as taken
      from served_rows) r
where not fallback or not (cname or taken);

-- What a gateway keeps of keys and accounts; kept true by zone 0's steps.
create or replace view gateway_keys as
select k.name, k.id, k.account_id, a.login, k.algorithm, k.secret, k.secret_key_id, k.secret_sha256,
       k.tsig_only, k.expires
from keys k join accounts a on a.id = k.account_id
where a.state = 'active';

create or replace view gateway_accounts as
select login, id, role, state, password_hash from accounts;
