-- SPDX-License-Identifier: GPL-3.0-or-later
-- What is served, computed: online and offline, redirects, wildcards and defaults are decided here,
-- for DNS and HTTP alike.
--
-- The views' shape is part of the design: no anti-join, and the owner of each arm is an indexed
-- column, so that catch_up() is a handful of index probes whatever a zone's size.  They read zones,
-- zone_state, domains and records only, and depend on no clock, no session setting and no role.
-- Default rows say fallback, and whoever reads applies, per owner:
--   a fallback A or AAAA counts where no other A, AAAA or CNAME row is;
--   any other fallback counts where no other row of its type and no CNAME is.

set local search_path = ddns, pg_temp;

create or replace view served_zones as
select z.id as zone_id, z.origin, s.version, s.serial, s.xid, z.mname, z.rname, z.refresh, z.retry,
       z.expire, z.negative_ttl, z.ttl, z.transfer, array(select abbrev(a) from unnest(z.transfer_to) a) as transfer_to
from zones z join zone_state s on s.zone_id = z.id
where z.served;

-- The addresses of domains, redirectors included.
create or replace view domain_hosts as
select z.id as zone_id, d.owner, d.wild_owner, d.wildcard,
       case family(a) when 4 then 'A' else 'AAAA' end collate "C" as type,
       (case when d.online or d.offline in ('keep', 'address') then d.ttl
             else least(d.ttl, 60) end)::int as ttl,
       host(a) collate "C" as rdata
from domains d join zones z on z.origin = d.zone
cross join unnest(case when d.online or d.offline = 'keep' then d.online_address
                       when d.offline = 'address' then d.offline_address
                       when d.offline <> 'none' then z.redirectors end) a
where d.served and z.served;

-- Those of host records that follow their domain.
create or replace view record_hosts as
select r.id as record_id, z.id as zone_id, r.owner, (case family(a) when 4 then 'A' else 'AAAA' end) collate "C" as type,
       (case when case when d.online then r.online else r.offline end in ('rdata', 'address')
               or case when d.online then r.online else r.offline end = 'default'
                  and (d.online or d.offline in ('keep', 'address')) then r.ttl
             else least(r.ttl, 60) end)::int as ttl,
       host(a) collate "C" as rdata
from records r join zones z on z.origin = r.zone join domains d on d.id = r.domain_id
cross join unnest(case case when d.online then r.online else r.offline end
    when 'rdata' then array[r.rdata::inet]
    when 'address' then array[case when d.online then r.online_target else r.offline_target end::inet]
    when 'default' then case when d.online or d.offline = 'keep' then d.online_address
                             when d.offline = 'address' then d.offline_address
                             when d.offline <> 'none' then z.redirectors end
    else z.redirectors end) a
where not (r.online = 'rdata' and r.offline = 'rdata') and d.served and z.served;

create or replace view domain_mail as
select z.id as zone_id, d.owner, d.wild_owner, d.wildcard, 'MX'::text collate "C" as type, d.ttl::int,
       ('10 ' || d.name || '.') collate "C" as rdata
from domains d join zones z on z.origin = d.zone
where d.mail and d.served and z.served;

create or replace view served_rows as
select zone_id, owner, type, ttl, rdata, false as fallback from domain_hosts
union all
select zone_id, wild_owner, type, ttl, rdata, true from domain_hosts where wildcard
union all
select zone_id, owner, type, ttl, rdata, true from domain_mail
union all
select zone_id, wild_owner, type, ttl, rdata, true from domain_mail where wildcard
union all
-- the redirect of www.<domain>
select z.id, d.www_owner, (case family(a) when 4 then 'A' else 'AAAA' end) collate "C",
       least(d.ttl, 60)::int, host(a) collate "C", true
from domains d join zones z on z.origin = d.zone cross join unnest(z.redirectors) a
where d.www <> 'off' and d.online and d.served and z.served
union all
-- records as they are written
select z.id, r.owner, r.type, r.ttl::int, r.rdata, false
from records r join zones z on z.origin = r.zone left join domains d on d.id = r.domain_id
where r.online = 'rdata' and r.offline = 'rdata' and coalesce(d.served, true) and z.served
union all
select zone_id, owner, type, ttl, rdata, false from record_hosts
union all
-- the name servers of a zone that has no NS records of its own
select z.id, '@'::text collate "C", 'NS'::text collate "C", z.ttl, (s || '.') collate "C", true
from zones z cross join unnest(case when z.name_servers = '{}' then array[z.mname]
                                    else z.name_servers end) s
where z.served;

-- The same with the fallback rule applied: for people and tests, never for readers.
create or replace view served_records as
select zone_id, owner, type, ttl, rdata
from (select *, bool_or(not fallback and type = 'CNAME') over (partition by zone_id, owner) as cname,
                bool_or(not fallback) over (partition by zone_id, owner,
                  case when type in ('A', 'AAAA') then 'A' else type end) as taken
      from served_rows) r
where not fallback or not (cname or taken);

-- What the redirect listener answers.  target: for a port, the URL that the request's path is
-- appended to; for a URL, itself; for the page, null.  Fallback rows yield to others of their owner.
-- "not materialized": what is named twice would else be computed whole, for all domains.
create or replace view served_redirects as
with offline as not materialized (
  select z.id as zone_id, z.origin, d.owner, d.wild_owner, d.wildcard, d.name, d.offline as kind,
         case d.offline when 'url' then d.offline_url end as target
  from domains d join zones z on z.origin = d.zone
  where not d.online and d.offline in ('page', 'url') and d.served and z.served)
select zone_id, owner, name, kind, target, false as fallback from offline
union all
select zone_id, wild_owner, ('*.' || name) collate "C", kind, target, true from offline where wildcard
union all
select z.id, d.www_owner, ('www.' || d.name) collate "C", d.www,
       case d.www when 'url' then d.www_url else 'http://' || d.name || ':' || d.www_port end, true
from domains d join zones z on z.origin = d.zone
where d.www <> 'off' and d.online and d.served and z.served
union all
select z.id, r.owner, (case r.owner when '@' then r.zone else r.owner || '.' || r.zone end) collate "C",
       case when d.online then r.online else r.offline end,
       case case when d.online then r.online else r.offline end
         when 'url' then case when d.online then r.online_target else r.offline_target end
         when 'port' then 'http://' || case r.type when 'A' then r.rdata else '[' || r.rdata || ']' end
                          || ':' || r.online_target end,
       false
from records r join zones z on z.origin = r.zone join domains d on d.id = r.domain_id
where case when d.online then r.online else r.offline end in ('port', 'url', 'page')
  and not (r.online = 'rdata' and r.offline = 'rdata') and d.served and z.served
union all
-- host records that show what their domain shows
select z.id, r.owner, (case r.owner when '@' then r.zone else r.owner || '.' || r.zone end) collate "C",
       d.offline, case d.offline when 'url' then d.offline_url end, false
from records r join zones z on z.origin = r.zone join domains d on d.id = r.domain_id
where r.offline = 'default' and not d.online and d.offline in ('page', 'url')
  and d.served and z.served;

-- What a gateway keeps of keys and accounts; kept true by zone 0's steps.
create or replace view gateway_keys as
select k.name, k.id, k.account_id, a.login, k.algorithm, k.secret, k.secret_key_id, k.secret_sha256,
       k.tsig_only, k.expires
from keys k join accounts a on a.id = k.account_id
where a.state = 'active';

create or replace view gateway_accounts as
select login, id, role, state, password_hash from accounts;
