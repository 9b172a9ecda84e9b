-- SPDX-License-Identifier: GPL-3.0-or-later
-- What may be in a row: missing values filled in, values made canonical or refused.  Each refusal
-- tells what is wrong and hints what to write instead.

set local search_path = ddns, pg_temp;

create or replace function zones_rule() returns trigger
language plpgsql set search_path = ddns, pg_temp as $$
declare
  s text;
begin
  new.name_servers := coalesce(new.name_servers, setting_list('name_servers'));
  new.addresses := coalesce(new.addresses, case new.kind when 'shared' then 'public' else 'any' end);
  perform check_name(new.origin, 'zone'), check_name(new.mname, 'primary name server (mname)');
  if new.rname ~ '@' and new.rname !~ '\\' then
    raise invalid_parameter_value using
      message = format('the responsible mailbox (rname) "%s" is not a domain name', new.rname),
      hint = format('Write the mailbox as a name: "%s".',
                    lower(replace(split_part(new.rname, '@', 1), '.', '\.') || '.' || split_part(new.rname, '@', 2)));
  end if;
  perform check_name(new.rname, 'responsible mailbox (rname)');
  if new.terms and new.kind <> 'shared' then
    raise invalid_parameter_value using
      message = format('zone %s cannot have terms: it gives no names away', new.origin),
      hint = 'Only shared zones may. Set terms to false, or kind to "shared".';
  end if;
  foreach s in array new.name_servers loop
    perform check_name(s, 'name server');
  end loop;
  perform check_addresses(new.redirectors, 'redirector');
  foreach s in array new.notify loop
    s := (notify_target(s)).key;
    if s is not null and not exists (select from keys where name = s)
       and (tg_op = 'INSERT' or new.notify <> old.notify) then
      raise invalid_parameter_value using
        message = format('there is no key "%s" to sign the notification with', s),
        hint = 'Make it by `ddnsctl key add`, or import it, first.';
    end if;
  end loop;
  if tg_op = 'INSERT' or (new.kind, new.account_id) is distinct from (old.kind, old.account_id) then
    new.served := (new.served or tg_op = 'UPDATE')
      and (new.kind <> 'private'
           or coalesce((select state = 'active' from accounts where id = new.account_id for share), true));
  end if;
  return new;
end $$;

create or replace trigger rule before insert or update on zones
  for each row execute function zones_rule();

-- What a domain has where nothing is said.  At the apex of a private zone a default wildcard would
-- end the zone's NXDOMAIN, so wildcard and mail are off there.
create or replace function domains_fill() returns trigger
language plpgsql security definer set search_path = ddns, pg_temp as $$
declare
  z record;
  is_apex boolean;
begin
  -- locked: whoever switches its terms on or off meanwhile would miss this one
  select kind, ttl, timeout, terms into z from zones where origin = new.zone for share;
  is_apex := coalesce(z.kind = 'private', false) and new.owner = '@';
  new.ttl := coalesce(new.ttl, z.ttl, 60);
  new.timeout := coalesce(new.timeout, z.timeout, 0);
  new.wildcard := coalesce(new.wildcard, not is_apex);
  new.mail := coalesce(new.mail, not is_apex);
  if new.term is null and (z.terms is not true or new.owner = '@') then
    new.term := 'none';
  elsif new.term is distinct from 'none' then
    new := start_term(new);
  end if;
  return new;
end $$;

create or replace trigger fill before insert on domains for each row
  when (new.ttl is null or new.timeout is null or new.wildcard is null or new.mail is null
        or new.term is distinct from 'none')
  execute function domains_fill();

