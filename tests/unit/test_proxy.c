// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/http/proxy.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/http/forwarded.h"
#include "gateway/http/proxy.h"
#include "tests/unit/guard_page.h"

static void
test_prefixes(void **state)
{
	(void)state;
	static const char *const good[] = {"192.0.2.1",	    "10.0.0.0/8", "0.0.0.0/0",	 "::/0",
					   "2001:db8::/32", "::1",	  "192.0.2.1/32"};
	static const char *const bad[] = {"",
					  "/8",
					  "10.0.0.0/",
					  "10.0.0.0/33",
					  "10.0.0.1/8",
					  "10/8",
					  "10.0.0.0/8x",
					  "10.0.0.0/-1",
					  "::1/129",
					  "::1/64",
					  "example.org",
					  "10.0.0.0/8/8",
					  "10.0.0.0 /8",
					  "[::1]"};
	struct proxy_prefix prefix;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (proxy_prefix_parse(good[i], &prefix) != DDNS_OK)
			fail_msg("'%s' is refused", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (proxy_prefix_parse(bad[i], &prefix) != DDNS_BAD_INPUT)
			fail_msg("'%s' is taken", bad[i]);
}

static void
test_clients(void **state)
{
	(void)state;
	static const struct {
		const char *peer, *forwarded, *client;
	} cases[] = {
		// not from a trusted proxy
		{"198.51.100.1", "192.0.2.9", "198.51.100.1"},
		{"10.1.0.1", "192.0.2.9", "10.1.0.1"},
		// from one
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.9", "192.0.2.9"},
		{"10.0.255.255", "192.0.2.9", "192.0.2.9"},
		{"10.0.0.1", "1.1.1.1, 192.0.2.9", "192.0.2.9"},
		{"10.0.0.1", "1.1.1.1,192.0.2.9 , 10.0.0.2", "192.0.2.9"},
		{"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
		{"2001:db8::7", "192.0.2.9", "192.0.2.9"},
		{"2001:db9::7", "192.0.2.9", "2001:db9::7"},
		{"10.0.0.1", "2001:db9::1", "2001:db9::1"},
		{"10.0.0.1", "::ffff:192.0.2.9", "192.0.2.9"},
		// with ports
		{"10.0.0.1", "192.0.2.9:4711", "192.0.2.9"},
		{"10.0.0.1", "[2001:db9::1]:4711", "2001:db9::1"},
		{"10.0.0.1", "[2001:db9::1]", "2001:db9::1"},
		// garbage ends the walk at the last good hop
		{"10.0.0.1", "192.0.2.9, unknown, 10.0.0.2", "10.0.0.2"},
		{"10.0.0.1", "unknown", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.9,", "10.0.0.1"},
		{"10.0.0.1", ",", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.9:x", "10.0.0.1"},
		{"10.0.0.1", "*:80", "10.0.0.1"},
		{"10.0.0.1", "[192.0.2.9]", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.999", "10.0.0.1"},
	};
	struct proxy_prefix prefixes[2];
	assert_int_equal(proxy_prefix_parse("10.0.0.0/16", &prefixes[0]), DDNS_OK);
	assert_int_equal(proxy_prefix_parse("2001:db8::/32", &prefixes[1]), DDNS_OK);
	const struct proxies proxies = {PROXY_HEADER_USUAL, prefixes, 2};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address peer;
		char text[ADDRESS_TEXT_SIZE];
		assert_int_equal(address_parse(cases[i].peer, &peer), DDNS_OK);
		struct address client = proxy_client(&proxies, &peer, cases[i].forwarded);
		address_text(&client, text);
		assert_string_equal(text, cases[i].client);
	}
}

/* RFC 7239 section 4: elements, and what is none. */
static void
test_forwarded(void **state)
{
	(void)state;
	static const struct {
		const char *value, *list; // list NULL: refused
	} cases[] = {
		{"for=192.0.2.1", "192.0.2.1"},
		{"For=192.0.2.1", "192.0.2.1"},
		{"for=192.0.2.1, for=198.51.100.2", "192.0.2.1,198.51.100.2"},
		{"for=192.0.2.1,for=198.51.100.2;proto=https", "192.0.2.1,198.51.100.2"},
		{"for=\"[2001:db8::1]:4711\";proto=https, for=192.0.2.1",
		 "[2001:db8::1]:4711,192.0.2.1"},
		{"proto=http; by=203.0.113.43 ;for=\"192.0.2.1:80\"", "192.0.2.1:80"},
		{"for=unknown", "unknown"},
		{"for=_hidden", "_hidden"},
		{"for=\"_gaz\\onk\"", "_gazonk"},
		{"proto=https", "unknown"},
		{"", "unknown"},
		{"for=192.0.2.1,", "192.0.2.1,unknown"},
		{"for=\"\"", "unknown"},
		{"for=\"a,192.0.2.1\"", "unknown"},
		// what stands between quotes is nobody's element
		{"for=192.0.2.1;host=\"a, for=6.6.6.6\"", "192.0.2.1"},
		{"for=[2001:db8::1]", "[2001:db8::1]"},
		{"for=\"192.0.2.1", NULL},
		{"for=\"192.0.2.1\\", NULL},
		{"for=\", for=192.0.2.1", NULL},
		{"for=192.0.2.1 for=192.0.2.2", NULL},
		{"for=192.0.2.1;for=192.0.2.2", NULL},
		{"for", NULL},
		{"for=", NULL},
		{"=192.0.2.1", NULL},
		{"for =192.0.2.1", NULL},
		{"192.0.2.1", NULL},
		{"for=\"1\"x", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char list[100], *value = guard_page_text(cases[i].value);
		enum ddns_result result = forwarded_read(value, list, sizeof list);
		if (cases[i].list == NULL) {
			if (result != DDNS_BAD_INPUT)
				fail_msg("'%s' is '%s'", cases[i].value, list);
			continue;
		}
		if (result != DDNS_OK)
			fail_msg("'%s' is refused", cases[i].value);
		assert_string_equal(list, cases[i].list);
	}
	char list[12];
	assert_int_equal(forwarded_read("for=192.0.2.255", list, sizeof list), DDNS_OK);
	assert_int_equal(forwarded_read("for=192.0.2.255,for=x", list, sizeof list),
			 DDNS_BAD_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_forwarded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
