// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/update/writer.c against a real server, which DDNS_TEST_CONNINFO names.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "gateway/update/writer.h"
#include "sql/client/db.h"

enum { HOSTS = 40 };

static PGconn *admin; // does things behind the writer's back
static struct metrics metrics;
static struct writer *writer;
static long long account;

static void
sleep_ms(int ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	nanosleep(&time, NULL);
}

static void
execute(const char *sql)
{
	PGresult *result = PQexec(admin, sql);
	ExecStatusType status = PQresultStatus(result);
	PQclear(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(admin));
}

static long long
query_number(const char *sql)
{
	PGresult *result = PQexec(admin, sql);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		fail_msg("%s: %s", sql, PQerrorMessage(admin));
	long long number = atoll(PQgetvalue(result, 0, 0));
	PQclear(result);
	return number;
}

static int
set_up(void **state)
{
	(void)state;
	char sql[1024];
	admin = PQconnectdb(getenv("DDNS_TEST_CONNINFO"));
	execute("INSERT INTO ddns.accounts (login) VALUES ('joe')");
	account = query_number("SELECT id FROM ddns.accounts");
	execute("INSERT INTO ddns.zones (origin, kind, addresses, mname, rname) VALUES"
		" ('one.test', 'shared', 'any', 'ns.test', 'hm.test'),"
		" ('two.test', 'shared', 'any', 'ns.test', 'hm.test')");
	snprintf(sql, sizeof sql,
		 "INSERT INTO ddns.domains (zone, owner, account_id)"
		 " SELECT z, 'h' || i, %lld FROM generate_series(1, %d) AS i,"
		 " unnest(ARRAY['one.test', 'two.test']) AS z",
		 account, HOSTS);
	execute(sql);
	metrics_init(&metrics);
	const struct writer_options options = {
		.database = getenv("DDNS_TEST_CONNINFO"),
		.metrics = &metrics,
	};
	return writer_create(&options, &writer) == DDNS_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	writer_free(writer);
	PQfinish(admin);
	return 0;
}

/* A request for hosts of a zone, from h<first> on; it is submitted, not waited for. */
static struct update_request *
submit(const char *zone, int first, size_t count, const char *address)
{
	struct update_request *request = update_request_create(count);
	assert_non_null(request);
	request->credential.account_id = account;
	strcpy(request->credential.login, "joe");
	assert_int_equal(address_parse("192.0.2.254", &request->peer), DDNS_OK);
	addresses_add(&request->addresses, address);
	for (size_t i = 0; i < count; i++)
		snprintf(request->updates[i].name, sizeof request->updates[i].name, "h%d.%s",
			 first + (int)i, zone);
	if (writer_submit(writer, request) != DDNS_OK)
		for (size_t i = 0; i < count; i++)
			request->updates[i].verdict = UPDATE_UNAVAILABLE;
	return request;
}

/* Waits for a request and takes the verdict of its only update. */
static enum update_verdict
finish(struct update_request *request)
{
	update_request_wait(request);
	enum update_verdict verdict = request->updates[0].verdict;
	update_request_release(request);
	return verdict;
}

static enum update_verdict
update(const char *zone, int host, const char *address)
{
	return finish(submit(zone, host, 1, address));
}

static void
test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(update("one.test", 1, "192.0.2.1"), UPDATE_CHANGED);
	assert_int_equal(update("one.test", 1, "192.0.2.1"), UPDATE_UNCHANGED);
	assert_int_equal(update("one.test", 1, "192.0.2.1,2001:db8::1"), UPDATE_CHANGED);
	assert_int_equal(update("none.test", 1, "192.0.2.1"), UPDATE_UNKNOWN);
	assert_int_equal(update("one.test", 1, "224.0.0.1"), UPDATE_REFUSED);

	struct update_request *request = submit("one.test", HOSTS - 1, 3, "192.0.2.2");
	update_request_wait(request);
	assert_int_equal(request->updates[0].verdict, UPDATE_CHANGED);
	assert_int_equal(request->updates[1].verdict, UPDATE_CHANGED);
	assert_int_equal(request->updates[2].verdict, UPDATE_UNKNOWN);
	assert_string_equal(request->updates[0].zone, "one.test");
	assert_string_equal(request->updates[0].addresses, "192.0.2.2");
	assert_int_not_equal(request->updates[0].serial, 0);
	update_request_release(request);
}

/* Many requests at once share transactions. */
static void
test_groups(void **state)
{
	(void)state;
	struct update_request *requests[HOSTS];
	unsigned long long before = metrics.batch_sizes.sum, batches = 0;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		batches -= metrics.batch_sizes.buckets[i];
	for (int i = 0; i < HOSTS; i++)
		requests[i] = submit(i % 2 == 0 ? "one.test" : "two.test", i + 1, 1, "192.0.2.3");
	for (int i = 0; i < HOSTS; i++)
		assert_int_equal(finish(requests[i]), UPDATE_CHANGED);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		batches += metrics.batch_sizes.buckets[i];
	assert_int_equal((metrics.batch_sizes.sum - before) / 1000000, HOSTS);
	assert_true(batches < HOSTS);
	assert_int_equal(query_number("SELECT count(*) FROM ddns.domains"
				      " WHERE '192.0.2.3' = ANY (address)"),
			 HOSTS);
}

