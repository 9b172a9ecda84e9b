// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the database client share with one another; nobody else includes this.
#ifndef DDNS_SQL_CLIENT_DB_INTERNAL_H
#define DDNS_SQL_CLIENT_DB_INTERNAL_H

#include <libpq-fe.h>

#include "sql/client/db.h"

struct ddns_db {
	PGconn *conn; // NULL while closed
	size_t host;  // which of the conninfo's it is connected to
	char *conninfo;
	char *application;
	bool plans_anew;
	unsigned statements;
	int wake_fd;
	struct ddns_db_error error;

	ddns_notify_function *notify;
	void *notify_context;
	ddns_idle_function *idle;
	void *idle_context;
	int idle_ms;
};

struct ddns_rows {
	PGresult *result;
};

/* statements.c: one line of statements.def. */
struct statement {
	const char *name;
	unsigned groups;
	enum ddns_shape shape;
	int columns;
	const char *text;
};
const struct statement *statement_get(enum ddns_statement id);

/* db.c */
/*
 * Whether a statement failed only because the server has it not as we prepared it: a pooler changed
 * the server (26000), or an upgrade changed the columns of what it returns.  The latter has no code
 * of its own and a translated message, but always comes from one place.
 */
bool db_is_stale(const PGresult *answer);
/* Turns an answer that is an error, or not of its statement's shape, into a result. */
enum ddns_result db_check_answer(struct ddns_db *db, enum ddns_statement id, PGresult *answer);

/* db_error.c: every one of these sets db->error and returns the result that goes with it. */
void error_clear(struct ddns_db *db);
enum ddns_result error_set(struct ddns_db *db, enum ddns_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
enum ddns_result error_from_result(struct ddns_db *db, const PGresult *result);
enum ddns_result error_from_login(struct ddns_db *db, PGconn *conn);
/* The connection broke: closes it, DDNS_UNAVAILABLE.  Keeps what the server said as it hung up. */
enum ddns_result error_lost(struct ddns_db *db);
/* For PQsetNoticeReceiver; libpq's own would print on stderr. */
void error_notice(void *context, const PGresult *result);

/* db_wire.c: the waits.  Deadlines are absolute, by ddns_clock_ms.  On failure db is closed. */
enum ddns_result wire_wait(struct ddns_db *db, PGconn *conn, short events, int64_t deadline);
enum ddns_result wire_flush(struct ddns_db *db, int64_t deadline);
/* *resultp is NULL after the last one. */
enum ddns_result wire_next(struct ddns_db *db, int64_t deadline, PGresult **resultp);
/* Session settings and all statements of the connection's groups, in one round trip. */
enum ddns_result wire_prepare(struct ddns_db *db, int64_t deadline);

/*
 * db_schema.c: what wire_prepare ended with, and DDNS_INTERNAL for a schema older than the
 * statements, with what mends it in the message.  On failure db is closed.
 */
enum ddns_result schema_check(struct ddns_db *db, enum ddns_result prepared, int64_t deadline);

#endif
