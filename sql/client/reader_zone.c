// SPDX-License-Identifier: GPL-3.0-or-later
// What a reader does about one zone: queueing, failure and retry, and reading its columns.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/reader_internal.h"

enum {
	RETRY_LEAST_MS = 1000,
	RETRY_MOST_MS = 60 * 1000,
	CLASH_LEAST_MS = 50, // a conflict with recovery on a standby, say
};

void
zone_schedule(struct ddns_reader *reader, struct known *known)
{
	switch (known->work) {
	case WORK_NONE:
		if (known->is_held)
			queue_add(&reader->follow, known, WORK_FOLLOW);
		else
			queue_add(&reader->load, known, WORK_LOAD);
		break;
	case WORK_LOADING:
	case WORK_GONE:
		known->is_due = true;
		break;
	case WORK_FOLLOW:
	case WORK_LOAD:
	case WORK_FAILED:
		break; // its turn comes, and looks at what is true then
	}
}

void
zone_succeeded(struct known *known)
{
	known->retry_ms = 0;
	known->is_warned = false;
}

void
zone_failed(struct ddns_reader *reader, struct known *known, enum ddns_result why,
	    const char *reason)
{
	bool is_clash = why == DDNS_RETRY;
	int pause = reader_backoff(&known->retry_ms, is_clash ? CLASH_LEAST_MS : RETRY_LEAST_MS,
				   RETRY_MOST_MS);
	known->retry_at_ms = ddns_clock_ms() + pause;
	queue_add(&reader->failed, known, WORK_FAILED);
	zone_unread(reader, known);
	if (known->origin == NULL)
		reader->next_compare_ms = 0; // it says what the zone is called
	if (is_clash || known->is_warned)
		return;
	known->is_warned = true;
	reader_warn(reader, "zone '%s' (id %" PRId64 ") cannot be read, will try again: %s",
		    known->origin != NULL ? known->origin : "?", known->id, reason);
}

void
zone_unread(struct ddns_reader *reader, struct known *known)
{
	const struct ddns_sink *sink = &reader->options.sink;
	if (known->is_held || known->is_told_failed)
		return;
	if (sink->failed == NULL)
		known->is_told_failed = true;
	else if (known->origin != NULL)
		known->is_told_failed =
			sink->failed(sink->context, known->id, known->origin) == DDNS_OK;
}

void
zone_name(struct known *known, const char *origin)
{
	if (known->origin != NULL && strcmp(known->origin, origin) == 0)
		return;
	free(known->origin);
	known->origin = strdup(origin);
	known->is_told_failed = false;
}

static bool
read_u32(const struct ddns_rows *rows, size_t row, size_t column, uint32_t *out)
{
	int64_t value = ddns_rows_integer(rows, row, column, -1);
	if (value < 0 || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

static const char *
text_or_empty(const struct ddns_rows *rows, size_t row, size_t column)
{
	const char *text = ddns_rows_text(rows, row, column);
	return text != NULL ? text : "";
}

enum ddns_result
zone_read(const struct ddns_rows *rows, size_t row, size_t column, int64_t id, int64_t version,
	  struct ddns_zone *zone)
{
	*zone = (struct ddns_zone){
		.id = id,
		.version = version,
		.origin = text_or_empty(rows, row, column + 1),
		.mname = text_or_empty(rows, row, column + 2),
		.rname = text_or_empty(rows, row, column + 3),
		.transfer = text_or_empty(rows, row, column + 9),
		.transfer_to = text_or_empty(rows, row, column + 10),
	};
	bool is_good = !ddns_rows_is_null(rows, row, column + 1) &&
		       !ddns_rows_is_null(rows, row, column + 2) &&
		       !ddns_rows_is_null(rows, row, column + 3) &&
		       read_u32(rows, row, column, &zone->serial) &&
		       read_u32(rows, row, column + 4, &zone->refresh) &&
		       read_u32(rows, row, column + 5, &zone->retry) &&
		       read_u32(rows, row, column + 6, &zone->expire) &&
		       read_u32(rows, row, column + 7, &zone->negative_ttl) &&
		       read_u32(rows, row, column + 8, &zone->ttl);
	if (zone->transfer[0] == '\0')
		zone->transfer = "none";
	return is_good ? DDNS_OK : DDNS_BAD_INPUT;
}

/* A null becomes "", which no owner, type or rdata is: who validates rows tells it. */
void
row_read(const struct ddns_rows *rows, size_t row, size_t column, struct ddns_row *out)
{
	*out = (struct ddns_row){
		.owner = text_or_empty(rows, row, column),
		.type = text_or_empty(rows, row, column + 1),
		.ttl = ddns_rows_integer(rows, row, column + 2, -1),
		.rdata = text_or_empty(rows, row, column + 3),
		.is_fallback = ddns_rows_boolean(rows, row, column + 4),
	};
}

uint64_t
xid_read(const struct ddns_rows *rows, size_t row, size_t column)
{
	return strtoull(text_or_empty(rows, row, column), NULL, 10);
}