/* A host whose row somebody holds fails after a second; others do not wait for it. */
static void
test_a_held_row(void **state)
{
	(void)state;
	execute("BEGIN");
	execute("UPDATE ddns.domains SET ttl = 61 WHERE name = 'h5.one.test'");
	int64_t begun = ddns_clock_ms();
	struct update_request *held = submit("one.test", 5, 1, "192.0.2.5");
	for (int i = 0; i < 10; i++) // each of them would wait for a second
		assert_int_equal(update("one.test", 6 + i, "192.0.2.6"), UPDATE_CHANGED);
	assert_true(ddns_clock_ms() - begun < 5000);
	assert_int_equal(finish(held), UPDATE_BUSY);
	assert_in_range(ddns_clock_ms() - begun, 950, 10000);

	begun = ddns_clock_ms();
	held = submit("one.test", 5, 1, "192.0.2.5");
	sleep_ms(200);
	execute("COMMIT");
	assert_int_equal(finish(held), UPDATE_CHANGED);
	assert_in_range(ddns_clock_ms() - begun, 200, 5000);
}

/* Of those who ask again and again for a host that is held, few wait. */
static void
test_a_crowd(void **state)
{
	(void)state;
	struct update_request *requests[12];
	execute("BEGIN");
	execute("UPDATE ddns.domains SET ttl = 62 WHERE name = 'h5.one.test'");
	for (int i = 0; i < 6; i++)
		requests[i] = submit("one.test", 5, 1, "192.0.2.7");
	sleep_ms(200);
	int64_t begun = ddns_clock_ms();
	for (int i = 6; i < 12; i++)
		requests[i] = submit("one.test", 5, 1, "192.0.2.7");
	for (int i = 6; i < 12; i++)
		assert_int_equal(finish(requests[i]), UPDATE_BUSY);
	assert_true(ddns_clock_ms() - begun < 900); // those who wait do so for a second
	for (int i = 0; i < 6; i++)
		assert_int_equal(finish(requests[i]), UPDATE_BUSY);
	execute("ROLLBACK");
}

/* A member that makes the commit fail harms no other. */
static void
test_a_failing_commit(void **state)
{
	(void)state;
	execute("CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		" IF new.owner = 'h7' THEN RAISE check_violation USING MESSAGE = 'cursed'; END IF;"
		" RETURN new; END $$");
	execute("CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON ddns.domains"
		" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.refuse()");
	struct update_request *request = submit("one.test", 1, 10, "192.0.2.8");
	update_request_wait(request);
	for (int i = 0; i < 10; i++)
		assert_int_equal(request->updates[i].verdict,
				 i == 6 ? UPDATE_FAILED : UPDATE_CHANGED);
	assert_string_equal(request->updates[6].reason, "cursed");
	update_request_release(request);
	execute("DROP TRIGGER refuse ON ddns.domains");
	execute("DROP FUNCTION public.refuse()");
}

/* A zone whose commits somebody holds up does not stop the others. */
static void
test_a_held_zone(void **state)
{
	(void)state;
	execute("BEGIN");
	execute("SELECT FROM ddns.zone_state s JOIN ddns.zones z ON z.id = s.zone_id"
		" WHERE z.origin = 'one.test' FOR UPDATE OF s");
	struct update_request *held = submit("one.test", 1, 1, "192.0.2.9");
	sleep_ms(50);
	for (int i = 0; i < 5; i++)
		assert_int_equal(update("two.test", 20 + i, "192.0.2.9"), UPDATE_CHANGED);
	assert_int_equal(finish(held), UPDATE_BUSY);
	execute("ROLLBACK");
	assert_int_equal(update("one.test", 1, "192.0.2.10"), UPDATE_CHANGED);
}

/* Connections are cut all the time: every update is done all the same, and every good is stored. */
static void
test_lost_connections(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		char address[32], sql[256];
		snprintf(address, sizeof address, "198.51.100.%d", i + 1);
		struct update_request *request = submit("one.test", i % HOSTS + 1, 1, address);
		if (i % 5 == 0)
			execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
				" WHERE application_name = 'ddns-gateway'");
		assert_int_equal(finish(request), UPDATE_CHANGED);
		snprintf(sql, sizeof sql,
			 "SELECT count(*) FROM ddns.domains WHERE name = 'h%d.one.test'"
			 " AND '%s' = ANY (address)",
			 i % HOSTS + 1, address);
		assert_int_equal(query_number(sql), 1);
	}
}

static void
control(const char *what)
{
	char command[2048];
	snprintf(command, sizeof command, "%s %s >/dev/null 2>&1", getenv("DDNS_TEST_PG_CTL"),
		 what);
	assert_int_equal(system(command), 0);
}

/* Without the database the answer comes in time, and soon at once; with it all works again. */
static void
test_an_outage(void **state)
{
	(void)state;
	control("-m immediate stop");
	int64_t begun = ddns_clock_ms();
	assert_int_equal(finish(submit("one.test", 1, 1, "192.0.2.11")), UPDATE_PENDING);
	assert_in_range(ddns_clock_ms() - begun, 1900, 10000);
	begun = ddns_clock_ms();
	assert_int_equal(update("one.test", 1, "192.0.2.11"), UPDATE_UNAVAILABLE);
	assert_true(ddns_clock_ms() - begun < 1000); // it does not wait for two seconds again
	struct writer_status status;
	writer_status(writer, &status);
	assert_false(status.is_connected);
	control("start");
	for (int i = 0; i < 6000 && !status.is_connected; i++) {
		sleep_ms(10);
		writer_status(writer, &status);
	}
	assert_int_equal(update("one.test", 1, "192.0.2.12"), UPDATE_CHANGED);
	PQreset(admin);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),	 cmocka_unit_test(test_groups),
		cmocka_unit_test(test_a_held_row),	 cmocka_unit_test(test_a_crowd),
		cmocka_unit_test(test_a_failing_commit), cmocka_unit_test(test_a_held_zone),
		cmocka_unit_test(test_lost_connections), cmocka_unit_test(test_an_outage),
	};
	if (getenv("DDNS_TEST_CONNINFO") == NULL)
		return 77;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
