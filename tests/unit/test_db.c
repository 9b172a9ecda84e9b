// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of the database client against a real server, which DDNS_TEST_CONNINFO names.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "sql/client/conninfo.h"
#include "sql/client/db_internal.h"
#include "tests/unit/mute_server.h"

enum { SOON_MS = 30000 };

static const char *conninfo;
static PGconn *admin; // to do things behind the client's back

static struct ddns_db *
make(const char *info, int wake_fd)
{
	struct ddns_db *db;
	struct ddns_db_options options = {
		.conninfo = info,
		.application = "test_db",
		.statements = DDNS_STATEMENTS_READER | DDNS_STATEMENTS_GLOBAL,
		.wake_fd = wake_fd,
	};
	assert_int_equal(ddns_db_create(&options, &db), DDNS_OK);
	return db;
}

static struct ddns_db *
make_open(void)
{
	struct ddns_db *db = make(conninfo, -1);
	if (ddns_db_open(db, SOON_MS) != DDNS_OK)
		fail_msg("open: %s", ddns_db_last_error(db)->message);
	return db;
}

static void
execute(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);
	PQclear(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
}

static void
test_open_failures(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *more;
		enum ddns_result result;
		const char *sqlstate;
	} cases[] = {
		{"unknown word", " nonsense=1", DDNS_BAD_INPUT, ""},
		{"lists that do not fit", " host=/a,/b port=1,2,3", DDNS_BAD_INPUT, ""},
		{"nobody there", " host=/nonexistent", DDNS_UNAVAILABLE, ""},
		{"no such role", " user=nobody_at_all", DDNS_DENIED, "28000"},
		{"no such database", " dbname=none_at_all", DDNS_UNAVAILABLE, "3D000"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char info[1024];
		snprintf(info, sizeof(info), "%s%s", conninfo, cases[i].more);
		struct ddns_db *db = make(info, -1);
		enum ddns_result result = ddns_db_open(db, SOON_MS);
		const struct ddns_db_error *error = ddns_db_last_error(db);
		if (result != cases[i].result || strcmp(error->sqlstate, cases[i].sqlstate) != 0)
			fail_msg("%s: %s, %s: %s", cases[i].rule, ddns_result_text(result),
				 error->sqlstate, error->message);
		assert_true(error->message[0] != '\0');
		assert_null(strchr(error->message, '\n'));
		assert_false(ddns_db_is_open(db));
		ddns_db_free(db);
	}
}

static void
test_passwords_are_not_told(void **state)
{
	(void)state;
	struct ddns_db *db = make("password=my secret", -1);
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_BAD_INPUT);
	assert_null(strstr(ddns_db_last_error(db)->message, "secret"));
	ddns_db_free(db);

	char error[256];
	assert_int_equal(ddns_conninfo_check("password=my secret", error, sizeof(error)),
			 DDNS_BAD_INPUT);
	assert_null(strstr(error, "secret"));
	assert_int_equal(ddns_conninfo_check("host=/run nonsense=1", error, sizeof(error)),
			 DDNS_BAD_INPUT);
	assert_non_null(strstr(error, "nonsense"));
}

static void
test_hosts_in_turn(void **state)
{
	(void)state;
	struct mute_server mute;
	char info[1024];
	mute_server_create(&mute);
	mute_server_listen(&mute);
	const char *host = PQhost(admin);

	snprintf(info, sizeof(info), "%s host=/nonexistent,%s,%s port=5432,5432,%s", conninfo,
		 mute.directory, host, PQport(admin));
	struct ddns_db *db = make(info, -1);
	int64_t start = ddns_clock_ms();
	assert_int_equal(ddns_db_open(db, 2000), DDNS_OK);
	assert_in_range(ddns_clock_ms() - start, 900, 1500); // half of what was left
	ddns_db_free(db);

	snprintf(info, sizeof(info), "%s host=%s port=5432", conninfo, mute.directory);
	db = make(info, -1);
	start = ddns_clock_ms();
	assert_int_equal(ddns_db_open(db, 300), DDNS_UNAVAILABLE);
	assert_in_range(ddns_clock_ms() - start, 290, 600);
	ddns_db_free(db);

	snprintf(info, sizeof(info), "%s target_session_attrs=prefer-standby", conninfo);
	db = make(info, -1);
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_OK);
	ddns_db_free(db);
	mute_server_remove(&mute);
}

