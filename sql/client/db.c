// SPDX-License-Identifier: GPL-3.0-or-later
// Running prepared statements and waiting for notifications.
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/db_internal.h"

bool
db_is_stale(const PGresult *answer)
{
	const char *sqlstate = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
	const char *function = PQresultErrorField(answer, PG_DIAG_SOURCE_FUNCTION);
	return (sqlstate != NULL && strcmp(sqlstate, "26000") == 0) ||
	       (function != NULL && strcmp(function, "RevalidateCachedQuery") == 0);
}

static enum ddns_result
check_open(struct ddns_db *db)
{
	if (db->conn != NULL)
		return DDNS_OK;
	if (db->error.message[0] != '\0') // why it was lost
		return DDNS_UNAVAILABLE;
	return error_set(db, DDNS_UNAVAILABLE, "not connected");
}

static enum ddns_result
send_statement(struct ddns_db *db, enum ddns_statement id, const char *const *params, size_t count,
	       int64_t deadline)
{
	const struct statement *statement = statement_get(id);
	error_clear(db);
	if ((statement->groups & db->statements) == 0) {
		return error_set(db, DDNS_INTERNAL, "statement %s is not one of this connection's",
				 statement->name);
	}
	if (PQsendQueryPrepared(db->conn, statement->name, (int)count, params, NULL, NULL, 0) != 1)
		return error_lost(db);
	return wire_flush(db, deadline);
}

/* The one result of a statement that was sent; *answerp may hold an error. */
static enum ddns_result
receive_answer(struct ddns_db *db, int64_t deadline, PGresult **answerp)
{
	PGresult *answer = NULL;
	for (;;) {
		PGresult *next;
		enum ddns_result result = wire_next(db, deadline, &next);
		if (result != DDNS_OK) {
			PQclear(answer);
			return result;
		}
		if (next == NULL)
			break;
		if (answer == NULL)
			answer = next;
		else // a broken connection adds its own after the server's last word
			PQclear(next);
	}
	if (answer == NULL)
		return error_lost(db);
	*answerp = answer;
	return DDNS_OK;
}

static bool
has_shape(const PGresult *answer, const struct statement *statement)
{
	int rows = PQntuples(answer);
	if (PQnfields(answer) != statement->columns)
		return false;
	switch (statement->shape) {
	case DDNS_SHAPE_NONE:
		return PQresultStatus(answer) == PGRES_COMMAND_OK;
	case DDNS_SHAPE_ONE:
		return rows == 1;
	case DDNS_SHAPE_MAYBE:
		return rows <= 1;
	case DDNS_SHAPE_ANY:
		return true;
	}
	return false;
}

enum ddns_result
db_check_answer(struct ddns_db *db, enum ddns_statement id, PGresult *answer)
{
	const struct statement *statement = statement_get(id);
	ExecStatusType status = PQresultStatus(answer);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		enum ddns_result result = error_from_result(db, answer);
		if (db->conn != NULL && PQstatus(db->conn) != CONNECTION_OK)
			return error_lost(db);
		return result;
	}
	if (!has_shape(answer, statement)) {
		return error_set(db, DDNS_INTERNAL, "statement %s gave %d rows of %d columns",
				 statement->name, PQntuples(answer), PQnfields(answer));
	}
	if (id == DDNS_STATEMENT_COMMIT && strcmp(PQcmdStatus(answer), "COMMIT") != 0)
		return error_set(db, DDNS_INTERNAL, "a failed transaction was rolled back instead");
	return DDNS_OK;
}

/* Prepares everything once more.  Inside a transaction that is too late: another connection. */
static enum ddns_result
renew(struct ddns_db *db, int64_t deadline)
{
	if (PQtransactionStatus(db->conn) != PQTRANS_IDLE) {
		ddns_db_close(db);
		return DDNS_UNAVAILABLE;
	}
	PGresult *answer;
	if (PQsendQuery(db->conn, "DEALLOCATE ALL") != 1)
		return error_lost(db);
	enum ddns_result result = wire_flush(db, deadline);
	if (result == DDNS_OK)
		result = receive_answer(db, deadline, &answer);
	if (result != DDNS_OK)
		return result;
	PQclear(answer);
	return wire_prepare(db, deadline);
}

static enum ddns_result
run(struct ddns_db *db, enum ddns_statement id, const char *const *params, size_t count,
    int64_t deadline, PGresult **answerp)
{
	enum ddns_result result = send_statement(db, id, params, count, deadline);
	return result == DDNS_OK ? receive_answer(db, deadline, answerp) : result;
}

