// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the reader share with one another; nobody else includes this.
#ifndef DDNS_SQL_CLIENT_READER_INTERNAL_H
#define DDNS_SQL_CLIENT_READER_INTERNAL_H

#include <stdatomic.h>

#include "sql/client/db.h"
#include "sql/client/reader.h"

enum {
	READER_CONNECT_MS = 10 * 1000,
	READER_STATEMENT_MS = 10 * 1000,
	READER_SILENCE_MS = 60 * 1000, // of a load
	READER_TICK_MS = 20,	       // between two looks while a load runs
};

/* Where in a zone's history something is; versions alone may come again after a restore. */
struct cursor {
	int64_t version;
	uint64_t xid;
};

/* What the log says of a zone, summed up so that any further step shows. */
struct mark {
	struct cursor newest;
	int64_t gone; // steps that say it is gone
};

enum work {
	WORK_NONE,
	WORK_FOLLOW, // ask catch_up
	WORK_LOAD,   // read it whole
	WORK_LOADING,
	WORK_FAILED, // wait for retry_at_ms, then again
	WORK_GONE,   // not served any more; held until `successor`, if there is one, is loaded
};

/* A zone that is served, or that the log still speaks of. */
struct known {
	int64_t id;
	struct known *next_in_bucket;
	struct known *next_in_queue;
	enum work work; // which queue it is in
	bool is_held;	// the sink has it, as of `cursor`
	bool is_due;	// moved while it was loading or going
	bool is_listed; // by the comparison under way
	bool is_warned;
	bool is_told_failed; // the sink knows, until it has a copy
	struct cursor cursor;
	uint32_t serial;
	struct mark mark;  // the newest that a poll said
	struct mark seen;  // the one that our last look was for
	char *origin;	   // of the copy, or as last heard; NULL: not known yet
	int64_t successor; // with WORK_GONE: who has its origin now; 0 none, -1 not asked yet
	int retry_ms;	   // the last pause, 0 after a success
	int64_t retry_at_ms;
	void *load; // the sink's, NULL outside a load
	struct cursor load_cursor;
	uint32_t load_serial;
	enum ddns_result load_result; // DDNS_NOT_FOUND until the zone's row came
};

/* What `state` was last told. */
enum told { TOLD_NOTHING, TOLD_AWAY, TOLD_UNFIT, TOLD_CONNECTED };

/* reader_table.c: all known zones by id, and queues of them. */
struct table {
	struct known **buckets;
	size_t bucket_count; // a power of two, or 0
	size_t count;
};
struct known *table_find(const struct table *table, int64_t id);
/* Finds or makes; NULL without memory. */
struct known *table_get(struct table *table, int64_t id);
/* Calls `is_kept` for each; frees those it says false for.  NULL keeps none. */
void table_filter(struct table *table, bool (*is_kept)(void *context, struct known *known),
		  void *context);

struct queue {
	struct known *first, *last;
	size_t count;
};
void queue_add(struct queue *queue, struct known *known, enum work work);
/* NULL when empty; the zone's work is then WORK_NONE. */
struct known *queue_take(struct queue *queue);

struct ddns_reader {
	struct ddns_reader_options options;
	int wake_fd;
	atomic_bool is_stopping;
	struct ddns_db *db;	// listens, polls and follows; never in a transaction
	struct ddns_db *loader; // loads; closed while there has long been nothing to load
	int64_t loader_used_ms;

	struct table zones;
	struct queue follow, load, failed, gone;
	bool loads_singly; // a load of all failed: one bad zone must not harm the others
	uint64_t horizon;  // steps of lower xids are all seen
	bool is_poll_due;
	bool is_replan_due; // before the next catch_up
	int64_t next_poll_ms, next_compare_ms, next_tick_ms, next_replan_ms;
	int look_retry_ms; // the last pause after a poll that failed; 0: it did not
	int64_t look_retry_at_ms;
	int compare_retry_ms;

