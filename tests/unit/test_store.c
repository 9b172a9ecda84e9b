// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of dlz_ddns/store.c and feed.c, with no database to be had.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlz_ddns/log.h"
#include "dlz_ddns/mirror.h"
#include "dlz_ddns/store.h"
#include "sql/client/db.h"

#define NOWHERE "host=/nonexistent dbname=none"

static unsigned lines;

static void
count_line(enum log_level level, const char *text)
{
	(void)level;
	assert_non_null(strstr(text, "first"));
	lines++;
}

static struct store *
attach(const char *conninfo, const char *name)
{
	bool is_ready = true;
	int64_t begin = ddns_clock_ms();
	struct store *store = store_attach(conninfo, name, 20000, &is_ready);
	assert_non_null(store);
	assert_false(is_ready);
	// it does not wait for what cannot be had
	assert_in_range(ddns_clock_ms() - begin, 0, 5000);
	assert_false(mirror_is_ready(store_mirror(store)));
	return store;
}

static void
test_life(void **state)
{
	(void)state;
	log_open(count_line, true);
	for (int round = 0; round < 3; round++) {
		struct store *first = attach(NOWHERE, "first");
		struct store *second = attach(NOWHERE, "second");
		assert_ptr_equal(first, second); // one mirror, whoever asks
		store_detach(first, 5000);
		assert_true(store_is_in_use());
		int64_t begin = ddns_clock_ms();
		store_detach(second, 5000);
		assert_in_range(ddns_clock_ms() - begin, 0, 4000);
		assert_false(store_is_in_use());
		// named may ask once more
		struct snapshot *snapshot;
		assert_int_equal(mirror_find(store_mirror(first), "a.test", 6, &snapshot),
				 MIRROR_ABSENT);
	}
	assert_true(lines >= 3);
}

static void
test_two_databases(void **state)
{
	(void)state;
	log_open(count_line, true);
	struct store *a = attach(NOWHERE, "first");
	struct store *b = attach(NOWHERE " user=b", "first too");
	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(store_mirror(a), store_mirror(b));
	store_detach(a, 5000);
	store_detach(b, 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_two_databases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
