// SPDX-License-Identifier: GPL-3.0-or-later
// A persistent hash trie: an edit makes a new root and leaves the old one as it was.
#ifndef DLZ_DDNS_TRIE_H
#define DLZ_DDNS_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Readers walk from a root and take no lock.  The one writer changes nothing that they can reach:
 * an edit copies the branches on the way to what it changes and hangs all else into the copy.  So a
 * root is a whole and unchanging picture for as long as its memory is kept: all of a transaction
 * shows at once, and a zone transfer that holds a root sees one version of the zone from end to
 * end.
 *
 * Branches have up to 64 slots and hold only those in use; keys are spread by SipHash under a key
 * drawn at random per process, so that nobody can choose names that pile up.
 */

/* The head of what is stored: one allocation of malloc's with its key somewhere in it. */
struct trie_leaf {
	uint32_t hash;	 // trie_hash of the key
	uint16_t length; // of the key
	uint16_t at;	 // where the key stands, in octets from the leaf's start
};

struct trie_branch {
	uint64_t bitmap; // the slots in use
	uint64_t edit;	 // who made it, and may change it in place
	void *slot[];	 // branches, and leaves with the lowest bit set
};

/* A change under way.  Memory that the old root still needs is collected as garbage. */
struct trie_edit {
	void *root; // a branch, never NULL
	uint64_t id;
	void **garbage; // malloc's; to be freed once nobody can see the old root
	size_t garbage_count, garbage_size;
};

static inline const char *
trie_key(const struct trie_leaf *leaf)
{
	return (const char *)leaf + leaf->at;
}

/* Draws the hash key, the first time.  To be called before any other function here. */
void trie_init(void);

uint32_t trie_hash(const char *key, size_t length);

/* The leaf with that key, or NULL.  hash is trie_hash of it. */
struct trie_leaf *trie_find(const struct trie_branch *root, const char *key, size_t length,
			    uint32_t hash);

/* Calls `each` for all leaves, in no order, until it returns false; says whether it never did. */
typedef bool trie_function(void *context, struct trie_leaf *leaf);
bool trie_walk(const struct trie_branch *root, trie_function *each, void *context);

/* Frees all branches and leaves that hang at a root.  Takes NULL. */
void trie_free(struct trie_branch *root);

/*
 * Begins an edit of `root`, or of an empty trie where that is NULL.  False: no memory; then there
 * is nothing to end.  An edit that began is ended by trie_edit_commit or trie_edit_drop.
 */
bool trie_edit_begin(struct trie_edit *edit, struct trie_branch *root);

/*
 * The slot of the leaf with that key, in a branch that the edit may change; *slotp is NULL where
 * there is none.  It holds until the next change of the trie.  False: no memory.
 */
bool trie_edit_slot(struct trie_edit *edit, const char *key, size_t length, uint32_t hash,
		    void ***slotp);
static inline struct trie_leaf *
trie_slot_leaf(void *const *slot)
{
	return (struct trie_leaf *)((char *)*slot - 1);
}
static inline void
trie_slot_set(void **slot, struct trie_leaf *leaf)
{
	*slot = (char *)leaf + 1;
}

/* Adds a leaf whose key is not there.  False: no memory; the leaf stays the caller's. */
bool trie_edit_insert(struct trie_edit *edit, struct trie_leaf *leaf);

/* Takes a leaf out, if it is there; its memory is the caller's to free or to discard. */
bool trie_edit_remove(struct trie_edit *edit, const struct trie_leaf *leaf);

/* Puts memory that the old root still shows on the garbage list.  False: no memory. */
bool trie_edit_discard(struct trie_edit *edit, void *memory);

/* Calls `each` for the leaves in branches of this edit: all that it added, and some of the old. */
void trie_edit_walk(const struct trie_edit *edit, void (*each)(void *, struct trie_leaf *),
		    void *context);

/* The new root; the garbage goes to the caller, who frees the array too. */
struct trie_branch *trie_edit_commit(struct trie_edit *edit);

/* Frees what the edit made; `release` is called for the leaves of trie_edit_walk, to free its own.
 */
void trie_edit_drop(struct trie_edit *edit, void (*release)(struct trie_leaf *));

#endif
