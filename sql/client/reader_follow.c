// SPDX-License-Identifier: GPL-3.0-or-later
// How a reader takes over the steps of the zones it holds.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/reader_internal.h"

enum {
	SLOW_STEP_MS = 50,	     // what a plan that fits the tables stays well below
	REPLAN_EVERY_MS = 60 * 1000, // at most, for slowness: a slow network is no fault of a plan
	ID_SIZE = 24,		     // a 64-bit number as text
};

/* Room for one more element; the arrays only grow. */
static bool
reserve(void **array, size_t count, size_t *size, size_t element)
{
	if (count < *size)
		return true;
	size_t more = *size > 0 ? *size * 2 : 256;
	void *larger = reallocarray(*array, more, element);
	if (larger == NULL)
		return false;
	*array = larger;
	*size = more;
	return true;
}

/* Sorts the rows of catch_up into reader->names and reader->rows; *headp is the step's own row. */
static enum ddns_result
collect(struct ddns_reader *reader, const struct ddns_rows *rows, size_t *headp)
{
	enum ddns_result result = DDNS_BAD_INPUT;
	reader->name_count = reader->row_count = 0;
	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		const char *what = ddns_rows_text(rows, i, 0);
		if (what != NULL && strcmp(what, "name") == 0) {
			if (!reserve((void **)&reader->names, reader->name_count,
				     &reader->name_size, sizeof(*reader->names))) {
				return DDNS_NO_MEMORY;
			}
			const char *name = ddns_rows_text(rows, i, 3);
			reader->names[reader->name_count++] = name != NULL ? name : "";
		} else if (what != NULL && strcmp(what, "row") == 0) {
			if (!reserve((void **)&reader->rows, reader->row_count, &reader->row_size,
				     sizeof(*reader->rows))) {
				return DDNS_NO_MEMORY;
			}
			row_read(rows, i, 3, &reader->rows[reader->row_count++]);
		} else if (what != NULL && strcmp(what, "step") == 0) {
			*headp = i;
			result = DDNS_OK;
		}
	}
	return result;
}

/*
 * Puts the redirects of reader->names into reader->rows; they point into *rowsp, which the caller
 * frees.  They are read after the step, so they show it and perhaps more: a later step tells those
 * names again.
 */
static enum ddns_result
read_redirects(struct ddns_reader *reader, int64_t zone_id, struct ddns_rows **rowsp)
{
	struct ddns_array names = {0};
	const char *text;
	char id[ID_SIZE];
	enum ddns_result result;

	snprintf(id, sizeof(id), "%" PRId64, zone_id);
	for (size_t i = 0; i < reader->name_count; i++)
		ddns_array_add(&names, reader->names[i]);
	CHECK(ddns_array_text(&names, &text));
	CHECK(reader_query(reader, reader->db, DDNS_STATEMENT_REDIRECTS_OF,
			   (const char *[]){id, text}, 2, rowsp));
	for (reader->row_count = 0; reader->row_count < ddns_rows_count(*rowsp);
	     reader->row_count++) {
		if (!reserve((void **)&reader->rows, reader->row_count, &reader->row_size,
			     sizeof(*reader->rows))) {
			result = DDNS_NO_MEMORY;
			break;
		}
		row_read(*rowsp, reader->row_count, 0, &reader->rows[reader->row_count]);
	}

cleanup:
	ddns_array_free(&names);
	return result;
}

/* A step that cannot be taken over makes the zone be read whole. */
static void
take_step(struct ddns_reader *reader, struct known *known, const struct ddns_rows *rows)
{
	const struct ddns_sink *sink = &reader->options.sink;
	struct ddns_rows *redirects = NULL;
	struct ddns_zone zone;
	size_t head = 0;
	enum ddns_result result;

	CHECK(collect(reader, rows, &head));
	if (reader->options.wants_redirects)
		CHECK(read_redirects(reader, known->id, &redirects));
	int64_t version = ddns_rows_integer(rows, head, 1, 0);
	CHECK(zone_read(rows, head, 8, known->id, version, &zone));
	CHECK(sink->step(sink->context, &zone, reader->names, reader->name_count, reader->rows,
			 reader->row_count));
	known->cursor = (struct cursor){version, xid_read(rows, head, 2)};
	known->serial = zone.serial;
	zone_succeeded(known);
	atomic_fetch_add(&reader->steps, 1);
	atomic_fetch_add(&reader->rows_read, reader->row_count);

cleanup:
	ddns_rows_free(redirects);
	if (result != DDNS_OK)
		queue_add(&reader->load, known, WORK_LOAD);
}

