// SPDX-License-Identifier: GPL-3.0-or-later
// Commits UPDATE messages in groups and answers them.
#ifndef GATEWAY_DNS_COMMITTER_H
#define GATEWAY_DNS_COMMITTER_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/dns/exchange.h"
#include "sql/client/result.h"

/*
 * A queue with a thread and a connection that work it off: what waits is taken in groups, each one
 * transaction; a message alone goes at once.  What becomes of a message that
 * - the database refuses: it has its rcode, the others theirs;
 * - meets a lock that somebody else holds: it is tried again for up to a second, then SERVFAIL;
 * - is in a group that fails as a whole, or takes more than a second: each is run alone;
 * - got no answer from the database: it is run again, which knows by its MAC what it has done
 * already;
 * - waits for longer than two seconds, since the database is away: SERVFAIL.
 */
struct committer;
struct attempts;
struct metrics;
struct committer_options {
	const char *database; // conninfo; copied
	struct metrics *metrics;
	struct attempts *attempts; // refused changes are noted there
};
enum ddns_result committer_create(const struct committer_options *options,
				  struct committer **committerp);

/* Works off what waits, then ends the thread and frees.  Takes NULL. */
void committer_free(struct committer *committer);

/* Takes over a verified UPDATE with its changes; answers SERVFAIL when too many wait. */
void committer_submit(struct committer *committer, struct exchange *exchange);

struct committer_status {
	size_t waiting;
	int64_t away_since_ms; // 0: the database is there
	int64_t seen_alive_ms; // CLOCK_MONOTONIC of the thread's last turn
};
void committer_status(struct committer *committer, struct committer_status *status);

#endif
