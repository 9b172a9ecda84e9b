-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who is put offline for not being heard, and who is not.
set client_min_messages = warning;
select plan(41);
-- domains of other files are gone; what is left of them would be dropped at the first look
truncate ddns.timeouts, ddns.listening;
select test.world();
select test.connect('w');
-- one look at all that is due, as a gateway that has listened for long
create function pg_temp.look() returns int language sql as $$ select offline from ddns.time_out('gw', 200) $$;
create function pg_temp.is_online(p_owner text) returns boolean language sql as $$
  select online from ddns.domains where zone = 'dyn.test' and owner = p_owner $$;
-- as if so much time had passed since joe was heard, and since anybody looked
create function pg_temp.pass(p_time interval) returns void language sql as $$
  update ddns.contacts set at = at - p_time;
  update ddns.domains set online_since = online_since - p_time where online;
  update ddns.timeouts set due = due - p_time;
  update ddns.listening set since = since - p_time;
$$;

select is((select count(*)::int from ddns.timeouts), 0, 'nobody has a timeout');
select is(pg_temp.look(), 0, 'so nobody is looked at');
select is((select count(*)::int from ddns.listening), 1, 'but gateways have listened');
update ddns.domains set timeout = 10 where owner in ('joe', 'ann');
select is((select count(*)::int from ddns.timeouts), 2, 'a timeout is watched as soon as it is set');
insert into ddns.contacts (domain_id, at) select id, now() - interval '3 minutes' from ddns.domains where owner = 'joe';
select pg_temp.look();
select is((select due from ddns.timeouts t join ddns.domains d on d.id = t.domain_id where owner = 'joe') > now() + interval '9 minutes', true,
          'nothing counts before gateways listened');
select pg_temp.pass('5 minutes');
select pg_temp.pass('4 minutes');
select is(pg_temp.look(), 0, 'nobody is due after nine minutes');
update ddns.contacts set at = now();
select pg_temp.pass('2 minutes');
select is(pg_temp.look(), 1, 'after ten one is: ann, who was never heard');
select results_eq($$select online, online_since is null, offline_reason from ddns.domains where owner = 'ann'$$, $$values (false, true, 'timeout')$$, 'ann is offline, and it says why');
select is(pg_temp.is_online('joe'), true, 'joe was heard');
select is((select count(*)::int from ddns.timeouts), 1, 'who is offline is not watched');
select is(test.at('dyn.test', 'ann'), 'A 60 203.0.113.9; MX 60 10 ann.dyn.test.', 'its names lead to the redirectors');
select pg_temp.pass('9 minutes');
select is(pg_temp.look(), 1, 'then joe');
select is(pg_temp.is_online('joe'), false, 'joe is offline');

update ddns.domains set online = true, online_since = now() where owner = 'joe';
select is((select due > now() + interval '9 minutes' from ddns.timeouts), true, 'who comes back has all of its time');
update ddns.domains set timeout = 1 where owner = 'joe';
select is((select due <= now() from ddns.timeouts), true, 'a new timeout counts at once');
select pg_temp.pass('2 minutes');
select test.elsewhere('w', $$begin; select 1 from ddns.domains where owner = 'joe' for update$$);
select results_eq($$select offline, busy, is_more from ddns.time_out('gw', 200)$$, $$values (0, 1, false)$$, 'a row that somebody holds is left for later');
select test.elsewhere('w', 'rollback');
select test.elsewhere('w', format('begin; select pg_advisory_xact_lock(%s)', test.zone('dyn.test')));
update ddns.timeouts set due = now();
select results_eq($$select offline, busy, is_more from ddns.time_out('gw', 200)$$, $$values (0, 1, false)$$, 'so is a zone that somebody holds');
select test.elsewhere('w', 'rollback');
select test.elsewhere('w', 'begin; update ddns.contacts set at = now()');
update ddns.timeouts set due = now();
select results_eq($$select offline, busy, is_more from ddns.time_out('gw', 200)$$, $$values (0, 1, false)$$, 'and who is just being heard');
select test.elsewhere('w', 'commit');
update ddns.timeouts set due = now();
select is(pg_temp.look(), 0, 'he was heard');
select pg_temp.pass('2 minutes');
insert into ddns.listening select 'gw2', since, now() from ddns.listening;
select test.elsewhere('w', $$begin; select * from ddns.time_out('gw2', 200)$$);
select is(pg_temp.look(), 0, 'another gateway is at it');
select test.elsewhere('w', 'commit');
select is(pg_temp.is_online('joe'), false, 'and did it');

