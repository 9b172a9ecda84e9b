// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl domain register and release: names that are given for a time.
#include <stdio.h>

#include "gateway/ctl/domain.h"
#include "gateway/ctl/lookup.h"

/* A domain, and until when it is registered, or rests. */
struct term {
	char name[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_statement statement;
	char until[64]; // "": not at all
};

static enum ddns_result
change(struct session *session, void *context)
{
	struct term *term = context;
	const char *name = term->name;
	struct lookup_zone zone;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(lookup_zone(session, name, &zone));
	CHECK(session_query(session, term->statement, &name, 1, &rows));
	const char *until = ddns_rows_text(rows, 0, 0);
	snprintf(term->until, sizeof term->until, "%s", until != NULL ? until : "");
cleanup:
	ddns_rows_free(rows);
	return result;
}

enum ddns_result
domain_register(struct session *session, const struct arguments *arguments)
{
	struct term term = {.statement = DDNS_STATEMENT_CTL_DOMAIN_REGISTER};
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], term.name));
	CHECK(session_transact(session, change, &term));
	done = json_pack("{s:s, s:s}", "registered", term.name, "until", term.until);
	CHECK(session_print_done(session, done, "domain '%s' is registered until %s", term.name,
				 term.until));
cleanup:
	json_decref(done);
	return result;
}

enum ddns_result
domain_release(struct session *session, const struct arguments *arguments)
{
	struct term term = {.statement = DDNS_STATEMENT_CTL_DOMAIN_RELEASE};
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], term.name));
	CHECK(session_transact(session, change, &term));
	bool does_rest = term.until[0] != '\0';
	done = json_pack("{s:s, s:s?}", "released", term.name, "rests_until",
			 does_rest ? term.until : NULL);
	if (does_rest)
		CHECK(session_print_done(
			session, done,
			"domain '%s' is released; until %s only its former account may take it",
			term.name, term.until));
	else
		CHECK(session_print_done(session, done, "domain '%s' is released", term.name));
cleanup:
	json_decref(done);
	return result;
}
