// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of sql/client/rr.c and rdata.c: which rows may be handed to named.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "sql/client/rr.h"

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"
#define S250 L63 L63 L63 L10 L10 L10 L10 L10 L10 "a"

static const struct {
	const char *rule, *type, *rdata;
	bool is_good;
} rows[] = {
	{"RFC 1035 3.4.1", "A", "192.0.2.1", true},
	{"RFC 1035 3.4.1: three parts", "A", "192.0.2", false},
	{"RFC 1035 3.4.1: a part too large", "A", "192.0.2.256", false},
	{"RFC 1035 3.4.1: leading zero", "A", "192.0.2.01", false},
	{"RFC 1035 3.4.1: two", "A", "192.0.2.1 192.0.2.2", false},
	{"RFC 1035 3.4.1: none", "A", "", false},
	{"RFC 1035 3.4.1: IPv6", "A", "2001:db8::1", false},
	{"RFC 3596 2.2", "AAAA", "2001:db8::1", true},
	{"RFC 3596 2.2: mapped", "AAAA", "::ffff:192.0.2.1", true},
	{"RFC 3596 2.2: IPv4", "AAAA", "192.0.2.1", false},
	{"RFC 3596 2.2: with a scope", "AAAA", "fe80::1%eth0", false},
	{"RFC 1035 3.3.1", "CNAME", "www.example.org.", true},
	{"RFC 1035 3.3.1: relative", "CNAME", "www", false},
	{"RFC 1035 3.3.1: @", "CNAME", "@", false},
	{"RFC 1035 3.3.1: @ within", "CNAME", "@.example.", false},
	{"RFC 1035 3.3.1: the root", "CNAME", ".", true},
	{"RFC 1035 3.3.1: empty label", "CNAME", "a..b.", false},
	{"RFC 1035 3.3.1: two dots", "CNAME", "..", false},
	{"RFC 1035 3.3.1: escapes", "CNAME", "a\\.b\\032\\@\\\\.example.", true},
	{"RFC 1035 3.3.1: the dot is escaped", "CNAME", "example\\.", false},
	{"RFC 1035 3.3.1: backslash last", "CNAME", "example.\\", false},
	{"RFC 1035 3.3.1: short \\DDD", "CNAME", "a\\03.", false},
	{"RFC 1035 3.3.1: \\DDD above 255", "CNAME", "a\\256.", false},
	{"RFC 1035 3.3.1: a comment", "CNAME", "a.;b.", false},
	{"RFC 1035 3.3.1: quotes", "CNAME", "\"a.\"", false},
	{"RFC 1035 3.3.1: raw octets", "CNAME", "caf\xc3\xa9.", false},
	{"RFC 1035 2.3.4: 63 octets", "NS", L63 ".", true},
	{"RFC 1035 2.3.4: 64 octets", "NS", L63 "d.", false},
	{"RFC 1035 2.3.4: 255 octets", "PTR", L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a.",
	 true},
	{"RFC 1035 2.3.4: 256 octets", "PTR", L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "ab.",
	 false},
	{"RFC 6672", "DNAME", "example.net.", true},
	{"RFC 1035 3.3.9", "MX", "10 mail.example.org.", true},
	{"RFC 7505: null MX", "MX", "0 .", true},
	{"RFC 2181 11: any octet in a name", "MX", "10 a+b!c=d.#example.", true},
	{"RFC 2181 11: and a parameter", "HTTPS", "1 a+b. alpn=h2", true},
	{"RFC 2181 11: no host", "MX", "10 +.. x", false},
	{"RFC 1035 3.3.9: no preference", "MX", "mail.example.org.", false},
	{"RFC 1035 3.3.9: too large", "MX", "65536 mail.example.org.", false},
	{"RFC 1035 3.3.9: negative", "MX", "-1 mail.example.org.", false},
	{"RFC 1035 3.3.9: no host", "MX", "10", false},
	{"RFC 1035 3.3.9: more after it", "MX", "10 a. b.", false},
	{"RFC 2782", "SRV", "0 5 5060 sip.example.org.", true},
	{"RFC 2782: three fields", "SRV", "0 5 sip.example.org.", false},
	{"RFC 1035 3.3.14", "TXT", "\"v=spf1 -all\"", true},
	{"RFC 1035 3.3.14: several", "TXT", "\"a\" \"b\" c", true},
	{"RFC 1035 3.3.14: empty string", "TXT", "\"\"", true},
	{"RFC 1035 3.3.14: nothing", "TXT", "", false},
	{"RFC 1035 3.3.14: escapes", "TXT", "\"a\\\"b\\\\ \\009\"", true},
	{"RFC 1035 3.3.14: specials in quotes", "TXT", "\"(a; b) @ $\"", true},
	{"RFC 1035 3.3.14: specials bare", "TXT", "a;b", false},
	{"RFC 1035 3.3.14: brackets bare", "TXT", "(a)", false},
	{"RFC 1035 3.3.14: no closing quote", "TXT", "\"a", false},
	{"RFC 1035 3.3.14: quote escaped away", "TXT", "\"a\\\"", false},
	{"RFC 1035 3.3.14: no blank between", "TXT", "\"a\"\"b\"", false},
	{"RFC 1035 3.3.14: a line break", "TXT", "\"a\nb\"", false},
	{"RFC 1035 3.3.14: 255 octets", "TXT", "\"" S250 "12345\"", true},
	{"RFC 1035 3.3.14: 256 octets", "TXT", "\"" S250 "123456\"", false},
	{"RFC 1035 3.3.14: 255 with escapes", "TXT", "\"" S250 "\\001\\002\\003\\004\\005\"", true},
	{"RFC 8659", "CAA", "0 issue \"letsencrypt.org\"", true},
	{"RFC 8659: empty value", "CAA", "0 issue \"\"", true},
	{"RFC 8659: tag", "CAA", "0 is-sue \"x\"", false},
	{"RFC 8659: no value", "CAA", "0 issue", false},
	{"RFC 4255", "SSHFP", "1 1 0123456789abcdef0123456789abcdef01234567", true},
	{"RFC 4255: SHA-1 has 20 octets", "SSHFP", "1 1 0123456789abcdef", false},
	{"RFC 4255: half an octet", "SSHFP", "1 1 012", false},
	{"RFC 4255: not hex", "SSHFP", "1 1 xy", false},
	{"RFC 6698", "TLSA", "3 1 1 ABCDEF", true},
	{"RFC 6698: blanks within", "TLSA", "3 1 1 AB CD", true},
	{"RFC 4034 5", "DS", "60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118", true},
	{"RFC 4034 5: cut short", "DS", "60485 5 1 2BB183AF", false},
	{"RFC 8078 4: delete", "CDS", "0 0 0 00", true},
	{"RFC 3403", "NAPTR", "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:a@b!\" .", true},
	{"RFC 3402 3.2: no third delimiter", "NAPTR", "1 2 \"u\" \"s\" \"!a!b\" .", false},
	{"RFC 3402 3.2: flags", "NAPTR", "1 2 \"u\" \"s\" \"!a!b!i\" .", true},
	{"RFC 3402 3.2: odd flags", "NAPTR", "1 2 \"u\" \"s\" \"!a!b!x\" .", false},
	{"RFC 3402 3.2: groups", "NAPTR",
	 "1 2 \"u\" \"s\" \"!^(a|b[c-f]+)\\\\.(x{2,3})$!\\\\2.\\\\1!\" .", true},
	{"RFC 3402 3.2: an escaped delimiter", "NAPTR", "1 2 \"u\" \"s\" \"!a\\\\!b!c!\" .", true},
	{"RFC 3402 3.2: no such group", "NAPTR", "1 2 \"u\" \"s\" \"!(a)!\\\\2!\" .", false},
	{"RFC 3402 3.2: an open group", "NAPTR", "1 2 \"u\" \"s\" \"!(a!x!\" .", false},
	{"RFC 3402 3.2: a closed one", "NAPTR", "1 2 \"u\" \"s\" \"!a)!x!\" .", false},
	{"RFC 3402 3.2: an open bracket", "NAPTR", "1 2 \"u\" \"s\" \"![a!x!\" .", false},
	{"RFC 3402 3.2: a range backwards", "NAPTR", "1 2 \"u\" \"s\" \"![z-a]!x!\" .", false},
	{"RFC 3402 3.2: a range of a range", "NAPTR", "1 2 \"u\" \"s\" \"![a-b-c]!x!\" .", false},
	{"RFC 3402 3.2: a class", "NAPTR", "1 2 \"u\" \"s\" \"![[:foo:]]!x!\" .", false},
	{"RFC 3402 3.2: twice a quantifier", "NAPTR", "1 2 \"u\" \"s\" \"!a**!x!\" .", false},
	{"RFC 3402 3.2: of nothing", "NAPTR", "1 2 \"u\" \"s\" \"!^*!x!\" .", false},
	{"RFC 3402 3.2: an empty branch", "NAPTR", "1 2 \"u\" \"s\" \"!a|!x!\" .", false},
	{"RFC 3402 3.2: bounds", "NAPTR", "1 2 \"u\" \"s\" \"!a{2,1}!x!\" .", false},
	{"RFC 3402 3.2: a large bound", "NAPTR", "1 2 \"u\" \"s\" \"!a{256}!x!\" .", false},
	{"RFC 3402 3.2: an octet of none", "NAPTR", "1 2 \"u\" \"s\" \"!a\\000!x!\" .", false},
	{"RFC 6891: bit-string labels", "KX", "1 a\\[b.", false},
	{"RFC 6891: a bracket is none", "KX", "1 a[b\\\\[.", true},
	{"RFC 3402 3.2: a digit delimits", "NAPTR", "1 2 \"u\" \"s\" \"1a1b1\" .", false},
	{"RFC 3403: empty", "NAPTR", "1 2 \"\" \"\" \"\" a.", true},
	{"RFC 3403: no replacement", "NAPTR", "100 10 \"u\" \"E2U+sip\" \"x\"", false},
	{"RFC 1876", "LOC", "42 21 54.000 N 71 6 18.000 W -24.00m 30m", true},
	{"RFC 1876: degrees only", "LOC", "42 N 71 W 10m 1m 10000m 10m", true},
	{"RFC 1876: too far north", "LOC", "91 N 71 W 10m", false},
	{"RFC 1876: the pole", "LOC", "90 0 0.000 N 180 0 0 W -99999m", true},
	{"RFC 1876: beyond the pole", "LOC", "90 30 0 N 71 W 10m", false},
	{"RFC 1876: the lowest", "LOC", "42 N 71 W -100000.00m", true},
	{"RFC 1876: below the lowest", "LOC", "42 N 71 W -100000.01m", false},
	{"RFC 1876: the highest", "LOC", "42 N 71 W 42849672.95m 90000000.00m", true},
	{"RFC 1876: above the highest", "LOC", "42 N 71 W 42849672.96m", false},
	{"RFC 1876: too large", "LOC", "42 N 71 W 0m 90000000.01m", false},
	{"RFC 1876: too deep", "LOC", "42 N 71 W -42849672m", false},
	{"RFC 1876: minutes", "LOC", "42 60 N 71 W 10m", false},
	{"RFC 1876: no altitude", "LOC", "42 N 71 W", false},
	{"RFC 1876: five distances", "LOC", "42 N 71 W 1m 1m 1m 1m 1m", false},
	{"RFC 7553", "URI", "10 1 \"https://example.org/\"", true},
	{"RFC 7553: without quotes", "URI", "10 1 https://example.org/", false},
	{"RFC 7553: empty", "URI", "10 1 \"\"", false},
	{"RFC 9460: alias", "HTTPS", "0 svc.example.org.", true},
	{"RFC 9460: service", "HTTPS", "1 . alpn=\"h2,h3\" port=8443 no-default-alpn", true},
	{"RFC 9460: twice", "SVCB", "1 . port=1 port=2", false},
	{"RFC 9460: odd key", "SVCB", "1 . Port=1", false},
	{"RFC 9460: alias with parameters", "HTTPS", "0 a. port=1", false},
	{"RFC 9460: hints", "HTTPS", "1 . ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=\"2001:db8::1\"",
	 true},
	{"RFC 9460: bad hint", "HTTPS", "1 . ipv4hint=192.0.2.1,", false},
	{"RFC 9460 8: mandatory", "HTTPS", "1 . mandatory=port,alpn alpn=h2 port=1", true},
	{"RFC 9460 8: mandatory and missing", "HTTPS", "1 . mandatory=port alpn=h2", false},
	{"RFC 9460 7.1.1", "HTTPS", "1 . no-default-alpn", false},
	{"RFC 9460 7.2: port", "HTTPS", "1 . port=65536", false},
	{"RFC 9460: unnamed key", "SVCB", "1 . key65333=\"a b\" key667", true},
	{"RFC 9460: a named key by number", "SVCB", "1 . key3=x", false},
	{"RFC 9461", "SVCB", "1 a. alpn=h2 dohpath=/dns-query{?dns}", true},
	{"RFC 9848", "HTTPS", "1 . ech=AEX+DQBB", true},
	{"RFC 9848: one octet short of three", "HTTPS", "1 . ech=AAE=", true},
	{"RFC 9848: bits before the padding", "HTTPS", "1 . ech=AAF=", false},
	{"RFC 9848: not base64", "HTTPS", "1 . ech=AEX+DQB", false},
	{"RFC 1035 3.3.2", "HINFO", "\"PC\" \"Linux\"", true},
	{"RFC 1183", "RP", "a.example. b.example.", true},
	{"RFC 4701", "DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=", true},
	{"RFC 4701: not base64", "DHCID", "AAI?", false},
	{"RFC 4648 3.5: bits that are not used", "DHCID", "AB==", false},
	{"RFC 4648 3.3: after the end", "DHCID", "AA== AA==", false},
	{"RFC 4701: cut short", "DHCID", "AAIBY", false},
	{"RFC 7043", "EUI48", "00-00-5e-00-53-2a", true},
	{"RFC 7043: short", "EUI48", "00-00-5e-00-53", false},
	{"RFC 7043: 64", "EUI64", "00-00-5e-ef-10-00-00-2a", true},
	{"RFC 4398", "CERT", "1 65535 8 AQIDBA==", true},
	{"RFC 3597 5", "TYPE65400", "\\# 3 010203", true},
	{"RFC 3597 5: empty", "TYPE65400", "\\# 0", true},
	{"RFC 3597 5: wrong length", "TYPE65400", "\\# 4 010203", false},
	{"RFC 3597 5: text", "TYPE65400", "abc", false},
	{"RFC 3597 5: for a known type", "A", "\\# 4 c0000201", true},
	{"RFC 3597 5: for one with names", "MX", "\\# 3 000a00", false},
	{"RFC 3597 5: huge", "TYPE65400", "\\# 70000 00", false},
	{"RFC 1035 3.3.13: the zone's own", "SOA", "a. b. 1 2 3 4 5", false},
	{"RFC 6895: ANY", "ANY", "192.0.2.1", false},
	{"RFC 6895: AXFR", "AXFR", "x", false},
	{"RFC 6891: OPT", "OPT", "x", false},
	{"RFC 8945: TSIG", "TSIG", "x", false},
	{"RFC 4034: RRSIG", "RRSIG", "x", false},
	{"RFC 4034: NSEC", "NSEC", "a. A", false},
	{"RFC 5155: NSEC3", "NSEC3", "x", false},
	{"RFC 3597: ANY by number", "TYPE255", "\\# 0", false},
	{"RFC 3597: OPT by number", "TYPE41", "\\# 0", false},
	{"RFC 3597: A by number", "TYPE1", "\\# 4 c0000201", false},
	{"RFC 3597: RRSIG by number", "TYPE46", "\\# 0", false},
	{"RFC 3597: leading zero", "TYPE065400", "\\# 0", false},
	{"RFC 3597: beyond 16 bits", "TYPE65536", "\\# 0", false},
	{"RFC 3597: reserved", "TYPE65535", "\\# 0", false},
	{"RFC 3597: no number", "TYPE", "\\# 0", false},
	{"not a type", "a", "192.0.2.1", false},
	{"not a type: blank", "A ", "192.0.2.1", false},
	{"not a type: none", "", "192.0.2.1", false},
};

