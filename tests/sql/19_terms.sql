-- SPDX-License-Identifier: GPL-3.0-or-later
-- Terms: trial, held, registered, held, released, quarantine; and who may not do what.
begin;
set local application_name = 'psql';
select plan(80);
select test.world();
update ddns.accounts set email = login || '@mail.test';
insert into ddns.zones (origin, kind, account_id, mname, rname)
values ('joe.test', 'private', test.account('joe'), 'ns1.test', 'h.test');
insert into ddns.domains (zone, owner, account_id) values ('joe.test', '@', test.account('joe'));
create function pg_temp.term(p_owner text) returns text language sql as $$
  select term || coalesce('/' || term_before_held, '') || coalesce(' ' || round(extract(epoch from term_ends - now()) / 86400), '') || case when served then '' else ' hidden' end
  from ddns.domains where owner = p_owner and zone = 'dyn.test' $$;
-- the time of a domain's term is over, and the job looks
create function pg_temp.over(p_owner text) returns text language sql as $$
  update ddns.domains set term_ends = now() - interval '1 s' where owner = p_owner and term <> 'none';
  select format('%s held, %s released', held, released) from ddns.end_terms(200) $$;
create function pg_temp.key(p_name text, p_account text, p_domains text[], p_names text[] default '{}') returns void language sql as $$
  insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256, domains, names)
  values (p_name, test.account(p_account), repeat('x', 30)::bytea, '00000000', sha256(p_name::bytea), p_domains, p_names) $$;

-- off: the default
select is(pg_temp.term('joe'), 'none', 'a zone has no terms unless somebody says so');
select is((select array[trial_days, trial_held_days, registered_days, held_days] from ddns.zones where origin = 'dyn.test'), '{30,30,365,60}', 'the defaults');
select is(ddns.setting('quarantine_days'), '200', 'and of the quarantine');
select is((select (ddns.end_terms(200)).released), 0, 'nobody is released');
select test.refused($$update ddns.domains set term = 'trial', term_ends = now() where owner = 'joe'$$, '23000', '%joe.dyn.test has no term%', '%SET terms = true%', 'nor on trial by hand');
select test.refused($$select ddns.register_domain('joe.dyn.test')$$, '23000', '%has no term%', '%', 'nor registered');
select test.refused($$update ddns.zones set terms = true where origin = 'own.test'$$, '22023', '%cannot have terms%', '%shared%', 'only shared zones have terms');

-- on
update ddns.zones set terms = true where origin = 'dyn.test';
select is(pg_temp.term('joe'), 'registered 365', 'whoever was there is registered from now on');
insert into ddns.domains (zone, owner, account_id, address) values ('dyn.test', 't', test.account('joe'), '{192.0.2.3}');
select is(pg_temp.term('t'), 'trial 30', 'a new one is on trial');
select is((select term_email from ddns.domains where owner = 't'), 'joe@mail.test', 'started by an e-mail address');
insert into ddns.domains (zone, owner, account_id, term) values ('dyn.test', 'free', test.account('joe'), 'none');
select is(pg_temp.term('free'), 'none', 'unless somebody exempts it');
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', '@', test.account('joe'));
select is((select term from ddns.domains where owner = '@' and zone = 'dyn.test'), 'none', 'the zone itself has no term');
select is((select term from ddns.domains where name = 'joe.test'), 'none', 'nor has an own domain');
select test.refused($$update ddns.domains set term = 'trial', term_ends = now() where name = 'joe.test'$$, '23000', '%joe.test is its holder''s own%', '%', 'which cannot be on trial');
select test.refused($$select ddns.register_domain('joe.test')$$, '23000', '%own%', '%', 'nor be registered');
select test.refused($$select ddns.release_domain('joe.test')$$, '23000', '%goes back to no pool%', '%domain delete%', 'nor go back to a pool');
insert into ddns.accounts (login) values ('nomail');
select test.refused(format($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'x', %s)$$, test.account('nomail')), '23000', '%no e-mail address%', '%email=%', 'a trial needs an e-mail address');
select test.accepted(format($$insert into ddns.domains (zone, owner, account_id, term) values ('dyn.test', 'x', %s, 'registered')$$, test.account('nomail')), 'but an administrator may register');

