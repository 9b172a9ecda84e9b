// SPDX-License-Identifier: GPL-3.0-or-later
// A queue of updates with a thread and a connection that work it off in groups.
#include "gateway/update/lane.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/log.h"
#include "gateway/update/batch.h"
#include "sql/client/db.h"

enum {
	CONNECT_TIMEOUT_MS = 1000,
	STATEMENT_TIMEOUT_MS = 2000,
	BACKOFF_LEAST_MS = 50, // between two attempts to connect; doubles
	BACKOFF_MOST_MS = 5000,
	IDLE_MS = 1000,	   // longest sleep, so that a stuck thread can be told from an idle one
	BUSY_MS = 1000,	   // how long a member is tried again whose locks others hold
	BUSY_LEAST_MS = 2, // between two tries; grows with the time waited
	BUSY_MOST_MS = 25,
	HELD_MS = 250,	  // a host busy for so long is held by somebody who takes his time
	HELD_MAX = 4,	  // members that may wait for such a host
	ATTEMPTS_MAX = 3, // of a group that ends in a deadlock or its like
};

struct queue {
	struct update *head, **tail;
	size_t count;
};

struct lane {
	char *name, *database;
	struct metrics *metrics;
	size_t group_max;
	int lock_timeout_ms;
	struct lane *singles;

	pthread_mutex_t mutex; // for what follows up to the thread
	pthread_cond_t has_work;
	struct queue ready, busy;
	int64_t away_since_ms, seen_alive_ms;
	bool is_stopped;
	pthread_t thread;

	// the thread's own
	struct ddns_db *db;
	struct batch batch;
	int64_t connect_at_ms;
	int backoff_ms;
};

static void
queue_init(struct queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
	queue->count = 0;
}

static void
queue_append(struct queue *queue, struct update *update)
{
	update->next = NULL;
	*queue->tail = update;
	queue->tail = &update->next;
	queue->count++;
}

static struct update *
queue_take(struct queue *queue)
{
	struct update *update = queue->head;
	queue->head = update->next;
	if (queue->head == NULL)
		queue->tail = &queue->head;
	queue->count--;
	return update;
}

void
lane_add(struct lane *lane, struct update *chain)
{
	pthread_mutex_lock(&lane->mutex);
	while (chain != NULL) {
		struct update *next = chain->next;
		queue_append(&lane->ready, chain);
		chain = next;
	}
	pthread_cond_signal(&lane->has_work);
	pthread_mutex_unlock(&lane->mutex);
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
	struct queue queue;
	queue_init(&queue);
	for (size_t i = 0; i < lane->batch.count; i++)
		queue_append(&queue, lane->batch.members[i]);
	pthread_mutex_lock(&lane->mutex);
	while (lane->ready.head != NULL)
		queue_append(&queue, queue_take(&lane->ready));
	lane->ready = queue;
	if (queue.count == 0)
		queue_init(&lane->ready);
	pthread_mutex_unlock(&lane->mutex);
}

static void
finish_all(struct lane *lane, enum update_verdict verdict, const char *reason)
{
	for (size_t i = 0; i < lane->batch.count; i++)
		finish(lane->batch.members[i], verdict, reason);
}

