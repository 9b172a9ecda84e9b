-- SPDX-License-Identifier: GPL-3.0-or-later
-- A zone that goes and comes again under its former id, and one that changes hands.
set client_min_messages = warning;
select plan(8);
select test.world();
select test.connect('w');

create temp table former as select * from ddns.zones where origin = 'own.test';
create temp table cursor_then as
select s.version, s.xid from ddns.zone_state s join former f on f.id = s.zone_id;
select is(test.elsewhere('w', 'delete from ddns.zones where origin = ''own.test'''), '', 'the zone goes');
insert into ddns.zones select * from former;
select cmp_ok((select s.version from ddns.zone_state s join former f on f.id = s.zone_id), '>',
  (select version from cursor_then), 'a zone that comes again goes on above the versions of the former one');
insert into ddns.records (zone, owner, type, rdata) values ('own.test', 'n', 'A', '192.0.2.1');
select is((select what from ddns.catch_up((select id from former), (select version from cursor_then), (select xid from cursor_then)) limit 1),
  'whole', 'who knew the former zone reads it anew');

update ddns.zone_state set serial = 5 where zone_id = (select id from former);
update ddns.zones set redirectors = '{192.0.2.9}' where origin = 'own.test';
select is((select serial from ddns.zone_state where zone_id = (select id from former)), 6::bigint,
  'a serial that is set below the former one counts, and the next step follows it');

insert into ddns.accounts (login) values ('giver'), ('taker');
insert into ddns.zones (origin, kind, account_id, mname, rname)
values ('hands.test', 'private', test.account('giver'), 'ns.hands.test', 'h.hands.test');
update ddns.accounts set state = 'suspended' where login = 'giver';
select is((select served from ddns.zones where origin = 'hands.test'), false, 'the zone of a suspended account is dark');
update ddns.zones set account_id = test.account('taker') where origin = 'hands.test';
select is((select served from ddns.zones where origin = 'hands.test'), true, 'and served when it is another''s');
update ddns.zones set account_id = test.account('giver') where origin = 'hands.test';
select is((select served from ddns.zones where origin = 'hands.test'), false, 'dark in the suspended account''s hands');
update ddns.zones set kind = 'own', account_id = null where origin = 'hands.test';
select is((select served from ddns.zones where origin = 'hands.test'), true, 'and served as the operator''s own');

select dblink_disconnect('w');
select * from finish();
truncate ddns.zones, ddns.accounts, ddns.history cascade;
