// SPDX-License-Identifier: GPL-3.0-or-later
// Token buckets.
#include "gateway/dns/bucket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { TABLE_SIZE = 65536 };

bool
bucket_take(struct bucket *bucket, const struct bucket_limit *limit, int64_t now_ms)
{
	if (limit->rate == 0)
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

struct bucket_table {
	uint64_t secret; // so that nobody can choose whom he shares a bucket with
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

bool
bucket_table_take(struct bucket_table *table, const struct address *address,
		  const struct bucket_limit *limit, int64_t now_ms)
{
	size_t kept = address->family == AF_INET ? 3 : 7;
	uint64_t network = 0;

	memcpy(&network, address->bytes, kept);
	/* The finaliser of splitmix64: each bit of the network moves each bit of the place. */
	uint64_t hash = network + table->secret + (uint64_t)kept;
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
	hash ^= hash >> 31;
	return bucket_take(&table->buckets[hash % TABLE_SIZE], limit, now_ms);
}
