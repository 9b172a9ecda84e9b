// SPDX-License-Identifier: GPL-3.0-or-later
// A persistent hash trie with branches of up to 64 slots.
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "dlz_ddns/siphash.h"
#include "dlz_ddns/trie.h"

enum {
	BITS = 6,
	LEVELS_PER_ROUND = 5, // of one 32-bit hash; then the key is hashed anew
	LEVELS_MAX = 32,      // two keys do not agree in 180 bits of a keyed hash
};

static uint64_t hash_key[2];

static void
draw_key(void)
{
	if (getrandom(hash_key, sizeof(hash_key), GRND_NONBLOCK) == sizeof(hash_key))
		return;
	// no entropy this early in the machine's life: hard to guess is all it needs to be
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	hash_key[0] = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15U ^ (uintptr_t)&now;
	hash_key[1] = (uint64_t)now.tv_sec ^ (uintptr_t)&hash_key << 20;
}

void
trie_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, draw_key);
}

static uint32_t
hash_round(const char *key, size_t length, unsigned round)
{
	return (uint32_t)siphash(hash_key[0] ^ round, hash_key[1], key, length);
}

uint32_t
trie_hash(const char *key, size_t length)
{
	return hash_round(key, length, 0);
}

/* Where a key leads, level by level. */
struct path {
	const char *key;
	size_t length;
	uint32_t hash;
	unsigned level;
};

static uint64_t
path_bit(const struct path *path)
{
	return (uint64_t)1 << (path->hash & ((1 << BITS) - 1));
}

static void
path_descend(struct path *path)
{
	path->level++;
	if (path->level % LEVELS_PER_ROUND != 0)
		path->hash >>= BITS;
	else
		path->hash = hash_round(path->key, path->length, path->level / LEVELS_PER_ROUND);
}

static bool
is_leaf(const void *entry)
{
	return ((uintptr_t)entry & 1) != 0;
}

static bool
is_key_of(const struct trie_leaf *leaf, const char *key, size_t length, uint32_t hash)
{
	return leaf->hash == hash && leaf->length == length &&
	       memcmp(trie_key(leaf), key, length) == 0;
}

static unsigned
slot_count(const struct trie_branch *branch)
{
	return (unsigned)__builtin_popcountll(branch->bitmap);
}

static unsigned
slot_index(const struct trie_branch *branch, uint64_t bit)
{
	return (unsigned)__builtin_popcountll(branch->bitmap & (bit - 1));
}

static size_t
branch_size(unsigned slots)
{
	return sizeof(struct trie_branch) + slots * sizeof(void *);
}

/* The leaf with the path's key at or below a branch on that path. */
static struct trie_leaf *
find_below(const struct trie_branch *branch, struct path path, uint32_t hash)
{
	for (;;) {
		uint64_t bit = path_bit(&path);
		if ((branch->bitmap & bit) == 0)
			return NULL;
		void *entry = branch->slot[slot_index(branch, bit)];
		if (is_leaf(entry)) {
			struct trie_leaf *leaf = trie_slot_leaf(&entry);
			return is_key_of(leaf, path.key, path.length, hash) ? leaf : NULL;
		}
		branch = entry;
		path_descend(&path);
	}
}

struct trie_leaf *
trie_find(const struct trie_branch *root, const char *key, size_t length, uint32_t hash)
{
	return find_below(root, (struct path){key, length, hash, 0}, hash);
}

bool
trie_walk(const struct trie_branch *root, trie_function *each, void *context)
{
	unsigned count = slot_count(root);
	for (unsigned i = 0; i < count; i++) {
		void *entry = root->slot[i];
		bool goes_on = is_leaf(entry) ? each(context, trie_slot_leaf(&entry))
					      : trie_walk(entry, each, context);
		if (!goes_on)
			return false;
	}
	return true;
}

