// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that keeps a mirror true to its database.
#ifndef DLZ_DDNS_FEED_H
#define DLZ_DDNS_FEED_H

#include <stdbool.h>

struct mirror;

/*
 * The feed of one database: makes its mirror, and fills it while it runs.  The mirror outlives the
 * feed's thread and answers with failures while that does not run.
 */
struct feed;

/* `name` is for log lines; both strings are copied.  NULL: no memory. */
struct feed *feed_create(const char *conninfo, const char *name);

struct mirror *feed_mirror(const struct feed *feed);

/* Starts the thread; false: no memory or no thread. */
bool feed_start(struct feed *feed);

/*
 * Waits until the first load is done, the database turns out to be away, or the time is over.
 * Returns true where there is something to answer with.
 */
bool feed_wait(struct feed *feed, int timeout_ms);

/*
 * Ends the thread and empties the mirror, within about the time given.  False: it did not end; the
 * feed is lost, and must not be started again.
 */
bool feed_stop(struct feed *feed, int timeout_ms);

#endif
