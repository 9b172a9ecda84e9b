// SPDX-License-Identifier: GPL-3.0-or-later
// One run of ddnsctl: its connection, its transaction, and the failure that it will report.
#ifndef GATEWAY_CTL_SESSION_H
#define GATEWAY_CTL_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "gateway/ctl/output.h"
#include "sql/client/db.h"
#include "sql/client/result.h"

/* Exit statuses of a command that did what it was to do, and found something. */
enum { SESSION_FAILED = 1, SESSION_UNDONE = 2 };

struct session {
	const char *conninfo; // NULL: of the environment
	const char *key_path; // the secret key file
	bool wants_json;
	const char *noun, *verb; // the command, for hints at its help
	struct ddns_db *db;	 // NULL until the first query
	bool is_usage;		 // the failure is the command line's: exit status 2
	int status;		 // exit status of a run without a failure
	char message[1024], detail[1024], hint[1024]; // of the failure; "" where there is none
};

/* What the environment and defaults say where the command line does not. */
void session_init(struct session *session);
void session_close(struct session *session);

/* The database that is meant, as libpq takes it. */
const char *session_conninfo(const struct session *session);

/* Notes a failure for the report and returns `result`.  hint may be NULL. */
enum ddns_result session_fail(struct session *session, enum ddns_result result, const char *hint,
			      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same for a command line that makes no sense; DDNS_BAD_INPUT. */
enum ddns_result session_usage(struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum ddns_result session_no_memory(struct session *session);

/* Writes the failure to stderr. */
void session_report(const struct session *session);

/*
 * Runs a statement, opening the connection first where it is not.  A failure is noted as the
 * database told it.  Results are ddns_db_query's and ddns_db_open's.
 */
enum ddns_result session_query(struct session *session, enum ddns_statement statement,
			       const char *const *params, size_t count, struct ddns_rows **rowsp);

/* The same for a result too large for memory, as ddns_db_stream hands it over; a failure that `row`
 * noted stays. */
enum ddns_result session_stream(struct session *session, enum ddns_statement statement,
				const char *const *params, size_t count, ddns_row_function *row,
				void *context);

/* Whether the last query failed with this SQLSTATE. */
bool session_failed_by(const struct session *session, const char *sqlstate);

/*
 * Statements whose one column is JSON.  The value is the caller's, to be released by json_decref.
 * session_array gathers all rows; session_object wants one, DDNS_NOT_FOUND where there is none (not
 * noted: the caller knows what was asked for).
 */
enum ddns_result session_array(struct session *session, enum ddns_statement statement,
			       const char *const *params, size_t count, json_t **valuep);
enum ddns_result session_object(struct session *session, enum ddns_statement statement,
				const char *const *params, size_t count, json_t **valuep);

/*
 * Runs `work` in one transaction and commits it; any failure rolls it back.  On DDNS_RETRY it is
 * run again, for some seconds, so it must start from nothing each time and print nothing.
 */
typedef enum ddns_result session_work(struct session *session, void *context);
enum ddns_result session_transact(struct session *session, session_work *work, void *context);

/* Prints what a list or a show found: a table, fields, or JSON. */
enum ddns_result session_print_list(struct session *session, const json_t *rows,
				    const struct output_column *columns, size_t count);
enum ddns_result session_print_fields(struct session *session, const json_t *object,
				      const struct output_column *columns, size_t count);

/* Prints what a change did: `object` with --json, else the sentence. */
enum ddns_result session_print_done(struct session *session, const json_t *object,
				    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
