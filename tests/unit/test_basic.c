// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/http/basic.c (RFC 7617).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/http/basic.h"
#include "tests/unit/guard_page.h"

static void
test_accepted(void **state)
{
	(void)state;
	static const struct {
		const char *value, *user, *password;
	} cases[] = {
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"}, // section 2
		{"Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3"},		  // section 2.1
		{"basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"},
		{"BASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"},
		{"Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==  ", "Aladdin", "open sesame"},
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Aladdin", "open sesame"}, // unpadded
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=", "Aladdin", "open sesame"},
		{"Basic am9lOnA6dw==", "joe", "p:w"}, // the first colon parts
		{"Basic OnB3", "", "pw"},
		{"Basic am9lOg==", "joe", ""},
		{"Basic Og==", "", ""},
		{"Basic dG9rZW4=", "", "token"}, // no colon
		{"Basic ", "", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct basic basic;
		size_t length = strlen(cases[i].value);
		const char *value = guard_page_copy(cases[i].value, length);
		assert_int_equal(basic_parse(value, length, &basic), DDNS_OK);
		assert_string_equal(basic.user, cases[i].user);
		assert_string_equal(basic.password, cases[i].password);
		basic_clear(&basic);
		assert_int_equal(basic.password[0], '\0');
	}
}

static void
test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		enum ddns_result result;
	} cases[] = {
		{"", DDNS_NOT_FOUND},
		{"Basic", DDNS_NOT_FOUND},
		{"Basi", DDNS_NOT_FOUND},
		{"Basical QWxhZGRpbg==", DDNS_NOT_FOUND},
		{"Bearer abc", DDNS_NOT_FOUND},
		{"Digest username=\"x\"", DDNS_NOT_FOUND},
		{"Basic Q", DDNS_BAD_INPUT},
		{"Basic QWx hZGRpbg==", DDNS_BAD_INPUT},
		{"Basic QWxh*GRpbg==", DDNS_BAD_INPUT},
		{"Basic QQ==QQ==", DDNS_BAD_INPUT},
		{"Basic am9lOgBw", DDNS_BAD_INPUT}, // joe:\0p
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct basic basic;
		size_t length = strlen(cases[i].value);
		const char *value = guard_page_copy(cases[i].value, length);
		assert_int_equal(basic_parse(value, length, &basic), cases[i].result);
	}
}

/* A pair of BASIC_MAX octets is taken, or nearly so; longer ones are refused, not cut. */
static void
test_lengths(void **state)
{
	(void)state;
	char value[4096] = "Basic ";
	struct basic basic;
	for (size_t digits = 1300; digits < 1400; digits++) {
		memset(value + 6, 'Q', digits);
		enum ddns_result result =
			basic_parse(guard_page_copy(value, 6 + digits), 6 + digits, &basic);
		size_t octets = digits * 3 / 4;
		if (octets > BASIC_MAX || digits % 4 == 1)
			assert_int_equal(result, DDNS_BAD_INPUT);
		else if (octets < BASIC_MAX - 2)
			assert_int_equal(result, DDNS_OK);
		if (result == DDNS_OK)
			assert_int_equal(strlen(basic.password), octets);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
