// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of dlz_ddns/lookup.c: the rules by which names are answered.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/mirror_fixture.h"

#define Z "example.test"
static const char *const rows[] = {
	"@ 60 NS ns." Z ".",
	"@ 60 TXT \"apex\"",
	"ns 60 A 192.0.2.53",
	"www 60 A 192.0.2.1",
	"a.b.c 60 A 192.0.2.2", // b.c and c are empty non-terminals
	"*.wild 60 TXT \"wild\"",
	"foo.wild 60 A 192.0.2.3",
	"x.ent.wild 60 A 192.0.2.4",
	"sub 60 NS ns.sub." Z ".",
	"ns.sub 60 A 192.0.2.5",
	"mixed.*.star 60 A 192.0.2.6", // *.star exists, without records
	"a\\.b 60 A 192.0.2.7",
	"\\@ 60 A 192.0.2.8",
	"sp\\032ace.\\255 60 A 192.0.2.9",
	"alias 60 CNAME www." Z ".",
	// RFC 4592 section 2.2.1
	"*.rfc 3600 TXT \"this is a wildcard\"",
	"*.rfc 3600 MX 10 host1." Z ".",
	"sub.*.rfc 3600 TXT \"this is not a wildcard\"",
	"host1.rfc 3600 A 192.0.2.1",
	"_ssh._tcp.host1.rfc 3600 SRV 0 0 22 a.",
	"_ssh._tcp.host2.rfc 3600 SRV 0 0 22 b.",
	"subdel.rfc 3600 NS ns.example.com.",
	NULL,
};

static struct fixture fixture;

static int
set_up(void **state)
{
	(void)state;
	fixture_begin(&fixture);
	struct ddns_zone zone = fixture_zone(1, Z, 7);
	fixture_load(&fixture, &zone, rows);
	assert_string_equal(fixture.said, "");
	mirror_set_ready(fixture.mirror);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_end(&fixture);
	return 0;
}

#define FOUND(name, records)                                                    \
	do {                                                                    \
		assert_string_equal(fixture_query(&fixture, Z, name), "found"); \
		assert_string_equal(fixture.put, records);                      \
	} while (0)
#define SAYS(name, word)                                                     \
	do {                                                                 \
		assert_string_equal(fixture_query(&fixture, Z, name), word); \
		assert_string_equal(fixture.put, "");                        \
	} while (0)

static void
test_exact(void **state)
{
	(void)state;
	FOUND("www", "www 60 A 192.0.2.1\n");
	FOUND("@", "@ 60 SOA ns host 7 2 3 4 5\n@ 60 NS ns." Z ".\n@ 60 TXT \"apex\"\n");
	FOUND("alias", "alias 60 CNAME www." Z ".\n");
	FOUND("sub", "sub 60 NS ns.sub." Z ".\n");
	SAYS("ww", "no-name");
	SAYS("wwww", "no-name");
	SAYS("x.www", "no-name");
}

static void
test_odd_octets_and_case(void **state)
{
	(void)state;
	FOUND("a\\.b", "a\\.b 60 A 192.0.2.7\n");
	SAYS("b", "no-name");
	FOUND("\\@", "\\@ 60 A 192.0.2.8\n");
	FOUND("sp\\032ace.\\255", "sp\\032ace.\\255 60 A 192.0.2.9\n");
	SAYS("\\255", "empty-end");
	FOUND("WwW", "www 60 A 192.0.2.1\n");
	FOUND("Any.WILD", "*.wild 60 TXT \"wild\"\n");
	char name[1100];
	memset(name, 'x', sizeof(name) - 1); // longer than any name can be
	name[sizeof(name) - 1] = '\0';
	SAYS(name, "failed");
}

static void
test_empty_non_terminal(void **state)
{
	(void)state;
	SAYS("c", "empty-end");
	SAYS("b.c", "empty-end");
	FOUND("a.b.c", "a.b.c 60 A 192.0.2.2\n");
	// on the way to another name it is no end
	assert_string_equal(fixture_query(&fixture, Z, "nope.b.c"), "no-name");
	assert_string_equal(fixture_ask(&fixture, Z, "b.c", LOOKUP_QUERY), "empty");
	assert_string_equal(fixture_ask(&fixture, Z, "c", LOOKUP_QUERY), "empty");
}

