// SPDX-License-Identifier: GPL-3.0-or-later
// The one log line and the count that every update gets, at whichever door it came.
#ifndef GATEWAY_UPDATE_OUTCOME_H
#define GATEWAY_UPDATE_OUTCOME_H

#include "gateway/metrics.h"
#include "gateway/update/update.h"

struct outcome {
	enum update_door door;
	const struct address *peer;
	const struct update_credential *credential; // NULL: not known
	const char *zone, *name; // NULL or "": not known; the name may be a stranger's text
	const char *types;	 // such as "A,AAAA"; NULL: none
	enum update_verdict verdict;
	const char *word;   // what the client was told
	const char *reason; // NULL or "": none
	double seconds;	    // since the request came
};

/*
 * Logs and counts it.  A user name that is nobody's is not logged: clients are set up wrongly so
 * that a secret stands in its place.
 */
void outcome_report(struct metrics *metrics, const struct outcome *outcome);

#endif
