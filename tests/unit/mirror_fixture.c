// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror filled by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sql/client/dname.h"
#include "tests/unit/mirror_fixture.h"

enum { ROWS_MAX = 4096, TEXT_MAX = 1 << 18 };

static void
say(struct fixture *fixture, const char *format, ...)
{
	size_t used = strlen(fixture->said);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(fixture->said + used, sizeof(fixture->said) - used, format, arguments);
	va_end(arguments);
}

static void
row_left_out(void *context, const char *origin, const char *owner, const char *type,
	     const char *rdata, const char *reason)
{
	say(context, "%s %s %s %.40s: %s\n", origin, owner, type, rdata, reason);
}

static void
zone_fault(void *context, const char *origin, const char *fault)
{
	say(context, "%s: %s\n", origin, fault != NULL ? fault : "served again");
}

static void
zone_warning(void *context, const char *origin, const char *text)
{
	(void)text;
	say(context, "%s: warning\n", origin);
}

void
fixture_begin(struct fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	const struct mirror_events events = {fixture, row_left_out, zone_fault, zone_warning};
	fixture->mirror = mirror_create(&events);
	fixture->reclaim = reclaim_start();
	assert_non_null(fixture->mirror);
	assert_non_null(fixture->reclaim);
	mirror_set_reclaim(fixture->mirror, fixture->reclaim);
	fixture->instance.mirror = fixture->mirror;
}

void
fixture_end(struct fixture *fixture)
{
	mirror_clear(fixture->mirror);
	assert_true(reclaim_stop(fixture->reclaim, 10000));
	free(fixture->mirror);
}

struct ddns_zone
fixture_zone(int64_t id, const char *origin, uint32_t serial)
{
	static char names[8][2][300];
	static unsigned next;
	char(*name)[300] = names[next++ % 8];
	snprintf(name[0], sizeof(name[0]), "ns.%s", origin);
	snprintf(name[1], sizeof(name[1]), "host.%s", origin);
	return (struct ddns_zone){.id = id,
				  .version = serial,
				  .serial = serial,
				  .origin = origin,
				  .mname = name[0],
				  .rname = name[1],
				  .refresh = 2,
				  .retry = 3,
				  .expire = 4,
				  .negative_ttl = 5,
				  .ttl = 60,
				  .transfer = "none",
				  .transfer_to = ""};
}

size_t
fixture_rows(const char *const *text, struct ddns_row *rows, size_t max)
{
	static char memory[TEXT_MAX];
	char *free_memory = memory;
	size_t count = 0;
	for (; text != NULL && text[count] != NULL; count++) {
		assert_true(count < max);
		size_t size = strlen(text[count]) + 1;
		assert_true(free_memory + size <= memory + TEXT_MAX);
		char *field = memcpy(free_memory, text[count], size);
		free_memory += size;
		bool is_fallback = field[0] == '?';
		char *owner = strtok_r(field + is_fallback, " ", &field);
		char *ttl = strtok_r(NULL, " ", &field);
		char *type = strtok_r(NULL, " ", &field);
		rows[count] =
			(struct ddns_row){owner, type, strtoll(ttl, NULL, 10), field, is_fallback};
	}
	return count;
}

void
fixture_load(struct fixture *fixture, const struct ddns_zone *zone, const char *const *text)
{
	static struct ddns_row rows[ROWS_MAX];
	size_t count = fixture_rows(text, rows, ROWS_MAX);
	struct mirror_load *load;
	assert_int_equal(mirror_load_begin(fixture->mirror, zone, &load), DDNS_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(mirror_load_row(load, &rows[i]), DDNS_OK);
	assert_int_equal(mirror_load_end(load), DDNS_OK);
}

enum ddns_result
fixture_step(struct fixture *fixture, const struct ddns_zone *zone, const char *const *names,
	     const char *const *text)
{
	static struct ddns_row rows[ROWS_MAX];
	size_t row_count = fixture_rows(text, rows, ROWS_MAX);
	size_t name_count = 0;
	while (names[name_count] != NULL)
		name_count++;
	return mirror_step(fixture->mirror, zone, names, name_count, rows, row_count);
}

static enum ddns_result
put(void *context, const char *owner, const char *type, uint32_t ttl, const char *rdata)
{
	struct fixture *fixture = context;
	size_t used = strlen(fixture->put);
	if (fixture->refused_rdata != NULL && strcmp(fixture->refused_rdata, rdata) == 0)
		return DDNS_BAD_INPUT;
	snprintf(fixture->put + used, sizeof(fixture->put) - used, "%s %u %s %s\n", owner, ttl,
		 type, rdata);
	return DDNS_OK;
}

static void
refused(void *context, const char *zone, const char *owner, const char *type, const char *rdata)
{
	struct fixture *fixture = context;
	(void)zone;
	(void)owner;
	(void)type;
	assert_string_equal(rdata, fixture->refused_rdata);
	fixture->refused++;
}

struct lookup_sink
fixture_sink(struct fixture *fixture)
{
	return (struct lookup_sink){fixture, put, refused};
}

const char *
fixture_ask(struct fixture *fixture, const char *zone, const char *name, enum lookup_kind kind)
{
	static const char *const words[] = {
		[LOOKUP_FOUND] = "found",	  [LOOKUP_EMPTY] = "empty",
		[LOOKUP_EMPTY_END] = "empty-end", [LOOKUP_NO_NAME] = "no-name",
		[LOOKUP_NOT_FOUND] = "not-found", [LOOKUP_FAILED] = "failed",
	};
	struct lookup_sink sink = fixture_sink(fixture);
	fixture->put[0] = '\0';
	return words[lookup_name(&fixture->instance, zone, name, kind, true, &sink)];
}

const char *
fixture_query(struct fixture *fixture, const char *zone, const char *name)
{
	char full[2100];
	bool is_apex = strcmp(name, "@") == 0;
	snprintf(full, sizeof(full), "%s%s%s", is_apex ? "" : name, is_apex ? "" : ".", zone);
	const char *at = full;
	while (at != NULL && lookup_zone(&fixture->instance, at, true) != LOOKUP_OURS)
		at = ddns_dname_parent(at);
	if (!is_apex)
		(void)fixture_ask(fixture, zone, "@", LOOKUP_QUERY);
	return fixture_ask(fixture, zone, name, LOOKUP_QUERY);
}
