// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl zone import: a zone from a master file, all or nothing.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/input.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/zone.h"
#include "gateway/ctl/zone_gather.h"

enum {
	MASS = 10000, // changes after which the planner must be told of the records' new number
	SOA_SERIAL = 4,
};

struct import {
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	const char *login; // NULL: not private
	bool may_replace;
	char version[24]; // that it was compared at; "": the zone was not there
	char *soa;	  // JSON
	bool is_new;	  // the outcome from here on
	int64_t added, deleted, changed, addresses;
};

/* What cannot be done need not be read either. */
static enum ddns_result
check_zone(struct session *session, const struct import *import)
{
	const char *origin = import->origin;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_SOA, &origin, 1, &rows));
	if (ddns_rows_count(rows) > 0 && !import->may_replace)
		result = session_fail(session, DDNS_CONFLICT,
				      "--replace makes it what is in the file",
				      "there is a zone of the origin %s already", origin);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
compare(struct session *session, struct import *import)
{
	const char *origin = import->origin;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_IMPORT_COMPARE, &origin, 1, &rows));
	const char *version = ddns_rows_text(rows, 0, 0);
	snprintf(import->version, sizeof import->version, "%s", version != NULL ? version : "");
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
apply(struct session *session, void *context)
{
	struct import *import = context;
	char account[LOOKUP_ID_SIZE];
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	if (import->login != NULL)
		CHECK(lookup_account(session, import->login, account));
	const char *params[] = {import->origin, import->version[0] != '\0' ? import->version : NULL,
				import->soa, import->login != NULL ? account : NULL,
				import->may_replace ? "t" : "f"};
	CHECK(session_query(session, DDNS_STATEMENT_CTL_IMPORT_APPLY, params, 5, &rows));
	import->is_new = ddns_rows_boolean(rows, 0, 0);
	import->added = ddns_rows_integer(rows, 0, 1, 0);
	import->deleted = ddns_rows_integer(rows, 0, 2, 0);
	import->changed = ddns_rows_integer(rows, 0, 3, 0);
	import->addresses = ddns_rows_integer(rows, 0, 4, 0);
cleanup:
	ddns_rows_free(rows);
	return result;
}

/* Reads the file; with errors in it that is all there is to do. */
static enum ddns_result
gather(struct session *session, struct import *import, const char *path, struct progress *progress)
{
	struct zone_remarks remarks = {0};
	json_t *soa = NULL;
	enum ddns_result result;

	result = zone_gather(session, import->origin, path, progress, &remarks, &soa);
	progress_end(progress);
	zone_remarks_print(&remarks);
	CHECK(result);
	if (remarks.all[true] > 0)
		result = session_fail(session, DDNS_BAD_INPUT, NULL,
				      "%s: %" PRIu64 " error%s, nothing was changed",
				      input_name(path), remarks.all[true],
				      remarks.all[true] > 1 ? "s" : "");
	else if (remarks.is_broken)
		result = session_no_memory(session);
	CHECK(result);
	import->soa = json_dumps(soa, JSON_COMPACT);
	if (import->soa == NULL)
		result = session_no_memory(session);
cleanup:
	json_decref(soa);
	zone_remarks_free(&remarks);
	return result;
}

static enum ddns_result
print_done(struct session *session, const struct import *import)
{
	const char *origin = import->origin;
	struct ddns_rows *rows = NULL;
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_SOA, &origin, 1, &rows));
	long long serial = ddns_rows_count(rows) > 0
				   ? (long long)ddns_rows_integer(rows, 0, SOA_SERIAL, 0)
				   : 0;
	done = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I}", "origin", origin, "is_new",
			 import->is_new, "added", (json_int_t)import->added, "deleted",
			 (json_int_t)import->deleted, "ttl_changed", (json_int_t)import->changed,
			 "domains_changed", (json_int_t)import->addresses, "serial",
			 (json_int_t)serial);
	if (import->is_new)
		result = session_print_done(session, done,
					    "zone '%s' imported: %" PRId64 " records, serial %lld",
					    origin, import->added, serial);
	else
		result =
			session_print_done(session, done,
					   "zone '%s' replaced: %" PRId64 " records added, %" PRId64
					   " deleted, %" PRId64 " given another TTL, %" PRId64
					   " domains changed, serial %lld",
					   origin, import->added, import->deleted, import->changed,
					   import->addresses, serial);
cleanup:
	ddns_rows_free(rows);
	json_decref(done);
	return result;
}

enum ddns_result
zone_import(struct session *session, const struct arguments *arguments)
{
	struct import import = {.login = arguments_value(arguments, "private"),
				.may_replace = arguments_has(arguments, "replace")};
	struct progress progress;
	char account[LOOKUP_ID_SIZE];
	enum ddns_result result;

	progress_begin(&progress);
	CHECK(lookup_name(session, arguments->operands[0], import.origin));
	CHECK(session_query(session, DDNS_STATEMENT_CTL_NO_TIMEOUT, NULL, 0, NULL));
	CHECK(check_zone(session, &import));
	if (import.login != NULL)
		CHECK(lookup_account(session, import.login, account));
	CHECK(gather(session, &import, arguments->operands[1], &progress));
	progress_step(&progress, "comparing with the zone");
	CHECK(compare(session, &import));
	progress_step(&progress, "changing the zone");
	CHECK(session_transact(session, apply, &import));
	if (import.added + import.deleted > MASS) {
		progress_step(&progress, "analyzing");
		CHECK(session_query(session, DDNS_STATEMENT_CTL_ANALYZE, NULL, 0, NULL));
	}
	progress_end(&progress);
	CHECK(print_done(session, &import));
cleanup:
	progress_end(&progress);
	free(import.soa);
	return result;
}