static void
test_closest_encloser(void **state)
{
	(void)state;
	FOUND("q.wild", "*.wild 60 TXT \"wild\"\n");
	FOUND("q.q.q.wild", "*.wild 60 TXT \"wild\"\n");
	SAYS("x.foo.wild", "no-name"); // foo.wild exists
	SAYS("y.ent.wild", "no-name"); // ent.wild exists, if only by what is below
	SAYS("wild", "empty-end");
	FOUND("*.wild", "*.wild 60 TXT \"wild\"\n");
	SAYS("*.www", "no-name");
	SAYS("x.*.wild", "no-name"); // *.wild is its encloser, and has no wildcard
	SAYS("q.star", "empty-end"); // synthesised from a wildcard without records
	// under a wildcard, the levels above the query's name say only that they exist
	assert_string_equal(fixture_query(&fixture, Z, "a.b.wild"), "found");
	assert_string_equal(fixture_ask(&fixture, Z, "b.wild", LOOKUP_QUERY), "empty");
	assert_string_equal(fixture_ask(&fixture, Z, "c.wild", LOOKUP_QUERY), "found");
}

/* RFC 4592 section 2.2.1, the list of what is and what is not synthesised. */
static void
test_rfc4592(void **state)
{
	(void)state;
	FOUND("host3.rfc",
	      "*.rfc 3600 MX 10 host1." Z ".\n*.rfc 3600 TXT \"this is a wildcard\"\n");
	FOUND("foo.bar.rfc",
	      "*.rfc 3600 MX 10 host1." Z ".\n*.rfc 3600 TXT \"this is a wildcard\"\n");
	FOUND("host1.rfc", "host1.rfc 3600 A 192.0.2.1\n");
	FOUND("sub.*.rfc", "sub.*.rfc 3600 TXT \"this is not a wildcard\"\n");
	SAYS("_telnet._tcp.host1.rfc", "no-name");
	FOUND("subdel.rfc", "subdel.rfc 3600 NS ns.example.com.\n");
	SAYS("host.subdel.rfc", "no-name"); // named has stopped at the delegation by then
	SAYS("ghost.*.rfc", "no-name");
	SAYS("_tcp.host2.rfc", "empty-end");
	SAYS("host2.rfc", "empty-end");
}

static void
test_updates_and_origin(void **state)
{
	(void)state;
	// nothing is synthesised, and retries are told from questions of their own
	assert_string_equal(fixture_ask(&fixture, Z, "Q.wild", LOOKUP_EXACT), "not-found");
	assert_string_equal(fixture_ask(&fixture, Z, "*.wild", LOOKUP_EXACT), "not-found");
	assert_string_equal(fixture_ask(&fixture, Z, "*", LOOKUP_EXACT), "not-found");
	assert_string_equal(fixture_ask(&fixture, Z, "*.wild", LOOKUP_EXACT), "found");
	assert_string_equal(fixture_ask(&fixture, Z, "A_b.Q.wild", LOOKUP_EXACT), "not-found");
	assert_string_equal(fixture_ask(&fixture, Z, "*.Q.wild", LOOKUP_EXACT), "not-found");
	assert_string_equal(fixture_ask(&fixture, Z, "www", LOOKUP_EXACT), "found");
	assert_string_equal(fixture_ask(&fixture, Z, "*.wild", LOOKUP_EXACT), "found");
	assert_string_equal(fixture_ask(&fixture, Z, "nope", LOOKUP_ORIGIN), "not-found");
	assert_string_equal(fixture_ask(&fixture, Z, "b.c", LOOKUP_EXACT), "empty");
	assert_string_equal(fixture_ask(&fixture, Z, "@", LOOKUP_ORIGIN), "found");
	// a named without the code for the end is not given it, and its retries find nothing
	struct lookup_sink sink = fixture_sink(&fixture);
	assert_int_equal(lookup_name(&fixture.instance, Z, "nope", LOOKUP_QUERY, false, &sink),
			 LOOKUP_NOT_FOUND);
	assert_int_equal(lookup_name(&fixture.instance, Z, "*", LOOKUP_QUERY, false, &sink),
			 LOOKUP_NOT_FOUND);
}

