// SPDX-License-Identifier: GPL-3.0-or-later
// Ends the terms of domains that are given for a time: they are held, then released.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/jobs/job.h"
#include "gateway/log.h"

enum {
	INTERVAL_MS = 2000,
	BUSY_WAIT_MS = 500, // somebody held a domain or its zone
	QUERY_TIMEOUT_MS = 30000,
};

/* Where the last transaction of several ended, which come one after the other. */
struct terms {
	char ends[64], id[24]; // "": the next is a first one
	bool is_busy;	       // since the first one
	char fault[512];       // that was told
};

/* A fault is told once, though it is met each time. */
static void
tell(struct terms *terms, const struct ddns_rows *rows)
{
	long long held = ddns_rows_integer(rows, 0, 0, 0),
		  released = ddns_rows_integer(rows, 0, 1, 0);
	const char *fault = ddns_rows_text(rows, 0, 4);
	if (held > 0 || released > 0)
		log_info("terms: %lld domains are held from now on, %lld are released", held,
			 released);
	if (fault == NULL || strncmp(fault, terms->fault, sizeof terms->fault - 1) == 0)
		return;
	snprintf(terms->fault, sizeof terms->fault, "%s", fault);
	log_warning("terms: cannot end that of %s", fault);
}

/* One transaction. */
static enum ddns_result
run(struct job_context *context, int *wait_msp)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;
	if (context->state == NULL && (context->state = calloc(1, sizeof(struct terms))) == NULL)
		return DDNS_NO_MEMORY;
	struct terms *terms = context->state;
	bool is_first = terms->id[0] == '\0';
	const char *params[] = {is_first ? "-infinity" : terms->ends, is_first ? "0" : terms->id};
	CHECK(ddns_db_query(context->db, DDNS_STATEMENT_JOBS_END_TERMS, params, 2, QUERY_TIMEOUT_MS,
			    &rows));
	tell(terms, rows);
	terms->is_busy = (!is_first && terms->is_busy) || ddns_rows_integer(rows, 0, 2, 0) > 0;
	if (ddns_rows_boolean(rows, 0, 3)) {
		snprintf(terms->ends, sizeof terms->ends, "%s", ddns_rows_text(rows, 0, 5));
		snprintf(terms->id, sizeof terms->id, "%s", ddns_rows_text(rows, 0, 6));
		*wait_msp = 0;
	} else {
		terms->id[0] = '\0';
		if (terms->is_busy)
			*wait_msp = BUSY_WAIT_MS;
	}

cleanup:
	ddns_rows_free(rows);
	return result;
}

const struct job job_terms = {
	.name = "terms",
	.interval_ms = INTERVAL_MS,
	.error_wait_ms = INTERVAL_MS,
	.run = run,
	.free = free,
};
