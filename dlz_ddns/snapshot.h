// SPDX-License-Identifier: GPL-3.0-or-later
// One version of a zone: unchanging, found by readers, freed when none is left.
#ifndef DLZ_DDNS_SNAPSHOT_H
#define DLZ_DDNS_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlz_ddns/node.h"
#include "dlz_ddns/reclaim.h"
#include "dlz_ddns/transfer.h"
#include "dlz_ddns/trie.h"
#include "sql/client/reader.h"

/*
 * Readers see a snapshot within an RCU read section.  A zone transfer takes longer than such a
 * section should last: it holds the snapshot instead, and sees this version of the zone to its end,
 * whatever is published meanwhile.
 *
 * A step shares most of its tree with the version before.  What only the older one still shows is
 * that one's garbage; as snapshots of a zone are released in their order, it goes when no older one
 * needs it.
 */
struct snapshot {
	struct retired retired;
	atomic_uint holders;
	struct trie_branch *root;
	const struct node *apex;
	void **garbage;
	size_t garbage_count;
	bool owns_tree; // nothing newer shares it
	bool has_apex_dname;
	bool has_apex_wildcard; // right below the apex
	struct transfer transfer;
	uint32_t serial;
	uint32_t soa_ttl;
	const char *fault; // why the zone cannot be served; NULL: it can
	char soa[];	   // rdata
};

/*
 * Of what `served_zones` says of a zone; without a tree yet.  *is_cleanp: the transfer list was
 * understood.  NULL: no memory.
 */
struct snapshot *snapshot_create(const struct ddns_zone *zone, bool *is_cleanp);

/* Hangs the tree in, which the snapshot then owns, and sees whether the zone can be served. */
void snapshot_complete(struct snapshot *snapshot, struct trie_branch *root);

/* Whether there is a zone cut or a DNAME above a name (relative, canonical, not the apex). */
bool snapshot_cuts_off(const struct snapshot *snapshot, const char *name);

/* Gives it to the reclaimer, when no new reader can find it.  `zone` tells whose it is. */
void snapshot_retire(struct snapshot *snapshot, const void *zone, struct reclaim *reclaim);

/* Frees one that was never published, and its tree if it owns it.  Takes NULL. */
void snapshot_free(struct snapshot *snapshot);

/* Keeps it beyond the read section; from within one. */
static inline void
snapshot_hold(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->holders, 1, memory_order_acquire);
}

static inline void
snapshot_release(struct snapshot *snapshot)
{
	atomic_fetch_sub_explicit(&snapshot->holders, 1, memory_order_release);
}

#endif
