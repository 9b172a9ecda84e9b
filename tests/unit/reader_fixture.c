// SPDX-License-Identifier: GPL-3.0-or-later
// A reader with a shadow as its sink, beside a connection that changes the database.
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

enum { SOON_MS = 60 * 1000 }; // on a machine that does much else

const char *conninfo;
PGconn *admin;

bool
reader_fixture_connect(void)
{
	conninfo = getenv("DDNS_TEST_CONNINFO");
	if (conninfo == NULL) {
		fputs("DDNS_TEST_CONNINFO is not set: run this by tests/unit/with-database\n",
		      stderr);
		return false;
	}
	cmocka_set_test_filter(getenv("DDNS_TEST_FILTER"));
	admin = PQconnectdb(conninfo);
	if (PQstatus(admin) == CONNECTION_OK)
		return true;
	fputs(PQerrorMessage(admin), stderr);
	PQfinish(admin);
	return false;
}

void
reader_fixture_disconnect(void)
{
	PQfinish(admin);
}

void
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

bool
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
void
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
void
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

void
start_with(struct fixture *fixture, struct ddns_reader_options options)
{
	if (options.conninfo == NULL)
		options.conninfo = conninfo;
	options.application = "test_reader";
	options.sink = shadow_sink(&fixture->shadow);
	assert_int_equal(ddns_reader_create(&options, &fixture->reader), DDNS_OK);
	assert_int_equal(pthread_create(&fixture->thread, NULL, run, fixture->reader), 0);
}

int
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
	if (shadow_clock_us() - start > 5000000)
		fail_msg("stopping took %ld us", (long)(shadow_clock_us() - start));
	ddns_reader_free(fixture->reader);
	fixture->reader = NULL;
}

int
tear_down(void **state)
{
	struct fixture *fixture = *state;
	if (fixture->reader != NULL)
		stop(fixture);
	shadow_free(&fixture->shadow);
	free(fixture);
	return 0;
}

void
start_zones(struct fixture *fixture)
{
	start_with(fixture, (struct ddns_reader_options){.wants_zones = true});
	await_count(&fixture->shadow, &fixture->shadow.readies, 1);
}

struct ddns_reader_status
status_of(const struct fixture *fixture)
{
	struct ddns_reader_status status;
	ddns_reader_status(fixture->reader, &status);
	return status;
}
