-- SPDX-License-Identifier: GPL-3.0-or-later
-- The commit: each touched zone gets its next version and serial.

set local search_path = ddns, pg_temp;

-- Serial arithmetic of RFC 1982: whether a comes after b.
create or replace function serial_is_after(a bigint, b bigint) returns boolean
language sql immutable parallel safe set search_path = ddns, pg_temp
return (a - b + 4294967296) % 4294967296 between 1 and 2147483647;

-- The serial for a zone that now bears an origin: its own, or above the one last seen there.
create or replace function serial_for(p_origin text, p_serial bigint) returns bigint
language sql stable set search_path = ddns, pg_temp
return coalesce((select l.serial % 4294967295 + 1 from last_serials l
                 where l.origin = p_origin and not serial_is_after(p_serial, l.serial)), p_serial);

-- The commit.  Fires once per step; the first call closes them all, in order.
create or replace function close_steps() returns trigger
language plpgsql security definer
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  s record;
  v record;
  z_origin text;
  names text[];
  last_xid xid8;
  is_alone boolean;                     -- nobody else has committed in the zone since we began in it
begin
  if not exists (select from steps where xid = new.xid and zone_id = new.zone_id and at = new.at
                   and version is null) then
    return null;
  end if;
  for s in select zone_id, whole, has_serial, links, seen from steps
           where xid = new.xid and at = new.at and version is null order by zone_id loop
    last_xid := (select xid from zone_state where zone_id = s.zone_id for update);
    update zone_state
    set version = version + 1, xid = new.xid,
        serial = case when s.has_serial then serial
                      when s.whole and s.zone_id > 0
                      then serial_for((select origin from zones where id = s.zone_id), serial % 4294967295 + 1)
                      else serial % 4294967295 + 1 end
    where zone_id = s.zone_id returning version, serial into v;
    if s.zone_id > 0 then
      is_alone := not s.links or coalesce(pg_visible_in_snapshot(last_xid, s.seen), true);
      z_origin := (select origin from zones where id = s.zone_id);
      if s.whole then
        update last_serials set serial = v.serial
        where zone_id = s.zone_id and origin is distinct from z_origin;
      end if;
      if z_origin is null then
        delete from zone_state where zone_id = s.zone_id;
        v.version := 0;
      elsif s.whole then
        perform check_names(s.zone_id, null, is_alone);
      else
        names := array(select owner from changes where xid = new.xid and zone_id = s.zone_id limit 10001);
        perform check_names(s.zone_id, case when cardinality(names) <= 10000 then names end, is_alone);
      end if;
    end if;
    update steps set version = v.version where xid = new.xid and zone_id = s.zone_id and at = new.at;
    perform pg_notify('ddns', s.zone_id::text);
  end loop;
  return null;
end $$;

drop trigger if exists close_steps on steps;
create constraint trigger close_steps after insert on steps
deferrable initially deferred for each row execute function close_steps();
