// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the line of progress to standard error.
#include "gateway/ctl/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "sql/client/db.h"

enum { EVERY_MS = 200 };

#define WIPE "\r\033[K"

void
progress_begin(struct progress *progress)
{
	*progress = (struct progress){.is_on = isatty(STDERR_FILENO) == 1};
}

void
progress_count(struct progress *progress, const char *what, uint64_t count)
{
	if (!progress->is_on || ddns_clock_ms() < progress->next_ms)
		return;
	fprintf(stderr, WIPE "%s: %" PRIu64, what, count);
	progress->is_shown = true;
	progress->next_ms = ddns_clock_ms() + EVERY_MS;
}

void
progress_step(struct progress *progress, const char *what)
{
	if (!progress->is_on)
		return;
	fprintf(stderr, WIPE "%s", what);
	progress->is_shown = true;
}

void
progress_end(struct progress *progress)
{
	if (progress->is_shown)
		fputs(WIPE, stderr);
	progress->is_shown = false;
}
