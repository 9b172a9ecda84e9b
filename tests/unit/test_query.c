// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/http/query.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/http/query.h"
#include "tests/unit/guard_page.h"

/* What is parsed is written as "name=value;..." to compare. */
static void
write_query(const struct query *query, char *out)
{
	*out = '\0';
	for (size_t i = 0; i < query->count; i++)
		out += sprintf(out, "%s=%s;", query->parameters[i].name,
			       query->parameters[i].value);
}

static void
test_strings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"&", ""},
		{"a", "a=;"},
		{"a=", "a=;"},
		{"=b", "=b;"},
		{"a=b", "a=b;"},
		{"a=b=c", "a=b=c;"},
		{"TOK==", "TOK==;"},
		{"a=1&b=2", "a=1;b=2;"},
		{"a=1&&b=2&", "a=1;b=2;"},
		{"?a=1", "a=1;"},
		{"x=1?system=dyndns&b=2", "x=1;system=dyndns;b=2;"},
		{"h[]=a&h%5B%5D=b", "h[]=a;h[]=b;"},
		{"p=a+b", "p=a+b;"},
		{"p=a%2Bb%20c", "p=a+b c;"},
		{"ip=2001%3adb8%3a%3a9", "ip=2001:db8::9;"},
		{"ip=%i&x=%IP%", "ip=%i;x=%IP%;"},
		{"a=%", "a=%;"},
		{"a=%4", "a=%4;"},
		{"a=%41", "a=A;"},
		{"a=%zz", "a=%zz;"},
		{"a=%4g%", "a=%4g%;"},
		{"a=%26b=1", "a=&b=1;"},
		{"a%3Db=1", "a=b=1;"},
		{"myip=<ipaddr>,<ip6lanprefix>", "myip=<ipaddr>,<ip6lanprefix>;"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct query query = {0};
		char out[256];
		char *text = guard_page_text(cases[i].text);
		assert_int_equal(query_parse(&query, text, strlen(text)), DDNS_OK);
		write_query(&query, out);
		assert_string_equal(out, cases[i].expected);
	}
}

static void
test_nul_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{"a=%00", 5}, {"a=b%00c", 7}, {"%00=b", 5}, {"a=b\0c", 5}, {"a\0=b", 4},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct query query = {0};
		char *text = guard_page_copy(cases[i].text, cases[i].length + 1);
		assert_int_equal(query_parse(&query, text, cases[i].length), DDNS_BAD_INPUT);
	}
}

static void
test_too_many(void **state)
{
	(void)state;
	struct query query = {0};
	char text[4 * QUERY_PARAMETERS_MAX + 8] = "";
	for (int i = 0; i < QUERY_PARAMETERS_MAX; i++)
		strcat(text, "a=1&");
	char *copy = guard_page_text(text);
	assert_int_equal(query_parse(&query, copy, strlen(copy)), DDNS_OK);
	assert_int_equal(query.count, QUERY_PARAMETERS_MAX);
	char more[] = "b";
	assert_int_equal(query_parse(&query, more, 1), DDNS_BAD_INPUT);
}

static void
test_values(void **state)
{
	(void)state;
	struct query query = {0};
	char url[] = "hostname=a&hostname=b&empty", body[] = "myip=1";
	assert_int_equal(query_parse(&query, url, strlen(url)), DDNS_OK);
	assert_int_equal(query_parse(&query, body, strlen(body)), DDNS_OK);
	assert_string_equal(query_value(&query, "hostname"), "a");
	assert_string_equal(query_value(&query, "empty"), "");
	assert_string_equal(query_value(&query, "myip"), "1");
	assert_null(query_value(&query, "Hostname"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
