// SPDX-License-Identifier: GPL-3.0-or-later
// The zones of one database in memory: which there are, and publishing their versions.
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/edit.h"
#include "dlz_ddns/mirror_internal.h"
#include "sql/client/dname.h"

enum { STAY_MS = 1000 }; // how long a zone that is gone is kept for questions under way

struct mirror_load {
	struct mirror *mirror;
	int64_t zone_id; // the zone itself may come and go meanwhile
	size_t origin_wire;
	struct snapshot *snapshot;
	struct edit edit;
	bool has_bad_transfer;
	char origin[DDNS_DNAME_TEXT_MAX + 1];
};

struct mirror *
mirror_create(const struct mirror_events *events)
{
	trie_init();
	struct mirror *mirror = calloc(1, sizeof(*mirror));
	if (mirror == NULL)
		return NULL;
	mirror->events = *events;
	mirror->leaving_end = &mirror->leaving;
	pthread_mutex_init(&mirror->leaving_lock, NULL);
	return mirror;
}

void
mirror_set_reclaim(struct mirror *mirror, struct reclaim *reclaim)
{
	mirror->reclaim = reclaim;
}

bool
mirror_is_ready(const struct mirror *mirror)
{
	return atomic_load_explicit(&mirror->is_ready, memory_order_acquire);
}

void
mirror_set_ready(struct mirror *mirror)
{
	atomic_store_explicit(&mirror->is_ready, true, memory_order_release);
}

struct mirror_counts
mirror_count(const struct mirror *mirror)
{
	return mirror->counts;
}

/* ---- zones ---- */

static int
compare_ids(const void *left, const void *right)
{
	const struct zone *a = left;
	const struct zone *b = right;
	return (a->id > b->id) - (a->id < b->id);
}

/* Its place in mirror->by_id, or NULL. */
static struct zone **
find_place(struct mirror *mirror, int64_t id)
{
	struct zone key = {.id = id};
	return (struct zone **)tfind(&key, &mirror->by_id, compare_ids);
}

static struct zone *
find_zone(struct mirror *mirror, int64_t id)
{
	struct zone **place = find_place(mirror, id);
	return place != NULL ? *place : NULL;
}

/* An origin in its stored form; its octets on the wire, 0 where it is none. */
static size_t
read_origin(const char *origin, char out[DDNS_DNAME_TEXT_MAX + 1])
{
	uint8_t octets[DDNS_DNAME_WIRE_MAX];
	size_t wire;
	if (ddns_dname_canonical(origin, out) == DDNS_OK && strcmp(out, "@") != 0 && *out != '\0' &&
	    ddns_dname_to_wire(out, octets, &wire) == DDNS_OK)
		return wire;
	snprintf(out, DDNS_DNAME_TEXT_MAX + 1, "%s", origin); // for messages
	return 0;
}

/*
 * The zone of that id and origin, made if there is none.  One that had the id under another origin
 * goes.  NULL: no memory, and nothing has changed.
 */
static struct zone *
get_zone(struct mirror *mirror, int64_t id, const char *origin, size_t origin_wire)
{
	struct zone **place = find_place(mirror, id);
	if (place != NULL && strcmp((*place)->origin, origin) == 0)
		return *place;
	size_t length = strlen(origin);
	struct zone *zone = calloc(1, sizeof(*zone) + length + 1);
	if (zone == NULL)
		return NULL;
	zone->id = id;
	zone->origin_wire = origin_wire;
	zone->length = length;
	memcpy(zone->origin, origin, length);
	if (place != NULL) {
		struct zone *before = *place;
		*place = zone;
		mirror_remove_zone(mirror, before, STAY_MS);
	} else if (tsearch(zone, &mirror->by_id, compare_ids) == NULL) {
		free(zone);
		zone = NULL;
	}
	return zone;
}

void
mirror_gone(struct mirror *mirror, int64_t zone_id)
{
	struct zone *zone = find_zone(mirror, zone_id);
	if (zone == NULL)
		return;
	tdelete(zone, &mirror->by_id, compare_ids);
	mirror_remove_zone(mirror, zone, STAY_MS);
}

