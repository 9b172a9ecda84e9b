// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of the reader against a real server that fails, restarts, loses its log or is restored.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/mute_server.h"
#include "tests/unit/reader_fixture.h"

static void
test_pruned_log(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	execute("BEGIN; DELETE FROM ddns.records WHERE owner = 'www';"
		"SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM ddns.steps; DELETE FROM ddns.changes;"
		"UPDATE ddns.zone_state SET log_floor = version; COMMIT");
	await_equal(&fixture->shadow);
	assert_int_equal(fixture->shadow.loads, 4);
}

static void
test_restored_database(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	// the same versions, but another history: as if the last steps had been lost in a failover
	execute("BEGIN; UPDATE ddns.records SET rdata = '192.0.2.77' WHERE rdata = '192.0.2.1';"
		"SET CONSTRAINTS ALL IMMEDIATE;"
		"UPDATE ddns.zone_state s SET version = s.version - 1 FROM ddns.zones z"
		" WHERE z.id = s.zone_id AND origin = 'a.test';"
		"UPDATE ddns.steps SET version = version - 1 WHERE xid = pg_current_xact_id(); "
		"COMMIT");
	await_equal(&fixture->shadow);
	// versions that go back, other zones under old ids
	execute("BEGIN; UPDATE ddns.zones SET origin = 'moved.test' WHERE origin = 'b.test';"
		"SET CONSTRAINTS ALL IMMEDIATE;"
		"UPDATE ddns.zone_state SET version = 1 WHERE zone_id <> 0; COMMIT;"
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		" WHERE application_name = 'test_reader'");
	await_equal(&fixture->shadow);
}

static void
test_lost_connections(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	for (int i = 0; i < 30; i++) {
		execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
			" WHERE application_name = 'test_reader'");
		execute("UPDATE ddns.records SET ttl = ttl + 1 WHERE owner = 'www'");
		usleep(20000);
	}
	await_equal(&fixture->shadow);
	await_count(&fixture->shadow, &fixture->shadow.readies, 2);
	assert_int_equal(fixture->shadow.loads, 3); // the log sufficed
	assert_int_equal(fixture->shadow.states % 2, 1);
	assert_true(fixture->shadow.is_connected);
}

/* Runs pg_ctl, which the fixture names, on the server. */
static void
control_server(const char *what)
{
	char command[2048];
	snprintf(command, sizeof(command), "%s %s >/dev/null 2>&1", getenv("DDNS_TEST_PG_CTL"),
		 what);
	int tries = 50; // while processes of the killed one are still ending
	while (system(command) != 0 && --tries > 0)
		usleep(100000);
	assert_true(tries > 0);
}

static void
test_killed_server(void **state)
{
	struct fixture *fixture = *state;
	char path[512];
	int pid;
	start_zones(fixture);
	snprintf(path, sizeof(path), "%s/postmaster.pid", getenv("DDNS_TEST_PGDATA"));
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);

	char *before = shadow_text(&fixture->shadow);
	assert_int_equal(kill(pid, SIGKILL), 0);
	await_count(&fixture->shadow, &fixture->shadow.states, 2);
	assert_false(fixture->shadow.is_connected);
	char *after = shadow_text(&fixture->shadow); // nothing is forgotten
	assert_string_equal(before, after);
	free(before);
	free(after);

	control_server("start");
	PQreset(admin);
	execute("UPDATE ddns.records SET ttl = ttl + 1 WHERE owner = 'www'");
	await_equal(&fixture->shadow);
	await_count(&fixture->shadow, &fixture->shadow.states, 3);
	assert_int_equal(fixture->shadow.loads, 3);
}

