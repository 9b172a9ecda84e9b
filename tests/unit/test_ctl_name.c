// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/ctl/name.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/ctl/name.h"

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
test_names(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *stored; // NULL: refused
	} cases[] = {
		{"example.org", "example.org"},
		{"Example.ORG.", "example.org"},
		{"*.joe.example.org", "*.joe.example.org"},
		{"_acme-challenge.*", "_acme-challenge.*"},
		{"a\\.b.example", "a\\.b.example"},
		{"a\\032b.example", "a\\032b.example"},
		{"b\xc3\xbc"
		 "cher.example",
		 "xn--bcher-kva.example"}, // RFC 3492's own example
		{"B\xc3\x9c"
		 "CHER.example.",
		 "xn--bcher-kva.example"},
		{"_x.fa\xc3\x9f.example", "_x.xn--fa-hia.example"}, // IDNA 2008 keeps the sharp s
		{LABEL63 ".example", LABEL63 ".example"},
		{"", NULL},
		{".example", NULL},
		{"a..b", NULL},
		{LABEL63 "a.example", NULL},
		{LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, NULL},
		{"a\\", NULL},
		{"a\\999.example", NULL},
		{"\xff\xfe.example", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[DDNS_DNAME_TEXT_MAX + 1] = "untouched", error[512] = "";
		enum ddns_result result = name_parse(cases[i].typed, out, error, sizeof error);
		if (cases[i].stored == NULL) {
			assert_int_equal(result, DDNS_BAD_INPUT);
			assert_true(error[0] != '\0');
		} else {
			assert_int_equal(result, DDNS_OK);
			assert_string_equal(out, cases[i].stored);
		}
	}
}

static void
test_a_name_of_any_length_is_judged(void **state)
{
	(void)state;
	static char typed[8192];
	char out[DDNS_DNAME_TEXT_MAX + 1], error[512];
	memset(typed, 'a', sizeof typed - 1);
	for (size_t length = sizeof typed - 1; length > 60; length /= 2) {
		typed[length] = '\0';
		enum ddns_result result = name_parse(typed, out, error, sizeof error);
		assert_int_equal(result, length <= 63 ? DDNS_OK : DDNS_BAD_INPUT);
	}
}

static void
test_mailboxes(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *stored;
	} cases[] = {
		{"hostmaster.example.org", "hostmaster.example.org"},
		{"hostmaster@Example.org", "hostmaster.example.org"},
		{"joe.doe@example.org", "joe\\.doe.example.org"}, // RFC 1035 section 8
		{"@example.org", NULL},
		{"joe@", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[DDNS_DNAME_TEXT_MAX + 1], error[512] = "";
		enum ddns_result result =
			name_parse_mailbox(cases[i].typed, out, error, sizeof error);
		assert_int_equal(result, cases[i].stored == NULL ? DDNS_BAD_INPUT : DDNS_OK);
		if (cases[i].stored != NULL)
			assert_string_equal(out, cases[i].stored);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_a_name_of_any_length_is_judged),
		cmocka_unit_test(test_mailboxes),
	};
	return cmocka_run_group_tests_name("ctl_name", tests, NULL, NULL);
}
