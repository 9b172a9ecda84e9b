// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl setting: what all gateways, tools and zones agree on.
#include <stdio.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/lookup.h"

/* Which there are; what they are when nobody sets them, and which values they take, is the
 * database's. */
static const char *const names[] = {
	"attempts_days",  "history_days",      "log_keep",	  "log_rows",
	"name_servers",	  "names_per_account", "quarantine_days", "records_per_set",
	"reserved_names", "secret_key_id",     "set_octets",	  "types_per_name",
	"update_name",	  "update_url",
};

static const struct output_column list_columns[] = {
	{"NAME", "name", OUTPUT_TEXT},
	{"SET", "is_set", OUTPUT_TEXT},
	{"VALUE", "value", OUTPUT_TEXT},
};

struct change {
	const char *name, *value;
};

static enum ddns_result
list(struct session *session, const struct arguments *arguments)
{
	struct ddns_array array = {0};
	const char *text;
	json_t *rows = NULL;
	enum ddns_result result;

	(void)arguments;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ddns_array_add(&array, names[i]);
	if (ddns_array_text(&array, &text) != DDNS_OK) {
		result = session_no_memory(session);
		goto cleanup;
	}
	CHECK(session_array(session, DDNS_STATEMENT_CTL_SETTINGS, &text, 1, &rows));
	CHECK(session_print_list(session, rows, list_columns,
				 sizeof list_columns / sizeof *list_columns));
cleanup:
	json_decref(rows);
	ddns_array_free(&array);
	return result;
}

static enum ddns_result
store(struct session *session, void *context)
{
	const struct change *change = context;
	const char *params[] = {change->name, change->value};
	return session_query(session, DDNS_STATEMENT_CTL_SETTING_SET, params, 2, NULL);
}

static enum ddns_result
set(struct session *session, const struct arguments *arguments)
{
	struct change change = {arguments->operands[0], arguments->operands[1]};
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(session_transact(session, store, &change));
	done = json_pack("{s:s, s:s}", "name", change.name, "value", change.value);
	CHECK(session_print_done(session, done, "%s = %s", change.name, change.value));
cleanup:
	json_decref(done);
	return result;
}

static enum ddns_result
unset(struct session *session, void *context)
{
	const struct change *change = context;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_SETTING_DELETE, &change->name, 1, &rows));
	if (ddns_rows_count(rows) == 0)
		result = session_fail(session, DDNS_NOT_FOUND,
				      "`ddnsctl setting list` shows which are set",
				      "'%.100s' is not set", change->name);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
erase(struct session *session, const struct arguments *arguments)
{
	struct change change = {.name = arguments->operands[0]};
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(session_transact(session, unset, &change));
	done = json_pack("{s:s}", "deleted", change.name);
	CHECK(session_print_done(session, done, "%s is not set any more: its default counts",
				 change.name));
cleanup:
	json_decref(done);
	return result;
}

#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"list", "", 0, 0, "lists the settings and their values",
	 "  name_servers      NS of zones that have none of their own; names, separated by blanks\n"
	 "  update_name       MNAME of new zones: where a gateway takes DNS UPDATE\n"
	 "  update_url        where the gateway's HTTP doors are, for `ddnsctl client`\n"
	 "  reserved_names    labels nobody gets in shared zones; * stands for any text\n"
	 "  quarantine_days   how long a released name rests\n"
	 "  history_days      how long history is kept\n"
	 "  attempts_days     how long failed tries are kept\n"
	 "  records_per_set   what DNS UPDATE may add: records of one type at a name,\n"
	 "  set_octets        their data together, in octets of text,\n"
	 "  types_per_name    and in shared zones: types of records at a name,\n"
	 "  names_per_account names with records of one account\n"
	 "  log_keep          how long changes are kept for name servers that are behind\n"
	 "  log_rows          and how many of a zone\n"
	 "  secret_key_id     which secret key file the keys are encrypted under\n",
	 NULL, 0, list},
	{"set", "NAME VALUE", 2, 2, "sets one, for all gateways at once",
	 "  ddnsctl setting set name_servers 'ns1.example.org ns2.example.org'\n", NULL, 0, set},
	{"delete", "NAME", 1, 1, "sets one back to its default", "", NULL, 0, erase},
};

const struct noun setting_noun = {"setting", "what all agree on", COUNTED(commands)};
