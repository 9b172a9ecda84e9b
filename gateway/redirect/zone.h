// SPDX-License-Identifier: GPL-3.0-or-later
// The redirects of one zone: what the table is made of.
#ifndef GATEWAY_REDIRECT_ZONE_H
#define GATEWAY_REDIRECT_ZONE_H

#include "gateway/redirect/table.h"

struct redirect_zone {
	int64_t id;
	char *origin;
	void *names;  // tsearch tree of struct name
	size_t count; // names that have a redirect
};

/*
 * What is found for an owner (relative, "@" at the apex).  DDNS_NOT_FOUND.
 */
enum ddns_result redirect_zone_find(const struct redirect_zone *zone, const char *owner,
				    struct redirect *redirect);

/* Forgets an owner's redirect, where it has one. */
void redirect_zone_remove(struct redirect_zone *zone, const char *owner);

#endif
