// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl zone: the origins that this service is authoritative for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/assign.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/entity.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/name.h"
#include "gateway/ctl/zone.h"

static const struct output_column list_columns[] = {
	{"ORIGIN", "origin", OUTPUT_TEXT},     {"KIND", "kind", OUTPUT_TEXT},
	{"ACCOUNT", "account", OUTPUT_TEXT},   {"SERIAL", "serial", OUTPUT_NUMBER},
	{"DOMAINS", "domains", OUTPUT_NUMBER}, {"RECORDS", "records", OUTPUT_NUMBER},
	{"SERVED", "served", OUTPUT_TEXT},
};

static const struct output_column show_columns[] = {
	{"origin", "origin", OUTPUT_TEXT},
	{"kind", "kind", OUTPUT_TEXT},
	{"account", "account", OUTPUT_TEXT},
	{"served", "served", OUTPUT_TEXT},
	{"serial", "serial", OUTPUT_TEXT},
	{"mname", "mname", OUTPUT_TEXT},
	{"rname", "rname", OUTPUT_TEXT},
	{"refresh", "refresh", OUTPUT_TEXT},
	{"retry", "retry", OUTPUT_TEXT},
	{"expire", "expire", OUTPUT_TEXT},
	{"negative_ttl", "negative_ttl", OUTPUT_TEXT},
	{"ttl", "ttl", OUTPUT_TEXT},
	{"name servers", "ns", OUTPUT_TEXT},
	{"redirectors", "redirectors", OUTPUT_TEXT},
	{"transfer", "transfer", OUTPUT_TEXT},
	{"transfer to", "transfer_to", OUTPUT_TEXT},
	{"notify", "notify", OUTPUT_TEXT},
	{"addresses", "addresses", OUTPUT_TEXT},
	{"timeout", "timeout", OUTPUT_TEXT},
	{"depth", "depth", OUTPUT_TEXT},
	{"terms", "terms", OUTPUT_TEXT},
	{"domains", "domains", OUTPUT_TEXT},
	{"records", "records", OUTPUT_TEXT},
	{"created", "created", OUTPUT_TIME},
};

static const struct entity entity = {
	.noun = "zone",
	.statement = DDNS_STATEMENT_CTL_ZONES,
	.columns = list_columns,
	.column_count = sizeof list_columns / sizeof *list_columns,
	.fields = show_columns,
	.field_count = sizeof show_columns / sizeof *show_columns,
};

/* transfer=none|named|ADDR,... */
static enum ddns_result
put_transfer(struct session *session, json_t *object, const struct assignment *assignment,
	     const char *value)
{
	static const struct assignment list = {"transfer", "transfer_to", assign_list};
	bool is_word = strcmp(value, "none") == 0 || strcmp(value, "named") == 0;
	enum ddns_result result = assign_put(session, object, assignment->column,
					     json_string(is_word ? value : "list"));
	return result == DDNS_OK ? assign_list(session, object, &list, is_word ? "" : value)
				 : result;
}

#define INTEGER(name)                      \
	{                                  \
		name, name, assign_integer \
	}
static const struct assignment assignments[] = {
	{"mname", "mname", assign_name},
	{"rname", "rname", assign_mailbox},
	{"serial", "serial", assign_integer},
	INTEGER("refresh"),
	INTEGER("retry"),
	INTEGER("expire"),
	INTEGER("negative_ttl"),
	INTEGER("ttl"),
	{"redirectors", "redirectors", assign_list},
	{"transfer", "transfer", put_transfer},
	{"notify", "notify", assign_list},
	{"addresses", "addresses", assign_text},
	INTEGER("timeout"),
	INTEGER("depth"),
	{"terms", "terms", assign_switch},
	INTEGER("trial_days"),
	INTEGER("trial_held_days"),
	INTEGER("registered_days"),
	INTEGER("held_days"),
};
#undef INTEGER
enum { ASSIGNMENTS = sizeof assignments / sizeof *assignments };

/* A zone that is to be made or changed. */
struct change {
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	const char *kind, *login;
	char mname[DDNS_DNAME_TEXT_MAX + 1], rname[DDNS_DNAME_TEXT_MAX + 1]; // "": by default
	struct ddns_array name_servers;
	size_t name_server_count;
	json_t *settings;
};

static void
change_free(struct change *change)
{
	ddns_array_free(&change->name_servers);
	json_decref(change->settings);
}

