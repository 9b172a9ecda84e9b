// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/address.c and gateway/update/addresses.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/update/addresses.h"
#include "tests/unit/guard_page.h"

/* A family for comparing: "-" is left, "" removed. */
static const char *
family_text(const struct addresses_family *family, char text[ADDRESSES_TEXT_SIZE])
{
	const char *list = addresses_text(family, text);
	return list == NULL ? "-" : list;
}

static void
check(const struct addresses *addresses, const char *v4, const char *v6, const char *list)
{
	char text[ADDRESSES_TEXT_SIZE];
	if (strcmp(family_text(&addresses->v4, text), v4) != 0)
		fail_msg("'%s': IPv4 is '%s', not '%s'", list, family_text(&addresses->v4, text),
			 v4);
	if (strcmp(family_text(&addresses->v6, text), v6) != 0)
		fail_msg("'%s': IPv6 is '%s', not '%s'", list, family_text(&addresses->v6, text),
			 v6);
}

static void
test_lists(void **state)
{
	(void)state;
	static const struct {
		const char *list, *v4, *v6;
		bool is_said, is_unusable;
	} cases[] = {
		{"", "-", "-", false, false},
		{" , ,", "-", "-", false, false},
		{"192.0.2.1", "192.0.2.1", "-", true, false},
		{"2001:DB8::7", "-", "2001:db8::7", true, false},
		{"192.0.2.1,2001:db8::7", "192.0.2.1", "2001:db8::7", true, false},
		{" 2001:db8::7 ,\t192.0.2.1 ", "192.0.2.1", "2001:db8::7", true, false},
		{"192.0.2.1,192.0.2.2,192.0.2.1", "192.0.2.1,192.0.2.2", "-", true, false},
		{"::ffff:192.0.2.1", "192.0.2.1", "-", true, false},
		{"::FFFF:c000:201,192.0.2.1", "192.0.2.1", "-", true, false},
		{"fe80::1%eth0", "-", "fe80::1", true, false},
		{"[2001:db8::7]", "-", "2001:db8::7", true, false},
		{"192.0.2.1/24", "192.0.2.1", "-", true, false},
		{"2001:db8::7/64", "-", "2001:db8::7", true, false},
		{"2001:db8::/128", "-", "2001:db8::", true, false},
		// prefixes are no hosts
		{"2001:db8:1::/64", "-", "-", true, false},
		{"2001:db8:1::", "-", "-", true, false},
		{"2001:db8:1:2:8000::/65", "-", "-", true, true},
		{"192.0.2.6,2001:db8:1::/64", "192.0.2.6", "-", true, false},
		{"2001:db8:1::/64,2001:db8::7", "-", "2001:db8::7", true, false},
		// none
		{"0.0.0.0", "", "-", true, false},
		{"::", "-", "", true, false},
		{"::/64", "-", "", true, false},
		{"0.0.0.0,::", "", "", true, false},
		{"0.0.0.0,192.0.2.1", "192.0.2.1", "-", true, false},
		{"192.0.2.1,0.0.0.0", "192.0.2.1", "-", true, false},
		// said, but nothing to do
		{"preserve", "-", "-", true, false},
		{"192.0.2.1,preserve", "192.0.2.1", "-", true, false},
		{"clear", "", "", true, false},
		{"clear,192.0.2.1", "192.0.2.1", "", true, false},
		// not replaced
		{"<ipaddr>", "-", "-", false, false},
		{"<ipaddr>,<ip6lanprefix>", "-", "-", false, false},
		{"__MYIP__", "-", "-", false, false},
		{"[IP]", "-", "-", false, false},
		{"%i", "-", "-", false, false},
		{"%ip%", "-", "-", false, false},
		{"AUTO", "-", "-", false, false},
		{"<ipaddr>,2001:db8::7", "-", "2001:db8::7", true, false},
		{"<ipaddr>,junk", "-", "-", true, true},
		// no addresses
		{"junk", "-", "-", true, true},
		{"junk,192.0.2.1", "192.0.2.1", "-", true, false},
		{"300.1.1.1", "-", "-", true, true},
		{"192.0.2", "-", "-", true, true},
		{"192.0.2.01", "-", "-", true, true},
		{"0xc0.0.2.1", "-", "-", true, true},
		{"3221225985", "-", "-", true, true},
		{"192.0.2.1.", "-", "-", true, true},
		{"192.0.2.1/", "-", "-", true, true},
		{"192.0.2.1/x", "-", "-", true, true},
		{"192.0.2.1/999", "-", "-", true, true},
		{"192.0.2.1/33", "-", "-", true, true},
		{"2001:db8::7/129", "-", "-", true, true},
		{"/64", "-", "-", true, true},
		{"[]", "-", "-", true, true},
		{"[", "-", "-", true, true},
		{"%", "-", "-", true, true},
		{":", "-", "-", true, true},
		{"2001:db8:::7", "-", "-", true, true},
		{"192.0.2.1 192.0.2.2", "-", "-", true, true},
		{"192.0.2.1;rm", "-", "-", true, true},
		{"2001:0db8:0000:0000:0000:0000:0000:0007%a-very-long-interface-name-that-nobody-"
		 "has",
		 "-", "2001:db8::7", true, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct addresses addresses = {0};
		addresses_add(&addresses, guard_page_text(cases[i].list));
		check(&addresses, cases[i].v4, cases[i].v6, cases[i].list);
		if (addresses.is_said != cases[i].is_said ||
		    addresses_are_unusable(&addresses) != cases[i].is_unusable)
			fail_msg("'%s': said %d, unusable %d", cases[i].list, addresses.is_said,
				 addresses_are_unusable(&addresses));
	}
}

static void
test_prefix_of_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *list, *prefix;
	} cases[] = {
		{"2001:db8::7", ""},
		{"2001:db8::7/64", "2001:db8::7/64"},
		{"2001:db8::7/56", "2001:db8::7/56"},
		{"2001:db8::7/65", ""},
		{"2001:db8::7/128", ""},
		{"2001:db8::/128", ""},
		{"2001:db8:1::", "2001:db8:1::/64"},
		{"2001:db8:1::/48", "2001:db8:1::/48"},
		{"2001:db8::7/0", ""},
		{"::/64", ""},
		{"192.0.2.1/24", ""},
		{"2001:db8:1::/64,192.0.2.1,2001:db8:2::/64", "2001:db8:2::/64"},
		{"2001:db8:1:2:8000::/65", ""},
		{"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/64",
		 "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/64"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct addresses addresses = {0};
		addresses_add(&addresses, guard_page_text(cases[i].list));
		if (strcmp(addresses.prefix, cases[i].prefix) != 0)
			fail_msg("'%s' has the prefix '%s'", cases[i].list, addresses.prefix);
	}
}

