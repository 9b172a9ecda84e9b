// SPDX-License-Identifier: GPL-3.0-or-later
// Tries that failed, kept for the holders of the names that they were for.
#ifndef GATEWAY_UPDATE_ATTEMPTS_H
#define GATEWAY_UPDATE_ATTEMPTS_H

#include "gateway/metrics.h"
#include "gateway/update/update.h"
#include "sql/client/result.h"

struct attempts_options {
	const char *database; // conninfo; copied
	struct metrics *metrics;
};

/*
 * A short queue, and a thread with a connection that writes what is in it once a second by
 * ddns.note_attempts, which drops names that are nobody's and all that is too much.  So a flood
 * of tries costs a statement a second.
 */
struct attempts;
enum ddns_result attempts_create(const struct attempts_options *options,
				 struct attempts **attemptsp);
void attempts_free(struct attempts *attempts); // writes what waits, if it can; takes NULL

/* One try at one name.  Strings that are NULL or "" are not known. */
struct attempt {
	enum update_door door;
	const struct address *peer;
	const char *name;   // in the stored form; nothing is kept without
	const char *login;  // of an account that there is, never what a stranger typed
	const char *key;    // name of a key that there is, likewise
	const char *reason; // NULL or "": it was not granted; the database finds out why
};

/* Puts a try into the queue.  Never waits: where the queue is full it is counted as dropped. */
void attempts_note(struct attempts *attempts, const struct attempt *attempt);

/*
 * The same for an update that has its verdict: one that is no failure of the one who asked, such
 * as a database that is away, is left out.  name is the host's.
 */
void attempts_note_update(struct attempts *attempts, const struct update_request *request,
			  const struct update *update);

#endif
