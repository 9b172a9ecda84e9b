// SPDX-License-Identifier: GPL-3.0-or-later
// All redirects in memory, by name.
#ifndef GATEWAY_REDIRECT_TABLE_H
#define GATEWAY_REDIRECT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/redirect/target.h"
#include "sql/client/reader.h"
#include "sql/client/result.h"

enum redirect_kind {
	REDIRECT_PORT, // the request's path is put behind the target
	REDIRECT_URL,  // to the target, whatever the path
	REDIRECT_PAGE, // the page that says offline; no target
};

struct redirect {
	enum redirect_kind kind;
	char target[TARGET_SIZE]; // as target_check makes it
};

/* One thread writes, any number read. */
struct redirect_table;
enum ddns_result redirect_table_create(struct redirect_table **tablep);
void redirect_table_free(struct redirect_table *table); // takes NULL

/*
 * What is answered for a host's name (lower case, no final dot): its own redirect or, where nothing
 * of that name is known, the wildcard's at the closest name above it that is (RFC 4592), all within
 * the zone with the longest origin that the name lies in.
 * DDNS_NOT_FOUND: the name is not redirected.
 */
enum ddns_result redirect_table_find(struct redirect_table *table, const char *name,
				     struct redirect *redirect);

/* How many names are redirected; for metrics. */
size_t redirect_table_count(struct redirect_table *table);

/* A zone that is being read; it belongs to the caller until it is put into a table. */
struct redirect_zone;
enum ddns_result redirect_zone_create(int64_t id, const char *origin, struct redirect_zone **zonep);
void redirect_zone_free(struct redirect_zone *zone); // takes NULL
const char *redirect_zone_origin(const struct redirect_zone *zone);

/*
 * Adds a row of served_redirects.  Of several at one owner the one that is no fallback stays, of
 * these one with a target, of these the one whose target sorts first.
 * DDNS_BAD_INPUT: its kind or target is none; nothing was added.
 */
enum ddns_result redirect_zone_add(struct redirect_zone *zone, const struct ddns_row *row);

/* Replaces the zone of that id, if there is one.  The table owns it then, whatever the result. */
enum ddns_result redirect_table_put(struct redirect_table *table, struct redirect_zone *zone);

void redirect_table_drop(struct redirect_table *table, int64_t zone_id);

/*
 * Drops names of a zone and adds rows; readers see all of it at once.  Rows that are bad are left
 * out: *bad_ownerp is the owner of one of them, else NULL.  DDNS_NOT_FOUND: the zone is not there.
 * DDNS_NO_MEMORY: some rows are missing.
 */
enum ddns_result redirect_table_step(struct redirect_table *table, int64_t zone_id,
				     const char *const *names, size_t name_count,
				     const struct ddns_row *rows, size_t row_count,
				     const char **bad_ownerp);

#endif
