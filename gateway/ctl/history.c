// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl history: what was changed, by whom, and which tries failed.
#include <stdio.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/lookup.h"

static const struct output_column columns[] = {
	{"WHEN", "at", OUTPUT_TIME},	   {"NAME", "name", OUTPUT_TEXT},
	{"WHO", "who", OUTPUT_TEXT},	   {"BY", "door", OUTPUT_TEXT},
	{"FROM", "peer", OUTPUT_TEXT},	   {"WHAT", "what", OUTPUT_TEXT},
	{"OLD", "old", OUTPUT_TEXT},	   {"NEW", "new", OUTPUT_TEXT},
	{"SERIAL", "serial", OUTPUT_TEXT}, {"REASON", "reason", OUTPUT_TEXT},
};

/* What has no name in DNS stands under account:LOGIN, key:NAME or setting:NAME. */
static bool
is_kind(const char *operand)
{
	static const char *const kinds[] = {"account:", "key:", "setting:"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(operand, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	const char *limit = arguments_value(arguments, "limit");
	const char *params[] = {arguments->operands[0], limit != NULL ? limit : "50"};
	char name[DDNS_DNAME_TEXT_MAX + 1];
	json_t *rows = NULL;
	enum ddns_result result = DDNS_OK;

	if (strspn(params[1], "0123456789") != strlen(params[1]) || strlen(params[1]) > 9 ||
	    params[1][0] == '\0')
		return session_usage(session, "--limit is a number, not '%.100s'", params[1]);
	if (!is_kind(params[0])) {
		CHECK(lookup_name(session, params[0], name));
		params[0] = name;
	}
	CHECK(session_array(session, DDNS_STATEMENT_CTL_HISTORY, params, 2, &rows));
	CHECK(session_print_list(session, rows, columns, sizeof columns / sizeof *columns));
cleanup:
	json_decref(rows);
	return result;
}

static const struct command_option options[] = {
	{"limit", "N", false, "how many, the newest first [50]"},
};

static const struct command commands[] = {
	{"", "NAME", 1, 1, "shows what was changed, by whom, and which tries failed",
	 "NAME is a domain or a zone, and what lies below it is shown too; or account:LOGIN, "
	 "key:NAME\n"
	 "or setting:NAME. A statement that changed more than 1000 records or domains is one "
	 "line,\n"
	 "at the name of their zone. Keepalives, which change nothing, are not in it: `ddnsctl "
	 "domain\n"
	 "show` tells the last one.\n\n"
	 "  ddnsctl history joe.dyn.example.org\n"
	 "  ddnsctl history key:joe-router --limit 5\n",
	 options, sizeof options / sizeof *options, show},
};

const struct noun history_noun = {"history", "what was changed, and which tries failed", commands,
				  1};
