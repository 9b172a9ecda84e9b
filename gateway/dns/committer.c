// SPDX-License-Identifier: GPL-3.0-or-later
// Commits UPDATE messages in groups.
#include "gateway/dns/committer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/dns/group.h"
#include "gateway/dns/exchange_queue.h"
#include "gateway/dns/refusal.h"
#include "gateway/dns/verdict.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "sql/client/db.h"

enum {
	WAITING_MAX = 4096,
	PATIENCE_MS = 2000, // longest time from a request to its answer
	BUSY_MS = 1000,	    // longest time that a message is tried again whose locks others hold
	BUSY_LEAST_MS = 1,  // between two tries, and
	BUSY_SHARE = 32,    // a share of the time since it came
	LOCK_MS = 200, // longest time that all wait for a lock that cannot be tried: of a table
	OPEN_MS = 1000,
	STATEMENT_MS = 2000, // longest time without an answer
	GROUP_MS = 1000, // until the database gives a group up, whose members have time left then
	ALONE_MS = 100,	 // least time of one alone
	RETRY_MAX = 3,	 // tries of one alone that ends in a deadlock or its like
	TURN_MS = 500,	 // longest sleep, and
	WAITING_MS = 2,	 // where some wait for their turn
};

struct committer {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct exchange_queue queue; // under the lock
	bool is_ending;
	struct committer_status status;
	struct metrics *metrics;
	struct attempts *attempts;

	struct ddns_db *db; // the thread's own
	struct group group;
	int64_t next_open_ms;
	pthread_t thread;
	bool has_thread;
};

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

/* One that goes alone leaves half of its time for another try, and for those behind it. */
static int
limit_of(const struct group *group)
{
	const struct exchange *first = group->members[0];
	int64_t left_ms = first->begun_ms + PATIENCE_MS - exchange_clock_ms();

	if (first->failed_count == 0)
		return GROUP_MS;
	return left_ms / 2 > ALONE_MS ? (int)(left_ms / 2) : ALONE_MS;
}

static enum ddns_result
run_group(struct committer *committer)
{
	struct group *group = &committer->group;

	show_life(committer);
	enum ddns_result result = group_run(group, committer->db, limit_of(group), STATEMENT_MS);
	if (result == DDNS_OK)
		histogram_add(&committer->metrics->dns_batch_sizes, (double)group->count);
	else
		log_debug("dns: a group of %zu updates failed: %s", group->count,
			  group->error.message);
	return result;
}

/* Answers what was committed; who met a lock waits for another turn: a short one at first, since
 * usually it is another gateway, whose commit takes a few milliseconds. */
static void
answer_group(struct committer *committer, struct exchange_queue *again)
{
	const struct group *group = &committer->group;
	int64_t now = exchange_clock_ms();

	for (size_t i = 0; i < group->count; i++) {
		struct exchange *exchange = group->members[i];
		struct verdict verdict;

		if (group_verdict(group, i, &verdict)) {
			if (verdict.rcode == KNOT_RCODE_REFUSED)
				refusal_changes(committer->attempts, exchange, verdict.reason);
			verdict_give(committer->metrics, exchange, &verdict);
			continue;
		}
		exchange->retry_at_ms =
			now + BUSY_LEAST_MS + (now - exchange->begun_ms) / BUSY_SHARE;
		exchange_queue_add(again, exchange);
	}
}

/* Nothing is known to be done.  Each member of a group goes alone, at once: what fails then fails
 * for its own reason.  One that was alone is tried again where nobody is to blame: at once after a
 * clash, after the others where the database did not answer. */
static void
part_group(struct committer *committer, enum ddns_result result, struct exchange_queue *front,
	   struct exchange_queue *again)
{
	const struct group *group = &committer->group;

