-- SPDX-License-Identifier: GPL-3.0-or-later
-- Types and rdata: what is made canonical, what is refused and with which hint.
begin;
select plan(189);
select test.world();

-- made canonical
create temp table good (type text, input text, output text) on commit drop;
insert into good values
  ('A', '192.0.2.1', '192.0.2.1'), ('A', ' 192.0.2.1 ', '192.0.2.1'), ('A', '255.255.255.255', '255.255.255.255'),
  ('AAAA', '2001:DB8:0:0:0:0:0:1', '2001:db8::1'), ('AAAA', '::', '::'), ('AAAA', '2001:db8::1', '2001:db8::1'),
  ('AAAA', '2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'), ('AAAA', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'),
  ('AAAA', '2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'), ('AAAA', '::ffff:192.0.2.1', '::ffff:192.0.2.1'),
  ('CNAME', 'Www.Example.ORG.', 'www.example.org.'), ('CNAME', '.', '.'), ('CNAME', 'a\046b.c.', 'a\.b.c.'),
  ('PTR', 'host.example.org.', 'host.example.org.'), ('NS', 'NS1.example.org.', 'ns1.example.org.'),
  ('DNAME', 'other.Example.', 'other.example.'),
  ('MX', '10 mail.example.org.', '10 mail.example.org.'), ('MX', '  0010   Mail.example.org. ', '10 mail.example.org.'), ('MX', '0 .', '0 .'),
  ('MX', '65535 a.', '65535 a.'),
  ('SRV', '0 005 443 WWW.example.org.', '0 5 443 www.example.org.'), ('SRV', '65535 65535 65535 .', '65535 65535 65535 .'),
  ('TXT', '"hello"', '"hello"'), ('TXT', 'hello', '"hello"'), ('TXT', '"one"   "two"', '"one" "two"'), ('TXT', '""', '""'),
  ('TXT', '"say \"hi\""', '"say \"hi\""'), ('TXT', '"a\\b"', '"a\\b"'), ('TXT', '"\065"', '"A"'), ('TXT', '"\200"', '"\200"'),
  ('TXT', '"é"', '"\195\169"'), ('TXT', E'"a\tb"', '"a\009b"'), ('TXT', '"\a"', '"a"'), ('TXT', '"a;b"', '"a;b"'), ('TXT', 'a;b', '"a;b"'),
  ('TXT', '"' || repeat('x', 255) || '"', '"' || repeat('x', 255) || '"'),
  ('CAA', '0 ISSUE "ca.example.org"', '0 issue "ca.example.org"'), ('CAA', '128 iodef mailto:a@b.c', '128 iodef "mailto:a@b.c"'),
  ('CAA', '0 issue ";"', '0 issue ";"'),
  ('TYPE65280', '\# 0', '\# 0'), ('SSHFP', '4 2 ' || repeat('0a', 32), '4 2 ' || repeat('0a', 32)), ('SSHFP', '\# 3 010100', '\# 3 010100'),
  ('TLSA', '3 1 1 00ff', '3 1 1 00ff'), ('DS', '1 8 1 ' || repeat('00', 20), '1 8 1 ' || repeat('00', 20)), ('CDS', '0 0 0 00', '0 0 0 00'),
  ('CDNSKEY', '0 3 0 AA==', '0 3 0 AA=='), ('CERT', '1 2 3 AAAA', '1 2 3 AAAA'), ('DHCID', 'AAEB YWJj', 'AAEB YWJj'), ('OPENPGPKEY', 'AAAA', 'AAAA'),
  ('NAPTR', '1 2 "u" "s" "!^(.*)$!\\1!i" .', '1 2 "u" "s" "!^(.*)$!\\1!i" .'), ('NAPTR', '1 2 "s" "" "" _sip._udp.a.', '1 2 "s" "" "" _sip._udp.a.'),
  ('LOC', '90 N 180 0 0 W -100000.00m', '90 N 180 0 0 W -100000.00m'), ('LOC', '0 N 0 E 42849672.95m 90000000.00m', '0 N 0 E 42849672.95m 90000000.00m'),
  ('URI', '10 1 "https://a/"', '10 1 "https://a/"'), ('HINFO', '"" "b c"', '"" "b c"'), ('RP', 'a. .', 'a. .'), ('AFSDB', '1 a.', '1 a.'), ('KX', '1 a.', '1 a.'),
  ('SPF', '"v=spf1 -all"', '"v=spf1 -all"'), ('EUI48', '00-00-5E-00-53-2a', '00-00-5E-00-53-2a'), ('EUI64', '00-00-5e-ef-10-00-00-2a', '00-00-5e-ef-10-00-00-2a'),
  ('HTTPS', '1 .', '1 .'), ('HTTPS', '1 . alpn="h2,h3" no-default-alpn port=443', '1 . alpn="h2,h3" no-default-alpn port=443'),
  ('HTTPS', '0 a.', '0 a.'), ('SVCB', '1 a. mandatory=port,alpn port=1 alpn=h2 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 ech=AAAA key667="a \"b" key668',
   '1 a. mandatory=port,alpn port=1 alpn=h2 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 ech=AAAA key667="a \"b" key668'),
  ('SVCB', '1 a. dohpath=/dns-query{?dns}', '1 a. dohpath=/dns-query{?dns}'),
  ('SSHFP', ' 9 9 00aa ', '9 9 00aa'), ('TYPE65280', '\# 1 00', '\# 1 00'), ('LOC', '52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m', '52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m');
select is(ddns.canonical_rdata(type, input, 'dyn.test'), output, type || ' ' || left(input, 40)) from good;
select is_empty('select type, output from good where ddns.canonical_rdata(type, output, $$dyn.test$$) <> output', 'canonical data stay as they are');

-- the same through the table, where a cheap condition may let rows pass unseen
insert into ddns.records (zone, owner, type, rdata)
select 'own.test', 'r' || row_number() over (), type, input from good;
select bag_eq($$select type, rdata from ddns.records where zone = 'own.test'$$, 'select type, output from good', 'and so they are stored');
update ddns.records set rdata = replace(rdata, 'example', 'EXAMPLE') where zone = 'own.test' and type in ('MX', 'CNAME', 'NS', 'PTR');
select is_empty($$select rdata from ddns.records where zone = 'own.test' and type in ('MX', 'CNAME', 'NS', 'PTR') and rdata ~ 'EXAMPLE'$$,
  'updates too');

-- refused
create temp table bad (type text, input text, fault text, hint text) on commit drop;
insert into bad values
  ('A', '192.0.2', '%not an IPv4 address', 'Write an address such as "192.0.2.1".'), ('A', '192.0.2.256', '%not an IPv4 address', '%'),
  ('A', '192.0.2.1/24', '%not an IPv4 address', '%'), ('A', '2001:db8::1', '%not an IPv4 address', 'Use type AAAA%'),
  ('A', '', '%it is empty', '%'), ('A', '192.0.2.1 192.0.2.2', '%not an IPv4 address', '%'), ('A', '192.0.2.01', '%', '%'),
  ('AAAA', '192.0.2.1', '%not an IPv6 address', 'Use type A%'), ('AAAA', '2001:db8::1::2', '%not an IPv6 address', '%'),
  ('AAAA', '2001:db8::12345', '%not an IPv6 address', '%'), ('AAAA', '1::1:1:1:1:1:1:1:1', '%not an IPv6 address', '%'),
  ('CNAME', 'www', '%the name "www" has no final dot', 'Write "www." if that is the full name, or "www.dyn.test." if it lies in the zone.'),
  ('CNAME', 'www.example.org', '%no final dot', 'Write "www.example.org."%'), ('CNAME', 'a. b.', '%not one name', '%'),
  ('CNAME', '@', '%@ is short%', 'Write "dyn.test.".'), ('CNAME', 'a..b.', '%empty label', '%'), ('CNAME', 'a\.', '%no final dot', '%'),
  ('CNAME', repeat('a', 64) || '.', '%more than 63 octets', '%'), ('CNAME', repeat('abcdefg.', 32) || 'x.', '%255 are allowed', '%'),
  ('MX', 'mail.example.org.', '%not a preference and a name', '%"10 mail.example.org.".'), ('MX', '70000 a.', '%preference "70000"%', '%'),
  ('MX', '-1 a.', '%preference "-1"%', '%'), ('MX', '10 mail', '%no final dot', '%"mail.dyn.test."%'), ('MX', '10 a. b.', '%not a preference%', '%'),
  ('SRV', '0 0 a.', '%not a priority%', '%'), ('SRV', '0 0 65536 a.', '%port "65536"%', '%'), ('SRV', '0 0 53 a', '%no final dot', '%'),
  ('TXT', 'hello world', '%several words without quotes', 'Write "hello world" with%'), ('TXT', '"open', '%not closed%', '%'),
  ('TXT', '"a""b"', '%', '%a blank between them%'), ('TXT', '"' || repeat('x', 256) || '"', '%256 octets, and 255%', 'Write several strings%'),
  ('TXT', '"\25"', '%bad escape%', '%'), ('TXT', '"\256"', '%bad escape%', '%'), ('TXT', '', '%empty', 'Write ""%'),
  ('CAA', '0 issue', '%not flags, a tag and a value', '%'), ('CAA', '256 issue "a"', '%flags "256"%', '%'), ('CAA', '0 is-sue "a"', '%tag%', '%'),
  ('SSHFP', E'1 1\n00', '%line break%', '%'), ('SSHFP', '  ', '%empty', '%'), ('SSHFP', E'1 1 \x7f', '%control%', '%'),
  ('SSHFP', '1 1 00aa', '%hexadecimal%', '%'), ('SSHFP', '1 1 0', '%hexadecimal%', '%'), ('SSHFP', '1 1', '%too few%', '%'), ('SSHFP', '256 1 00', '%"256"%', '%'),
  ('SSHFP', '\# 2 00', '%as many octets%', '%'), ('SSHFP', '\# 1 0', '%as many octets%', '%'), ('SSHFP', '\#', '%as many octets%', '%'),
  ('RP', '\# 2 0000', '%names in their data', '%'), ('TLSA', '3 1 1 xyz', '%hexadecimal%', '%'), ('TLSA', '3 1 1', '%too few%', '%'), ('DS', '1 8 2 ' || repeat('00', 20), '%hexadecimal%', '%'),
  ('DHCID', 'AAE', '%base64', '%'), ('DHCID', 'AB==', '%base64', '%'), ('CERT', '1 2 3 A===', '%base64', '%'), ('CERT', '1 2 256 AAAA', '%"256"%', '%'),
  ('NAPTR', '1 2 "u" "s" "!a!b" .', '%delimiters', '%'), ('NAPTR', '1 2 "u" "s" "1a1b1" .', '%delimiters', '%'), ('NAPTR', '1 2 "u" "s" "!!b!" .', '%delimiters', '%'),
  ('NAPTR', '1 2 "u" "s" "" a', '%no final dot', '%'), ('NAPTR', '1 2 "u" "s" "" a. b.', '%too many%', '%'),
  ('LOC', '91 N 0 E 0m', '%latitude is over 90%', '%'), ('LOC', '90 0 0.001 N 0 E 0m', '%latitude%', '%'), ('LOC', '0 N 181 E 0m', '%longitude%', '%'), ('LOC', '0 60 N 0 E 0m', '%place on Earth', '%'),
  ('LOC', '0 N 0 E -100000.01m', '%altitude%', '%'), ('LOC', '0 N 0 E 42849672.96m', '%altitude%', '%'), ('LOC', '0 N 0 E 0m 90000000.01m', '%over 90000000 m', '%'),
  ('LOC', '0 N 0 E', '%place on Earth', '%'), ('URI', '10 1 https://a/', '%double quotes', '%'), ('URI', '10 1 ""', '%double quotes', '%'),
  ('HINFO', '"a"', '%too few%', '%'), ('HINFO', '"a" "b" "c"', '%too many%', '%'), ('RP', 'a. b', '%no final dot', '%'), ('SPF', '"' || repeat('x', 256) || '"', '%256 octets%', '%'),
  ('KX', '1 a\[b.', '%bit-string%', 'Write [ without%'), ('KX', '1 a\\[b\[.', '%bit-string%', '%'),
  ('EUI48', '00-00-5e-00-53', '%', '%'), ('EUI64', '00-00-5e-00-53-2a', '%', '%'), ('HTTPS', '1', '%too few%', '%'), ('HTTPS', '1 a', '%no final dot', '%'),
  ('HTTPS', '0 a. port=1', '%alias%', '%'), ('HTTPS', '1 . port=65536', '%"port"%', '%'), ('HTTPS', '1 . port', '%"port"%', '%'), ('HTTPS', '1 . port=1 port=1', '%"port"%', '%'),
  ('HTTPS', '1 . foo=bar', '%"foo"%', '%'), ('HTTPS', '1 . ipv4hint=192.0.2', '%"ipv4hint"%', '%'), ('HTTPS', '1 . ipv6hint=192.0.2.1', '%"ipv6hint"%', '%'),
  ('HTTPS', '1 . mandatory=port', '%mandatory%', '%'), ('HTTPS', '1 . mandatory=port,port port=1', '%mandatory%', '%'), ('HTTPS', '1 . no-default-alpn', '%without alpn', '%'),
  ('HTTPS', '1 . ech=A', '%"ech"%', '%'), ('HTTPS', '1 . key65535=a', '%"key65535"%', '%'), ('HTTPS', '1 . ALPN=h2', '%keys and values', '%'), ('HTTPS', '1 . alpn="h2', '%keys and values', '%'),
  ('TYPE65280', 'x', '%octets is known%', '%'), ('NULL', '\# 0', 'records of type NULL%not answer%', '%A, AAAA, %TYPE and a number%'), ('WKS', 'x', 'records of type WKS%not answer%', '%'),
  ('TYPE10', '\# 0', 'records of type NULL%', '%'), ('APL', '', 'records of type APL%', '%'), ('DNSKEY', '256 3 8 AwEAAQ==', 'records of type DNSKEY%', '%'), ('TYPE65535', '\# 0', '%', '%'),
  ('HTTPS', '1 . alpn=é', '%not ASCII', '%\DDD%'),
  ('SOA', 'a. b. 1 2 3 4 5', 'a SOA record cannot be stored%', 'Update mname%'), ('ANY', 'x', 'records of type ANY%', '%'),
  ('AXFR', 'x', 'records of type AXFR%', '%'), ('OPT', 'x', 'records of type OPT%', '%'), ('TSIG', 'x', 'records of type TSIG%', '%'),
  ('RRSIG', 'x', 'records of type RRSIG%', '%'), ('NSEC', 'x', 'records of type NSEC%', '%'), ('NSEC3', 'x', 'records of type NSEC3%', '%'),
  ('TYPE255', 'x', 'records of type ANY%', '%'), ('TYPE6', 'x', 'a SOA record%', '%'), ('TYPE1', 'x', '%not written as types are stored', 'Write "A".'),
  ('TYPE0', 'x', 'records of type TYPE0%', '%'), ('TYPE65536', 'x', '"TYPE65536" is not a type%', '%'), ('a', '192.0.2.1', '%not written as types%', 'Write "A".'),
  ('FOO', 'x', '"FOO" is not a type of record', '%TYPE and its number%');
select test.refused(format('insert into ddns.records (zone, owner, type, rdata) values (''dyn.test'', ''x'', %L, %L)', type, input),
                    '22023', replace(fault, '\', '\\'), replace(hint, '\', '\\'), type || ' ' || left(input, 40) || ' is refused') from bad;

select * from finish();
rollback;
