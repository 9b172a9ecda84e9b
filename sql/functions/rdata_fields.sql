-- SPDX-License-Identifier: GPL-3.0-or-later
-- Rdata of types that are stored as they are given: whether name servers can read them.

set local search_path = ddns, pg_temp;

-- Refuses rdata that are not the fields of their type; type_fields() says what these are.
create or replace function check_fields(p_type text, p_rdata text, p_zone text) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  fields constant text := type_fields() ->> p_type;
  w text[];
  f text;
  rest text;                            -- from the field at hand to the end
  n int := 0;                           -- the last number
begin
  if p_rdata ~ '^\\#' then
    perform check_opaque(p_type, p_rdata, fields);
    return;
  elsif fields is null then
    perform refuse_rdata(p_type, p_rdata, 'nothing but its octets is known of this type',
                         'Write \# , the number of octets and they in hexadecimal, such as "\# 2 00ff".');
  elsif right(fields, 1) = 'P' then     -- quotes may stand within a word
    w := regexp_match(p_rdata, '^(\S+) +(\S+) *(.*)$');
    w := case when w[3] = '' then w[1:2] else w end;
  else
    w := rdata_words(p_type, p_rdata);
  end if;
  for i in 1..length(fields) loop
    f := substr(fields, i, 1);
    rest := array_to_string(w[i:], ' ');
    if w[i] is null and f <> 'P' then
      perform refuse_rdata(p_type, p_rdata, 'it has too few fields', null);
    end if;
    case f
    when 'b', 'w' then n := rdata_number(w[i], (case f when 'b' then 255 else 65535 end), 'number', p_type, p_rdata, '0');
    when 'n' then
      perform rdata_name(w[i], p_zone, p_type, p_rdata);
      if w[i] ~ '^([^\\]|\\[^[])*\\\[' then
        perform refuse_rdata(p_type, p_rdata, 'it has \[, by which bit-string labels began', 'Write [ without the backslash.');
      end if;
    when 's', 'r' then perform rdata_string(w[i], 255, p_type, p_rdata);
    when 'S' then perform rdata_txt(p_type, p_rdata);
    when 'u' then
      if w[i] !~ '^"..*"$' then
        perform refuse_rdata(p_type, p_rdata, 'its URI is not in double quotes', 'Write such as 10 1 "https://www.example.org/".');
      end if;
      perform rdata_string(w[i], 65000, p_type, p_rdata);
    when 'x', 'd' then
      rest := replace(rest, ' ', '');
      if rest !~ '^([0-9A-Fa-f]{2})+$'
         or f = 'd' and length(rest) / 2 <> coalesce(('{"1":20,"2":32,"3":32,"4":48}'::jsonb ->> n::text)::int, length(rest) / 2) then
        perform refuse_rdata(p_type, p_rdata, 'it does not end in as many hexadecimal digits as it should', null);
      end if;
    when 'y' then
      -- bits that the padding leaves unused are zero (RFC 4648 section 3.5)
      if replace(rest, ' ', '') !~ '^(?=.)([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$' then
        perform refuse_rdata(p_type, p_rdata, 'it does not end in base64', null);
      end if;
    when 'e', 'f' then
      if w[i] !~ '^[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2})+$' or length(w[i]) <> (case f when 'e' then 17 else 23 end) then
        perform refuse_rdata(p_type, p_rdata, 'it is not such an address', 'Write octets with hyphens, such as 00-00-5e-00-53-2a.');
      end if;
    when 'L' then perform check_location(p_type, p_rdata);
    when 'P' then perform check_parameters(p_type, p_rdata, n, coalesce(w[i], ''));
    end case;
    if f = 'r' then
      perform check_rewrite(p_type, p_rdata, w[i]);
    end if;
  end loop;
  if right(fields, 1) not in ('S', 'x', 'd', 'y', 'L') and cardinality(w) > length(fields) then
    perform refuse_rdata(p_type, p_rdata, 'it has too many fields', null);
  end if;
end $$;

-- RFC 3597 section 5: any data as octets, but where there are names among them.
create or replace function check_opaque(p_type text, p_rdata text, p_fields text) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  m text[] := regexp_match(p_rdata, '^\\# +([0-9]{1,5})((?: +[0-9A-Fa-f]+)*)$');
begin
  if p_fields ~ 'n' then
    perform refuse_rdata(p_type, p_rdata, 'the form of octets is not for types that have names in their data', null);
  elsif m is null or m[1]::int > 65535 or length(replace(m[2], ' ', '')) <> 2 * m[1]::int then
    perform refuse_rdata(p_type, p_rdata, 'it is not \#, a number and as many octets',
                         'Write such as "\# 2 00ff".');
  end if;
end $$;

-- RFC 1876 section 3, within the limits of its section 2.
create or replace function check_location(p_type text, p_rdata text) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  angle constant text := '([0-9]{1,3}(?: +[0-5]?[0-9](?: +[0-5]?[0-9](?:\.[0-9]{1,3})?)?)?)';
  metres constant text := '[0-9]{1,8}(?:\.[0-9]{1,2})?';
  m text[] := regexp_match(p_rdata, '^' || angle || ' +[NS] +' || angle || ' +[EW] +(-?' || metres || ')m?((?: +' || metres || 'm?){0,3})$');
  a numeric[];
  fault text := case when m is null then 'it is not a place on Earth' end;
