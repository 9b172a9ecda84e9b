// SPDX-License-Identifier: GPL-3.0-or-later
// A sink for readers that only remembers.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/shadow.h"

int64_t
shadow_clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
add_row(struct shadow_zone *zone, const struct ddns_row *row)
{
	if (zone->count == zone->size) {
		zone->size = zone->size > 0 ? zone->size * 2 : 16;
		zone->rows = reallocarray(zone->rows, zone->size, sizeof(*zone->rows));
	}
	struct shadow_row *to = &zone->rows[zone->count++];
	to->owner = strdup(row->owner);
	if (asprintf(&to->line, "%s %s %" PRId64 " %s %d", row->owner, row->type, row->ttl,
		     row->rdata, row->is_fallback) < 0) {
		abort();
	}
}

static void
free_zone(struct shadow_zone *zone)
{
	for (size_t i = 0; i < zone->count; i++) {
		free(zone->rows[i].owner);
		free(zone->rows[i].line);
	}
	free(zone->rows);
	free(zone);
}

static void
set_head(struct shadow_zone *to, const struct ddns_zone *zone)
{
	to->id = zone->id;
	to->version = zone->version;
	to->serial = zone->serial;
	snprintf(to->origin, sizeof(to->origin), "%s", zone->origin);
	snprintf(to->transfer_to, sizeof(to->transfer_to), "%s:%s", zone->transfer,
		 zone->transfer_to);
}

