// SPDX-License-Identifier: GPL-3.0-or-later
// The global stream, zone 0: names of keys, accounts and settings that moved.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/reader_internal.h"

enum {
	RETRY_LEAST_MS = 50,
	RETRY_MOST_MS = 5000,
};

bool
global_is_due(const struct ddns_reader *reader)
{
	return reader->options.wants_global &&
	       (reader->is_global_due || !reader->has_global_cursor) &&
	       ddns_clock_ms() >= reader->global_retry_at_ms;
}

static enum ddns_result
tell(struct ddns_reader *reader, const char *const *names, size_t count)
{
	const struct ddns_sink *sink = &reader->options.sink;
	return sink->global(sink->context, reader->db, names, count);
}

/* The cursor first: what moves between it and the owner's reading is told once more. */
static enum ddns_result
start(struct ddns_reader *reader)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(reader_query(reader, reader->db, DDNS_STATEMENT_GLOBAL_STATE, NULL, 0, &rows));
	struct cursor cursor = {ddns_rows_integer(rows, 0, 0, 0), xid_read(rows, 0, 1)};
	CHECK(tell(reader, NULL, 0));
	reader->global_cursor = cursor;
	reader->has_global_cursor = true;

cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
take_step(struct ddns_reader *reader, const struct ddns_rows *rows)
{
	enum ddns_result result = DDNS_OK;
	struct cursor cursor = reader->global_cursor;
	size_t count = 0;
	const char **names = calloc(ddns_rows_count(rows), sizeof(*names));
	if (names == NULL)
		return DDNS_NO_MEMORY;

	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		const char *what = ddns_rows_text(rows, i, 0);
		const char *name = ddns_rows_text(rows, i, 3);
		if (what != NULL && strcmp(what, "name") == 0 && name != NULL)
			names[count++] = name;
		else if (what != NULL && strcmp(what, "step") == 0)
			cursor = (struct cursor){ddns_rows_integer(rows, i, 1, 0),
						 xid_read(rows, i, 2)};
	}
	if (count > 0)
		CHECK(tell(reader, names, count));
	reader->global_cursor = cursor;
	atomic_fetch_add(&reader->steps, 1);

cleanup:
	free(names);
	return result;
}

static enum ddns_result
follow(struct ddns_reader *reader)
{
	struct ddns_rows *rows = NULL;
	char version[24], xid[24];
	enum ddns_result result;

	snprintf(version, sizeof(version), "%" PRId64, reader->global_cursor.version);
	snprintf(xid, sizeof(xid), "%" PRIu64, reader->global_cursor.xid);
	CHECK(reader_query(reader, reader->db, DDNS_STATEMENT_CATCH_UP,
			   (const char *[]){"0", version, xid}, 3, &rows));
	const char *what = ddns_rows_count(rows) > 0 ? ddns_rows_text(rows, 0, 0) : NULL;
	if (what != NULL && strcmp(what, "step") == 0)
		CHECK(take_step(reader, rows));
	else if (what == NULL || strcmp(what, "same") != 0)
		CHECK(start(reader));

cleanup:
	ddns_rows_free(rows);
	return result;
}

enum ddns_result
global_look(struct ddns_reader *reader)
{
	enum ddns_result result;

	reader->is_global_due = false;
	result = reader->has_global_cursor ? follow(reader) : start(reader);
	if (result == DDNS_OK) {
		reader->global_retry_ms = 0;
		reader->is_global_warned = false;
		return DDNS_OK;
	}
	// what the owner knows may be half old now
	reader->has_global_cursor = false;
	if (!ddns_db_is_open(reader->db))
		return DDNS_UNAVAILABLE;
	int pause = reader_backoff(&reader->global_retry_ms, RETRY_LEAST_MS, RETRY_MOST_MS);
	if (!reader->is_global_warned)
		reader_warn(reader, "keys, accounts and settings cannot be read: %s",
			    ddns_result_text(result));
	reader->is_global_warned = true;
	reader->global_retry_at_ms = ddns_clock_ms() + pause;
	return DDNS_OK;
}
