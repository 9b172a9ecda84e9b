// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the table of redirects true, by the database's change feed.
#include "gateway/redirect/follow.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "gateway/log.h"
#include "sql/client/reader.h"

struct follow {
	struct ddns_reader *reader;
	struct redirect_table *table;
	atomic_bool is_loaded;
	bool has_thread;
	pthread_t thread;
};

static void
warn_bad(const char *owner, const char *zone)
{
	char quoted[256];
	log_warning("the redirect of '%s' in zone '%s' is left out: its target is no URL to lead "
		    "anybody to",
		    log_quote(owner, quoted, sizeof quoted), zone);
}

static enum ddns_result
on_load_begin(void *context, const struct ddns_zone *zone, void **loadp)
{
	struct redirect_zone *loading = NULL;
	(void)context;
	enum ddns_result result = redirect_zone_create(zone->id, zone->origin, &loading);
	if (result == DDNS_OK)
		*loadp = loading;
	return result;
}

static enum ddns_result
on_load_row(void *context, void *load, const struct ddns_row *row)
{
	(void)context;
	enum ddns_result result = redirect_zone_add(load, row);
	if (result != DDNS_BAD_INPUT)
		return result;
	warn_bad(row->owner, redirect_zone_origin(load));
	return DDNS_OK; // one bad row must not keep the others away
}

static enum ddns_result
on_load_end(void *context, void *load)
{
	struct follow *follow = context;
	return redirect_table_put(follow->table, load);
}

static void
on_load_drop(void *context, void *load)
{
	(void)context;
	redirect_zone_free(load);
}

static enum ddns_result
on_step(void *context, const struct ddns_zone *zone, const char *const *names, size_t name_count,
	const struct ddns_row *rows, size_t row_count)
{
	struct follow *follow = context;
	const char *bad_owner;
	enum ddns_result result = redirect_table_step(follow->table, zone->id, names, name_count,
						      rows, row_count, &bad_owner);
	if (bad_owner != NULL)
		warn_bad(bad_owner, zone->origin);
	return result;
}

static void
on_gone(void *context, int64_t zone_id)
{
	struct follow *follow = context;
	redirect_table_drop(follow->table, zone_id);
}

static void
on_ready(void *context)
{
	struct follow *follow = context;
	atomic_store(&follow->is_loaded, true);
	log_info("%zu redirects are loaded", redirect_table_count(follow->table));
}

static void
on_warn(void *context, const char *text)
{
	(void)context;
	log_warning("redirects: %s", text);
}

static void *
run(void *context)
{
	struct follow *follow = context;
	ddns_reader_run(follow->reader);
	return NULL;
}

enum ddns_result
follow_create(const char *database, struct redirect_table *table, struct follow **followp)
{
	struct follow *follow = calloc(1, sizeof *follow);
	enum ddns_result result;
	if (follow == NULL)
		return DDNS_NO_MEMORY;
	follow->table = table;
	const struct ddns_reader_options reader = {
		.conninfo = database,
		.application = "ddns-gateway redirects",
		.wants_zones = true,
		.wants_redirects = true,
		.sink =
			{
				.context = follow,
				.load_begin = on_load_begin,
				.load_row = on_load_row,
				.load_end = on_load_end,
				.load_drop = on_load_drop,
				.step = on_step,
				.gone = on_gone,
				.ready = on_ready,
				.warn = on_warn,
			},
	};
	CHECK(ddns_reader_create(&reader, &follow->reader));
	if (pthread_create(&follow->thread, NULL, run, follow) != 0) {
		result = DDNS_INTERNAL;
		goto cleanup;
	}
	follow->has_thread = true;
	*followp = follow;
	follow = NULL;

cleanup:
	follow_free(follow);
	return result;
}

void
follow_free(struct follow *follow)
{
	if (follow == NULL)
		return;
	if (follow->has_thread) {
		ddns_reader_stop(follow->reader);
		pthread_join(follow->thread, NULL);
	}
	ddns_reader_free(follow->reader);
	free(follow);
}

bool
follow_is_loaded(const struct follow *follow)
{
	return atomic_load(&follow->is_loaded);
}