/* The group failed as a whole: each member is to be run alone. */
static void
hand_to_singles(struct lane *lane, enum update_verdict verdict)
{
	log_debug("a group of %zu failed: %s", lane->batch.count, lane->batch.error.message);
	if (lane->singles == NULL) {
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
	int64_t pause = BUSY_LEAST_MS + waited / 8;
	update->retry_at_ms = now + (pause < BUSY_MOST_MS ? pause : BUSY_MOST_MS);
	pthread_mutex_lock(&lane->mutex);
	bool is_over = waited >= BUSY_MS || is_crowded(lane, update, now);
	if (!is_over)
		queue_append(&lane->busy, update);
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

static void
set_away(struct lane *lane, bool is_away)
{
	pthread_mutex_lock(&lane->mutex);
	if (!is_away)
		lane->away_since_ms = 0;
	else if (lane->away_since_ms == 0)
		lane->away_since_ms = ddns_clock_ms();
	pthread_mutex_unlock(&lane->mutex);
}

static enum ddns_result
open_connection(struct lane *lane)
{
	enum ddns_result result;
	struct ddns_rows *rows = NULL;
	char timeout[16];
	const char *parameter = timeout;
	snprintf(timeout, sizeof timeout, "%d", lane->lock_timeout_ms);
	CHECK(ddns_db_open(lane->db, CONNECT_TIMEOUT_MS));
	CHECK(ddns_db_query(lane->db, DDNS_STATEMENT_GATEWAY_LOCK_TIMEOUT, &parameter, 1,
			    CONNECT_TIMEOUT_MS, &rows));

cleanup:
	ddns_rows_free(rows);
	return result;
}

/* Makes sure of a connection, as often as the backoff allows.  False: there is none now. */
static bool
connect_lane(struct lane *lane)
{
	int64_t now = ddns_clock_ms();
	if (ddns_db_is_open(lane->db))
		return true;
	if (now < lane->connect_at_ms)
		return false;
	if (open_connection(lane) == DDNS_OK) {
		metrics_add(&lane->metrics->writer_connects);
		if (lane->away_since_ms != 0)
			log_notice("%s: the database is back", lane->name);
		set_away(lane, false);
		lane->backoff_ms = BACKOFF_LEAST_MS;
		return true;
	}
	if (lane->away_since_ms == 0)
		log_warning("%s: no connection to the database: %s", lane->name,
			    ddns_db_last_error(lane->db)->message);
	ddns_db_close(lane->db);
	set_away(lane, true);
	// full jitter: gateways that lost the database together do not come back together
	lane->connect_at_ms = now + arc4random_uniform((uint32_t)lane->backoff_ms);
	if (lane->backoff_ms < BACKOFF_MOST_MS)
		lane->backoff_ms *= 2;
	return false;
}

static void
run_batch(struct lane *lane)
{
	struct batch *batch = &lane->batch;
	int64_t begun = update_clock_us();
	enum batch_result result = batch_run(batch, lane->db, STATEMENT_TIMEOUT_MS);
	histogram_add(&lane->metrics->batch_sizes, (double)batch->count);
	histogram_add(&lane->metrics->batch_seconds, (double)(update_clock_us() - begun) / 1e6);
	switch (result) {
	case BATCH_COMMITTED:
		finish_committed(lane);
		break;
	case BATCH_ROLLED_BACK:
		hand_to_singles(lane, UPDATE_FAILED);
		break;
	case BATCH_CLASHED:
		repeat_clashed(lane);
		break;
	case BATCH_UNABLE:
		log_warning("%s: the database refuses to work: %s", lane->name,
			    batch->error.message);
		finish_all(lane, UPDATE_UNAVAILABLE, batch->error.message);
		break;
	case BATCH_UNCERTAIN:
		for (size_t i = 0; i < batch->count; i++)
			if (batch->outcomes[i].verdict == UPDATE_CHANGED)
				batch->members[i]->may_have_changed = true;
		put_back(lane);
		break;
	case BATCH_DISCONNECTED:
		put_back(lane);
		break;
	}
	batch_clear(batch);
}

/* Moves the next group into the batch; members whose time is over get their verdict. */
static void
collect(struct lane *lane, struct queue *overdue)
{
	int64_t now = ddns_clock_ms();
	for (size_t i = lane->busy.count; i > 0; i--) {
		struct update *update = queue_take(&lane->busy);
		if (update->retry_at_ms <= now)
			queue_append(&lane->ready, update);
		else
			queue_append(&lane->busy, update);
	}
	while (lane->ready.count > 0 && lane->batch.count < lane->group_max) {
		struct update *update = queue_take(&lane->ready);
		if (now >= update->request->deadline_ms)
			queue_append(overdue, update);
		else
			lane->batch.members[lane->batch.count++] = update;
	}
}

/* Under the mutex: sleeps until there may be something to do. */
static void
sleep_lane(struct lane *lane)
{
	int64_t now = ddns_clock_ms(), until = now + IDLE_MS;
	if (lane->away_since_ms != 0 && lane->connect_at_ms < until)
		until = lane->connect_at_ms;
	else if (lane->away_since_ms == 0 && (lane->ready.count > 0 || !ddns_db_is_open(lane->db)))
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
	struct queue overdue;
	queue_init(&overdue);
	pthread_mutex_lock(&lane->mutex);
	sleep_lane(lane);
	lane->seen_alive_ms = ddns_clock_ms();
	collect(lane, &overdue);
	pthread_mutex_unlock(&lane->mutex);
	while (overdue.count > 0) {
		struct update *update = queue_take(&overdue);
		if (update->busy_since_ms != 0)
			finish(update, UPDATE_BUSY, "somebody else is changing this host");
		else
			finish(update, UPDATE_UNAVAILABLE, "the database does not answer");
	}
	if (!connect_lane(lane)) {
		put_back(lane);
		batch_clear(&lane->batch);
	} else if (lane->batch.count > 0) {
		run_batch(lane);
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
	ddns_db_free(lane->db);
	batch_free(&lane->batch);
	pthread_cond_destroy(&lane->has_work);
	pthread_mutex_destroy(&lane->mutex);
	free(lane->database);
	free(lane->name);
	free(lane);
}

enum ddns_result
lane_create(const struct lane_options *options, struct lane **lanep)
{
	struct lane *lane = calloc(1, sizeof *lane);
	enum ddns_result result = DDNS_NO_MEMORY;
	if (lane == NULL)
		return result;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&lane->has_work, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&lane->mutex, NULL);
	queue_init(&lane->ready);
	queue_init(&lane->busy);
	lane->metrics = options->metrics;
	lane->group_max = options->group_max;
	lane->lock_timeout_ms = options->lock_timeout_ms;
	lane->singles = options->singles;
	lane->backoff_ms = BACKOFF_LEAST_MS;
	lane->seen_alive_ms = ddns_clock_ms();
	lane->name = strdup(options->name);
	lane->database = strdup(options->database);
	if (lane->name == NULL || lane->database == NULL)
		goto cleanup;
	const struct ddns_db_options db = {
		.conninfo = lane->database,
		.application = lane->name,
		.statements = DDNS_STATEMENTS_GATEWAY,
		.wake_fd = -1,
	};
	CHECK(ddns_db_create(&db, &lane->db));
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
		.away_since_ms = lane->away_since_ms,
		.seen_alive_ms = lane->seen_alive_ms,
	};
	pthread_mutex_unlock(&lane->mutex);
}
