// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/update/hostname.c and gateway/http/nic_request.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/http/nic_request.h"
#include "gateway/update/hostname.h"
#include "tests/unit/guard_page.h"

#define LABEL63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890"

static void
test_hostnames(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected; // NULL: refused
	} cases[] = {
		{"h1.example.com", "h1.example.com"},
		{"H1.Example.COM.", "h1.example.com"},
		{"_acme-challenge.h1.example.com", "_acme-challenge.h1.example.com"},
		{"*.example.com", "*.example.com"},
		{"m\xc3\xbcller.example", "xn--mller-kva.example"},
		{"M\xc3\x9cLLER.example", "xn--mller-kva.example"},
		{"xn--mller-kva.example", "xn--mller-kva.example"},
		{LABEL63 ".example", LABEL63 ".example"},
		{LABEL63 "x.example", NULL},
		{LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".x", NULL},
		{"", NULL},
		{".", NULL},
		{"nodot", NULL},
		{"nodot.", NULL},
		{"a..b", NULL},
		{".a.b", NULL},
		{"a b.example", NULL},
		{"a\\046b.example", NULL},
		{"a\\.b", NULL},
		{"a/b.example", NULL},
		{"a@b.example", NULL},
		{"\"a\".example", NULL},
		{"a\xff.example", NULL},
		{"a\x01.example", NULL},
		{"192.0.2.1;drop", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[DDNS_DNAME_TEXT_MAX + 1] = "";
		enum ddns_result result = hostname_canonical(guard_page_text(cases[i].text), out);
		if ((result == DDNS_OK) != (cases[i].expected != NULL))
			fail_msg("'%s'", cases[i].text);
		if (result == DDNS_OK)
			assert_string_equal(out, cases[i].expected);
	}
}

/* Parses a query and writes "host,host|v4|v6" for comparing. */
static void
read_query(const char *text, char *out)
{
	static struct nic_request nic;
	struct query query = {0};
	char v4[ADDRESSES_TEXT_SIZE], v6[ADDRESSES_TEXT_SIZE];
	char *copy = guard_page_text(text);
	assert_int_equal(query_parse(&query, copy, strlen(copy)), DDNS_OK);
	assert_int_equal(nic_request_read(&query, &nic), DDNS_OK);
	if (nic.host_count > NIC_HOSTS_MAX) {
		strcpy(out, "too many");
		return;
	}
	*out = '\0';
	char options[2048];
	snprintf(options, sizeof options, "%s%s", nic.options == NULL ? "" : "|",
		 nic.options == NULL ? "" : nic.options);
	nic_request_clear(&nic);
	for (size_t i = 0; i < nic.host_count; i++)
		out += sprintf(out, "%s%s", i > 0 ? "," : "",
			       nic.hosts[i].name[0] == '\0' ? "!" : nic.hosts[i].name);
	const char *list4 = addresses_text(&nic.addresses.v4, v4);
	const char *list6 = addresses_text(&nic.addresses.v6, v6);
	sprintf(out, "|%s|%s%s%s", list4 == NULL ? "-" : list4, list6 == NULL ? "-" : list6,
		nic.is_offline ? "|offline" : "", options);
}

