// SPDX-License-Identifier: GPL-3.0-or-later
// Commits UPDATE messages in groups.
#include "gateway/dns/committer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/dns/verdict.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "sql/client/db.h"

enum {
	GROUP_MAX = 60,
	WAITING_MAX = 4096,
	PATIENCE_MS = 2000, // longest time from a request to its answer
	LOCK_MS = 1000,	    // longest time that locks of others are waited for
	RETRY_MS = 5,	    // between two tries at such a lock
	OPEN_MS = 1000,
	STATEMENT_MS = 2000,
	TURN_MS = 500,
	PRUNE_MS = 10000,  // between two looks for what can be forgotten
	PRUNE_MOST = 2000, // at once: while one waits for it
};

enum { // of the statement DNS_UPDATE
	PARAMETER_KEY,
	PARAMETER_ACCOUNT,
	PARAMETER_KEY_NAME,
	PARAMETER_MAC,
	PARAMETER_ZONE,
	PARAMETER_MESSAGE,
	PARAMETER_PEER,
	PARAMETER_WAIT, // not an array
	PARAMETER_COUNT,
};

enum {
	COLUMN_N,
	COLUMN_RCODE,
	COLUMN_IS_CHANGED,
	COLUMN_IS_REPEATED,
	COLUMN_SERIAL,
	COLUMN_REASON,
};

enum { RCODE_BUSY = -1 };

struct queue {
	struct exchange *first, *last;
	size_t count;
};

struct committer {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct queue queue; // under the lock
	bool is_ending;
	struct committer_status status;
	struct metrics *metrics;

	struct ddns_db *db; // the thread's own
	struct ddns_array parameters[PARAMETER_WAIT];
	int64_t next_open_ms, next_prune_ms;
	struct ddns_db_error error; // why the last group failed
	pthread_t thread;
	bool has_thread;
};

static void
queue_add(struct queue *queue, struct exchange *exchange)
{
	exchange->next = NULL;
	if (queue->last != NULL)
		queue->last->next = exchange;
	else
		queue->first = exchange;
	queue->last = exchange;
	queue->count++;
}

static struct exchange *
queue_take(struct queue *queue)
{
	struct exchange *exchange = queue->first;

	if (exchange == NULL)
		return NULL;
	queue->first = exchange->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->count--;
	exchange->next = NULL;
	return exchange;
}

static void
fail(struct committer *committer, struct exchange *exchange, enum update_verdict kind,
     const char *reason)
{
	const struct verdict verdict = {
		.verdict = kind,
		.rcode = KNOT_RCODE_SERVFAIL,
		.word = "failed",
		.reason = reason,
	};

	verdict_give(committer->metrics, exchange, &verdict);
}

static void
show_life(struct committer *committer)
{
	pthread_mutex_lock(&committer->lock);
	committer->status.seen_alive_ms = exchange_clock_ms();
	pthread_mutex_unlock(&committer->lock);
}

static enum ddns_result
parameters_collect(struct committer *committer, struct exchange *const *group, size_t count,
		   bool may_wait, const char *texts[PARAMETER_COUNT])
{
	enum ddns_result result = DDNS_OK;
	struct ddns_array *arrays = committer->parameters;

	for (size_t i = 0; i < PARAMETER_WAIT; i++)
		ddns_array_clear(&arrays[i]);
	for (size_t i = 0; i < count; i++) {
		const struct exchange *exchange = group[i];
		const struct tsig_record *tsig = &exchange->message.tsig;
		char number[24], mac[2 * TSIG_MAC_MAX + 3] = "\\x", peer[ADDRESS_TEXT_SIZE];

		(void)snprintf(number, sizeof(number), "%lld", (long long)exchange->key->id);
		ddns_array_add(&arrays[PARAMETER_KEY], number);
		(void)snprintf(number, sizeof(number), "%lld",
			       (long long)exchange->key->account_id);
		ddns_array_add(&arrays[PARAMETER_ACCOUNT], number);
		ddns_array_add(&arrays[PARAMETER_KEY_NAME], exchange->key->name);
		for (size_t octet = 0; octet < tsig->mac_length; octet++)
			(void)snprintf(mac + 2 + 2 * octet, 3, "%02x", tsig->mac[octet]);
		ddns_array_add(&arrays[PARAMETER_MAC], mac);
		ddns_array_add(&arrays[PARAMETER_ZONE], exchange->changes->zone);
		ddns_array_add(&arrays[PARAMETER_MESSAGE], exchange->changes_json);
		address_text(&exchange->peer, peer);
		ddns_array_add(&arrays[PARAMETER_PEER], peer);
	}
	for (size_t i = 0; i < PARAMETER_WAIT && result == DDNS_OK; i++)
		result = ddns_array_text(&arrays[i], &texts[i]);
	texts[PARAMETER_WAIT] = may_wait ? "true" : "false";
	return result;
}

