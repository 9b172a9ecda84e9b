-- SPDX-License-Identifier: GPL-3.0-or-later
-- What each table, view and column means.

set local search_path = ddns, pg_temp;

comment on table schema_version is 'which numbered migration the tables stand at; kept by ddns-schema';
comment on column schema_version.version is 'number of the migration';
comment on column schema_version.installed is 'when it was run';

comment on table settings is 'settings that all gateways and tools share; a change is a step of zone 0, setting:NAME';
comment on column settings.name is 'one of the names that ddns.setting_default() knows';
comment on column settings.value is 'as text; lists are words with blanks between them';

comment on table accounts is 'people who hold names; a change is a step of zone 0, account:LOGIN';
comment on column accounts.id is 'number';
comment on column accounts.login is 'what its holder types; no blank, colon or control character';
comment on column accounts.email is 'where mail for its holder goes';
comment on column accounts.password_hash is 'for the web page, as crypt(3) writes it; null: no password works';
comment on column accounts.role is 'user or admin';
comment on column accounts.state is 'active, or suspended: its names are not served and its keys do not work';
comment on column accounts.registration_id is 'public, random, may be mailed';
comment on column accounts.created is 'when it was made';

comment on table keys is 'credentials for machines, good at every door; a change is a step of zone 0, key:NAME';
comment on column keys.id is 'number';
comment on column keys.name is 'canonical domain name, also the TSIG key''s; never changes, since the secret is encrypted for it';
comment on column keys.account_id is 'whose key it is';
comment on column keys.algorithm is 'of TSIG';
comment on column keys.secret is 'encrypted; see sql/README';
comment on column keys.secret_key_id is 'which key file encrypted it: first 8 hexadecimal digits of the SHA-256 of its 32 bytes';
comment on column keys.secret_sha256 is 'SHA-256 of the secret''s text, by which HTTP doors find it; null where tsig_only';
comment on column keys.tsig_only is 'the secret is too short to serve as a password';
comment on column keys.domains is 'full names that it is limited to, and what lies below them; empty: no limit';
comment on column keys.names is 'patterns of full names that it is limited to; a last label * stands for one or more labels; empty: no limit';
comment on column keys.types is 'record types that it is limited to; empty: no limit';
comment on column keys.verbs is 'what it is limited to of update, offline, add, delete and set; empty: no limit';
comment on column keys.expires is 'when it stops to work; null: never';
comment on column keys.created is 'when it was made';

comment on table key_uses is 'when each key was last used, to the minute';
comment on column key_uses.key_id is 'key';
comment on column key_uses.at is 'when';
comment on column key_uses.peer is 'from which address';
comment on column key_uses.door is 'at which door';

comment on table zones is 'origins that this server is authoritative for';
comment on column zones.id is 'number, above 0';
comment on column zones.origin is 'canonical name';
comment on column zones.kind is 'own: the operator''s; shared: gives subdomains to accounts; private: one account''s';
comment on column zones.account_id is 'whose it is, for private zones';
comment on column zones.mname is 'SOA: primary name server';
comment on column zones.rname is 'SOA: responsible mailbox, as a name';
comment on column zones.refresh is 'SOA: seconds';
comment on column zones.retry is 'SOA: seconds';
comment on column zones.expire is 'SOA: seconds';
comment on column zones.negative_ttl is 'SOA: how long a missing name may be remembered, seconds';
comment on column zones.ttl is 'TTL of SOA and default NS, and default for new domains';
comment on column zones.name_servers is 'NS where the zone has no NS records of its own; empty: mname. Follows the setting name_servers unless changed';
comment on column zones.redirectors is 'addresses of the redirect listener, served where a name is redirected';
comment on column zones.transfer is 'who may copy the zone: none, named (its allow-transfer decides), list (transfer_to)';
comment on column zones.transfer_to is 'addresses or networks that may copy the zone';
comment on column zones.notify is 'secondaries to notify: ADDRESS, ADDRESS#PORT, either followed by " key NAME"';
comment on column zones.addresses is 'what hosts may have: any, or public addresses only; default public for shared zones';
comment on column zones.timeout is 'default for new domains, minutes';
comment on column zones.depth is 'how many labels a domain may have in a shared zone';
comment on column zones.terms is 'whether names are given for a time: trial, held, registered, held, released; switched on, those given already are registered from then on, switched off, none has a term';
comment on column zones.trial_days is 'length of a trial; this and the next three count for terms that begin later';
comment on column zones.trial_held_days is 'how long a domain is held after its trial';
comment on column zones.registered_days is 'length of a registration';
comment on column zones.held_days is 'how long a domain is held after its registration';
comment on column zones.served is 'false: not served now, such as a suspended account''s';
comment on column zones.created is 'when it was made';

