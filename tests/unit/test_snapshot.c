// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of dlz_ddns/snapshot.c: the SOA's text.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlz_ddns/snapshot.h"
#include "sql/client/dname.h"

#define L50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define NUMBERS " 4294967295 4294967294 0 1 3600"
static const struct {
	const char *origin, *mname, *rname, *soa;
} cases[] = {
	{"example.test", "ns.example.test", "host.example.test", "ns host" NUMBERS},
	{"example.test", "example.test", "a\\.b.c.example.test", "@ a\\.b.c" NUMBERS},
	{"example.test", "NS.Example.TEST.", "\\@.example.test", "ns \\@" NUMBERS},
	{"example.test", "ns.example.org", "host.test", "ns.example.org. host.test." NUMBERS},
	{"example.test", "ns.anexample.test", "b\\.example.test",
	 "ns.anexample.test. b\\.example.test." NUMBERS},
	{"example.test", ".", "host.example.test", ". host" NUMBERS},
	// what named makes of the text has to fit into 64 octets more than that
	{L50, "ns." L50, "host." L50, "ns host." L50 "." NUMBERS},
	{L50 "." L50, "ns." L50 "." L50, "host." L50 "." L50,
	 "ns." L50 "." L50 ". host." L50 "." L50 "." NUMBERS},
};

static struct snapshot *
make(const char *origin, const char *mname, const char *rname)
{
	bool is_clean;
	const struct ddns_zone zone = {.origin = origin,
				       .mname = mname,
				       .rname = rname,
				       .serial = 4294967295,
				       .refresh = 4294967294,
				       .expire = 1,
				       .negative_ttl = 3600,
				       .transfer = "none",
				       .transfer_to = ""};
	struct snapshot *snapshot = snapshot_create(&zone, &is_clean);
	assert_non_null(snapshot);
	return snapshot;
}

static void
test_soa(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot *snapshot = make(cases[i].origin, cases[i].mname, cases[i].rname);
		assert_null(snapshot->fault);
		assert_string_equal(snapshot->soa, cases[i].soa);
		snapshot_free(snapshot);
	}
}

/* Whatever the origin's length: named's buffer suffices, and where there is room, a name is short.
 */
static void
test_soa_fits(void **state)
{
	char origin[DDNS_DNAME_WIRE_MAX] = "";
	char mname[DDNS_DNAME_WIRE_MAX + 8];
	(void)state;
	for (size_t length = 1; length <= 240; length++) {
		strcat(origin, length % 40 == 0 ? "." : "x");
		if (length % 40 == 0)
			continue;
		strcat(strcpy(mname, "ns."), origin);
		struct snapshot *snapshot = make(origin, mname, mname);
		size_t text = strlen(snapshot->soa);
		size_t size = (text / 64 + 1) * 64 + 64; // initial_size() of BIND's sdlz.c
		assert_true(size >= 2 * (strlen(mname) + 2) + 20);
		assert_int_equal(strncmp(snapshot->soa, "ns ns ", 6) == 0, length <= 35);
		snapshot_free(snapshot);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soa),
		cmocka_unit_test(test_soa_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
