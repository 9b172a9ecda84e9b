// SPDX-License-Identifier: GPL-3.0-or-later
// The feeds of this process, kept in static data so that they outlive named's instances.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/feed.h"
#include "dlz_ddns/store.h"

struct store {
	struct store *next;
	char *conninfo; // NULL: its feed would not end, and is not to be used again
	struct feed *feed;
	unsigned attached;
};

static struct store *stores; // never freed: few, and small
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct store *
find(const char *conninfo)
{
	struct store *store = stores;
	while (store != NULL && (store->conninfo == NULL || strcmp(store->conninfo, conninfo) != 0))
		store = store->next;
	return store;
}

static struct store *
add(const char *conninfo, const char *name)
{
	struct store *store = calloc(1, sizeof(*store));
	if (store == NULL)
		return NULL;
	store->conninfo = strdup(conninfo);
	if (store->conninfo != NULL)
		store->feed = feed_create(conninfo, name);
	if (store->feed == NULL) {
		free(store->conninfo);
		free(store);
		return NULL;
	}
	store->next = stores;
	stores = store;
	return store;
}

struct store *
store_attach(const char *conninfo, const char *name, int wait_ms, bool *is_readyp)
{
	pthread_mutex_lock(&lock);
	struct store *store = find(conninfo);
	if (store == NULL)
		store = add(conninfo, name);
	bool is_first = store != NULL && store->attached == 0;
	if (is_first && !feed_start(store->feed))
		store = NULL;
	if (store != NULL)
		store->attached++;
	pthread_mutex_unlock(&lock);
	if (store != NULL)
		*is_readyp = feed_wait(store->feed, is_first ? wait_ms : 0);
	return store;
}

const struct mirror *
store_mirror(const struct store *store)
{
	return feed_mirror(store->feed);
}

void
store_detach(struct store *store, int stop_ms)
{
	pthread_mutex_lock(&lock);
	if (--store->attached == 0 && !feed_stop(store->feed, stop_ms)) {
		free(store->conninfo);
		store->conninfo = NULL;
	}
	pthread_mutex_unlock(&lock);
}

bool
store_is_in_use(void)
{
	pthread_mutex_lock(&lock);
	bool is_in_use = false;
	for (const struct store *store = stores; store != NULL; store = store->next)
		is_in_use |= store->attached > 0;
	pthread_mutex_unlock(&lock);
	return is_in_use;
}
