// SPDX-License-Identifier: GPL-3.0-or-later
// Token buckets: how often something may happen.
#ifndef GATEWAY_BUCKET_H
#define GATEWAY_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/address.h"
#include "sql/client/result.h"

/* `rate` times a second in the long run, and up to `burst` at once.  Burst 0: any number. */
struct bucket_limit {
	double rate;
	unsigned burst;
};

/* A bucket; zero-initialised it is full.  One thread at a time. */
struct bucket {
	int64_t filled_ms; // when it was looked at; 0: never
	double tokens;
};
bool bucket_take(struct bucket *bucket, const struct bucket_limit *limit, int64_t now_ms);

/* Takes more of what bucket_take has just granted a first one of, whether it is there or not: what
 * is missing the next ones pay. */
void bucket_charge(struct bucket *bucket, const struct bucket_limit *limit, double tokens);

/* Takes back what bucket_take has just granted. */
void bucket_give(struct bucket *bucket, const struct bucket_limit *limit);

/* Right after bucket_take: seconds until there is something to take, 0 where there is. */
unsigned bucket_wait_s(const struct bucket *bucket, const struct bucket_limit *limit);

/*
 * Buckets by source network, an IPv4 /24 or an IPv6 /56, or by a number.  A table of fixed size:
 * those that fall on one place share a bucket, so that no flood of them makes it grow, and nobody
 * can choose whom he shares with.  One thread at a time.
 */
struct bucket_table;
enum ddns_result bucket_table_create(struct bucket_table **tablep);
void bucket_table_free(struct bucket_table *table); // takes NULL
struct bucket *bucket_table_network(struct bucket_table *table, const struct address *address);
struct bucket *bucket_table_number(struct bucket_table *table, uint64_t number);

#endif
