// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to the database: the only code that calls libpq.  It never logs.
#ifndef DDNS_SQL_CLIENT_DB_H
#define DDNS_SQL_CLIENT_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/client/result.h"

/*
 * The migration that our statements need: the newest of sql/migrations, or 0.  A newer schema
 * serves them as well, until a release says otherwise.
 */
enum { DDNS_SCHEMA_VERSION = 0 };

/* Groups of statements.def: which of them a connection prepares when it opens. */
enum {
	DDNS_STATEMENTS_READER = 1 << 0,  // the contract's reader: the module, the gateway's caches
	DDNS_STATEMENTS_GATEWAY = 1 << 1, // the gateway's writer
	DDNS_STATEMENTS_CTL = 1 << 2,	  // ddnsctl
	DDNS_STATEMENTS_GLOBAL = 1 << 3,  // a reader's that follows the global stream, zone 0
	DDNS_STATEMENTS_REDIRECTS = 1 << 4, // a reader's that wants redirects instead of rows
	DDNS_STATEMENTS_JOBS = 1 << 5,	    // what a gateway does by itself
	DDNS_STATEMENTS_DNS = 1 << 6,	    // the gateway's DNS UPDATE door
	DDNS_STATEMENTS_SERVER = 1 << 7,    // the server itself, whatever schema there is
};

/* The statements, one id each: DDNS_STATEMENT_<NAME>. */
enum ddns_statement {
#define STATEMENT(name, group, shape, columns, text) DDNS_STATEMENT_##name,
#include "sql/client/statements.def"
#undef STATEMENT
	DDNS_STATEMENT_COUNT
};

/* What a statement returns.  A result of another shape is DDNS_INTERNAL. */
enum ddns_shape {
	DDNS_SHAPE_NONE,  // no rows (INSERT, BEGIN, LISTEN, ...)
	DDNS_SHAPE_ONE,	  // exactly one row
	DDNS_SHAPE_MAYBE, // no row or one
	DDNS_SHAPE_ANY,	  // any number of rows
};

/* Why the last call on a connection failed.  Strings are "" where there is nothing to say. */
struct ddns_db_error {
	char sqlstate[6];  // "" when the failure was ours or the network's
	char message[512]; // one line, no trailing newline; may be shown to a person
	char detail[512];  // never a whole row, which may hold secrets
	char hint[512];
	char constraint[128];
	char column[64]; // that may not be null
};

struct ddns_db;	  // one connection, for one thread at a time
struct ddns_rows; // a result

struct ddns_db_options {
	const char *conninfo;	 // libpq's; copied
	const char *application; // application_name; copied
	unsigned statements;	 // DDNS_STATEMENTS_*
	int wake_fd;	 // a descriptor (eventfd) that ends waits early when readable, or -1;
			 // it is only polled, never read, and stays the caller's
	bool plans_anew; // at each execution, by what the tables are then: for who asks rarely and
			 // gets much.  Functions that keep their plans do so nevertheless.
};

/* Makes a closed connection.  Only memory can fail: DDNS_NO_MEMORY. */
enum ddns_result ddns_db_create(const struct ddns_db_options *options, struct ddns_db **dbp);

/* Closes and frees; takes NULL. */
void ddns_db_free(struct ddns_db *db);

/*
 * Opens the connection within timeout_ms: connects without blocking (each host of the conninfo in
 * turn, with an equal share of the time left), checks that the server is PostgreSQL 15 or newer,
 * pins search_path, client encoding UTF8 and the like, and prepares the statements of its groups,
 * so that a schema that does not fit fails here; one older than DDNS_SCHEMA_VERSION fails for all
 * groups but the readers'.  An open connection is closed first.  A host name
 * of the conninfo is looked up by the system's resolver, which blocks: give an address or a
 * socket's directory where that matters.
 *
 * DDNS_UNAVAILABLE  not reached, refused, in time-out, or woken by wake_fd
 * DDNS_DENIED       the role may not log in or may not use what it prepares (28xxx, 42501)
 * DDNS_BAD_INPUT    the conninfo cannot be parsed
 * DDNS_INTERNAL     the schema does not fit the statements, or the server is too old
 */
enum ddns_result ddns_db_open(struct ddns_db *db, int timeout_ms);

/*
 * The same, but on the very server that `other` is connected to, however many the conninfo names:
 * for two connections that must not differ in what they have seen.  Both must have been made with
 * the same conninfo.  DDNS_UNAVAILABLE as well where `other` is closed.
 */
enum ddns_result ddns_db_open_beside(struct ddns_db *db, const struct ddns_db *other,
				     int timeout_ms);
