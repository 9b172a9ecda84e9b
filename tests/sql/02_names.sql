-- SPDX-License-Identifier: GPL-3.0-or-later
-- Names: RFC 1035 section 5.1 text, and what is refused where.
begin;
select plan(50);
select test.world();

create temp table cases (input text, name text, octets int) on commit drop;
insert into cases values
  ('example.org', 'example.org', 13), ('Example.ORG.', 'example.org', 13), ('a', 'a', 3), ('.', '', 1),
  ('*.example.org', '*.example.org', 15), ('_srv._tcp.a', '_srv._tcp.a', 13),
  ('a\.b.c', 'a\.b.c', 7), ('\097bc', 'abc', 5), ('\065', 'a', 3), ('a\032b', 'a\032b', 5), ('a b', 'a\032b', 5),
  ('\000', '\000', 3), ('\255', '\255', 3), ('a\@b', 'a\@b', 5), ('a@b', 'a\@b', 5), ('a\-b', 'a-b', 5),
  ('$x', '\$x', 4), ('a"b', 'a\"b', 5), ('x\\y', 'x\\y', 5), ('a\;b', 'a\;b', 5), ('!#%&''*+,/:<=>?[]^`{|}~', '!#%&''*+,/:<=>?[]^`{|}~', 24),
  (repeat('a', 63) || '.b', repeat('a', 63) || '.b', 67),
  (repeat('a.', 126) || 'a', repeat('a.', 126) || 'a', 255),
  (repeat('a.', 126) || 'aa', null, null),
  (repeat('a', 64), null, null), ('a..b', null, null), ('.a', null, null), ('', null, null), ('a\', null, null),
  ('a\25', null, null), ('a\256', null, null), ('bücher.example', null, null);
select is((parse_name).name, name, 'the stored form of ' || left(input, 30)) from (select ddns.parse_name(input), * from cases) c;
select is_empty('select input from cases where octets is distinct from case when (ddns.parse_name(input)).fault is null
  then (ddns.parse_name(input)).octets end', 'lengths on the wire');
select is_empty($$ select name from cases where name <> '' and (ddns.parse_name(name)).name <> name $$, 'the stored form is stable');

select is(ddns.ancestors('a.b\.c.d'), array['b\.c.d', 'd'], 'names above a name');
select ok(ddns.is_at_or_below('a.b.c', 'b.c') and ddns.is_at_or_below('b', 'b') and not ddns.is_at_or_below('ab.c', 'b.c')
          and not ddns.is_at_or_below('a\.b.c', 'b.c') and ddns.is_at_or_below('a\\.b.c', 'b.c'), 'below, by labels');

select test.refused($$insert into ddns.zones (origin, mname, rname) values ('Foo.Test.', 'a', 'b')$$, '22023',
  'the zone "Foo.Test." is not written as names are stored%', 'Write "foo.test".', 'a zone in capitals');
select test.refused($$insert into ddns.zones (origin, mname, rname) values ('foo', 'ns1.foo.', 'b')$$, '22023',
  '%(mname) "ns1.foo."%', 'Write "ns1.foo".', 'a final dot in mname');
select test.refused($$insert into ddns.zones (origin, mname, rname) values ('foo', 'ns1.foo', 'Host.Master@foo.test')$$, '22023',
  '%(rname) "Host.Master@foo.test" is not a domain name', '%"host\\.master.foo.test".', 'a mail address in rname');
select test.refused($$insert into ddns.zones (origin, mname, rname, name_servers) values ('foo', 'a', 'b', '{ns1.foo.}')$$,
  '22023', 'the name server "ns1.foo."%', 'Write "ns1.foo".', 'a final dot in name_servers');
select test.refused($$update ddns.zones set notify = '{ns2.example.org}'$$, '22023', '%"ns2.example.org" is not an address%',
  'Write such as%', 'a name in notify');
select test.refused($$insert into ddns.zones (origin, mname, rname, kind) values ('foo', 'a', 'b', 'private')$$,
  '23514', '%zones_account%', '%', 'a private zone of nobody');
select test.refused($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'Bob', test.account('joe'))$$, '22023',
  'the domain "Bob" is not written%', 'Write "bob".', 'a domain in capitals');
select test.refused($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', 'bob.dyn.test.', test.account('joe'))$$, '22023',
  'the domain "bob.dyn.test." is not relative to its zone dyn.test', 'Write "bob".', 'a full name with final dot as owner');
select test.refused($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', '*.bob', test.account('joe'))$$, '22023',
  'the domain "*.bob" is a wildcard', 'Write "bob", and set its column wildcard.', 'a wildcard as domain');
select test.refused($$insert into ddns.domains (zone, owner, account_id) values ('dyn.test', repeat('a.', 120) || 'a', test.account('joe'))$$, '22023',
  '%leaves no room for www.%', '%', 'a domain so long that its www does not fit');
select test.refused($$insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', repeat('a.', 125) || 'a', 'A', '192.0.2.1')$$, '22023',
  '%a name of 262 octets, and 255 are allowed', 'Write a shorter name.', 'an owner too long with its zone');
select test.refused($$insert into ddns.records (zone, owner, type, rdata) values ('dyn.test', '', 'A', '192.0.2.1')$$, '22023',
  'the owner is empty', 'Write "@"%', 'an empty owner');
select test.refused($$insert into ddns.records (zone, owner, type, rdata) values ('Dyn.Test.', 'x', 'A', '192.0.2.1')$$, '22023',
  'the zone "Dyn.Test."%', 'Write "dyn.test".', 'a zone written otherwise than it is stored');
select test.refused($$insert into ddns.accounts (login) values ('a:b')$$, '22023', 'the login "a:b"%', '%', 'a colon in a login');

select * from finish();
rollback;
