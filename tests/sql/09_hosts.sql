-- SPDX-License-Identifier: GPL-3.0-or-later
-- update_hosts and the policy: every verdict, several requests for one host, what is written.
begin;
select plan(97);
select test.world();
insert into ddns.zones (origin, kind, mname, rname) values ('pub.test', 'shared', 'ns1.test', 'h.test');
insert into ddns.accounts (login) values ('one');
insert into ddns.domains (zone, owner, account_id) values ('pub.test', 'joe', test.account('joe')), ('dyn.test', 'only', test.account('one'));
create function pg_temp.key(p_name text, p_rest text) returns void language plpgsql as $$
begin
  execute 'insert into ddns.keys (name, account_id, secret, secret_key_id, secret_sha256) select $1, test.account(''joe''), ''\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e'', ''00000000'', sha256($1::bytea)' using p_name;
  execute format('update ddns.keys set %s where name = %L', p_rest, p_name);
end $$;
select pg_temp.key('all.k', 'expires = null'), pg_temp.key('joe.k', 'domains = ''{joe.dyn.test}'''), pg_temp.key('acme.k', 'types = ''{TXT}'', names = ''{_acme-challenge.*}'''),
  pg_temp.key('txt.k', 'types = ''{TXT}'''), pg_temp.key('four.k', 'types = ''{A}'''), pg_temp.key('six.k', 'types = ''{AAAA}'''), pg_temp.key('old.k', 'expires = now() - interval ''1 s'''),
  pg_temp.key('off.k', 'verbs = ''{offline}'''), pg_temp.key('gone.k', 'domains = ''{was.dyn.test}''');

-- one request; gives verdict, addresses, reason
create function pg_temp.ask(p_login text, p_key text, p_name text, p_v4 text default null, p_v6 text default null, p_state text default null,
                            p_user text default null, p_options jsonb default null) returns text language sql as $$
  select verdict || coalesce(' ' || addresses, '') || coalesce(': ' || reason, '')
  from ddns.update_hosts(array[(select id from ddns.keys where name = p_key)], array[test.account(p_login)], array[p_user], array[p_name], array[p_v4], array[p_v6],
                         array[p_state], array[p_options], array['test'], array['198.51.100.9'::inet]) $$;

select is(pg_temp.ask('joe', null, 'joe.dyn.test', '192.0.2.2'), 'changed 192.0.2.2', 'an address');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '192.0.2.2'), 'unchanged 192.0.2.2', 'again');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', null, '2001:DB8::0001'), 'changed 192.0.2.2,2001:db8::1', 'the other family leaves the first alone');
select is(pg_temp.ask('joe', null, 'joe.dyn.test'), 'unchanged 192.0.2.2,2001:db8::1', 'nothing but a sign of life');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '192.0.2.9, 192.0.2.8 ,'), 'changed 192.0.2.8,192.0.2.9,2001:db8::1', 'several of a family');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '192.0.2.9,192.0.2.8,192.0.2.8'), 'unchanged 192.0.2.8,192.0.2.9,2001:db8::1', 'in any order');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '::ffff:192.0.2.7'), 'changed 192.0.2.7,2001:db8::1', 'IPv4 in IPv6 form is IPv4');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '0.0.0.0'), 'changed 2001:db8::1', 'unspecified is none');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '192.0.2.1', ''), 'changed 192.0.2.1', 'empty is none');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', null, null, 'offline'), 'changed 192.0.2.1', 'offline');
select is((select (online, online_since, offline_reason)::text from ddns.domains where name = 'joe.dyn.test'), '(f,,update)', 'is stored with its reason');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', null, null, 'offline'), 'unchanged 192.0.2.1', 'offline again');
select is(pg_temp.ask('joe', null, 'joe.dyn.test'), 'changed 192.0.2.1', 'any update puts it online');
select ok((select online and online_since = now() and offline_reason is null from ddns.domains where name = 'joe.dyn.test'), 'since now');

