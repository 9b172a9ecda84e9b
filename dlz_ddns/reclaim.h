// SPDX-License-Identifier: GPL-3.0-or-later
// Frees what readers may still be looking at, once they are not.
#ifndef DLZ_DDNS_RECLAIM_H
#define DLZ_DDNS_RECLAIM_H

#include <stdbool.h>

/*
 * The writer publishes, hands the old over, and goes on; a thread of ours waits for the grace
 * period and frees.  So no publication waits for a reader.
 */
struct reclaim;

/* Head of what is handed over. */
struct retired {
	struct retired *next;
	const void
		*group; // things of one group are released in the order they were retired; not NULL
	bool (*is_held)(
		const struct retired *); // somebody keeps it beyond grace periods; NULL: never
	void (*release)(struct retired *);
};

/* Starts the thread.  NULL: no memory or no thread. */
struct reclaim *reclaim_start(void);

/* Hands over something that new readers cannot find any more.  Any thread, never waits, cannot
 * fail. */
void reclaim_retire(struct reclaim *reclaim, struct retired *item);

/*
 * Releases all that nobody holds, and ends the thread, within about the time given.  False: it is
 * still busy; then it and what it keeps are left to themselves.  Takes NULL.
 */
bool reclaim_stop(struct reclaim *reclaim, int timeout_ms);

#endif
