// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl record: records, and the addresses at domains' own names.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/rdata.h"
#include "gateway/ctl/record_setting.h"

static const struct output_column list_columns[] = {
	{"NAME", "name", OUTPUT_TEXT},	      {"TTL", "ttl", OUTPUT_NUMBER},
	{"TYPE", "type", OUTPUT_TEXT},	      {"DATA", "rdata", OUTPUT_TEXT},
	{"NOW", "current_data", OUTPUT_TEXT}, {"LEADS TO", "leads_to", OUTPUT_TEXT},
	{"DOMAIN", "domain", OUTPUT_TEXT},    {"KIND", "kind", OUTPUT_TEXT},
};

struct change {
	char name[DDNS_DNAME_TEXT_MAX + 1];
	char type[RDATA_TYPE_MAX + 1]; // "": any
	char *rdata;		       // canonical; NULL: any
	const char *ttl;	       // NULL: by default
	json_t *settings;	       // by columns
	bool is_address, is_hidden;    // outcome of add: a domain's address, behind fixed ones
	json_t *done; // outcome: what was added; an array of what was changed or deleted
};

static void
change_free(struct change *change)
{
	free(change->rdata);
	json_decref(change->settings);
	json_decref(change->done);
}

static bool
is_address_type(const char *type)
{
	return strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0;
}

/* The words of the data, joined by blanks: they need no quotes against the shell. */
static char *
join(const char *const *words, size_t count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	if (stream == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(stream, "%s%s", i > 0 ? " " : "", words[i]);
	return fclose(stream) == 0 ? text : NULL;
}

/* NAME [TYPE [RDATA...]] */
static enum ddns_result
gather(struct session *session, const struct arguments *arguments, struct change *change)
{
	struct rdata_error error;
	char *text = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], change->name));
	if (arguments->operand_count < 2)
		goto cleanup;
	result = rdata_type(arguments->operands[1], change->type, &error);
	if (result == DDNS_OK && arguments->operand_count > 2) {
		text = join(arguments->operands + 2, arguments->operand_count - 2);
		if (text == NULL)
			return session_no_memory(session);
		result = rdata_canonical(change->type, text, &change->rdata, &error);
	}
	if (result == DDNS_NO_MEMORY)
		result = session_no_memory(session);
	else if (result != DDNS_OK)
		result = session_fail(session, result, error.hint, "%s", error.message);
cleanup:
	free(text);
	return result;
}

/* What is at a domain's own name is its current address. */
static enum ddns_result
add_address(struct session *session, const struct lookup_zone *zone, struct change *change)
{
	const char *params[] = {zone->origin, zone->owner, change->rdata, change->ttl};
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	if (change->rdata == NULL || json_object_size(change->settings) > (change->ttl != NULL))
		return session_fail(session, DDNS_CONFLICT,
				    "`ddnsctl domain set` says what it shows online and offline; "
				    "--interface-id is for names below it",
				    "'%s' is a domain: its address has no settings of its own",
				    change->name);
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ADDRESS_ADD, params, 4, &rows));
	if (ddns_rows_count(rows) == 0)
		result = session_fail(session, DDNS_CONFLICT, NULL,
				      "domain '%s' has the address %s already", change->name,
				      change->rdata);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
add_record(struct session *session, const struct lookup_zone *zone, struct change *change)
{
	char *settings = json_dumps(change->settings, JSON_COMPACT);
	const char *params[] = {zone->origin,  zone->owner, change->type, change->ttl,
				change->rdata, settings,    change->name};
	enum ddns_result result;

	if (settings == NULL)
		return session_no_memory(session);
	CHECK(session_object(session, DDNS_STATEMENT_CTL_RECORD_ADD, params, 7, &change->done));
cleanup:
	free(settings);
	return result;
}

static enum ddns_result
insert(struct session *session, void *context)
{
	struct change *change = context;
	struct lookup_zone zone;
	struct ddns_rows *domain = NULL;
	enum ddns_result result;

	json_decref(change->done);
	change->done = NULL;
	change->is_address = false;
	CHECK(lookup_zone(session, change->name, &zone));
	if (is_address_type(change->type)) {
		const char *place[] = {zone.origin, zone.owner};
		CHECK(session_query(session, DDNS_STATEMENT_CTL_DOMAIN_AT, place, 2, &domain));
		change->is_address = ddns_rows_count(domain) > 0;
	}
	if (change->is_address) {
		change->is_hidden = ddns_rows_boolean(domain, 0, 1);
		CHECK(add_address(session, &zone, change));
		change->done = json_pack("{s:s, s:s, s:s, s:s}", "name", change->name, "type",
					 change->type, "rdata", change->rdata, "kind", "address");
	} else {
		CHECK(add_record(session, &zone, change));
	}
cleanup:
	ddns_rows_free(domain);
	return result;
}

