// SPDX-License-Identifier: GPL-3.0-or-later
// Puts domains offline that were not heard for as long as their timeout.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/jobs/job.h"
#include "gateway/log.h"

enum {
	INTERVAL_MS = 500,  // also how often the database is told that hosts can be heard
	BUSY_WAIT_MS = 100, // somebody held a domain or its zone
	QUERY_TIMEOUT_MS = 30000,
};

/* Where the last transaction of several ended, which come one after the other. */
struct timeouts {
	bool is_started;      // the database knows this gateway
	char due[64], id[24]; // "-infinity": the next is a first one
	int64_t first_ms;
	long long offline; // since the first one
};

static void
begin(struct timeouts *timeouts)
{
	snprintf(timeouts->due, sizeof timeouts->due, "-infinity");
	snprintf(timeouts->id, sizeof timeouts->id, "0");
	timeouts->first_ms = ddns_clock_ms();
}

static void
tell(struct timeouts *timeouts, const char *fault)
{
	if (timeouts->offline > 0)
		log_info("timeouts: %lld domains are offline", timeouts->offline);
	timeouts->offline = 0;
	if (fault != NULL)
		log_warning("timeouts: cannot put offline %s", fault);
}

/* What a call came to; true: the next goes on where it ended. */
static bool
take(struct job_context *context, const struct ddns_rows *rows)
{
	struct timeouts *timeouts = context->state;
	int64_t offline = ddns_rows_integer(rows, 0, 0, 0);
	bool is_more = ddns_rows_boolean(rows, 0, 2);
	timeouts->is_started = true;
	timeouts->offline += offline;
	atomic_fetch_add(&context->metrics->timeouts_offline, (unsigned long long)offline);
	if (!ddns_rows_is_null(rows, 0, 6))
		atomic_store(&context->metrics->timeouts_late_ms,
			     (unsigned long long)ddns_rows_integer(rows, 0, 6, 0));
	if (is_more) {
		snprintf(timeouts->due, sizeof timeouts->due, "%s", ddns_rows_text(rows, 0, 4));
		snprintf(timeouts->id, sizeof timeouts->id, "%s", ddns_rows_text(rows, 0, 5));
	}
	return is_more;
}

/* One transaction. */
static enum ddns_result
run(struct job_context *context, int *wait_msp)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;
	if (context->state == NULL && (context->state = calloc(1, sizeof(struct timeouts))) == NULL)
		return DDNS_NO_MEMORY;
	struct timeouts *timeouts = context->state;
	// what became due behind the place where the last call ended is seen soon, too
	if (timeouts->due[0] == '\0' || ddns_clock_ms() - timeouts->first_ms >= INTERVAL_MS)
		begin(timeouts);
	const char *params[] = {context->gateway, timeouts->is_started ? "false" : "true",
				timeouts->due, timeouts->id};
	CHECK(ddns_db_query(context->db, DDNS_STATEMENT_JOBS_TIME_OUT, params, 4, QUERY_TIMEOUT_MS,
			    &rows));
	bool is_more = take(context, rows);
	*wait_msp = is_more ? 0 : ddns_rows_integer(rows, 0, 1, 0) > 0 ? BUSY_WAIT_MS : INTERVAL_MS;
	if (!is_more) {
		tell(timeouts, ddns_rows_text(rows, 0, 3));
		begin(timeouts);
	} else if (!ddns_rows_is_null(rows, 0, 3)) {
		tell(timeouts, ddns_rows_text(rows, 0, 3));
	}

cleanup:
	ddns_rows_free(rows);
	return result;
}

const struct job job_timeout = {
	.name = "timeouts",
	.interval_ms = INTERVAL_MS,
	.error_wait_ms = 1000,
	.run = run,
	.free = free,
};
