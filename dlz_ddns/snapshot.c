// SPDX-License-Identifier: GPL-3.0-or-later
// One version of a zone: making, judging and freeing it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/rr.h"
#include "dlz_ddns/snapshot.h"
#include "sql/client/dname.h"

/* With the final dot, or relative to the zone where it shall be and is in it. */
static void
write_name(const char *name, const char *origin, bool is_short, char out[DDNS_DNAME_TEXT_MAX + 2])
{
	if (!is_short || ddns_dname_relative(name, origin, out) != DDNS_OK)
		stpcpy(stpcpy(out, name), ".");
}

/*
 * The rdata's text, with so many of its names relative to the zone as named can take.
 *
 * named reads it octet by octet for each query that it answers in the negative, and the MNAME twice
 * (dns_rdata_fromtext() puts the first word back): so it should be short.  It takes names to be
 * relative to the zone (dlz_dlopen_init() sets DNS_SDLZFLAG_RELATIVERDATA).  But it must fit on the
 * wire into 64 octets more than the text has (initial_size() of sdlz.c), or named has to begin
 * again each time, and complains of it in its log.
 */
static void
write_rdata(const struct ddns_zone *zone, const char *mname, const char *rname, char *out,
	    size_t size)
{
	char written[2][DDNS_DNAME_TEXT_MAX + 2];
	size_t wire = strlen(mname) + 2 + strlen(rname) + 2 + 5 * sizeof(uint32_t); // or less
	int shortened = 2;
	do {
		write_name(mname, zone->origin, shortened > 0, written[0]);
		write_name(rname, zone->origin, shortened > 1, written[1]);
		snprintf(out, size,
			 "%s %s %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32,
			 written[0], written[1], zone->serial, zone->refresh, zone->retry,
			 zone->expire, zone->negative_ttl);
	} while (strlen(out) + 64 < wire && shortened-- > 0);
}

/* RFC 1035 section 3.3.13; NULL, or what is wrong: then `out` is left as it is. */
static const char *
write_soa(const struct ddns_zone *zone, char *out, size_t size)
{
	char mname[DDNS_DNAME_TEXT_MAX + 1];
	char rname[DDNS_DNAME_TEXT_MAX + 1];
	if (ddns_dname_canonical(zone->mname, mname) != DDNS_OK || strcmp(mname, "@") == 0)
		return "its MNAME is not a domain name";
	if (ddns_dname_canonical(zone->rname, rname) != DDNS_OK || strcmp(rname, "@") == 0)
		return "its RNAME is not a domain name";
	write_rdata(zone, mname, rname, out, size);
	return NULL;
}

struct snapshot *
snapshot_create(const struct ddns_zone *zone, bool *is_cleanp)
{
	char soa[2 * DDNS_DNAME_TEXT_MAX + 64] = "";
	const char *fault = write_soa(zone, soa, sizeof(soa));

	struct snapshot *snapshot = malloc(sizeof(*snapshot) + strlen(soa) + 1);
	if (snapshot == NULL)
		return NULL;
	*snapshot = (struct snapshot){
		.serial = zone->serial,
		.soa_ttl = zone->ttl <= RR_TTL_MAX ? zone->ttl : RR_TTL_MAX,
		.fault = fault,
	};
	strcpy(snapshot->soa, soa);
	if (transfer_parse(zone->transfer, zone->transfer_to, &snapshot->transfer, is_cleanp))
		return snapshot;
	free(snapshot);
	return NULL;
}

void
snapshot_complete(struct snapshot *snapshot, struct trie_branch *root)
{
	struct trie_leaf *leaf = trie_find(root, "@", 1, trie_hash("@", 1));
	snapshot->root = root;
	snapshot->owns_tree = true;
	snapshot->apex = leaf != NULL ? node_of(leaf) : NULL;
	snapshot->has_apex_dname = leaf != NULL && node_has_type(snapshot->apex, RR_DNAME);
	snapshot->has_apex_wildcard = trie_find(root, "*", 1, trie_hash("*", 1)) != NULL;
	if (snapshot->fault == NULL && (leaf == NULL || !node_has_type(snapshot->apex, RR_NS)))
		snapshot->fault = "it has no NS record";
}

bool
snapshot_cuts_off(const struct snapshot *snapshot, const char *name)
{
	if (snapshot->has_apex_dname)
		return true;
	while ((name = ddns_dname_parent(name)) != NULL) {
		size_t length = strlen(name);
		struct trie_leaf *leaf =
			trie_find(snapshot->root, name, length, trie_hash(name, length));
		if (leaf != NULL &&
		    (node_has_type(node_of(leaf), RR_NS) || node_has_type(node_of(leaf), RR_DNAME)))
			return true;
	}
	return false;
}

void
snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	for (size_t i = 0; i < snapshot->garbage_count; i++)
		free(snapshot->garbage[i]);
	free(snapshot->garbage);
	if (snapshot->owns_tree)
		trie_free(snapshot->root);
	transfer_free(&snapshot->transfer);
	free(snapshot);
}

static bool
is_held(const struct retired *retired)
{
	const struct snapshot *snapshot = (const struct snapshot *)retired;
	return atomic_load_explicit(&snapshot->holders, memory_order_acquire) > 0;
}

static void
release(struct retired *retired)
{
	snapshot_free((struct snapshot *)retired);
}

void
snapshot_retire(struct snapshot *snapshot, const void *zone, struct reclaim *reclaim)
{
	snapshot->retired = (struct retired){.group = zone, .is_held = is_held, .release = release};
	reclaim_retire(reclaim, &snapshot->retired);
}
