// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that keeps a mirror true to its database, and what it has to say.
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/feed.h"
#include "dlz_ddns/log.h"
#include "dlz_ddns/mirror.h"
#include "dlz_ddns/report.h"
#include "dlz_ddns/thread.h"

enum { SHOWN_OCTETS = 120 }; // of the rdata of a row that is left out

struct feed {
	char *conninfo, *name;
	struct mirror *mirror;
	struct reclaim *reclaim;
	struct ddns_reader *reader;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool is_ready; // the first load is done
	bool is_away;  // the database could not be reached, or went

	struct report report; // of rows that are left out
};

/* ---- what the mirror says ---- */

static void
say_silent(struct feed *feed)
{
	uint64_t silent = report_take_silent(&feed->report);
	if (silent > 0)
		log_later(LOG_LEVEL_WARNING, "dlz_ddns: %s: %" PRIu64 " more rows were left out",
			  feed->name, silent);
}

static void
row_left_out(void *context, const char *origin, const char *owner, const char *type,
	     const char *rdata, const char *reason)
{
	struct feed *feed = context;
	if (!report_is_due(&feed->report, thread_deadline(0).tv_sec, origin, owner, type, rdata))
		return;
	log_later(LOG_LEVEL_WARNING, "dlz_ddns: %s: zone '%s': row left out: '%s' %s '%.*s%s': %s",
		  feed->name, origin, owner, type, SHOWN_OCTETS, rdata,
		  strlen(rdata) > SHOWN_OCTETS ? "..." : "", reason);
}

static void
zone_fault(void *context, const char *origin, const char *fault)
{
	struct feed *feed = context;
	if (fault != NULL)
		log_later(LOG_LEVEL_ERROR, "dlz_ddns: %s: zone '%s' is not served: %s", feed->name,
			  origin, fault);
	else
		log_later(LOG_LEVEL_NOTICE, "dlz_ddns: %s: zone '%s' is served again", feed->name,
			  origin);
}

static void
zone_warning(void *context, const char *origin, const char *text)
{
	struct feed *feed = context;
	log_later(LOG_LEVEL_WARNING, "dlz_ddns: %s: zone '%s': %s", feed->name, origin, text);
}

/* ---- what the reader says ---- */

static enum ddns_result
load_begin(void *context, const struct ddns_zone *zone, void **loadp)
{
	struct feed *feed = context;
	struct mirror_load *load;
	enum ddns_result result = mirror_load_begin(feed->mirror, zone, &load);
	if (result == DDNS_OK)
		*loadp = load;
	return result;
}

static enum ddns_result
load_row(void *context, void *load, const struct ddns_row *row)
{
	(void)context;
	return mirror_load_row(load, row);
}

static enum ddns_result
load_end(void *context, void *load)
{
	struct feed *feed = context;
	enum ddns_result result = mirror_load_end(load);
	say_silent(feed);
	return result;
}

static void
load_drop(void *context, void *load)
{
	(void)context;
	mirror_load_drop(load);
}

static enum ddns_result
failed(void *context, int64_t zone_id, const char *origin)
{
	struct feed *feed = context;
	return mirror_fail(feed->mirror, zone_id, origin);
}

static enum ddns_result
step(void *context, const struct ddns_zone *zone, const char *const *names, size_t name_count,
     const struct ddns_row *rows, size_t row_count)
{
	struct feed *feed = context;
	return mirror_step(feed->mirror, zone, names, name_count, rows, row_count);
}

static void
gone(void *context, int64_t zone_id)
{
	struct feed *feed = context;
	mirror_gone(feed->mirror, zone_id);
}

static void
tell_waiting(struct feed *feed, bool is_ready, bool is_away)
{
	pthread_mutex_lock(&feed->lock);
	feed->is_ready |= is_ready;
	feed->is_away = is_away;
	pthread_cond_broadcast(&feed->moved);
	pthread_mutex_unlock(&feed->lock);
}