comment on table zone_state is 'where each zone stands; zone 0 is the stream of what belongs to no zone';
comment on column zone_state.zone_id is 'zone, or 0';
comment on column zone_state.version is 'the readers'' cursor: + 1 a step, never shown in DNS';
comment on column zone_state.serial is 'the SOA''s: 1 to 4294967295; may be set, and wraps';
comment on column zone_state.xid is 'the transaction that made this version';
comment on column zone_state.log_floor is 'oldest version whose step is kept';

comment on table last_serials is 'serials that origins had when their zones went or were renamed: one that comes again starts above';
comment on column last_serials.origin is 'canonical name';
comment on column last_serials.zone_id is 'zone that bore it';
comment on column last_serials.serial is 'the last one';

comment on table steps is 'a transaction''s touch of a zone: part of the contract';
comment on column steps.xid is 'transaction';
comment on column steps.at is 'when it began';
comment on column steps.zone_id is 'zone, or 0';
comment on column steps.version is 'which version it made; null until commit; 0: the zone is gone';
comment on column steps.whole is 'the zone must be read anew';
comment on column steps.has_serial is 'somebody set the serial';
comment on column steps.links is 'domains or records came or changed their names';
comment on column steps.seen is 'what was visible when the zone was first touched';

comment on table changes is 'the owner names that transactions touched: look again, never values';
comment on column changes.xid is 'transaction';
comment on column changes.zone_id is 'zone, or 0';
comment on column changes.owner is 'relative name, @ at the apex; in zone 0 key:NAME, account:LOGIN or setting:NAME';

comment on table domains is 'names that accounts hold, with their state';
comment on column domains.id is 'number';
comment on column domains.zone is 'origin of the zone it lies in';
comment on column domains.owner is 'its name in the zone, @ for the apex';
comment on column domains.account_id is 'whose it is';
comment on column domains.name is 'full name';
comment on column domains.wild_owner is 'owner of its wildcard';
comment on column domains.www_owner is 'owner of its www name';
comment on column domains.served is 'false: not served now, since its account is suspended or it is held';
comment on column domains.online is 'whether its host is there';
comment on column domains.online_since is 'since when';
comment on column domains.offline_reason is 'why it is not';
comment on column domains.address is 'addresses last reported, of both families';
comment on column domains.fixed is 'addresses that count instead of reported ones of their family; null: none';
comment on column domains.prefix is 'IPv6 network that records with an interface id lie in; null: that of its IPv6 address, 64 bits long';
comment on column domains.online_address is 'addresses served while online';
comment on column domains.ttl is 'of its address and mail';
comment on column domains.wildcard is 'whether *.NAME follows it';
comment on column domains.mail is 'whether it has a default MX, itself';
comment on column domains.www is 'what www.NAME does while online: off, port (redirect to a port), url (redirect to a URL)';
comment on column domains.www_port is 'port of www = port';
comment on column domains.www_url is 'URL of www = url';
comment on column domains.offline is 'what it shows while offline: page, keep (its address), none, address, url';
comment on column domains.offline_address is 'addresses of offline = address';
comment on column domains.offline_url is 'URL of offline = url';
comment on column domains.timeout is 'minutes without contact after which it goes offline; 0: never';
comment on column domains.term is 'none, trial, registered, or held: kept for its account but not served; where nothing is said, trial in a zone with terms, else none';
comment on column domains.term_before_held is 'trial or registered, while held';
comment on column domains.term_ends is 'when its term is over';
comment on column domains.term_email is 'the e-mail address that started a trial, and must register it';
comment on column domains.created is 'when it was made';

