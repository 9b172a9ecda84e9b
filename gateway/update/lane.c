// SPDX-License-Identifier: GPL-3.0-or-later
// A queue of updates with a thread and a connection that work it off in groups.
#include "gateway/update/lane.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/log.h"
#include "gateway/update/batch.h"
#include "gateway/update/fifo.h"
#include "sql/client/db.h"

enum {
	STATEMENT_TIMEOUT_MS = 2000,
	IDLE_MS = 1000,	      // longest sleep, so that a stuck thread can be told from an idle one
	BUSY_MS = 1000,	      // how long a member is tried again whose locks others hold
	BUSY_LEAST_MS = 1,    // between two tries, and
	BUSY_SHARE = 32,      // a share of the time waited
	HELD_MS = 250,	      // a host busy for so long is held by somebody who takes his time
	HELD_MAX = 4,	      // members that may wait for such a host
	COMPLAINT_MS = 10000, // between two of the same kind in the log
	ATTEMPTS_MAX = 3,     // of a group that ends in a deadlock or its like
};

struct lane {
	struct metrics *metrics;
	size_t group_max;
	struct lane *singles;
	struct link *link;

	pthread_mutex_t mutex; // for what follows up to the thread
	pthread_cond_t has_work;
	struct fifo ready, busy; // busy in the order of arrival
	uint64_t added;
	char running[DDNS_DNAME_TEXT_MAX + 1]; // what a lane of single members is at, or was
	int64_t seen_alive_ms;
	bool is_stopped;
	pthread_t thread;

	// the thread's own
	struct batch batch;
	int64_t complained_ms; // when it was last logged that the database refuses
	int64_t connect_at_ms; // there is no connection before; 0: there may be
};

void
lane_add(struct lane *lane, struct update *chain)
{
	pthread_mutex_lock(&lane->mutex);
	while (chain != NULL) {
		struct update *next = chain->next;
		chain->sequence = ++lane->added;
		fifo_append(&lane->ready, chain);
		chain = next;
	}
	pthread_cond_signal(&lane->has_work);
	pthread_mutex_unlock(&lane->mutex);
}

/* Whether a lane of single members has one of that host. */
static bool
is_at(struct lane *singles, const char *name)
{
	if (name[0] == '\0')
		return false;
	pthread_mutex_lock(&singles->mutex);
	bool result = strcmp(singles->running, name) == 0 ||
		      fifo_find(&singles->ready, name) != NULL ||
		      fifo_find(&singles->busy, name) != NULL;
	pthread_mutex_unlock(&singles->mutex);
	return result;
}

static void
finish(struct update *update, enum update_verdict verdict, const char *reason)
{
	const struct update_outcome outcome = {.verdict = verdict, .reason = reason};
	update_finish(update, &outcome);
}

/* Puts the batch's members back to where they came from, before all others. */
static void
put_back(struct lane *lane)
{
	struct fifo queue;
	fifo_init(&queue);
	for (size_t i = 0; i < lane->batch.count; i++)
		fifo_append(&queue, lane->batch.members[i]);
	pthread_mutex_lock(&lane->mutex);
	fifo_move(&queue, &lane->ready);
	fifo_move(&lane->ready, &queue);
	pthread_mutex_unlock(&lane->mutex);
}

static void
finish_all(struct lane *lane, enum update_verdict verdict, const char *reason)
{
	for (size_t i = 0; i < lane->batch.count; i++)
		finish(lane->batch.members[i], verdict, reason);
}

/* The database is there and cannot work: said once in a while, or a full disk fills the log too. */
static void
complain(struct lane *lane)
{
	int64_t now = ddns_clock_ms();
	if (lane->complained_ms != 0 && now - lane->complained_ms < COMPLAINT_MS)
		return;
	lane->complained_ms = now;
	log_warning("the database refuses to work: %s", lane->batch.error.message);
}

/* The group failed as a whole: each member is to be run alone. */
static void
hand_to_singles(struct lane *lane, enum update_verdict verdict)
{
	log_debug("a group of %zu failed: %s", lane->batch.count, lane->batch.error.message);
	if (lane->singles == NULL) {
		if (verdict == UPDATE_UNAVAILABLE)
			complain(lane);
		finish_all(lane, verdict, lane->batch.error.message);
		return;
	}
	for (size_t i = 0; i < lane->batch.count; i++) {
		lane->batch.members[i]->next = NULL;
		lane_add(lane->singles, lane->batch.members[i]);
	}
}

/* Whether enough wait already for a host that is held for long. */
static bool
is_crowded(const struct lane *lane, const struct update *update, int64_t now)
{
	size_t count = 0;
	if (update->name[0] == '\0') // not known which one
		return false;
	for (const struct update *other = lane->busy.head; other != NULL; other = other->next)
		if (now - other->busy_since_ms > HELD_MS && strcmp(other->name, update->name) == 0)
			count++;
	return count >= HELD_MAX;
}

