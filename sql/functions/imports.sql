-- SPDX-License-Identifier: GPL-3.0-or-later
-- A zone from a master file: rows are gathered and judged in temporary tables of the session, without
-- any lock, and then what differs from the stored zone is changed at once.

set local search_path = ddns, pg_temp;

-- Types that a signer makes: a file's are not taken over, and stored ones stay when a file replaces a
-- zone.
create or replace function signers_types() returns text[]
language sql immutable parallel safe set search_path = ddns, pg_temp
return '{SIG,NXT,RRSIG,NSEC,DNSKEY,NSEC3,NSEC3PARAM,CDS,CDNSKEY,ZONEMD}'::text[];

-- Makes the tables, empty.
create or replace function import_begin() returns void
language plpgsql set search_path = ddns, pg_temp as $$
begin
  if to_regclass('pg_temp.imported') is null then
    create temp table imported (n bigint, file int, line bigint, owner text collate "C", type text collate "C",
                                ttl bigint, rdata text collate "C", fault text);
    create temp table import_remarks (is_error boolean, file int, line bigint, remark text);
    create temp table import_changes (what text, id bigint, owner text collate "C", type text collate "C",
                                      ttl bigint, rdata text collate "C", address inet[]);
  end if;
  truncate pg_temp.imported, pg_temp.import_remarks, pg_temp.import_changes;
end $$;

-- Adds rows of a file, in its order; p_after is the number of those that came before.  A row that is
-- not plain is made canonical or refused by the rules of records.
create or replace function import_put(p_zone text, p_after bigint, p_files int[], p_lines bigint[], p_owners text[],
                                      p_types text[], p_ttls bigint[], p_rdatas text[], p_plain boolean[])
returns void
language plpgsql set search_path = ddns, pg_temp as $$
begin
  insert into pg_temp.imported (n, file, line, owner, type, ttl, rdata, fault)
  select p_after + n, file, line, owner, coalesce(made[1], type), ttl, coalesce(made[2], rdata), made[3]
  from (select u.*, case when not is_plain then import_check(p_zone, owner, type, ttl, rdata) end as made
        from unnest(p_files, p_lines, p_owners, p_types, p_ttls, p_rdatas, p_plain) with ordinality
          u (file, line, owner, type, ttl, rdata, is_plain, n) offset 0) x;
end $$;

-- The stored type and rdata of a record, or why it is refused.
create or replace function import_check(p_zone text, p_owner text, p_type text, p_ttl bigint, p_rdata text,
                                        out made text[])
language plpgsql set search_path = ddns, pg_temp as $$
declare
  stored_type text := p_type;
  what text;
  hint text;
begin
  if p_type ~ '^TYPE[0-9]{1,5}$' then   -- one whose name the reader of the file does not know
    stored_type := coalesce((select key from jsonb_each(type_numbers())
                             where value = to_jsonb(substr(p_type, 5)::int)), p_type);
  end if;
  made := array[stored_type, check_record(p_zone, p_owner, stored_type, p_ttl, p_rdata), null];
exception when data_exception then
  get stacked diagnostics what = message_text, hint = pg_exception_hint;
  made := array[null, null, what || coalesce(' (' || nullif(hint, '') || ')', '')];
end $$;