comment on table records is 'what is served beside the domains'' own addresses';
comment on column records.id is 'number';
comment on column records.zone is 'origin of the zone it lies in';
comment on column records.domain_id is 'nearest domain at or above it, found by the database; null: none';
comment on column records.owner is 'its name in the zone, @ for the apex';
comment on column records.type is 'upper case, or TYPE and a number';
comment on column records.ttl is 'seconds';
comment on column records.rdata is 'canonical text as in a zone file, names absolute with their final dot';
comment on column records.online is 'what a host record shows while its domain is online: rdata, default (the domain''s address), address, port, url';
comment on column records.offline is 'the same while offline: rdata, default, address, url, page';
comment on column records.online_target is 'address, port or URL of that setting';
comment on column records.offline_target is 'address or URL of that setting';
comment on column records.interface_id is 'the lower 64 bits of an address whose upper ones are those of the domain''s prefix; rdata follows';
comment on column records.created is 'when it was made';

comment on table contacts is 'when hosts were last heard of; keepalives write nothing else';
comment on column contacts.domain_id is 'domain';
comment on column contacts.at is 'when';
comment on column contacts.peer is 'from which address';
comment on column contacts.door is 'at which door';

comment on table notified is 'what secondaries were told of by NOTIFY; kept by claim_notifies() and end_notifies()';
comment on column notified.zone_id is 'zone';
comment on column notified.version is 'version that all were told of, null: none';
comment on column notified.claimed is 'version that a gateway tells them of, or has told';
comment on column notified.until is 'when another gateway takes that over, unless version shows it done';
comment on column notified.at is 'when it was claimed';

comment on column notified.rrs is 'about how many records it had when they were counted';
comment on column notified.counted is 'when';

comment on table last_prune is 'when prune() was done';
comment on column last_prune.id is 'true: there is one row';
comment on column last_prune.at is 'when';
comment on column last_prune.steps is 'how many steps went';

comment on table timeouts is 'domains that are online and have a timeout; kept by a trigger and by time_out()';
comment on column timeouts.domain_id is 'domain';
comment on column timeouts.due is 'when to look at its last contact: its timeout cannot be over before';
comment on column timeouts.since is 'when it was served again: while it was not, it could not be heard; null: it was all the time';

comment on table listening is 'the gateways there are; kept by listen_on()';
comment on column listening.gateway is 'host name and process';
comment on column listening.since is 'since when it hears hosts without a break: it started, was silent for more than 5 seconds, or the clock went back';
comment on column listening.at is 'when it was there last; written each second';

comment on table quarantine is 'released names that only their former account may take';
comment on column quarantine.name is 'full name';
comment on column quarantine.account_id is 'former account; null: it is gone, too';
comment on column quarantine.until is 'when the rest is over';

comment on table history is 'what was changed, kept for as long as the setting history_days says; a statement that changes more than 1000 rows is one row a zone';
comment on column history.id is 'number';
comment on column history.at is 'when';
comment on column history.zone is 'origin; null: of no zone';
comment on column history.name is 'full name, or account:LOGIN, key:NAME, setting:NAME; a table''s for what is too much to tell one by one';
comment on column history.account is 'whose credential it was done with: login';
comment on column history.key is 'key''s name';
comment on column history.role is 'who was connected, where it was not a door';
comment on column history.door is 'at which door, by which job, or with which program';
comment on column history.peer is 'from which address';
comment on column history.what is 'type of a record, or domain, address, state, a setting''s name and the like';
comment on column history.old is 'value before; null: there was none';
comment on column history.new is 'value after; null: there is none';
comment on column history.serial is 'the serial that the commit gives the zone, if nobody else commits in it between the statement and this commit; it is lower by one for each that does';

comment on table attempts is 'tries that failed, shown to the name''s holder';
comment on column attempts.at is 'when';
comment on column attempts.name is 'full name';
comment on column attempts.key is 'key''s name';
comment on column attempts.account is 'login';
comment on column attempts.door is 'at which door';
comment on column attempts.peer is 'from which address';
comment on column attempts.reason is 'why it failed';

comment on table duplicates is 'answers to signed DNS updates, given again when the same message comes again';
comment on column duplicates.key_name is 'key';
comment on column duplicates.mac is 'the message''s';
comment on column duplicates.at is 'when it came';
comment on column duplicates.rcode is 'answer';
comment on column duplicates.serial is 'the zone''s serial after it';

