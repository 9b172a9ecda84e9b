// SPDX-License-Identifier: GPL-3.0-or-later
// One transaction for several UPDATE messages.
#ifndef GATEWAY_DNS_GROUP_H
#define GATEWAY_DNS_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/dns/exchange.h"
#include "gateway/dns/verdict.h"
#include "sql/client/db.h"

enum {
	GROUP_MAX = 60, // each may take a subtransaction, and PostgreSQL keeps track of 64
	GROUP_PARAMETERS = 7,
};

/* Zero-initialised it is empty.  The members are the caller's; they are verified and have their
 * changes. */
struct group {
	struct exchange *members[GROUP_MAX];
	size_t count;
	struct ddns_array parameters[GROUP_PARAMETERS];
	struct ddns_rows *rows;	    // after a run that went well
	struct ddns_db_error error; // after one that did not
};

/* Whether one more message finds room: a group is short in time, no account fills it, and one that
 * was in a group that failed goes alone.  An empty one takes any. */
bool group_has_room(const struct group *group, const struct exchange *exchange);

/*
 * Runs and commits the members in the order they have, in one round trip.  The database gives up
 * a statement after limit_ms, and we wait no longer than timeout_ms.  DDNS_OK: each has its
 * verdict.  DDNS_UNAVAILABLE: the database gave up, or the connection went, and what was done is
 * not known; to run them again is safe, since the database knows messages by their MACs.  Else
 * nothing was done; DDNS_RETRY: and nobody is to blame.
 */
enum ddns_result group_run(struct group *group, struct ddns_db *db, int limit_ms, int timeout_ms);

/* What became of a member of a group that went well.  false: somebody holds what it needs, and it
 * is to be tried again.  The verdict's reason is the group's until it runs again. */
bool group_verdict(const struct group *group, size_t member, struct verdict *verdict);

void group_free(struct group *group);

#endif