enum ddns_result
ddns_db_query(struct ddns_db *db, enum ddns_statement statement, const char *const *params,
	      size_t param_count, int timeout_ms, struct ddns_rows **rowsp)
{
	int64_t deadline = ddns_clock_ms() + timeout_ms;
	PGresult *answer = NULL;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(check_open(db));
	CHECK(run(db, statement, params, param_count, deadline, &answer));
	if (db_is_stale(answer)) {
		result = error_from_result(db, answer);
		PQclear(answer);
		answer = NULL;
		CHECK(renew(db, deadline));
		CHECK(run(db, statement, params, param_count, deadline, &answer));
	}
	CHECK(db_check_answer(db, statement, answer));
	if (rowsp != NULL) {
		rows = malloc(sizeof(*rows));
		if (rows == NULL) {
			result = error_set(db, DDNS_NO_MEMORY, "out of memory");
			goto cleanup;
		}
		rows->result = answer;
		answer = NULL;
		*rowsp = rows;
	}

cleanup:
	PQclear(answer);
	return result;
}

/* One part of a streamed result; *is_endp after the last one. */
static enum ddns_result
stream_part(struct ddns_db *db, enum ddns_statement id, PGresult *part, ddns_row_function *row,
	    void *context, bool *is_endp)
{
	const struct ddns_rows rows = {.result = part};
	ExecStatusType status = PQresultStatus(part);
	if (status != PGRES_SINGLE_TUPLE) {
		*is_endp = true;
		bool is_late = db_is_stale(part);
		enum ddns_result result = db_check_answer(db, id, part);
		if (is_late) // another connection has it right
			ddns_db_close(db);
		return is_late ? DDNS_UNAVAILABLE : result;
	}
	if (PQnfields(part) != statement_get(id)->columns) {
		return error_set(db, DDNS_INTERNAL, "statement %s gave %d columns",
				 statement_get(id)->name, PQnfields(part));
	}
	return row(context, &rows);
}

/* Hands on all parts.  What comes after the server's last word says nothing new. */
static enum ddns_result
stream_parts(struct ddns_db *db, enum ddns_statement id, int timeout_ms, ddns_row_function *row,
	     void *context)
{
	enum ddns_result result = DDNS_OK;
	bool is_end = false;
	while (db->conn != NULL) {
		PGresult *part;
		enum ddns_result waited = wire_next(db, ddns_clock_ms() + timeout_ms, &part);
		if (waited != DDNS_OK)
			return waited;
		if (part == NULL)
			return is_end ? result : error_lost(db);
		if (!is_end)
			result = stream_part(db, id, part, row, context, &is_end);
		PQclear(part);
		if (result != DDNS_OK && !is_end)
			ddns_db_close(db);
	}
	return result;
}

enum ddns_result
ddns_db_stream(struct ddns_db *db, enum ddns_statement statement, const char *const *params,
	       size_t param_count, int timeout_ms, ddns_row_function *row, void *context)
{
	int64_t deadline = ddns_clock_ms() + timeout_ms;
	enum ddns_result result;

	CHECK(check_open(db));
	CHECK(send_statement(db, statement, params, param_count, deadline));
	if (PQsetSingleRowMode(db->conn) != 1)
		return error_lost(db);
	result = stream_parts(db, statement, timeout_ms, row, context);

cleanup:
	return result;
}

void
ddns_db_on_notify(struct ddns_db *db, ddns_notify_function *function, void *context)
{
	db->notify = function;
	db->notify_context = context;
}

void
ddns_db_on_idle(struct ddns_db *db, int every_ms, ddns_idle_function *function, void *context)
{
	db->idle = function;
	db->idle_context = context;
	db->idle_ms = every_ms;
}

/* Takes what has come; tells whether there was any. */
static bool
take_notifications(struct ddns_db *db)
{
	bool was_any = false;
	for (PGnotify *notify; (notify = PQnotifies(db->conn)) != NULL; PQfreemem(notify)) {
		was_any = true;
		if (db->notify != NULL)
			db->notify(db->notify_context, notify->extra);
	}
	return was_any;
}

enum ddns_result
ddns_db_wait(struct ddns_db *db, int timeout_ms, bool *notifiedp)
{
	if (db->conn == NULL)
		return check_open(db);
	error_clear(db);

	bool was_any = take_notifications(db);
	struct pollfd fds[2] = {
		{.fd = PQsocket(db->conn), .events = POLLIN},
		{.fd = db->wake_fd, .events = POLLIN},
	};
	if (!was_any && poll(fds, 2, timeout_ms) > 0 && fds[0].revents != 0) {
		bool is_lost = PQconsumeInput(db->conn) != 1;
		was_any = take_notifications(db);
		// a last word (error_notice) may have come before the end of the connection or with
		// it
		if (is_lost || db->error.message[0] != '\0')
			return error_lost(db);
	}
	*notifiedp = was_any;
	return DDNS_OK;
}
