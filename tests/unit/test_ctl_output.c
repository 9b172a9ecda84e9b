// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/ctl/output.c and gateway/ctl/assign.c, the values in and out.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/ctl/assign.h"
#include "gateway/ctl/output.h"

static const struct output_column columns[] = {
	{"NAME", "name", OUTPUT_TEXT}, {"N", "n", OUTPUT_NUMBER}, {"LIST", "list", OUTPUT_TIME}};
enum { COLUMNS = sizeof columns / sizeof *columns };

static json_t *
json(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);
	assert_non_null(value);
	return value;
}

static void
check_table(const char *rows, const char *expected)
{
	char *text = NULL;
	size_t size;
	json_t *value = json(rows);
	FILE *stream = open_memstream(&text, &size);
	assert_non_null(stream);
	assert_int_equal(output_table(stream, value, columns, COLUMNS), DDNS_OK);
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(text, expected);
	json_decref(value);
	free(text);
}

static void
test_tables(void **state)
{
	(void)state;
	check_table("[]", "");
	check_table("[{\"name\": \"a\", \"n\": 5, \"list\": [\"x\", \"y\"]},"
		    " {\"name\": \"longer\", \"n\": 1234, \"list\": []}]",
		    "NAME       N  LIST\n"
		    "a          5  x,y\n"
		    "longer  1234  -\n");
	check_table("[{\"name\": \"a\", \"n\": 5, \"list\": \"2026-11-22T20:54:15.653198+00:00\"},"
		    " {\"name\": \"b\", \"n\": 5, \"list\": \"2026-11-22T20:54:15-03:30\"},"
		    " {\"name\": \"c\", \"n\": 5, \"list\": \"infinity\"}]",
		    "NAME  N  LIST\n"
		    "a     5  2026-11-22 20:54:15Z\n"
		    "b     5  2026-11-22 20:54:15-03:30\n"
		    "c     5  infinity\n");
	// by characters, not octets; what would steer a terminal is not sent to it
	check_table("[{\"name\": \"\\u00fc\\u001b[2J\", \"n\": null, \"list\": true}]",
		    "NAME   N  LIST\n"
		    "\xc3\xbc?[2J  -  yes\n");
	check_table("[{\"name\": \"\\u009b2J\\u00a0\\u202ea\\u2069\\u2028\\u2027\\u206a\", \"n\": "
		    "1, \"list\": \"\\u0080\\u00df\"}]",
		    "NAME        N  LIST\n"
		    "?2J\xc2\xa0?a??\xe2\x80\xa7\xe2\x81\xaa  1  ?\xc3\x9f\n");
}

static void
test_fields(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size;
	json_t *value = json("{\"name\": \"a\", \"list\": [{\"b\": 1}]}");
	FILE *stream = open_memstream(&text, &size);
	assert_int_equal(output_fields(stream, value, columns, COLUMNS), DDNS_OK);
	assert_int_equal(fclose(stream), 0);
	assert_string_equal(text, "NAME  a\nN     -\nLIST  {\"b\":1}\n");
	json_decref(value);
	free(text);
}

static const struct assignment table[] = {
	{"text", "text", assign_text},	   {"number", "number", assign_integer},
	{"is_on", "is_on", assign_switch}, {"zone_name", "name", assign_name},
	{"list", "list", assign_list},
};

static void
test_assignments(void **state)
{
	(void)state;
	static const char *const words[] = {
		"text=a=b",
		"number=-7",
		"is-on=off",
		"zone-name=B.Example.",
		"list=192.0.2.1,2001:db8::1",
	};
	struct session session;
	json_t *object = NULL;
	session_init(&session);
	assert_int_equal(assign_parse(&session, table, sizeof table / sizeof *table, words,
				      sizeof words / sizeof *words, &object),
			 DDNS_OK);
	char *text = json_dumps(object, JSON_COMPACT);
	assert_string_equal(
		text, "{\"text\":\"a=b\",\"number\":-7,\"is_on\":false,\"name\":\"b.example\","
		      "\"list\":[\"192.0.2.1\",\"2001:db8::1\"]}");
	free(text);
	json_decref(object);
}

static void
test_empty_values(void **state)
{
	(void)state;
	static const char *const words[] = {"text=", "list="};
	struct session session;
	json_t *object = NULL;
	session_init(&session);
	assert_int_equal(
		assign_parse(&session, table, sizeof table / sizeof *table, words, 2, &object),
		DDNS_OK);
	assert_true(json_is_null(json_object_get(object, "text")));
	assert_int_equal(json_array_size(json_object_get(object, "list")), 0);
	json_decref(object);
}

static void
test_assignments_refused(void **state)
{
	(void)state;
	static const struct {
		const char *word, *says;
		bool is_usage;
	} cases[] = {
		{"number", "KEY=VALUE", true},
		{"=5", "what can be set: text, number", true},
		{"numbr=5", "'number'", true},
		{"number=five", "wants a number", false},
		{"number=", "wants a number", false},
		{"number=99999999999999999999", "wants a number", false},
		{"is_on=maybe", "on or off", false},
		{"zone_name=a..b", "no domain name", false},
		{"text=\xff", "UTF-8", false},
		{"list=a,\xff", "UTF-8", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct session session;
		json_t *object = NULL;
		session_init(&session);
		assert_int_equal(assign_parse(&session, table, sizeof table / sizeof *table,
					      &cases[i].word, 1, &object),
				 DDNS_BAD_INPUT);
		assert_null(object);
		assert_int_equal(session.is_usage, cases[i].is_usage);
		if (strstr(session.message, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].word, session.message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_assignments),
		cmocka_unit_test(test_empty_values),
		cmocka_unit_test(test_assignments_refused),
	};
	return cmocka_run_group_tests_name("ctl_output", tests, NULL, NULL);
}