/* Somebody else holds the locks of this member: it is tried again soon, or given up. */
static void
postpone(struct lane *lane, struct update *update)
{
	int64_t now = ddns_clock_ms();
	if (update->busy_since_ms == 0)
		update->busy_since_ms = now;
	int64_t waited = now - update->busy_since_ms;
	// soon at first: usually it is another gateway, whose commit takes a few milliseconds
	update->retry_at_ms = now + BUSY_LEAST_MS + waited / BUSY_SHARE;
	pthread_mutex_lock(&lane->mutex);
	bool is_over = waited >= BUSY_MS || is_crowded(lane, update, now);
	if (!is_over)
		fifo_insert(&lane->busy, update);
	pthread_mutex_unlock(&lane->mutex);
	if (is_over)
		finish(update, UPDATE_BUSY, "somebody else is changing this host");
}

static void
finish_committed(struct lane *lane)
{
	struct batch *batch = &lane->batch;
	for (size_t i = 0; i < batch->count; i++) {
		struct update_outcome *outcome = &batch->outcomes[i];
		if (outcome->verdict == UPDATE_BUSY) {
			postpone(lane, batch->members[i]);
			continue;
		}
		if (outcome->verdict == UPDATE_UNCHANGED && batch->members[i]->may_have_changed)
			outcome->verdict = UPDATE_CHANGED;
		update_finish(batch->members[i], outcome);
	}
}

/* A deadlock, a serialisation failure, or a lock that was not to be had in time. */
static void
repeat_clashed(struct lane *lane)
{
	metrics_add(&lane->metrics->batches_repeated);
	bool is_lock = strcmp(lane->batch.error.sqlstate, "55P03") == 0;
	bool is_over = is_lock; // waiting again would hold up all others again
	for (size_t i = 0; i < lane->batch.count; i++)
		if (++lane->batch.members[i]->attempts >= ATTEMPTS_MAX)
			is_over = true;
	if (is_over)
		hand_to_singles(lane, UPDATE_BUSY);
	else
		put_back(lane);
}

/* Whose fault a failure was: the member's, where a rule of data refused it; else it is our own. */
static enum update_verdict
blame(const struct batch *batch)
{
	enum ddns_result result = ddns_db_result_of(batch->error.sqlstate);
	return result == DDNS_BAD_INPUT || result == DDNS_CONFLICT ? UPDATE_FAILED
								   : UPDATE_UNAVAILABLE;
}

static void
run_batch(struct lane *lane, struct ddns_db *db)
{
	struct batch *batch = &lane->batch;
	int64_t begun = update_clock_us();
	enum batch_result result = batch_run(batch, db, STATEMENT_TIMEOUT_MS);
	histogram_add(&lane->metrics->batch_sizes, (double)batch->count);
	histogram_add(&lane->metrics->batch_seconds, (double)(update_clock_us() - begun) / 1e6);
	switch (result) {
	case BATCH_COMMITTED:
		finish_committed(lane);
		break;
	case BATCH_ROLLED_BACK:
		hand_to_singles(lane, blame(batch));
		break;
	case BATCH_CLASHED:
		repeat_clashed(lane);
		break;
	case BATCH_UNABLE:
		complain(lane);
		finish_all(lane, UPDATE_UNAVAILABLE, batch->error.message);
		break;
	case BATCH_UNCERTAIN: // an update twice is the same as once
		for (size_t i = 0; i < batch->count; i++)
			batch->members[i]->may_have_changed = true;
		put_back(lane);
		break;
	}
	batch_clear(batch);
}

/*
 * Busy members whose time has come go before all that is newer, but never before an older one of
 * their host: what was reported last must be what stands in the end.
 */
static void
collect_due(struct lane *lane, int64_t now)
{
	struct fifo due, still;
	fifo_init(&due);
	fifo_init(&still);
	while (lane->busy.count > 0) {
		struct update *update = fifo_take(&lane->busy);
		bool is_due = update->retry_at_ms <= now && fifo_find(&still, update->name) == NULL;
		fifo_append(is_due ? &due : &still, update);
	}
	fifo_move(&lane->busy, &still);
	fifo_move(&due, &lane->ready);
	fifo_move(&lane->ready, &due);
}

/* Puts a member behind an older one of its host that waits; false: there is none. */
static bool
wait_behind(struct lane *lane, struct update *update, int64_t now, struct fifo *overdue)
{
	const struct update *older = fifo_find(&lane->busy, update->name);
	if (older == NULL || older->sequence > update->sequence)
		return false;
	if (update->busy_since_ms == 0)
		update->busy_since_ms = now;
	update->retry_at_ms = older->retry_at_ms;
	if (is_crowded(lane, update, now))
		fifo_append(overdue, update);
	else
		fifo_insert(&lane->busy, update);
	return true;
}

/*
 * Moves the next group into the batch.  Members whose time is over get their verdict, and those
 * whose host the lane of single members is at follow there.
 */