/* A server that is there but does nothing: only our own deadlines help. */
static void
test_stopped_backend(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	PGresult *result = PQexec(admin, "SELECT pid FROM pg_stat_activity"
					 " WHERE application_name = 'test_reader'");
	int count = PQntuples(result);
	int pids[8];
	assert_in_range(count, 1, 8);
	for (int i = 0; i < count; i++) {
		pids[i] = atoi(PQgetvalue(result, i, 0));
		assert_int_equal(kill(pids[i], SIGSTOP), 0);
	}
	PQclear(result);
	int64_t start = shadow_clock_us();
	execute("UPDATE ddns.records SET ttl = ttl + 1 WHERE owner = 'www'");
	await_count(&fixture->shadow, &fixture->shadow.readies, 2);
	await_equal(&fixture->shadow);
	int64_t took = shadow_clock_us() - start;
	for (int i = 0; i < count; i++)
		assert_int_equal(kill(pids[i], SIGCONT), 0);
	assert_in_range(took, 9000000, 40000000); // the deadline of a statement is ten seconds
}

static void
test_nobody_there(void **state)
{
	struct fixture *fixture = *state;
	start_with(fixture, (struct ddns_reader_options){.wants_zones = true,
							 .conninfo = "host=/nonexistent"});
	await_count(&fixture->shadow, &fixture->shadow.states, 1);
	usleep(300000);
	assert_int_equal(fixture->shadow.states, 1);
	assert_false(fixture->shadow.is_connected);
	assert_true(fixture->shadow.reason[0] != '\0');
}

/* A reader of several servers loads from the one it listens to, though a better one is there now.
 */
static void
test_several_servers(void **state)
{
	struct fixture *fixture = *state;
	struct mute_server mute;
	char info[1024];
	execute("DELETE FROM ddns.zones"); // nothing to load yet
	mute_server_create(&mute);
	snprintf(info, sizeof(info), "%s host=%s,%s port=5432,%s", conninfo, mute.directory,
		 PQhost(admin), PQport(admin));
	start_with(fixture, (struct ddns_reader_options){.wants_zones = true, .conninfo = info});
	await_count(&fixture->shadow, &fixture->shadow.readies, 1);
	mute_server_listen(&mute);
	execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES ('n.test', 'ns.test', "
		"'h.test')");
	await_equal(&fixture->shadow);
	assert_int_equal(mute_server_connections(&mute), 0);
	mute_server_remove(&mute);
}

/* A transaction that is open somewhere makes the same steps show at every poll. */
static void
test_old_transaction(void **state)
{
	struct fixture *fixture = *state;
	PGconn *other = PQconnectdb(conninfo);
	PQclear(PQexec(other, "BEGIN; SELECT pg_current_xact_id()"));
	start_with(fixture, (struct ddns_reader_options){.wants_zones = true, .poll_ms = 50});
	await_count(&fixture->shadow, &fixture->shadow.readies, 1);
	execute("DELETE FROM ddns.zones WHERE origin = 'c.test'");
	execute("DELETE FROM ddns.records WHERE owner = 'www'");
	await_equal(&fixture->shadow);
	usleep(200000);
	int64_t begun = shadow_clock_us();
	struct ddns_reader_status before = status_of(fixture);
	usleep(500000);
	struct ddns_reader_status after = status_of(fixture);
	uint64_t polls = (uint64_t)(shadow_clock_us() - begun) / 50000;
	assert_in_range(after.statements - before.statements, 2, polls + 1); // and nothing else
	assert_int_equal(after.loads, before.loads);
	PQfinish(other);
}

/* Notifications are a help, not a need: a standby has none. */
static void
test_without_notifications(void **state)
{
	struct fixture *fixture = *state;
	start_with(fixture, (struct ddns_reader_options){.wants_zones = true, .poll_ms = 100});
	await_count(&fixture->shadow, &fixture->shadow.readies, 1);
	execute("CREATE SCHEMA muted; CREATE FUNCTION muted.pg_notify(text, text) RETURNS void"
		" LANGUAGE sql AS 'SELECT'; ALTER FUNCTION ddns.close_steps()"
		" SET search_path = ddns, muted, pg_catalog, pg_temp");
	execute("DELETE FROM ddns.records WHERE owner = 'www'");
	execute("DELETE FROM ddns.zones WHERE origin = 'c.test'");
	execute("ALTER FUNCTION ddns.close_steps() SET search_path = ddns, pg_temp;"
		"DROP SCHEMA muted CASCADE");
	await_equal(&fixture->shadow);
}

