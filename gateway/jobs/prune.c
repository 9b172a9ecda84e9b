// SPDX-License-Identifier: GPL-3.0-or-later
// Forgets what is kept for a time only: steps, history, failed tries, requests seen.
#include "gateway/jobs/job.h"

enum {
	INTERVAL_MS = 60000,
	PRUNE_TIMEOUT_MS = 3600000, // the first run after a long stop may have millions of rows
	FORGET_TIMEOUT_MS = 60000,
};

/* Transactions of at most so many rows of a table, until there are no more. */
static enum ddns_result
forget(struct job_context *context)
{
	bool is_more = true;
	while (is_more) {
		struct ddns_rows *rows = NULL;
		enum ddns_result result = ddns_db_query(context->db, DDNS_STATEMENT_JOBS_FORGET,
							NULL, 0, FORGET_TIMEOUT_MS, &rows);
		if (result != DDNS_OK)
			return result;
		atomic_fetch_add(&context->metrics->pruned_rows,
				 (unsigned long long)ddns_rows_integer(rows, 0, 0, 0));
		is_more = ddns_rows_boolean(rows, 0, 1);
		ddns_rows_free(rows);
	}
	return DDNS_OK;
}

static enum ddns_result
run(struct job_context *context, int *wait_msp)
{
	struct ddns_db *db = context->db;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;
	(void)wait_msp;
	CHECK(ddns_db_query(db, DDNS_STATEMENT_JOBS_NO_TIMEOUT, NULL, 0, FORGET_TIMEOUT_MS, &rows));
	ddns_rows_free(rows);
	rows = NULL;
	CHECK(ddns_db_query(db, DDNS_STATEMENT_JOBS_PRUNE, NULL, 0, PRUNE_TIMEOUT_MS, &rows));
	atomic_fetch_add(&context->metrics->pruned_steps,
			 (unsigned long long)ddns_rows_integer(rows, 0, 0, 0));
	CHECK(forget(context));

cleanup:
	ddns_rows_free(rows);
	return result;
}

const struct job job_prune = {
	.name = "prune",
	.interval_ms = INTERVAL_MS,
	.error_wait_ms = 5000,
	.run = run,
};