	for (size_t i = 0; i < group->count; i++) {
		struct exchange *exchange = group->members[i];

		exchange->failed_count++;
		exchange->retry_at_ms = 0; // no lock was in its way
		if (group->count > 1)
			exchange_queue_add(front, exchange);
		else if (result == DDNS_RETRY && exchange->failed_count <= RETRY_MAX)
			exchange_queue_add(front, exchange);
		else if (result == DDNS_UNAVAILABLE)
			exchange_queue_add(again, exchange);
		else
			fail(committer, exchange, UPDATE_FAILED, group->error.message);
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

/* Has the database read its functions and make their plans, so that the first update does not wait
 * for that: an empty group does so.  What becomes of it does not matter. */
static void
warm_up(struct committer *committer)
{
	committer->group.count = 0;
	(void)group_run(&committer->group, committer->db, STATEMENT_MS, STATEMENT_MS);
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
	if (is_open)
		warm_up(committer);
	return is_open;
}

/* Takes a group; those whose time is over are answered here, those whose turn is later, or for whom
 * there is no room, stay in their order. */
static void
take_group(struct committer *committer)
{
	struct group *group = &committer->group;
	struct exchange_queue overdue = {.first = NULL}, later = {.first = NULL};
	int64_t now = exchange_clock_ms();
	struct exchange *exchange;

	group->count = 0;

	pthread_mutex_lock(&committer->lock);
	while (group->count < GROUP_MAX &&
	       (exchange = exchange_queue_take(&committer->queue)) != NULL) {
		int64_t patience = exchange->retry_at_ms != 0 ? BUSY_MS : PATIENCE_MS;
		if (now - exchange->begun_ms > patience)
			exchange_queue_add(&overdue, exchange);
		else if (exchange->retry_at_ms > now || !ddns_db_is_open(committer->db) ||
			 !group_has_room(group, exchange))
			exchange_queue_add(&later, exchange);
		else
			group->members[group->count++] = exchange;
	}
	exchange_queue_prepend(&committer->queue, &later);
	committer->status.waiting = committer->queue.count;
	committer->status.seen_alive_ms = now;
	pthread_mutex_unlock(&committer->lock);
	while ((exchange = exchange_queue_take(&overdue)) != NULL)
		if (exchange->retry_at_ms != 0)
			fail(committer, exchange, UPDATE_BUSY, "a lock was held too long");
		else
			fail(committer, exchange, UPDATE_UNAVAILABLE,
			     !ddns_db_is_open(committer->db) ? "the database is away"
			     : exchange->failed_count > 0    ? "the database takes too long"
							     : "too many updates wait");
}

static void
work(struct committer *committer)
{
	struct exchange_queue front = {.first = NULL}, again = {.first = NULL};
	struct exchange *exchange;
	enum ddns_result result = run_group(committer);

	if (result == DDNS_OK)
		answer_group(committer, &again);
	else
		part_group(committer, result, &front, &again);

	pthread_mutex_lock(&committer->lock);
	exchange_queue_prepend(&committer->queue, &front);
	while ((exchange = exchange_queue_take(&again)) != NULL)
		exchange_queue_add(&committer->queue, exchange);
	pthread_mutex_unlock(&committer->lock);
	if (!ddns_db_is_open(committer->db))
		state_set(committer, true, committer->group.error.message);
}

/* Waits until there is something to do, or a turn is over. */
static void
wait_for_work(struct committer *committer, bool is_idle)
{
	struct timespec until;
	int64_t wait_ms = is_idle ? TURN_MS : WAITING_MS;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)wait_ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&committer->lock);
	if (!committer->is_ending && (!is_idle || committer->queue.count == 0))
		(void)pthread_cond_timedwait(&committer->filled, &committer->lock, &until);
	pthread_mutex_unlock(&committer->lock);
}

static void *
run(void *context)
{
	struct committer *committer = context;
	bool is_ended = false;

	while (!is_ended) {
		(void)open_database(committer);
		take_group(committer);
		size_t count = committer->group.count;
		if (count > 0)
			work(committer);
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
committer_create(const struct committer_options *settings, struct committer **committerp)
{
	enum ddns_result result;
	struct committer *committer = calloc(1, sizeof(*committer));
	pthread_condattr_t attributes;
	const struct ddns_db_options options = {
		.conninfo = settings->database,
		.application = "ddns-gateway dns",
		.statements = DDNS_STATEMENTS_DNS,
		.wake_fd = -1,
	};

	if (committer == NULL)
		return DDNS_NO_MEMORY;
	committer->metrics = settings->metrics;
	committer->attempts = settings->attempts;
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
	group_free(&committer->group);
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
		exchange_queue_add(&committer->queue, exchange);
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