void ddns_db_close(struct ddns_db *db);
bool ddns_db_is_open(const struct ddns_db *db);

/*
 * Runs a prepared statement with text parameters (NULL is SQL's null), all within timeout_ms.
 * On success *rowsp (which may be NULL for DDNS_SHAPE_NONE) is the caller's, to be freed by
 * ddns_rows_free.  When the time is over, or wake_fd was readable, or the connection broke, it is
 * closed and the result is DDNS_UNAVAILABLE: a statement that was under way may have happened or
 * not.  With DDNS_UNAVAILABLE on a connection that is still open (ddns_db_is_open) the server
 * refused (disk full, cancelled), and the statement did not happen.  Other results are by SQLSTATE:
 * see ddns_db_result_of.  COMMIT of a transaction that had failed is DDNS_INTERNAL, not a success.
 */
enum ddns_result ddns_db_query(struct ddns_db *db, enum ddns_statement statement,
			       const char *const *params, size_t param_count, int timeout_ms,
			       struct ddns_rows **rowsp);

/*
 * The same for a result too large for memory: `row` is called for each row, with a struct ddns_rows
 * that holds only rows valid during the call (at least one).  A result other than DDNS_OK from it
 * ends the query with that result and closes the connection, the only way to stop what still comes.
 * timeout_ms is the longest silence of the server, not the whole.
 */
typedef enum ddns_result ddns_row_function(void *context, const struct ddns_rows *rows);
enum ddns_result ddns_db_stream(struct ddns_db *db, enum ddns_statement statement,
				const char *const *params, size_t param_count, int timeout_ms,
				ddns_row_function *row, void *context);

/*
 * Waits until a NOTIFY is there, timeout_ms is over or wake_fd is readable, whichever is first.
 * DDNS_OK with *notifiedp says which; all pending notifications are consumed.
 * DDNS_UNAVAILABLE: the connection is lost, and closed.
 */
enum ddns_result ddns_db_wait(struct ddns_db *db, int timeout_ms, bool *notifiedp);

/* Has ddns_db_wait hand over each notification's payload as well; NULL: no more. */
typedef void ddns_notify_function(void *context, const char *payload);
void ddns_db_on_notify(struct ddns_db *db, ddns_notify_function *function, void *context);

/* Has every wait of a query or stream that lasts call `function` each every_ms, so that a thread
 * can look after another connection meanwhile.  It must not use this one.  NULL: no more. */
typedef void ddns_idle_function(void *context);
void ddns_db_on_idle(struct ddns_db *db, int every_ms, ddns_idle_function *function, void *context);

/* The last failure on this connection; valid until the next call on it. */
const struct ddns_db_error *ddns_db_last_error(const struct ddns_db *db);

/* SQLSTATE -> result: the one table.  "" and unknown ones are DDNS_INTERNAL. */
enum ddns_result ddns_db_result_of(const char *sqlstate);

/* CLOCK_MONOTONIC in milliseconds, the clock of all deadlines here. */
int64_t ddns_clock_ms(void);

/* Rows.  Strings belong to the rows; a NULL value is NULL (text) or `otherwise` (numbers). */
size_t ddns_rows_count(const struct ddns_rows *rows);
bool ddns_rows_is_null(const struct ddns_rows *rows, size_t row, size_t column);
const char *ddns_rows_text(const struct ddns_rows *rows, size_t row, size_t column);
int64_t ddns_rows_integer(const struct ddns_rows *rows, size_t row, size_t column,
			  int64_t otherwise);
bool ddns_rows_boolean(const struct ddns_rows *rows, size_t row, size_t column);
const char *ddns_rows_column(const struct ddns_rows *rows, size_t column); // its name
size_t ddns_rows_columns(const struct ddns_rows *rows);
void ddns_rows_free(struct ddns_rows *rows); // takes NULL

/*
 * A PostgreSQL array literal under construction ({"a","b",NULL}), for parameters of type text[]
 * and whatever casts from it.  Zero-initialised is empty.  The first failure sticks and is told by
 * ddns_array_text.
 */
struct ddns_array {
	char *text;
	size_t length, size;
	bool is_broken;
};
void ddns_array_add(struct ddns_array *array, const char *value); // NULL adds SQL's null
/* *textp stays valid until the next add or free.  DDNS_NO_MEMORY when an add failed. */
enum ddns_result ddns_array_text(struct ddns_array *array, const char **textp);
void ddns_array_clear(struct ddns_array *array); // empties, keeps the memory
void ddns_array_free(struct ddns_array *array);

#endif
