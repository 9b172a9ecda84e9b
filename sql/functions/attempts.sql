-- SPDX-License-Identifier: GPL-3.0-or-later
-- Tries that failed, kept for the holders of names.

set local search_path = ddns, pg_temp;

-- Whose matter a name is: the domain at or nearest above it, else the private zone it lies in.
-- holder null: nobody's.
create or replace function matter_of(p_name text, out name text, out holder bigint, out is_held boolean)
language plpgsql stable set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
#variable_conflict use_column
declare
  up text;
begin
  foreach up in array p_name || ancestors(p_name) loop
    select d.name, d.account_id, d.term = 'held' into matter_of.name, holder, is_held from domains d where d.name = up;
    exit when found;
    select z.origin, z.account_id, false into matter_of.name, holder, is_held from zones z where z.origin = up;
    exit when found;
  end loop;
end $$;

-- Keeps tries that failed, for the holders of the names that they were for: an element of each array
-- for one.  Names are canonical; those that are nobody's are left out, and so are what is too much,
-- or whoever tries could fill the disk: of a domain 10 a minute and 200 a day are kept.
--   p_logins, p_keys   who it said it was, null: not known; unknown ones are not kept, since
--                      clients are set up wrongly so that a secret stands there
--   p_reasons          why it failed; null: it was not granted, and why is found here
-- Returns how many were kept.
create or replace function note_attempts(p_names text[], p_logins text[], p_keys text[], p_doors text[],
                                         p_peers inet[], p_reasons text[]) returns int
language plpgsql
set search_path = ddns, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off as $$
#variable_conflict use_column
declare
  kept int;
begin
  insert into attempts (name, key, account, door, peer, reason)
  select t.name, t.key, t.login, t.door, t.peer,
         coalesce(left(t.reason, 300),
                  case when t.holder <> t.account_id then 'it is another account''s'
                       when t.is_held then 'it is held, and not served'
                       when t.key is not null then 'it is outside of what the key is for'
                       else 'it was not granted' end)
  from (select u.i, u.door, u.peer, u.reason, m.name, m.holder, m.is_held, k.name as key, a.login, a.id as account_id,
               row_number() over (partition by m.name order by u.i) as place
        from unnest(p_names, p_logins, p_keys, p_doors, p_peers, p_reasons) with ordinality
             as u (name, login, key, door, peer, reason, i)
        cross join lateral matter_of(u.name) m
        left join lateral (select name, account_id from keys where name = u.key offset 0) k on true
        left join lateral (select login, id from accounts where login = u.login or id = k.account_id
                           order by login = u.login desc limit 1) a on true
        where m.holder is not null) t
  cross join lateral (select count(*) filter (where at > now() - interval '1 minute') as minute, count(*) as day
                      from (select at from attempts where reverse(name) = reverse(t.name) and at > now() - interval '1 day'
                            order by at desc limit 200) l) n
  where n.minute + t.place <= 10 and n.day + t.place <= 200
  order by t.i;
  get diagnostics kept = row_count;
  perform set_config('synchronous_commit', 'off', true);
  return kept;
end $$;