-- a break, and clocks that step
update ddns.domains set online = true, online_since = now() where owner = 'joe';
select pg_temp.pass('5 minutes');
update ddns.listening set at = at - interval '11 s';
select is(pg_temp.look(), 0, 'after a break nobody goes offline');
select is((select since = at from ddns.listening where gateway = 'gw'), true, 'listening begins anew');
select pg_temp.pass('61 s');
select is(pg_temp.look(), 1, 'one timeout later he does');
update ddns.domains set online = true, online_since = now() + interval '1 hour' where owner = 'joe';
update ddns.contacts set at = now() + interval '1 hour';
update ddns.timeouts set due = now() + interval '1 hour';
update ddns.listening set since = now(), at = now() + interval '1 hour';
select pg_temp.look();
select is((select due <= now() + interval '1 minute' from ddns.timeouts), true, 'a clock that went back lets nobody stay for longer');
update ddns.listening set since = since - interval '2 minutes';
update ddns.timeouts set due = now();
select is(pg_temp.look(), 1, 'nor do times that lie ahead');

-- several gateways, and one that starts
truncate ddns.listening;
update ddns.domains set online = true, online_since = now() where owner = 'joe';
update ddns.contacts set at = now();
select is((select sum(offline) from (values ('a'), ('b')) g (gateway), ddns.time_out(gateway, 200)), 0::bigint, 'two gateways are there');
select pg_temp.pass('2 minutes');
update ddns.listening set since = now(), at = now() - interval '6 s' where gateway = 'a';
select is((select offline from ddns.time_out('b', 200)), 1, 'the one that was there puts offline whom it could hear');
update ddns.domains set online = true, online_since = now() where owner = 'joe';
update ddns.contacts set at = now();
select pg_temp.pass('2 minutes');
delete from ddns.listening where gateway = 'a';
select is((select offline from ddns.time_out('b', 200, true)), 0, 'one that has just started, alone, nobody');
select pg_temp.pass('61 s');
select is((select offline from ddns.time_out('b', 200)), 1, 'until a timeout has passed');
update ddns.domains set online = true, online_since = now() where owner = 'joe';
update ddns.contacts set at = now();
select pg_temp.pass('2 minutes');
select is((select offline from ddns.time_out('c', 200, true)), 0, 'one that starts does not know whether another still is there');
update ddns.listening set at = now() where gateway = 'b';
update ddns.timeouts set due = now();
select is((select offline from ddns.time_out('c', 200)), 1, 'until it is: then it counts what that has heard');
select is((select count(*)::int from ddns.listening), 2, 'each is known');
update ddns.listening set at = at - interval '2 days' where gateway = 'b';
select ddns.listen_on('d', true);
select is((select array_agg(gateway order by gateway) from ddns.listening), '{c,d}', 'until it was away for a day');

-- what is not served cannot be heard
update ddns.domains set online = true, online_since = now() where owner = 'joe';
update ddns.listening set at = now();
update ddns.accounts set state = 'suspended' where login = 'joe';
select pg_temp.pass('2 minutes');
select is((select offline from ddns.time_out('c', 200)), 0, 'a suspended account''s domains stay as they are');
update ddns.accounts set state = 'active' where login = 'joe';
select is((select offline from ddns.time_out('c', 200)), 0, 'and are so when they come back');
update ddns.timeouts set due = now();
select is((select offline from ddns.time_out('c', 200)), 0, 'however early one looks');
select pg_temp.pass('61 s');
update ddns.timeouts set since = since - interval '61 s';
select is((select offline from ddns.time_out('c', 200)), 1, 'until a timeout has passed again');
update ddns.domains set timeout = 0 where owner = 'joe';

-- bounds
insert into ddns.domains (zone, owner, account_id, address, timeout)
select 'dyn.test', 'h' || i, test.account('joe'), '{192.0.2.1}', 5 from generate_series(1, 450) i;
insert into ddns.listening values ('gw', now(), now());
select pg_temp.pass('6 minutes');
select is((select late_ms between 50000 and 70000 from ddns.time_out('gw', 1)), true, 'how late the oldest is, is told');
select is((select array_agg(offline) from (select (ddns.time_out('gw', 200)).offline from generate_series(1, 1)) l), '{200}', 'no more than that many in a transaction');
do $$ begin while (select is_more from ddns.time_out('gw', 200)) loop commit; end loop; end $$;
select is((select count(*)::int from ddns.domains where online and timeout > 0), 0, 'the rest in the next ones');

select dblink_disconnect('w');
select * from finish();
truncate ddns.zones, ddns.accounts cascade;