static void
visit_to_remove(const void *nodep, VISIT visit, void *mirror)
{
	if (visit == postorder || visit == leaf)
		mirror_remove_zone(mirror, *(struct zone *const *)nodep, 0);
}

static void
keep(void *zone)
{
	(void)zone; // the reclaimer frees it
}

void
mirror_clear(struct mirror *mirror)
{
	atomic_store_explicit(&mirror->is_ready, false, memory_order_release);
	twalk_r(mirror->by_id, visit_to_remove, mirror);
	tdestroy(mirror->by_id, keep);
	mirror->by_id = NULL;
	pthread_mutex_lock(&mirror->leaving_lock);
	for (struct zone *zone = atomic_load(&mirror->leaving); zone != NULL;
	     zone = atomic_load(&zone->next_leaving))
		atomic_store(&zone->leaves_at, 0);
	pthread_mutex_unlock(&mirror->leaving_lock);
	node_scratch_free(&mirror->scratch);
	mirror->counts = (struct mirror_counts){0};
}

/* ---- versions ---- */

/*
 * Makes a complete snapshot the zone's newest; the one before must have been taken care of.
 * DDNS_NO_MEMORY: readers do not find the zone yet; it must be loaded once more.
 */
static enum ddns_result
publish(struct mirror *mirror, struct zone *zone, struct snapshot *snapshot)
{
	struct snapshot *before = zone->latest;
	bool was_faulty = zone->fault != NULL;
	zone->latest = snapshot;
	zone->fault = zone->origin_wire == 0 ? "its origin is not a domain name" : snapshot->fault;

	struct snapshot *served = zone->fault == NULL ? snapshot : NULL;
	atomic_store_explicit(&zone->served, served, memory_order_release);
	if (before != NULL)
		snapshot_retire(before, zone, mirror->reclaim);
	else
		mirror->counts.zones++;

	zone->needs_load = false;
	if (served == NULL)
		mirror_unlist_zone(mirror, zone);
	else
		zone->needs_load = !mirror_list_zone(mirror, zone);
	if (zone->fault != NULL || was_faulty)
		mirror->events.zone_fault(mirror->events.context, zone->origin, zone->fault);
	return zone->needs_load ? DDNS_NO_MEMORY : DDNS_OK;
}

/* Says once that a transfer list cannot be understood. */
static void
judge_transfer(struct mirror *mirror, struct zone *zone, bool is_bad)
{
	if (is_bad && !zone->had_bad_transfer)
		mirror->events.zone_warning(
			mirror->events.context, zone->origin,
			"its transfer list has something in it that is no address "
			"or prefix, which admits nobody");
	zone->had_bad_transfer = is_bad;
}

static struct edit_target
target_of(struct mirror *mirror, const char *origin, size_t origin_wire)
{
	return (struct edit_target){
		.origin = origin,
		.origin_wire = origin_wire,
		.scratch = &mirror->scratch,
		.context = mirror->events.context,
		.row_left_out = mirror->events.row_left_out,
	};
}

enum ddns_result
mirror_load_begin(struct mirror *mirror, const struct ddns_zone *from, struct mirror_load **loadp)
{
	struct mirror_load *load = calloc(1, sizeof(*load));
	if (load == NULL)
		return DDNS_NO_MEMORY;
	bool is_clean = true;
	load->mirror = mirror;
	load->zone_id = from->id;
	load->origin_wire = read_origin(from->origin, load->origin);
	load->snapshot = snapshot_create(from, &is_clean);
	load->has_bad_transfer = !is_clean;
	struct edit_target target = target_of(mirror, load->origin, load->origin_wire);
	if (load->snapshot == NULL || !edit_begin(&load->edit, NULL, &target)) {
		snapshot_free(load->snapshot);
		free(load);
		return DDNS_NO_MEMORY;
	}
	*loadp = load;
	return DDNS_OK;
}