-- trial, held
select is(pg_temp.over('t'), '1 held, 0 released', 'a trial ends');
select is(pg_temp.term('t'), 'held/trial 30 hidden', 'and is held for thirty days, not served');
select is(test.at('dyn.test', 't'), '', 'it is not in DNS');
select is(ddns.may(test.account('joe'), null, 't.dyn.test', 'A', 'update'), 'unknown', 'its account cannot change it');
select is((select verdict from ddns.update_hosts('{null}', array[test.account('joe')], '{null}', '{t.dyn.test}', '{192.0.2.4}', '{null}', '{null}', '{null}', '{http}', '{null}')), 'unknown', 'nor update it');
update ddns.accounts set state = 'suspended' where login = 'joe';
update ddns.accounts set state = 'active' where login = 'joe';
select is(pg_temp.term('t'), 'held/trial 30 hidden', 'a suspension that is lifted does not bring it back');
update ddns.accounts set email = 'other@mail.test' where login = 'joe';
select test.refused($$select ddns.register_domain('t.dyn.test')$$, '23000', '%e-mail address that started its trial%', '%', 'another e-mail address cannot register it');
select test.refused($$update ddns.domains set term = 'registered', term_before_held = null where owner = 't'$$, '23000', '%e-mail address that started its trial%', '%', 'not by hand either');
update ddns.domains set account_id = test.account('ann') where owner = 't';
select test.refused($$select ddns.register_domain('t.dyn.test')$$, '23000', '%e-mail address that started its trial%', '%', 'nor another account');
update ddns.domains set account_id = test.account('joe') where owner = 't';
update ddns.accounts set email = 'Joe@Mail.test' where login = 'joe';
select throws_ok(format($$select ddns.register_domain('t.dyn.test', %s)$$, test.account('ann')), 'P0002', null, 'of others'' domains one knows nothing');
select is(ddns.register_domain('t.dyn.test', test.account('joe')) = now() + interval '365 days', true, 'its own registers it');
select is(pg_temp.term('t'), 'registered 365', 'for a year');
select is(test.at('dyn.test', 't'), 'A 60 192.0.2.3; MX 60 10 t.dyn.test.', 'and it is back as it was');

-- registered, held, again
update ddns.domains set term_ends = now() + interval '10 days' where owner = 't';
select ddns.register_domain('t.dyn.test');
select is(pg_temp.term('t'), 'registered 365', 'registering again lasts a year from then');
select test.refused($$update ddns.domains set term = 'trial' where owner = 't'$$, '23000', '%cannot be on trial again%', '%register_domain%', 'who was registered is not on trial again');
select is(pg_temp.over('t'), '1 held, 0 released', 'a registration ends');
select is(pg_temp.term('t'), 'held/registered 60 hidden', 'and is held for sixty days');
update ddns.accounts set email = 'new@mail.test' where login = 'joe';
update ddns.domains set term = 'registered', term_before_held = null where owner = 't';
select is(pg_temp.term('t'), 'registered 365', 'by hand it comes back for a year, too, whatever the e-mail address is now');
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'hand', test.account('joe'));
update ddns.domains set term = 'registered' where owner = 'hand';
select is(pg_temp.term('hand'), 'registered 365', 'so does a trial');

