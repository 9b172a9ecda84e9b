-- SPDX-License-Identifier: GPL-3.0-or-later
-- Domain names as text: the stored form, and what to say of another one.

set local search_path = ddns, pg_temp;

-- Reads a name in any presentation form (RFC 1035 section 5.1: any case, any escapes, with or
-- without a final dot).  name is the stored form, without final dot; or fault says what is wrong.
-- octets is its length on the wire, root label included.  The root itself is ''.
create or replace function parse_name(p_text text, out name text, out octets int, out fault text)
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
declare
  t text;
  code int;
  label int := 0;                       -- octets of the label so far
  is_dot boolean := false;              -- the last one was a dot
begin
  name := '';
  octets := 1;
  if p_text = '.' then
    return;
  end if;
  if p_text = '' then
    name := null;
    fault := 'it is empty';
    return;
  end if;
  for t in select m[1] from regexp_matches(p_text, '\\[0-9]{3}|\\[^0-9]|[^\\]|\\', 'g') m loop
    if t = '.' then
      fault := case when label = 0 then 'it has an empty label' end;
      exit when fault is not null;
      octets := octets + label + 1;
      label := 0;
      is_dot := true;
      continue;
    end if;
    code := case when t = '\' then null
                 when t ~ '^\\[0-9]' then case when substr(t, 2)::int <= 255 then substr(t, 2)::int end
                 else ascii(right(t, 1)) end;
    if code is null then
      fault := 'it has a bad escape: \ stands before three digits up to 255 or one other character';
    elsif code > 126 and length(t) = 1 then
      fault := 'it has a character that is not ASCII: write an international name in its xn-- form';
    end if;
    exit when fault is not null;
    if is_dot then
      name := name || '.';
      is_dot := false;
    end if;
    label := label + 1;
    name := name || case when code between 65 and 90 then chr(code + 32)
                         when code < 33 or code > 126 then '\' || lpad(code::text, 3, '0')
                         when chr(code) in ('.', '"', '(', ')', ';', '\', '@', '$') then '\' || chr(code)
                         else chr(code) end;
    fault := case when label > 63 then 'it has a label of more than 63 octets' end;
    exit when fault is not null;
  end loop;
  octets := octets + case when label > 0 then label + 1 else 0 end;
  if fault is null and octets > 255 then
    fault := format('it is %s octets long, and 255 are allowed', octets);
  end if;
  if fault is not null then
    name := null;
  end if;
end $$;

-- Refuses a name that is not in stored form; p_what says whose it is.  Gives its octets.
create or replace function check_name(p_name text, p_what text) returns int
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
declare
  n record;
begin
  n := parse_name(p_name);
  if n.fault is not null then
    raise invalid_parameter_value using
      message = format('the %s "%s" is not a domain name: %s', p_what, p_name, n.fault),
      hint = 'Write labels of 1 to 63 octets, joined by dots, such as "www.example.org".';
  elsif n.name = '' then
    raise invalid_parameter_value using
      message = format('the %s "%s" is the root of all names', p_what, p_name),
      hint = 'Write a name of at least one label, such as "example.org".';
  elsif n.name <> p_name then
    raise invalid_parameter_value using
      message = format('the %s "%s" is not written as names are stored: lower case, no final dot', p_what, p_name),
      hint = format('Write "%s".', n.name);
  end if;
  return n.octets;
end $$;

-- The same for an owner, which is relative to its zone.
create or replace function check_owner(p_owner text, p_zone text, p_what text) returns int
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
declare
  n record;
  octets int := (parse_name(p_zone)).octets;
begin
  if p_owner = '@' then
    return octets;
  end if;
  n := parse_name(p_owner);
  if n.name = p_zone or right(n.name, length(p_zone) + 1) = '.' || p_zone and right(p_owner, 1) = '.' then
    raise invalid_parameter_value using
      message = format('the %s "%s" is not relative to its zone %s', p_what, p_owner, p_zone),
      hint = format('Write "%s".', case when n.name = p_zone then '@' else left(n.name, -length(p_zone) - 1) end);
  elsif p_owner in ('', '.') then
    raise invalid_parameter_value using
      message = format('the %s is empty', p_what), hint = 'Write "@" for the name of the zone itself.';
  end if;
  octets := octets - 1 + check_name(p_owner, p_what);
  if octets > 255 then
    raise invalid_parameter_value using
      message = format('the %s "%s" makes with its zone %s a name of %s octets, and 255 are allowed',
                       p_what, p_owner, p_zone, octets),
      hint = 'Write a shorter name.';
  end if;
  return octets;
end $$;

-- The names above a canonical name, nearest first, without the root: of a.b.c b.c and c.
create or replace function ancestors(p_name text) returns text[]
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
declare
  up text := p_name;
  all_up text[] := '{}';
begin
  if p_name !~ '\\' then
    while strpos(up, '.') > 0 loop
      up := substr(up, strpos(up, '.') + 1);
      all_up := all_up || up;
    end loop;
  else
    loop
      up := substring(up from '^(?:[^\\.]|\\[0-9]{3}|\\.)*\.(.*)$');
      exit when up is null;
      all_up := all_up || up;
    end loop;
  end if;
  return all_up;
end $$;

-- Whether a name equals another or lies below it, by labels.  Both are canonical.
create or replace function is_at_or_below(p_name text, p_ancestor text) returns boolean
language sql immutable parallel safe set search_path = ddns, pg_temp
return p_name = p_ancestor
       or right(p_name, length(p_ancestor) + 1) = '.' || p_ancestor
          -- a dot that is part of a label is escaped by an odd number of backslashes
          and length(substring(left(p_name, -length(p_ancestor) - 1) from '\\*$')) % 2 = 0;

-- Refuses what no browser should be sent to.
create or replace function check_url(p_url text, p_what text) returns void
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
declare
  fault text := case
    when p_url is null then null
    when octet_length(p_url) > 2048 then format('it is %s bytes long, and 2048 are allowed', octet_length(p_url))
    when p_url ~ '[\x01-\x20\x7f-\x9f]' then 'it has a blank or a control character'
    when p_url !~* '^https?://' then 'it does not begin with http:// or https://'
    when p_url ~ '^[^:]*://[^/?#]*@' then 'it has a user name before the host'
    when p_url ~ '\\' then 'it has a backslash'
    when p_url ~* '%([01][0-9a-f]|7f)' then 'it has an encoded control character'
    when p_url !~* '^https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?([/?#]|$)'
    then 'it has no host name, or a bad one'
    when substring(p_url from '^[^:]*://(?:\[[^]]*\]|[^]/?#:]*):([0-9]+)')::int not between 1 and 65535
    then 'its port is not from 1 to 65535'
    end;
begin
  if fault is not null then
    raise invalid_parameter_value using
      message = format('the %s "%s" cannot be redirected to: %s', p_what, left(p_url, 200), fault),
      hint = 'Write a URL such as "https://www.example.org/page".';
  end if;
end $$;