static void
test_families(void **state)
{
	(void)state;
	struct addresses addresses = {0};
	addresses_add_family(&addresses, AF_INET6, "");
	check(&addresses, "-", "", "myipv6=");
	assert_true(addresses.is_said);
	addresses_add_family(&addresses, AF_INET, "clear");
	check(&addresses, "", "", "myipv4=clear");
	addresses_add_family(&addresses, AF_INET, "192.0.2.1");
	check(&addresses, "192.0.2.1", "", "myipv4=192.0.2.1");
	addresses_add_family(&addresses, AF_INET, "");
	check(&addresses, "192.0.2.1", "", "myipv4= after an address");
}

static void
test_peer(void **state)
{
	(void)state;
	struct address peer;
	assert_int_equal(address_parse("2001:db8::9", &peer), DDNS_OK);
	struct addresses addresses = {0};
	addresses_use_peer(&addresses, &peer);
	check(&addresses, "-", "2001:db8::9", "(peer)");
	addresses = (struct addresses){0};
	addresses_add(&addresses, "junk"); // must not fall back to the peer
	addresses_use_peer(&addresses, &peer);
	check(&addresses, "-", "-", "junk");
	assert_true(addresses_are_unusable(&addresses));
}

static void
test_too_many(void **state)
{
	(void)state;
	struct addresses addresses = {0};
	char item[32];
	for (int i = 1; i <= ADDRESSES_MAX; i++) {
		snprintf(item, sizeof item, "192.0.2.%d", i);
		addresses_add(&addresses, item);
	}
	assert_false(addresses_are_unusable(&addresses));
	addresses_add(&addresses, "2001:db8::1");
	assert_false(addresses_are_unusable(&addresses));
	addresses_add(&addresses, "192.0.2.200");
	assert_true(addresses_are_unusable(&addresses));
}

static void
test_prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned length;
		bool is_prefix;
	} cases[] = {
		{"::", 0, true},	  {"::1", 127, false},	     {"::1", 128, true},
		{"2001:db8::", 32, true}, {"2001:db8::", 28, false}, {"2001:db8::", 29, true},
		{"2001:db8::", 31, true}, {"192.0.2.0", 24, true},   {"192.0.2.0", 22, false},
		{"192.0.2.1", 32, true},  {"192.0.2.1", 64, true},   {"0.0.0.0", 0, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address address;
		assert_int_equal(address_parse(cases[i].text, &address), DDNS_OK);
		assert_int_equal(address_is_prefix(&address, cases[i].length), cases[i].is_prefix);
	}
}

static void
test_listeners(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected; // NULL: refused
	} cases[] = {
		{"192.0.2.1:80", "192.0.2.1:80"},
		{"*:8080", "0.0.0.0:8080"},
		{"[::]:80", "[::]:80"},
		{"[2001:DB8::1]:443", "[2001:db8::1]:443"},
		{"127.0.0.1:0", "127.0.0.1:0"},
		{"127.0.0.1:65535", "127.0.0.1:65535"},
		{"127.0.0.1:65536", NULL},
		{"127.0.0.1", NULL},
		{"127.0.0.1:", NULL},
		{"127.0.0.1:http", NULL},
		{"127.0.0.1:-1", NULL},
		{":80", NULL},
		{"80", NULL},
		{"", NULL},
		{"[]:80", NULL},
		{"[::1:80", NULL},
		{"::1:80", NULL},
		{"[192.0.2.1]:80", NULL},
		{"localhost:80", NULL},
		{"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct listen_address address;
		char text[LISTEN_TEXT_SIZE];
		enum ddns_result result =
			listen_address_parse(guard_page_text(cases[i].text), &address);
		if ((result == DDNS_OK) != (cases[i].expected != NULL))
			fail_msg("'%s'", cases[i].text);
		if (result != DDNS_OK)
			continue;
		listen_address_text((const struct sockaddr *)&address.socket, text);
		assert_string_equal(text, cases[i].expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),	  cmocka_unit_test(test_prefix_of_hosts),
		cmocka_unit_test(test_families),  cmocka_unit_test(test_peer),
		cmocka_unit_test(test_too_many),  cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_listeners),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
