// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that waits for grace periods and frees.
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "dlz_ddns/rcu.h"
#include "dlz_ddns/reclaim.h"
#include "dlz_ddns/thread.h"

#ifdef __SANITIZE_THREAD__
char rcu_mark;
#endif

enum {
	GATHER_MS = 20, // one grace period serves all that is retired meanwhile
	HELD_MS = 500,	// how often it looks whether a transfer is over
};

struct reclaim {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct retired *first, **last; // handed over, not looked at yet
	bool is_stopping;
};

static struct retired *
take_all(struct reclaim *reclaim)
{
	struct retired *items = reclaim->first;
	reclaim->first = NULL;
	reclaim->last = &reclaim->first;
	return items;
}

/* Whether an item of the same group stands before `end` in the list. */
static bool
is_behind_one(const struct retired *first, const struct retired *end)
{
	for (; first != end; first = first->next)
		if (first->group == end->group)
			return true;
	return false;
}

/* Releases what may go; returns what is kept, in its order. */
static struct retired *
release_unheld(struct retired *items)
{
	struct retired **where = &items;
	while (*where != NULL) {
		struct retired *item = *where;
		if ((item->is_held != NULL && item->is_held(item)) || is_behind_one(items, item)) {
			where = &item->next;
			continue;
		}
		*where = item->next;
		item->release(item);
	}
	return items;
}

static void
append(struct retired **list, struct retired *items)
{
	while (*list != NULL)
		list = &(*list)->next;
	*list = items;
}

/* Waits for something to do and takes it; NULL: it is time to look at what was kept, or to stop. */
static void
wait_for_items(struct reclaim *reclaim, bool has_held, struct retired **itemsp)
{
	pthread_mutex_lock(&reclaim->lock);
	while (reclaim->first == NULL && !reclaim->is_stopping) {
		if (!has_held) {
			pthread_cond_wait(&reclaim->moved, &reclaim->lock);
			continue;
		}
		struct timespec until = thread_deadline(HELD_MS);
		if (pthread_cond_timedwait(&reclaim->moved, &reclaim->lock, &until) != 0)
			break;
	}
	if (!reclaim->is_stopping && reclaim->first != NULL) {
		pthread_mutex_unlock(&reclaim->lock);
		thread_sleep_ms(GATHER_MS);
		pthread_mutex_lock(&reclaim->lock);
	}
	*itemsp = take_all(reclaim);
	pthread_mutex_unlock(&reclaim->lock);
}

static bool
is_over(struct reclaim *reclaim)
{
	pthread_mutex_lock(&reclaim->lock);
	bool has_ended = reclaim->is_stopping && reclaim->first == NULL;
	pthread_mutex_unlock(&reclaim->lock);
	return has_ended;
}

static void *
run(void *argument)
{
	struct reclaim *reclaim = argument;
	struct retired *kept = NULL;
	struct retired *items;

	// what is released may hand over more, also at the end
	do {
		wait_for_items(reclaim, kept != NULL, &items);
		if (items != NULL)
			synchronize_rcu();
		append(&kept, items);
		kept = release_unheld(kept);
	} while (!is_over(reclaim));
	// what a transfer still holds at the very end stays
	return NULL;
}

struct reclaim *
reclaim_start(void)
{
	struct reclaim *reclaim = calloc(1, sizeof(*reclaim));
	if (reclaim == NULL)
		return NULL;
	pthread_mutex_init(&reclaim->lock, NULL);
	thread_condition_init(&reclaim->moved);
	reclaim->last = &reclaim->first;
	if (thread_start(&reclaim->thread, "ddns-reclaim", run, reclaim))
		return reclaim;
	free(reclaim);
	return NULL;
}

void
reclaim_retire(struct reclaim *reclaim, struct retired *item)
{
	item->next = NULL;
	pthread_mutex_lock(&reclaim->lock);
	*reclaim->last = item;
	reclaim->last = &item->next;
	pthread_cond_signal(&reclaim->moved);
	pthread_mutex_unlock(&reclaim->lock);
}

bool
reclaim_stop(struct reclaim *reclaim, int timeout_ms)
{
	if (reclaim == NULL)
		return true;
	pthread_mutex_lock(&reclaim->lock);
	reclaim->is_stopping = true;
	pthread_cond_signal(&reclaim->moved);
	pthread_mutex_unlock(&reclaim->lock);
	if (!thread_join(reclaim->thread, timeout_ms))
		return false;
	pthread_cond_destroy(&reclaim->moved);
	pthread_mutex_destroy(&reclaim->lock);
	free(reclaim);
	return true;
}
