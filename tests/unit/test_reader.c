// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of the reader against a real server: what it loads, follows and tells.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/reader_fixture.h"

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

/* Deleted and made again in one transaction: another id, and never a moment without the zone. */
static void
test_reborn(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	for (int i = 0; i < 20; i++) {
		execute("BEGIN; DELETE FROM ddns.zones WHERE origin = 'a.test';"
			"INSERT INTO ddns.zones (origin, mname, rname)"
			" VALUES ('a.test', 'ns.a.test', 'h.a.test');"
			"INSERT INTO ddns.records (zone, owner, type, rdata)"
			" VALUES ('a.test', 'www', 'A', '192.0.2.3'); COMMIT");
		await_equal(&fixture->shadow);
	}
	assert_int_equal(fixture->shadow.gones, 20);
	assert_int_equal(fixture->shadow.absences, 0);
	// the new one cannot be loaded: the old one goes
	strcpy(fixture->shadow.refused, "a.test");
	execute("BEGIN; DELETE FROM ddns.zones WHERE origin = 'a.test';"
		"INSERT INTO ddns.zones (origin, mname, rname)"
		" VALUES ('a.test', 'ns.a.test', 'h.a.test');"
		"INSERT INTO ddns.records (zone, owner, type, rdata)"
		" VALUES ('a.test', 'www', 'A', '192.0.2.3'); COMMIT");
	await_count(&fixture->shadow, &fixture->shadow.gones, 21);
	assert_true(fixture->shadow.failures > 0);
	assert_string_equal(fixture->shadow.failed_origin, "a.test");
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

/* One zone of which not even the SOA can be read: it is told as failed before `ready` is. */
static void
test_unreadable_zone(void **state)
{
	struct fixture *fixture = *state;
	PGresult *result = PQexec(admin, "SELECT pg_get_viewdef('ddns.served_zones')");
	char *restore;
	assert_true(asprintf(&restore, "CREATE OR REPLACE VIEW ddns.served_zones AS %s",
			     PQgetvalue(result, 0, 0)) > 0);
	PQclear(result);
	execute("CREATE OR REPLACE VIEW ddns.served_zones AS"
		" SELECT z.id AS zone_id, z.origin, s.version, s.serial, s.xid,"
		" (CASE z.origin WHEN 'b.test' THEN (1 / (z.id - z.id))::text ELSE z.mname END)"
		" COLLATE \"C\" AS mname,"
		" z.rname, z.refresh, z.retry, z.expire, z.negative_ttl, z.ttl, z.transfer,"
		" array(SELECT abbrev(a) FROM unnest(z.transfer_to) a) AS transfer_to"
		" FROM ddns.zones z JOIN ddns.zone_state s ON s.zone_id = z.id WHERE z.served");
	fixture->shadow.refuses_failures = true;
	start_with(fixture, (struct ddns_reader_options){.wants_zones = true});
	await_count(&fixture->shadow, &fixture->shadow.loads, 2);
	await_count(&fixture->shadow, &fixture->shadow.failures, 2);
	assert_int_equal(fixture->shadow.readies, 0); // it would be taken for absent
	assert_string_equal(fixture->shadow.failed_origin, "b.test");
	pthread_mutex_lock(&fixture->shadow.lock);
	fixture->shadow.refuses_failures = false;
	pthread_mutex_unlock(&fixture->shadow.lock);
	await_count(&fixture->shadow, &fixture->shadow.readies, 1);
	// it comes back, and a failed one can go, too
	execute(restore);
	free(restore);
	await_equal(&fixture->shadow);
	int failures = fixture->shadow.failures;
	strcpy(fixture->shadow.refused, "n.test");
	execute("INSERT INTO ddns.zones (origin, mname, rname) VALUES ('n.test', 'ns.test', "
		"'h.test');"
		"INSERT INTO ddns.records (zone, owner, type, rdata)"
		" VALUES ('n.test', 'www', 'A', '192.0.2.1')");
	await_count(&fixture->shadow, &fixture->shadow.failures, failures + 1);
	execute("DELETE FROM ddns.zones WHERE origin = 'n.test'");
	await_count(&fixture->shadow, &fixture->shadow.gones, 1);
	await_equal(&fixture->shadow);
}

/* Looks that the database refuses are tried again, on the same connection, and told if that lasts.
 */
static void
test_refused_look(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	assert_int_equal(fixture->shadow.states, 1);
	execute("ALTER TABLE ddns.steps RENAME TO steps_away");
	await_count(&fixture->shadow, &fixture->shadow.states, 2);
	assert_false(fixture->shadow.is_connected);
	assert_non_null(strstr(fixture->shadow.reason, "steps"));
	assert_int_equal(fixture->shadow.gones, 0);
	execute("ALTER TABLE ddns.steps_away RENAME TO steps");
	execute("DELETE FROM ddns.records WHERE owner = 'www'");
	await_equal(&fixture->shadow);
	await_count(&fixture->shadow, &fixture->shadow.states, 3);
	assert_true(fixture->shadow.is_connected);
	assert_int_equal(status_of(fixture).connects, 1);
	assert_in_range(status_of(fixture).statements, 10, 60);
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
test_idle_rate(void **state)
{
	struct fixture *fixture = *state;
	start_zones(fixture);
	int64_t begun = shadow_clock_us();
	struct ddns_reader_status before = status_of(fixture);
	usleep(2100000);
	uint64_t statements = status_of(fixture).statements - before.statements;
	assert_in_range(statements, 1, (uint64_t)(shadow_clock_us() - begun) / 1000000 + 1);
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
	// ten times what is aimed at; the poll of each second would take half of one
	assert_true(times[20] < 10000 && times[100] < 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		READER_TEST(test_first_load),
		READER_TEST(test_no_zones),
		READER_TEST(test_many_zones_in_one_load),
		READER_TEST(test_steps),
		READER_TEST(test_odd_names),
		READER_TEST(test_whole_and_gone),
		READER_TEST(test_steps_while_many_rows_load),
		READER_TEST(test_refused_load),
		READER_TEST(test_refused_step),
		READER_TEST(test_reborn),
		READER_TEST(test_unreadable_zone),
		READER_TEST(test_refused_look),
		READER_TEST(test_idle_rate),
		READER_TEST(test_global),
		READER_TEST(test_reaction),
	};
	if (!reader_fixture_connect())
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	reader_fixture_disconnect();
	return failed;
}
