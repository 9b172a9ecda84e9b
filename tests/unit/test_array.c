// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of sql/client/array.c and of the tables of results.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sql/client/db.h"

static void
test_literals(void **state)
{
	(void)state;
	static const struct {
		const char *rule;
		size_t count;
		const char *values[4];
		const char *text;
	} cases[] = {
		{"PostgreSQL 8.15.2: no element", 0, {NULL}, "{}"},
		{"PostgreSQL 8.15.2: one", 1, {"a"}, "{\"a\"}"},
		{"PostgreSQL 8.15.2: several", 3, {"a", "b", "c"}, "{\"a\",\"b\",\"c\"}"},
		{"PostgreSQL 8.15.6: the empty string", 2, {"", ""}, "{\"\",\"\"}"},
		{"PostgreSQL 8.15.6: null and the word", 2, {NULL, "NULL"}, "{NULL,\"NULL\"}"},
		{"PostgreSQL 8.15.6: quotes and backslashes",
		 3,
		 {"a\"b", "a\\b", "\\\""},
		 "{\"a\\\"b\",\"a\\\\b\",\"\\\\\\\"\"}"},
		{"PostgreSQL 8.15.6: braces, commas, blanks",
		 3,
		 {"{", ",", " a\n "},
		 "{\"{\",\",\",\" a\n \"}"},
	};
	struct ddns_array array = {0};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text;
		for (size_t j = 0; j < cases[i].count; j++)
			ddns_array_add(&array, cases[i].values[j]);
		assert_int_equal(ddns_array_text(&array, &text), DDNS_OK);
		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].rule, text);
		ddns_array_clear(&array);
	}
	ddns_array_free(&array);
}

/* The text may be asked for between two elements, and the memory grows. */
static void
test_growth(void **state)
{
	(void)state;
	struct ddns_array array = {0};
	const char *text;
	for (size_t i = 0; i < 1000; i++) {
		ddns_array_add(&array, "\"\"\"\"");
		assert_int_equal(ddns_array_text(&array, &text), DDNS_OK);
		assert_int_equal(strlen(text), (i + 1) * 11 + 1);
	}
	ddns_array_clear(&array);
	assert_int_equal(ddns_array_text(&array, &text), DDNS_OK);
	assert_string_equal(text, "{}");
	ddns_array_free(&array);
	assert_int_equal(ddns_array_text(&array, &text), DDNS_OK);
	assert_string_equal(text, "{}");
}

static void
test_broken(void **state)
{
	(void)state;
	struct ddns_array array = {.is_broken = true};
	const char *text = "untouched";
	ddns_array_add(&array, "a");
	assert_int_equal(ddns_array_text(&array, &text), DDNS_NO_MEMORY);
	assert_string_equal(text, "untouched");
	ddns_array_clear(&array);
	assert_int_equal(ddns_array_text(&array, &text), DDNS_OK);
}

static void
test_sqlstates(void **state)
{
	(void)state;
	static const struct {
		const char *sqlstate;
		enum ddns_result result;
	} cases[] = {
		{"", DDNS_INTERNAL},	     {"99999", DDNS_INTERNAL},
		{"42P01", DDNS_INTERNAL},    {"42501", DDNS_DENIED},
		{"28P01", DDNS_DENIED},	     {"23505", DDNS_CONFLICT},
		{"23514", DDNS_BAD_INPUT},   {"23000", DDNS_CONFLICT},
		{"22P02", DDNS_BAD_INPUT},   {"P0001", DDNS_BAD_INPUT},
		{"P0002", DDNS_NOT_FOUND},   {"40001", DDNS_RETRY},
		{"40P01", DDNS_RETRY},	     {"40003", DDNS_UNAVAILABLE},
		{"55P03", DDNS_RETRY},	     {"53100", DDNS_UNAVAILABLE},
		{"57014", DDNS_UNAVAILABLE}, {"57P01", DDNS_UNAVAILABLE},
		{"08006", DDNS_UNAVAILABLE}, {"25006", DDNS_UNAVAILABLE},
		{"XX000", DDNS_INTERNAL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum ddns_result result = ddns_db_result_of(cases[i].sqlstate);
		if (result != cases[i].result)
			fail_msg("%s is %s", cases[i].sqlstate, ddns_result_text(result));
	}
}

static void
test_result_texts(void **state)
{
	(void)state;
	assert_string_equal(ddns_result_text(DDNS_OK), "ok");
	for (int i = DDNS_OK; i <= DDNS_INTERNAL; i++) {
		for (int j = DDNS_OK; j < i; j++) {
			assert_string_not_equal(ddns_result_text((enum ddns_result)i),
						ddns_result_text((enum ddns_result)j));
		}
	}
	assert_non_null(ddns_result_text((enum ddns_result)99));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),     cmocka_unit_test(test_growth),
		cmocka_unit_test(test_broken),	     cmocka_unit_test(test_sqlstates),
		cmocka_unit_test(test_result_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