-- True, or an error that tells which value of a domain is wrong.  The first condition lets pass at
-- once what is right to the naked eye.
create or replace function domain_is_right(d domains) returns boolean
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if d.owner ~ '^([a-z0-9_-]+(\.[a-z0-9_-]+)*|@)$'
     and octet_length(d.owner) <= 63 and octet_length(d.owner) + octet_length(d.zone) <= 248
     and (d.address = '{}' or cardinality(d.address) = 1
          and d.address::text ~ '^\{([13-9a-e]|2(\.|[0-9]\.|[01][0-9]\.|2[0-3]\.|[0-9a-f]*:))[0-9a-f.:]*\}$')
     and d.fixed is null and d.offline_address = '{}' and d.prefix is null
     and d.ttl between 0 and 2147483647 and d.timeout between 0 and 525600
     and d.www = 'off' and d.offline in ('page', 'keep', 'none')
     and (case d.term when 'none' then d.term_ends is null and d.term_before_held is null
                     when 'held' then d.term_ends is not null and coalesce(d.term_before_held in ('trial', 'registered'), false)
                     else d.term in ('trial', 'registered') and d.term_ends is not null and d.term_before_held is null end)
     and d.www_url is null and d.offline_url is null
     and d.www_port between 1 and 65535 then
    return true;
  end if;
  if d.owner ~ '^\*(\.|$)' then
    raise invalid_parameter_value using
      message = format('the domain "%s" is a wildcard', d.owner),
      hint = format('Write "%s", and set its column wildcard.', coalesce(nullif(substr(d.owner, 3), ''), '@'));
  elsif check_owner(d.owner, d.zone, 'domain') > 251 then
    raise invalid_parameter_value using
      message = format('the domain "%s" leaves no room for www. before it', d.owner),
      hint = 'Write a shorter name.';
  end if;
  perform check_ttl(d.ttl), check_url(d.www_url, 'www_url'), check_url(d.offline_url, 'offline_url'),
          check_addresses(d.address, 'address'), check_addresses(d.fixed, 'fixed address'),
          check_addresses(d.offline_address, 'offline address'), check_prefix(d.prefix),
          check_word(d.www, 'www', '{off,port,url}'),
          check_word(d.offline, 'offline', '{page,keep,none,address,url}'),
          check_word(d.term, 'term', '{none,trial,registered,held}'),
          check_number(d.www_port, 'www_port', 1, 65535), check_number(d.timeout, 'timeout', 0, 525600);
  if d.www = 'url' and d.www_url is null or d.offline = 'url' and d.offline_url is null then
    raise invalid_parameter_value using
      message = format('%s is "url" and there is none',
                       case when d.www = 'url' and d.www_url is null then 'www' else 'offline' end),
      hint = 'Set www_url or offline_url in the same statement.';
  elsif (d.term = 'held') <> (d.term_before_held is not null) or (d.term = 'none') <> (d.term_ends is null)
        or d.term_before_held not in ('trial', 'registered') then
    raise invalid_parameter_value using
      message = format('the term "%s" does not fit the end %s and the term before "%s"',
                       d.term, d.term_ends, d.term_before_held),
      hint = 'term_ends is set unless term is none; term_before_held is trial or registered where term is held, '
             'else null.';
  end if;
  return true;
end $$;

do $$
begin
  if not exists (select from pg_catalog.pg_constraint
                 where conrelid = 'ddns.domains'::regclass and conname = 'domains_rule') then
    alter table domains add constraint domains_rule check (ddns.domain_is_right(domains));
  end if;
end $$;

create or replace function check_word(p_word text, p_what text, p_words text[]) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_word <> all (p_words) then
    raise invalid_parameter_value using
      message = format('%s cannot be "%s"', p_what, p_word),
      hint = format('Write one of %s.', array_to_string(p_words, ', '));
  end if;
end $$;

create or replace function check_number(p_number bigint, p_what text, p_min bigint, p_max bigint) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_number not between p_min and p_max then
    raise invalid_parameter_value using
      message = format('%s cannot be %s', p_what, p_number),
      hint = format('Write a number from %s to %s.', p_min, p_max);
  end if;
end $$;

-- Refuses what is no host's address, and one that is there twice.
create or replace function check_addresses(p_addresses inet[], p_what text) returns void
language plpgsql immutable strict set search_path = ddns, pg_temp as $$
declare
  a inet;
  fault text;
  i int;
begin
  foreach a in array p_addresses loop
    i := coalesce(i, 0) + 1;
    fault := case when a is null then 'null'
                  when address_refused_anywhere(a) is not null then address_refused_anywhere(a)
                  when a in ('0.0.0.0', '::') then 'no address'
                  when a <<= '::ffff:0:0/96' then 'an IPv4 address in IPv6 form'
                  when a = any (p_addresses[:i - 1]) then 'there twice' end;
    if fault is not null then
      raise invalid_parameter_value using
        message = format('the %s "%s" is %s', p_what, a, fault),
        hint = 'Write an array of hosts'' addresses, such as ''{192.0.2.1,2001:db8::1}'', or ''{}'' for none.';
    end if;
  end loop;
end $$;

create or replace function check_ttl(p_ttl bigint) returns void
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_ttl not between 0 and 2147483647 then
    raise invalid_parameter_value using
      message = format('the TTL %s is not from 0 to 2147483647', p_ttl),
      hint = 'Write seconds, such as 60 for a minute or 86400 for a day.';
  end if;
end $$;

