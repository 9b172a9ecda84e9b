// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the table of redirects true, by the database's change feed.
#ifndef GATEWAY_REDIRECT_FOLLOW_H
#define GATEWAY_REDIRECT_FOLLOW_H

#include <stdbool.h>

#include "gateway/redirect/table.h"

/*
 * A thread with connections of its own.  While the database is away the table stays as it was; that
 * it is away is logged by the feed of keys and accounts.
 */
struct follow;
enum ddns_result follow_create(const char *database, struct redirect_table *table,
			       struct follow **followp);
void follow_free(struct follow *follow); // stops it; takes NULL

/* Whether all redirects were read once. */
bool follow_is_loaded(const struct follow *follow);

#endif