comment on view served_zones is 'contract: the zones there are now';
comment on column served_zones.zone_id is 'zone';
comment on column served_zones.origin is 'canonical name';
comment on column served_zones.version is 'readers'' cursor';
comment on column served_zones.serial is 'of the SOA';
comment on column served_zones.xid is 'transaction of this version';
comment on column served_zones.mname is 'of the SOA';
comment on column served_zones.rname is 'of the SOA';
comment on column served_zones.refresh is 'of the SOA';
comment on column served_zones.retry is 'of the SOA';
comment on column served_zones.expire is 'of the SOA';
comment on column served_zones.negative_ttl is 'of the SOA';
comment on column served_zones.ttl is 'of SOA and default NS';
comment on column served_zones.transfer is 'none, named or list';
comment on column served_zones.transfer_to is 'addresses or networks of transfer = list';

comment on view served_rows is 'contract: what zones serve, for readers; a fallback row yields to stored ones';
comment on column served_rows.zone_id is 'zone';
comment on column served_rows.owner is 'relative name, @ at the apex';
comment on column served_rows.type is 'record type';
comment on column served_rows.ttl is 'seconds';
comment on column served_rows.rdata is 'zone-file text, names absolute';
comment on column served_rows.fallback is 'a default: an A or AAAA counts only where no other A, AAAA or CNAME is, any other only where no other of its type and no CNAME is';

comment on view served_records is 'contract: the same with the fallback rule applied, for people and tests';
comment on column served_records.zone_id is 'zone';
comment on column served_records.owner is 'relative name, @ at the apex';
comment on column served_records.type is 'record type';
comment on column served_records.ttl is 'seconds';
comment on column served_records.rdata is 'zone-file text, names absolute';

comment on view served_redirects is 'contract: what the redirect listener answers';
comment on column served_redirects.zone_id is 'zone';
comment on column served_redirects.owner is 'relative name, @ at the apex';
comment on column served_redirects.name is 'full name';
comment on column served_redirects.kind is 'port, url or page';
comment on column served_redirects.target is 'for a port the URL that a request''s path is put behind, for a URL itself, for the page null';
comment on column served_redirects.fallback is 'a default that yields to other rows of its owner';

comment on view gateway_keys is 'keys of active accounts, for gateways'' memory';
comment on column gateway_keys.name is 'key''s name';
comment on column gateway_keys.id is 'its number';
comment on column gateway_keys.account_id is 'its account';
comment on column gateway_keys.login is 'of its account';
comment on column gateway_keys.algorithm is 'of TSIG';
comment on column gateway_keys.secret is 'encrypted';
comment on column gateway_keys.secret_key_id is 'which key file encrypted it';
comment on column gateway_keys.secret_sha256 is 'of its text';
comment on column gateway_keys.tsig_only is 'not good as a password';
comment on column gateway_keys.expires is 'when it stops to work';

comment on view gateway_accounts is 'accounts, for gateways'' memory';
comment on column gateway_accounts.login is 'what its holder types';
comment on column gateway_accounts.id is 'its number';
comment on column gateway_accounts.role is 'user or admin';
comment on column gateway_accounts.state is 'active or suspended';
comment on column gateway_accounts.password_hash is 'for the web page';

comment on schema ddns is 'Dynamic DNS: the contract between those who write names and those who serve them';

comment on view placed_rows is 'served_rows for the names at one place: what catch_up() looks at';
comment on column placed_rows.place is 'zone, a blank, and the owner backwards: what an index finds a name by';
comment on column placed_rows.owner is 'relative name, @ at the apex';
comment on column placed_rows.type is 'record type';
comment on column placed_rows.ttl is 'seconds';
comment on column placed_rows.rdata is 'zone-file text, names absolute';
comment on column placed_rows.fallback is 'as in served_rows';
comment on column placed_rows.record_id is 'record that it comes of, null for what comes of a domain or zone';

comment on view placed_redirects is 'served_redirects for the names at one place: what redirects_of() looks at';
comment on column placed_redirects.place is 'as in placed_rows';
comment on column placed_redirects.owner is 'relative name, @ at the apex';
comment on column placed_redirects.kind is 'port, url or page';
comment on column placed_redirects.target is 'as in served_redirects';
comment on column placed_redirects.fallback is 'as in served_redirects';
