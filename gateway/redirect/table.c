// SPDX-License-Identifier: GPL-3.0-or-later
// All redirects in memory: zones by origin and by id, behind one lock.
#include "gateway/redirect/table.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/redirect/zone.h"
#include "sql/client/dname.h"

struct redirect_table {
	pthread_rwlock_t lock;
	void *by_origin, *by_id; // tsearch trees of the same zones
	size_t count;		 // of redirects in all
};

static int
compare_origins(const void *a, const void *b)
{
	return strcmp(((const struct redirect_zone *)a)->origin,
		      ((const struct redirect_zone *)b)->origin);
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t first = ((const struct redirect_zone *)a)->id;
	int64_t second = ((const struct redirect_zone *)b)->id;
	return (first > second) - (first < second);
}

static struct redirect_zone *
find_zone(void *const *tree, struct redirect_zone *like, int (*compare)(const void *, const void *))
{
	struct redirect_zone **found = tfind(like, tree, compare);
	return found == NULL ? NULL : *found;
}

enum ddns_result
redirect_table_create(struct redirect_table **tablep)
{
	struct redirect_table *table = calloc(1, sizeof *table);
	pthread_rwlockattr_t attributes;
	if (table == NULL)
		return DDNS_NO_MEMORY;
	// readers come without end: else they might keep the writer out for ever
	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&table->lock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	*tablep = table;
	return DDNS_OK;
}

static void
free_zone(void *zone)
{
	redirect_zone_free(zone);
}

static void
keep_zone(void *zone)
{
	(void)zone;
}

void
redirect_table_free(struct redirect_table *table)
{
	if (table == NULL)
		return;
	tdestroy(table->by_origin, keep_zone);
	tdestroy(table->by_id, free_zone);
	pthread_rwlock_destroy(&table->lock);
	free(table);
}

/* The zone with the longest origin that is the name or above it. */
static struct redirect_zone *
zone_of(struct redirect_table *table, const char *name)
{
	for (const char *origin = name; origin != NULL; origin = ddns_dname_parent(origin)) {
		struct redirect_zone like = {.origin = (char *)(uintptr_t)origin};
		struct redirect_zone *zone = find_zone(&table->by_origin, &like, compare_origins);
		if (zone != NULL)
			return zone;
	}
	return NULL;
}

enum ddns_result
redirect_table_find(struct redirect_table *table, const char *name, struct redirect *redirect)
{
	char owner[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result = DDNS_NOT_FOUND;
	pthread_rwlock_rdlock(&table->lock);
	struct redirect_zone *zone = zone_of(table, name);
	if (zone != NULL)
		result = ddns_dname_relative(name, zone->origin, owner);
	if (result == DDNS_OK)
		result = redirect_zone_find(zone, owner, redirect);
	pthread_rwlock_unlock(&table->lock);
	return result;
}

size_t
redirect_table_count(struct redirect_table *table)
{
	pthread_rwlock_rdlock(&table->lock);
	size_t count = table->count;
	pthread_rwlock_unlock(&table->lock);
	return count;
}

/* Takes a zone out; the caller frees it. */
static struct redirect_zone *
take_out(struct redirect_table *table, int64_t id)
{
	struct redirect_zone like = {.id = id};
	struct redirect_zone *zone = find_zone(&table->by_id, &like, compare_ids);
	if (zone == NULL)
		return NULL;
	tdelete(zone, &table->by_id, compare_ids);
	// another zone may have taken over its origin meanwhile
	if (find_zone(&table->by_origin, zone, compare_origins) == zone)
		tdelete(zone, &table->by_origin, compare_origins);
	table->count -= zone->count;
	return zone;
}

enum ddns_result
redirect_table_put(struct redirect_table *table, struct redirect_zone *zone)
{
	enum ddns_result result = DDNS_OK;
	pthread_rwlock_wrlock(&table->lock);
	struct redirect_zone *old = take_out(table, zone->id);
	// one that is gone, but of which we have not heard yet
	struct redirect_zone *namesake = find_zone(&table->by_origin, zone, compare_origins);
	if (namesake != NULL)
		tdelete(namesake, &table->by_origin, compare_origins);
	if (tsearch(zone, &table->by_id, compare_ids) == NULL) {
		result = DDNS_NO_MEMORY;
	} else if (tsearch(zone, &table->by_origin, compare_origins) == NULL) {
		tdelete(zone, &table->by_id, compare_ids);
		result = DDNS_NO_MEMORY;
	} else {
		table->count += zone->count;
	}
	pthread_rwlock_unlock(&table->lock);
	redirect_zone_free(old);
	if (result != DDNS_OK)
		redirect_zone_free(zone);
	return result;
}

void
redirect_table_drop(struct redirect_table *table, int64_t zone_id)
{
	pthread_rwlock_wrlock(&table->lock);
	struct redirect_zone *zone = take_out(table, zone_id);
	pthread_rwlock_unlock(&table->lock);
	redirect_zone_free(zone);
}

enum ddns_result
redirect_table_step(struct redirect_table *table, int64_t zone_id, const char *const *names,
		    size_t name_count, const struct ddns_row *rows, size_t row_count,
		    const char **bad_ownerp)
{
	struct redirect_zone like = {.id = zone_id};
	enum ddns_result result = DDNS_OK;
	*bad_ownerp = NULL;
	pthread_rwlock_wrlock(&table->lock);
	struct redirect_zone *zone = find_zone(&table->by_id, &like, compare_ids);
	if (zone == NULL) {
		result = DDNS_NOT_FOUND;
		goto cleanup;
	}
	table->count -= zone->count;
	for (size_t i = 0; i < name_count; i++)
		redirect_zone_remove(zone, names[i]);
	for (size_t i = 0; i < row_count && result == DDNS_OK; i++) {
		result = redirect_zone_add(zone, &rows[i]);
		if (result == DDNS_BAD_INPUT) {
			*bad_ownerp = rows[i].owner;
			result = DDNS_OK;
		}
	}
	table->count += zone->count;

cleanup:
	pthread_rwlock_unlock(&table->lock);
	return result;
}
