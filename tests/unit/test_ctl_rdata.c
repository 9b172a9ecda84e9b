// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/ctl/rdata.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/ctl/rdata.h"

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define TXT255 FIFTY FIFTY FIFTY FIFTY FIFTY "01234"

static void
test_types(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *type;
	} cases[] = {
		{"A", "A"},
		{"aaaa", "AAAA"},
		{"Https", "HTTPS"},
		{"TYPE1", "A"},
		{"type65280", "TYPE65280"},
		{"", NULL},
		{"NONSENSE", NULL},
		{"TYPE65536", NULL},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char type[RDATA_TYPE_MAX + 1];
		struct rdata_error error;
		enum ddns_result result = rdata_type(cases[i].typed, type, &error);
		assert_int_equal(result, cases[i].type == NULL ? DDNS_BAD_INPUT : DDNS_OK);
		if (cases[i].type != NULL)
			assert_string_equal(type, cases[i].type);
		else
			assert_true(error.message[0] != '\0');
	}
}

static void
test_canonical(void **state)
{
	(void)state;
	static const struct {
		const char *type, *typed, *canonical;
	} cases[] = {
		{"A", "192.0.2.1", "192.0.2.1"},
		{"A", "  192.0.2.1  ", "192.0.2.1"},
		{"AAAA", "2001:DB8:0:0::1", "2001:db8::1"},
		{"MX", "10 Mail.Example.ORG.", "10 mail.example.org."},
		{"CNAME", "host.example.", "host.example."},
		{"SRV", "0 5 5060 Sip.example.", "0 5 5060 sip.example."},
		{"CAA", "0 issue letsencrypt.org", "0 issue \"letsencrypt.org\""},
		{"TXT", "\"a\" \"b\"", "\"a\" \"b\""},
		// without quotes it is one string, whatever is in it
		{"TXT", "v=spf1 mx -all", "\"v=spf1 mx -all\""},
		{"TXT", "v=DKIM1; k=rsa", "\"v=DKIM1; k=rsa\""},
		{"TXT", "", "\"\""},
		{"TXT", "gr\xc3\xbc\xc3\x9f", "\"gr\\195\\188\\195\\159\""},
		{"TXT", "\"\xc3\xbc\"", "\"\\195\\188\""},
		{"TXT", "a\\; b", "\"a; b\""},
		{"TXT", TXT255, "\"" TXT255 "\""},
		{"TXT", TXT255 "x", "\"" TXT255 "\" \"x\""},
		{"HTTPS", "1 . alpn=h2", "1 . alpn=h2"},
		// RFC 2181 section 11: names of any octets
		{"CNAME", "a+b=c.example.", "a+b=c.example."},
		{"HTTPS", "1 a!b. alpn=h2", "1 a!b. alpn=h2"},
		// RFC 3597 section 5
		{"A", "\\# 4 C0000201", "192.0.2.1"},
		{"TYPE65280", "\\# 3 0a0b0C", "\\# 3 0A0B0C"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *out = NULL;
		struct rdata_error error;
		enum ddns_result result =
			rdata_canonical(cases[i].type, cases[i].typed, &out, &error);
		if (result != DDNS_OK)
			fail_msg("%s %s: %s", cases[i].type, cases[i].typed, error.message);
		assert_string_equal(out, cases[i].canonical);
		free(out);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *type, *typed, *says;
	} cases[] = {
		{"A", "192.0.2", "192.0.2.1"}, // the hint shows how it looks
		{"A", "192.0.2.1 192.0.2.2", "A data"},
		{"A", "", "A data"},
		{"A", "joe", "A data"},
		{"AAAA", "192.0.2.1", "AAAA data"},
		{"MX", "mail.example.", "10 mail.example.org."},
		{"MX", "10 mail", "final dot"},
		{"MX", "10 @", "final dot"},
		{"CNAME", "host.example", "final dot"},
		{"SRV", "0 5 5060 sip.example", "final dot"},
		{"NAPTR", "1 1 \"\" \"\" \"\" x.example", "final dot"},
		{"HTTPS", "1 svc.example alpn=h2", "final dot"},
		{"TXT", "\"open", "TXT data"},
		{"A", "192.0.2.1\nb 0 IN A 192.0.2.2", "control character"},
		{"TXT", "a\x01z", "control character"},
		{"TYPE65280", "0a0b", "\\#"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *out = NULL;
		struct rdata_error error;
		assert_int_equal(rdata_canonical(cases[i].type, cases[i].typed, &out, &error),
				 DDNS_BAD_INPUT);
		assert_null(out);
		if (strstr(error.message, cases[i].says) == NULL &&
		    strstr(error.hint, cases[i].says) == NULL)
			fail_msg("%s %s: %s (%s)", cases[i].type, cases[i].typed, error.message,
				 error.hint);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests_name("ctl_rdata", tests, NULL, NULL);
}