static void
test_requests(void **state)
{
	(void)state;
	static const struct {
		const char *query, *expected;
	} cases[] = {
		// as recorded from clients
		{"system=dyndns&hostname=h1.example.com,h2.example.com&myip=203.0.113.7&wildcard=ON"
		 "&mx=mail.example.com&backmx=YES",
		 "h1.example.com,h2.example.com|203.0.113.7|-|{\"wildcard\":\"ON\","
		 "\"mx\":\"mail.example.com\",\"backmx\":\"YES\"}"},
		{"system=dyndns&hostname=h1.example.com&myip=", "h1.example.com|-|-"},
		{"hostname=h1.example.com,h2.example.com&myip=203.0.113.7,2001:db8::7",
		 "h1.example.com,h2.example.com|203.0.113.7|2001:db8::7"},
		{"hostname=h1.example.com&myip=2001%3adb8%3a%3a9", "h1.example.com|-|2001:db8::9"},
		{"hostname=a.b%2Cc.d&myip=2001%3Adb8%3A%3A7&wildcard=NOCHG",
		 "a.b,c.d|-|2001:db8::7"},
		{"x=1?system=dyndns&hostname=h1.example.com&myip=192.0.2.1&",
		 "h1.example.com|192.0.2.1|-"},
		{"myipv4=192.0.2.1&myipv6=2001:db8::7&hostname=a.b", "a.b|192.0.2.1|2001:db8::7"},
		{"myip=192.0.2.6,2001:db8:1::/64", "|192.0.2.6|-|{\"prefix\":\"2001:db8:1::/64\"}"},
		// hosts
		{"", "|-|-"},
		{"hostname=", "|-|-"},
		{"hostname=YES&host_id=a.b", "a.b|-|-"},
		{"hostname=&host=a.b", "a.b|-|-"},
		{"hostname=a.b&host=c.d", "a.b|-|-"},
		{"h[]=a.b&h[]=c.d", "a.b,c.d|-|-"},
		{"hostname=a.b&hostname=c.d", "a.b,c.d|-|-"},
		{"hostname=a.b%2C+c.d&myip=192.0.2.1%2C+192.0.2.2",
		 "a.b,c.d|192.0.2.1,192.0.2.2|-"},
		{"hostname= a.b ,, nodot ,c.d", "a.b,!,c.d|-|-"},
		{"hostname=a.1,a.2,a.3,a.4,a.5,a.6,a.7,a.8,a.9,a.10,a.11,a.12,a.13,a.14,a.15,a.16,"
		 "a.17,a.18,a.19,a.20",
		 "a.1,a.2,a.3,a.4,a.5,a.6,a.7,a.8,a.9,a.10,a.11,a.12,a.13,a.14,a.15,a.16,"
		 "a.17,a.18,a.19,a.20|-|-"},
		{"hostname=a.1,a.2,a.3,a.4,a.5,a.6,a.7,a.8,a.9,a.10,a.11,a.12,a.13,a.14,a.15,a.16,"
		 "a.17,a.18,a.19,a.20,a.21",
		 "too many"},
		// addresses
		{"hostname=a.b&myip=&myipv6=", "a.b|-|"},
		{"hostname=a.b&myipv4=", "a.b||-"},
		{"hostname=a.b&ipv6=&ipv4=", "a.b|-|-"},
		{"hostname=a.b&ipv6=clear", "a.b|-|"},
		{"hostname=a.b&ip=192.0.2.1&ip6=2001:db8::7", "a.b|192.0.2.1|2001:db8::7"},
		{"hostname=a.b&myip=192.0.2.1&myip2=192.0.2.2", "a.b|192.0.2.1,192.0.2.2|-"},
		{"hostname=a.b&myip=auto", "a.b|-|-"},
		{"hostname=a.b&myip=clear", "a.b||"},
		{"hostname=a.b&ip=clear&ip6=2001:db8::7", "a.b||2001:db8::7"},
		{"hostname=a.b&myipv6=preserve&myipv4=192.0.2.1", "a.b|192.0.2.1|-"},
		{"hostname=a.b&myipv6=2001:db8::7/56",
		 "a.b|-|2001:db8::7|{\"prefix\":\"2001:db8::7/56\"}"},
		// options
		{"hostname=a.b&wildcard=NOCHG&mx=&backmx=nochg&timeout=", "a.b|-|-"},
		{"hostname=a.b&timeout=10", "a.b|-|-|{\"timeout\":\"10\"}"},
		{"hostname=a.b&ipv6prefix=2001:db8::/56", "a.b|-|-|{\"prefix\":\"2001:db8::/56\"}"},
		{"hostname=a.b&ip6lanprefix=<ip6lanprefix>", "a.b|-|-"},
		{"hostname=a.b&myipv6=2001:db8::7/56&ipv6prefix=2001:db8:1::/64",
		 "a.b|-|2001:db8::7|{\"prefix\":\"2001:db8:1::/64\"}"},
		{"hostname=a.b&mx=\xff\xfe", "a.b|-|-|{\"mx\":\"\xef\xbf\xbd\"}"},
		{"hostname=a.b&timeout=\"}", "a.b|-|-|{\"timeout\":\"\\\"}\"}"},
		// state
		{"hostname=a.b&offline=YES", "a.b|-|-|offline"},
		{"hostname=a.b&offline=yes", "a.b|-|-|offline"},
		{"hostname=a.b&offline=NO", "a.b|-|-"},
		{"hostname=a.b&offline=NOCHG", "a.b|-|-"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[4096];
		read_query(cases[i].query, out);
		if (strcmp(out, cases[i].expected) != 0)
			fail_msg("'%s' gives '%s', not '%s'", cases[i].query, out,
				 cases[i].expected);
	}
}

static void
test_a_long_name_is_none(void **state)
{
	(void)state;
	char query[2048] = "hostname=", out[4096];
	memset(query + 9, 'a', 1500);
	memcpy(query + 9 + 1500, ".b,c.d", 7);
	read_query(query, out);
	assert_string_equal(out, "!,c.d|-|-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostnames),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_a_long_name_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