static void
test_zones(void **state)
{
	(void)state;
	const struct lookup_instance *instance = &fixture.instance;
	struct ddns_zone inner = fixture_zone(2, "www." Z, 1);
	assert_int_equal(lookup_zone(instance, Z, true), LOOKUP_OURS);
	assert_int_equal(lookup_zone(instance, "www." Z, true), LOOKUP_NOT_OURS);
	assert_int_equal(lookup_zone(instance, "test", true), LOOKUP_NOT_OURS);
	assert_int_equal(lookup_zone(instance, "a.other", true), LOOKUP_NOT_OURS);
	const struct lookup_instance only = {fixture.mirror, true};
	assert_int_equal(lookup_zone(&only, "test", true), LOOKUP_NO_ZONE);
	assert_int_equal(lookup_zone(&only, "a.other", true), LOOKUP_NO_ZONE);
	assert_int_equal(lookup_zone(&only, "a.other", false), LOOKUP_NOT_OURS);
	assert_int_equal(lookup_zone(&only, "a.b." Z, true), LOOKUP_NOT_OURS);
	assert_int_equal(lookup_zone(&only, "b." Z, true), LOOKUP_NOT_OURS);
	fixture_load(&fixture, &inner, (const char *[]){"@ 60 NS a.", "x 60 A 192.0.2.77", NULL});
	assert_int_equal(lookup_zone(instance, "www." Z, true), LOOKUP_OURS);
	assert_string_equal(fixture_ask(&fixture, "www." Z, "x", LOOKUP_QUERY), "found");
	assert_string_equal(fixture_ask(&fixture, Z, "www", LOOKUP_QUERY), "found");
	mirror_gone(fixture.mirror, 2);
	assert_int_equal(lookup_zone(instance, "www." Z, true), LOOKUP_NOT_OURS);
	// a question under way is answered still, a zone that was never there is not
	assert_string_equal(fixture_ask(&fixture, "www." Z, "x", LOOKUP_QUERY), "found");
	assert_string_equal(fixture_ask(&fixture, "ww." Z, "x", LOOKUP_QUERY), "failed");
	// one that could not be loaded is not one that is not there
	struct mirror_load *load;
	assert_int_equal(mirror_load_begin(fixture.mirror, &inner, &load), DDNS_OK);
	mirror_load_drop(load);
	assert_int_equal(mirror_fail(fixture.mirror, 2, "www." Z), DDNS_OK);
	assert_int_equal(lookup_zone(instance, "www." Z, true), LOOKUP_OURS);
	assert_string_equal(fixture_ask(&fixture, "www." Z, "x", LOOKUP_QUERY), "failed");
}

static void
test_before_first_load(void **state)
{
	struct fixture empty;
	(void)state;
	fixture_begin(&empty);
	assert_int_equal(lookup_zone(&empty.instance, "a.test", true), LOOKUP_NOT_OURS);
	assert_int_equal(lookup_zone(&empty.instance, "test", true), LOOKUP_OURS);
	assert_int_equal(lookup_zone(&empty.instance, "a.test", false), LOOKUP_OURS);
	assert_string_equal(fixture_ask(&empty, "test", "@", LOOKUP_QUERY), "failed");
	assert_string_equal(fixture_ask(&empty, "test", "a", LOOKUP_QUERY), "failed");
	assert_int_equal(lookup_may_transfer(&empty.instance, "test", "192.0.2.1"),
			 LOOKUP_TRANSFER_NO_ZONE);
	fixture_end(&empty);
}

static void
test_refused_record(void **state)
{
	(void)state;
	fixture.refused_rdata = "192.0.2.1";
	assert_string_equal(fixture_query(&fixture, Z, "www"), "failed");
	assert_int_equal(fixture.refused, 1);
	SAYS("www", "empty-end"); // left out from then on
	assert_int_equal(fixture.refused, 1);
	fixture.refused_rdata = "ns host 7 2 3 4 5"; // never left out
	assert_string_equal(fixture_query(&fixture, Z, "@"), "failed");
	assert_string_equal(fixture_query(&fixture, Z, "@"), "failed");
}

static const struct {
	const char *mode, *list, *client;
	enum lookup_transfer answer;
} transfers[] = {
	{"none", "", "192.0.2.1", LOOKUP_TRANSFER_NO},
	{"named", "", "192.0.2.1", LOOKUP_TRANSFER_NAMED},
	{"list", "", "192.0.2.1", LOOKUP_TRANSFER_NO},
	{"list", "192.0.2.1", "192.0.2.1", LOOKUP_TRANSFER_YES},
	{"list", "192.0.2.1", "192.0.2.2", LOOKUP_TRANSFER_NO},
	{"list", "198.51.100.7,192.0.2.0/25", "192.0.2.127", LOOKUP_TRANSFER_YES},
	{"list", "198.51.100.7,192.0.2.0/25", "192.0.2.128", LOOKUP_TRANSFER_NO},
	{"list", "192.0.2.1/32", "::ffff:192.0.2.1", LOOKUP_TRANSFER_YES},
	{"list", "::ffff:192.0.2.0/120", "192.0.2.1", LOOKUP_TRANSFER_YES},
	{"list", "::/0", "192.0.2.1", LOOKUP_TRANSFER_NO},
	{"list", "::/0", "2001:db8::1", LOOKUP_TRANSFER_YES},
	{"list", "0.0.0.0/0", "2001:db8::1", LOOKUP_TRANSFER_NO},
	{"list", "0.0.0.0/0", "192.0.2.1", LOOKUP_TRANSFER_YES},
	{"list", "0.0.0.0/0", "203.0.113.1", LOOKUP_TRANSFER_YES},
	{"list", "0.0.0.0/0", "2001:db8::1", LOOKUP_TRANSFER_NO},
	{"list", "2001:db8::/33", "2001:db8:7fff::1", LOOKUP_TRANSFER_YES},
	{"list", "2001:db8::/33", "2001:db8:8000::1", LOOKUP_TRANSFER_NO},
	{"list", "fe80::1", "fe80::1%eth0", LOOKUP_TRANSFER_YES},
	{"list", "nonsense,192.0.2.0/33,192.0.2.1", "192.0.2.1", LOOKUP_TRANSFER_YES},
	{"list", "nonsense,192.0.2.0/33,192.0.2.1", "192.0.2.2", LOOKUP_TRANSFER_NO},
	{"everybody", "", "192.0.2.1", LOOKUP_TRANSFER_NO},
	{"list", "192.0.2.1", "192.0.2.1/0", LOOKUP_TRANSFER_NO},
	{"list", "192.0.2.1", "", LOOKUP_TRANSFER_NO},
};

