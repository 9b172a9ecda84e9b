// SPDX-License-Identifier: GPL-3.0-or-later
// Token buckets.
#include "gateway/bucket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { TABLE_SIZE = 65536 };

bool
bucket_take(struct bucket *bucket, const struct bucket_limit *limit, int64_t now_ms)
{
	if (limit->burst == 0)
		return true;
	if (bucket->filled_ms == 0)
		bucket->tokens = limit->burst;
	else if (now_ms > bucket->filled_ms)
		bucket->tokens += (double)(now_ms - bucket->filled_ms) * limit->rate / 1000;
	if (bucket->tokens > limit->burst)
		bucket->tokens = limit->burst;
	bucket->filled_ms = now_ms;
	if (bucket->tokens < 1)
		return false;
	bucket->tokens -= 1;
	return true;
}

void
bucket_charge(struct bucket *bucket, const struct bucket_limit *limit, double tokens)
{
	if (limit->burst > 0)
		bucket->tokens -= tokens;
}

void
bucket_give(struct bucket *bucket, const struct bucket_limit *limit)
{
	if (limit->burst > 0)
		bucket->tokens += 1;
}

unsigned
bucket_wait_s(const struct bucket *bucket, const struct bucket_limit *limit)
{
	if (limit->burst == 0 || bucket->tokens >= 1)
		return 0;
	return (unsigned)((1 - bucket->tokens) / limit->rate) + 1;
}

struct bucket_table {
	uint64_t secret;
	struct bucket buckets[TABLE_SIZE];
};

enum ddns_result
bucket_table_create(struct bucket_table **tablep)
{
	struct bucket_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return DDNS_NO_MEMORY;
	if (getrandom(&table->secret, sizeof(table->secret), 0) != sizeof(table->secret)) {
		free(table);
		return DDNS_INTERNAL;
	}
	*tablep = table;
	return DDNS_OK;
}

void
bucket_table_free(struct bucket_table *table)
{
	free(table);
}

struct bucket *
bucket_table_number(struct bucket_table *table, uint64_t number)
{
	/* The finaliser of splitmix64: each bit of the number moves each bit of the place. */
	uint64_t hash = number + table->secret;
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
	hash ^= hash >> 31;
	return &table->buckets[hash % TABLE_SIZE];
}

struct bucket *
bucket_table_network(struct bucket_table *table, const struct address *address)
{
	size_t kept = address->family == AF_INET ? 3 : 7;
	uint64_t network = 0;

	memcpy(&network, address->bytes, kept);
	return bucket_table_number(table, network + (uint64_t)kept);
}
