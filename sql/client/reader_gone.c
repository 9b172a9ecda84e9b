// SPDX-License-Identifier: GPL-3.0-or-later
// Zones that are not served any more: when the sink is to drop them.
#include "sql/client/reader_internal.h"

void
zone_gone(struct ddns_reader *reader, struct known *known)
{
	zone_succeeded(known);
	if (!known->is_held && !known->is_told_failed)
		return;
	known->successor = -1;
	queue_add(&reader->gone, known, WORK_GONE);
}

static void
drop(struct ddns_reader *reader, struct known *known)
{
	const struct ddns_sink *sink = &reader->options.sink;
	if (sink->gone != NULL)
		sink->gone(sink->context, known->id);
	known->is_held = known->is_told_failed = false;
	if (known->is_due) { // the same id again
		known->is_due = false;
		zone_schedule(reader, known);
	}
}

/* Who has the origin now.  A database that will not say is not worth waiting for. */
static enum ddns_result
find_successor(struct ddns_reader *reader, struct known *known)
{
	struct ddns_rows *rows = NULL;
	known->successor = 0;
	if (known->origin == NULL)
		return DDNS_OK;
	enum ddns_result result = reader_query(reader, reader->db, DDNS_STATEMENT_SUCCESSOR,
					       (const char *[]){known->origin}, 1, &rows);
	if (result == DDNS_OK && ddns_rows_count(rows) > 0)
		known->successor = ddns_rows_integer(rows, 0, 0, 0);
	ddns_rows_free(rows);
	if (known->successor > 0) {
		struct known *successor = table_get(&reader->zones, known->successor);
		if (successor != NULL)
			zone_schedule(reader, successor);
	}
	if (result == DDNS_OK || ddns_db_is_open(reader->db))
		return DDNS_OK;
	known->successor = -1;
	return result;
}

static bool
is_waiting(struct ddns_reader *reader, const struct known *known)
{
	const struct known *successor = table_find(&reader->zones, known->successor);
	return successor != NULL && successor != known && !successor->is_held &&
	       (successor->work == WORK_LOAD || successor->work == WORK_LOADING);
}

enum ddns_result
zones_leave(struct ddns_reader *reader)
{
	enum ddns_result result = DDNS_OK;
	for (size_t count = reader->gone.count; count > 0 && result == DDNS_OK; count--) {
		struct known *known = queue_take(&reader->gone);
		if (known->successor < 0)
			result = find_successor(reader, known);
		if (result != DDNS_OK || is_waiting(reader, known))
			queue_add(&reader->gone, known, WORK_GONE);
		else
			drop(reader, known);
	}
	return result;
}
