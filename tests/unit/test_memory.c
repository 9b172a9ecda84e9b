// SPDX-License-Identifier: GPL-3.0-or-later
// What the module does when memory is short: each allocation fails in turn, alone or with all after
// it.  Nothing crashes, what is served stays served, and no zone ever looks absent.
#include <search.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlz_ddns/log.h"
#include "dlz_ddns/store.h"
#include "tests/unit/mirror_fixture.h"

#define Z "example.test"

/* ---- the allocator: the linker has our calls go through these (--wrap) ---- */

static atomic_bool is_armed;
static atomic_uint calls;
static unsigned fails_at;
static bool fails_on; // and after that

static bool
fails(void)
{
	if (!atomic_load(&is_armed))
		return false;
	unsigned call = atomic_fetch_add(&calls, 1) + 1;
	return fails_on ? call >= fails_at : call == fails_at;
}

typedef int compare_function(const void *, const void *);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__real_tsearch(const void *key, void **root, compare_function *compare);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_tsearch(const void *key, void **root, compare_function *compare);

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

void *
__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(memory, count, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

void *
__wrap_tsearch(const void *key, void **root, compare_function *compare)
{
	return fails() ? NULL : __real_tsearch(key, root, compare);
}

static void
arm(unsigned at, bool lasts)
{
	fails_at = at;
	fails_on = lasts;
	atomic_store(&calls, 0);
	atomic_store(&is_armed, true);
}

/* Whether the failure that was asked for has happened. */
static bool
disarm(void)
{
	atomic_store(&is_armed, false);
	return atomic_load(&calls) >= fails_at;
}

/* ---- what the feed does to a mirror ---- */

#define OLD "www 60 A 192.0.2.1\n"
#define NEW "www 60 A 192.0.2.9\n"
static const char *const old_rows[] = {"@ 60 NS ns.other.",
				       "www 60 A 192.0.2.1",
				       "a.b.c 60 A 192.0.2.2",
				       "*.wild 60 A 192.0.2.3",
				       "h1 60 A 192.0.2.1",
				       "h2 60 A 192.0.2.1",
				       "h3 60 A 192.0.2.1",
				       "h3 60 AAAA 2001:db8::1",
				       "h4 60 TXT \"four\"",
				       "?h5 60 MX 10 mx.other.",
				       "h5 60 A 192.0.2.5",
				       "h6 60 CNAME www." Z ".",
				       NULL};
static const char *const new_rows[] = {"@ 60 NS ns.other.", "www 60 A 192.0.2.9",
				       "a.b.c 60 A 192.0.2.2", "n.e.w 60 A 192.0.2.4", NULL};

static struct fixture fixture;

static enum ddns_result
load_rows(const struct ddns_zone *zone, const char *const *text)
{
	static struct ddns_row rows[64];
	size_t count = fixture_rows(text, rows, 64);
	struct mirror_load *load;
	enum ddns_result result = mirror_load_begin(fixture.mirror, zone, &load);
	if (result != DDNS_OK)
		return result;
	for (size_t i = 0; i < count; i++) {
		result = mirror_load_row(load, &rows[i]);
		if (result != DDNS_OK) {
			mirror_load_drop(load);
			return result;
		}
	}
	return mirror_load_end(load);
}

static enum ddns_result
load_anew(void)
{
	struct ddns_zone zone = fixture_zone(1, Z, 2);
	zone.transfer = "list";
	zone.transfer_to = "192.0.2.1,2001:db8::/32";
	return load_rows(&zone, new_rows);
}

static enum ddns_result
load_namesake(void)
{
	struct ddns_zone zone = fixture_zone(2, Z, 2);
	return load_rows(&zone, new_rows);
}

static enum ddns_result
take_step(void)
{
	struct ddns_zone zone = fixture_zone(1, Z, 2);
	static const char *const names[] = {"www", "h3", "*.wild", "h4", "n.e.w", "nothing", NULL};
	static const char *const rows[] = {"www 60 A 192.0.2.9", "h3 60 A 192.0.2.3",
					   "n.e.w 60 A 192.0.2.4", NULL};
	return fixture_step(&fixture, &zone, names, rows);
}

static enum ddns_result
lose_apex(void)
{
	struct ddns_zone zone = fixture_zone(1, Z, 2);
	return fixture_step(&fixture, &zone, (const char *[]){"@", NULL}, NULL);
}

static enum ddns_result
rename_zone(void)
{
	struct ddns_zone zone = fixture_zone(1, "renamed.test", 2);
	return load_rows(&zone, new_rows);
}

static enum ddns_result
first_load(void)
{
	struct ddns_zone zone = fixture_zone(3, "first.test", 1);
	return load_rows(&zone, new_rows);
}

static enum ddns_result
fail_zone(void)
{
	return mirror_fail(fixture.mirror, 4, "failed.test");
}

static enum ddns_result
remove_zone(void)
{
	mirror_gone(fixture.mirror, 1);
	return DDNS_OK;
}

/* ---- what readers see after it ---- */

static const char *
served(const char *origin, const char *name)
{
	if (lookup_zone(&fixture.instance, origin, true) != LOOKUP_OURS)
		return "absent";
	const char *answer = fixture_query(&fixture, origin, name);
	return strcmp(answer, "found") == 0 ? fixture.put : answer;
}

static bool
is_one_of(const char *text, const char *a, const char *b)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* The zone is as it was, or as it shall be. */
static bool
check_change(enum ddns_result result)
{
	const char *www = served(Z, "www");
	return result == DDNS_OK ? strcmp(www, NEW) == 0 : is_one_of(www, OLD, NEW);
}

static bool
check_apex(enum ddns_result result)
{
	// a zone without NS is not served; without memory to take it off the list it fails
	return result == DDNS_OK ? is_one_of(served(Z, "www"), "absent", "failed")
				 : strcmp(served(Z, "www"), OLD) == 0;
}

static bool
check_renamed(enum ddns_result result)
{
	if (result == DDNS_OK)
		return strcmp(served("renamed.test", "www"), NEW) == 0;
	return strcmp(served(Z, "www"), OLD) == 0 || rename_zone() == DDNS_OK;
}

/* The reader says that it failed; with memory that is heard, and then so is the next load. */
static bool
check_first(enum ddns_result result)
{
	if (result == DDNS_OK)
		return strcmp(served("first.test", "www"), NEW) == 0;
	if (mirror_fail(fixture.mirror, 3, "first.test") != DDNS_OK ||
	    !is_one_of(served("first.test", "www"), "failed", NEW))
		return false;
	return first_load() == DDNS_OK && strcmp(served("first.test", "www"), NEW) == 0;
}

static bool
check_failed(enum ddns_result result)
{
	return strcmp(served("failed.test", "www"), result == DDNS_OK ? "failed" : "absent") == 0;
}

static bool
check_removed(enum ddns_result result)
{
	(void)result;
	return is_one_of(served(Z, "www"), "absent", "failed");
}

static const struct {
	const char *name;
	enum ddns_result (*act)(void);
	bool (*check)(enum ddns_result result);
} acts[] = {
	{"a load beside the old copy", load_anew, check_change},
	{"a load of a zone of the same origin", load_namesake, check_change},
	{"a step", take_step, check_change},
	{"a step after which it is not to be served", lose_apex, check_apex},
	{"a load under another origin", rename_zone, check_renamed},
	{"a first load", first_load, check_first},
	{"a zone told as failed", fail_zone, check_failed},
	{"a zone that is gone", remove_zone, check_removed},
};

/* Act with the at-th allocation failing; false when there are not so many. */
static bool
try_act(size_t act, unsigned at, bool lasts)
{
	struct ddns_zone zone = fixture_zone(1, Z, 1);
	fixture_begin(&fixture);
	fixture_load(&fixture, &zone, old_rows);
	mirror_set_ready(fixture.mirror);

	arm(at, lasts);
	enum ddns_result result = acts[act].act();
	const char *www = served("other.test", "www"); // a lookup needs none
	bool has_failed = disarm();
	assert_string_equal(www, "absent");
	if (result != DDNS_OK && result != DDNS_NO_MEMORY)
		fail_msg("%s, allocation %u: %s", acts[act].name, at, ddns_result_text(result));
	if (!acts[act].check(result))
		fail_msg("%s, allocation %u: %s, and then '%s'", acts[act].name, at,
			 ddns_result_text(result), served(Z, "www"));
	// with memory all is well again
	assert_int_equal(load_anew(), DDNS_OK);
	assert_string_equal(served(Z, "www"), NEW);
	fixture_end(&fixture);
	return has_failed;
}

static void
test_mirror(void **state)
{
	(void)state;
	for (size_t act = 0; act < sizeof(acts) / sizeof(acts[0]); act++) {
		unsigned at = 1;
		while (try_act(act, at, false) && try_act(act, at, true))
			at++;
		print_message("%s: %u allocations\n", acts[act].name, at - 1);
		assert_true(at > 1);
	}
}

static void
ignore_line(enum log_level level, const char *text)
{
	(void)level;
	(void)text;
}

/* A store that cannot be made is none; one that was made ends. */
static void
test_store(void **state)
{
	(void)state;
	log_open(ignore_line, true);
	for (unsigned at = 1;; at++) {
		char conninfo[64];
		bool is_ready;
		snprintf(conninfo, sizeof(conninfo), "host=/nonexistent dbname=n%u", at);
		arm(at, false);
		struct store *store = store_attach(conninfo, "name", 1000, &is_ready);
		bool has_failed = disarm();
		if (store != NULL)
			store_detach(store, 5000);
		assert_false(store_is_in_use());
		if (!has_failed)
			break;
	}
	log_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mirror),
		cmocka_unit_test(test_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
