// SPDX-License-Identifier: GPL-3.0-or-later
// What the gateway counts about itself.
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "gateway/update/update.h"
#include "sql/client/dname.h"

enum { HISTOGRAM_BUCKETS = 14 };

/* How often a value was at most each of the bounds; the last bucket counts all. */
struct histogram {
	const double *bounds; // HISTOGRAM_BUCKETS - 1 of them, rising
	atomic_ullong buckets[HISTOGRAM_BUCKETS];
	atomic_ullong sum; // in millionths
};

/* Connections of an HTTP server. */
struct http_counters {
	atomic_ullong connections; // accepted
	atomic_ullong refused;	   // closed at once: too many of one address
	atomic_ullong overdue;	   // cut off by the deadline
};

/* How the redirect listener answered. */
enum redirect_answer {
	REDIRECT_ANSWER_MOVED,
	REDIRECT_ANSWER_PAGE,
	REDIRECT_ANSWER_UNKNOWN, // no name that is redirected
	REDIRECT_ANSWER_REFUSED,
	REDIRECT_ANSWER_COUNT,
};

/* What a job of the gateway's has come to. */
struct job_counters {
	_Atomic(const char *) name; // NULL: there is none
	atomic_ullong errors;
	atomic_llong last_success; // seconds since 1970, 0: never
};

enum notify_event {
	NOTIFY_SENT,
	NOTIFY_ANSWERED,
	NOTIFY_FAILED, // refused, or not answered
	NOTIFY_EVENT_COUNT,
};

/* NOTIFY messages of a zone. */
struct notify_counters {
	char origin[DDNS_DNAME_TEXT_MAX + 1]; // "": of all zones beyond METRICS_ZONES_MAX
	atomic_ullong events[NOTIFY_EVENT_COUNT];
};

enum {
	METRICS_JOBS_MAX = 8,
	METRICS_ZONES_MAX = 100,
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
	struct http_counters http;	  // of doors and redirects, not of monitoring
	struct histogram dns_batch_sizes; // DNS updates in one transaction
	atomic_ullong dns_unverified;	  // messages whose signature was not taken
	atomic_ullong dns_over_rate;	  // signed ones over the rate of their key
	atomic_ullong attempts_dropped;	  // failed tries that were not noted: too many
	atomic_ullong redirects[REDIRECT_ANSWER_COUNT];
	struct job_counters jobs[METRICS_JOBS_MAX];
	atomic_ullong timeouts_offline; // domains that the timeout job put offline
	atomic_ullong timeouts_late_ms; // how long the oldest due timeout has waited for it
	atomic_ullong pruned_steps;	// of the change feed
	atomic_ullong pruned_rows;	// of history, failed tries and requests seen
	atomic_uint notify_zones;	// how many of the next there are
	struct notify_counters notifies[METRICS_ZONES_MAX + 1];
};

void metrics_init(struct metrics *metrics);

static inline void
metrics_add(atomic_ullong *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Something came of a NOTIFY for a zone; by one thread only. */
void metrics_notify(struct metrics *metrics, const char *origin, enum notify_event event);

void histogram_add(struct histogram *histogram, double value);

/* An update has got its verdict `seconds` after it came. */
void metrics_update(struct metrics *metrics, enum update_door door, enum update_verdict verdict,
		    double seconds);

#endif
