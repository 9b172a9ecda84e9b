// SPDX-License-Identifier: GPL-3.0-or-later
// Records whose data are not in canonical form: readers leave them out or show them oddly.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/doctor/doctor.h"
#include "gateway/ctl/rdata.h"

enum { SHOWN_MAX = 5, SILENCE_MS = 60 * 1000 };

/* Columns of CTL_RECORDS_TO_CHECK; IS_CHECKED: the database found it wrong by itself. */
enum { NAME, TYPE, RDATA, IS_CHECKED };

struct tally {
	size_t count;
	char shown[1024];
	size_t length;
};

static void
note(struct tally *tally, const struct ddns_rows *rows, size_t i)
{
	if (tally->count++ >= SHOWN_MAX || tally->length >= sizeof tally->shown)
		return;
	tally->length += (size_t)snprintf(
		tally->shown + tally->length, sizeof tally->shown - tally->length, "%s%s %s %.60s",
		tally->count > 1 ? "; " : "", ddns_rows_text(rows, i, NAME),
		ddns_rows_text(rows, i, TYPE), ddns_rows_text(rows, i, RDATA));
}

static enum ddns_result
look(void *context, const struct ddns_rows *rows)
{
	struct tally *tally = context;
	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		const char *rdata = ddns_rows_text(rows, i, RDATA);
		char *canonical = NULL;
		struct rdata_error error;
		if (ddns_rows_boolean(rows, i, IS_CHECKED)) {
			note(tally, rows, i);
			continue;
		}
		enum ddns_result result =
			rdata_canonical(ddns_rows_text(rows, i, TYPE), rdata, &canonical, &error);
		if (result == DDNS_NO_MEMORY)
			return result;
		if (result != DDNS_OK || strcmp(canonical, rdata) != 0)
			note(tally, rows, i);
		free(canonical);
	}
	return DDNS_OK;
}

void
check_records(struct doctor *doctor)
{
	struct tally tally = {0};
	if (!doctor->has_database)
		return;
	enum ddns_result result =
		ddns_db_stream(doctor->session->db, DDNS_STATEMENT_CTL_RECORDS_TO_CHECK, NULL, 0,
			       SILENCE_MS, look, &tally);
	if (result != DDNS_OK)
		doctor_find(doctor, DOCTOR_UNKNOWN, "records", "run it again",
			    "cannot be read to their end: %s",
			    ddns_db_last_error(doctor->session->db)->message);
	else if (tally.count > 0)
		doctor_find(doctor, DOCTOR_ERROR, "records",
			    "delete and add them again (ddnsctl record delete, record add): they "
			    "came in past the rules and may not be served",
			    "%zu not in canonical form: %s%s", tally.count, tally.shown,
			    tally.count > SHOWN_MAX ? "; ..." : "");
	else
		doctor_find(doctor, DOCTOR_FINE, "records", NULL, "all in canonical form");
}
