// SPDX-License-Identifier: GPL-3.0-or-later
// Puts domains offline that were not heard for as long as their timeout.
#include "gateway/jobs/job.h"
#include "gateway/log.h"

enum {
	INTERVAL_MS = 1000, // also how often the database is told that hosts can be heard
	BUSY_WAIT_MS = 100, // somebody held a domain or its zone
	QUERY_TIMEOUT_MS = 30000,
};

/* One transaction. */
static enum ddns_result
run(struct job_context *context, int *wait_msp)
{
	struct ddns_db *db = context->db;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;
	CHECK(ddns_db_query(db, DDNS_STATEMENT_JOBS_TIME_OUT, NULL, 0, QUERY_TIMEOUT_MS, &rows));
	long long offline = ddns_rows_integer(rows, 0, 0, 0),
		  busy = ddns_rows_integer(rows, 0, 1, 0);
	const char *fault = ddns_rows_text(rows, 0, 3);
	if (offline > 0)
		log_info("timeouts: %lld domains are offline", offline);
	if (fault != NULL)
		log_warning("timeouts: cannot put offline %s", fault);
	if (ddns_rows_boolean(rows, 0, 2))
		*wait_msp = 0;
	else if (busy > 0)
		*wait_msp = BUSY_WAIT_MS;

cleanup:
	ddns_rows_free(rows);
	return result;
}

const struct job job_timeout = {
	.name = "timeouts",
	.interval_ms = INTERVAL_MS,
	.error_wait_ms = INTERVAL_MS,
	.run = run,
};