static void
collect(struct lane *lane, struct fifo *overdue, struct fifo *followers)
{
	int64_t now = ddns_clock_ms();
	collect_due(lane, now);
	while (lane->ready.count > 0 && lane->batch.count < lane->group_max) {
		struct update *update = fifo_take(&lane->ready);
		if (now >= update->request->deadline_ms)
			fifo_append(overdue, update);
		else if (lane->singles != NULL && is_at(lane->singles, update->name))
			fifo_append(followers, update);
		else if (!wait_behind(lane, update, now, overdue))
			lane->batch.members[lane->batch.count++] = update;
	}
	if (lane->singles == NULL && lane->batch.count > 0)
		memcpy(lane->running, lane->batch.members[0]->name, sizeof lane->running);
}

/* Under the mutex: sleeps until there may be something to do. */
static void
sleep_lane(struct lane *lane)
{
	int64_t now = ddns_clock_ms(), until = now + IDLE_MS;
	if (lane->connect_at_ms != 0 && lane->connect_at_ms < until)
		until = lane->connect_at_ms;
	else if (lane->connect_at_ms == 0 && (lane->ready.count > 0 || !link_is_open(lane->link)))
		until = now;
	for (const struct update *update = lane->busy.head; update != NULL; update = update->next)
		if (update->retry_at_ms < until)
			until = update->retry_at_ms;
	if (until <= now)
		return;
	const struct timespec time = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
	pthread_cond_timedwait(&lane->has_work, &lane->mutex, &time);
}

/* One turn: a group is taken and run. */
static void
work(struct lane *lane)
{
	struct fifo overdue, followers;
	fifo_init(&overdue);
	fifo_init(&followers);
	pthread_mutex_lock(&lane->mutex);
	lane->running[0] = '\0';
	sleep_lane(lane);
	lane->seen_alive_ms = ddns_clock_ms();
	collect(lane, &overdue, &followers);
	pthread_mutex_unlock(&lane->mutex);
	if (followers.count > 0)
		lane_add(lane->singles, followers.head);
	while (overdue.count > 0) {
		struct update *update = fifo_take(&overdue);
		if (update->busy_since_ms != 0)
			finish(update, UPDATE_BUSY, "somebody else is changing this host");
		else
			finish(update, UPDATE_UNAVAILABLE, "the database does not answer");
	}
	lane->connect_at_ms = 0;
	struct ddns_db *db = link_get(lane->link, &lane->connect_at_ms);
	if (db == NULL) {
		put_back(lane);
		batch_clear(&lane->batch);
	} else if (lane->batch.count > 0) {
		run_batch(lane, db);
	}
}

static bool
is_over(struct lane *lane)
{
	pthread_mutex_lock(&lane->mutex);
	bool over = lane->is_stopped && lane->ready.count == 0 && lane->busy.count == 0;
	pthread_mutex_unlock(&lane->mutex);
	return over;
}

static void *
run(void *context)
{
	struct lane *lane = context;
	while (!is_over(lane))
		work(lane);
	return NULL;
}

static void
destroy(struct lane *lane)
{
	link_free(lane->link);
	batch_free(&lane->batch);
	pthread_cond_destroy(&lane->has_work);
	pthread_mutex_destroy(&lane->mutex);
	free(lane);
}

enum ddns_result
lane_create(const struct lane_options *options, struct lane **lanep)
{
	struct lane *lane = calloc(1, sizeof *lane);
	enum ddns_result result;
	if (lane == NULL)
		return DDNS_NO_MEMORY;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&lane->has_work, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&lane->mutex, NULL);
	fifo_init(&lane->ready);
	fifo_init(&lane->busy);
	lane->metrics = options->metrics;
	lane->group_max = options->group_max;
	lane->singles = options->singles;
	lane->seen_alive_ms = ddns_clock_ms();
	CHECK(link_create(&options->link, &lane->link));
	result = DDNS_INTERNAL;
	if (pthread_create(&lane->thread, NULL, run, lane) != 0)
		goto cleanup;
	*lanep = lane;
	return DDNS_OK;

cleanup:
	destroy(lane);
	return result;
}

void
lane_free(struct lane *lane)
{
	if (lane == NULL)
		return;
	pthread_mutex_lock(&lane->mutex);
	lane->is_stopped = true;
	pthread_cond_signal(&lane->has_work);
	pthread_mutex_unlock(&lane->mutex);
	pthread_join(lane->thread, NULL);
	destroy(lane);
}

void
lane_status(struct lane *lane, struct lane_status *status)
{
	pthread_mutex_lock(&lane->mutex);
	*status = (struct lane_status){
		.waiting = lane->ready.count + lane->busy.count,
		.away_since_ms = link_away_since(lane->link),
		.seen_alive_ms = lane->seen_alive_ms,
	};
	pthread_mutex_unlock(&lane->mutex);
}