enum ddns_result
mirror_load_row(struct mirror_load *load, const struct ddns_row *row)
{
	load->mirror->counts.rows++;
	return edit_add(&load->edit, row);
}

enum ddns_result
mirror_load_end(struct mirror_load *load)
{
	struct mirror *mirror = load->mirror;
	struct zone *zone = NULL;
	enum ddns_result result = edit_prepare(&load->edit);
	if (result == DDNS_OK) {
		zone = get_zone(mirror, load->zone_id, load->origin, load->origin_wire);
		result = zone != NULL ? DDNS_OK : DDNS_NO_MEMORY;
	}
	if (result != DDNS_OK) {
		mirror_load_drop(load);
		return result;
	}
	edit_settle(&load->edit);
	mirror->counts.names += load->edit.names;
	judge_transfer(mirror, zone, load->has_bad_transfer);
	snapshot_complete(load->snapshot, edit_commit(&load->edit));
	result = publish(mirror, zone, load->snapshot);
	free(load);
	return result;
}

void
mirror_load_drop(struct mirror_load *load)
{
	edit_drop(&load->edit);
	snapshot_free(load->snapshot);
	free(load);
}

enum ddns_result
mirror_fail(struct mirror *mirror, int64_t zone_id, const char *origin)
{
	char canonical[DDNS_DNAME_TEXT_MAX + 1];
	size_t wire = read_origin(origin, canonical);
	struct zone *zone = get_zone(mirror, zone_id, canonical, wire);
	if (zone == NULL)
		return DDNS_NO_MEMORY;
	// not listed, it would not exist: not loaded is another thing, and so is a fault
	bool is_faulty = zone->latest != NULL && zone->fault != NULL;
	return is_faulty || mirror_list_zone(mirror, zone) ? DDNS_OK : DDNS_NO_MEMORY;
}

/* The edit of a step: the names emptied, the rows put in, what is left empty taken out. */
static enum ddns_result
apply_step(struct edit *edit, const char *const *names, size_t name_count,
	   const struct ddns_row *rows, size_t row_count)
{
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; i < name_count && result == DDNS_OK; i++)
		result = edit_empty(edit, names[i]);
	for (size_t i = 0; i < row_count && result == DDNS_OK; i++)
		result = edit_add(edit, &rows[i]);
	for (size_t i = 0; i < name_count && result == DDNS_OK; i++)
		result = edit_prune(edit, names[i]);
	return result == DDNS_OK ? edit_prepare(edit) : result;
}

enum ddns_result
mirror_step(struct mirror *mirror, const struct ddns_zone *from, const char *const *names,
	    size_t name_count, const struct ddns_row *rows, size_t row_count)
{
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	struct zone *zone = find_zone(mirror, from->id);
	read_origin(from->origin, origin);
	if (zone == NULL || zone->latest == NULL || zone->needs_load ||
	    strcmp(zone->origin, origin) != 0)
		return DDNS_NOT_FOUND;

	bool is_clean = true;
	struct snapshot *before = zone->latest;
	struct snapshot *snapshot = snapshot_create(from, &is_clean);
	struct edit_target target = target_of(mirror, zone->origin, zone->origin_wire);
	struct edit edit;
	if (snapshot == NULL || !edit_begin(&edit, before->root, &target)) {
		snapshot_free(snapshot);
		return DDNS_NO_MEMORY;
	}
	enum ddns_result result = apply_step(&edit, names, name_count, rows, row_count);
	if (result != DDNS_OK) {
		zone->needs_load = true;
		edit_drop(&edit);
		snapshot_free(snapshot);
		return result;
	}
	edit_settle(&edit);
	judge_transfer(mirror, zone, !is_clean);
	before->garbage = edit.trie.garbage;
	before->garbage_count = edit.trie.garbage_count;
	before->owns_tree = false;
	snapshot_complete(snapshot, edit_commit(&edit));
	return publish(mirror, zone, snapshot);
}