-- Judges what was gathered.  Drops rows that are there twice and gives the rows of an RRset the TTL of
-- its first, as named does; both are said.  Gives at most p_most errors and as many warnings, each
-- with the number of all of its kind.
create or replace function import_review(p_zone text, p_most int)
returns table (is_error boolean, total bigint, file int, line bigint, remark text)
language plpgsql set search_path = ddns, pg_temp set work_mem = '128MB' as $$
begin
  analyze pg_temp.imported;
  insert into pg_temp.import_remarks
  select true, i.file, i.line, i.fault from pg_temp.imported i where i.fault is not null;
  delete from pg_temp.imported i where i.fault is not null;

  with twice as materialized (
    select i.owner, i.type, i.rdata, min(i.n) as n from pg_temp.imported i
    group by i.owner, i.type, i.rdata having count(*) > 1),
  dropped as (
    delete from pg_temp.imported i using twice t
    where (i.owner, i.type, i.rdata) = (t.owner, t.type, t.rdata) and i.n > t.n returning i.*)
  insert into pg_temp.import_remarks
  select false, d.file, d.line, format('the record %s %s is there twice: the second is dropped', d.owner, d.type)
  from dropped d;

  with mixed as materialized (
    select i.owner, i.type, min(i.n) as n from pg_temp.imported i
    group by i.owner, i.type having min(i.ttl) <> max(i.ttl)),
  unified as (
    update pg_temp.imported i set ttl = f.ttl
    from mixed m join pg_temp.imported f on f.n = m.n
    where i.owner = m.owner and i.type = m.type and i.ttl <> f.ttl returning i.*)
  insert into pg_temp.import_remarks
  select false, u.file, u.line, format('the TTL of %s %s is not that of the first of these records: set to %s',
                                       u.owner, u.type, u.ttl)
  from unified u;

  with aliases as materialized (
    select i.owner from pg_temp.imported i group by i.owner having bool_or(i.type = 'CNAME') and count(*) > 1
    union
    select i.owner from pg_temp.imported i join domains d on d.zone = p_zone and d.owner = i.owner
    where i.type = 'CNAME'
      and (d.mail or d.online_address <> '{}' or not d.online and d.offline not in ('keep', 'none')))
  insert into pg_temp.import_remarks
  select true, i.file, i.line, format('a CNAME cannot stand beside other data: %s', i.owner)
  from pg_temp.imported i join aliases a on a.owner = i.owner where i.type = 'CNAME';

  if not exists (select from pg_temp.imported i where i.owner = '@' and i.type = 'NS')
     and not exists (select from pg_temp.import_remarks r where r.is_error) then
    insert into pg_temp.import_remarks
    values (true, 0, 0, format('there is no NS record at the name of the zone, %s', p_zone));
  end if;
  return query
    select r.is_error, r.total, r.file, r.line, r.remark
    from (select m.*, count(*) over (partition by m.is_error) as total,
                 row_number() over (partition by m.is_error order by m.file, m.line) as i
          from pg_temp.import_remarks m) r
    where r.i <= p_most order by r.file, r.line;
end $$;

-- Notes what in the stored zone differs from what was gathered, and gives the version that it looked
-- at; null: there is no such zone.
--
-- A and AAAA at a domain's name are compared with what it serves while online.  NS records are no
-- difference where they are those that the zone is served with because it has none.
create or replace function import_compare(p_zone text) returns bigint
language plpgsql set search_path = ddns, pg_temp set work_mem = '128MB' set plan_cache_mode = force_custom_plan as $$
declare
  z record;
  has_default_ns boolean;
begin
  truncate pg_temp.import_changes;
  select s.version, o.ttl, array(select n || '.' from unnest(case when o.name_servers = '{}' then array[o.mname]
                                                             else o.name_servers end) n order by n) as ns
  into z from zones o join zone_state s on s.zone_id = o.id where o.origin = p_zone;
  if not found then
    return null;
  end if;
  has_default_ns := not exists (select from records where zone = p_zone and owner = '@' and type = 'NS')
    and z.ns = array(select rdata from pg_temp.imported where owner = '@' and type = 'NS' and ttl = z.ttl
                     order by rtrim(rdata, '.'));

  insert into pg_temp.import_changes (what, id, owner, type, ttl, rdata)
  select case when r.id is null then 'add' when i.owner is null then 'delete' else 'ttl' end,
         r.id, i.owner, i.type, i.ttl, i.rdata
  from (select x.owner, x.type, x.ttl, x.rdata
        from pg_temp.imported x
        left join domains d on d.zone = p_zone and d.owner = x.owner and x.type in ('A', 'AAAA')
        where d.id is null and not (has_default_ns and x.owner = '@' and x.type = 'NS')) i
  full join (select id, owner, type, ttl, rdata from records
             where zone = p_zone and type <> all (signers_types())) r
    on r.owner = i.owner and r.type = i.type and r.rdata = i.rdata
  where r.id is null or i.owner is null or r.ttl <> i.ttl;

  insert into pg_temp.import_changes (what, id, ttl, address)
  select 'address', d.id, coalesce(a.ttl, d.ttl), coalesce(a.address, '{}')
  from domains d
  left join (select i.owner, min(i.ttl) as ttl, array_agg(i.rdata::inet order by family(i.rdata::inet), i.n) as address
             from pg_temp.imported i join domains o on o.zone = p_zone and o.owner = i.owner
             where i.type in ('A', 'AAAA') group by i.owner) a on a.owner = d.owner
  where d.zone = p_zone
    and (coalesce(a.ttl, d.ttl) <> d.ttl
         or not (coalesce(a.address, '{}') @> d.online_address and coalesce(a.address, '{}') <@ d.online_address)
            and not (coalesce(a.address, '{}') @> d.address and coalesce(a.address, '{}') <@ d.address));
  analyze pg_temp.import_changes;
  return z.version;