static struct shadow_zone **
find(struct shadow *shadow, int64_t id)
{
	struct shadow_zone **link = &shadow->zones;
	while (*link != NULL && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

static void
remove_zone(struct shadow *shadow, int64_t id)
{
	struct shadow_zone **link = find(shadow, id);
	struct shadow_zone *zone = *link;
	if (zone != NULL) {
		*link = zone->next;
		free_zone(zone);
	}
}

static enum ddns_result
load_begin(void *context, const struct ddns_zone *zone, void **loadp)
{
	struct shadow *shadow = context;
	struct shadow_zone *load = calloc(1, sizeof(*load));
	set_head(load, zone);
	pthread_mutex_lock(&shadow->lock);
	shadow->open_loads++;
	pthread_mutex_unlock(&shadow->lock);
	*loadp = load;
	return DDNS_OK;
}

static enum ddns_result
load_row(void *context, void *load, const struct ddns_row *row)
{
	struct shadow *shadow = context;
	struct shadow_zone *zone = load;
	pthread_mutex_lock(&shadow->lock);
	bool is_refused = strcmp(shadow->refused, zone->origin) == 0;
	pthread_mutex_unlock(&shadow->lock);
	if (!is_refused)
		add_row(zone, row);
	return is_refused ? DDNS_BAD_INPUT : DDNS_OK;
}

static enum ddns_result
load_end(void *context, void *load)
{
	struct shadow *shadow = context;
	struct shadow_zone *zone = load;
	pthread_mutex_lock(&shadow->lock);
	remove_zone(shadow, zone->id);
	zone->next = shadow->zones;
	shadow->zones = zone;
	shadow->loads++;
	shadow->open_loads--;
	pthread_mutex_unlock(&shadow->lock);
	return DDNS_OK;
}

static void
load_drop(void *context, void *load)
{
	struct shadow *shadow = context;
	pthread_mutex_lock(&shadow->lock);
	shadow->drops++;
	shadow->open_loads--;
	pthread_mutex_unlock(&shadow->lock);
	free_zone(load);
}

static void
drop_name(struct shadow_zone *zone, const char *name)
{
	size_t kept = 0;
	for (size_t i = 0; i < zone->count; i++) {
		if (strcmp(zone->rows[i].owner, name) != 0) {
			zone->rows[kept++] = zone->rows[i];
			continue;
		}
		free(zone->rows[i].owner);
		free(zone->rows[i].line);
	}
	zone->count = kept;
}

static enum ddns_result
step(void *context, const struct ddns_zone *zone, const char *const *names, size_t name_count,
     const struct ddns_row *rows, size_t row_count)
{
	struct shadow *shadow = context;
	pthread_mutex_lock(&shadow->lock);
	struct shadow_zone *to = *find(shadow, zone->id);
	enum ddns_result result = to == NULL ? DDNS_INTERNAL : DDNS_OK;
	if (shadow->refuses_steps)
		result = DDNS_NO_MEMORY;
	if (result == DDNS_OK) {
		shadow->steps++;
		shadow->steps_while_loading += shadow->open_loads > 0;
		shadow->stepped_us = shadow_clock_us();
		set_head(to, zone);
		for (size_t i = 0; i < name_count; i++)
			drop_name(to, names[i]);
		for (size_t i = 0; i < row_count; i++)
			add_row(to, &rows[i]);
	}
	pthread_mutex_unlock(&shadow->lock);
	return result;
}

static enum ddns_result
failed(void *context, int64_t zone_id, const char *origin)
{
	struct shadow *shadow = context;
	pthread_mutex_lock(&shadow->lock);
	bool is_refused = shadow->refuses_failures;
	shadow->failures++;
	shadow->failed_id = zone_id;
	snprintf(shadow->failed_origin, sizeof(shadow->failed_origin), "%s", origin);
	pthread_mutex_unlock(&shadow->lock);
	return is_refused ? DDNS_NO_MEMORY : DDNS_OK;
}

/* Whether a zone other than that one has its origin. */
static bool
has_namesake(struct shadow *shadow, const struct shadow_zone *zone)
{
	for (const struct shadow_zone *other = shadow->zones; other != NULL; other = other->next) {
		if (other != zone && strcmp(other->origin, zone->origin) == 0)
			return true;
	}
	return false;
}

static void
gone(void *context, int64_t zone_id)
{
	struct shadow *shadow = context;
	pthread_mutex_lock(&shadow->lock);
	const struct shadow_zone *zone = *find(shadow, zone_id);
	if (zone != NULL && !has_namesake(shadow, zone))
		shadow->absences++;
	remove_zone(shadow, zone_id);
	shadow->gones++;
	pthread_mutex_unlock(&shadow->lock);
}

static enum ddns_result
global(void *context, void *db, const char *const *names, size_t name_count)
{
	struct shadow *shadow = context;
	(void)db;
	pthread_mutex_lock(&shadow->lock);
	bool is_refused = shadow->refuses_global;
	size_t length = strlen(shadow->global);
	if (!is_refused) {
		shadow->globals++;
		if (names == NULL)
			snprintf(shadow->global + length, sizeof(shadow->global) - length, "* ");
		for (size_t i = 0; i < name_count; i++) {
			length = strlen(shadow->global);
			snprintf(shadow->global + length, sizeof(shadow->global) - length, "%s ",
				 names[i]);
		}
	}
	pthread_mutex_unlock(&shadow->lock);
	return is_refused ? DDNS_RETRY : DDNS_OK;
}

static void
ready(void *context)
{
	struct shadow *shadow = context;
	pthread_mutex_lock(&shadow->lock);
	shadow->readies++;
	pthread_mutex_unlock(&shadow->lock);
}

static void
state(void *context, bool is_connected, const char *reason)
{
	struct shadow *shadow = context;
	pthread_mutex_lock(&shadow->lock);
	shadow->states++;
	shadow->is_connected = is_connected;
	snprintf(shadow->reason, sizeof(shadow->reason), "%s", reason);
	pthread_mutex_unlock(&shadow->lock);
}

static void
warn(void *context, const char *text)
{
	struct shadow *shadow = context;
	pthread_mutex_lock(&shadow->lock);
	shadow->warnings++;
	snprintf(shadow->warning, sizeof(shadow->warning), "%s", text);
	pthread_mutex_unlock(&shadow->lock);
}

void
shadow_init(struct shadow *shadow)
{
	*shadow = (struct shadow){0};
	pthread_mutex_init(&shadow->lock, NULL);
}

void
shadow_free(struct shadow *shadow)
{
	while (shadow->zones != NULL)
		remove_zone(shadow, shadow->zones->id);
	pthread_mutex_destroy(&shadow->lock);
}

struct ddns_sink
shadow_sink(struct shadow *shadow)
{
	return (struct ddns_sink){
		.context = shadow,
		.load_begin = load_begin,
		.load_row = load_row,
		.load_end = load_end,
		.load_drop = load_drop,
		.failed = failed,
		.step = step,
		.gone = gone,
		.global = global,
		.ready = ready,
		.state = state,
		.warn = warn,
	};
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
shadow_text(struct shadow *shadow)
{
	char **lines = NULL, *text = NULL;
	size_t count = 0, length = 0;
	FILE *out = open_memstream(&text, &length);

	pthread_mutex_lock(&shadow->lock);
	for (struct shadow_zone *zone = shadow->zones; zone != NULL; zone = zone->next) {
		lines = reallocarray(lines, count + zone->count + 1, sizeof(*lines));
		if (asprintf(&lines[count++], "%" PRId64 " zone %s %" PRId64 " %" PRIu32 " %s",
			     zone->id, zone->origin, zone->version, zone->serial,
			     zone->transfer_to) < 0) {
			abort();
		}
		for (size_t i = 0; i < zone->count; i++) {
			if (asprintf(&lines[count++], "%" PRId64 " row %s", zone->id,
				     zone->rows[i].line) < 0) {
				abort();
			}
		}
	}
	pthread_mutex_unlock(&shadow->lock);
	if (count > 0)
		qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
	fclose(out);
	return text;
}
