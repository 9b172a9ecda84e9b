// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of sql/client/dname.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sql/client/dname.h"

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"
#define N255 L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a" // 3 * 64 + 62 + 1 octets

static const struct {
	const char *rule, *text, *stored; // stored NULL: refused
} names[] = {
	{"RFC 1034 3.1: case does not matter", "WWW.Example.ORG", "www.example.org"},
	{"RFC 1034 3.1: the trailing dot is the root", "example.org.", "example.org"},
	{"RFC 1034 3.1: the root", ".", ""},
	{"RFC 1035 5.1: @ is the origin", "@", "@"},
	{"RFC 1035 5.1: \\@ is a label", "\\@", "\\@"},
	{"RFC 1035 5.1: \\. is no separator", "a\\.b.c", "a\\.b.c"},
	{"RFC 1035 5.1: \\\\ then a separator", "a\\\\.b", "a\\\\.b"},
	{"RFC 1035 5.1: \\DDD of a letter", "\\065\\098c", "abc"},
	{"RFC 1035 5.1: \\DDD of a dot", "a\\046b", "a\\.b"},
	{"RFC 1035 5.1: \\DDD of a blank", "a\\032b", "a\\032b"},
	{"RFC 1035 5.1: \\000 and \\255", "\\000\\255.x", "\\000\\255.x"},
	{"RFC 1035 5.1: \\ before a letter", "\\a\\B", "ab"},
	{"RFC 1035 5.1: what named escapes", "a\"b(c)d;e@f$g", "a\\\"b\\(c\\)d\\;e\\@f\\$g"},
	{"RFC 1035 5.1: already escaped", "a\\\"\\(\\)\\;\\@\\$", "a\\\"\\(\\)\\;\\@\\$"},
	{"RFC 2181 11: other signs stay", "_acme-challenge.*.a!b/c", "_acme-challenge.*.a!b/c"},
	{"RFC 4592 2.1.1: the wildcard label", "*.example.org", "*.example.org"},
	{"RFC 1035 2.3.4: 63 octets", L63 ".org", L63 ".org"},
	{"RFC 1035 2.3.4: 64 octets", "x" L63 ".org", NULL},
	{"RFC 1035 2.3.4: 255 octets", N255, N255},
	{"RFC 1035 2.3.4: 255 octets and a trailing dot", N255 ".", N255},
	{"RFC 1035 2.3.4: 256 octets", N255 "b", NULL},
	{"RFC 1035 2.3.4: 257 octets by a label", N255 ".b", NULL},
	{"no text", "", NULL},
	{"empty label at the head", ".example.org", NULL},
	{"empty label between", "a..b", NULL},
	{"two trailing dots", "a..", NULL},
	{"two dots", "..", NULL},
	{"\\DDD above 255", "\\256", NULL},
	{"\\DDD cut short", "\\06", NULL},
	{"\\DDD with a letter", "\\06a", NULL},
	{"\\ at the end", "a\\", NULL},
	{"\\ before a blank", "a\\ b", NULL},
	{"bare blank", "a b", NULL},
	{"bare control octet", "a\tb", NULL},
	{"bare octet above 126", "caf\xc3\xa9", NULL},
};

static void
test_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char out[DDNS_DNAME_TEXT_MAX + 1] = "untouched";
		enum ddns_result result = ddns_dname_canonical(names[i].text, out);
		const char *expected = names[i].stored != NULL ? names[i].stored : "untouched";
		if ((result == DDNS_OK) != (names[i].stored != NULL) || strcmp(out, expected) != 0)
			fail_msg("%s: %s gave %s '%s'", names[i].rule, names[i].text,
				 ddns_result_text(result), out);
	}
}

/* What is stored is read back as itself, through the wire too. */
static void
test_stored_names_are_stable(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *stored = names[i].stored;
		char out[DDNS_DNAME_TEXT_MAX + 1];
		uint8_t wire[DDNS_DNAME_WIRE_MAX];
		size_t length;
		if (stored == NULL || strcmp(stored, "@") == 0)
			continue;
		if (stored[0] != '\0') {
			assert_int_equal(ddns_dname_canonical(stored, out), DDNS_OK);
			assert_string_equal(out, stored);
		}
		assert_int_equal(ddns_dname_to_wire(stored, wire, &length), DDNS_OK);
		assert_int_equal(ddns_dname_from_wire(wire, length, out), DDNS_OK);
		assert_string_equal(out, stored);
	}
}

