// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of sql/client/pipeline.c against a real server, which DDNS_TEST_CONNINFO names.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sql/client/db_internal.h"
#include "sql/client/pipeline.h"

enum { SOON_MS = 5000 };

static struct ddns_db *
make_open(void)
{
	struct ddns_db *db;
	const struct ddns_db_options options = {
		.conninfo = getenv("DDNS_TEST_CONNINFO"),
		.application = "test_pipeline",
		.statements = DDNS_STATEMENTS_GATEWAY,
		.wake_fd = -1,
	};
	assert_int_equal(ddns_db_create(&options, &db), DDNS_OK);
	if (ddns_db_open(db, SOON_MS) != DDNS_OK)
		fail_msg("open: %s", ddns_db_last_error(db)->message);
	return db;
}

/* The status of a transaction, as the server tells it. */
static void
assert_status(struct ddns_db *db, const char *xid, const char *expected)
{
	struct ddns_rows *rows;
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_XACT_STATUS, &xid, 1, SOON_MS, &rows),
			 DDNS_OK);
	assert_string_equal(ddns_rows_text(rows, 0, 0), expected);
	ddns_rows_free(rows);
}

static void
test_a_transaction(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	struct ddns_rows *xid = NULL, *setting = NULL;
	const char *const parameters[] = {"lock_timeout", "123ms"};
	const struct ddns_step steps[] = {
		{.statement = DDNS_STATEMENT_BEGIN},
		{DDNS_STATEMENT_CURRENT_XID, NULL, 0, &xid},
		{DDNS_STATEMENT_SET_LOCAL, parameters, 2, &setting},
		{.statement = DDNS_STATEMENT_CLOSE_STEPS},
		{.statement = DDNS_STATEMENT_COMMIT},
	};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ddns_db_pipeline(db, steps, 5, SOON_MS), DDNS_OK);
		assert_string_equal(ddns_rows_text(setting, 0, 0), "123ms");
		assert_status(db, ddns_rows_text(xid, 0, 0), "committed");
		ddns_rows_free(xid);
		ddns_rows_free(setting);
	}
	ddns_db_free(db);
}

/* What follows the step that fails is not run, the commit least of all. */
static void
test_a_failure_inside(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	struct ddns_rows *xid = NULL, *rows = NULL;
	const char *const junk[] = {"lock_timeout", "junk"};
	const struct ddns_step steps[] = {
		{.statement = DDNS_STATEMENT_BEGIN},
		{DDNS_STATEMENT_CURRENT_XID, NULL, 0, &xid},
		{DDNS_STATEMENT_SET_LOCAL, junk, 2, &rows},
		{.statement = DDNS_STATEMENT_COMMIT},
	};
	assert_int_equal(ddns_db_pipeline(db, steps, 4, SOON_MS), DDNS_BAD_INPUT);
	assert_string_equal(ddns_db_last_error(db)->sqlstate, "22023");
	assert_null(xid);
	assert_null(rows);
	assert_int_equal(PQtransactionStatus(db->conn), PQTRANS_INERROR);
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_ROLLBACK, NULL, 0, SOON_MS, NULL),
			 DDNS_OK);
	const struct ddns_step again[] = {
		{.statement = DDNS_STATEMENT_BEGIN},
		{.statement = DDNS_STATEMENT_COMMIT},
	};
	assert_int_equal(ddns_db_pipeline(db, again, 2, SOON_MS), DDNS_OK);
	ddns_db_free(db);
}

static void
test_mistakes(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	struct ddns_step steps[DDNS_STEPS_MAX + 1];
	for (size_t i = 0; i <= DDNS_STEPS_MAX; i++)
		steps[i] = (struct ddns_step){.statement = DDNS_STATEMENT_CURRENT_XID};
	assert_int_equal(ddns_db_pipeline(db, steps, DDNS_STEPS_MAX + 1, SOON_MS), DDNS_INTERNAL);
	assert_int_equal(ddns_db_pipeline(db, steps, DDNS_STEPS_MAX, SOON_MS), DDNS_OK);
	const struct ddns_step foreign = {.statement = DDNS_STATEMENT_LOAD_ZONES};
	assert_int_equal(ddns_db_pipeline(db, &foreign, 1, SOON_MS), DDNS_INTERNAL);
	assert_true(ddns_db_is_open(db));
	ddns_db_close(db);
	assert_int_equal(ddns_db_pipeline(db, steps, 1, SOON_MS), DDNS_UNAVAILABLE);
	ddns_db_free(db);
}

/* Statements that the server has forgotten: another connection prepares them anew. */
static void
test_stale_statements(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	const struct ddns_step step = {.statement = DDNS_STATEMENT_CURRENT_XID};
	PQclear(PQexec(db->conn, "DEALLOCATE ALL"));
	assert_int_equal(ddns_db_pipeline(db, &step, 1, SOON_MS), DDNS_UNAVAILABLE);
	assert_false(ddns_db_is_open(db));
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_OK);
	assert_int_equal(ddns_db_pipeline(db, &step, 1, SOON_MS), DDNS_OK);
	ddns_db_free(db);
}

static void
test_a_lost_connection(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	const struct ddns_step step = {.statement = DDNS_STATEMENT_CURRENT_XID};
	PGconn *admin = PQconnectdb(getenv("DDNS_TEST_CONNINFO"));
	char sql[64];
	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)", PQbackendPID(db->conn));
	PQclear(PQexec(admin, sql));
	PQfinish(admin);
	assert_int_equal(ddns_db_pipeline(db, &step, 1, SOON_MS), DDNS_UNAVAILABLE);
	assert_false(ddns_db_is_open(db));
	assert_int_not_equal(ddns_db_last_error(db)->message[0], '\0');
	ddns_db_free(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_transaction),	  cmocka_unit_test(test_a_failure_inside),
		cmocka_unit_test(test_mistakes),	  cmocka_unit_test(test_stale_statements),
		cmocka_unit_test(test_a_lost_connection),
	};
	if (getenv("DDNS_TEST_CONNINFO") == NULL)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
