// SPDX-License-Identifier: GPL-3.0-or-later
// One transaction for a group of updates.
#ifndef GATEWAY_UPDATE_BATCH_H
#define GATEWAY_UPDATE_BATCH_H

#include <stddef.h>

#include "gateway/update/update.h"
#include "sql/client/db.h"

enum {
	BATCH_MAX = 60,	       // members
	BATCH_PARAMETERS = 10, // of the database function, each an array
};

/* Members and, after batch_run, what the database said of them. */
struct batch {
	size_t count;
	struct update *members[BATCH_MAX];
	struct update_outcome outcomes[BATCH_MAX]; // strings belong to rows
	struct ddns_rows *rows;
	struct ddns_db_error error;			// why it was not committed
	struct ddns_array parameters[BATCH_PARAMETERS]; // kept for the memory in them
};

enum batch_result {
	BATCH_COMMITTED,   // the outcomes hold
	BATCH_ROLLED_BACK, // nothing happened, by fault of a member or of ours; error says why
	BATCH_CLASHED,	 // nothing happened, for a passing reason: a deadlock, a lock held too long
	BATCH_UNABLE,	 // the database has no room, is stopping, answers nonsense
	BATCH_UNCERTAIN, // the connection was lost: it may have been committed or not
};

/*
 * Runs all members in one transaction, within timeout_ms or twice that.  A member that
 * the database refuses has its outcome and harms no other.  The connection must be open.
 */
enum batch_result batch_run(struct batch *batch, struct ddns_db *db, int timeout_ms);

/* Drops members and results, keeps the memory of the parameters; batch_free drops that too. */
void batch_clear(struct batch *batch);
void batch_free(struct batch *batch);

#endif
