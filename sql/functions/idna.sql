-- SPDX-License-Identifier: GPL-3.0-or-later
-- International labels: what Punycode (RFC 3492) says in ASCII, and whether IDNA (RFC 5891) may have made it.

set local search_path = ddns, pg_temp;

-- The code points that a label says, given without its "xn--"; null: it says nothing.
create or replace function punycode_points(p_text text) returns int[]
language plpgsql immutable strict parallel safe set search_path = ddns, pg_temp as $$
declare
  basic text := coalesce(substring(p_text from '^(.+)-[^-]*$'), '');
  digits text := case when basic = '' then p_text else substr(p_text, length(basic) + 2) end;
  points int[] := array(select ascii(c) from regexp_split_to_table(basic, '') c where basic <> '');
  count int := cardinality(points);
  n bigint := 128;
  i bigint := 0;
  before bigint;
  weight bigint;
  threshold int;
  digit int;
  bias int := 72;
  delta bigint;
  k int;
  at int := 1;
begin
  if digits !~ '^[a-z0-9]+$' or length(p_text) > 63 then
    return null;
  end if;
  while at <= length(digits) loop
    before := i;
    weight := 1;
    k := 36;
    loop                                -- one integer of variable length
      if at > length(digits) or i > 2147483647 then
        return null;                    -- it ends too early, or is too large
      end if;
      digit := strpos('abcdefghijklmnopqrstuvwxyz0123456789', substr(digits, at, 1)) - 1;
      threshold := least(greatest(k - bias, 1), 26);
      at := at + 1;
      i := i + digit * weight;
      exit when digit < threshold;
      weight := least(weight * (36 - threshold), 2147483648);
      k := k + 36;
    end loop;
    count := count + 1;
    delta := (i - before) / case when before = 0 then 700 else 2 end;
    delta := delta + delta / count;
    k := 0;
    while delta > 455 loop
      delta := delta / 35;
      k := k + 36;
    end loop;
    bias := k + 36 * delta / (delta + 38);
    n := n + i / count;
    i := i % count;
    if n > 1114111 or n between 55296 and 57343 then
      return null;
    end if;
    points := points[:i] || n::int || points[i + 1:];
    i := i + 1;
  end loop;
  return points;
end $$;

-- Why a label cannot be a name's in its ASCII form, or null.  Whether each character is allowed, which
-- asks for Unicode's tables, the doors look up by libidn2.
create or replace function idna_fault(p_label text) returns text
language plpgsql stable strict parallel safe set search_path = ddns, pg_temp as $$
declare
  points int[];
  label text;
begin
  if substr(p_label, 3, 2) <> '--' then
    return null;
  elsif left(p_label, 2) <> 'xn' then
    return 'hyphens at its third and fourth place are for international names';
  end if;
  points := punycode_points(substr(p_label, 5));
  if points is null then
    return 'it is no international name: what follows xn-- cannot be decoded';
  elsif exists (select from unnest(points) p where p between 128 and 160) then
    return 'it is no international name: it has a control character';
  elsif getdatabaseencoding() = 'UTF8' then
    label := (select string_agg(chr(p), '' order by i) from unnest(points) with ordinality u (p, i));
    if normalize(lower(label), nfc) <> label then
      return 'it is no international name: it has a capital, or a character that is written otherwise';
    end if;
  end if;
  return null;
end $$;