/* The second connection goes where the first one is, though another server is there by now. */
static void
test_beside(void **state)
{
	(void)state;
	struct mute_server mute;
	char info[1024];
	mute_server_create(&mute);
	snprintf(info, sizeof(info), "%s host=%s,%s port=5432,%s", conninfo, mute.directory,
		 PQhost(admin), PQport(admin));
	struct ddns_db *db = make(info, -1);
	struct ddns_db *beside = make(info, -1);
	assert_int_equal(ddns_db_open_beside(beside, db, SOON_MS), DDNS_UNAVAILABLE);
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_OK);
	mute_server_listen(&mute);
	for (int i = 0; i < 2; i++) {
		int64_t start = ddns_clock_ms();
		assert_int_equal(ddns_db_open_beside(beside, db, SOON_MS), DDNS_OK);
		assert_in_range(ddns_clock_ms() - start, 0, 2000);
		assert_int_equal(mute_server_connections(&mute), 0);
		struct ddns_db *swap = db; // it may be followed as well
		db = beside;
		beside = swap;
	}
	ddns_db_free(db);
	ddns_db_free(beside);
	mute_server_remove(&mute);
}

/* Each server is asked what it is, and the next one tried if it is not what is wanted. */
static void
test_target_session_attrs(void **state)
{
	static const struct {
		const char *wanted;
		enum ddns_result while_writable, while_read_only;
	} cases[] = {
		{"any", DDNS_OK, DDNS_OK},
		{"read-write", DDNS_OK, DDNS_UNAVAILABLE},
		{"read-only", DDNS_UNAVAILABLE, DDNS_OK},
		{"primary", DDNS_OK, DDNS_OK},
		{"standby", DDNS_UNAVAILABLE, DDNS_UNAVAILABLE},
		{"prefer-standby", DDNS_OK, DDNS_OK},
	};
	(void)state;
	for (int is_read_only = 0; is_read_only <= 1; is_read_only++) {
		PQclear(PQexec(admin, is_read_only ? "ALTER ROLE postgres SET "
						     "default_transaction_read_only = on"
						   : "ALTER ROLE postgres RESET "
						     "default_transaction_read_only"));
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			char info[1024];
			snprintf(info, sizeof(info),
				 "%s host=/nonexistent,%s port=%s "
				 "target_session_attrs=%s",
				 conninfo, PQhost(admin), PQport(admin), cases[i].wanted);
			struct ddns_db *db = make(info, -1);
			assert_int_equal(ddns_db_open(db, SOON_MS),
					 is_read_only ? cases[i].while_read_only
						      : cases[i].while_writable);
			ddns_db_free(db);
		}
	}
	PQclear(PQexec(admin, "ALTER ROLE postgres RESET default_transaction_read_only"));
}

static void
test_wake(void **state)
{
	(void)state;
	struct mute_server mute;
	char info[1024];
	uint64_t one = 1;
	bool was_notified = true;
	mute_server_create(&mute);
	mute_server_listen(&mute);
	int fd = eventfd(0, EFD_CLOEXEC);

	struct ddns_db *open = make(conninfo, fd);
	assert_int_equal(ddns_db_open(open, SOON_MS), DDNS_OK);
	snprintf(info, sizeof(info), "%s host=%s,%s port=5432", conninfo, mute.directory,
		 mute.directory);
	struct ddns_db *db = make(info, fd);
	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));

	int64_t start = ddns_clock_ms();
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_UNAVAILABLE);
	assert_int_equal(ddns_db_wait(open, SOON_MS, &was_notified), DDNS_OK);
	assert_false(was_notified);
	assert_true(ddns_clock_ms() - start < 200);

	ddns_db_free(db);
	ddns_db_free(open);
	close(fd);
	mute_server_remove(&mute);
}

static void
test_session(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	PGresult *result = PQexec(db->conn, "SELECT current_setting('search_path'),"
					    " current_setting('application_name'),"
					    " current_setting('tcp_user_timeout')");
	assert_string_equal(PQgetvalue(result, 0, 0), "ddns, pg_temp");
	assert_string_equal(PQgetvalue(result, 0, 1), "test_db");
	PQclear(result);
	ddns_db_free(db);
}

