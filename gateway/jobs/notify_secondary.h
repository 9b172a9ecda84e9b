// SPDX-License-Identifier: GPL-3.0-or-later
// Secondaries that were sent a NOTIFY and are to answer it.
#ifndef GATEWAY_JOBS_NOTIFY_SECONDARY_H
#define GATEWAY_JOBS_NOTIFY_SECONDARY_H

#include "gateway/jobs/job.h"

/* Whom to tell of which zone. */
struct notify_order {
	int64_t zone_id;
	const char *origin, *address; // as text
	int port;
	const char *key; // that signs it; NULL: none
};

/* Those that have not answered yet.  Zero-initialised it is empty. */
struct secondaries {
	size_t count;
	struct secondary *items;
};

/* Sends it; what the secondary was told of this zone before is forgotten. */
void secondaries_tell(struct secondaries *secondaries, const struct job_context *context,
		      const struct notify_order *order);

/*
 * Takes the answers that are there, and sends again what has none after 3 seconds, thrice at most.
 * To a message that was signed only a signed answer counts.
 */
void secondaries_look_after(struct secondaries *secondaries, const struct job_context *context);

/* Whether one of this zone's is still to answer. */
bool secondaries_await(const struct secondaries *secondaries, int64_t zone_id);

void secondaries_clear(struct secondaries *secondaries, const struct job_context *context);

#endif