-- The stored form of a record's rdata; refuses a record that cannot be.
create or replace function check_record(p_zone text, p_owner text, p_type text, p_ttl bigint, p_rdata text)
returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
begin
  if p_zone <> lower(p_zone) or right(p_zone, 1) = '.' then
    perform check_name(p_zone, 'zone');
  end if;
  perform check_owner(p_owner, p_zone, 'owner'), check_ttl(p_ttl), check_type(p_type);
  if p_owner = '@' and p_type in ('CNAME', 'DS') then
    raise invalid_parameter_value using
      message = format('a %s record cannot stand at the name of the zone %s itself', p_type, p_zone),
      hint = case p_type when 'CNAME' then 'Give the zone A and AAAA records, or put the CNAME at a name below it.'
                         else 'Put it into the zone above.' end;
  elsif p_owner ~ '^\*(\.|$)' and p_type in ('NS', 'DNAME') then
    raise invalid_parameter_value using
      message = format('a %s record cannot stand at the wildcard %s', p_type, p_owner),
      hint = 'Write a record for each name.';
  end if;
  return canonical_rdata(p_type, p_rdata, p_zone);
end $$;

create or replace function records_rule() returns trigger
language plpgsql set search_path = ddns, pg_temp as $$
begin
  if new.interface_id is not null then
    perform check_interface(new.type, new.interface_id);
    if tg_op = 'INSERT' then
      new.rdata := interface_rdata(new.zone, new.owner, new.interface_id, new.rdata, null);
    elsif (new.zone, new.owner, new.rdata, new.interface_id) is distinct from
          (old.zone, old.owner, old.rdata, old.interface_id) then
      new.rdata := interface_rdata(new.zone, new.owner, new.interface_id,
                                   case when new.rdata <> old.rdata then new.rdata end, old.rdata);
    end if;
  end if;
  new.rdata := check_record(new.zone, new.owner, new.type, new.ttl, new.rdata);
  if (new.online <> 'rdata' or new.offline <> 'rdata') and new.type not in ('A', 'AAAA') then
    raise invalid_parameter_value using
      message = format('a record of type %s cannot follow its domain''s state', new.type),
      hint = 'Only A and AAAA records may have an online or offline setting other than "rdata".';
  end if;
  new.online_target := check_target(new.online, new.online_target, 'online');
  new.offline_target := check_target(new.offline, new.offline_target, 'offline');
  return new;
end $$;

-- The target of a host record's setting, in its stored form.
create or replace function check_target(p_setting text, p_target text, p_what text) returns text
language plpgsql immutable set search_path = ddns, pg_temp as $$
declare
  a inet;
begin
  case p_setting
  when 'address' then
    begin
      a := p_target;
    exception when invalid_text_representation then
      a := null;
    end;
    if a is null then
      raise invalid_parameter_value using
        message = format('the setting %s = address has no address: "%s"', p_what, p_target),
        hint = format('Write one in %s_target, such as "192.0.2.1".', p_what);
    end if;
    perform check_addresses(array[a], p_what || ' address');
    return host(a);
  when 'port' then
    if p_target is null or p_target !~ '^[0-9]{1,5}$' or p_target::int not between 1 and 65535 then
      raise invalid_parameter_value using
        message = format('the setting %s = port has no port: "%s"', p_what, p_target),
        hint = format('Write one in %s_target, from 1 to 65535.', p_what);
    end if;
    return p_target::int::text;
  when 'url' then
    perform check_url(coalesce(p_target, ''), p_what || '_target');
    return p_target;
  else
    if p_target is not null then
      raise invalid_parameter_value using
        message = format('%s_target has no meaning where %s is "%s"', p_what, p_what, p_setting),
        hint = format('Set %1$s to "address", "port" or "url", or %1$s_target to null.', p_what);
    end if;
    return null;
  end case;
end $$;

-- Whether data are canonical to the naked eye: usual addresses, one plain string, plain names.
create or replace function rdata_is_plain(p_owner text, p_type text, p_rdata text) returns boolean
language plpgsql immutable parallel safe set search_path = ddns, pg_temp as $$
begin
  return case p_type
    when 'AAAA' then p_rdata ~ '^[1-9a-f][0-9a-f]*(:[1-9a-f][0-9a-f]*)*::[1-9a-f][0-9a-f]*$'
                  and p_rdata !~ '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
                  and length(replace(p_rdata, ':', '')) >= length(p_rdata) - 6
    when 'TXT' then p_rdata ~ '^"[ !#-\[\]-~]*"$'
    when 'CNAME' then p_owner <> '@' and p_rdata ~ '^([a-z0-9_-]+\.)+$'
    when 'NS' then p_rdata ~ '^([a-z0-9_-]+\.)+$'
    when 'PTR' then p_rdata ~ '^([a-z0-9_-]+\.)+$'
    when 'MX' then p_rdata ~ '^(0|[1-9][0-9]?[0-9]?[0-9]?) ([a-z0-9_-]+\.)+$'
    else false end;
end $$;