-- released
select pg_temp.key('only-t', 'joe', '{t.dyn.test}'), pg_temp.key('below-t', 'joe', '{a.t.dyn.test}'), pg_temp.key('t-and-joe', 'joe', '{t.dyn.test,joe.dyn.test}'),
  pg_temp.key('all', 'joe', '{}'), pg_temp.key('pattern', 'joe', '{}', '{_acme-challenge.t.dyn.test}'), pg_temp.key('acme', 'joe', '{}', '{_acme-challenge.*}'),
  pg_temp.key('mixed', 'joe', '{joe.dyn.test}', '{t.dyn.test}'), pg_temp.key('zone', 'joe', '{dyn.test}'), pg_temp.key('anns', 'ann', '{t.dyn.test}');
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'mail.t', 'TXT', '"x"');
update ddns.domains set www = 'port', www_port = 81 where owner = 't';
select is(pg_temp.over('t') || ', ' || pg_temp.over('t'), '1 held, 0 released, 0 held, 1 released', 'after that it is released');
select is((select count(*) from ddns.domains where owner = 't'), 0::bigint, 'the domain goes');
select is((select count(*) from ddns.records where owner = 'mail.t'), 0::bigint, 'its records with it');
select is((select count(*) from ddns.served_redirects where owner like '%t' and zone_id = test.zone('dyn.test') and owner <> '@'), 0::bigint, 'and its redirects');
select is((select string_agg(name || domains::text || names::text, ' ' order by name) from ddns.keys),
  'acme{}{_acme-challenge.*} all{}{} anns{t.dyn.test}{} t-and-joe{joe.dyn.test}{} zone{dyn.test}{}', 'keys for nothing else go, lists lose the name, and none becomes empty');
select is((select account_id = test.account('joe') and until = now() + interval '200 days' from ddns.quarantine where name = 't.dyn.test'), true, 'the name rests');
select is((select string_agg(what || ' by ' || door, ', ' order by id) from (select * from ddns.history where name = 't.dyn.test' and what in ('domain', 'term') order by id desc limit 3) h),
  'term by psql, domain by terms, term by terms', 'it is told as the job''s');
select test.refused(format($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 't', %s)$$, test.account('ann')), '23000', 't.dyn.test was released and rests until%', '%ddns.quarantine%', 'nobody else may take it');
select test.refused(format($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'www.t', %s)$$, test.account('ann')), '23000', 't.dyn.test was released%', '%', 'nor what lies below it');
select test.refused($$update ddns.domains set owner = 't' where owner = 'ann'$$, '23000', 't.dyn.test was released%', '%', 'nor by another name''s change');
select matches(ddns.domain_refused(test.account('ann'), 't.dyn.test'), 'rests until', 'doors say so, too');
select is(ddns.domain_refused(test.account('joe'), 't.dyn.test'), null, 'but its former account may');
insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 't', test.account('joe'));
select is((select count(*) from ddns.quarantine), 0::bigint, 'and then it rests no longer');
select is(ddns.release_domain('t.dyn.test') = now() + interval '200 days', true, 'by command it is released at once');
update ddns.quarantine set until = now();
select is((select (ddns.end_terms(200)).busy), 0, 'after the quarantine');
select test.accepted(format($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 't', %s)$$, test.account('ann')), 'anybody may have it');
delete from ddns.domains where owner = 't';
select is((select account_id from ddns.quarantine where name = 't.dyn.test'), test.account('ann'), 'a domain that is deleted rests as well');
update ddns.domains set owner = 'ann2' where owner = 'ann';
select is((select account_id from ddns.quarantine where name = 'ann.dyn.test'), test.account('ann'), 'and the old name of one that gets another');
delete from ddns.domains where account_id = test.account('ann');
delete from ddns.accounts where login = 'ann';
select is((select account_id is null from ddns.quarantine where name = 't.dyn.test'), true, 'an account that goes leaves names that are nobody''s');
select test.refused(format($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 't', %s)$$, test.account('joe')), '23000', 't.dyn.test was released%', '%', 'until they have rested');
insert into ddns.settings values ('quarantine_days', '0');
delete from ddns.domains where owner = 'free';
select is((select count(*) from ddns.quarantine where name = 'free.dyn.test'), 0::bigint, 'without quarantine days nothing rests');
delete from ddns.settings where name = 'quarantine_days';

