// SPDX-License-Identifier: GPL-3.0-or-later
// Changing the names of a zone.
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/edit.h"
#include "sql/client/rr.h"
#include "sql/client/dname.h"

/* An owner as it is kept, and its hash. */
struct key {
	const char *text;
	size_t length;
	uint32_t hash;
	char buffer[DDNS_DNAME_TEXT_MAX + 1];
};

/*
 * Nearly every owner is plain: in the stored form already, without escapes.  Then this says its
 * length, else 0, and the whole way must be gone.
 */
static size_t
plain_length(const char *owner)
{
	size_t length = 0;
	size_t label = 0;
	for (;; length++) {
		char c = owner[length];
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '*') {
			if (++label > DDNS_LABEL_MAX)
				return 0;
		} else if ((c == '.' || c == '\0') && label > 0) {
			if (c == '\0')
				return length;
			label = 0;
		} else {
			return 0;
		}
	}
}

/* Reads an owner; false where it is not one, or too long for a name in this zone. */
static bool
read_owner(const struct edit *edit, const char *owner, struct key *key)
{
	key->text = owner;
	key->length = plain_length(owner);
	size_t wire = key->length + 2; // a length octet before it, the root after it
	if (key->length == 0) {
		uint8_t octets[DDNS_DNAME_WIRE_MAX];
		wire = 1;
		if (ddns_dname_canonical(owner, key->buffer) != DDNS_OK || *key->buffer == '\0' ||
		    (strcmp(key->buffer, "@") != 0 &&
		     ddns_dname_to_wire(key->buffer, octets, &wire) != DDNS_OK))
			return false;
		key->text = key->buffer;
		key->length = strlen(key->buffer);
	}
	key->hash = trie_hash(key->text, key->length);
	// the origin brings a root of its own
	return wire - 1 + edit->target.origin_wire <= DDNS_DNAME_WIRE_MAX;
}

static struct node *
find_node(const struct edit *edit, const char *owner, size_t length)
{
	struct trie_leaf *leaf =
		trie_find(edit->trie.root, owner, length, trie_hash(owner, length));
	return leaf != NULL ? node_of(leaf) : NULL;
}

static bool
is_apex(const struct node *node)
{
	return strcmp(node_owner(node), "@") == 0;
}

/* Adds a name, and those above it that are not there.  On failure it is the caller's still. */
static bool
add_name(struct edit *edit, struct node *node)
{
	if (!trie_edit_insert(&edit->trie, &node->leaf))
		return false;
	const char *parent = ddns_dname_parent(node_owner(node));
	for (; parent != NULL; parent = ddns_dname_parent(parent)) {
		// at the apex, which is always there, nobody counts
		size_t length = strlen(parent);
		struct node *above = find_node(edit, parent, length);
		if (above != NULL) {
			above->children++;
			return true;
		}
		above = node_create(parent, length, trie_hash(parent, length));
		if (above == NULL || !trie_edit_insert(&edit->trie, &above->leaf)) {
			free(above);
			edit->failure = DDNS_NO_MEMORY; // the name is there, but not counted
			return true;
		}
		above->children = 1;
	}
	return true;
}

static bool
add_apex(struct edit *edit)
{
	struct node *apex = node_create("@", 1, trie_hash("@", 1));
	if (apex != NULL && add_name(edit, apex))
		return true;
	free(apex);
	return false;
}

bool
edit_begin(struct edit *edit, struct trie_branch *root, const struct edit_target *target)
{
	*edit = (struct edit){.target = *target};
	if (!trie_edit_begin(&edit->trie, root))
		return false;
	if (root != NULL || add_apex(edit))
		return true;
	edit_drop(edit);
	return false;
}

static void
leave_out(const struct edit *edit, const struct ddns_row *row, const char *reason)
{
	edit->target.row_left_out(edit->target.context, edit->target.origin, row->owner, row->type,
				  row->rdata, reason);
}

/* What keeps a row from being served, whatever else its name has; NULL: nothing. */
static const char *
judge(const struct ddns_row *row, const struct key *key, int *typep)
{
	int type = ddns_rr_type(row->type);
	if (type < 0)
		return "this type is not served";
	if ((type == RR_NS || type == RR_DNAME) && key->text[0] == '*' &&
	    (key->length == 1 || key->text[1] == '.'))
		return "a wildcard cannot delegate"; // RFC 4592 sections 4.2 and 4.4
	*typep = type;
	return ddns_rr_check((unsigned)type, row->rdata);
}

static uint32_t
clamp_ttl(int64_t ttl)
{
	return (uint32_t)(ttl < 0 ? 0 : ttl > RR_TTL_MAX ? RR_TTL_MAX : ttl);
}

