// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl zone delegation: the NS records and glue that the zone above needs.
#include <stdio.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/zone.h"

/* Columns: name, ttl, type, rdata. */
static enum ddns_result
answer(struct session *session, const char *name, const char *type, struct ddns_rows **rowsp)
{
	const char *params[] = {name, type};
	return session_query(session, DDNS_STATEMENT_CTL_ANSWER, params, 2, rowsp);
}

static enum ddns_result
add_record(struct session *session, json_t *records, const char *name, const struct ddns_rows *rows,
	   size_t row)
{
	json_t *record =
		json_pack("{s:s, s:I, s:s, s:s}", "name", name, "ttl",
			  (json_int_t)ddns_rows_integer(rows, row, 1, 0), "type",
			  ddns_rows_text(rows, row, 2), "rdata", ddns_rows_text(rows, row, 3));
	if (json_array_append_new(records, record) != 0)
		return session_no_memory(session);
	if (!session->wants_json)
		printf("%s.\t%lld\tIN\t%s\t%s\n", name,
		       (long long)ddns_rows_integer(rows, row, 1, 0), ddns_rows_text(rows, row, 2),
		       ddns_rows_text(rows, row, 3));
	return DDNS_OK;
}

/* The addresses of a name server that nobody could find without asking it. */
static enum ddns_result
add_glue(struct session *session, json_t *records, const char *name)
{
	static const char *const types[] = {"A", "AAAA"};
	struct ddns_rows *rows = NULL;
	size_t found = 0;
	enum ddns_result result = DDNS_OK;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		CHECK(answer(session, name, types[i], &rows));
		for (size_t row = 0; row < ddns_rows_count(rows); row++) {
			if (strcmp(ddns_rows_text(rows, row, 2), types[i]) != 0)
				continue; // an alias, which a name server may not be
			CHECK(add_record(session, records, name, rows, row));
			found++;
		}
		ddns_rows_free(rows);
		rows = NULL;
	}
	if (found == 0)
		fprintf(stderr,
			"ddnsctl: warning: the name server %s lies in the zone and has no address: "
			"nobody will find it\n"
			"ddnsctl: hint: `ddnsctl record add %s A ADDRESS`\n",
			name, name);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
print(struct session *session, const char *origin, const struct ddns_rows *servers, json_t *records)
{
	enum ddns_result result = DDNS_OK;

	for (size_t i = 0; i < ddns_rows_count(servers); i++)
		CHECK(add_record(session, records, origin, servers, i));
	for (size_t i = 0; i < ddns_rows_count(servers); i++) {
		char name[DDNS_DNAME_TEXT_MAX + 1];
		if (ddns_dname_canonical(ddns_rows_text(servers, i, 3), name) == DDNS_OK &&
		    ddns_dname_is_at_or_below(name, origin))
			CHECK(add_glue(session, records, name));
	}
	if (ddns_rows_count(servers) < 2)
		fprintf(stderr, "ddnsctl: note: many registrars want two name servers or more\n");
cleanup:
	return result;
}

enum ddns_result
zone_delegation(struct session *session, const struct arguments *arguments)
{
	char origin_text[DDNS_DNAME_TEXT_MAX + 1];
	const char *origin = origin_text;
	struct ddns_rows *zone = NULL, *servers = NULL;
	json_t *records = json_array();
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], origin_text));
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_SOA, &origin, 1, &zone));
	if (ddns_rows_count(zone) == 0)
		CHECK(lookup_missing(session, "zone", origin));
	CHECK(answer(session, origin, "NS", &servers));
	if (ddns_rows_count(servers) == 0)
		CHECK(session_fail(session, DDNS_CONFLICT, NULL,
				   "the zone %s is not served: its account is suspended", origin));
	CHECK(print(session, origin, servers, records));
	if (session->wants_json && output_json(stdout, records) != DDNS_OK)
		result = session_no_memory(session);
cleanup:
	json_decref(records);
	ddns_rows_free(zone);
	ddns_rows_free(servers);
	return result;
}
