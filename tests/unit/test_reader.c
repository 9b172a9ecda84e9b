// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of the reader against a real server, which DDNS_TEST_CONNINFO names.
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
#include <libpq-fe.h>

#include "tests/unit/shadow.h"

enum { SOON_MS = 20 * 1000 };

static const char *conninfo;
static PGconn *admin;

struct fixture {
	struct shadow shadow;
	struct ddns_reader *reader;
	pthread_t thread;
};

static void
execute(const char *sql)
{
	PGresult *result = PQexec(admin, sql);
	ExecStatusType status = PQresultStatus(result);
	PQclear(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(admin));
}

/* What the database says should be in a shadow. */
static char *
expected_text(void)
{
	PGresult *result = PQexec(
		admin,
		"SELECT coalesce(string_agg(line || E'\\n', '' ORDER BY line COLLATE \"C\"), '')"
		" FROM (SELECT format('%s zone %s %s %s %s:%s', zone_id, origin, version, serial,"
		" transfer, array_to_string(transfer_to, ',')) AS line FROM ddns.served_zones"
		" UNION ALL SELECT format('%s row %s %s %s %s %s', zone_id, owner, type, ttl,"
		" rdata, fallback::int) FROM ddns.served_rows) AS lines");
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(admin));
	char *text = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return text;
}

static bool
is_equal(struct shadow *shadow)
{
	char *is = shadow_text(shadow);
	char *should = expected_text();
	bool equal = strcmp(is, should) == 0;
	free(is);
	free(should);
	return equal;
}

/* Waits until the shadow shows what the database does. */
static void
await_equal(struct shadow *shadow)
{
	int64_t end = shadow_clock_us() + SOON_MS * INT64_C(1000);
	while (!is_equal(shadow)) {
		if (shadow_clock_us() > end) {
			char *is = shadow_text(shadow);
			char *should = expected_text();
			fail_msg("the reader has\n%.2000sbut the database\n%.2000s", is, should);
		}
		usleep(2000);
	}
}

/* Waits until a counter of the shadow's reaches a value. */
static void
await_count(struct shadow *shadow, const int *counter, int least)
{
	int64_t end = shadow_clock_us() + SOON_MS * INT64_C(1000);
	for (;;) {
		pthread_mutex_lock(&shadow->lock);
		int count = *counter;
		pthread_mutex_unlock(&shadow->lock);
		if (count >= least)
			return;
		if (shadow_clock_us() > end)
			fail_msg("waited for %d, got to %d: %s %s", least, count, shadow->reason,
				 shadow->warning);
		usleep(500);
	}
}

static void *
run(void *argument)
{
	ddns_reader_run(argument);
	return NULL;
}

static void
start_with(struct fixture *fixture, struct ddns_reader_options options)
{
	if (options.conninfo == NULL)
		options.conninfo = conninfo;
	options.application = "test_reader";
	options.sink = shadow_sink(&fixture->shadow);
	assert_int_equal(ddns_reader_create(&options, &fixture->reader), DDNS_OK);
	assert_int_equal(pthread_create(&fixture->thread, NULL, run, fixture->reader), 0);
}

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	shadow_init(&fixture->shadow);
	execute("DELETE FROM ddns.zones; INSERT INTO ddns.zones (origin, mname, rname) VALUES"
		" ('a.test', 'ns.a.test', 'h.a.test'), ('b.test', 'ns.b.test', 'h.b.test'),"
		" ('c.test', 'ns.c.test', 'h.c.test');"
		"INSERT INTO ddns.records (zone, owner, type, rdata) VALUES"
		" ('a.test', 'www', 'A', '192.0.2.1'), ('a.test', 'www', 'A', '192.0.2.2'),"
		" ('b.test', 'x', 'TXT', '\"a b\"')");
	*state = fixture;
	return 0;
}

static void
stop(struct fixture *fixture)
{
	int64_t start = shadow_clock_us();
	ddns_reader_stop(fixture->reader);
	pthread_join(fixture->thread, NULL);
	if (shadow_clock_us() - start > 500000)
		fail_msg("stopping took %ld us", (long)(shadow_clock_us() - start));
	ddns_reader_free(fixture->reader);
	fixture->reader = NULL;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;
	if (fixture->reader != NULL)
		stop(fixture);
	shadow_free(&fixture->shadow);
	free(fixture);
	return 0;
}

static void
start_zones(struct fixture *fixture)
{
	start_with(fixture, (struct ddns_reader_options){.wants_zones = true});
	await_count(&fixture->shadow, &fixture->shadow.readies, 1);
}

static struct ddns_reader_status
status_of(const struct fixture *fixture)
{
	struct ddns_reader_status status;
	ddns_reader_status(fixture->reader, &status);
	return status;
}

