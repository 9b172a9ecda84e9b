// SPDX-License-Identifier: GPL-3.0-or-later
// The table of zones that readers search, and the zones that have just left it.
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/mirror_internal.h"
#include "sql/client/db.h"

/* A zone in the table that readers search. */
struct listing {
	struct trie_leaf leaf;
	struct zone *zone;
	char origin[];
};

/* What a change of the table leaves behind. */
struct old_table {
	struct retired retired;
	void **garbage;
	size_t garbage_count;
};

static struct listing *
find_listing(const struct mirror *mirror, const char *origin, size_t length)
{
	struct trie_branch *table = atomic_load_explicit(&mirror->table, memory_order_acquire);
	if (table == NULL)
		return NULL;
	return (struct listing *)trie_find(table, origin, length, trie_hash(origin, length));
}

enum mirror_state
mirror_find(const struct mirror *mirror, const char *origin, size_t length,
	    struct snapshot **snapshotp)
{
	const struct listing *listing = find_listing(mirror, origin, length);
	if (listing == NULL)
		return MIRROR_ABSENT;
	*snapshotp = atomic_load_explicit(&listing->zone->served, memory_order_acquire);
	return *snapshotp != NULL ? MIRROR_SERVED : MIRROR_FAILED;
}

enum mirror_state
mirror_find_lately(const struct mirror *mirror, const char *origin, size_t length,
		   struct snapshot **snapshotp)
{
	enum mirror_state state = mirror_find(mirror, origin, length, snapshotp);
	if (state != MIRROR_ABSENT)
		return state;
	struct zone *zone = NULL; // the one that left last
	struct zone *next = atomic_load_explicit(&mirror->leaving, memory_order_acquire);
	for (; next != NULL; next = atomic_load_explicit(&next->next_leaving, memory_order_acquire))
		if (strcmp(next->origin, origin) == 0)
			zone = next;
	if (zone == NULL)
		return MIRROR_ABSENT;
	*snapshotp = atomic_load_explicit(&zone->served, memory_order_acquire);
	return *snapshotp != NULL ? MIRROR_SERVED : MIRROR_FAILED;
}

static void
release_table(struct retired *retired)
{
	struct old_table *old = (struct old_table *)retired;
	for (size_t i = 0; i < old->garbage_count; i++)
		free(old->garbage[i]);
	free(old->garbage);
	free(old);
}

static void
release_listing(struct trie_leaf *leaf)
{
	(void)leaf; // an edit of the table adds its listing last, and owns none before
}

static void
release_zone(struct retired *retired)
{
	free(retired);
}

/* No reader finds it any more: it and its newest version go when the last one is through. */
static void
retire_zone(struct zone *zone)
{
	if (zone->latest != NULL)
		snapshot_retire(zone->latest, zone, zone->reclaim);
	zone->retired = (struct retired){.group = zone, .release = release_zone};
	reclaim_retire(zone->reclaim, &zone->retired);
}

/* Takes what is listed under the origin out of the table and puts `added`, if any, in. */
static bool
change_table(struct mirror *mirror, const char *origin, size_t length, struct listing *added)
{
	struct listing *removed = find_listing(mirror, origin, length);
	struct zone *unlisted = removed != NULL ? removed->zone : NULL;
	struct old_table *old = calloc(1, sizeof(*old));
	struct trie_edit edit;
	if (old == NULL ||
	    !trie_edit_begin(&edit, atomic_load_explicit(&mirror->table, memory_order_relaxed))) {
		free(old);
		return false;
	}
	if ((removed != NULL &&
	     (!trie_edit_remove(&edit, &removed->leaf) || !trie_edit_discard(&edit, removed))) ||
	    (added != NULL && !trie_edit_insert(&edit, &added->leaf))) {
		trie_edit_drop(&edit, release_listing);
		free(old);
		return false;
	}
	old->garbage = edit.garbage;
	old->garbage_count = edit.garbage_count;
	struct trie_branch *table = trie_edit_commit(&edit);
	if (table->bitmap == 0) {
		free(table); // nobody has seen it
		table = NULL;
	}
	atomic_store_explicit(&mirror->table, table, memory_order_release);
	old->retired = (struct retired){.group = mirror, .release = release_table};
	reclaim_retire(mirror->reclaim, &old->retired);
	if (unlisted != NULL) {
		unlisted->is_listed = false;
		unlisted->reclaim = mirror->reclaim; // an orphan may be of a feed before this one
		if (unlisted->is_orphan)
			retire_zone(unlisted);
	}
	return true;
}

bool
mirror_list_zone(struct mirror *mirror, struct zone *zone)
{
	if (zone->is_listed || zone->origin_wire == 0)
		return true;
	struct listing *listing = malloc(sizeof(*listing) + zone->length + 1);
	if (listing == NULL)
		return false;
	listing->leaf =
		(struct trie_leaf){trie_hash(zone->origin, zone->length), (uint16_t)zone->length,
				   offsetof(struct listing, origin)};
	listing->zone = zone;
	memcpy(listing->origin, zone->origin, zone->length + 1);
	if (!change_table(mirror, zone->origin, zone->length, listing)) {
		free(listing);
		return false;
	}
	zone->is_listed = true;
	return true;
}

void
mirror_unlist_zone(struct mirror *mirror, struct zone *zone)
{
	if (zone->is_listed)
		change_table(mirror, zone->origin, zone->length, NULL);
}

/* Takes it from the list of those that leave; they go in the order in which they came. */
static void
leave(struct retired *retired)
{
	struct zone *zone = (struct zone *)retired;
	struct mirror *mirror = zone->mirror;

	pthread_mutex_lock(&mirror->leaving_lock);
	_Atomic(struct zone *) *where = &mirror->leaving;
	while (atomic_load(where) != zone)
		where = &atomic_load(where)->next_leaving;
	atomic_store(where, atomic_load(&zone->next_leaving));
	if (mirror->leaving_end == &zone->next_leaving)
		mirror->leaving_end = where;
	pthread_mutex_unlock(&mirror->leaving_lock);
	retire_zone(zone);
}

static bool
is_leaving(const struct retired *retired)
{
	const struct zone *zone = (const struct zone *)retired;
	return ddns_clock_ms() < atomic_load(&zone->leaves_at);
}

void
mirror_remove_zone(struct mirror *mirror, struct zone *zone, int stay_ms)
{
	mirror_unlist_zone(mirror, zone);
	if (zone->latest != NULL)
		mirror->counts.zones--;
	zone->mirror = mirror;
	zone->reclaim = mirror->reclaim;
	if (zone->is_listed) { // no memory: it is found, and fails, until another takes its place
		zone->is_orphan = true;
		struct snapshot *latest = zone->latest;
		atomic_store(&zone->served, NULL);
		zone->latest = NULL;
		if (latest != NULL)
			snapshot_retire(latest, zone, zone->reclaim);
		return;
	}
	if (stay_ms == 0) {
		retire_zone(zone);
		return;
	}
	atomic_store(&zone->leaves_at, ddns_clock_ms() + stay_ms);
	atomic_store(&zone->next_leaving, NULL);
	pthread_mutex_lock(&mirror->leaving_lock);
	atomic_store_explicit(mirror->leaving_end, zone, memory_order_release);
	mirror->leaving_end = &zone->next_leaving;
	pthread_mutex_unlock(&mirror->leaving_lock);
	// a group of its own: the snapshots before go by themselves
	zone->retired = (struct retired){
		.group = &zone->leaves_at, .is_held = is_leaving, .release = leave};
	reclaim_retire(mirror->reclaim, &zone->retired);
}
