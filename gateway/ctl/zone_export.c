// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl zone export: a zone as a master file, record by record as the database gives them.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/progress.h"
#include "gateway/ctl/zone.h"

enum { ORIGIN = 1, MNAME, RNAME, SERIAL, REFRESH, RETRY, EXPIRE, NEGATIVE_TTL, TTL, SERVED };

struct export
{
	struct session *session;
	struct progress progress;
	uint64_t count;
};

static enum ddns_result
print_object(struct export *export, json_t *object)
{
	char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	if (text == NULL)
		return session_no_memory(export->session);
	printf("%s%s", export->count > 0 ? ",\n" : "[\n", text);
	free(text);
	return DDNS_OK;
}

static enum ddns_result
print_record(struct export *export, const char *owner, long long ttl, const char *type,
	     const char *rdata)
{
	enum ddns_result result = DDNS_OK;
	if (export->session->wants_json)
		result = print_object(export,
				      json_pack("{s:s, s:I, s:s, s:s}", "owner", owner, "ttl",
						(json_int_t)ttl, "type", type, "rdata", rdata));
	else
		printf("%s\t%lld\tIN\t%s\t%s\n", owner, ttl, type, rdata);
	export->count++;
	if (result == DDNS_OK && ferror(stdout))
		return session_fail(export->session, DDNS_UNAVAILABLE, NULL,
				    "cannot write the zone");
	progress_count(&export->progress, "records written", export->count);
	return result;
}

/* Columns: owner, ttl, type, rdata. */
static enum ddns_result
print_rows(void *context, const struct ddns_rows *rows)
{
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; result == DDNS_OK && i < ddns_rows_count(rows); i++)
		result = print_record(context, ddns_rows_text(rows, i, 0),
				      (long long)ddns_rows_integer(rows, i, 1, 0),
				      ddns_rows_text(rows, i, 2), ddns_rows_text(rows, i, 3));
	return result;
}

static enum ddns_result
print_soa(struct export *export, const struct ddns_rows *zone)
{
	char *rdata = NULL;
	int length =
		asprintf(&rdata, "%s. %s. %s %s %s %s %s", ddns_rows_text(zone, 0, MNAME),
			 ddns_rows_text(zone, 0, RNAME), ddns_rows_text(zone, 0, SERIAL),
			 ddns_rows_text(zone, 0, REFRESH), ddns_rows_text(zone, 0, RETRY),
			 ddns_rows_text(zone, 0, EXPIRE), ddns_rows_text(zone, 0, NEGATIVE_TTL));
	if (length < 0)
		return session_no_memory(export->session);
	if (!export->session->wants_json)
		printf("$ORIGIN %s.\n", ddns_rows_text(zone, 0, ORIGIN));
	enum ddns_result result = print_record(
		export, "@", (long long)ddns_rows_integer(zone, 0, TTL, 0), "SOA", rdata);
	free(rdata);
	return result;
}

/* In one snapshot, so that the serial is that of the records. */
static enum ddns_result
print_zone(struct export *export, const char *origin, bool is_served)
{
	struct session *session = export->session;
	struct ddns_rows *zone = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_SOA, &origin, 1, &zone));
	if (ddns_rows_count(zone) == 0) {
		result = lookup_missing(session, "zone", origin);
		goto cleanup;
	}
	if (is_served && !ddns_rows_boolean(zone, 0, SERVED)) {
		result = session_fail(
			session, DDNS_CONFLICT, "without --served its stored records are printed",
			"the zone %s is not served: its account is suspended", origin);
		goto cleanup;
	}
	CHECK(print_soa(export, zone));
	result = session_stream(session,
				is_served ? DDNS_STATEMENT_CTL_EXPORT_SERVED
					  : DDNS_STATEMENT_CTL_EXPORT_STORED,
				&origin, 1, print_rows, export);
cleanup:
	ddns_rows_free(zone);
	return result;
}

enum ddns_result
zone_export(struct session *session, const struct arguments *arguments)
{
	struct export export = {.session = session};
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result;

	progress_begin(&export.progress);
	export.progress.is_on = export.progress.is_on && isatty(STDOUT_FILENO) != 1;
	CHECK(lookup_name(session, arguments->operands[0], origin));
	CHECK(session_query(session, DDNS_STATEMENT_CTL_NO_TIMEOUT, NULL, 0, NULL));
	CHECK(session_query(session, DDNS_STATEMENT_BEGIN_SNAPSHOT, NULL, 0, NULL));
	CHECK(print_zone(&export, origin, arguments_has(arguments, "served")));
	CHECK(session_query(session, DDNS_STATEMENT_COMMIT, NULL, 0, NULL));
	if (session->wants_json)
		printf("\n]\n");
cleanup:
	progress_end(&export.progress);
	return result;
}