/* Writes the settings; the serial lies in a table of its own. */
static enum ddns_result
apply(struct session *session, const struct change *change)
{
	const json_t *number = json_object_get(change->settings, "serial");
	char serial[24];
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(entity_change(session, &entity, DDNS_STATEMENT_CTL_ZONE_SET, change->origin,
			    change->settings, &rows));
	if (number != NULL) {
		snprintf(serial, sizeof serial, "%lld", (long long)json_integer_value(number));
		const char *serial_params[] = {ddns_rows_text(rows, 0, 0), serial};
		CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_SERIAL, serial_params, 2,
				    NULL));
	}
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
insert(struct session *session, void *context)
{
	struct change *change = context;
	char account[LOOKUP_ID_SIZE];
	const char *name_servers;
	enum ddns_result result;

	if (change->login != NULL)
		CHECK(lookup_account(session, change->login, account));
	if (ddns_array_text(&change->name_servers, &name_servers) != DDNS_OK)
		return session_no_memory(session);
	const char *params[] = {change->origin,
				change->kind,
				change->login != NULL ? account : NULL,
				change->mname[0] != '\0' ? change->mname : NULL,
				change->rname,
				name_servers};
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_ADD, params, 6, NULL));
	CHECK(apply(session, change));
	const char *ns_params[] = {change->origin, name_servers};
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_ADD_NS, ns_params, 2, NULL));
cleanup:
	return result;
}

/* The zone's NS are given or set for all zones: there is no third place to take them from. */
static enum ddns_result
gather_name_servers(struct session *session, const struct arguments *arguments,
		    struct change *change)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	struct ddns_rows *rows = NULL;
	const char *value;
	size_t next = 0;
	enum ddns_result result = DDNS_OK;

	while ((value = arguments_next(arguments, "ns", &next)) != NULL) {
		CHECK(lookup_name(session, value, name));
		ddns_array_add(&change->name_servers, name);
		change->name_server_count++;
	}
	if (change->name_server_count > 0)
		goto cleanup;
	CHECK(session_query(session, DDNS_STATEMENT_CTL_NAME_SERVERS, NULL, 0, &rows));
	const char *setting = ddns_rows_text(rows, 0, 0);
	if (setting == NULL || setting[0] == '\0')
		result = session_usage(session, "name the zone's servers by --ns NAME, or those of "
						"all zones by `ddnsctl setting set name_servers "
						"\"NAME NAME\"`");
cleanup:
	ddns_rows_free(rows);
	return result;
}

/* --ttl 60 and ttl=60 are the same. */
static const struct assignment options[] = {
	{"ttl", "ttl", assign_integer},
	{"negative-ttl", "negative_ttl", assign_integer},
	{"addresses", "addresses", assign_text},
};

static enum ddns_result
gather(struct session *session, const struct arguments *arguments, struct change *change)
{
	const char *mname = arguments_value(arguments, "mname");
	const char *rname = arguments_value(arguments, "rname");
	char mailbox[DDNS_DNAME_TEXT_MAX + sizeof "hostmaster."], error[512];
	enum ddns_result result;

	change->login = arguments_value(arguments, "private");
	if (change->login != NULL && arguments_has(arguments, "shared"))
		return session_usage(session, "a zone is --shared or --private, not both");
	change->kind = change->login != NULL		    ? "private"
		       : arguments_has(arguments, "shared") ? "shared"
							    : "own";
	CHECK(lookup_name(session, arguments->operands[0], change->origin));
	if (mname != NULL)
		CHECK(lookup_name(session, mname, change->mname));
	snprintf(mailbox, sizeof mailbox, "hostmaster.%s", change->origin);
	if (name_parse_mailbox(rname != NULL ? rname : mailbox, change->rname, error,
			       sizeof error) != DDNS_OK)
		return session_fail(session, DDNS_BAD_INPUT, NULL, "%s", error);
	CHECK(assign_parse(session, assignments, ASSIGNMENTS, arguments->operands + 1,
			   arguments->operand_count - 1, &change->settings));
	CHECK(assign_options(session, arguments, options, sizeof options / sizeof *options,
			     change->settings));
	CHECK(gather_name_servers(session, arguments, change));
cleanup:
	return result;
}

static enum ddns_result
add(struct session *session, const struct arguments *arguments)
{
	struct change change = {0};
	json_t *zone = NULL;
	enum ddns_result result;

	CHECK(gather(session, arguments, &change));
	CHECK(session_transact(session, insert, &change));
	CHECK(entity_find(session, &entity, change.origin, &zone));
	CHECK(session_print_done(session, zone, "zone '%s' (%s) added, serial %lld", change.origin,
				 change.kind,
				 (long long)json_integer_value(json_object_get(zone, "serial"))));
cleanup:
	json_decref(zone);
	change_free(&change);
	return result;
}

static enum ddns_result
list(struct session *session, const struct arguments *arguments)
{
	(void)arguments;
	return entity_list(session, &entity, NULL);
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result = lookup_name(session, arguments->operands[0], name);
	return result != DDNS_OK ? result : entity_show(session, &entity, name);
}

static enum ddns_result
update(struct session *session, void *context)
{
	struct change *change = context;
	struct lookup_zone zone;
	enum ddns_result result;

	CHECK(lookup_zone(session, change->origin, &zone));
	CHECK(apply(session, change));
cleanup:
	return result;
}

static enum ddns_result
set(struct session *session, const struct arguments *arguments)
{
	struct change change = {0};
	json_t *zone = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], change.origin));
	CHECK(assign_parse(session, assignments, ASSIGNMENTS, arguments->operands + 1,
			   arguments->operand_count - 1, &change.settings));
	CHECK(session_transact(session, update, &change));
	CHECK(entity_find(session, &entity, change.origin, &zone));
	CHECK(session_print_done(session, zone, "zone '%s' changed, serial %lld", change.origin,
				 (long long)json_integer_value(json_object_get(zone, "serial"))));
