// SPDX-License-Identifier: GPL-3.0-or-later
// Ends the terms of domains that are given for a time: they are held, then released.
#include "gateway/jobs/job.h"
#include "gateway/log.h"

enum {
	INTERVAL_MS = 2000,
	BUSY_WAIT_MS = 500, // somebody held a domain or its zone
	QUERY_TIMEOUT_MS = 30000,
};

/* One transaction. */
static enum ddns_result
run(struct job_context *context, int *wait_msp)
{
	struct ddns_db *db = context->db;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;
	CHECK(ddns_db_query(db, DDNS_STATEMENT_JOBS_END_TERMS, NULL, 0, QUERY_TIMEOUT_MS, &rows));
	long long held = ddns_rows_integer(rows, 0, 0, 0),
		  released = ddns_rows_integer(rows, 0, 1, 0),
		  busy = ddns_rows_integer(rows, 0, 2, 0);
	const char *fault = ddns_rows_text(rows, 0, 4);
	if (held > 0 || released > 0)
		log_info("terms: %lld domains are held from now on, %lld are released", held,
			 released);
	if (fault != NULL)
		log_warning("terms: cannot end that of %s", fault);
	if (ddns_rows_boolean(rows, 0, 3))
		*wait_msp = 0;
	else if (busy > 0)
		*wait_msp = BUSY_WAIT_MS;

cleanup:
	ddns_rows_free(rows);
	return result;
}

const struct job job_terms = {
	.name = "terms",
	.interval_ms = INTERVAL_MS,
	.error_wait_ms = INTERVAL_MS,
	.run = run,
};
