// SPDX-License-Identifier: GPL-3.0-or-later
// A line that says how far a long command is, on terminals only.
#ifndef GATEWAY_CTL_PROGRESS_H
#define GATEWAY_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool is_on;	 // standard error is a terminal
	bool is_shown;	 // there is a line to wipe
	int64_t next_ms; // when it may be written again
};

void progress_begin(struct progress *progress);

/* Writes the line anew; what comes too soon after the last is left out. */
void progress_count(struct progress *progress, const char *what, uint64_t count);
/* A step that cannot be counted: always written. */
void progress_step(struct progress *progress, const char *what);

/* Wipes the line: before anything else is written, and in the end. */
void progress_end(struct progress *progress);

#endif