/* A database with the older schema is told by what mends it; readers do not ask. */
static void
test_older_schema(void **state)
{
	(void)state;
	struct ddns_db *reader = make(conninfo, -1), *db;
	struct ddns_db_options options = {
		.conninfo = conninfo,
		.application = "test_db",
		.statements = DDNS_STATEMENTS_READER | DDNS_STATEMENTS_CTL,
		.wake_fd = -1,
	};
	assert_int_equal(ddns_db_create(&options, &db), DDNS_OK);
	execute(admin, "UPDATE ddns.schema_version SET version = version - 1000");
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_INTERNAL);
	assert_false(ddns_db_is_open(db));
	assert_non_null(strstr(ddns_db_last_error(db)->message, "run ddns-schema upgrade"));
	assert_int_equal(ddns_db_open(reader, SOON_MS), DDNS_OK);
	execute(admin, "UPDATE ddns.schema_version SET version = version + 2000"); // newer
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_OK);
	execute(admin, "UPDATE ddns.schema_version SET version = version - 1000");

	execute(admin, "ALTER VIEW ddns.served_zones RENAME TO served_zones_of_old");
	assert_int_equal(ddns_db_open(reader, SOON_MS), DDNS_INTERNAL);
	execute(admin, "ALTER VIEW ddns.served_zones_of_old RENAME TO served_zones");
	assert_non_null(strstr(ddns_db_last_error(reader)->message, "ddns-schema upgrade"));
	ddns_db_free(db);
	ddns_db_free(reader);
}

static void
test_transactions(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	struct ddns_rows *rows;
	const char *const good[] = {"lock_timeout", "1s"}, *const bad[] = {"lock_timeout", "soon"};

	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_BEGIN, NULL, 0, SOON_MS, NULL), DDNS_OK);
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_SET_LOCAL, good, 2, SOON_MS, &rows),
			 DDNS_OK);
	assert_int_equal(ddns_rows_count(rows), 1);
	assert_int_equal(ddns_rows_columns(rows), 1);
	assert_string_equal(ddns_rows_column(rows, 0), "set_config");
	assert_string_equal(ddns_rows_text(rows, 0, 0), "1s");
	assert_int_equal(ddns_rows_integer(rows, 0, 0, -7), -7);
	ddns_rows_free(rows);
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_SET_LOCAL, bad, 2, SOON_MS, &rows),
			 DDNS_BAD_INPUT);
	assert_string_equal(ddns_db_last_error(db)->sqlstate, "22023");
	// a COMMIT that is answered by ROLLBACK must not look like success
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_COMMIT, NULL, 0, SOON_MS, NULL),
			 DDNS_INTERNAL);
	assert_true(ddns_db_is_open(db));
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_BEGIN, NULL, 0, SOON_MS, NULL), DDNS_OK);
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_COMMIT, NULL, 0, SOON_MS, NULL), DDNS_OK);
	// of a group that this connection was not made with
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_CLOSE_STEPS, NULL, 0, SOON_MS, NULL),
			 DDNS_INTERNAL);
	ddns_db_free(db);
}

static void
test_prepared_anew(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	struct ddns_rows *rows;

	execute(db->conn, "DEALLOCATE ALL");
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_GLOBAL_STATE, NULL, 0, SOON_MS, &rows),
			 DDNS_OK);
	ddns_rows_free(rows);

	// its columns changed since, as in an upgrade of the schema
	execute(db->conn, "CREATE TEMP TABLE changed (a integer, b integer);"
			  "DEALLOCATE \"GLOBAL_STATE\";"
			  "PREPARE \"GLOBAL_STATE\" AS SELECT a, b FROM changed");
	execute(db->conn, "EXECUTE \"GLOBAL_STATE\"");
	execute(db->conn, "ALTER TABLE changed ALTER a TYPE text");
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_GLOBAL_STATE, NULL, 0, SOON_MS, &rows),
			 DDNS_OK);
	ddns_rows_free(rows);

	// too late in a transaction: another connection has it right
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_BEGIN, NULL, 0, SOON_MS, NULL), DDNS_OK);
	execute(db->conn, "DEALLOCATE ALL");
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_GLOBAL_STATE, NULL, 0, SOON_MS, &rows),
			 DDNS_UNAVAILABLE);
	assert_false(ddns_db_is_open(db));
	ddns_db_free(db);
}

static void
count_idle(void *context)
{
	++*(int *)context;
}

