// SPDX-License-Identifier: GPL-3.0-or-later
// Looks up what several nouns need.
#include "gateway/ctl/lookup.h"

#include <stdio.h>

#include "gateway/ctl/name.h"

enum ddns_result
lookup_name(struct session *session, const char *text, char name[DDNS_DNAME_TEXT_MAX + 1])
{
	char error[512];
	if (name_parse(text, name, error, sizeof error) != DDNS_OK)
		return session_fail(session, DDNS_BAD_INPUT, NULL, "%s", error);
	return DDNS_OK;
}

enum ddns_result
lookup_zone(struct session *session, const char *name, struct lookup_zone *zone)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_OF, &name, 1, &rows));
	if (ddns_rows_count(rows) == 0) {
		result = session_fail(
			session, DDNS_NOT_FOUND,
			"`ddnsctl zone list` shows the zones, `ddnsctl zone add` makes "
			"one",
			"'%s' lies in none of the zones", name);
		goto cleanup;
	}
	snprintf(zone->origin, sizeof zone->origin, "%s", ddns_rows_text(rows, 0, 0));
	CHECK(ddns_dname_relative(name, zone->origin, zone->owner));
cleanup:
	ddns_rows_free(rows);
	return result;
}

enum ddns_result
lookup_account(struct session *session, const char *login, char id[LOOKUP_ID_SIZE])
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_ACCOUNT_ID, &login, 1, &rows));
	if (ddns_rows_count(rows) == 0)
		result = lookup_missing(session, "account", login);
	else
		snprintf(id, LOOKUP_ID_SIZE, "%s", ddns_rows_text(rows, 0, 0));
cleanup:
	ddns_rows_free(rows);
	return result;
}

enum ddns_result
lookup_missing(struct session *session, const char *noun, const char *name)
{
	char hint[64];
	snprintf(hint, sizeof hint, "`ddnsctl %s list` shows those there are", noun);
	return session_fail(session, DDNS_NOT_FOUND, hint, "there is no %s '%.300s'", noun, name);
}