	struct cursor global_cursor;
	bool has_global_cursor; // false: the owner must read everything global
	bool is_global_due;
	int global_retry_ms;
	int64_t global_retry_at_ms;
	bool is_global_warned;

	const char **names; // for one step
	size_t name_count, name_size;
	struct ddns_row *rows;
	size_t row_count, row_size;

	enum told told_state;
	bool is_ready_told;
	int64_t warn_window_ms;
	int warn_count;

	_Atomic bool is_connected, is_ready, is_unfit;
	_Atomic int64_t looked_at_ms;
	_Atomic uint64_t connects, statements, steps, loads, rows_read;
};

/* reader.c */
enum ddns_result reader_query(struct ddns_reader *reader, struct ddns_db *db,
			      enum ddns_statement statement, const char *const *params,
			      size_t count, struct ddns_rows **rowsp);
void reader_warn(struct ddns_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Says whether the database is there, once per change. */
void reader_tell_state(struct ddns_reader *reader, bool is_connected, const char *reason);
/* A pause that doubles from `least` to `most`, with full jitter: *pausep is the last one. */
int reader_backoff(int *pausep, int least, int most);

/* reader_zone.c: what follows from a look at one zone. */
/* Puts a zone to the queue where it belongs, unless it is in one. */
void zone_schedule(struct ddns_reader *reader, struct known *known);
void zone_succeeded(struct known *known);
/* `reason` for a person; warned about once until the zone succeeds. */
void zone_failed(struct ddns_reader *reader, struct known *known, enum ddns_result why,
		 const char *reason);
/* The zone cannot be read just now, for whatever reason: the sink must not take it for absent. */
void zone_unread(struct ddns_reader *reader, struct known *known);
/* Keeps what the database calls the zone; without memory it stays unknown. */
void zone_name(struct known *known, const char *origin);
/* Zone columns as CATCH_UP and LOAD_ZONE give them, from `column` on: DDNS_BAD_INPUT. */
enum ddns_result zone_read(const struct ddns_rows *rows, size_t row, size_t column, int64_t id,
			   int64_t version, struct ddns_zone *zone);
/* owner, type, ttl, rdata, fallback from `column` on. */
void row_read(const struct ddns_rows *rows, size_t row, size_t column, struct ddns_row *out);
uint64_t xid_read(const struct ddns_rows *rows, size_t row, size_t column);

/* reader_gone.c */
/* The zone is not served any more: its turn in zones_leave comes. */
void zone_gone(struct ddns_reader *reader, struct known *known);
/*
 * Has the sink drop the zones that are gone.  One that was deleted and made again in a transaction
 * has another id: the old copy stays until the new one is there.  A failure is the connection's.
 */
enum ddns_result zones_leave(struct ddns_reader *reader);

/* reader_look.c.  Failures are those of the connection. */
/* The versions of all zones. */
enum ddns_result look_compare(struct ddns_reader *reader);
/* The log since the last look. */
enum ddns_result look_poll(struct ddns_reader *reader);
/* Both, or the second, if they are due.  What the database refuses is tried again after a pause. */
enum ddns_result look_around(struct ddns_reader *reader);
enum ddns_result look_if_due(struct ddns_reader *reader);
void look_notified(void *context, const char *payload);

/* reader_follow.c.  Failures are those of the connection; a zone's own are dealt with. */
/* Catches up with the zones in the queue until deadline_ms; at least with one. */
enum ddns_result follow_zones(struct ddns_reader *reader, int64_t deadline_ms);
/* Everything but loads that is due; called between the rows of a load. */
void follow_tick(void *context);

/* reader_global.c */
enum ddns_result global_look(struct ddns_reader *reader);
bool global_is_due(const struct ddns_reader *reader);

/* reader_load.c: loads one zone, or all that wait where they are many.  A failure is that of the
 * connection. */
enum ddns_result load_next(struct ddns_reader *reader);

#endif
