-- SPDX-License-Identifier: GPL-3.0-or-later
-- Tries that failed, kept for the holders of names.
begin;
select plan(9);
select test.world();
insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256)
values ('joes', test.account('joe'), repeat('x', 30)::bytea, '00000000', sha256('x'));
insert into ddns.zones (origin, kind, account_id, mname, rname)
values ('joe.test', 'private', test.account('joe'), 'ns1.test', 'h.test');

select is(ddns.note_attempts('{joe.dyn.test,a.b.joe.dyn.test,x.joe.test,nobody.dyn.test,own.test,elsewhere.test,"not a name"}',
  '{joe,null,null,null,null,null,null}', '{null,null,null,null,null,null,null}', '{http,http,http,http,http,http,http}',
  '{192.0.2.1,null,null,null,null,null,null}', '{r1,r2,r3,r4,r5,r6,r7}'), 3, 'what is nobody''s is not kept');
select results_eq('select name, account, door, peer, reason from ddns.attempts order by reason',
  $$values ('joe.dyn.test' collate "C", 'joe' collate "C", 'http', '192.0.2.1'::inet, 'r1'), ('joe.dyn.test', null, 'http', null, 'r2'),
           ('joe.test', null, 'http', null, 'r3')$$, 'a name below a domain is the domain''s matter');
delete from ddns.attempts;
select is(ddns.note_attempts('{ann.dyn.test,ann.dyn.test}', '{nobody,null}', '{nokey,joes}', '{dns,dns}', '{null,null}', '{x,null}'), 2, 'two');
select results_eq('select key, account, reason from ddns.attempts order by key nulls first',
  $$values (null collate "C", null collate "C", 'x'), ('joes', 'joe', 'it is another account''s')$$, 'who is unknown is not written down, and a reason is found');
update ddns.zones set terms = true where origin = 'dyn.test';
update ddns.domains set term = 'held', term_before_held = 'trial', term_ends = now() where owner = 'joe';
select ddns.note_attempts('{joe.dyn.test}', '{null}', '{joes}', '{dns}', '{null}', '{null}');
select is((select reason from ddns.attempts where name = 'joe.dyn.test'), 'it is held, and not served', 'of a held domain it says so');

select is(ddns.note_attempts(array_fill('ann.dyn.test'::text, '{50}'), array_fill(null::text, '{50}'), array_fill(null::text, '{50}'),
  array_fill('http'::text, '{50}'), array_fill(null::inet, '{50}'), array_fill('x'::text, '{50}')), 8, 'ten a minute');
select is(ddns.note_attempts('{ann.dyn.test}', '{null}', '{null}', '{http}', '{null}', '{x}'), 0, 'however often they come');
insert into ddns.attempts (at, name, reason) select now() - i * interval '5 minutes', 'joe.test', 'x' from generate_series(1, 199) i;
select is(ddns.note_attempts('{joe.test,joe.test}', '{null,null}', '{null,null}', '{http,http}', '{null,null}', '{x,x}'), 1, 'two hundred a day');
update ddns.attempts set at = at - interval '1 day';
select is(ddns.note_attempts('{joe.test,ann.dyn.test}', '{null,null}', '{null,null}', '{http,http}', '{null,null}', '{x,x}'), 2, 'and so on the next day');

select * from finish();
rollback;
