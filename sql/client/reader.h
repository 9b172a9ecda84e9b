// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps a reader's picture of the served data true: first load, change feed, reconnection.
#ifndef DDNS_SQL_CLIENT_READER_H
#define DDNS_SQL_CLIENT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/client/result.h"

/* A zone as `served_zones` shows it.  Strings are valid during the call that hands it over. */
struct ddns_zone {
	int64_t id;
	int64_t version;
	uint32_t serial;
	const char *origin, *mname, *rname; // stored form, without trailing dot
	uint32_t refresh, retry, expire, negative_ttl, ttl;
	const char *transfer;	 // "none", "named" or "list"
	const char *transfer_to; // with "list": addresses or prefixes, joined by commas
};

/*
 * One row of `served_rows`; strings are valid during the call.  Of `served_redirects` type is the
 * kind, rdata the target ("" where there is none) and ttl 0.
 */
struct ddns_row {
	const char *owner; // relative, "@" at the apex
	const char *type;
	int64_t ttl; // as stored, unchecked
	const char *rdata;
	bool is_fallback; // a default that yields: see sql/README
};

/*
 * What the reader tells its owner, all from the thread that runs ddns_reader_run.  A result other
 * than DDNS_OK from load_row or load_end gives that zone up for this round (it is tried again
 * later); from step it makes the reader load the zone whole.
 */
struct ddns_sink {
	void *context;

	/* A zone is read whole: begin, its rows in any order, end.  Several loads may be open at
	 * once, and calls for other zones may come between.  What `end` publishes replaces what was
	 * there.  A load is over after `end`, whatever its result; `drop` ends one that cannot come
	 * to that.  A zone's id may come back with another origin: a restore of another database.
	 */
	enum ddns_result (*load_begin)(void *context, const struct ddns_zone *zone, void **loadp);
	enum ddns_result (*load_row)(void *context, void *load, const struct ddns_row *row);
	enum ddns_result (*load_end)(void *context, void *load);
	void (*load_drop)(void *context, void *load);

	/* A zone that is served and of which the owner has no copy cannot be read for now: its
	 * names must be answered with a failure, never as if they were not there.  May come again
	 * for the same zone; ends with its next load, or `gone`.  Until DDNS_OK it is told again,
	 * and `ready` waits.  May be NULL. */
	enum ddns_result (*failed)(void *context, int64_t zone_id, const char *origin);

	/* One or more transactions later: drop all that is known of each touched name, then add the
	 * rows given (the fallback rule not yet applied).  The zone's SOA fields may have moved. */
	enum ddns_result (*step)(void *context, const struct ddns_zone *zone,
				 const char *const *names, size_t name_count,
				 const struct ddns_row *rows, size_t row_count);

	/* The zone is not served any more.  Where another has taken over its origin, that one was
	 * loaded before. */
	void (*gone)(void *context, int64_t zone_id);

	/* Names of the global stream that moved ("key:NAME", "account:LOGIN", "setting:NAME"), or
	 * NULL: anything may have (first load, reconnect past the log).  Only with wants_global.
	 * The owner may run its own queries on db (struct ddns_db of db.h) during this call. */
	enum ddns_result (*global)(void *context, void *db, const char *const *names,
				   size_t name_count);

	/* All that was there at the connection's start is loaded, or told as failed: said once per
	 * connection. */
	void (*ready)(void *context);

	/* The database went (reason says why), or its schema does not fit, or it is back; said once
	 * per change. */
	void (*state)(void *context, bool is_connected, const char *reason);

	/* Something a person should know (a zone that cannot be loaded); rate-limited by the
	 * reader. */
	void (*warn)(void *context, const char *text);
};

struct ddns_reader_options {
	const char *conninfo;	 // copied
	const char *application; // application_name; copied
	unsigned statements;	 // further DDNS_STATEMENTS_* groups to prepare for `global`
	bool wants_zones;	 // zones and rows
	bool wants_redirects;	 // with wants_zones: rows of `served_redirects` instead, see below
	bool wants_global;	 // the global stream, zone 0
	int poll_ms;		 // longest time between two looks without a NOTIFY; 0: 1000
	struct ddns_sink sink;
};

struct ddns_reader;

/* DDNS_NO_MEMORY, or DDNS_INTERNAL when no eventfd is to be had. */
enum ddns_result ddns_reader_create(const struct ddns_reader_options *options,
				    struct ddns_reader **readerp);

/*
 * Reads until ddns_reader_stop is called: connects, LISTENs, loads, follows; reconnects with
 * backoff (50 ms doubling to 5 s, full jitter) for ever.  Never blocks longer than its deadlines.
 * Runs in a thread of the caller's.
 */
void ddns_reader_run(struct ddns_reader *reader);

/* Ends ddns_reader_run soon; from any thread. */
void ddns_reader_stop(struct ddns_reader *reader);

/* After ddns_reader_run has returned; takes NULL. */
void ddns_reader_free(struct ddns_reader *reader);

/* For metrics, from any thread. */
struct ddns_reader_status {
	bool is_connected, is_ready;
	bool is_unfit;	      // the database was reached, but its schema does not fit this program
	int64_t looked_at_ms; // CLOCK_MONOTONIC ms of the last look that succeeded, 0: never
	uint64_t connects, statements, steps, loads, rows; // since creation
};
void ddns_reader_status(const struct ddns_reader *reader, struct ddns_reader_status *status);

#endif