/* The longest text: 250 octets of labels that all need four characters. */
static void
test_longest_text(void **state)
{
	(void)state;
	uint8_t wire[DDNS_DNAME_WIRE_MAX];
	char out[DDNS_DNAME_TEXT_MAX + 1];
	char again[DDNS_DNAME_TEXT_MAX + 1];
	size_t at = 0;
	for (size_t left = 254; left > 0;) {
		size_t label = left > 64 ? 63 : left - 1;
		wire[at++] = (uint8_t)label;
		memset(wire + at, 0xff, label);
		at += label;
		left -= label + 1;
	}
	wire[at++] = 0;
	assert_int_equal(at, DDNS_DNAME_WIRE_MAX);
	assert_int_equal(ddns_dname_from_wire(wire, at, out), DDNS_OK);
	assert_int_equal(strlen(out), 250 * 4 + 3);
	assert_int_equal(ddns_dname_canonical(out, again), DDNS_OK);
	assert_string_equal(out, again);
}

static void
test_to_wire(void **state)
{
	(void)state;
	uint8_t wire[DDNS_DNAME_WIRE_MAX];
	size_t length;
	assert_int_equal(ddns_dname_to_wire("Ab.c\\.D.", wire, &length), DDNS_OK);
	assert_int_equal(length, 8);
	assert_memory_equal(wire, "\2ab\3c.d", 8);
	assert_int_equal(ddns_dname_to_wire("", wire, &length), DDNS_OK);
	assert_int_equal(length, 1);
	assert_int_equal(wire[0], 0);
	assert_int_equal(ddns_dname_to_wire("@", wire, &length), DDNS_BAD_INPUT);
}

static void
test_bad_wire(void **state)
{
	(void)state;
	static const struct {
		const char *rule;
		size_t length;
		const char *wire;
	} cases[] = {
		{"nothing", 0, ""},
		{"no root label", 4, "\3abc"},
		{"label past the end", 3, "\3ab"},
		{"label over the root label", 4, "\3ab"},
		{"octets after the root", 4, "\1a\0b"},
		{"RFC 1035 4.1.4: a pointer", 2, "\xc0\x0c"},
		{"RFC 6891 5: an extended label type", 4, "\x41\1\1"},
	};
	char out[DDNS_DNAME_TEXT_MAX + 1];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		// on the heap at its exact size, so that memory checkers see a read past it
		uint8_t *wire = malloc(cases[i].length > 0 ? cases[i].length : 1);
		assert_non_null(wire);
		memcpy(wire, cases[i].wire, cases[i].length);
		enum ddns_result result = ddns_dname_from_wire(wire, cases[i].length, out);
		free(wire);
		if (result != DDNS_BAD_INPUT)
			fail_msg("%s: %s", cases[i].rule, ddns_result_text(result));
	}
	uint8_t long_wire[256];
	for (size_t i = 0; i < sizeof(long_wire); i++)
		long_wire[i] = i % 2 == 0 ? 1 : 'a';
	long_wire[255] = 0;
	assert_int_equal(ddns_dname_from_wire(long_wire, 256, out), DDNS_BAD_INPUT);
}

static void
test_labels_and_parents(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t labels;
		const char *parent;
	} cases[] = {
		{"", 0, NULL},	     {"@", 0, NULL},	  {"a", 1, NULL},
		{"a.b.c", 3, "b.c"}, {"a\\.b.c", 2, "c"}, {"a\\\\.b", 2, "b"},
		{"\\046.b", 2, "b"}, {"a\\.b", 1, NULL},  {"\\000\\..\\\\\\..c", 3, "\\\\\\..c"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *parent = ddns_dname_parent(cases[i].name);
		assert_int_equal(ddns_dname_labels(cases[i].name), cases[i].labels);
		if (cases[i].parent == NULL)
			assert_null(parent);
		else
			assert_string_equal(parent, cases[i].parent);
	}
}

static void
test_relative(void **state)
{
	(void)state;
	static const struct {
		const char *name, *origin, *relative; // NULL: not in it
	} cases[] = {
		{"example.org", "example.org", "@"},
		{"www.example.org", "example.org", "www"},
		{"a.b.example.org", "example.org", "a.b"},
		{"badexample.org", "example.org", NULL},
		{"bad\\.example.org", "example.org", NULL},
		{"bad\\\\.example.org", "example.org", "bad\\\\"},
		{"org", "example.org", NULL},
		{"example.org", "", "example.org"},
		{"", "", "@"},
		{"", "org", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[DDNS_DNAME_TEXT_MAX + 1] = "untouched";
		enum ddns_result result = ddns_dname_relative(cases[i].name, cases[i].origin, out);
		bool is_in = cases[i].relative != NULL;
		assert_int_equal(result, is_in ? DDNS_OK : DDNS_NOT_FOUND);
		assert_string_equal(out, is_in ? cases[i].relative : "untouched");
		assert_int_equal(ddns_dname_is_at_or_below(cases[i].name, cases[i].origin), is_in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),    cmocka_unit_test(test_stored_names_are_stable),
		cmocka_unit_test(test_longest_text), cmocka_unit_test(test_to_wire),
		cmocka_unit_test(test_bad_wire),     cmocka_unit_test(test_labels_and_parents),
		cmocka_unit_test(test_relative),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