select is(pg_temp.ask('joe', null, 'ann.dyn.test', '192.0.2.2'), 'unknown', 'somebody else''s');
select is(pg_temp.ask('joe', null, 'nobody.dyn.test', '192.0.2.2'), 'unknown', 'nobody''s');
select is(pg_temp.ask('joe', null, null, '192.0.2.2'), 'ambiguous', 'none of several');
select is(pg_temp.ask('one', null, null, '192.0.2.2'), 'changed 192.0.2.2', 'the only one');
select is(pg_temp.ask('joe', 'joe.k', null, '192.0.2.3'), 'changed 192.0.2.3', 'the only one of a key');
select is(pg_temp.ask('joe', 'gone.k', null, '192.0.2.3'), 'ambiguous', 'a key whose domain is gone has none');
select is(pg_temp.ask('joe', 'gone.k', 'joe.dyn.test', '192.0.2.3'), 'unknown', 'and is not without limits');
select is(pg_temp.ask('joe', null, null, '192.0.2.3', null, null, 'joe.dyn.test'), 'unchanged 192.0.2.3', 'a host as user name');
select is(pg_temp.ask('joe', null, 'joe.pub.test', '192.0.2.3', null, null, 'joe.dyn.test'), 'unknown', 'means that host alone');
select is(pg_temp.ask('joe', 'joe.k', 'joe.pub.test', '8.8.8.8'), 'unknown', 'outside of a key''s domains');
select is(pg_temp.ask('ann', 'joe.k', 'joe.dyn.test', '192.0.2.3'), 'unknown', 'a key of another account');
select is(pg_temp.ask('joe', 'acme.k', 'joe.dyn.test', '192.0.2.3'), 'unknown', 'outside of a key''s names');
select is(pg_temp.ask('joe', 'txt.k', 'joe.dyn.test', '192.0.2.3'), 'denied: the key is not for the type A', 'a type that the key is not for');
select is(pg_temp.ask('joe', 'txt.k', 'joe.dyn.test'), 'denied: the key is not for the type A', 'not even a sign of life');
select is(pg_temp.ask('joe', 'four.k', 'joe.dyn.test', '192.0.2.3', '2001:db8::1'), 'denied: the key is not for the type AAAA', 'all types must be allowed');
select is(pg_temp.ask('joe', 'four.k', 'joe.dyn.test', '192.0.2.3'), 'unchanged 192.0.2.3', 'the allowed type');
select is(pg_temp.ask('joe', 'old.k', 'joe.dyn.test', '192.0.2.3'), 'denied: the key has expired', 'an expired key');
select is(pg_temp.ask('joe', 'off.k', 'joe.dyn.test', '192.0.2.3'), 'denied: the key is not for the verb update', 'a verb that the key is not for');
select is(pg_temp.ask('joe', 'off.k', 'joe.dyn.test', null, null, 'offline'), 'changed 192.0.2.3', 'the allowed verb');
select is(pg_temp.ask('joe', 'all.k', 'joe.dyn.test', '192.0.2.3'), 'changed 192.0.2.3', 'a key without limits');
select is(pg_temp.ask('joe', 'four.k', 'joe.dyn.test', null, null, 'offline'), 'changed 192.0.2.3', 'a host goes offline by a key for all its addresses'' types');
select is(pg_temp.ask('joe', 'all.k', 'joe.dyn.test', '192.0.2.3', '2001:db8::3'), 'changed 192.0.2.3,2001:db8::3', 'online, with both');
select is(pg_temp.ask('joe', 'six.k', 'joe.dyn.test', null, null, 'offline'), 'denied: the key is not for the type A', 'not by a key for one of two');
select is(pg_temp.ask('joe', 'six.k', 'joe.dyn.test', null, '', 'offline'), 'denied: the key is not for the type A', 'nor as it takes that one away');
select is(pg_temp.ask('joe', 'all.k', 'joe.dyn.test', '192.0.2.3', ''), 'changed 192.0.2.3', 'and back');