-- lengths that no calendar has
select test.refused(format($$insert into ddns.settings values ('%s', '36501')$$, n), '22023', '%more than 36500 days%', '%', n) from unnest(array['quarantine_days', 'history_days', 'attempts_days']) n;
select test.refused(format($$insert into ddns.settings values ('log_keep', '%s')$$, v), '22023', 'the setting log_keep cannot be "%', '%', 'log_keep ' || v) from unnest(array['-1 hour', '0', 'soon', '1000000 years', '36501 days']) v;
select throws_ok(format($$update ddns.zones set %s = 36501 where origin = 'dyn.test'$$, c), '23514', null, c) from unnest(array['trial_days', 'trial_held_days', 'registered_days', 'held_days']) c;

-- lengths of none, masses, locks
update ddns.zones set held_days = 0, trial_held_days = 0 where origin = 'dyn.test';
select is(pg_temp.over('hand'), '0 held, 1 released', 'what is held for no days is released at once');
update ddns.zones set held_days = 60, trial_held_days = 30 where origin = 'dyn.test';
insert into ddns.domains (zone, owner, account_id, term, term_ends) select 'dyn.test', 'm' || i, test.account('joe'), 'registered', now() from generate_series(1, 450) i;
select is((select format('%s %s', held, is_more) from ddns.end_terms(200)), '200 t', 'at most so many at once');
select is((select format('%s %s', held, is_more) from ddns.end_terms(1000)), '250 f', 'the rest later');

-- what cannot be ended, earlier than what can
create function pg_temp.refuse() returns trigger language plpgsql as $$
begin
  raise integrity_constraint_violation using message = 'never';
end $$;
create trigger refuse before update on ddns.domains for each row when (new.term = 'held' and new.owner ~ '^m[12]$') execute function pg_temp.refuse();
update ddns.domains set term = 'registered', term_before_held = null, term_ends = now() - interval '2 s' where owner in ('m1', 'm2');
update ddns.domains set term = 'registered', term_before_held = null, term_ends = now() - interval '1 s' where owner in ('m3');
create temp table pass as select *, 1 as n from ddns.end_terms(1);
insert into pass select e.*, p.n + 1 from pass p cross join lateral ddns.end_terms(1, p.last_ends, p.last_id) e where p.n = 1;
insert into pass select e.*, p.n + 1 from pass p cross join lateral ddns.end_terms(1, p.last_ends, p.last_id) e where p.n = 2;
insert into pass select e.*, p.n + 1 from pass p cross join lateral ddns.end_terms(1, p.last_ends, p.last_id) e where p.n = 3;
select is((select array_agg(format('%s %s %s', held, is_more, fault) order by n)::text from pass),
          '{"0 t domain m1.dyn.test: never","0 t domain m2.dyn.test: never","1 t ","0 f "}', 'what cannot be ended does not keep others waiting');
drop trigger refuse on ddns.domains;
update ddns.domains set term = 'held', term_before_held = 'registered', term_ends = now() + interval '1 day' where owner in ('m1', 'm2');

-- off again
update ddns.zones set terms = false where origin = 'dyn.test';
select is((select count(*) from ddns.domains where term <> 'none' or term_ends is not null or term_email is not null or not served), 0::bigint, 'switched off, nobody has a term, and who was held is served');
select is((select count(*) > 0 from ddns.quarantine), true, 'what rests goes on resting');
select ddns.release_domain('m1.dyn.test');
delete from ddns.domains where owner = 'm2';
select is((select string_agg(name, ' ' order by name) from ddns.quarantine where name like 'm%'), 'm1.dyn.test', 'without terms only what is released rests, not what is deleted');
update ddns.zones set terms = true where origin = 'dyn.test';
select is(pg_temp.term('m3'), 'registered 365', 'and on again, all are registered from then on');
update ddns.domains set term = 'registered', term_ends = null where owner = 'none';
update ddns.zones set kind = 'own', terms = false where origin = 'dyn.test';
select is((select count(*) from ddns.domains where term <> 'none'), 0::bigint, 'a zone that gives no more names away has none');
delete from ddns.zones where origin = 'dyn.test';
select is((select count(*) from ddns.quarantine where name like 'm3.%'), 0::bigint, 'what goes with its zone does not rest');

select * from finish();
rollback;
