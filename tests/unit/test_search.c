// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of dlz_ddns/search.c: answers that depend on what the thread was asked before.
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/mirror_fixture.h"

#define Z "example.test"
static const char *const rows[] = {
	"@ 60 NS ns." Z ".",	  "@ 60 TXT \"apex\"",
	"www 60 A 192.0.2.1",	  "a.b.c 60 A 192.0.2.2", // b.c and c are empty non-terminals
	"*.wild 60 TXT \"wild\"", NULL,
};

static struct fixture fixture;

static int
set_up(void **state)
{
	(void)state;
	fixture_begin(&fixture);
	struct ddns_zone zone = fixture_zone(1, Z, 7);
	fixture_load(&fixture, &zone, rows);
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

#define SOA "@ 60 SOA ns host 7 2 3 4 5\n"
#define APEX SOA "@ 60 NS ns." Z ".\n@ 60 TXT \"apex\"\n"

static void
search(const char *name)
{
	assert_int_equal(lookup_zone(&fixture.instance, name, true), LOOKUP_NOT_OURS);
}

static void
end_search(void)
{
	assert_int_equal(lookup_zone(&fixture.instance, Z, true), LOOKUP_OURS);
}

/* The next question for the apex is answered in full. */
static void
expect_apex(enum lookup_kind kind)
{
	assert_string_equal(fixture_ask(&fixture, Z, "@", kind), "found");
	assert_string_equal(fixture.put, APEX);
}

/* On the way from the zone to a name below it the apex is only passed; all else gets its records.
 */
static void
test_passing_the_apex(void **state)
{
	(void)state;
	const struct lookup_instance other = {fixture.mirror, false};
	for (int depth = 1; depth <= 2; depth++) {
		if (depth == 2)
			search("a.www." Z);
		search("www." Z);
		end_search();
		assert_string_equal(fixture_ask(&fixture, Z, "@", LOOKUP_QUERY), "empty");
		assert_string_equal(fixture.put, "");
		expect_apex(LOOKUP_QUERY); // once a search
		expect_apex(LOOKUP_ORIGIN);
	}
	// a query for the apex itself, also after one for a name below that came to nothing
	end_search();
	expect_apex(LOOKUP_QUERY);
	search("www." Z);
	fixture_ask(&fixture, Z, "www", LOOKUP_QUERY);
	end_search();
	expect_apex(LOOKUP_QUERY);
	// named's own, and an update's
	search("www." Z);
	end_search();
	expect_apex(LOOKUP_ORIGIN);
	search("www." Z);
	end_search();
	expect_apex(LOOKUP_EXACT);
	// something came between
	search("www." Z);
	end_search();
	fixture_ask(&fixture, Z, "www", LOOKUP_QUERY);
	expect_apex(LOOKUP_QUERY);
	search("www." Z);
	end_search();
	(void)lookup_may_transfer(&fixture.instance, Z, "192.0.2.1");
	expect_apex(LOOKUP_QUERY);
	search("www." Z);
	assert_int_equal(lookup_zone(&other, Z, true), LOOKUP_OURS);
	expect_apex(LOOKUP_QUERY);
	search("www." Z);
	end_search();
	assert_int_equal(lookup_zone(&other, "www." Z, true), LOOKUP_NOT_OURS);
	expect_apex(LOOKUP_QUERY);
	// a search for another name, one that is not the next, and one that no client began
	search("other");
	end_search();
	expect_apex(LOOKUP_QUERY);
	search("a.www." Z);
	end_search();
	expect_apex(LOOKUP_QUERY);
	search("www." Z);
	assert_int_equal(lookup_zone(&fixture.instance, Z, false), LOOKUP_OURS);
	expect_apex(LOOKUP_QUERY);
	// a DNAME at the apex is what named looks for on its way
	struct ddns_zone zone = fixture_zone(1, Z, 8);
	fixture_load(&fixture, &zone, (const char *[]){"@ 60 NS a.", "@ 60 DNAME b.", NULL});
	search("www." Z);
	end_search();
	assert_string_equal(fixture_ask(&fixture, Z, "@", LOOKUP_QUERY), "found");
	assert_non_null(strstr(fixture.put, "DNAME b."));
}

/* A search ends where it is told that no name above is a zone: one made since is asked for anew. */
static void
test_a_zone_made_since(void **state)
{
	(void)state;
	const struct lookup_instance only = {fixture.mirror, true};
	struct lookup_sink sink = fixture_sink(&fixture);
	struct ddns_zone zone = fixture_zone(2, "made.test", 1);
	assert_int_equal(lookup_zone(&only, "www.made.test", true), LOOKUP_NO_ZONE);
	fixture_load(&fixture, &zone, (const char *[]){"@ 60 NS a.", NULL});
	assert_int_equal(lookup_zone(&only, "made.test", true), LOOKUP_OURS);
	assert_int_equal(lookup_name(&only, "made.test", "@", LOOKUP_QUERY, true, &sink),
			 LOOKUP_FOUND);
}

/* Another statement of the view that was asked for the name too: the query's name is the same. */
static void
test_two_statements(void **state)
{
	(void)state;
	const struct lookup_instance other = {fixture.mirror, false};
	search("b.c." Z);
	search("c." Z);
	end_search();
	assert_int_equal(lookup_zone(&other, "b.c." Z, true), LOOKUP_NOT_OURS);
	expect_apex(LOOKUP_QUERY);
	assert_string_equal(fixture_ask(&fixture, Z, "c", LOOKUP_QUERY), "empty");
	assert_string_equal(fixture_ask(&fixture, Z, "b.c", LOOKUP_QUERY), "empty-end");
}

/* It was the search's first question all the same. */
static void
test_passing_failed(void **state)
{
	(void)state;
	struct ddns_zone inner = fixture_zone(2, "in." Z, 1);
	assert_int_equal(mirror_fail(fixture.mirror, 2, "in." Z), DDNS_OK);
	search("www.in." Z);
	assert_int_equal(lookup_zone(&fixture.instance, "in." Z, true), LOOKUP_OURS);
	assert_string_equal(fixture_ask(&fixture, "in." Z, "@", LOOKUP_QUERY), "failed");
	fixture_load(&fixture, &inner, (const char *[]){"@ 60 NS a.", NULL});
	assert_string_equal(fixture_ask(&fixture, "in." Z, "@", LOOKUP_QUERY), "found");
}

/* The next question for the apex, which named asks for itself, needs no more than the SOA. */
static void
expect_soa(void)
{
	assert_string_equal(fixture_ask(&fixture, Z, "@", LOOKUP_ORIGIN), "found");
	assert_string_equal(fixture.put, SOA);
}

static void
expect(const char *name, const char *word)
{
	assert_string_equal(fixture_ask(&fixture, Z, name, LOOKUP_QUERY), word);
}

/* A query for a name that is not there takes no walk where nothing on its way is, and then the SOA
 * alone. */
static void
test_no_name(void **state)
{
	(void)state;
	// the first name below the apex decides, whether it is the query's or not
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	expect_soa();
	expect_apex(LOOKUP_ORIGIN); // once
	search("a.b.nope." Z);
	search("b.nope." Z);
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	expect_soa();
	search("*." Z);
	end_search();
	expect("@", "no-name");
	// with a wildcard below the apex all names exist
	struct ddns_zone zone = fixture_zone(1, Z, 8);
	fixture_load(&fixture, &zone, (const char *[]){"@ 60 NS a.", "* 60 A 192.0.2.1", NULL});
	search("nope." Z);
	end_search();
	expect("@", "empty");
	expect("nope", "found");
}

/* The walk finds the end too, at the name itself or above it. */
static void
test_no_name_after_a_walk(void **state)
{
	(void)state;
	for (int depth = 1; depth <= 2; depth++) {
		if (depth == 2)
			search("a.x.www." Z);
		search("x.www." Z);
		search("www." Z);
		end_search();
		expect("@", "empty");
		expect("www", "found");
		expect("x.www", "no-name");
		expect_soa();
	}
	search("x.c." Z); // an empty non-terminal
	search("c." Z);
	end_search();
	expect("@", "empty");
	expect("c", "empty");
	expect("x.c", "no-name");
	expect_soa();
	// a named without the code for the end asks on
	struct lookup_sink sink = fixture_sink(&fixture);
	search("nope." Z);
	end_search();
	assert_int_equal(lookup_name(&fixture.instance, Z, "@", LOOKUP_QUERY, false, &sink),
			 LOOKUP_EMPTY);
	assert_int_equal(lookup_name(&fixture.instance, Z, "nope", LOOKUP_QUERY, false, &sink),
			 LOOKUP_NOT_FOUND);
}

/* What is found, or asked for another's sake, may have the zone's NS records after it. */
static void
test_more_than_the_soa(void **state)
{
	(void)state;
	const struct lookup_instance other = {fixture.mirror, false};
	search("www." Z);
	end_search();
	expect("@", "empty");
	expect("www", "found");
	expect_apex(LOOKUP_ORIGIN);
	search("www." Z);
	end_search();
	expect("@", "empty");
	expect("www", "found");
	expect_apex(LOOKUP_QUERY);
	expect("nope", "no-name");
	expect_apex(LOOKUP_ORIGIN);
	search("www." Z);
	end_search();
	expect("@", "empty");
	expect("nope", "no-name"); // not on the way
	expect_apex(LOOKUP_ORIGIN);
	// something came between
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	(void)lookup_may_transfer(&fixture.instance, Z, "192.0.2.1");
	expect_apex(LOOKUP_ORIGIN);
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	search("nope." Z);
	expect_apex(LOOKUP_ORIGIN);
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	expect_apex(LOOKUP_EXACT);
	expect_apex(LOOKUP_ORIGIN);
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	struct lookup_sink sink = fixture_sink(&fixture);
	assert_int_equal(lookup_name(&other, Z, "@", LOOKUP_ORIGIN, true, &sink), LOOKUP_FOUND);
	assert_non_null(strstr(fixture.put, " NS "));
}

/* After the SOA for a name that is not there, a client that wants DNSSEC makes named look for
 * proofs. */
static void
test_proofs(void **state)
{
	(void)state;
	search("x.www." Z);
	search("www." Z);
	end_search();
	expect("@", "empty");
	expect("www", "found");
	expect("x.www", "no-name");
	expect_soa();
	for (int i = 0; i < 2; i++) {
		expect("@", "empty");
		assert_string_equal(fixture.put, "");
		expect("www", "found");
		expect("x.www", "no-name");
	}
	expect("@", "empty");
	expect("www", "found");
	expect("@", "empty");
	// anything else ends that
	expect("other", "no-name");
	expect_apex(LOOKUP_QUERY);
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	expect_apex(LOOKUP_QUERY); // the SOA was not given yet
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	expect_soa();
	expect_apex(LOOKUP_ORIGIN);
	expect_apex(LOOKUP_QUERY);
	search("nope." Z);
	end_search();
	expect("@", "no-name");
	expect_soa();
	end_search();
	expect_apex(LOOKUP_QUERY);
}

/* A cut or a DNAME that comes above a name between the first question and that for it: named would
 * not see it, and take what is there, or is not, for the zone's. */
static void
test_cut_on_the_way(void **state)
{
	(void)state;
	struct ddns_zone zone = fixture_zone(1, Z, 7);
	const struct {
		const char *name;
		const char *rows[4];
		const char *word;
	} changes[] = {
		{"c", {"c 60 NS ns.c." Z ".", "a.b.c 60 A 192.0.2.2", NULL}, "failed"},
		{"c", {"c 60 NS ns.c." Z ".", NULL}, "failed"},
		{"c", {"c 60 DNAME d.", NULL}, "failed"},
		{"@", {"@ 60 NS ns." Z ".", "@ 60 DNAME d.", NULL}, "failed"},
		{"c", {NULL}, "no-name"},
		{"c", {"c 60 A 192.0.2.1", "a.b.c 60 A 192.0.2.2", NULL}, "found"},
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		zone.serial = 7;
		fixture_load(&fixture, &zone, rows);
		search("a.b.c." Z);
		search("b.c." Z);
		search("c." Z);
		end_search();
		expect("@", "empty");
		expect("c", "empty");
		zone.serial = 8;
		assert_int_equal(fixture_step(&fixture, &zone,
					      (const char *[]){changes[i].name, "a.b.c", NULL},
					      changes[i].rows),
				 DDNS_OK);
		expect("a.b.c", changes[i].word);
	}
	// where nothing changed meanwhile, what is below a cut is glue
	zone.serial = 9;
	fixture_load(&fixture, &zone,
		     (const char *[]){"@ 60 NS a.", "c 60 NS ns.c.", "ns.c 60 A 192.0.2.1", NULL});
	search("ns.c." Z);
	search("c." Z);
	end_search();
	expect("@", "empty");
	expect("c", "found");
	expect("ns.c", "found");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_passing_the_apex, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_zone_made_since, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_statements, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_passing_failed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_name_after_a_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_more_than_the_soa, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_on_the_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_proofs, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
