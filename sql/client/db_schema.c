// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the database's schema is one that this program can work with, and what to do if not.
#include <stdio.h>
#include <string.h>

#include "sql/client/db_internal.h"

/* A statement names what the schema does not have. */
static enum ddns_result
refuse_schema(struct ddns_db *db)
{
	const char *state = db->error.sqlstate;
	char reason[sizeof(db->error.message)];
	if (strncmp(state, "42", 2) != 0 && strcmp(state, "3F000") != 0)
		return DDNS_INTERNAL;
	memcpy(reason, db->error.message, sizeof(reason));
	return error_set(db, DDNS_INTERNAL,
			 "%s: the schema ddns is missing or too old: run ddns-schema install or "
			 "ddns-schema upgrade",
			 reason);
}

static enum ddns_result
check_version(struct ddns_db *db, int64_t deadline)
{
	int64_t left_ms = deadline - ddns_clock_ms();
	struct ddns_rows *rows;
	if ((db->statements & statement_get(DDNS_STATEMENT_SCHEMA_VERSION)->groups) == 0)
		return DDNS_OK;
	enum ddns_result result = ddns_db_query(db, DDNS_STATEMENT_SCHEMA_VERSION, NULL, 0,
						left_ms > 0 ? (int)left_ms : 0, &rows);
	if (result != DDNS_OK)
		return result;
	int64_t version = ddns_rows_integer(rows, 0, 0, 0);
	ddns_rows_free(rows);
	if (version >= DDNS_SCHEMA_VERSION)
		return DDNS_OK;
	return error_set(db, DDNS_INTERNAL,
			 "the database's schema is version %lld, this program needs version %d: "
			 "run ddns-schema upgrade",
			 (long long)version, DDNS_SCHEMA_VERSION);
}

enum ddns_result
schema_check(struct ddns_db *db, enum ddns_result prepared, int64_t deadline)
{
	enum ddns_result result = prepared;
	if (result == DDNS_INTERNAL)
		return refuse_schema(db);
	if (result == DDNS_OK)
		result = check_version(db, deadline);
	if (result != DDNS_OK)
		ddns_db_close(db);
	return result;
}