/* One transaction.  On DDNS_OK it is committed, and *rowsp is the caller's. */
static enum ddns_result
group_run(struct committer *committer, struct exchange *const *group, size_t count, bool may_wait,
	  struct ddns_rows **rowsp)
{
	struct ddns_db *db = committer->db;
	struct ddns_rows *rows = NULL;
	const char *texts[PARAMETER_COUNT];
	enum ddns_result result;

	show_life(committer);
	CHECK(parameters_collect(committer, group, count, may_wait, texts));
	CHECK(ddns_db_query(db, DDNS_STATEMENT_BEGIN, NULL, 0, STATEMENT_MS, NULL));
	CHECK(ddns_db_query(db, DDNS_STATEMENT_DNS_UPDATE, texts, PARAMETER_COUNT, STATEMENT_MS,
			    &rows));
	if (ddns_rows_count(rows) != count) {
		result = DDNS_INTERNAL;
		goto cleanup;
	}
	CHECK(ddns_db_query(db, DDNS_STATEMENT_CLOSE_STEPS, NULL, 0, STATEMENT_MS, NULL));
	CHECK(ddns_db_query(db, DDNS_STATEMENT_COMMIT, NULL, 0, STATEMENT_MS, NULL));
	histogram_add(&committer->metrics->dns_batch_sizes, (double)count);
	*rowsp = rows;
	return DDNS_OK;

cleanup:
	ddns_rows_free(rows);
	committer->error = *ddns_db_last_error(db);
	log_debug("dns: a group of %zu updates failed: %s", count, committer->error.message);
	if (ddns_db_is_open(db) &&
	    ddns_db_query(db, DDNS_STATEMENT_ROLLBACK, NULL, 0, STATEMENT_MS, NULL) != DDNS_OK)
		ddns_db_close(db);
	return result;
}

/* What the database says of a message. */
static struct verdict
verdict_read(const struct ddns_rows *rows, size_t row)
{
	uint16_t rcode = (uint16_t)ddns_rows_integer(rows, row, COLUMN_RCODE, KNOT_RCODE_SERVFAIL);
	struct verdict verdict = {
		.verdict = UPDATE_REFUSED,
		.rcode = rcode,
		.word = "refused",
		.serial = ddns_rows_integer(rows, row, COLUMN_SERIAL, 0),
		.reason = ddns_rows_text(rows, row, COLUMN_REASON),
	};

	if (rcode == KNOT_RCODE_NOERROR) {
		bool is_changed = ddns_rows_boolean(rows, row, COLUMN_IS_CHANGED);
		verdict.verdict = is_changed ? UPDATE_CHANGED : UPDATE_UNCHANGED;
		verdict.word = is_changed ? "changed" : "unchanged";
	}
	if (ddns_rows_boolean(rows, row, COLUMN_IS_REPEATED))
		verdict.word = "repeated";
	return verdict;
}

/* Answers what was committed; who met a lock waits for another turn. */
static void
group_answer(struct committer *committer, struct exchange **group, size_t count,
	     const struct ddns_rows *rows, struct queue *again)
{
	for (size_t row = 0; row < count; row++) {
		struct exchange *exchange = group[row];

		if (ddns_rows_integer(rows, row, COLUMN_RCODE, 0) == RCODE_BUSY) {
			exchange->retry_at_ms = exchange_clock_ms() + RETRY_MS;
			queue_add(again, exchange);
			continue;
		}
		const struct verdict verdict = verdict_read(rows, row);
		verdict_give(committer->metrics, exchange, &verdict);
	}
}