end $$;

-- Makes the zone what was gathered, in the transaction at hand; p_soa holds the SOA's fields as columns
-- of zones, and serial.  p_version is what import_compare() gave: the zone is compared anew where it
-- has moved since.  A file's serial counts where it comes after the zone's (RFC 1982).
-- (No custom plans here: foreign keys' checks would be planned for each row.)
create or replace function import_apply(p_zone text, p_version bigint, p_soa jsonb, p_account bigint,
                                        p_may_replace boolean)
returns table (is_new boolean, added bigint, deleted bigint, changed bigint, addresses bigint)
language plpgsql set search_path = ddns, pg_temp set work_mem = '128MB' as $$
declare
  z zones;
  s zones;
  now_version bigint;
  now_serial bigint;
  file_serial bigint := greatest((p_soa ->> 'serial')::bigint, 1);
begin
  is_new := not exists (select from zones where origin = p_zone);
  if is_new then
    insert into zones (origin, kind, account_id, mname, rname, refresh, retry, expire, negative_ttl, ttl)
    select p_zone, case when p_account is null then 'own' else 'private' end, p_account,
           f.mname, f.rname, f.refresh, f.retry, f.expire, f.negative_ttl, f.ttl
    from jsonb_populate_record(null::zones, p_soa) f;
    insert into records (zone, owner, type, ttl, rdata)
    select p_zone, i.owner, i.type, i.ttl, i.rdata from pg_temp.imported i order by i.n;
    get diagnostics added = row_count;
    update zone_state set serial = serial_for(p_zone, file_serial)
    where zone_id = (select id from zones where origin = p_zone);
    deleted := 0; changed := 0; addresses := 0;
    return next;
    return;
  end if;

  perform pg_advisory_xact_lock(id) from zones where origin = p_zone;
  select * into z from zones where origin = p_zone;
  if not p_may_replace then
    raise unique_violation using
      message = format('there is a zone of the origin %s already', p_zone),
      hint = '--replace makes it what is in the file.';
  elsif p_account is not null and p_account is distinct from z.account_id then
    raise integrity_constraint_violation using
      message = format('the zone %s is not a private one of that account', p_zone),
      hint = 'An import does not change whose a zone is: leave out --private.';
  end if;
  select version, serial into now_version, now_serial from zone_state where zone_id = z.id;
  if now_version is distinct from p_version then
    perform import_compare(p_zone);
  end if;
  s := jsonb_populate_record(z, p_soa - 'serial');
  update zones set (mname, rname, refresh, retry, expire, negative_ttl, ttl)
    = (s.mname, s.rname, s.refresh, s.retry, s.expire, s.negative_ttl, s.ttl)
  where id = z.id and (mname, rname, refresh, retry, expire, negative_ttl, ttl)
    is distinct from (s.mname, s.rname, s.refresh, s.retry, s.expire, s.negative_ttl, s.ttl);

  delete from records r using pg_temp.import_changes c where c.what = 'delete' and r.id = c.id;
  get diagnostics deleted = row_count;
  update records r set ttl = c.ttl from pg_temp.import_changes c where c.what = 'ttl' and r.id = c.id;
  get diagnostics changed = row_count;
  begin
    insert into records (zone, owner, type, ttl, rdata)
    select p_zone, c.owner, c.type, c.ttl, c.rdata from pg_temp.import_changes c where c.what = 'add';
    get diagnostics added = row_count;
  exception when unique_violation then  -- somebody has added it since: the next try sees it
    raise serialization_failure using message = format('the zone %s has changed meanwhile', p_zone);
  end;
  update domains d
  set address = c.address, ttl = c.ttl,
      online = case when c.address <@ d.address and c.address @> d.address then d.online else c.address <> '{}' end,
      online_since = case when c.address <@ d.address and c.address @> d.address then d.online_since
                          when c.address = '{}' then null when d.online then d.online_since else now() end,
      offline_reason = case when c.address <@ d.address and c.address @> d.address then d.offline_reason
                            when c.address = '{}' then 'its last address was removed' end
  from pg_temp.import_changes c where c.what = 'address' and d.id = c.id;
  get diagnostics addresses = row_count;
  if serial_is_after(file_serial, now_serial) then
    update zone_state set serial = file_serial where zone_id = z.id;
  end if;
  return next;
end $$;

-- After mass changes: plans kept from when there were few records would read all of them.
create or replace function analyze_records() returns void
language plpgsql security definer set search_path = ddns, pg_temp as $$
begin
  analyze ddns.records;
end $$;