static void
ready(void *context)
{
	struct feed *feed = context;
	struct mirror_counts counts = mirror_count(feed->mirror);
	mirror_set_ready(feed->mirror);
	log_later(LOG_LEVEL_INFO,
		  "dlz_ddns: %s: up to date: %" PRIu64 " zones; %" PRIu64 " names and %" PRIu64
		  " rows read so far",
		  feed->name, counts.zones, counts.names, counts.rows);
	tell_waiting(feed, true, false);
}

static void
state(void *context, bool is_connected, const char *reason)
{
	struct feed *feed = context;
	if (is_connected)
		log_later(LOG_LEVEL_NOTICE, "dlz_ddns: %s: database connected", feed->name);
	else
		log_later(LOG_LEVEL_ERROR, "dlz_ddns: %s: database away, %s: %s", feed->name,
			  mirror_is_ready(feed->mirror) ? "answering from memory"
							: "nothing to answer with yet",
			  reason);
	tell_waiting(feed, false, !is_connected);
}

static void
warn(void *context, const char *text)
{
	struct feed *feed = context;
	log_later(LOG_LEVEL_WARNING, "dlz_ddns: %s: %s", feed->name, text);
}

/* ---- its life ---- */

static void
free_feed(struct feed *feed)
{
	free(feed->conninfo);
	free(feed->name);
	free(feed);
}

struct feed *
feed_create(const char *conninfo, const char *name)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	if (feed == NULL)
		return NULL;
	feed->conninfo = strdup(conninfo);
	feed->name = strdup(name);
	const struct mirror_events events = {feed, row_left_out, zone_fault, zone_warning};
	if (feed->conninfo != NULL && feed->name != NULL)
		feed->mirror = mirror_create(&events);
	if (feed->mirror == NULL) {
		free_feed(feed);
		return NULL;
	}
	pthread_mutex_init(&feed->lock, NULL);
	thread_condition_init(&feed->moved);
	return feed;
}

struct mirror *
feed_mirror(const struct feed *feed)
{
	return feed->mirror;
}

static void *
run(void *argument)
{
	struct feed *feed = argument;
	ddns_reader_run(feed->reader);
	mirror_clear(feed->mirror);
	return NULL;
}

bool
feed_start(struct feed *feed)
{
	const struct ddns_reader_options options = {
		.conninfo = feed->conninfo,
		.application = "dlz_ddns",
		.wants_zones = true,
		.sink = {.context = feed,
			 .load_begin = load_begin,
			 .load_row = load_row,
			 .load_end = load_end,
			 .load_drop = load_drop,
			 .failed = failed,
			 .step = step,
			 .gone = gone,
			 .ready = ready,
			 .state = state,
			 .warn = warn},
	};
	feed->is_ready = feed->is_away = false;
	feed->reader = NULL;
	feed->reclaim = reclaim_start();
	if (feed->reclaim == NULL)
		return false;
	mirror_set_reclaim(feed->mirror, feed->reclaim);
	if (ddns_reader_create(&options, &feed->reader) == DDNS_OK &&
	    thread_start(&feed->thread, "ddns-feed", run, feed))
		return true;
	ddns_reader_free(feed->reader);
	(void)reclaim_stop(feed->reclaim, 1000);
	return false;
}

bool
feed_wait(struct feed *feed, int timeout_ms)
{
	struct timespec until = thread_deadline(timeout_ms);
	pthread_mutex_lock(&feed->lock);
	while (!feed->is_ready && !feed->is_away &&
	       pthread_cond_timedwait(&feed->moved, &feed->lock, &until) == 0)
		;
	bool is_ready = feed->is_ready;
	pthread_mutex_unlock(&feed->lock);
	return is_ready;
}

bool
feed_stop(struct feed *feed, int timeout_ms)
{
	ddns_reader_stop(feed->reader);
	if (!thread_join(feed->thread, timeout_ms))
		return false; // it still uses the reader
	ddns_reader_free(feed->reader);
	feed->reader = NULL;
	// transfers may hold what is left; nobody will ask for it any more
	return reclaim_stop(feed->reclaim, timeout_ms);
}
