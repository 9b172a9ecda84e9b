// SPDX-License-Identifier: GPL-3.0-or-later
// What the gateway counts about itself.
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "gateway/update/update.h"

enum { HISTOGRAM_BUCKETS = 14 };

/* How often a value was at most each of the bounds; the last bucket counts all. */
struct histogram {
	const double *bounds; // HISTOGRAM_BUCKETS - 1 of them, rising
	atomic_ullong buckets[HISTOGRAM_BUCKETS];
	atomic_ullong sum; // in millionths
};

/* How the redirect listener answered. */
enum redirect_answer {
	REDIRECT_ANSWER_MOVED,
	REDIRECT_ANSWER_PAGE,
	REDIRECT_ANSWER_UNKNOWN, // no name that is redirected
	REDIRECT_ANSWER_REFUSED,
	REDIRECT_ANSWER_COUNT,
};

/* Counters since the start; any thread adds to them. */
struct metrics {
	atomic_ullong updates[UPDATE_DOOR_COUNT][UPDATE_VERDICT_COUNT];
	struct histogram update_seconds[UPDATE_DOOR_COUNT];
	struct histogram batch_sizes;	  // members of one transaction
	struct histogram batch_seconds;	  // from its begin to its end
	atomic_ullong batches_repeated;	  // transactions that had to be run again
	atomic_ullong writer_connects;	  // connections of the writer that were opened
	atomic_ullong password_checks;	  // passwords that were hashed
	atomic_ullong password_overflows; // requests refused since too many waited for that
	atomic_ullong http_connections;	  // accepted
	atomic_ullong http_refused;	  // closed at once: too many of one address
	atomic_ullong http_overdue;	  // cut off by the deadline
	struct histogram dns_batch_sizes; // DNS updates in one transaction
	atomic_ullong dns_unverified;	  // messages whose signature was not taken
	atomic_ullong dns_over_rate;	  // signed ones over the rate of their key
	atomic_ullong attempts_dropped;	  // failed tries that were not noted: too many
	atomic_ullong redirects[REDIRECT_ANSWER_COUNT];
};

void metrics_init(struct metrics *metrics);

static inline void
metrics_add(atomic_ullong *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, double value);

/* An update has got its verdict `seconds` after it came. */
void metrics_update(struct metrics *metrics, enum update_door door, enum update_verdict verdict,
		    double seconds);

#endif
