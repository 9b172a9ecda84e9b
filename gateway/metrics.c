// SPDX-License-Identifier: GPL-3.0-or-later
// What the gateway counts about itself.
#include "gateway/metrics.h"

#include <stddef.h>
#include <string.h>

static const double seconds_bounds[HISTOGRAM_BUCKETS - 1] = {
	0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
};

static const double size_bounds[HISTOGRAM_BUCKETS - 1] = {
	1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 50, 60,
};

void
metrics_init(struct metrics *metrics)
{
	for (size_t i = 0; i < UPDATE_DOOR_COUNT; i++)
		metrics->update_seconds[i].bounds = seconds_bounds;
	metrics->batch_sizes.bounds = size_bounds;
	metrics->dns_batch_sizes.bounds = size_bounds;
	metrics->batch_seconds.bounds = seconds_bounds;
}

void
metrics_notify(struct metrics *metrics, const char *origin, enum notify_event event)
{
	unsigned count = atomic_load(&metrics->notify_zones), i = 0;
	while (i < count && strcmp(metrics->notifies[i].origin, origin) != 0)
		i++;
	if (i == count && count < METRICS_ZONES_MAX && strlen(origin) <= DDNS_DNAME_TEXT_MAX) {
		strcpy(metrics->notifies[i].origin, origin);
		atomic_store(&metrics->notify_zones, count + 1); // readers see it whole
	} else if (i == count) {
		i = METRICS_ZONES_MAX;
	}
	metrics_add(&metrics->notifies[i].events[event]);
}

void
histogram_add(struct histogram *histogram, double value)
{
	size_t bucket = 0;
	while (bucket < HISTOGRAM_BUCKETS - 1 && value > histogram->bounds[bucket])
		bucket++;
	metrics_add(&histogram->buckets[bucket]);
	atomic_fetch_add_explicit(&histogram->sum, (unsigned long long)(value * 1e6),
				  memory_order_relaxed);
}

void
metrics_update(struct metrics *metrics, enum update_door door, enum update_verdict verdict,
	       double seconds)
{
	metrics_add(&metrics->updates[door][verdict]);
	histogram_add(&metrics->update_seconds[door], seconds);
}
