// SPDX-License-Identifier: GPL-3.0-or-later
// Reading zones whole: one, or all that wait, in one snapshot on a connection of its own.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/reader_internal.h"

enum {
	MANY = 8,	     // zones that wait, from which on one statement for all pays
	MANY_PART = 4,	     // and which part of all zones they must be at least
	ROWS_PER_TICK = 512, // rows between two looks at the clock
};

/* A load under way. */
struct batch {
	struct ddns_reader *reader;
	struct queue zones; // each WORK_LOADING
	bool is_all;
	struct known *last; // of the row before: rows mostly come zone by zone
	unsigned row_count;
};

static void
begin_zone(struct batch *batch, const struct ddns_rows *rows, size_t row)
{
	struct ddns_reader *reader = batch->reader;
	const struct ddns_sink *sink = &reader->options.sink;
	struct known *known = table_find(&reader->zones, ddns_rows_integer(rows, row, 0, -1));
	struct ddns_zone zone;
	if (known == NULL || known->work != WORK_LOADING) // of another turn
		return;

	int64_t version = ddns_rows_integer(rows, row, 1, 0);
	known->load_cursor = (struct cursor){version, xid_read(rows, row, 2)};
	known->load_result = zone_read(rows, row, 3, known->id, version, &zone);
	known->load_serial = zone.serial;
	zone_name(known, zone.origin);
	if (known->load_result == DDNS_OK)
		known->load_result = sink->load_begin(sink->context, &zone, &known->load);
}

/* A zone that the sink refuses must not end the load of the others. */
static enum ddns_result
add_row(void *context, const struct ddns_rows *rows)
{
	struct batch *batch = context;
	struct ddns_reader *reader = batch->reader;
	const struct ddns_sink *sink = &reader->options.sink;
	int64_t id = ddns_rows_integer(rows, 0, 0, -1);
	struct known *known = batch->last;

	if (known == NULL || known->id != id)
		known = batch->last = table_find(&reader->zones, id);
	if (known != NULL && known->load != NULL) {
		struct ddns_row row;
		row_read(rows, 0, 1, &row);
		atomic_fetch_add(&reader->rows_read, 1);
		known->load_result = sink->load_row(sink->context, known->load, &row);
		if (known->load_result != DDNS_OK) {
			sink->load_drop(sink->context, known->load);
			known->load = NULL;
		}
	}
	if (++batch->row_count % ROWS_PER_TICK == 0)
		follow_tick(reader);
	return DDNS_OK;
}

/* Our own deadline is on silence; the role's limit would be on the whole load. */
static enum ddns_result
begin_snapshot(struct ddns_reader *reader)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(reader_query(reader, reader->loader, DDNS_STATEMENT_BEGIN_SNAPSHOT, NULL, 0, NULL));
	CHECK(reader_query(reader, reader->loader, DDNS_STATEMENT_SET_LOCAL,
			   (const char *[]){"statement_timeout", "0"}, 2, &rows));

cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_statement
rows_statement(const struct ddns_reader *reader, bool is_all)
{
	if (reader->options.wants_redirects)
		return is_all ? DDNS_STATEMENT_LOAD_REDIRECTS_ALL : DDNS_STATEMENT_LOAD_REDIRECTS;
	return is_all ? DDNS_STATEMENT_LOAD_ROWS_ALL : DDNS_STATEMENT_LOAD_ROWS;
}

static enum ddns_result
read_batch(struct batch *batch)
{
	struct ddns_reader *reader = batch->reader;
	bool is_all = batch->is_all;
	struct ddns_rows *rows = NULL;
	char id[24];
	const char *const params[] = {id};
	enum ddns_result result;

	snprintf(id, sizeof(id), "%" PRId64, is_all ? 0 : batch->zones.first->id);
	CHECK(begin_snapshot(reader));
	CHECK(reader_query(reader, reader->loader,
			   is_all ? DDNS_STATEMENT_LOAD_ZONES : DDNS_STATEMENT_LOAD_ZONE, params,
			   is_all ? 0 : 1, &rows));
	for (size_t i = 0; i < ddns_rows_count(rows); i++)
		begin_zone(batch, rows, i);
	if (ddns_rows_count(rows) > 0) {
		atomic_fetch_add(&reader->statements, 1);
		CHECK(ddns_db_stream(reader->loader, rows_statement(reader, is_all), params,
				     is_all ? 0 : 1, READER_SILENCE_MS, add_row, batch));
	}

cleanup:
	ddns_rows_free(rows);
	return result;
}

