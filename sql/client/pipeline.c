// SPDX-License-Identifier: GPL-3.0-or-later
// Several prepared statements in one round trip.
#include "sql/client/pipeline.h"

#include <stdlib.h>

#include "sql/client/db_internal.h"

static enum ddns_result
check_steps(struct ddns_db *db, const struct ddns_step *steps, size_t count)
{
	if (count > DDNS_STEPS_MAX)
		return error_set(db, DDNS_INTERNAL, "%zu statements in one pipeline", count);
	for (size_t i = 0; i < count; i++) {
		const struct statement *statement = statement_get(steps[i].statement);
		if ((statement->groups & db->statements) == 0) {
			return error_set(db, DDNS_INTERNAL,
					 "statement %s is not one of this connection's",
					 statement->name);
		}
	}
	return DDNS_OK;
}

static enum ddns_result
send_steps(struct ddns_db *db, const struct ddns_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct statement *statement = statement_get(steps[i].statement);
		if (PQsendQueryPrepared(db->conn, statement->name, (int)steps[i].param_count,
					steps[i].params, NULL, NULL, 0) != 1)
			return error_lost(db);
	}
	return PQpipelineSync(db->conn) == 1 ? DDNS_OK : error_lost(db);
}

/* The next result that is one; between two there is a NULL. */
static enum ddns_result
next_answer(struct ddns_db *db, int64_t deadline, PGresult **answerp)
{
	for (;;) {
		PGresult *answer;
		enum ddns_result result = wire_next(db, deadline, &answer);
		if (result != DDNS_OK)
			return result;
		if (answer != NULL) {
			*answerp = answer;
			return DDNS_OK;
		}
		if (PQstatus(db->conn) != CONNECTION_OK)
			return error_lost(db);
	}
}

/*
 * Takes the results up to that of the sync, which ends the pipeline also after an error.  *failurep
 * is that of the first step that failed; the result is other than DDNS_OK when the connection is
 * lost.
 */
static enum ddns_result
receive_steps(struct ddns_db *db, const struct ddns_step *steps, size_t count, int64_t deadline,
	      PGresult *answers[DDNS_STEPS_MAX], enum ddns_result *failurep)
{
	*failurep = DDNS_OK;
	for (size_t i = 0;; i++) {
		PGresult *answer = NULL;
		enum ddns_result result = next_answer(db, deadline, &answer);
		if (result != DDNS_OK)
			return result;
		if (PQresultStatus(answer) == PGRES_PIPELINE_SYNC) {
			PQclear(answer);
			return DDNS_OK;
		}
		if (i >= count) { // more than was asked for
			PQclear(answer);
			return error_lost(db);
		}
		answers[i] = answer;
		if (*failurep != DDNS_OK)
			continue; // it says no more than that it was not run
		*failurep = db_check_answer(db, steps[i].statement, answer);
		if (db->conn == NULL)
			return *failurep;
		if (*failurep != DDNS_OK && db_is_stale(answer)) {
			ddns_db_close(db); // another connection has it right
			return DDNS_UNAVAILABLE;
		}
	}
}

/* Wraps what is wanted of the answers. */
static enum ddns_result
hand_out(struct ddns_db *db, const struct ddns_step *steps, size_t count,
	 PGresult *answers[DDNS_STEPS_MAX])
{
	struct ddns_rows *rows[DDNS_STEPS_MAX] = {NULL};
	for (size_t i = 0; i < count; i++) {
		if (steps[i].rowsp == NULL)
			continue;
		rows[i] = malloc(sizeof(*rows[i]));
		if (rows[i] == NULL) {
			while (i-- > 0)
				free(rows[i]);
			return error_set(db, DDNS_NO_MEMORY, "out of memory");
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (rows[i] == NULL)
			continue;
		rows[i]->result = answers[i];
		answers[i] = NULL;
		*steps[i].rowsp = rows[i];
	}
	return DDNS_OK;
}

enum ddns_result
ddns_db_pipeline(struct ddns_db *db, const struct ddns_step *steps, size_t count, int timeout_ms)
{
	int64_t deadline = ddns_clock_ms() + timeout_ms;
	PGresult *answers[DDNS_STEPS_MAX] = {NULL};
	enum ddns_result result, failure;

	if (db->conn == NULL)
		return db->error.message[0] != '\0'
			       ? DDNS_UNAVAILABLE
			       : error_set(db, DDNS_UNAVAILABLE, "not connected");
	error_clear(db);
	CHECK(check_steps(db, steps, count));
	if (PQenterPipelineMode(db->conn) != 1)
		return error_lost(db);
	CHECK(send_steps(db, steps, count));
	CHECK(wire_flush(db, deadline));
	CHECK(receive_steps(db, steps, count, deadline, answers, &failure));
	if (PQexitPipelineMode(db->conn) != 1) {
		result = error_lost(db);
		goto cleanup;
	}
	CHECK(failure);
	CHECK(hand_out(db, steps, count, answers));

cleanup:
	for (size_t i = 0; i < count && i < DDNS_STEPS_MAX; i++)
		PQclear(answers[i]);
	return result;
}