static void
test_who_may_transfer(void **state)
{
	(void)state;
	uint32_t serial = 8;
	for (size_t i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
		struct ddns_zone zone = fixture_zone(1, Z, serial++);
		zone.transfer = transfers[i].mode;
		zone.transfer_to = transfers[i].list;
		assert_int_equal(fixture_step(&fixture, &zone, (const char *[]){NULL}, NULL),
				 DDNS_OK);
		if (lookup_may_transfer(&fixture.instance, Z, transfers[i].client) !=
		    transfers[i].answer)
			fail_msg("case %zu: %s %s", i, transfers[i].list, transfers[i].client);
	}
	assert_int_equal(lookup_may_transfer(&fixture.instance, "no." Z, "192.0.2.1"),
			 LOOKUP_TRANSFER_NO_ZONE);
}

/* A sink that changes the zone under way. */
static enum ddns_result
put_and_change(void *context, const char *owner, const char *type, uint32_t ttl, const char *rdata)
{
	static uint32_t serial = 100;
	char row[64];
	struct ddns_zone zone = fixture_zone(1, Z, serial++);
	snprintf(row, sizeof(row), "www 60 A 198.51.100.%u", serial % 250);
	assert_int_equal(fixture_step(&fixture, &zone,
				      (const char *[]){"www", "alias", "ns.sub", "new", NULL},
				      (const char *[]){row, "new 60 A 192.0.2.99", NULL}),
			 DDNS_OK);
	struct lookup_sink sink = fixture_sink(context);
	return sink.put(context, owner, type, ttl, rdata);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_lines(char *text)
{
	char *lines[200];
	size_t count = 0;
	char copy[1 << 14] = "";
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		lines[count++] = line;
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < count; i++)
		strcat(strcat(copy, lines[i]), "\n");
	strcpy(text, copy);
}

static void
test_transfer(void **state)
{
	char before[1 << 14];
	(void)state;
	struct lookup_sink sink = fixture_sink(&fixture);
	assert_int_equal(lookup_transfer(&fixture.instance, Z, &sink), DDNS_OK);
	assert_int_equal(strncmp(fixture.put, "@ 60 SOA ", 9), 0);
	strcpy(before, fixture.put);
	sort_lines(before);
	assert_non_null(strstr(before, "sub.*.rfc 3600 TXT"));

	// the same while steps change it: one version from end to end, and its SOA afterwards
	fixture.put[0] = '\0';
	sink.put = put_and_change;
	assert_int_equal(lookup_transfer(&fixture.instance, Z, &sink), DDNS_OK);
	sort_lines(fixture.put);
	assert_string_equal(fixture.put, before);
	assert_string_equal(fixture_ask(&fixture, Z, "@", LOOKUP_ORIGIN), "found");
	assert_non_null(strstr(fixture.put, " 7 2 3 4 5\n"));
	assert_string_equal(fixture_ask(&fixture, Z, "@", LOOKUP_ORIGIN), "found");
	assert_null(strstr(fixture.put, " 7 2 3 4 5\n"));
	SAYS("alias", "no-name");
	FOUND("new", "new 60 A 192.0.2.99\n");

	// only the very next question gets it
	sink = fixture_sink(&fixture);
	assert_int_equal(lookup_transfer(&fixture.instance, Z, &sink), DDNS_OK);
	struct ddns_zone zone = fixture_zone(1, Z, 5000);
	assert_int_equal(fixture_step(&fixture, &zone, (const char *[]){NULL}, NULL), DDNS_OK);
	fixture_query(&fixture, Z, "www");
	assert_string_equal(fixture_ask(&fixture, Z, "@", LOOKUP_ORIGIN), "found");
	assert_non_null(strstr(fixture.put, " 5000 2 3 4 5\n"));
	assert_int_equal(lookup_transfer(&fixture.instance, "no." Z, &sink), DDNS_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_octets_and_case, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_empty_non_terminal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_closest_encloser, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rfc4592, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_updates_and_origin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_zones, set_up, tear_down),
		cmocka_unit_test(test_before_first_load),
		cmocka_unit_test_setup_teardown(test_refused_record, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_who_may_transfer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_transfer, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
