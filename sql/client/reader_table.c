// SPDX-License-Identifier: GPL-3.0-or-later
// The zones a reader knows, by id, and the queues they wait in.
#include <stdlib.h>

#include "sql/client/reader_internal.h"

/* Fibonacci hashing: ids are small and dense, the high bits of the product are not. */
static size_t
bucket_of(const struct table *table, int64_t id)
{
	uint64_t hash = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(hash >> 32) & (table->bucket_count - 1);
}

struct known *
table_find(const struct table *table, int64_t id)
{
	if (table->bucket_count == 0)
		return NULL;
	struct known *known = table->buckets[bucket_of(table, id)];
	while (known != NULL && known->id != id)
		known = known->next_in_bucket;
	return known;
}

static void
insert(struct table *table, struct known *known)
{
	struct known **bucket = &table->buckets[bucket_of(table, known->id)];
	known->next_in_bucket = *bucket;
	*bucket = known;
}

static bool
grow(struct table *table)
{
	struct table larger = {.count = table->count};
	larger.bucket_count = table->bucket_count > 0 ? table->bucket_count * 2 : 16;
	larger.buckets = calloc(larger.bucket_count, sizeof(*larger.buckets));
	if (larger.buckets == NULL)
		return false;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct known *next;
		for (struct known *known = table->buckets[i]; known != NULL; known = next) {
			next = known->next_in_bucket;
			insert(&larger, known);
		}
	}
	free(table->buckets);
	*table = larger;
	return true;
}

struct known *
table_get(struct table *table, int64_t id)
{
	struct known *known = table_find(table, id);
	if (known != NULL)
		return known;
	if (table->count == table->bucket_count && !grow(table))
		return NULL;
	known = calloc(1, sizeof(*known));
	if (known == NULL)
		return NULL;
	known->id = id;
	insert(table, known);
	table->count++;
	return known;
}

void
table_filter(struct table *table, bool (*is_kept)(void *context, struct known *known),
	     void *context)
{
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct known **link = &table->buckets[i];
		while (*link != NULL) {
			struct known *known = *link;
			if (is_kept != NULL && is_kept(context, known)) {
				link = &known->next_in_bucket;
				continue;
			}
			*link = known->next_in_bucket;
			table->count--;
			free(known->origin);
			free(known);
		}
	}
	if (is_kept == NULL) {
		free(table->buckets);
		*table = (struct table){0};
	}
}

void
queue_add(struct queue *queue, struct known *known, enum work work)
{
	known->work = work;
	known->next_in_queue = NULL;
	if (queue->last != NULL)
		queue->last->next_in_queue = known;
	else
		queue->first = known;
	queue->last = known;
	queue->count++;
}

struct known *
queue_take(struct queue *queue)
{
	struct known *known = queue->first;
	if (known == NULL)
		return NULL;
	queue->first = known->next_in_queue;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->count--;
	known->next_in_queue = NULL;
	known->work = WORK_NONE;
	return known;
}