struct writer {
	pthread_t thread;
	unsigned seed;
	int done;
};

/* What people and programs may do to the tables; # is a random digit. */
static const char *const random_statements[] = {
	"UPDATE ddns.records SET ttl = ttl % 1000 + 1 WHERE owner = 'n#'",
	"INSERT INTO ddns.records (zone, owner, type, rdata)"
	" SELECT origin, 'n#', 'TXT', '\"x\"' FROM ddns.zones ON CONFLICT DO NOTHING",
	"DELETE FROM ddns.records WHERE owner = 'n#'",
	"UPDATE ddns.records SET owner = owner || 'm' WHERE owner = 'n#'",
	"UPDATE ddns.zones SET retry = # + 1",
	"UPDATE ddns.zones SET redirectors = array['192.0.2.#']::inet[] WHERE origin = 'b.test'",
	"UPDATE ddns.zones SET served = NOT served WHERE origin = 'r#.test'",
	"INSERT INTO ddns.zones (origin, mname, rname) VALUES ('r#.test', 'ns.test', 'h.test')"
	" ON CONFLICT DO NOTHING",
	"DELETE FROM ddns.zones WHERE origin = 'r#.test'",
	"BEGIN; DELETE FROM ddns.records WHERE owner = 'n#'; ROLLBACK",
	"BEGIN; UPDATE ddns.records SET ttl = 7 WHERE owner = 'n#'; SELECT pg_sleep(0.02);"
	" INSERT INTO ddns.zones (origin, mname, rname) VALUES ('r9.test', 'ns.test', 'h.test')"
	" ON CONFLICT DO NOTHING; COMMIT",
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
	" WHERE application_name = 'test_reader' AND # = 3",
};

static void *
write_randomly(void *argument)
{
	struct writer *writer = argument;
	int64_t end = shadow_clock_us() + 4000000;
	PGconn *conn = PQconnectdb(conninfo);
	while (shadow_clock_us() < end || writer->done < 50) {
		size_t count = sizeof(random_statements) / sizeof(random_statements[0]);
		size_t which = (size_t)rand_r(&writer->seed) % count;
		char *sql = strdup(random_statements[which]);
		for (char *at = sql; (at = strchr(at, '#')) != NULL;)
			*at = (char)('0' + rand_r(&writer->seed) % 10);
		PGresult *result = PQexec(conn, sql);
		// deadlocks and the like are part of it
		writer->done += PQresultStatus(result) != PGRES_FATAL_ERROR;
		if (PQtransactionStatus(conn) != PQTRANS_IDLE)
			PQclear(PQexec(conn, "ROLLBACK"));
		PQclear(result);
		free(sql);
	}
	PQfinish(conn);
	return NULL;
}

static void
test_random_statements(void **state)
{
	struct fixture *fixture = *state;
	struct writer writers[3] = {{.seed = 1}, {.seed = 2}, {.seed = 3}};
	start_zones(fixture);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			pthread_create(&writers[i].thread, NULL, write_randomly, &writers[i]), 0);
	int done = 0;
	for (size_t i = 0; i < 3; i++) {
		pthread_join(writers[i].thread, NULL);
		done += writers[i].done;
	}
	await_equal(&fixture->shadow);
	print_message("%d random statements: %d steps, %d loads, %d sessions\n", done,
		      fixture->shadow.steps, fixture->shadow.loads,
		      (int)status_of(fixture).connects);
	assert_true(done > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		READER_TEST(test_pruned_log),
		READER_TEST(test_restored_database),
		READER_TEST(test_lost_connections),
		READER_TEST(test_killed_server),
		READER_TEST(test_stopped_backend),
		READER_TEST(test_nobody_there),
		READER_TEST(test_several_servers),
		READER_TEST(test_old_transaction),
		READER_TEST(test_without_notifications),
		READER_TEST(test_random_statements),
	};
	if (!reader_fixture_connect())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	reader_fixture_disconnect();
	return failed;
}