select is(pg_temp.ask('joe', null, 'joe.pub.test', '192.168.1.1'), 'refused: 192.168.1.1 is private (192.168.0.0/16)', 'a private address in a public zone');
select is(pg_temp.ask('joe', null, 'joe.pub.test', '8.8.8.8', 'fe80::1'), 'refused: fe80::1 is link-local (fe80::/10)', 'one of two');
select is(pg_temp.ask('joe', null, 'joe.pub.test', '8.8.8.8', '2a00:1450::1'), 'changed 8.8.8.8,2a00:1450::1', 'public ones');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '224.0.0.1'), 'refused: 224.0.0.1 is a multicast address', 'multicast anywhere');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', 'junk'), 'refused: "junk" is not an address', 'junk');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '2001:db8::1'), 'refused: 2001:db8::1 is not an IPv4 address', 'the wrong family');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', null, null, 'sleeping'), 'refused: "sleeping" is neither online nor offline', 'a state that is none');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', null, null, null, null, '{"colour": 1}'), 'refused: the option "colour" is not known', 'an unknown option');

update ddns.zones set terms = true where origin = 'pub.test';
update ddns.domains set term = 'held', term_before_held = 'trial', term_ends = now() where name = 'joe.pub.test';
select is(pg_temp.ask('joe', null, 'joe.pub.test', '8.8.8.8'), 'unknown', 'a held domain');
update ddns.accounts set state = 'suspended' where login = 'one';
select is(pg_temp.ask('one', null, 'only.dyn.test', '192.0.2.2'), 'unknown', 'a suspended account');

-- many at once
select results_eq($$select n, verdict, addresses from ddns.update_hosts(array_fill(null::bigint, array[6]), array_fill(test.account('joe'), array[6]), array_fill(null::text, array[6]),
    '{joe.dyn.test,ann.dyn.test,joe.dyn.test,joe.dyn.test,joe.dyn.test,joe.dyn.test}', '{192.0.2.11,192.0.2.11,junk,192.0.2.12,192.0.2.12,NULL}', '{NULL,NULL,NULL,NULL,NULL,2001:db8::9}',
    array_fill(null::text, array[6]), array_fill(null::jsonb, array[6]), array_fill('t'::text, array[6]), array_fill('127.0.0.1'::inet, array[6]))$$,
  $$values (1, 'changed', '192.0.2.11'), (2, 'unknown', null), (3, 'refused', null), (4, 'changed', '192.0.2.12'), (5, 'unchanged', '192.0.2.12'), (6, 'changed', '192.0.2.12,2001:db8::9')$$,
  'the same host several times: each sees what came before it, the last counts');
select is((select address::text from ddns.domains where name = 'joe.dyn.test'), '{192.0.2.12,2001:db8::9}', 'and is stored');
select is((select (peer, door)::text from ddns.contacts c join ddns.domains d on d.id = domain_id where d.name = 'joe.dyn.test'), '(127.0.0.1,t)', 'with its contact');
select is((select count(*) from ddns.contacts c join ddns.domains d on d.id = domain_id where d.name = 'ann.dyn.test'), 0::bigint, 'a refused one has none');
select is((select count(*) from ddns.key_uses), 4::bigint, 'keys that were used are noted, others not');

-- a CNAME in the way
update ddns.domains set address = '{}', mail = false where name = 'joe.dyn.test';
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'joe', 'CNAME', 'x.test.');
select is(pg_temp.ask('joe', null, 'joe.dyn.test', '192.0.2.1'), 'refused: a CNAME stands at this name: delete it first', 'a CNAME at the name');

-- may()
select is((select string_agg(ddns.may(test.account('joe'), (select id from ddns.keys where name = k), n, t, v), ' ' order by i) from (values
  (1, null, 'x.joe.dyn.test', 'TXT', 'add'), (2, null, 'ann.dyn.test', 'TXT', 'add'), (3, null, 'dyn.test', 'TXT', 'add'), (4, 'joe.k', 'a.b.joe.dyn.test', 'TXT', 'add'), (5, 'joe.k', 'xjoe.dyn.test', 'TXT', 'add'),
  (6, 'acme.k', '_acme-challenge.joe.dyn.test', 'TXT', 'add'), (7, 'acme.k', '_acme-challenge.joe.dyn.test', 'A', 'add'), (8, 'acme.k', 'joe.dyn.test', 'TXT', 'add'), (9, 'old.k', 'joe.dyn.test', 'TXT', 'add')) c (i, k, n, t, v)),
  'yes unknown unknown yes unknown yes denied unknown denied', 'one policy for all doors');

