// SPDX-License-Identifier: GPL-3.0-or-later
// What mirror.c and mirror_table.c share.
#ifndef DLZ_DDNS_MIRROR_INTERNAL_H
#define DLZ_DDNS_MIRROR_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "dlz_ddns/mirror.h"

/* A zone that the database serves, from the first load of it until it is gone. */
struct zone {
	struct retired retired;
	struct mirror *mirror;
	struct reclaim *reclaim;
	_Atomic(struct zone *) next_leaving;
	atomic_llong leaves_at; // ddns_clock_ms when it is forgotten
	int64_t id;
	_Atomic(struct snapshot *) served; // what readers see; NULL: failure
	struct snapshot *latest;	   // what the next step builds on; NULL: load it first
	const char *fault;
	bool is_listed;
	bool is_orphan;	 // gone, but there was no memory to take it off the list
	bool needs_load; // a step failed half way
	bool had_bad_transfer;
	size_t origin_wire; // octets of the origin on the wire, 0: it is no origin
	size_t length;	    // of the origin's text
	char origin[];
};

struct mirror {
	_Atomic(struct trie_branch *) table; // listings by origin; NULL: none
	atomic_bool is_ready;
	_Atomic(struct zone *) leaving;	     // gone, and kept for questions under way
	_Atomic(struct zone *) *leaving_end; // where the next one is hung
	pthread_mutex_t leaving_lock;	     // of changes of that list
	struct reclaim *reclaim;
	void *by_id; // the writer's: all zones, listed or not
	struct mirror_events events;
	struct mirror_counts counts;
	struct node_scratch scratch;
};

/*
 * Lists a zone for the readers; one of the same origin, which the database must have dropped, gives
 * way.  A zone without a proper origin is not listed.  False: no memory.
 */
bool mirror_list_zone(struct mirror *mirror, struct zone *zone);

/* Takes it out again.  Without memory it stays listed. */
void mirror_unlist_zone(struct mirror *mirror, struct zone *zone);

/*
 * Unlists a zone and has it freed.  named has asked whether there is such a zone, was told yes, and
 * asks for its names next: for stay_ms these are answered still.
 */
void mirror_remove_zone(struct mirror *mirror, struct zone *zone, int stay_ms);

#endif