-- The condition lets pass what is canonical to the naked eye: short plain names with usual data.  All else
-- is looked at.  It is read anew for every statement, and so says no more itself than what is most usual.
create or replace trigger rule before insert or update of zone, owner, type, ttl, rdata, online, offline,
  online_target, offline_target, interface_id on records for each row
  when (not (
    new.owner ~ '^([a-z0-9_-]+(\.[a-z0-9_-]+)*|@)$' and octet_length(new.owner) <= 63
    and new.zone = lower(new.zone) and right(new.zone, 1) <> '.'
    and octet_length(new.owner) + octet_length(new.zone) <= 252
    and new.ttl between 0 and 2147483647
    and new.online = 'rdata' and new.offline = 'rdata'
    and new.online_target is null and new.offline_target is null and new.interface_id is null
    and octet_length(new.rdata) <= 64
    and case new.type
      when 'A' then new.rdata
        ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$'
      else rdata_is_plain(new.owner, new.type, new.rdata) end))
  execute function records_rule();

-- Accounts, keys and settings: few rows, so no short cut.

create or replace function accounts_rule() returns trigger
language plpgsql set search_path = ddns, pg_temp as $$
begin
  if new.login !~ '^[^\x01-\x20\x7f-\x9f:]+$' or length(new.login) > 64 then
    raise invalid_parameter_value using
      message = format('the login "%s" is empty, too long, or has a blank, a colon or a control character',
                       left(new.login, 100)),
      hint = 'Write a word of 1 to 64 characters, such as "joe".';
  end if;
  return new;
end $$;

create or replace trigger rule before insert or update of login on accounts
  for each row execute function accounts_rule();

create or replace function keys_rule() returns trigger
language plpgsql set search_path = ddns, pg_temp as $$
declare
  s text;
begin
  if tg_op = 'UPDATE' and new.name <> old.name then
    raise invalid_parameter_value using
      message = format('the key %s cannot be renamed: its secret is encrypted for its name', old.name),
      hint = 'Delete it and add a key of the new name.';
  end if;
  perform check_name(new.name, 'key');
  foreach s in array new.domains loop
    perform check_name(s, 'domain of a key');
  end loop;
  foreach s in array new.names loop
    perform check_name(s, 'name pattern of a key');
  end loop;
  foreach s in array new.types loop
    perform check_type(s);
  end loop;
  return new;
end $$;

create or replace trigger rule before insert or update on keys
  for each row execute function keys_rule();

create or replace function settings_rule() returns trigger
language plpgsql set search_path = ddns, pg_temp as $$
declare
  s text;
  keep interval;
begin
  if setting_default(new.name) is null then
    raise invalid_parameter_value using
      message = format('there is no setting "%s"', new.name),
      hint = 'Write one of name_servers, update_name, update_url, secret_key_id, quarantine_days, history_days, '
             'attempts_days, reserved_names, records_per_set, set_octets, types_per_name, names_per_account, log_keep '
             'and log_rows.';
  end if;
  if new.name in ('name_servers', 'update_name') then
    foreach s in array regexp_split_to_array(btrim(new.value), '[\s,]+') loop
      if s <> '' then
        perform check_name(s, new.name);
      end if;
    end loop;
  elsif new.name in ('quarantine_days', 'history_days', 'attempts_days', 'records_per_set', 'set_octets',
                     'types_per_name', 'names_per_account', 'log_rows') then
    if new.value !~ '^[0-9]{1,9}$'
       or new.value::int < (case new.name when 'log_rows' then 1 when 'set_octets' then 255 else 0 end) then
      raise invalid_parameter_value using
        message = format('the setting %s cannot be "%s"', new.name, new.value),
        hint = format('Write a number, such as %s.', setting_default(new.name));
    elsif right(new.name, 5) = '_days' and new.value::int > 36500 then
      raise invalid_parameter_value using
        message = format('the setting %s cannot be "%s": that is more than 36500 days', new.name, new.value),
        hint = 'Write 36500, which is about a hundred years, or less.';
    end if;
  elsif new.name = 'update_url' and new.value !~ '^(https?://[a-z0-9._:\[\]-]+(/[a-z0-9._~/-]*)?)?$' then
    raise invalid_parameter_value using
      message = format('the setting %s cannot be "%s"', new.name, left(new.value, 200)),
      hint = 'Write the URL of a gateway, such as "https://gw.example.org".';
  elsif new.name = 'log_keep' then
    begin
      keep := new.value;
    exception when data_exception then
    end;
    if coalesce(keep not between '1 s' and '36500 days', true) then
      raise invalid_parameter_value using
        message = format('the setting log_keep cannot be "%s"', new.value),
        hint = 'Write a length of time from a second to 36500 days, such as "1 hour".';
    end if;
  elsif new.name = 'secret_key_id' and new.value !~ '^([0-9a-f]{8})?$' then
    raise invalid_parameter_value using
      message = format('the setting %s cannot be "%s"', new.name, new.value),
      hint = 'Run ddns-schema install --secret-key FILE, which notes the id of that file.';
  end if;
  return new;
end $$;

create or replace trigger rule before insert or update on settings
  for each row execute function settings_rule();
