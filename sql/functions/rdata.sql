-- SPDX-License-Identifier: GPL-3.0-or-later
-- Types and rdata: the stored form, and what to say of another one.

set local search_path = ddns, pg_temp;

create or replace function refuse_rdata(p_type text, p_rdata text, p_fault text, p_hint text) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  raise invalid_parameter_value using
    message = format('the data "%s" is not right for type %s: %s',
                     case when length(p_rdata) > 200 then left(p_rdata, 200) || '...' else p_rdata end,
                     p_type, p_fault),
    hint = coalesce(p_hint, 'Write it as in a zone file.');
end $$;

-- The types there are, by number.
create or replace function type_numbers() returns jsonb
language sql immutable parallel safe set search_path = ddns, pg_temp
return '{"A":1,"NS":2,"MD":3,"MF":4,"CNAME":5,"SOA":6,"MB":7,"MG":8,"MR":9,"NULL":10,"WKS":11,"PTR":12,
  "HINFO":13,"MINFO":14,"MX":15,"TXT":16,"RP":17,"AFSDB":18,"X25":19,"ISDN":20,"RT":21,"NSAP":22,
  "NSAP-PTR":23,"SIG":24,"KEY":25,"PX":26,"GPOS":27,"AAAA":28,"LOC":29,"NXT":30,"EID":31,"NIMLOC":32,
  "SRV":33,"ATMA":34,"NAPTR":35,"KX":36,"CERT":37,"A6":38,"DNAME":39,"SINK":40,"OPT":41,"APL":42,"DS":43,
  "SSHFP":44,"IPSECKEY":45,"RRSIG":46,"NSEC":47,"DNSKEY":48,"DHCID":49,"NSEC3":50,"NSEC3PARAM":51,
  "TLSA":52,"SMIMEA":53,"HIP":55,"NINFO":56,"RKEY":57,"TALINK":58,"CDS":59,"CDNSKEY":60,
  "OPENPGPKEY":61,"CSYNC":62,"ZONEMD":63,"SVCB":64,"HTTPS":65,"DSYNC":66,"HHIT":67,"BRID":68,"SPF":99,"UINFO":100,"UID":101,"GID":102,
  "UNSPEC":103,"NID":104,"L32":105,"L64":106,"LP":107,"EUI48":108,"EUI64":109,"TKEY":249,"TSIG":250,
  "IXFR":251,"AXFR":252,"MAILB":253,"MAILA":254,"ANY":255,"URI":256,"CAA":257,"AVC":258,"DOA":259,
  "AMTRELAY":260,"RESINFO":261,"WALLET":262,"TA":32768,"DLV":32769}'::jsonb;

-- The types that name servers answer, and the fields of their data: 4 6 an address; n a name; b w a
-- number of 8, 16 bits; s a string, S one or more; t a CAA tag, v any text, u some; x hexadecimal,
-- y base64, d a digest of the type before it; e f an EUI-48, EUI-64; L LOC; P service parameters; r NAPTR's rule.
create or replace function type_fields() returns jsonb
language sql immutable parallel safe set search_path = ddns, pg_temp
return '{"A":"4","AAAA":"6","CNAME":"n","NS":"n","PTR":"n","DNAME":"n","MX":"wn","TXT":"S","SRV":"wwwn","CAA":"btv",
  "HTTPS":"wnP","SVCB":"wnP","TLSA":"bbbx","SMIMEA":"bbbx","SSHFP":"bbd","DS":"wbbd","CDS":"wbbd","CDNSKEY":"wbby",
  "NAPTR":"wwssrn","LOC":"L","URI":"wwu","HINFO":"ss","RP":"nn","DHCID":"y","OPENPGPKEY":"y","CERT":"wwby",
  "AFSDB":"wn","KX":"wn","SPF":"S","EUI48":"e","EUI64":"f"}'::jsonb;

-- Refuses a type that is unknown, not in its stored spelling, or that no record can have.
create or replace function check_type(p_type text) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  known text := upper(p_type);
  number int := type_numbers() -> known;
begin
  if number is null and known ~ '^TYPE[0-9]{1,5}$' then
    number := substr(known, 5);
    known := coalesce((select key from jsonb_each(type_numbers()) where value = to_jsonb(number)), 'TYPE' || number);
  end if;
  if number is null or number > 65535 then
    raise invalid_parameter_value using
      message = format('"%s" is not a type of record', left(p_type, 60)),
      hint = 'Write a type such as A, AAAA, CNAME, MX or TXT, or TYPE and its number for one that has no name here.';
  elsif number = 6 then
    raise invalid_parameter_value using
      message = 'a SOA record cannot be stored: it is made of the zone''s own columns',
      hint = 'Update mname, rname, refresh, retry, expire and negative_ttl in zones, or serial in zone_state.';
  elsif number = 0 or number between 128 and 255 or number in (24, 30, 41, 46, 47, 50, 65535) then
    raise invalid_parameter_value using
      message = format('records of type %s cannot be stored: it is for questions, messages or signatures only', known),
      hint = 'Write a type that holds data, such as A, AAAA, CNAME, MX or TXT.';
  elsif type_numbers() ? known and not type_fields() ? known then
    raise invalid_parameter_value using
      message = format('records of type %s cannot be stored: name servers do not answer them', known),
      hint = 'Write one of these types: ' || (select string_agg(key, ', ' order by key) from jsonb_each(type_fields()))
             || '; or TYPE and a number that has no name.';
  elsif known <> p_type then
    raise invalid_parameter_value using
      message = format('the type "%s" is not written as types are stored', left(p_type, 60)),
      hint = format('Write "%s".', known);
  end if;
