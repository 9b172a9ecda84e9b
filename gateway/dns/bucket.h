// SPDX-License-Identifier: GPL-3.0-or-later
// Token buckets: how often something may happen.
#ifndef GATEWAY_DNS_BUCKET_H
#define GATEWAY_DNS_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/address.h"
#include "sql/client/result.h"

/* `rate` times a second in the long run, and up to `burst` at once.  Rate 0: any number. */
struct bucket_limit {
	unsigned rate, burst;
};

/* A bucket; zero-initialised it is full.  One thread at a time. */
struct bucket {
	int64_t filled_ms; // when it was looked at; 0: never
	double tokens;
};
bool bucket_take(struct bucket *bucket, const struct bucket_limit *limit, int64_t now_ms);

/*
 * Buckets by source network, an IPv4 /24 or an IPv6 /56.  A table of fixed size: networks that fall
 * on one place share a bucket, so that no flood of addresses makes it grow.  One thread at a time.
 */
struct bucket_table;
enum ddns_result bucket_table_create(struct bucket_table **tablep);
void bucket_table_free(struct bucket_table *table); // takes NULL
bool bucket_table_take(struct bucket_table *table, const struct address *address,
		       const struct bucket_limit *limit, int64_t now_ms);

#endif
