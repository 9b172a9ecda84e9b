// SPDX-License-Identifier: GPL-3.0-or-later
// The batch writer: all doors' updates, committed in groups.
#ifndef GATEWAY_UPDATE_WRITER_H
#define GATEWAY_UPDATE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/metrics.h"
#include "gateway/update/update.h"
#include "sql/client/result.h"

/*
 * What waits is taken in groups of at most BATCH_MAX, each one transaction; a request alone goes at
 * once.  What becomes of a member that
 * - the database refuses: it has its verdict, the others theirs;
 * - meets a lock that somebody else holds: it leaves the group and is tried again with later ones,
 *   for up to a second; then it is busy;
 * - is in a group that fails as a whole: the members are run one by one on a second connection,
 *   while the first goes on with other groups;
 * - is in a group whose commit got no answer: it is run again, which for an update is the same as
 *   once; when the time is over before that succeeds, it is unavailable.
 */
struct writer_options {
	const char *database; // conninfo; copied
	struct metrics *metrics;
};

struct writer;
enum ddns_result writer_create(const struct writer_options *options, struct writer **writerp);

/* Lets what waits finish (or run out of time), then ends the threads and frees; takes NULL. */
void writer_free(struct writer *writer);

/*
 * Hands over a request with all its updates.  The door then calls update_request_wait.
 * DDNS_UNAVAILABLE: the database has been away for a while, or too many wait: nothing was handed
 * over.
 */
enum ddns_result writer_submit(struct writer *writer, struct update_request *request);

struct writer_status {
	bool is_connected;
	size_t waiting;	       // updates in queues
	int64_t seen_alive_ms; // CLOCK_MONOTONIC of the last sign of life of the slowest thread
};
void writer_status(struct writer *writer, struct writer_status *status);

#endif