end $$;

-- The stored form of a name in rdata, with its final dot.
create or replace function rdata_name(p_name text, p_zone text, p_type text, p_rdata text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  n record;
begin
  if p_name = '@' then
    perform refuse_rdata(p_type, p_rdata, '@ is short for the zone in zone files only', format('Write "%s.".', p_zone));
  end if;
  n := parse_name(p_name);
  if n.fault is not null then
    perform refuse_rdata(p_type, p_rdata, format('"%s" is not a domain name: %s', p_name, n.fault),
                         'Write a full name with its final dot, such as "www.example.org.".');
  end if;
  -- a final dot that is escaped belongs to the label
  if right(p_name, 1) <> '.' or right(n.name, 2) = '\.' and length(substring(left(p_name, -1) from '\\*$')) % 2 = 1 then
    perform refuse_rdata(p_type, p_rdata, format('the name "%s" has no final dot', p_name),
      format('Write "%1$s." if that is the full name, or "%1$s.%2$s." if it lies in the zone.', n.name, p_zone));
  end if;
  return n.name || '.';
end $$;

-- A whole number of rdata without leading zeros.
create or replace function rdata_number(p_word text, p_max int, p_what text,
                                        p_type text, p_rdata text, p_example text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_word !~ '^[0-9]{1,9}$' or p_word::int > p_max then
    perform refuse_rdata(p_type, p_rdata,
      format('its %s "%s" is not a number from 0 to %s', p_what, p_word, p_max),
      format('Write such as %s.', p_example));
  end if;
  return p_word::int::text;
end $$;

-- A character-string as it was typed, with or without quotes, in its stored form: in quotes, with
-- \" and \\, and \DDD for what is not printable ASCII.
create or replace function rdata_string(p_word text, p_max int, p_type text, p_rdata text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  inner_text text := case when left(p_word, 1) = '"' then substr(p_word, 2, length(p_word) - 2) else p_word end;
  canonical text := '';
  octets int := 0;
  t text;
  bytes bytea;
begin
  for t in select m[1] from regexp_matches(inner_text, '[ !#-\[\]-~]+|\\[0-9]{3}|\\[^0-9]|[^\\]|\\', 'g') m loop
    if t ~ '^[ !#-\[\]-~]+$' then       -- a run of characters that stand for themselves
      canonical := canonical || t;
      octets := octets + length(t);
      continue;
    end if;
    if t = '\' or t ~ '^\\[0-9]' and substr(t, 2)::int > 255 then
      perform refuse_rdata(p_type, p_rdata,
        'it has a bad escape: \ stands before three digits up to 255 or one other character',
        'Write \\ for a backslash.');
    end if;
    bytes := case when t ~ '^\\[0-9]' then set_byte('\x00', 0, substr(t, 2)::int)
                  else convert_to(right(t, 1), 'UTF8') end;
    octets := octets + length(bytes);
    for i in 0..length(bytes) - 1 loop
      canonical := canonical || case
        when get_byte(bytes, i) in (34, 92) then '\' || chr(get_byte(bytes, i))
        when get_byte(bytes, i) between 32 and 126 then chr(get_byte(bytes, i))
        else '\' || lpad(get_byte(bytes, i)::text, 3, '0') end;
    end loop;
  end loop;
  if octets > p_max then
    perform refuse_rdata(p_type, p_rdata, format('it has a string of %s octets, and %s are allowed', octets, p_max),
                         'Write several strings, each in double quotes: "..." "...".');
  end if;
  return '"' || canonical || '"';
end $$;

-- The words of rdata; those in quotes keep their blanks and quotes.
create or replace function rdata_words(p_type text, p_rdata text) returns text[]
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_rdata !~ '^\s*("([^"\\]|\\.)*"|([^\s"\\]|\\.)+)(\s+("([^"\\]|\\.)*"|([^\s"\\]|\\.)+))*\s*$' then
    perform refuse_rdata(p_type, p_rdata,
      'a double quote is not closed, or nothing stands between it and the next word',
      'Write each string in double quotes, with a blank between them; write \" for a quote in a string.');
  end if;
  return array(select m[1] from regexp_matches(p_rdata, '"(?:[^"\\]|\\.)*"|(?:[^\s"\\]|\\.)+', 'g') m);
end $$;

-- The stored form of rdata; refuses what cannot be read.  Types that are not named here are stored
-- as they are given, where name servers can read them: who writes them writes them canonical.
create or replace function canonical_rdata(p_type text, p_rdata text, p_zone text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_rdata ~ '[\x01-\x1f\x7f]' and p_type <> 'TXT' then
    perform refuse_rdata(p_type, p_rdata, 'it has a line break, a tab or another control character',
                         'Write it on one line.');
  elsif btrim(p_rdata) = '' then
    perform refuse_rdata(p_type, p_rdata, 'it is empty',
      case p_type when 'TXT' then 'Write "" in double quotes for an empty string.' end);
  end if;
  case p_type
  when 'A' then return rdata_address(4, p_type, p_rdata);
  when 'AAAA' then return rdata_address(6, p_type, p_rdata);
  when 'CNAME', 'NS', 'PTR', 'DNAME' then
    return rdata_fields('{}', 'one name', 'www.example.org.', p_type, p_rdata, p_zone);
  when 'MX' then
    return rdata_fields('{preference}', 'a preference and a name', '10 mail.example.org.', p_type, p_rdata, p_zone);
  when 'SRV' then
    return rdata_fields('{priority,weight,port}', 'a priority, a weight, a port and a name',
                        '0 5 443 www.example.org.', p_type, p_rdata, p_zone);
  when 'TXT' then return rdata_txt(p_type, p_rdata);
  when 'CAA' then return rdata_caa(p_type, p_rdata);
  else
    if p_rdata ~ '[^ -~]' then
      perform refuse_rdata(p_type, p_rdata, 'it has a character that is not ASCII',
                           'Write \DDD for a byte, three decimal digits.');
    end if;
    perform check_fields(p_type, btrim(p_rdata), p_zone);
    return btrim(p_rdata);
  end case;
end $$;

-- Whether rdata is as it would be stored; false also for what would be refused.
create or replace function is_canonical_rdata(p_type text, p_rdata text, p_zone text) returns boolean
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  return p_rdata = canonical_rdata(p_type, p_rdata, p_zone);
exception when data_exception or integrity_constraint_violation or raise_exception then
  return false;
end $$;

create or replace function rdata_address(p_version int, p_type text, p_rdata text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  a inet;
begin
  begin
    a := btrim(p_rdata)::inet;
  exception when invalid_text_representation then
    a := null;
  end;
  -- 010 is ten to some and eight to others
  if a is null or family(a) <> p_version or p_rdata ~ '/' or p_version = 4 and p_rdata ~ '(^|\.)0[0-9]' then
    perform refuse_rdata(p_type, p_rdata, format('it is not an IPv%s address', p_version),
      case when family(a) = 4 and p_version = 6 then 'Use type A for an IPv4 address.'
           when family(a) = 6 and p_version = 4 then 'Use type AAAA for an IPv6 address.'
           when p_version = 4 then 'Write an address such as "192.0.2.1".'
           else 'Write an address such as "2001:db8::1".' end);
  end if;
  return host(a);
end $$;

-- 16-bit numbers, then a name.
create or replace function rdata_fields(p_numbers text[], p_form text, p_example text,
                                        p_type text, p_rdata text, p_zone text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  w text[] := rdata_words(p_type, p_rdata);
  n int := cardinality(p_numbers);
  canonical text := '';
begin
  if cardinality(w) <> n + 1 then
    perform refuse_rdata(p_type, p_rdata, 'it is not ' || p_form, format('Write such as "%s".', p_example));
  end if;
  for i in 1..n loop
    canonical := canonical || rdata_number(w[i], 65535, p_numbers[i], p_type, p_rdata, p_example) || ' ';
  end loop;
  return canonical || rdata_name(w[n + 1], p_zone, p_type, p_rdata);
end $$;

create or replace function rdata_txt(p_type text, p_rdata text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  w text[] := rdata_words(p_type, p_rdata);
begin
  if cardinality(w) > 1 and left(p_rdata, 1) <> '"' then
    perform refuse_rdata(p_type, p_rdata, 'it is several words without quotes',
      format('Write "%s" with its double quotes for one string, or each string in double quotes for several.',
             replace(p_rdata, '"', '\"')));
  elsif length(p_rdata) > 60000 then
    perform refuse_rdata(p_type, p_rdata, 'it is longer than a record can be', 'Write less text.');
  end if;
  return (select string_agg(rdata_string(x, 255, p_type, p_rdata), ' ' order by i)
          from unnest(w) with ordinality u (x, i));
end $$;

create or replace function rdata_caa(p_type text, p_rdata text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  example constant text := '0 issue "ca.example.org"';
  w text[] := rdata_words(p_type, p_rdata);
begin
  if cardinality(w) <> 3 then
    perform refuse_rdata(p_type, p_rdata, 'it is not flags, a tag and a value', format('Write such as %s.', example));
  elsif w[2] !~* '^[a-z0-9]{1,255}$' then
    perform refuse_rdata(p_type, p_rdata, format('its tag "%s" is not a word of letters and digits', w[2]),
                         'Write issue, issuewild or iodef.');
  end if;
  return rdata_number(w[1], 255, 'flags', p_type, p_rdata, example) || ' ' || lower(w[2]) || ' '
         || rdata_string(w[3], 65000, p_type, p_rdata);
end $$;