/* All rows of a zone are there, or it is not served, or the sink would not have it. */
static void
end_zone(struct ddns_reader *reader, struct known *known)
{
	const struct ddns_sink *sink = &reader->options.sink;
	void *load = known->load;
	known->load = NULL;
	known->work = WORK_NONE;
	if (load != NULL)
		known->load_result = sink->load_end(sink->context, load);
	if (known->load_result == DDNS_NOT_FOUND && load == NULL) {
		zone_gone(reader, known);
	} else if (known->load_result != DDNS_OK) {
		zone_failed(reader, known, known->load_result,
			    ddns_result_text(known->load_result));
		return;
	} else {
		known->is_held = true;
		known->is_told_failed = false;
		known->cursor = known->load_cursor;
		known->serial = known->load_serial;
		zone_succeeded(known);
		atomic_fetch_add(&reader->loads, 1);
	}
	if (known->is_due)
		zone_schedule(reader, known);
}

/* The connection was lost, or the batch is to be tried in parts. */
static void
load_later(struct ddns_reader *reader, struct known *known)
{
	zone_unread(reader, known);
	queue_add(&reader->load, known, WORK_LOAD);
}

static void
end_batch(struct batch *batch, enum ddns_result result, const char *reason)
{
	struct ddns_reader *reader = batch->reader;
	const struct ddns_sink *sink = &reader->options.sink;
	bool is_own_fault = result != DDNS_OK && ddns_db_is_open(reader->loader) && !batch->is_all;
	struct known *known;

	while ((known = queue_take(&batch->zones)) != NULL) {
		if (result == DDNS_OK) {
			end_zone(reader, known);
			continue;
		}
		if (known->load != NULL)
			sink->load_drop(sink->context, known->load);
		known->load = NULL;
		if (is_own_fault)
			zone_failed(reader, known, result, reason);
		else
			load_later(reader, known);
	}
}

static void
take_batch(struct ddns_reader *reader, struct batch *batch)
{
	const struct queue *load = &reader->load;
	batch->is_all = load->count >= MANY && load->count >= reader->zones.count / MANY_PART &&
			!reader->loads_singly;
	size_t count = batch->is_all ? load->count : 1;
	for (; count > 0; count--) {
		struct known *known = queue_take(&reader->load);
		queue_add(&batch->zones, known, WORK_LOADING);
		known->is_due = false;
		known->seen = known->mark;
		known->load_result = DDNS_NOT_FOUND;
	}
}

/* Ends the transaction; what has been read stands, whatever becomes of it. */
static void
end_snapshot(struct ddns_reader *reader, enum ddns_result result)
{
	if (!ddns_db_is_open(reader->loader))
		return;
	enum ddns_statement end =
		result == DDNS_OK ? DDNS_STATEMENT_COMMIT : DDNS_STATEMENT_ROLLBACK;
	if (reader_query(reader, reader->loader, end, NULL, 0, NULL) != DDNS_OK)
		ddns_db_close(reader->loader);
}

enum ddns_result
load_next(struct ddns_reader *reader)
{
	struct batch batch = {.reader = reader};
	char reason[sizeof(((struct ddns_db_error *)NULL)->message)] = "";
	enum ddns_result result = DDNS_OK;

	if (!ddns_db_is_open(reader->loader))
		result = ddns_db_open_beside(reader->loader, reader->db, READER_CONNECT_MS);
	if (result != DDNS_OK)
		return result;

	take_batch(reader, &batch);
	result = read_batch(&batch);
	if (result != DDNS_OK)
		snprintf(reason, sizeof(reason), "%s", ddns_db_last_error(reader->loader)->message);
	if (result != DDNS_OK && batch.is_all)
		reader->loads_singly = true;
	bool is_lost = !ddns_db_is_open(reader->loader);
	end_batch(&batch, result, reason);
	if (!is_lost)
		end_snapshot(reader, result);
	reader->loader_used_ms = ddns_clock_ms();
	reader->is_replan_due = true;
	return is_lost ? DDNS_UNAVAILABLE : DDNS_OK;
}
