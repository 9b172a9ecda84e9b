-- SPDX-License-Identifier: GPL-3.0-or-later
-- What an account or a key may do: one policy for every door.
--
-- All is plpgsql, which keeps its plans: a function in SQL that cannot be inlined is read and planned anew
-- by each statement that calls it.

set local search_path = ddns, pg_temp;

-- Whether a name matches a key's pattern: a full name, or one whose last label is * for one or more
-- labels ("_acme-challenge.*").
create or replace function matches_pattern(p_name text, p_pattern text) returns boolean
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return case when p_pattern = '*' then p_name <> ''
              when right(p_pattern, 2) = '.*'
              then left(p_name, length(p_pattern) - 1) = left(p_pattern, -1)
                   and length(p_name) >= length(p_pattern)
              else p_name = p_pattern end;
end $$;

-- Whether a key's lists of domains and names let it see a name.
create or replace function key_covers(p_domains text[], p_names text[], p_name text) returns boolean
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return (p_domains = '{}' or exists (select from unnest(p_domains) d where is_at_or_below(p_name, d)))
         and (p_names = '{}' or exists (select from unnest(p_names) n where matches_pattern(p_name, n)));
end $$;

-- Why a key that covers a name may not do something there, or null.  All of p_wanted must be
-- allowed; empty: no type is concerned.
create or replace function key_denies(p_types text[], p_verbs text[], p_expires timestamptz,
                                      p_wanted text[], p_verb text) returns text
language plpgsql stable set search_path = ddns, pg_temp as $$
begin
  return case
    when p_expires <= now() then 'the key has expired'
    when p_verbs <> '{}' and p_verb <> all (p_verbs) then format('the key is not for the verb %s', p_verb)
    when p_types <> '{}' and not p_wanted <@ p_types
    then format('the key is not for the type %s',
                (select string_agg(w, ' or ' order by w) from unnest(p_wanted) w where w <> all (p_types))) end;
end $$;

-- What an account, with a key or (null) its password, may do at a full name:
--   yes      it may                  unknown  as if the name did not exist: not its own, held, or
--   denied   its own, but the key's           outside of what the key covers
--            types, verbs or expiry forbid it
create or replace function may(p_account bigint, p_key bigint, p_name text, p_type text, p_verb text)
returns text
language plpgsql stable set search_path = ddns, pg_temp as $$
declare
  k record;
begin
  if not coalesce(holder_of(p_name) = p_account, false)
     or not exists (select from accounts where id = p_account and state = 'active') then
    return 'unknown';
  end if;
  if p_key is null then
    return 'yes';
  end if;
  select domains, names, types, verbs, expires into k from keys where id = p_key and account_id = p_account;
  if not found or not key_covers(k.domains, k.names, p_name) then
    return 'unknown';
  end if;
  return case when key_denies(k.types, k.verbs, k.expires,
                              case when p_type is null then '{}' else array[p_type] end, p_verb) is null
              then 'yes' else 'denied' end;
end $$;

-- The account that a full name belongs to: that of the nearest domain at or above it, else that of
-- the private zone it lies in; null: nobody's, or held.
create or replace function holder_of(p_name text) returns bigint
language plpgsql stable set search_path = ddns, pg_temp as $$
declare
  up text;
  h record;
begin
  foreach up in array p_name || ancestors(p_name) loop
    select account_id, term into h from domains where name = up;
    if found then
      return case when h.term <> 'held' then h.account_id end;
    end if;
    select account_id into h from zones where origin = up;
    if found then
      return h.account_id;
    end if;
  end loop;
  return null;
end $$;

-- The account that a full name belongs to as one of a zone's: what may be written into that zone.
-- Another zone's origin within it is a delegation, the outer zone's to give; names below that are
-- nobody's here, since the inner zone answers for them.
create or replace function holder_in(p_zone text, p_name text) returns bigint
language plpgsql stable set search_path = ddns, pg_temp as $$
declare
  up text;
  h record;
begin
  foreach up in array p_name || ancestors(p_name) loop
    if up not in (p_name, p_zone) and exists (select from zones where origin = up) then
      return null;
    end if;
    select account_id, term into h from domains where name = up and zone = p_zone;
    if found then
      return case when h.term <> 'held' then h.account_id end;
    end if;
    exit when up = p_zone;
  end loop;
  return (select account_id from zones where origin = p_zone);
end $$;

-- Why an account may not take a name as a new domain, or null.  Rules of shared zones, for doors;
-- whoever types SQL may add what he likes.  That the name is free, the table's key tells.
create or replace function domain_refused(p_account bigint, p_name text) returns text
language plpgsql stable set search_path = ddns, pg_temp as $$
declare
  z record;
  relative text;
  label text;
  word text;
  fault text;
  until_when timestamptz;
  above text;
begin
  select kind, account_id, origin, depth into z
  from unnest(p_name || ancestors(p_name)) with ordinality u (up, i) join zones on origin = up order by i limit 1;
  if not found then
    return 'it lies in no zone of this server';
  elsif z.kind = 'private' then
    return case when z.account_id = p_account then null else 'it lies in somebody''s private zone' end;
  elsif z.kind = 'own' then
    return 'its zone gives no names away';
  elsif z.origin = p_name then
    return 'it is the zone itself';
  end if;
  relative := left(p_name, -length(z.origin) - 1);
  if cardinality(ancestors(relative)) + 1 > z.depth then
    return format('it has %s labels before %s, and %s are allowed',
                  cardinality(ancestors(relative)) + 1, z.origin, z.depth);
  end if;
  foreach label in array regexp_split_to_array(relative, '\.') loop
    if label !~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' then
      return format('its label "%s" is not made of letters, digits and inner hyphens', label);
    end if;
    fault := idna_fault(label);
    if fault is not null then
      return format('its label "%s" is wrong: %s', label, fault);
    end if;
    foreach word in array setting_list('reserved_names') loop
      if label ~ ('^' || replace(regexp_replace(word, '[^a-z0-9_*-]', '', 'g'), '*', '.*') || '$') then
        return format('"%s" is reserved', label);
      end if;
    end loop;
  end loop;
  select d.name into above from domains d
  where d.name = any (ancestors(p_name)) and d.zone = z.origin and d.owner <> '@' and d.account_id <> p_account
  order by length(d.name) desc limit 1;
  if found then
    return format('it lies below %s, which is somebody''s', above);
  end if;
  -- whoever gets a name gets the records at it and below it
  if exists (
    select from (
      (select domain_id from records where zone = z.origin and owner = relative offset 0)
      union all
      (select domain_id from records
       where zone || ' ' || reverse(owner) > z.origin || ' ' || reverse(relative) || '.'
         and zone || ' ' || reverse(owner) < z.origin || ' ' || reverse(relative) || '/' offset 0)) r
    where not exists (select from domains d where d.id = r.domain_id and d.owner <> '@')) then
    return 'the zone has records of its own there';
  end if;
  select max(until) into until_when from quarantine
  where name = any (p_name || ancestors(p_name)) and account_id is distinct from p_account and until > now()
  having count(*) > 0;
  if found then
    return format('it was somebody''s until lately, and rests until %s', to_char(until_when, 'YYYY-MM-DD'));
  end if;
  return null;
end $$;
