-- SPDX-License-Identifier: GPL-3.0-or-later
-- The schema itself: comments, pinned search paths, ownership, upgrades.
begin;
select plan(9);

select is_empty($$
  select c.relname from pg_class c where c.relnamespace = 'ddns'::regnamespace and c.relkind in ('r', 'v')
    and obj_description(c.oid, 'pg_class') is null $$, 'every table and view has a comment');
select is_empty($$
  select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'ddns'::regnamespace and c.relkind in ('r', 'v') and col_description(c.oid, a.attnum) is null $$, 'and every column of them');
select is_empty($$
  select proname from pg_proc where pronamespace = 'ddns'::regnamespace
    and not coalesce('search_path=ddns, pg_temp' = any (proconfig), false) and prokind <> 'p' $$,
  'every function pins its search path (procedures that commit cannot)');
select is_empty($$
  select proname from pg_proc where pronamespace = 'ddns'::regnamespace and prokind = 'p'
    and (prosrc ~* 'from\s+[a-z_]+\s' or prosrc ~* '\mupdate\s+[a-z_]+\s') $$,
  'procedures name the schema of each table');
select is_empty($$
  select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
  where c.relnamespace = 'ddns'::regnamespace and c.relkind = 'r' and a.attname in
    ('origin', 'zone', 'owner', 'name', 'rdata', 'type', 'mname', 'rname', 'login')
    and a.atttypid = 'text'::regtype and a.attcollation <> (select oid from pg_collation where collname = 'C' and collnamespace = 'pg_catalog'::regnamespace) $$,
  'what names something is compared byte by byte');
select is_empty($$
  select relname from pg_class where relnamespace = 'ddns'::regnamespace and relkind in ('r', 'v', 'S')
    and relowner <> (select nspowner from pg_namespace where nspname = 'ddns') $$, 'one role owns everything');
select is_empty($$ select proname from pg_proc where pronamespace = 'ddns'::regnamespace
  and has_function_privilege('public', oid, 'execute') $$, 'nobody else may execute anything');
select is((select max(version) from ddns.schema_version), 0, 'this is version 0 of the tables');
select ok(ddns.setting_default('log_keep') is not null and ddns.setting_default('nonsense') is null, 'settings have defaults');

select * from finish();
rollback;
