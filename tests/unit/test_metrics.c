// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway's counters: those of zones are bounded.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "gateway/metrics.h"

static unsigned long long
sent(struct metrics *metrics, unsigned index)
{
	return atomic_load(&metrics->notifies[index].events[NOTIFY_SENT]);
}

static void
test_zones_are_bounded(void **state)
{
	static struct metrics metrics;
	char origin[32];
	(void)state;
	metrics_init(&metrics);
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < METRICS_ZONES_MAX + 10; i++) {
			snprintf(origin, sizeof origin, "z%u.example", i);
			metrics_notify(&metrics, origin, NOTIFY_SENT);
		}
	assert_int_equal(atomic_load(&metrics.notify_zones), METRICS_ZONES_MAX);
	for (unsigned i = 0; i < METRICS_ZONES_MAX; i++)
		assert_int_equal(sent(&metrics, i), 2);
	assert_string_equal(metrics.notifies[METRICS_ZONES_MAX].origin, "");
	assert_int_equal(sent(&metrics, METRICS_ZONES_MAX), 20);
}

static void
test_histograms(void **state)
{
	static struct metrics metrics;
	const struct histogram *sizes = &metrics.batch_sizes;
	(void)state;
	metrics_init(&metrics);
	histogram_add(&metrics.batch_sizes, 1);
	histogram_add(&metrics.batch_sizes, 2.5);
	histogram_add(&metrics.batch_sizes, 1000);
	assert_int_equal(atomic_load(&sizes->buckets[0]), 1);
	assert_int_equal(atomic_load(&sizes->buckets[1]), 0);
	assert_int_equal(atomic_load(&sizes->buckets[2]), 1);
	assert_int_equal(atomic_load(&sizes->buckets[HISTOGRAM_BUCKETS - 1]), 1);
	assert_int_equal(atomic_load(&sizes->sum), 1003500000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones_are_bounded),
		cmocka_unit_test(test_histograms),
	};
	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
