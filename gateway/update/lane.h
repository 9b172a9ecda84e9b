// SPDX-License-Identifier: GPL-3.0-or-later
// A queue of updates with a thread and a connection that work it off in groups.
#ifndef GATEWAY_UPDATE_LANE_H
#define GATEWAY_UPDATE_LANE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/metrics.h"
#include "gateway/update/link.h"
#include "gateway/update/update.h"
#include "sql/client/result.h"

struct lane;

struct lane_options {
	struct link_options link; // its connection
	struct metrics *metrics;
	size_t group_max;     // members of one transaction, up to BATCH_MAX
	struct lane *singles; // takes the members of groups that fail; NULL: they fail here
};

enum ddns_result lane_create(const struct lane_options *options, struct lane **lanep);

/* Works off what waits, then ends the thread and frees.  Nobody may add any more.  Takes NULL. */
void lane_free(struct lane *lane);

/* Appends a chain of updates (by ->next).  Each gets its update_finish. */
void lane_add(struct lane *lane, struct update *chain);

struct lane_status {
	size_t waiting;
	int64_t away_since_ms; // 0: the database is there
	int64_t seen_alive_ms; // CLOCK_MONOTONIC of the thread's last turn
};
void lane_status(struct lane *lane, struct lane_status *status);

#endif