-- who may take which name
insert into ddns.quarantine values ('rests.dyn.test', test.account('joe'), now() + interval '10 days'), ('rested.dyn.test', test.account('joe'), now() - interval '1 s');
insert into ddns.zones (origin, kind, account_id, mname, rname) values ('joe.test', 'private', test.account('joe'), 'ns1.test', 'h.test');
select is(ddns.domain_refused(test.account('ann'), n), r, 'taking ' || n) from (values
  ('bob.dyn.test', null), ('www.dyn.test', '"www" is reserved'), ('ns7.dyn.test', '"ns7" is reserved'), ('nsa.dyn.test', '"nsa" is reserved'), ('wwww.dyn.test', null),
  ('_x.dyn.test', 'its label "_x" is not made of letters, digits and inner hyphens'), ('-x.dyn.test', 'its label "-x" is not made of letters, digits and inner hyphens'),
  ('a.b.dyn.test', 'it has 2 labels before dyn.test, and 1 are allowed'), ('dyn.test', 'it is the zone itself'), ('x.own.test', 'its zone gives no names away'),
  ('x.joe.test', 'it lies in somebody''s private zone'), ('x.example', 'it lies in no zone of this server'),
  ('xn--bcher-kva.dyn.test', null), ('xn--l.dyn.test', 'its label "xn--l" is wrong: it is no international name: what follows xn-- cannot be decoded'),
  ('rests.dyn.test', 'it was somebody''s until lately, and rests until ' || (select to_char(until, 'YYYY-MM-DD') from ddns.quarantine where name = 'rests.dyn.test')), ('rested.dyn.test', null)) v (n, r);
select is(ddns.domain_refused(test.account('joe'), n), null, 'its former holder: ' || n) from unnest(array['rests.dyn.test', 'x.joe.test', 'joe.test']) n;
insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', 'shop', 'A', '192.0.2.1'), ('dyn.test', '_xmpp._tcp.chat', 'TXT', '"x"');
select is(ddns.domain_refused(test.account('joe'), n || '.dyn.test'), 'the zone has records of its own there', n) from unnest(array['shop', 'chat']) n;
select is(ddns.domain_refused(test.account('joe'), n || '.dyn.test'), null, n) from unnest(array['shop2', 'hat', 'xshop']) n;
update ddns.zones set depth = 2 where origin = 'dyn.test';
select is(ddns.domain_refused(test.account('ann'), 'x.joe.dyn.test'), 'it lies below joe.dyn.test, which is somebody''s', 'below another''s domain');
select is(ddns.domain_refused(test.account('joe'), 'x.joe.dyn.test'), null, 'below one''s own');

-- international labels: the Punycode of RFC 3492, its own examples and what is none
select is(ddns.punycode_points(p), points, 'decoded: ' || p) from (values
  ('bcher-kva', array[98, 252, 99, 104, 101, 114]), ('egbpdaj6bu4bxfgehfvwxn', array[1604,1610,1607,1605,1575,1576,1578,1603,1604,1605,1608,1588,1593,1585,1576,1610,1567]),
  ('ihqwcrb4cv8a8dqg056pqjye', array[20182,20204,20026,20160,20040,19981,35828,20013,25991]), ('-', null), ('f', null), ('99999999', null), ('abc-', null), ('-x', null)) v (p, points);
select is(ddns.idna_fault(l) is null, is_right, 'the label ' || l) from (values ('xn--fa-hia', true), ('a--b', true), ('ab--cd', false), ('xn--', false), ('xn--a', false), ('xn--bcher-2pa', false), ('xn--l', false)) v (l, is_right);

select * from finish();
rollback;
