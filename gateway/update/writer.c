// SPDX-License-Identifier: GPL-3.0-or-later
// The batch writer: all doors' updates, committed in groups.
#include "gateway/update/writer.h"

#include <stdlib.h>

#include "gateway/update/batch.h"
#include "gateway/update/lane.h"
#include "sql/client/db.h"

enum {
	WAITING_MAX = 4096,    // updates in queues
	AWAY_MS = 1000,	       // with the database away for longer, nobody waits for it
	GROUP_LOCK_MS = 200,   // how long a group waits for a lock that cannot be tried
	SINGLE_LOCK_MS = 1000, // and a single member
};

struct writer {
	struct lane *groups, *singles;
};

enum ddns_result
writer_submit(struct writer *writer, struct update_request *request)
{
	struct lane_status status;
	lane_status(writer->groups, &status);
	if (status.waiting + request->count > WAITING_MAX ||
	    (status.away_since_ms != 0 && ddns_clock_ms() - status.away_since_ms > AWAY_MS))
		return DDNS_UNAVAILABLE;
	request->references++; // nobody else knows it yet
	request->pending = request->count;
	for (size_t i = 0; i < request->count; i++)
		request->updates[i].next = i + 1 < request->count ? &request->updates[i + 1] : NULL;
	lane_add(writer->groups, request->updates);
	return DDNS_OK;
}

void
writer_status(struct writer *writer, struct writer_status *status)
{
	struct lane_status groups, singles;
	lane_status(writer->groups, &groups);
	lane_status(writer->singles, &singles);
	*status = (struct writer_status){
		.is_connected = groups.away_since_ms == 0,
		.waiting = groups.waiting + singles.waiting,
		.seen_alive_ms = groups.seen_alive_ms < singles.seen_alive_ms
					 ? groups.seen_alive_ms
					 : singles.seen_alive_ms,
	};
}

enum ddns_result
writer_create(const struct writer_options *options, struct writer **writerp)
{
	struct lane_options lane = {
		.link =
			{
				.name = "ddns-gateway alone",
				.database = options->database,
				.metrics = options->metrics,
				.lock_timeout_ms = SINGLE_LOCK_MS,
			},
		.metrics = options->metrics,
		.group_max = 1,
	};
	struct writer *writer = calloc(1, sizeof *writer);
	enum ddns_result result;
	if (writer == NULL)
		return DDNS_NO_MEMORY;
	CHECK(lane_create(&lane, &writer->singles));
	lane.link.name = "ddns-gateway";
	lane.group_max = BATCH_MAX;
	lane.link.lock_timeout_ms = GROUP_LOCK_MS;
	lane.singles = writer->singles;
	CHECK(lane_create(&lane, &writer->groups));
	*writerp = writer;
	writer = NULL;

cleanup:
	writer_free(writer);
	return result;
}

void
writer_free(struct writer *writer)
{
	if (writer == NULL)
		return;
	lane_free(writer->groups); // it may hand over to the other until it ends
	lane_free(writer->singles);
	free(writer);
}