/* Each alone, once, waiting for locks: what fails now fails for its own reason. */
static void
singles_run(struct committer *committer, struct exchange **group, size_t count, struct queue *again)
{
	for (size_t i = 0; i < count; i++) {
		struct ddns_rows *rows = NULL;
		enum ddns_result result = DDNS_UNAVAILABLE;

		for (int tries = 0; tries < 3 && ddns_db_is_open(committer->db); tries++) {
			result = group_run(committer, &group[i], 1, true, &rows);
			if (result != DDNS_RETRY)
				break;
		}
		if (result == DDNS_OK)
			group_answer(committer, &group[i], 1, rows, again);
		else if (result == DDNS_UNAVAILABLE)
			queue_add(again, group[i]);
		else
			fail(committer, group[i], UPDATE_FAILED, committer->error.message);
		ddns_rows_free(rows);
	}
}

/* Says once that the database went, and once that it is back. */
static void
state_set(struct committer *committer, bool is_away, const char *reason)
{
	pthread_mutex_lock(&committer->lock);
	bool was_away = committer->status.away_since_ms != 0;
	committer->status.away_since_ms = is_away && was_away ? committer->status.away_since_ms
					  : is_away	      ? exchange_clock_ms()
							      : 0;
	pthread_mutex_unlock(&committer->lock);
	if (is_away && !was_away)
		log_warning("dns: the database is away: %s", reason);
	else if (!is_away && was_away)
		log_notice("dns: connected to the database");
}

static bool
open_database(struct committer *committer)
{
	char lock_timeout[16];
	const char *parameter = lock_timeout;

	if (ddns_db_is_open(committer->db))
		return true;
	if (exchange_clock_ms() < committer->next_open_ms)
		return false;
	(void)snprintf(lock_timeout, sizeof(lock_timeout), "%d", LOCK_MS);
	bool is_open = ddns_db_open(committer->db, OPEN_MS) == DDNS_OK &&
		       ddns_db_query(committer->db, DDNS_STATEMENT_DNS_LOCK_TIMEOUT, &parameter, 1,
				     STATEMENT_MS, NULL) == DDNS_OK;
	committer->next_open_ms = exchange_clock_ms() + 200;
	state_set(committer, !is_open, ddns_db_last_error(committer->db)->message);
	return is_open;
}

/* Takes a group; those whose time is over are answered here, those whose turn is later stay. */
static size_t
group_take(struct committer *committer, struct exchange *group[GROUP_MAX])
{
	struct queue overdue = {.first = NULL};
	int64_t now = exchange_clock_ms();
	size_t count = 0;
	struct exchange *exchange;

	pthread_mutex_lock(&committer->lock);
	size_t waiting = committer->queue.count;
	for (size_t i = 0; i < waiting && count < GROUP_MAX; i++) {
		exchange = queue_take(&committer->queue);
		int64_t patience = exchange->retry_at_ms != 0 ? LOCK_MS : PATIENCE_MS;
		if (now - exchange->begun_ms > patience)
			queue_add(&overdue, exchange);
		else if (exchange->retry_at_ms > now || !ddns_db_is_open(committer->db))
			queue_add(&committer->queue, exchange);
		else
			group[count++] = exchange;
	}
	committer->status.waiting = committer->queue.count;
	committer->status.seen_alive_ms = now;
	pthread_mutex_unlock(&committer->lock);
	while ((exchange = queue_take(&overdue)) != NULL)
		if (exchange->retry_at_ms != 0)
			fail(committer, exchange, UPDATE_BUSY, "a lock was held too long");
		else
			fail(committer, exchange, UPDATE_UNAVAILABLE, "the database is away");
	return count;
}

static void
group_work(struct committer *committer, struct exchange **group, size_t count)
{
	struct queue again = {.first = NULL};
	struct ddns_rows *rows = NULL;
	struct exchange *exchange;
	enum ddns_result result = group_run(committer, group, count, false, &rows);

	if (result == DDNS_OK)
		group_answer(committer, group, count, rows, &again);
	else if (result == DDNS_UNAVAILABLE)
		for (size_t i = 0; i < count; i++)
			queue_add(&again, group[i]);
	else
		singles_run(committer, group, count, &again);
	ddns_rows_free(rows);

	pthread_mutex_lock(&committer->lock);
	while ((exchange = queue_take(&again)) != NULL)
		queue_add(&committer->queue, exchange);
	pthread_mutex_unlock(&committer->lock);
	if (!ddns_db_is_open(committer->db))
		state_set(committer, true, committer->error.message);
}

