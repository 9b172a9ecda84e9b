// SPDX-License-Identifier: GPL-3.0-or-later
// How a reader finds out what moved: comparisons, polls and notifications.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/reader_internal.h"

enum {
	COMPARE_EVERY_MS = 5 * 60 * 1000,
	COMPARE_RETRY_LEAST_MS = 1000,
	COMPARE_RETRY_MOST_MS = 60 * 1000,
	RETRY_LEAST_MS = 50,
	RETRY_MOST_MS = 5000,
	TELL_MS = 1000, // a person is told when pauses have grown to this
	ID_SIZE = 24,	// a 64-bit number as text
};

static bool
cursor_equals(struct cursor a, struct cursor b)
{
	return a.version == b.version && a.xid == b.xid;
}

/* Whether the log shows nothing that a look has not already been for. */
static bool
is_old_news(const struct known *known, const struct mark *mark)
{
	if (mark->gone == known->seen.gone && cursor_equals(mark->newest, known->seen.newest))
		return true;
	return known->is_held && mark->gone == 0 && cursor_equals(mark->newest, known->cursor);
}

static enum ddns_result
note_mark(struct ddns_reader *reader, int64_t id, const struct mark *mark)
{
	if (id == 0) {
		if (!cursor_equals(mark->newest, reader->global_cursor))
			reader->is_global_due = true;
		return DDNS_OK;
	}
	if (!reader->options.wants_zones)
		return DDNS_OK;
	struct known *known = table_get(&reader->zones, id);
	if (known == NULL)
		return DDNS_NO_MEMORY;
	if (!is_old_news(known, mark)) {
		known->mark = *mark;
		zone_schedule(reader, known);
	}
	return DDNS_OK;
}

/*
 * Steps of transactions that our last reading could not yet see: all of them have xids from that
 * reading's xmin on.  The same step may show many times while an old transaction is open somewhere,
 * hence is_old_news.
 */
enum ddns_result
look_poll(struct ddns_reader *reader)
{
	struct ddns_rows *rows = NULL;
	char horizon[ID_SIZE];
	enum ddns_result result;

	snprintf(horizon, sizeof(horizon), "%" PRIu64, reader->horizon);
	CHECK(reader_query(reader, reader->db, DDNS_STATEMENT_POLL, (const char *[]){horizon}, 1,
			   &rows));
	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		if (ddns_rows_is_null(rows, i, 1)) // no step at all
			continue;
		struct mark mark = {
			.newest = {ddns_rows_integer(rows, i, 2, 0), xid_read(rows, i, 3)},
			.gone = ddns_rows_integer(rows, i, 4, 0),
		};
		CHECK(note_mark(reader, ddns_rows_integer(rows, i, 1, -1), &mark));
	}
	if (ddns_rows_count(rows) > 0)
		reader->horizon = xid_read(rows, 0, 0);
	reader->is_poll_due = false;
	reader->next_poll_ms = ddns_clock_ms() + reader->options.poll_ms;
	atomic_store(&reader->looked_at_ms, ddns_clock_ms());

cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
note_listed(struct ddns_reader *reader, const struct ddns_rows *rows, size_t row)
{
	struct known *known = table_get(&reader->zones, ddns_rows_integer(rows, row, 1, -1));
	if (known == NULL)
		return DDNS_NO_MEMORY;
	struct cursor cursor = {ddns_rows_integer(rows, row, 2, 0), xid_read(rows, row, 3)};
	known->is_listed = true;
	if (!known->is_held && !ddns_rows_is_null(rows, row, 5))
		zone_name(known, ddns_rows_text(rows, row, 5));
	if (!known->is_held || !cursor_equals(known->cursor, cursor)) {
		zone_schedule(reader, known);
	} else if (known->serial != (uint32_t)ddns_rows_integer(rows, row, 4, 0) &&
		   known->work == WORK_NONE) {
		// the same step in another database's history
		queue_add(&reader->load, known, WORK_LOAD);
	}
	return DDNS_OK;
}

/* After the list: what is not in it any more is asked for, what was long gone is forgotten. */
static bool
is_still_known(void *context, struct known *known)
{
	bool was_listed = known->is_listed;
	known->is_listed = false;
	if (!was_listed && known->is_held)
		zone_schedule(context, known);
	return was_listed || known->is_held || known->work != WORK_NONE;
}

enum ddns_result
look_compare(struct ddns_reader *reader)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(reader_query(reader, reader->db, DDNS_STATEMENT_COMPARE, NULL, 0, &rows));
	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		if (!ddns_rows_is_null(rows, i, 1))
			CHECK(note_listed(reader, rows, i));
	}
	if (ddns_rows_count(rows) > 0)
		reader->horizon = xid_read(rows, 0, 0);
	table_filter(&reader->zones, is_still_known, reader);
	reader->is_global_due = true; // the horizon moves past its steps, too
	reader->next_compare_ms = ddns_clock_ms() + COMPARE_EVERY_MS;
	atomic_store(&reader->looked_at_ms, ddns_clock_ms());

cleanup:
	ddns_rows_free(rows);
	return result;
}

/*
 * What the database refuses (a lock, a right, memory) another connection would be refused as well:
 * this one tries again, and only says so if that lasts.
 */
enum ddns_result
look_if_due(struct ddns_reader *reader)
{
	int64_t now = ddns_clock_ms();
	if (now < reader->look_retry_at_ms || (!reader->is_poll_due && now < reader->next_poll_ms))
		return DDNS_OK;
	enum ddns_result result = look_poll(reader);
	if (result == DDNS_OK) {
		reader->look_retry_ms = 0;
		return DDNS_OK;
	}
	if (!ddns_db_is_open(reader->db))
		return result;
	int pause = reader_backoff(&reader->look_retry_ms, RETRY_LEAST_MS, RETRY_MOST_MS);
	reader->look_retry_at_ms = ddns_clock_ms() + pause;
	if (reader->look_retry_ms >= TELL_MS)
		reader_tell_state(reader, false, ddns_db_last_error(reader->db)->message);
	return DDNS_OK;
}

/* Polls go on meanwhile: a comparison is only there for what they cannot see. */
static enum ddns_result
compare_if_due(struct ddns_reader *reader)
{
	if (!reader->options.wants_zones || ddns_clock_ms() < reader->next_compare_ms)
		return DDNS_OK;
	enum ddns_result result = look_compare(reader);
	if (result == DDNS_OK) {
		reader->compare_retry_ms = 0;
		return DDNS_OK;
	}
	if (!ddns_db_is_open(reader->db))
		return result;
	int pause = reader_backoff(&reader->compare_retry_ms, COMPARE_RETRY_LEAST_MS,
				   COMPARE_RETRY_MOST_MS);
	reader->next_compare_ms = ddns_clock_ms() + pause;
	reader_warn(reader, "zones cannot be compared, will try again: %s",
		    ddns_db_last_error(reader->db)->message);
	return DDNS_OK;
}

enum ddns_result
look_around(struct ddns_reader *reader)
{
	enum ddns_result result = compare_if_due(reader);
	return result == DDNS_OK ? look_if_due(reader) : result;
}

void
look_notified(void *context, const char *payload)
{
	struct ddns_reader *reader = context;
	char *end;
	long long id = strtoll(payload, &end, 10);
	if (end == payload || *end != '\0') {
		reader->is_poll_due = true;
	} else if (id == 0) {
		reader->is_global_due = true;
	} else if (reader->options.wants_zones) {
		struct known *known = table_find(&reader->zones, id);
		if (known != NULL && known->is_held)
			zone_schedule(reader, known);
		else
			reader->is_poll_due = true;
	}
}
