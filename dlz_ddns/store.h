// SPDX-License-Identifier: GPL-3.0-or-later
// The feeds of this process, one for each connection string, whatever named does to its
// configuration.
#ifndef DLZ_DDNS_STORE_H
#define DLZ_DDNS_STORE_H

#include <stdbool.h>

struct mirror;
struct store;

/*
 * Attaches to the feed of `conninfo`, and starts it if nobody else is attached: at a reload named
 * makes the new instance before it destroys the old one, so that the mirror stays.  Whoever starts
 * it waits for the first load, up to wait_ms; *is_readyp tells whether there is something to answer
 * with. NULL: no memory or no thread.
 */
struct store *store_attach(const char *conninfo, const char *name, int wait_ms, bool *is_readyp);

/* Stays valid for ever, also after the last store_detach: named may ask once more. */
const struct mirror *store_mirror(const struct store *store);

/* The last one stops the feed, within about two times stop_ms. */
void store_detach(struct store *store, int stop_ms);

/* Whether any feed runs. */
bool store_is_in_use(void);

#endif
