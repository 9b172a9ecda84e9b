// SPDX-License-Identifier: GPL-3.0-or-later
// Which lines about rows are due.
#include <string.h>

#include "dlz_ddns/report.h"
#include "dlz_ddns/siphash.h"

static uint64_t
hash_row(const char *zone, const char *owner, const char *type, const char *rdata)
{
	const char *const parts[] = {zone, owner, type, rdata};
	uint64_t hash = 1;
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		hash = siphash(hash, i, parts[i], strlen(parts[i]));
	return hash;
}

bool
report_is_due(struct report *report, time_t now, const char *zone, const char *owner,
	      const char *type, const char *rdata)
{
	uint64_t hash = hash_row(zone, owner, type, rdata);
	uint64_t *seen = &report->seen[hash % REPORT_SEEN];

	if (now / 3600 != report->hour) {
		report->hour = now / 3600;
		memset(report->seen, 0, sizeof(report->seen));
	}
	if (*seen == hash)
		return false;
	if (now / 60 != report->minute) {
		report->minute = now / 60;
		report->lines = 0;
	}
	if (report->lines >= REPORT_PER_MINUTE) {
		report->silent++;
		return false;
	}
	report->lines++;
	*seen = hash;
	return true;
}

uint64_t
report_take_silent(struct report *report)
{
	uint64_t silent = report->silent;
	report->silent = 0;
	return silent;
}