/* A copy that ends where the process may not read on. */
static char *
before_guard_page(const char *text)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = strlen(text) + 1;
	assert_true(size <= page);
	char *memory =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
	return memcpy(memory + page - size, text, size);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int type = ddns_rr_type(rows[i].type);
		const char *reason = "no such type";
		if (type >= 0)
			reason = ddns_rr_check((unsigned)type, before_guard_page(rows[i].rdata));
		if ((reason == NULL) != rows[i].is_good)
			fail_msg("%s: %s '%s': %s", rows[i].rule, rows[i].type, rows[i].rdata,
				 reason != NULL ? reason : "was taken");
	}
}

/* Every beginning of a good row is read without running over its end. */
static void
test_cut_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int type = ddns_rr_type(rows[i].type);
		if (type < 0 || !rows[i].is_good)
			continue;
		char *text = before_guard_page(rows[i].rdata);
		for (size_t length = strlen(text); length > 0; length--) {
			memmove(text + 1, text, length - 1);
			text++; // one octet shorter, and again right before the page
			(void)ddns_rr_check((unsigned)type, text);
		}
	}
}

static void
test_type_names(void **state)
{
	(void)state;
	assert_int_equal(ddns_rr_type("A"), RR_A);
	assert_int_equal(ddns_rr_type("NS"), RR_NS);
	assert_int_equal(ddns_rr_type("CNAME"), RR_CNAME);
	assert_int_equal(ddns_rr_type("TYPE65400"), RR_GENERIC);
	assert_null(ddns_rr_type_name(RR_GENERIC));
	for (unsigned type = 0; ddns_rr_type_name(type) != NULL; type++)
		assert_int_equal(ddns_rr_type(ddns_rr_type_name(type)), type);
}

static void
test_too_much_text(void **state)
{
	(void)state;
	enum { STRINGS = 300 };
	static char text[STRINGS * 260];
	char *end = text;
	for (int i = 0; i < STRINGS; i++)
		end = stpcpy(end, i > 0 ? " \"" S250 "\"" : "\"" S250 "\"");
	assert_non_null(ddns_rr_check((unsigned)ddns_rr_type("TXT"), text));
	text[200 * 253 - 1] = '\0';
	assert_null(ddns_rr_check((unsigned)ddns_rr_type("TXT"), text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_type_names),
		cmocka_unit_test(test_too_much_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
