-- SPDX-License-Identifier: GPL-3.0-or-later
-- Which addresses are public: each range's first and last, and the neighbours outside.
begin;
select plan(5);

create temp table ranges (first inet, last inet, below inet, above inet) on commit drop;
insert into ranges values
  ('0.0.0.0', '0.255.255.255', null, '1.0.0.0'), ('10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'),
  ('100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'), ('127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'),
  ('169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'), ('172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'),
  ('192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'), ('192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'),
  ('192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'), ('198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'),
  ('198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'), ('203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'),
  ('224.0.0.0', '255.255.255.255', '223.255.255.255', null),
  ('::', '::ffff:ffff', null, '0:0:0:0:0:1::'), ('::ffff:0.0.0.0', '::ffff:255.255.255.255', '::fffe:ffff:ffff', '0:0:0:0:1::'),
  ('64:ff9b::', '64:ff9b::ffff:ffff', '64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff', '64:ff9b::1:0:0'),
  ('100::', '100::ffff:ffff:ffff:ffff', 'ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '100:0:0:1::'),
  ('2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'),
  ('fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fe00::'),
  ('fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null),
  ('ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, null);
select is_empty('select first from ranges where ddns.address_refused(first) is null', 'the first of each range is refused');
select is_empty('select last from ranges where ddns.address_refused(last) is null', 'the last of each range is refused');
select is_empty('select below from ranges where ddns.address_refused(below) is not null and below not between ''192.0.0.0'' and ''192.0.2.255''
  or ddns.address_refused(above) is not null', 'what lies beside a range is not');
select is((select array_agg(ddns.address_refused(a) is not null order by i) from unnest('{2002:0a00:0001::1,2002:0808:0808::1,2002:c0a8:0101::,2002:7f00:1::,2002:dfff:ffff::}'::inet[]) with ordinality u (a, i)),
  '{t,f,t,t,f}'::boolean[], '6to4 is what its IPv4 address is');
select is((select array_agg(ddns.address_refused(a) is not null order by i) from unnest(array[
    '2001:0:808:808:0:0:f7f7:f7f7',     -- server 8.8.8.8, client 8.8.8.8 inverted
    '2001:0:808:808:0:0:f5ff:fffe',     -- client 10.0.0.1
    '2001:0:a00:1:0:0:f7f7:f7f7',       -- server 10.0.0.1
    '2001:1::1', '2606:4700::1111']::inet[]) with ordinality u (a, i)),
  '{f,t,t,f,f}'::boolean[], 'Teredo is what its server and its client are');

select * from finish();
rollback;