static enum ddns_result
add(struct session *session, const struct arguments *arguments)
{
	struct change change = {.ttl = arguments_value(arguments, "ttl")};
	enum ddns_result result;

	CHECK(gather(session, arguments, &change));
	CHECK(record_setting_read(session, arguments, &change.settings));
	if (change.rdata == NULL && !arguments_has(arguments, "interface-id")) {
		result = session_usage(session, "what are its data? (ddnsctl help record add)");
		goto cleanup;
	}
	CHECK(session_transact(session, insert, &change));
	if (change.is_address && change.is_hidden)
		fprintf(stderr,
			"ddnsctl: note: '%s' has fixed addresses, which are served in place of "
			"reported ones (domain set %s address=auto)\n",
			change.name, change.name);
	CHECK(session_print_done(session, change.done, "%s added: %s %s %s",
				 change.is_address ? "address of the domain" : "record",
				 change.name, change.type,
				 json_string_value(json_object_get(change.done, "rdata"))));
cleanup:
	change_free(&change);
	return result;
}

/* The hint is for where nothing is stored under that name, type and data. */
static enum ddns_result
refuse_missing(struct session *session, const struct change *change, const char *hint)
{
	return session_fail(session, DDNS_NOT_FOUND, hint, "there is no such record: %s%s%s%s%s",
			    change->name, change->type[0] != '\0' ? " " : "", change->type,
			    change->rdata != NULL ? " " : "",
			    change->rdata != NULL ? change->rdata : "");
}

static enum ddns_result
update(struct session *session, void *context)
{
	struct change *change = context;
	struct lookup_zone zone;
	char *settings = json_dumps(change->settings, JSON_COMPACT);
	json_t *changed = NULL;
	enum ddns_result result;

	if (settings == NULL)
		return session_no_memory(session);
	CHECK(lookup_zone(session, change->name, &zone));
	const char *params[] = {zone.origin,   zone.owner, change->type,
				change->rdata, settings,   change->name};
	CHECK(session_array(session, DDNS_STATEMENT_CTL_RECORD_SET, params, 6, &changed));
	if (json_array_size(changed) == 0) {
		result = refuse_missing(session, change,
					"`ddnsctl record list NAME` shows what is stored there; a "
					"domain's own addresses are set by `ddnsctl domain set`");
		goto cleanup;
	}
	json_decref(change->done);
	change->done = json_incref(changed);
cleanup:
	json_decref(changed);
	free(settings);
	return result;
}

static enum ddns_result
set(struct session *session, const struct arguments *arguments)
{
	struct change change = {0};
	enum ddns_result result;

	CHECK(gather(session, arguments, &change));
	CHECK(record_setting_read(session, arguments, &change.settings));
	if (json_object_size(change.settings) == 0) {
		result = session_usage(session, "what is to be set? --ttl, --online, --offline or "
						"--interface-id (ddnsctl help record set)");
		goto cleanup;
	}
	CHECK(session_transact(session, update, &change));
	CHECK(session_print_done(session, change.done, "%zu changed at '%s'",
				 json_array_size(change.done), change.name));
cleanup:
	change_free(&change);
	return result;
}

static enum ddns_result
remove_records(struct session *session, void *context)
{
	struct change *change = context;
	struct lookup_zone zone;
	json_t *addresses = NULL, *records = NULL;
	enum ddns_result result;

	CHECK(lookup_zone(session, change->name, &zone));
	const char *params[] = {zone.origin, zone.owner,
				change->type[0] != '\0' ? change->type : NULL, change->rdata};
	CHECK(session_array(session, DDNS_STATEMENT_CTL_RECORD_DELETE, params, 4, &records));
	if (change->type[0] == '\0' || is_address_type(change->type)) {
		CHECK(session_array(session, DDNS_STATEMENT_CTL_ADDRESS_DELETE, params, 4,
				    &addresses));
		if (json_array_extend(records, addresses) != 0) {
			result = session_no_memory(session);
			goto cleanup;
		}
	}
	if (json_array_size(records) == 0) {
		result = refuse_missing(
			session, change,
			"`ddnsctl record list NAME` shows what is stored there; default and "
			"wildcard records are switched by `ddnsctl domain set`");
		goto cleanup;
	}
	json_decref(change->done);
	change->done = json_incref(records);
cleanup:
	json_decref(addresses);
	json_decref(records);
	return result;
}