cleanup:
	json_decref(zone);
	change_free(&change);
	return result;
}

static const struct command_option add_command_options[] = {
	{"shared", NULL, false, "the service's own: accounts get subdomains of it"},
	{"private", "LOGIN", false, "belongs to that account"},
	{"ns", "NAME", true, "a name server, an NS record [the setting name_servers]"},
	{"mname", "NAME", false, "where updates go [the setting update_name, else the first NS]"},
	{"rname", "NAME", false, "who is responsible, also as mail address [hostmaster.ORIGIN]"},
	{"ttl", "N", false, "seconds, of domains and records that say no other [60]"},
	{"negative-ttl", "N", false, "seconds that \"no such name\" is remembered [60]"},
	{"addresses", "any|public", false,
	 "whether private and reserved addresses are accepted from accounts [public where shared]"},
};
static const struct command_option delete_options[] = {
	{"yes", NULL, false, "also with the domains and records in it"},
};
static const struct command_option import_options[] = {
	{"private", "LOGIN", false, "a new zone belongs to that account"},
	{"replace", NULL, false, "makes a zone that is there what is in the file"},
};
static const struct command_option export_options[] = {
	{"served", NULL, false,
	 "what is answered now: with defaults and redirects, without the hidden"},
};
#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"add", "ORIGIN [KEY=VALUE]...", 1, COMMAND_ANY, "makes a zone, served from that moment on",
	 "Without --shared and --private it is the operator's own zone. KEY=VALUE are those of\n"
	 "`zone set`.\n\n"
	 "  ddnsctl zone add dyn.example.org --shared --ns ns1.example.org --ns ns2.example.org\n"
	 "  ddnsctl zone add joe.example --private joe --rname joe@joe.example\n",
	 COUNTED(add_command_options), add},
	{"list", "", 0, 0, "lists the zones", "", NULL, 0, list},
	{"show", "ORIGIN", 1, 1, "shows all that is set for a zone", "", NULL, 0, show},
	{"set", "ORIGIN KEY=VALUE...", 2, COMMAND_ANY, "changes a zone",
	 "  mname=NAME rname=NAME|MAIL serial=N refresh=N retry=N expire=N negative_ttl=N\n"
	 "                           the SOA record's fields\n"
	 "  ttl=N                    of domains and records that say no other, in seconds\n"
	 "  redirectors=ADDR,...     where names that are web redirects point to\n"
	 "  transfer=none|named|ADDR[/LEN],...\n"
	 "                           who may copy the zone: nobody, whom named's allow-transfer\n"
	 "                           names, or these\n"
	 "  notify=ADDR[#PORT],...   secondaries that are told of changes; \"ADDR[#PORT] key NAME\"\n"
	 "                           where NOTIFY is signed by a key (TSIG)\n"
	 "  addresses=any|public     whether private and reserved addresses are accepted\n"
	 "  timeout=MINUTES          of new domains: offline after so long without contact; 0 "
	 "never\n"
	 "  depth=N                  labels that a domain of a shared zone may have\n"
	 "  terms=on|off             whether domains expire, after\n"
	 "  trial_days=N trial_held_days=N registered_days=N held_days=N\n\n"
	 "  ddnsctl zone set dyn.example.org ttl=30 transfer=192.0.2.53,2001:db8::/64\n",
	 NULL, 0, set},
	{"delete", "ORIGIN", 1, 1, "deletes a zone with all that is in it", "",
	 COUNTED(delete_options), zone_delete},
	{"import", "ORIGIN FILE", 2, 2, "makes a zone of a master file, all of it or nothing",
	 "The file is in BIND's form, with $ORIGIN, $TTL, $INCLUDE and $GENERATE; - is standard\n"
	 "input. All errors in it are told with their lines. SOA and serial are taken over. With\n"
	 "--replace only what differs is changed, in one step. A and AAAA at a domain's name are\n"
	 "its addresses.\n\n"
	 "  ddnsctl zone import example.org /etc/bind/db.example.org\n"
	 "  ddnsctl zone export example.org | sed s/old/new/ |\n"
	 "      ddnsctl zone import example.org - --replace\n",
	 COUNTED(import_options), zone_import},
	{"export", "ORIGIN", 1, 1, "prints a zone as a master file",
	 "Its records and its domains' addresses, without defaults and redirects: named loads it,\n"
	 "and `zone import` makes the same zone of it.\n\n"
	 "  ddnsctl zone export example.org > db.example.org\n",
	 COUNTED(export_options), zone_export},
	{"delegation", "ORIGIN", 1, 1, "prints what has to be entered at the zone above",
	 "The NS records, and the addresses of name servers that lie in the zone itself (glue), "
	 "as\n"
	 "the registrar, or the zone above it, wants them.\n",
	 NULL, 0, zone_delegation},
};

const struct noun zone_noun = {"zone", "what is served", COUNTED(commands)};
