// SPDX-License-Identifier: GPL-3.0-or-later
// The zones of one database in memory: one thread writes, any number read without a lock.
#ifndef DLZ_DDNS_MIRROR_H
#define DLZ_DDNS_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlz_ddns/reclaim.h"
#include "dlz_ddns/snapshot.h"
#include "sql/client/reader.h"
#include "sql/client/result.h"

struct mirror;
struct mirror_load; // a zone that is being read whole, beside the copy that is served

/* What the mirror tells its owner, all from the writer's thread. */
struct mirror_events {
	void *context;
	/* A row that cannot be served and why; `origin` and `owner` say where. */
	void (*row_left_out)(void *context, const char *origin, const char *owner, const char *type,
			     const char *rdata, const char *reason);
	/* A zone that is in the database and not served (fault), or is again (fault NULL). */
	void (*zone_fault)(void *context, const char *origin, const char *fault);
	/* Something else that is wrong with a zone that is served all the same. */
	void (*zone_warning)(void *context, const char *origin, const char *text);
};

/* A mirror lives as long as the process: whoever has its address may ask it.  NULL: no memory. */
struct mirror *mirror_create(const struct mirror_events *events);

/* Gives the writer's thread its reclaimer, before its first change; NULL when it ends. */
void mirror_set_reclaim(struct mirror *mirror, struct reclaim *reclaim);

/* ---- for the writer's thread ---- */

/*
 * A zone read whole; the contract is that of struct ddns_sink (sql/client/reader.h).
 * mirror_load_row leaves out what cannot be served and still says DDNS_OK.  DDNS_NO_MEMORY is the
 * one failure.
 */
enum ddns_result mirror_load_begin(struct mirror *mirror, const struct ddns_zone *zone,
				   struct mirror_load **loadp);
enum ddns_result mirror_load_row(struct mirror_load *load, const struct ddns_row *row);
enum ddns_result mirror_load_end(struct mirror_load *load); // frees the load, whatever comes of it
void mirror_load_drop(struct mirror_load *load);

/* A zone of which there may be no copy is answered with a failure until one is loaded.
 * DDNS_NO_MEMORY: it is not; it must be tried again. */
enum ddns_result mirror_fail(struct mirror *mirror, int64_t zone_id, const char *origin);

/*
 * A change of some names, published as one.  DDNS_NOT_FOUND: there is no copy to change;
 * DDNS_INTERNAL: a row of a name that is not among `names`.  After any failure the zone must be
 * loaded whole.
 */
enum ddns_result mirror_step(struct mirror *mirror, const struct ddns_zone *zone,
			     const char *const *names, size_t name_count,
			     const struct ddns_row *rows, size_t row_count);

void mirror_gone(struct mirror *mirror, int64_t zone_id);

/* All that is there now is loaded: from here on, what is not found does not exist. */
void mirror_set_ready(struct mirror *mirror);

/* Forgets everything, and is not ready any more. */
void mirror_clear(struct mirror *mirror);

/* Zones with a copy, and the names and records read by loads so far. */
struct mirror_counts {
	uint64_t zones, names, rows;
};
struct mirror_counts mirror_count(const struct mirror *mirror);

/* ---- for readers, in any thread ---- */

bool mirror_is_ready(const struct mirror *mirror);

/* What stands for an origin (lower case, without trailing dot).  Within an RCU read section. */
enum mirror_state {
	MIRROR_ABSENT, // no zone of ours, or one that cannot be served
	MIRROR_FAILED, // a zone of ours that could not be loaded yet
	MIRROR_SERVED,
};
enum mirror_state mirror_find(const struct mirror *mirror, const char *origin, size_t length,
			      struct snapshot **snapshotp);

/* The same, with a zone that went within the last second still there: for what follows mirror_find.
 */
enum mirror_state mirror_find_lately(const struct mirror *mirror, const char *origin, size_t length,
				     struct snapshot **snapshotp);

#endif
