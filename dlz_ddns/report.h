// SPDX-License-Identifier: GPL-3.0-or-later
// Saying what rows are left out, without saying it over and over.
#ifndef DLZ_DDNS_REPORT_H
#define DLZ_DDNS_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
	REPORT_SEEN = 4096,	 // rows remembered
	REPORT_PER_MINUTE = 300, // lines
};

/*
 * A zone that is read again has the same bad rows again: each is said once an hour.  And there may
 * be a million of them: the lines of a minute are bounded, the rest is counted.  Zero-initialised
 * is new.
 */
struct report {
	uint64_t seen[REPORT_SEEN]; // hashes; the newest of each place
	time_t hour, minute;
	unsigned lines; // of this minute
	uint64_t silent;
};

/* Whether a line about this row is due, at a time in seconds. */
bool report_is_due(struct report *report, time_t now, const char *zone, const char *owner,
		   const char *type, const char *rdata);

/* How many were not said for want of lines since the last call. */
uint64_t report_take_silent(struct report *report);

#endif