void
trie_free(struct trie_branch *root)
{
	if (root == NULL)
		return;
	unsigned count = slot_count(root);
	for (unsigned i = 0; i < count; i++) {
		if (is_leaf(root->slot[i]))
			free(trie_slot_leaf(&root->slot[i]));
		else
			trie_free(root->slot[i]);
	}
	free(root);
}

bool
trie_edit_begin(struct trie_edit *edit, struct trie_branch *root)
{
	static _Atomic uint64_t last_id;
	*edit = (struct trie_edit){.root = root, .id = atomic_fetch_add(&last_id, 1) + 1};
	if (root != NULL)
		return true;
	struct trie_branch *branch = malloc(branch_size(0));
	if (branch == NULL)
		return false;
	*branch = (struct trie_branch){.edit = edit->id};
	edit->root = branch;
	return true;
}

bool
trie_edit_discard(struct trie_edit *edit, void *memory)
{
	if (edit->garbage_count == edit->garbage_size) {
		size_t size = edit->garbage_size > 0 ? 2 * edit->garbage_size : 8;
		void **grown = reallocarray(edit->garbage, size, sizeof(*grown));
		if (grown == NULL)
			return false;
		edit->garbage = grown;
		edit->garbage_size = size;
	}
	edit->garbage[edit->garbage_count++] = memory;
	return true;
}

/* The branch in *where, replaced there by a copy if it is not the edit's own.  NULL: no memory. */
static struct trie_branch *
own_branch(struct trie_edit *edit, void **where)
{
	struct trie_branch *branch = *where;
	if (branch->edit == edit->id)
		return branch;

	size_t size = branch_size(slot_count(branch));
	struct trie_branch *copy = malloc(size);
	if (copy == NULL || !trie_edit_discard(edit, branch)) {
		free(copy);
		return NULL;
	}
	memcpy(copy, branch, size);
	copy->edit = edit->id;
	*where = copy;
	return copy;
}

bool
trie_edit_slot(struct trie_edit *edit, const char *key, size_t length, uint32_t hash, void ***slotp)
{
	struct path path = {key, length, hash, 0};
	void **where = &edit->root;

	*slotp = NULL;
	for (;;) {
		struct trie_branch *branch = *where;
		// nothing is copied for a key that is not there
		if (branch->edit != edit->id && find_below(branch, path, hash) == NULL)
			return true;
		branch = own_branch(edit, where);
		if (branch == NULL)
			return false;
		uint64_t bit = path_bit(&path);
		if ((branch->bitmap & bit) == 0)
			return true;
		where = &branch->slot[slot_index(branch, bit)];
		if (is_leaf(*where)) {
			if (is_key_of(trie_slot_leaf(where), key, length, hash))
				*slotp = where;
			return true;
		}
		path_descend(&path);
	}
}

/* Puts an entry into an unused slot of the edit's own branch at *where, which moves. */
static bool
add_slot(void **where, uint64_t bit, void *entry)
{
	struct trie_branch *branch = *where;
	unsigned count = slot_count(branch);
	unsigned index = slot_index(branch, bit);
	branch = realloc(branch, branch_size(count + 1));
	if (branch == NULL)
		return false;
	memmove(&branch->slot[index + 1], &branch->slot[index],
		(count - index) * sizeof(branch->slot[0]));
	branch->slot[index] = entry;
	branch->bitmap |= bit;
	*where = branch;
	return true;
}

/* Puts a branch between *where and the leaf that hangs there; `path` leads to the leaf's new slot.
 */
static bool
push_down(struct trie_edit *edit, void **where, struct path path)
{
	struct trie_branch *branch = malloc(branch_size(1));
	if (branch == NULL)
		return false;
	*branch = (struct trie_branch){.bitmap = path_bit(&path), .edit = edit->id};
	branch->slot[0] = *where;
	*where = branch;
	return true;
}