/* What catch_up answered. */
static void
take_answer(struct ddns_reader *reader, struct known *known, const struct ddns_rows *rows)
{
	const char *what = ddns_rows_count(rows) > 0 ? ddns_rows_text(rows, 0, 0) : NULL;
	if (what == NULL)
		zone_failed(reader, known, DDNS_INTERNAL, "catch_up gave no answer");
	else if (strcmp(what, "same") == 0)
		zone_succeeded(known);
	else if (strcmp(what, "gone") == 0)
		zone_gone(reader, known);
	else if (strcmp(what, "whole") == 0)
		queue_add(&reader->load, known, WORK_LOAD);
	else
		take_step(reader, known, rows);
}

/*
 * catch_up keeps its plans, for a step must not cost planning.  They may be of a time when the
 * tables were small, and then read a whole zone for each name; so they are made anew after a zone
 * was read whole, and after a step that took too long.
 */
static enum ddns_result
replan(struct ddns_reader *reader)
{
	if (!reader->is_replan_due)
		return DDNS_OK;
	reader->is_replan_due = false;
	return reader_query(reader, reader->db, DDNS_STATEMENT_REPLAN, NULL, 0, NULL);
}

static enum ddns_result
follow_zone(struct ddns_reader *reader, struct known *known)
{
	struct ddns_rows *rows;
	char id[ID_SIZE], version[ID_SIZE], xid[ID_SIZE];
	snprintf(id, sizeof(id), "%" PRId64, known->id);
	snprintf(version, sizeof(version), "%" PRId64, known->cursor.version);
	snprintf(xid, sizeof(xid), "%" PRIu64, known->cursor.xid);

	known->seen = known->mark;
	enum ddns_result result = replan(reader);
	int64_t since = ddns_clock_ms();
	if (result == DDNS_OK) {
		result = reader_query(reader, reader->db, DDNS_STATEMENT_CATCH_UP,
				      (const char *[]){id, version, xid}, 3, &rows);
	}
	if (result == DDNS_OK) {
		int64_t now = ddns_clock_ms();
		if (now - since >= SLOW_STEP_MS && now >= reader->next_replan_ms) {
			reader->is_replan_due = true;
			reader->next_replan_ms = now + REPLAN_EVERY_MS;
		}
		take_answer(reader, known, rows);
		ddns_rows_free(rows);
	} else if (ddns_db_is_open(reader->db)) {
		zone_failed(reader, known, result, ddns_db_last_error(reader->db)->message);
	} else {
		queue_add(&reader->follow, known, WORK_FOLLOW);
		return result;
	}
	return DDNS_OK;
}

enum ddns_result
follow_zones(struct ddns_reader *reader, int64_t deadline_ms)
{
	enum ddns_result result = DDNS_OK;
	struct known *known;
	while (result == DDNS_OK && (known = queue_take(&reader->follow)) != NULL) {
		result = follow_zone(reader, known);
		if (ddns_clock_ms() >= deadline_ms)
			break;
	}
	return result;
}

/* A lost connection is found again by reader->db being closed when the load is over. */
void
follow_tick(void *context)
{
	struct ddns_reader *reader = context;
	int64_t now = ddns_clock_ms();
	bool was_notified;

	if (now < reader->next_tick_ms || !ddns_db_is_open(reader->db))
		return;
	enum ddns_result result = ddns_db_wait(reader->db, 0, &was_notified);
	if (result == DDNS_OK)
		result = look_if_due(reader);
	if (result == DDNS_OK && global_is_due(reader))
		result = global_look(reader);
	if (result == DDNS_OK)
		result = follow_zones(reader, now + READER_TICK_MS);
	if (result == DDNS_OK)
		(void)zones_leave(reader);
	reader->next_tick_ms = ddns_clock_ms() + READER_TICK_MS;
}
