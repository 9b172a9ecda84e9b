-- SPDX-License-Identifier: GPL-3.0-or-later
-- Timeouts and terms beside somebody else's open transaction: it holds up its own zone and no other.
set client_min_messages = warning;
select plan(8);
select test.world();
insert into ddns.zones (origin, kind, mname, rname, addresses) values ('two.test', 'shared', 'ns1.test', 'hostmaster.test', 'any');
update ddns.zones set terms = true where kind = 'shared';
insert into ddns.domains (zone, owner, account_id, address, timeout, term, term_ends)
select zone, 'late', test.account('joe'), '{192.0.2.1}', 1, 'registered', now() - interval '1 s'
from unnest('{dyn.test,two.test}'::text[]) zone;
update ddns.domains set online_since = now() - interval '1 hour' where timeout > 0;
update ddns.timeouts set due = now() - interval '1 minute';
delete from ddns.listening;                -- what tests before this one left
insert into ddns.listening (gateway, since, at) values ('gw', now() - interval '1 hour', now());
select test.connect('w');
set lock_timeout = '2s';
create function pg_temp.ended(p_after timestamptz default '-infinity') returns text language sql as $$
  select format('%s held, %s busy', held, busy) from ddns.end_terms(200, p_after) $$;
create function pg_temp.timed_out() returns text language sql as $$
  select format('%s offline, %s busy', offline, busy) from ddns.time_out('gw', 200) $$;

select is(test.elsewhere('w', $$begin; update ddns.zones set retry = 77 where origin = 'dyn.test'$$), '', 'somebody holds a zone''s row');
select is(pg_temp.ended(), '1 held, 1 busy', 'the term of another zone''s domain ends');
select test.elsewhere('w', 'rollback');
update ddns.domains set term = 'registered', term_before_held = null, term_ends = now() - interval '1 s' where owner = 'late';

select is(test.elsewhere('w', $$begin; update ddns.domains set ttl = 77 where name = 'ann.dyn.test'; set constraints all immediate$$), '',
          'somebody is at the commit of one');
select is(pg_temp.ended(), '1 held, 1 busy', 'as well');
update ddns.domains set term = 'registered', term_before_held = null, term_ends = now() + interval '1 day' where owner = 'late';
update ddns.timeouts set due = now() - interval '1 minute', since = null;
select is(pg_temp.timed_out(), '1 offline, 1 busy', 'and the timeout of another zone''s domain is over');
select is(test.elsewhere('w', 'rollback'), '', 'they let go');
update ddns.timeouts set due = now();
select is(pg_temp.timed_out(), '1 offline, 0 busy', 'then that one''s as well');
update ddns.domains set term_ends = now() - interval '1 s' where owner = 'late';
select is(pg_temp.ended(), '2 held, 0 busy', 'and the terms of both');

select dblink_disconnect('w');
select * from finish();
truncate ddns.zones, ddns.accounts, ddns.history cascade;
delete from ddns.listening;