static enum ddns_result
erase(struct session *session, const struct arguments *arguments)
{
	struct change change = {0};
	enum ddns_result result;

	CHECK(gather(session, arguments, &change));
	CHECK(session_transact(session, remove_records, &change));
	CHECK(session_print_done(session, change.done, "%zu deleted at '%s'",
				 json_array_size(change.done), change.name));
cleanup:
	change_free(&change);
	return result;
}

static enum ddns_result
list(struct session *session, const struct arguments *arguments)
{
	struct change change = {0};
	struct lookup_zone zone;
	json_t *rows = NULL;
	enum ddns_result result;

	CHECK(gather(session, arguments, &change));
	CHECK(lookup_zone(session, change.name, &zone));
	const char *params[] = {zone.origin, zone.owner,
				change.type[0] != '\0' ? change.type : NULL};
	CHECK(session_array(session, DDNS_STATEMENT_CTL_RECORDS, params, 3, &rows));
	CHECK(session_print_list(session, rows, list_columns,
				 sizeof list_columns / sizeof *list_columns));
cleanup:
	json_decref(rows);
	return result;
}

static const struct command_option options[] = {
	{"ttl", "N", false, "seconds [of a new one: that of its name and type, else the zone's]"},
	{"online", "SETTING", false,
	 "shown while its domain is online: rdata|default|address:A|port:N|url:URL"},
	{"offline", "SETTING", false,
	 "shown while its domain is offline: rdata|default|address:A|url:URL|page"},
	{"interface-id", "ID", false, "lower 64 bits of an AAAA; the others follow the domain"},
};
#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"add", "NAME TYPE [RDATA...]", 2, COMMAND_ANY, "adds a record",
	 "NAME is a full name, in one of the zones. An A or AAAA at a domain's own name is its\n"
	 "current address: it goes online. Names in RDATA end with a dot. TXT needs no quotes:\n"
	 "without any it is one string. `--` ends the options, for RDATA that begins with a "
	 "dash.\n\n"
	 "An A or AAAA below a domain may change with the domain's state. rdata: it shows RDATA\n"
	 "(that is so where nothing is said); default: what its domain shows; port, url and page\n"
	 "are shown to browsers. One with an interface id needs no RDATA: its upper bits are "
	 "those\n"
	 "of the domain's prefix or IPv6 address, and move with the prefix.\n\n"
	 "  ddnsctl record add www.example.org A 192.0.2.1 --ttl 300\n"
	 "  ddnsctl record add example.org MX 10 mail.example.org.\n"
	 "  ddnsctl record add example.org TXT 'v=spf1 mx -all'\n"
	 "  ddnsctl record add cam.joe.dyn.example.org A 192.0.2.9 --online port:8443 --offline "
	 "page\n"
	 "  ddnsctl record add nas.joe.dyn.example.org AAAA --interface-id ::1234\n",
	 COUNTED(options), add},
	{"set", "NAME TYPE [RDATA...]", 2, COMMAND_ANY, "changes the settings of records",
	 "Of that one, or of all of the type. --interface-id '' makes the address one of its "
	 "own.\n\n"
	 "  ddnsctl record set cam.joe.dyn.example.org A --online rdata --offline rdata\n",
	 COUNTED(options), set},
	{"list", "NAME [TYPE]", 1, 2, "lists what is stored at and below a name",
	 "NOW is what is served of it at this moment, and LEADS TO where browsers are sent that\n"
	 "come there: a URL, or the offline page. Default records (wildcard, mail, web redirects)\n"
	 "follow from a domain's settings and are not among them.\n",
	 NULL, 0, list},
	{"delete", "NAME [TYPE [RDATA...]]", 1, COMMAND_ANY,
	 "deletes the records of a name, or of one type there, or one of them",
	 "A domain whose last address goes is offline; the domain itself stays.\n\n"
	 "  ddnsctl record delete www.example.org A 192.0.2.1\n"
	 "  ddnsctl record delete www.example.org\n",
	 NULL, 0, erase},
};

const struct noun record_noun = {"record", "what is stored at names", COUNTED(commands)};