/* Waits until there is something to do, or a turn is over. */
static void
wait_for_work(struct committer *committer, bool is_idle)
{
	struct timespec until;
	int64_t wait_ms = is_idle ? TURN_MS : RETRY_MS;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)wait_ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&committer->lock);
	if (!committer->is_ending && (!is_idle || committer->queue.count == 0))
		(void)pthread_cond_timedwait(&committer->filled, &committer->lock, &until);
	pthread_mutex_unlock(&committer->lock);
}

/* Forgets what the database knows of messages that are too old to be repeated. */
static void
prune(struct committer *committer)
{
	char most[16];
	const char *parameter = most;
	struct ddns_rows *rows;

	if (!ddns_db_is_open(committer->db) || exchange_clock_ms() < committer->next_prune_ms)
		return;
	(void)snprintf(most, sizeof(most), "%d", PRUNE_MOST);
	committer->next_prune_ms = exchange_clock_ms() + PRUNE_MS;
	if (ddns_db_query(committer->db, DDNS_STATEMENT_DNS_PRUNE, &parameter, 1, STATEMENT_MS,
			  &rows) != DDNS_OK)
		return; // there is another time
	if (ddns_rows_integer(rows, 0, 0, 0) == PRUNE_MOST)
		committer->next_prune_ms = exchange_clock_ms() + TURN_MS;
	ddns_rows_free(rows);
}

static void *
run(void *context)
{
	struct committer *committer = context;
	bool is_ended = false;

	while (!is_ended) {
		struct exchange *group[GROUP_MAX];
		(void)open_database(committer);
		prune(committer);
		size_t count = group_take(committer, group);
		if (count > 0)
			group_work(committer, group, count);
		pthread_mutex_lock(&committer->lock);
		size_t waiting = committer->queue.count;
		is_ended = committer->is_ending && waiting == 0;
		pthread_mutex_unlock(&committer->lock);
		if (!is_ended && count == 0)
			wait_for_work(committer, waiting == 0);
	}
	return NULL;
}

enum ddns_result
committer_create(const char *database, struct metrics *metrics, struct committer **committerp)
{
	enum ddns_result result;
	struct committer *committer = calloc(1, sizeof(*committer));
	pthread_condattr_t attributes;
	const struct ddns_db_options options = {
		.conninfo = database,
		.application = "ddns-gateway dns",
		.statements = DDNS_STATEMENTS_DNS,
		.wake_fd = -1,
	};

	if (committer == NULL)
		return DDNS_NO_MEMORY;
	committer->metrics = metrics;
	pthread_mutex_init(&committer->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&committer->filled, &attributes);
	pthread_condattr_destroy(&attributes);
	committer->status.seen_alive_ms = exchange_clock_ms();
	CHECK(ddns_db_create(&options, &committer->db));
	if (pthread_create(&committer->thread, NULL, run, committer) != 0) {
		result = DDNS_INTERNAL;
		goto cleanup;
	}
	committer->has_thread = true;
	*committerp = committer;
	committer = NULL;

cleanup:
	committer_free(committer);
	return result;
}

void
committer_free(struct committer *committer)
{
	if (committer == NULL)
		return;
	if (committer->has_thread) {
		pthread_mutex_lock(&committer->lock);
		committer->is_ending = true;
		pthread_cond_signal(&committer->filled);
		pthread_mutex_unlock(&committer->lock);
		pthread_join(committer->thread, NULL);
	}
	for (size_t i = 0; i < PARAMETER_WAIT; i++)
		ddns_array_free(&committer->parameters[i]);
	ddns_db_free(committer->db);
	pthread_cond_destroy(&committer->filled);
	pthread_mutex_destroy(&committer->lock);
	free(committer);
}

void
committer_submit(struct committer *committer, struct exchange *exchange)
{
	pthread_mutex_lock(&committer->lock);
	bool is_full = committer->queue.count >= WAITING_MAX;
	if (!is_full) {
		queue_add(&committer->queue, exchange);
		committer->status.waiting = committer->queue.count;
		pthread_cond_signal(&committer->filled);
	}
	pthread_mutex_unlock(&committer->lock);
	if (is_full)
		fail(committer, exchange, UPDATE_UNAVAILABLE, "too many updates wait");
}

void
committer_status(struct committer *committer, struct committer_status *status)
{
	pthread_mutex_lock(&committer->lock);
	*status = committer->status;
	pthread_mutex_unlock(&committer->lock);
}