/* Adds a record to the name in a slot, or to a new name where that is NULL. */
static enum ddns_result
add_rr(struct edit *edit, void **slot, const struct key *key, unsigned type,
       const struct ddns_row *row)
{
	struct node *node = slot != NULL ? node_of(trie_slot_leaf(slot))
					 : node_create(key->text, key->length, key->hash);
	if (node == NULL)
		return DDNS_NO_MEMORY;
	if (!node->is_open)
		return DDNS_INTERNAL;
	enum ddns_result result = node_append(&node, type, row->type, clamp_ttl(row->ttl),
					      row->is_fallback, row->rdata);
	if (node->rr_count > edit->most_rrs)
		edit->most_rrs = node->rr_count;
	if (node->size > edit->most_octets)
		edit->most_octets = node->size;
	if (slot != NULL) {
		trie_slot_set(slot, &node->leaf);
		return result;
	}
	if (result == DDNS_OK && !add_name(edit, node))
		result = DDNS_NO_MEMORY;
	if (result != DDNS_OK)
		free(node);
	return result != DDNS_OK ? result : edit->failure;
}

enum ddns_result
edit_add(struct edit *edit, const struct ddns_row *row)
{
	struct key key;
	int type = 0;
	const char *reason = read_owner(edit, row->owner, &key) ? judge(row, &key, &type)
								: "its owner is not a name";
	if (reason != NULL) {
		leave_out(edit, row, reason);
		return DDNS_OK;
	}
	void **slot;
	if (!trie_edit_slot(&edit->trie, key.text, key.length, key.hash, &slot))
		return DDNS_NO_MEMORY;
	enum ddns_result result = add_rr(edit, slot, &key, (unsigned)type, row);
	if (result == DDNS_BAD_INPUT) {
		leave_out(edit, row, "the name has too many records");
		result = DDNS_OK;
	}
	return result;
}

enum ddns_result
edit_empty(struct edit *edit, const char *owner)
{
	struct key key;
	void **slot;
	if (!read_owner(edit, owner, &key))
		return DDNS_OK; // nothing of it was ever let in
	if (!trie_edit_slot(&edit->trie, key.text, key.length, key.hash, &slot))
		return DDNS_NO_MEMORY;
	if (slot == NULL)
		return DDNS_OK;
	struct node *node = node_of(trie_slot_leaf(slot));
	if (node->is_open)
		return DDNS_OK; // it is named twice
	struct node *blank = node_blank(node);
	if (blank == NULL || !trie_edit_discard(&edit->trie, node)) {
		free(blank);
		return DDNS_NO_MEMORY;
	}
	trie_slot_set(slot, &blank->leaf);
	return DDNS_OK;
}

enum ddns_result
edit_prune(struct edit *edit, const char *owner)
{
	struct key key;
	if (!read_owner(edit, owner, &key))
		return DDNS_OK;
	struct node *node = find_node(edit, key.text, key.length);
	while (node != NULL && node->rr_count == 0 && node->children == 0 && !is_apex(node)) {
		if (!trie_edit_remove(&edit->trie, &node->leaf))
			return DDNS_NO_MEMORY;
		const char *parent = ddns_dname_parent(node_owner(node));
		struct node *above =
			parent != NULL ? find_node(edit, parent, strlen(parent)) : NULL;
		if (above != NULL)
			above->children--;
		if (node->is_open)
			free(node);
		else if (!trie_edit_discard(&edit->trie, node))
			return DDNS_NO_MEMORY; // leaks it, and the zone is read anew
		node = above;
	}
	return DDNS_OK;
}

static void
report_dropped(void *context, const struct node *node, const struct node_rr *rr, const char *reason)
{
	const struct edit *edit = context;
	edit->target.row_left_out(edit->target.context, edit->target.origin, node_owner(node),
				  rr->type, rr->rdata, reason);
}

static void
settle_leaf(void *context, struct trie_leaf *leaf)
{
	struct edit *edit = context;
	struct node *node = node_of(leaf);
	if (!node->is_open)
		return;
	node_settle(node, edit->target.scratch, report_dropped, edit);
	edit->names += node->rr_count > 0;
}

enum ddns_result
edit_prepare(struct edit *edit)
{
	if (edit->failure == DDNS_OK &&
	    !node_scratch_reserve(edit->target.scratch, edit->most_rrs, edit->most_octets))
		edit->failure = DDNS_NO_MEMORY;
	return edit->failure;
}

void
edit_settle(struct edit *edit)
{
	trie_edit_walk(&edit->trie, settle_leaf, edit);
}

struct trie_branch *
edit_commit(struct edit *edit)
{
	return trie_edit_commit(&edit->trie);
}

static void
release_open(struct trie_leaf *leaf)
{
	if (node_of(leaf)->is_open)
		free(leaf);
}

void
edit_drop(struct edit *edit)
{
	trie_edit_drop(&edit->trie, release_open);
}
