// SPDX-License-Identifier: GPL-3.0-or-later
// Changing the names of a zone: rows into nodes, and the names that exist only by what is below
// them.
#ifndef DLZ_DDNS_EDIT_H
#define DLZ_DDNS_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlz_ddns/node.h"
#include "dlz_ddns/trie.h"
#include "sql/client/reader.h"
#include "sql/client/result.h"

/* The zone whose names are edited. */
struct edit_target {
	const char *origin;
	size_t origin_wire; // its octets on the wire
	struct node_scratch *scratch;
	void *context;
	void (*row_left_out)(void *context, const char *origin, const char *owner, const char *type,
			     const char *rdata, const char *reason);
};

/*
 * Each name counts its children, so that what exists is known exactly after any change: a name is
 * there if it has records or children (RFC 4592 section 2.2.2).
 */
struct edit {
	struct trie_edit trie;
	struct edit_target target;
	size_t names;		      // with records, counted by edit_settle
	size_t most_rrs, most_octets; // of any node that rows were added to
	enum ddns_result failure;
};

/* Begins with the names of `root`, or with none but the apex where that is NULL.  False: no memory.
 */
bool edit_begin(struct edit *edit, struct trie_branch *root, const struct edit_target *target);

/*
 * Adds a row to its name.  A row that cannot be served is left out, with a word to the target.
 * DDNS_NO_MEMORY; DDNS_INTERNAL where the name is served as it is and was not emptied before.
 */
enum ddns_result edit_add(struct edit *edit, const struct ddns_row *row);

/* Takes all records of a name away; the name stays until edit_prune. */
enum ddns_result edit_empty(struct edit *edit, const char *owner);

/* Removes the name if nothing is left of it, and those above that existed only for it. */
enum ddns_result edit_prune(struct edit *edit, const char *owner);

/* Whether all went well so far and edit_settle can be called.  DDNS_NO_MEMORY. */
enum ddns_result edit_prepare(struct edit *edit);

/* Makes all nodes of the edit ready to be served.  After that it cannot be dropped any more. */
void edit_settle(struct edit *edit);

/* The new root.  edit->trie.garbage is the caller's then. */
struct trie_branch *edit_commit(struct edit *edit);

/* Frees what the edit made, unless it is settled.  The old root shows what it showed, but must not
 * be edited again: its counts of children are not what they were. */
void edit_drop(struct edit *edit);

#endif