static void
test_first_load(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	assert_true(is_equal(&fixture->shadow));
	assert_true(fixture->shadow.is_connected);
	assert_int_equal(fixture->shadow.states, 1);
	assert_int_equal(fixture->shadow.loads, 3);
	assert_true(status_of(fixture).is_ready);
	assert_true(status_of(fixture).rows >= 3);
}

static void
test_no_zones(void **state)
{
	struct fixture *fixture = *state;
	execute("DELETE FROM ddns.zones");
	start_zones(fixture);
	execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES ('n.test', 'a.b', 'c.d')");
	await_equal(&fixture->shadow);
}

static void
test_many_zones_in_one_load(void **state)
{
	struct fixture *fixture = *state;
	execute("INSERT INTO ddns.zones (origin, mname, rname) SELECT 'z' || n || '.test', "
		"'ns.test',"
		" 'h.test' FROM generate_series(1, 300) n");
	start_zones(fixture);
	assert_true(is_equal(&fixture->shadow));
	assert_int_equal(fixture->shadow.loads, 303);
	assert_true(status_of(fixture).statements < 20);
}

static void
test_steps(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	int loads = fixture->shadow.loads;
	execute("INSERT INTO ddns.records (zone, owner, type, rdata)"
		" VALUES ('a.test', 'new', 'A', '192.0.2.3')");
	await_equal(&fixture->shadow);
	execute("UPDATE ddns.records SET rdata = '192.0.2.9' WHERE owner = 'new'");
	await_equal(&fixture->shadow);
	execute("BEGIN; DELETE FROM ddns.records WHERE owner = 'www';"
		"UPDATE ddns.records SET owner = 'renamed' WHERE owner = 'x'; COMMIT");
	await_equal(&fixture->shadow);
	assert_int_equal(fixture->shadow.loads, loads);
	assert_true(fixture->shadow.steps >= 4);
}

/* Owners and data that any text handling on the way would spoil. */
static void
test_odd_names(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	execute("INSERT INTO ddns.records (zone, owner, type, ttl, rdata) VALUES"
		" ('a.test', 'a\\.b.c\\\\', 'TYPE65280', 0, '\\# 0'),"
		" ('a.test', '\\000\\255\\032', 'TYPE65280', 2147483647, '\\# 1 00'),"
		" ('a.test', '\\\"\\(\\)\\;\\@\\$', 'TYPE65280', 1, '\\# 1 01'),"
		" ('a.test', '*', 'TXT', 1, '\"\\\"''{}\\\\,NULL %s\"'),"
		" ('a.test', 'null', 'TXT', 1, '\"NULL\"')");
	await_equal(&fixture->shadow);
	execute("UPDATE ddns.records SET ttl = 5 WHERE zone = 'a.test'");
	await_equal(&fixture->shadow);
	assert_int_equal(fixture->shadow.loads, 3);
}

static void
test_whole_and_gone(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	execute("UPDATE ddns.zones SET transfer = 'list', transfer_to = '{192.0.2.1,2001:db8::/32}'"
		" WHERE origin = 'a.test'");
	await_equal(&fixture->shadow);
	execute("UPDATE ddns.zones SET served = false WHERE origin = 'b.test'");
	await_equal(&fixture->shadow);
	assert_int_equal(fixture->shadow.gones, 1);
	execute("UPDATE ddns.zones SET served = true WHERE origin = 'b.test'");
	await_equal(&fixture->shadow);
	execute("DELETE FROM ddns.zones WHERE origin = 'c.test'");
	await_equal(&fixture->shadow);
	assert_int_equal(fixture->shadow.gones, 2);
	execute("TRUNCATE ddns.records");
	await_equal(&fixture->shadow);
	execute("INSERT INTO ddns.records (zone, owner, type, rdata)"
		" SELECT 'a.test', 'n' || n, 'A', '192.0.2.1' FROM generate_series(1, 20000) n");
	await_equal(&fixture->shadow);
}

static void
test_steps_while_many_rows_load(void **state)
{
	struct fixture *fixture = *state;
	execute("INSERT INTO ddns.records (zone, owner, type, rdata)"
		" SELECT 'a.test', 'n' || n, 'A', '192.0.2.1' FROM generate_series(1, 300000) n;"
		"ANALYZE ddns.records");
	start_zones(fixture);
	execute("UPDATE ddns.zones SET redirectors = '{192.0.2.7}' WHERE origin = 'a.test'");
	for (int i = 0; i < 10; i++)
		execute("UPDATE ddns.records SET ttl = ttl + 1 WHERE zone = 'b.test'");
	await_equal(&fixture->shadow);
	assert_int_equal(fixture->shadow.loads, 4);
	assert_true(fixture->shadow.steps_while_loading > 0);
}

