// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for the server without blocking beyond a deadline, and preparing statements.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "sql/client/db_internal.h"

int64_t
ddns_clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long to sleep next: until the deadline or the next call of the idle function. */
static int
slice(const struct ddns_db *db, int64_t left)
{
	if (left <= 0)
		return 0;
	if (db->idle != NULL && left > db->idle_ms)
		return db->idle_ms;
	return left < 60000 ? (int)left : 60000;
}

enum ddns_result
wire_wait(struct ddns_db *db, PGconn *conn, short events, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - ddns_clock_ms();
		struct pollfd fds[2] = {
			{.fd = PQsocket(conn), .events = events},
			{.fd = db->wake_fd, .events = POLLIN}, // poll ignores -1
		};
		int count = poll(fds, 2, slice(db, left));
		if (count < 0 && errno != EINTR && errno != EAGAIN)
			return error_set(db, DDNS_UNAVAILABLE, "poll: %s", strerror(errno));
		if (count > 0 && fds[1].revents != 0)
			return error_set(db, DDNS_UNAVAILABLE, "interrupted");
		if (count > 0 && fds[0].revents != 0)
			return DDNS_OK;
		if (left <= 0)
			return error_set(db, DDNS_UNAVAILABLE, "no answer in time");
		if (count == 0 && db->idle != NULL)
			db->idle(db->idle_context);
	}
}

/* wire_wait on the open connection, which a failure closes; then reads what is there. */
static enum ddns_result
wait_and_read(struct ddns_db *db, short events, int64_t deadline)
{
	enum ddns_result result = wire_wait(db, db->conn, events, deadline);
	if (result != DDNS_OK) {
		ddns_db_close(db);
		return result;
	}
	if (PQconsumeInput(db->conn) != 1)
		return error_lost(db);
	return DDNS_OK;
}

enum ddns_result
wire_flush(struct ddns_db *db, int64_t deadline)
{
	for (;;) {
		int left = PQflush(db->conn);
		if (left == 0)
			return DDNS_OK;
		if (left < 0)
			return error_lost(db);
		// reading too: a server whose output nobody takes stops reading
		enum ddns_result result = wait_and_read(db, POLLIN | POLLOUT, deadline);
		if (result != DDNS_OK)
			return result;
	}
}

enum ddns_result
wire_next(struct ddns_db *db, int64_t deadline, PGresult **resultp)
{
	while (PQisBusy(db->conn)) {
		enum ddns_result result = wait_and_read(db, POLLIN, deadline);
		if (result != DDNS_OK)
			return result;
	}
	*resultp = PQgetResult(db->conn);
	return DDNS_OK;
}

/*
 * What a role or database may have been given must not change what our statements mean.  $1: how
 * long plans are kept.
 */
static const char session_settings[] =
	"SELECT pg_catalog.set_config(name, value, false) FROM (VALUES"
	" ('search_path', 'ddns, pg_temp'), ('client_encoding', 'UTF8'),"
	" ('client_min_messages', 'warning'), ('timezone', 'UTC'), ('datestyle', 'ISO, YMD'),"
	" ('intervalstyle', 'postgres'), ('bytea_output', 'hex'),"
	" ('default_transaction_isolation', 'read committed'), ('plan_cache_mode', $1)) AS setting "
	"(name, value)";

static enum ddns_result
send_all(struct ddns_db *db)
{
	const char *plans = db->plans_anew ? "force_custom_plan" : "auto";
	if (PQsendQueryParams(db->conn, session_settings, 1, NULL, &plans, NULL, NULL, 0) != 1)
		return error_lost(db);
	for (int id = 0; id < DDNS_STATEMENT_COUNT; id++) {
		const struct statement *statement = statement_get((enum ddns_statement)id);
		if ((statement->groups & db->statements) == 0)
			continue;
		if (PQsendPrepare(db->conn, statement->name, statement->text, 0, NULL) != 1)
			return error_lost(db);
	}
	if (PQpipelineSync(db->conn) != 1)
		return error_lost(db);
	return DDNS_OK;
}

/* The name of the index-th statement that send_all prepared. */
static const char *
prepared_name(const struct ddns_db *db, size_t index)
{
	for (int id = 0; id < DDNS_STATEMENT_COUNT; id++) {
		const struct statement *statement = statement_get((enum ddns_statement)id);
		if ((statement->groups & db->statements) != 0 && index-- == 0)
			return statement->name;
	}
	return "?";
}

/* An answer to send_all that is an error: says which statement it was. */
static enum ddns_result
refused(struct ddns_db *db, const PGresult *answer, size_t answers_before)
{
	enum ddns_result result = error_from_result(db, answer);
	if (db->conn != NULL && answers_before > 0) {
		struct ddns_db_error error = db->error;
		result = error_set(db, result, "preparing %s: %s",
				   prepared_name(db, answers_before - 1), error.message);
		memcpy(error.message, db->error.message, sizeof(error.message));
		db->error = error;
	}
	return result;
}

/* The first error counts; what follows it in a pipeline is only said to be aborted. */
static enum ddns_result
receive_all(struct ddns_db *db, int64_t deadline)
{
	enum ddns_result worst = DDNS_OK;
	size_t answers = 0;
	for (;;) {
		PGresult *answer;
		enum ddns_result result = wire_next(db, deadline, &answer);
		if (result != DDNS_OK)
			return result;
		if (answer == NULL) { // between two statements, or the end of a lost connection
			if (PQstatus(db->conn) != CONNECTION_OK)
				return error_lost(db);
			continue;
		}
		ExecStatusType status = PQresultStatus(answer);
		if (status == PGRES_FATAL_ERROR && worst == DDNS_OK)
			worst = refused(db, answer, answers);
		PQclear(answer);
		answers++;
		if (status == PGRES_PIPELINE_SYNC || db->conn == NULL)
			return worst;
	}
}

enum ddns_result
wire_prepare(struct ddns_db *db, int64_t deadline)
{
	enum ddns_result result;
	error_clear(db);
	if (PQenterPipelineMode(db->conn) != 1)
		return error_lost(db);
	CHECK(send_all(db));
	CHECK(wire_flush(db, deadline));
	CHECK(receive_all(db, deadline));
	if (PQexitPipelineMode(db->conn) != 1)
		return error_lost(db);
	return DDNS_OK;

cleanup:
	ddns_db_close(db);
	return result;
}
