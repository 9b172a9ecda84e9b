// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of the mirror with readers and a writer at once: what is seen is always one version.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/mirror_fixture.h"

#define Z "example.test"
enum { MARKS = 50, STEPS = 3000, READERS = 3 };

static struct fixture fixture;
static atomic_bool is_over;
static atomic_uint wrong, transfers, lookups;

/* What a transfer shows: all marks must bear the serial of its SOA. */
struct seen {
	unsigned serial, marks, others;
};

static enum ddns_result
look(void *context, const char *owner, const char *type, uint32_t ttl, const char *rdata)
{
	struct seen *seen = context;
	(void)ttl;
	if (strcmp(type, "SOA") == 0)
		sscanf(rdata, "%*s %*s %u", &seen->serial);
	else if (strncmp(owner, "mark", 4) == 0)
		seen->marks += (unsigned)strtoul(rdata + 1, NULL, 10) == seen->serial;
	else
		seen->others++;
	return DDNS_OK;
}

static void *
transfer_on_and_on(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over)) {
		struct seen seen = {0};
		const struct lookup_sink sink = {.context = &seen, .put = look};
		if (lookup_transfer(&fixture.instance, Z, &sink) != DDNS_OK)
			continue; // the zone is away for the moment
		if (seen.marks != MARKS || seen.others < 1)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&transfers, 1);
	}
	return NULL;
}

static enum ddns_result
count(void *context, const char *owner, const char *type, uint32_t ttl, const char *rdata)
{
	(void)owner;
	(void)type;
	(void)ttl;
	*(size_t *)context += strlen(rdata);
	return DDNS_OK;
}

static void *
look_on_and_on(void *unused)
{
	(void)unused;
	for (unsigned i = 0; !atomic_load(&is_over); i++) {
		size_t octets = 0;
		const struct lookup_sink sink = {.context = &octets, .put = count};
		char name[32];
		snprintf(name, sizeof(name), i % 2 == 0 ? "mark%u" : "x.y%u.ent", i % MARKS);
		enum lookup_answer answer =
			lookup_name(&fixture.instance, Z, name, LOOKUP_QUERY, true, &sink);
		if (answer != LOOKUP_FAILED &&
		    answer != (i % 2 == 0 ? LOOKUP_FOUND : LOOKUP_NO_NAME))
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&lookups, 1);
	}
	return NULL;
}

static struct ddns_row rows[MARKS + 2];
static char owners[MARKS][16], rdata[16];
static const char *names[MARKS + 1];

/* All marks with a serial, and a name that comes and goes with an empty one above it. */
static size_t
make_rows(uint32_t serial)
{
	size_t n = 0;
	snprintf(rdata, sizeof(rdata), "\"%u\"", serial);
	for (size_t i = 0; i < MARKS; i++) {
		snprintf(owners[i], sizeof(owners[i]), "mark%zu", i);
		names[i] = owners[i];
		rows[n++] = (struct ddns_row){owners[i], "TXT", 60, rdata, false};
	}
	names[MARKS] = "a.b.ent";
	if (serial % 2 == 0)
		rows[n++] = (struct ddns_row){"a.b.ent", "A", 60, "192.0.2.1", false};
	return n;
}

static void
write_all(uint32_t serial)
{
	struct ddns_zone zone = fixture_zone(1, Z, serial);
	size_t n = make_rows(serial);
	if (serial % 100 != 0) {
		assert_int_equal(mirror_step(fixture.mirror, &zone, names, MARKS + 1, rows, n),
				 DDNS_OK);
		return;
	}
	struct mirror_load *load;
	if (serial % 500 == 0)
		mirror_gone(fixture.mirror, 1);
	rows[n++] = (struct ddns_row){"@", "NS", 60, "ns.", false};
	assert_int_equal(mirror_load_begin(fixture.mirror, &zone, &load), DDNS_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(mirror_load_row(load, &rows[i]), DDNS_OK);
	assert_int_equal(mirror_load_end(load), DDNS_OK);
}

static void
test_readers_and_a_writer(void **state)
{
	(void)state;
	pthread_t threads[2 * READERS];
	fixture_begin(&fixture);
	write_all(100);
	mirror_set_ready(fixture.mirror);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&threads[2 * i], NULL, transfer_on_and_on, NULL),
				 0);
		assert_int_equal(pthread_create(&threads[2 * i + 1], NULL, look_on_and_on, NULL),
				 0);
	}
	for (uint32_t serial = 101; serial <= 100 + STEPS; serial++)
		write_all(serial);
	while (atomic_load(&transfers) < 20 || atomic_load(&lookups) < 1000)
		;
	atomic_store(&is_over, true);
	for (int i = 0; i < 2 * READERS; i++)
		pthread_join(threads[i], NULL);
	print_message("%u transfers, %u lookups during %u steps\n", atomic_load(&transfers),
		      atomic_load(&lookups), (unsigned)STEPS);
	assert_int_equal(atomic_load(&wrong), 0);
	fixture_end(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_and_a_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