begin
  for i in 1..2 loop
    a := regexp_split_to_array(m[i], ' +')::numeric[];
    if a[1] * 3600 + coalesce(a[2], 0) * 60 + coalesce(a[3], 0) > 3600 * (array[90, 180])[i] then
      fault := format('its %s is over %s degrees', (array['latitude', 'longitude'])[i], (array[90, 180])[i]);
    end if;
  end loop;
  if m[3]::numeric not between -100000 and 42849672.95 then
    fault := 'its altitude is not from -100000 m to 42849672.95 m';
  elsif 90000000 < any (array(select x[1]::numeric from regexp_matches(m[4], '([0-9.]+)', 'g') x)) then
    fault := 'its size or a precision is over 90000000 m';
  end if;
  if fault is not null then
    perform refuse_rdata(p_type, p_rdata, fault, 'Write such as "52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m".');
  end if;
end $$;

-- RFC 3402 section 3.2: empty, or a delimiter, an expression, the delimiter, a replacement, the delimiter, and
-- perhaps i.
create or replace function check_rewrite(p_type text, p_rdata text, p_word text) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  -- without the escapes of the file, then without those of the rule, whose places are kept
  rule constant text := regexp_replace(regexp_replace(
    case when left(p_word, 1) = '"' then substr(p_word, 2, length(p_word) - 2) else p_word end,
    '\\([^0-9])', '\1', 'g'), '\\.', E'\x01', 'g');
  parts constant text[] := string_to_array(substr(rule, 2), left(rule, 1));
begin
  if rule <> '' and (rule ~ '^[0-9i\x01]' or cardinality(parts) <> 3 or parts[1] = '' or parts[3] not in ('', 'i')) then
    perform refuse_rdata(p_type, p_rdata, 'its rule is not an expression and a replacement between delimiters',
                         'Write such as "!^.*$!sip:joe@example.org!".');
  end if;
end $$;

-- RFC 9460 sections 2.1 and 7: keys with the values that they take.
create or replace function check_parameters(p_type text, p_rdata text, p_priority int, p_list text) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  word constant text := '([a-z0-9-]+)(?:=("(?:[^"\\]|\\.)*"|(?:[^ "\\]|\\.)*))?';
  keys text[] := '{}';
  mandatory text[] := '{}';
  p text[];
  value text;
begin
  if p_list !~ ('^(' || word || '( +|$))*$') then
    perform refuse_rdata(p_type, p_rdata, 'it does not end in keys and values', 'Write such as alpn=h2 port=443.');
  end if;
  for p in select m from regexp_matches(p_list, word, 'g') m loop
    value := case when left(p[2], 1) = '"' then substr(p[2], 2, length(p[2]) - 2) else p[2] end;
    if p[1] = any (keys) or not coalesce(case
         when p[1] = 'no-default-alpn' then value is null
         when p[1] ~ '^key[1-9][0-9]{1,4}$' then substr(p[1], 4)::int between 16 and 65534
         when value ~ '\\' then false
         when p[1] = 'mandatory' then value ~ '^[a-z0-9-]+(,[a-z0-9-]+)*$'
         when p[1] = 'alpn' then value ~ '^[^,]{1,255}(,[^,]{1,255})*$'
         when p[1] = 'port' then value ~ '^[0-9]{1,5}$' and value::int <= 65535
         when p[1] = 'ipv4hint' then are_addresses(value, 4)
         when p[1] = 'ipv6hint' then are_addresses(value, 6)
         when p[1] = 'ech' then value ~ '^(?=.)([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$'
         when p[1] = 'dohpath' then value ~ '^/[A-Za-z0-9/._~-]*\{\?dns\}$'
       end, false) then
      perform refuse_rdata(p_type, p_rdata, format('its parameter "%s" is not one, or there twice', p[1]),
                           'Write such as alpn=h2 port=443.');
    end if;
    keys := keys || p[1];
    if p[1] = 'mandatory' then
      mandatory := string_to_array(value, ',');
    end if;
  end loop;
  if p_priority = 0 and keys <> '{}' then
    perform refuse_rdata(p_type, p_rdata, 'an alias (priority 0) has no parameters', 'Write a priority of 1 or more.');
  elsif not mandatory <@ keys or 'mandatory' = any (mandatory)
        or cardinality(mandatory) <> (select count(distinct k) from unnest(mandatory) k) then
    perform refuse_rdata(p_type, p_rdata, 'what is mandatory is not there, or said twice', null);
  elsif 'no-default-alpn' = any (keys) and 'alpn' <> all (keys) then
    perform refuse_rdata(p_type, p_rdata, 'it has no-default-alpn without alpn', null);
  end if;
end $$;

-- Whether a comma list has addresses of a family and nothing else.
create or replace function are_addresses(p_list text, p_version int) returns boolean
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return p_list !~ '/' and (p_version = 6 or p_list !~ '(^|[.,])0[0-9]')
         and p_version = all (array(select family(a::inet) from unnest(string_to_array(p_list, ',')) a));
exception when invalid_text_representation then
  return false;
end $$;