static void
test_deadline(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	struct ddns_rows *rows;
	int idles = 0;

	execute(admin, "BEGIN; LOCK TABLE ddns.zones IN ACCESS EXCLUSIVE MODE");
	ddns_db_on_idle(db, 20, count_idle, &idles);
	int64_t start = ddns_clock_ms();
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_LOAD_ZONES, NULL, 0, 300, &rows),
			 DDNS_UNAVAILABLE);
	assert_in_range(ddns_clock_ms() - start, 290, 600);
	assert_in_range(idles, 5, 15);
	assert_false(ddns_db_is_open(db));
	execute(admin, "ROLLBACK");
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_LOAD_ZONES, NULL, 0, 300, &rows),
			 DDNS_UNAVAILABLE);
	assert_string_equal(ddns_db_last_error(db)->message, "no answer in time");
	ddns_db_free(db);
}

static void
note_payload(void *context, const char *payload)
{
	snprintf(context, 16, "%s", payload);
}

static void
test_notify(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	char payload[16] = "";
	bool was_notified;

	ddns_db_on_notify(db, note_payload, payload);
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_LISTEN, NULL, 0, SOON_MS, NULL), DDNS_OK);
	assert_int_equal(ddns_db_wait(db, 20, &was_notified), DDNS_OK);
	assert_false(was_notified);
	execute(admin, "NOTIFY ddns, '42'");
	assert_int_equal(ddns_db_wait(db, SOON_MS, &was_notified), DDNS_OK);
	assert_true(was_notified);
	assert_string_equal(payload, "42");

	execute(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		       " WHERE application_name = 'test_db'");
	enum ddns_result result = DDNS_OK;
	for (int i = 0; i < 10 && result == DDNS_OK; i++)
		result = ddns_db_wait(db, SOON_MS, &was_notified);
	assert_int_equal(result, DDNS_UNAVAILABLE);
	assert_false(ddns_db_is_open(db));
	assert_string_equal(ddns_db_last_error(db)->sqlstate, "57P01"); // why, not only that
	assert_int_equal(ddns_db_open(db, SOON_MS), DDNS_OK);
	ddns_db_free(db);
}

struct stream {
	size_t rows, most;
};

static enum ddns_result
take_row(void *context, const struct ddns_rows *rows)
{
	struct stream *stream = context;
	stream->rows += ddns_rows_count(rows);
	return stream->rows < stream->most ? DDNS_OK : DDNS_NO_MEMORY;
}

static void
test_stream(void **state)
{
	(void)state;
	struct ddns_db *db = make_open();
	struct stream all = {0, SIZE_MAX}, some = {0, 100};
	struct ddns_rows *rows;

	execute(admin,
		"INSERT INTO ddns.zones (origin, mname, rname)"
		" VALUES ('stream.test', 'ns.stream.test', 'h.stream.test');"
		"INSERT INTO ddns.records (zone, owner, type, rdata)"
		" SELECT 'stream.test', 'n' || n, 'TXT', '\"x\"' FROM generate_series(1, 2000) n");
	assert_int_equal(
		ddns_db_stream(db, DDNS_STATEMENT_LOAD_ROWS_ALL, NULL, 0, SOON_MS, take_row, &all),
		DDNS_OK);
	assert_true(all.rows >= 2000);
	assert_int_equal(ddns_db_query(db, DDNS_STATEMENT_GLOBAL_STATE, NULL, 0, SOON_MS, &rows),
			 DDNS_OK);
	ddns_rows_free(rows);
	assert_int_equal(
		ddns_db_stream(db, DDNS_STATEMENT_LOAD_ROWS_ALL, NULL, 0, SOON_MS, take_row, &some),
		DDNS_NO_MEMORY);
	assert_int_equal(some.rows, 100);
	assert_false(ddns_db_is_open(db));
	execute(admin, "DELETE FROM ddns.zones WHERE origin = 'stream.test'");
	ddns_db_free(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_failures), cmocka_unit_test(test_passwords_are_not_told),
		cmocka_unit_test(test_hosts_in_turn), cmocka_unit_test(test_wake),
		cmocka_unit_test(test_beside),	      cmocka_unit_test(test_target_session_attrs),
		cmocka_unit_test(test_session),	      cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_older_schema),  cmocka_unit_test(test_prepared_anew),
		cmocka_unit_test(test_deadline),      cmocka_unit_test(test_notify),
		cmocka_unit_test(test_stream),
	};
	conninfo = getenv("DDNS_TEST_CONNINFO");
	if (conninfo == NULL) {
		fputs("DDNS_TEST_CONNINFO is not set: run this by tests/unit/with-database\n",
		      stderr);
		return 1;
	}
	admin = PQconnectdb(conninfo);
	if (PQstatus(admin) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(admin));
		return 1;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	PQfinish(admin);
	return failed;
}
