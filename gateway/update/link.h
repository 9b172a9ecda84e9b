// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to the database that is opened again whenever it was lost.
#ifndef GATEWAY_UPDATE_LINK_H
#define GATEWAY_UPDATE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/metrics.h"
#include "sql/client/db.h"

struct link_options {
	const char *name;     // application_name, and for the log; copied
	const char *database; // conninfo; copied
	struct metrics *metrics;
	int lock_timeout_ms; // of its session
};

/* For one thread, but for link_away_since. */
struct link;
enum ddns_result link_create(const struct link_options *options, struct link **linkp);
void link_free(struct link *link); // takes NULL

/*
 * The open connection; opens it where it is not, with pauses that grow between attempts.  NULL:
 * there is none now, and *retry_at_ms (CLOCK_MONOTONIC) says when to ask again.  Logs when the
 * database goes and when it is back, once each.
 */
struct ddns_db *link_get(struct link *link, int64_t *retry_at_ms);

/* Whether link_get would not have to open it. */
bool link_is_open(const struct link *link);

/* Since when it cannot be opened, CLOCK_MONOTONIC ms; 0: it could be, the last time.  Any thread.
 */
int64_t link_away_since(const struct link *link);

#endif
