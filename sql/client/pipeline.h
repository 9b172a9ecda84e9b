// SPDX-License-Identifier: GPL-3.0-or-later
// Several prepared statements in one round trip.
#ifndef DDNS_SQL_CLIENT_PIPELINE_H
#define DDNS_SQL_CLIENT_PIPELINE_H

#include "sql/client/db.h"

enum { DDNS_STEPS_MAX = 8 };

/* One statement; fields as the parameters of ddns_db_query. */
struct ddns_step {
	enum ddns_statement statement;
	const char *const *params;
	size_t param_count;
	struct ddns_rows **rowsp; // NULL: not wanted
};

/*
 * Sends up to DDNS_STEPS_MAX statements at once, and then takes their results, all within
 * timeout_ms. The first that fails is the result; those after it are not run, those before it were.
 * So a transaction BEGIN ... COMMIT is committed whole (DDNS_OK) or is left open and failed, to be
 * rolled back.  Rows are handed out on DDNS_OK only.
 *
 * DDNS_UNAVAILABLE on a connection that was closed meanwhile: any of them may have happened.
 * Else as ddns_db_query.
 */
enum ddns_result ddns_db_pipeline(struct ddns_db *db, const struct ddns_step *steps, size_t count,
				  int timeout_ms);

#endif
