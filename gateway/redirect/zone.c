// SPDX-License-Identifier: GPL-3.0-or-later
// The redirects of one zone, each owner and the names above it in a tree.
#include "gateway/redirect/zone.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/dname.h"

static const char apex[] = "@";

/* A name that has a redirect, or below which one has: such a name stands in a wildcard's way. */
struct name {
	bool is_redirect, is_fallback;
	enum redirect_kind kind;
	char *target;	 // NULL where there is none
	size_t children; // names right below it
	char owner[];	 // first for lookups: see name_of
};

static const struct {
	const char *word;
	enum redirect_kind kind;
} kinds[] = {
	{"port", REDIRECT_PORT},
	{"url", REDIRECT_URL},
	{"page", REDIRECT_PAGE},
};

/* The tree holds pointers to owners, so that a text is all that a lookup needs. */
static struct name *
name_of(void *owner)
{
	return (struct name *)((char *)owner - offsetof(struct name, owner));
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
free_name(void *owner)
{
	struct name *name = name_of(owner);
	free(name->target);
	free(name);
}

static struct name *
find(const struct redirect_zone *zone, const char *owner)
{
	void *found = tfind(owner, &zone->names, compare);
	return found == NULL ? NULL : name_of(*(void **)found);
}

/* The name above, "@" at last, then NULL. */
static const char *
parent_of(const char *owner)
{
	if (strcmp(owner, apex) == 0)
		return NULL;
	const char *parent = ddns_dname_parent(owner);
	return parent == NULL ? apex : parent;
}

/* Drops a name that says nothing, then those above it that are left without cause. */
static void
prune(struct redirect_zone *zone, struct name *name)
{
	while (name != NULL && !name->is_redirect && name->children == 0) {
		const char *above = parent_of(name->owner);
		struct name *parent = above == NULL ? NULL : find(zone, above);
		tdelete(name->owner, &zone->names, compare);
		free_name(name->owner);
		if (parent != NULL)
			parent->children--;
		name = parent;
	}
}

/* Finds or makes a name and all above it.  NULL without memory: nothing was made. */
static struct name *
provide(struct redirect_zone *zone, const char *owner)
{
	struct name *name = find(zone, owner), *parent = NULL;
	if (name != NULL)
		return name;
	const char *above = parent_of(owner);
	if (above != NULL && (parent = provide(zone, above)) == NULL)
		return NULL;
	size_t size = strlen(owner) + 1;
	name = calloc(1, sizeof *name + size);
	if (name != NULL) {
		memcpy(name->owner, owner, size);
		if (tsearch(name->owner, &zone->names, compare) != NULL) {
			if (parent != NULL)
				parent->children++;
			return name;
		}
	}
	free(name);
	prune(zone, parent);
	return NULL;
}

enum ddns_result
redirect_zone_create(int64_t id, const char *origin, struct redirect_zone **zonep)
{
	struct redirect_zone *zone = calloc(1, sizeof *zone);
	if (zone == NULL)
		return DDNS_NO_MEMORY;
	zone->id = id;
	zone->origin = strdup(origin);
	if (zone->origin == NULL) {
		free(zone);
		return DDNS_NO_MEMORY;
	}
	*zonep = zone;
	return DDNS_OK;
}

void
redirect_zone_free(struct redirect_zone *zone)
{
	if (zone == NULL)
		return;
	tdestroy(zone->names, free_name);
	free(zone->origin);
	free(zone);
}

const char *
redirect_zone_origin(const struct redirect_zone *zone)
{
	return zone->origin;
}

/* Whether a row of these values goes before what is held. */
static bool
is_better(const struct name *held, const struct ddns_row *row, const char *target)
{
	if (!held->is_redirect)
		return true;
	if (row->is_fallback != held->is_fallback)
		return held->is_fallback;
	if (target == NULL || held->target == NULL)
		return target != NULL && held->target == NULL;
	return strcmp(target, held->target) < 0;
}

static enum ddns_result
keep(struct redirect_zone *zone, const struct ddns_row *row, enum redirect_kind kind,
     const char *target)
{
	struct name *name = provide(zone, row->owner);
	if (name == NULL)
		return DDNS_NO_MEMORY;
	if (!is_better(name, row, target))
		return DDNS_OK;
	char *copy = target == NULL ? NULL : strdup(target);
	if (target != NULL && copy == NULL) {
		prune(zone, name);
		return DDNS_NO_MEMORY;
	}
	free(name->target);
	name->target = copy;
	name->kind = kind;
	name->is_fallback = row->is_fallback;
	zone->count += !name->is_redirect;
	name->is_redirect = true;
	return DDNS_OK;
}

enum ddns_result
redirect_zone_add(struct redirect_zone *zone, const struct ddns_row *row)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char target[TARGET_SIZE];
		if (strcmp(row->type, kinds[i].word) != 0)
			continue;
		if (kinds[i].kind == REDIRECT_PAGE)
			return keep(zone, row, REDIRECT_PAGE, NULL);
		enum ddns_result result = target_check(row->rdata, target);
		return result == DDNS_OK ? keep(zone, row, kinds[i].kind, target) : result;
	}
	return DDNS_BAD_INPUT;
}

void
redirect_zone_remove(struct redirect_zone *zone, const char *owner)
{
	struct name *name = find(zone, owner);
	if (name == NULL || !name->is_redirect)
		return;
	free(name->target);
	name->target = NULL;
	name->is_redirect = false;
	zone->count--;
	prune(zone, name);
}

/* The wildcard at the closest encloser, or NULL. */
static struct name *
find_wildcard(const struct redirect_zone *zone, const char *owner)
{
	char wildcard[DDNS_DNAME_TEXT_MAX + 3];
	const char *encloser = parent_of(owner);
	while (encloser != NULL && strcmp(encloser, apex) != 0 && find(zone, encloser) == NULL)
		encloser = parent_of(encloser);
	if (encloser == NULL)
		return NULL;
	if (strcmp(encloser, apex) == 0)
		snprintf(wildcard, sizeof wildcard, "*");
	else
		snprintf(wildcard, sizeof wildcard, "*.%s", encloser);
	return find(zone, wildcard);
}

enum ddns_result
redirect_zone_find(const struct redirect_zone *zone, const char *owner, struct redirect *redirect)
{
	const struct name *name = find(zone, owner);
	if (name == NULL)
		name = find_wildcard(zone, owner);
	if (name == NULL || !name->is_redirect)
		return DDNS_NOT_FOUND;
	redirect->kind = name->kind;
	strcpy(redirect->target, name->target == NULL ? "" : name->target);
	return DDNS_OK;
}