static void
test_refused_load(void **state)
{
	struct fixture *fixture = *state;
	strcpy(fixture->shadow.refused, "b.test");
	start_zones(fixture); // is ready with the others
	assert_int_equal(fixture->shadow.loads, 2);
	assert_int_equal(fixture->shadow.warnings, 1);
	assert_non_null(strstr(fixture->shadow.warning, "'b.test'"));
	await_count(&fixture->shadow, &fixture->shadow.drops, 2); // it tried again
	assert_int_equal(fixture->shadow.warnings, 1);
	pthread_mutex_lock(&fixture->shadow.lock);
	fixture->shadow.refused[0] = '\0';
	pthread_mutex_unlock(&fixture->shadow.lock);
	await_equal(&fixture->shadow);
}

static void
test_refused_step(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	fixture->shadow.refuses_steps = true;
	execute("DELETE FROM ddns.records WHERE owner = 'www'");
	await_equal(&fixture->shadow);
	assert_int_equal(fixture->shadow.loads, 4);
	assert_int_equal(fixture->shadow.steps, 0);
}

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
	assert_in_range(took, 9000000, 13000000); // the deadline of a statement
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
	struct ddns_reader_status before = status_of(fixture);
	usleep(500000);
	struct ddns_reader_status after = status_of(fixture);
	assert_in_range(after.statements - before.statements, 5, 11); // polls and nothing else
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

static void
test_idle_rate(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	struct ddns_reader_status before = status_of(fixture);
	usleep(2100000);
	assert_in_range(status_of(fixture).statements - before.statements, 1, 3);
}

static void
test_global(void **state)
{
	struct fixture *fixture = *state;
	struct shadow *shadow = &fixture->shadow;
	execute("SELECT ddns.note_global('{key:before}')");
	start_with(fixture, (struct ddns_reader_options){.wants_global = true});
	await_count(shadow, &shadow->readies, 1);
	assert_string_equal(shadow->global, "* ");
	execute("BEGIN; SELECT ddns.note_global('{key:a}'); SELECT ddns.note_global('{setting:b}');"
		"COMMIT");
	await_count(shadow, &shadow->globals, 2);
	assert_string_equal(shadow->global, "* key:a setting:b ");
	assert_int_equal(shadow->loads, 0);

	// a refusal is made good by reading all
	pthread_mutex_lock(&shadow->lock);
	shadow->refuses_global = true;
	pthread_mutex_unlock(&shadow->lock);
	execute("SELECT ddns.note_global('{key:c}')");
	await_count(shadow, &shadow->warnings, 1);
	pthread_mutex_lock(&shadow->lock);
	shadow->refuses_global = false;
	pthread_mutex_unlock(&shadow->lock);
	await_count(shadow, &shadow->globals, 3);
	assert_string_equal(shadow->global, "* key:a setting:b * ");

	// what moves while the connection is lost
	execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		" WHERE application_name = 'test_reader'; SELECT ddns.note_global('{key:d}')");
	await_count(shadow, &shadow->globals, 4);
	assert_string_equal(shadow->global, "* key:a setting:b * key:d ");
}

static int
compare_numbers(const void *a, const void *b)
{
	return (int)(*(const int64_t *)a - *(const int64_t *)b);
}

static void
test_reaction(void **state)
{
	struct fixture *fixture = *state;
	int64_t times[200];
	start_zones(fixture);
	for (int i = 0; i < 200; i++) {
		int steps = fixture->shadow.steps;
		execute("UPDATE ddns.records SET ttl = ttl + 1 WHERE owner = 'www'");
		int64_t committed = shadow_clock_us();
		await_count(&fixture->shadow, &fixture->shadow.steps, steps + 1);
		times[i] = fixture->shadow.stepped_us - committed;
	}
	qsort(times, 200, sizeof(times[0]), compare_numbers);
	print_message("from COMMIT's answer to the step: p50 %ld us, p90 %ld us, p99 %ld us\n",
		      (long)times[100], (long)times[180], (long)times[198]);
	assert_true(times[100] < 10000); // ten times what is aimed at
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_load),
		TEST(test_no_zones),
		TEST(test_many_zones_in_one_load),
		TEST(test_steps),
		TEST(test_odd_names),
		TEST(test_whole_and_gone),
		TEST(test_steps_while_many_rows_load),
		TEST(test_refused_load),
		TEST(test_refused_step),
		TEST(test_pruned_log),
		TEST(test_restored_database),
		TEST(test_lost_connections),
		TEST(test_killed_server),
		TEST(test_stopped_backend),
		TEST(test_nobody_there),
		TEST(test_old_transaction),
		TEST(test_without_notifications),
		TEST(test_idle_rate),
		TEST(test_global),
		TEST(test_reaction),
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
	cmocka_set_test_filter(getenv("DDNS_TEST_FILTER"));
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	PQfinish(admin);
	return failed;
}