/* The path of a leaf's key down to a level. */
static struct path
path_to(const struct trie_leaf *leaf, unsigned level)
{
	struct path path = {trie_key(leaf), leaf->length, leaf->hash, 0};
	while (path.level < level)
		path_descend(&path);
	return path;
}

bool
trie_edit_insert(struct trie_edit *edit, struct trie_leaf *leaf)
{
	struct path path = path_to(leaf, 0);
	void **where = &edit->root;

	while (path.level < LEVELS_MAX) {
		struct trie_branch *branch = own_branch(edit, where);
		if (branch == NULL)
			return false;
		uint64_t bit = path_bit(&path);
		if ((branch->bitmap & bit) == 0) {
			void *entry;
			trie_slot_set(&entry, leaf);
			return add_slot(where, bit, entry);
		}
		where = &branch->slot[slot_index(branch, bit)];
		path_descend(&path);
		if (is_leaf(*where) &&
		    !push_down(edit, where, path_to(trie_slot_leaf(where), path.level)))
			return false;
	}
	return false;
}

/* A branch that holds nothing but one leaf gives way to it. */
static void
pull_up(void **const *trail, unsigned depth)
{
	while (depth > 0) {
		struct trie_branch *branch = *trail[depth];
		if (slot_count(branch) != 1 || !is_leaf(branch->slot[0]))
			return;
		*trail[depth--] = branch->slot[0];
		free(branch);
	}
}

bool
trie_edit_remove(struct trie_edit *edit, const struct trie_leaf *leaf)
{
	if (trie_find(edit->root, trie_key(leaf), leaf->length, leaf->hash) != leaf)
		return true;

	void **trail[LEVELS_MAX + 1]; // where the branch of each level hangs
	struct path path = path_to(leaf, 0);
	void **where = &edit->root;
	for (;;) {
		struct trie_branch *branch = own_branch(edit, where);
		if (branch == NULL)
			return false;
		trail[path.level] = where;
		uint64_t bit = path_bit(&path);
		unsigned index = slot_index(branch, bit);
		where = &branch->slot[index];
		if (is_leaf(*where)) {
			memmove(where, where + 1,
				(slot_count(branch) - index - 1) * sizeof(*where));
			branch->bitmap &= ~bit;
			pull_up(trail, path.level);
			return true;
		}
		path_descend(&path);
	}
}

static void
walk_own(const struct trie_branch *branch, uint64_t id, void (*each)(void *, struct trie_leaf *),
	 void *context)
{
	unsigned count = slot_count(branch);
	for (unsigned i = 0; i < count; i++) {
		void *entry = branch->slot[i];
		if (is_leaf(entry))
			each(context, trie_slot_leaf(&entry));
		else if (((struct trie_branch *)entry)->edit == id)
			walk_own(entry, id, each, context);
	}
}

void
trie_edit_walk(const struct trie_edit *edit, void (*each)(void *, struct trie_leaf *),
	       void *context)
{
	const struct trie_branch *root = edit->root;
	if (root->edit == edit->id)
		walk_own(root, edit->id, each, context);
}

struct trie_branch *
trie_edit_commit(struct trie_edit *edit)
{
	struct trie_branch *root = edit->root;
	edit->root = NULL;
	return root;
}

static void
drop_own(struct trie_branch *branch, uint64_t id, void (*release)(struct trie_leaf *))
{
	unsigned count = slot_count(branch);
	for (unsigned i = 0; i < count; i++) {
		void *entry = branch->slot[i];
		if (is_leaf(entry))
			release(trie_slot_leaf(&entry));
		else if (((struct trie_branch *)entry)->edit == id)
			drop_own(entry, id, release);
	}
	free(branch);
}

void
trie_edit_drop(struct trie_edit *edit, void (*release)(struct trie_leaf *))
{
	struct trie_branch *root = edit->root;
	if (root != NULL && root->edit == edit->id)
		drop_own(root, edit->id, release);
	free(edit->garbage);
	*edit = (struct trie_edit){0};
}
