// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl zone delete: asks before it takes much with the zone.
#include "gateway/ctl/arguments.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/zone.h"

struct removal {
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	bool is_sure;
	int64_t domains, records; // that go with it
};

static enum ddns_result
remove_zone(struct session *session, void *context)
{
	struct removal *removal = context;
	const char *origin = removal->origin;
	struct lookup_zone zone;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(lookup_zone(session, origin, &zone));
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_CONTENTS, &origin, 1, &rows));
	if (ddns_rows_count(rows) == 0) {
		result = lookup_missing(session, "zone", origin);
		goto cleanup;
	}
	removal->domains = ddns_rows_integer(rows, 0, 0, 0);
	removal->records = ddns_rows_integer(rows, 0, 1, 0);
	if (!removal->is_sure && removal->domains + removal->records > 0) {
		result = session_fail(
			session, DDNS_CONFLICT, "--yes deletes them too",
			"zone '%s' holds %lld domains and %lld records, which would go "
			"with it",
			origin, (long long)removal->domains, (long long)removal->records);
		goto cleanup;
	}
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ZONE_DELETE, &origin, 1, NULL));
cleanup:
	ddns_rows_free(rows);
	return result;
}

enum ddns_result
zone_delete(struct session *session, const struct arguments *arguments)
{
	struct removal removal = {.is_sure = arguments_has(arguments, "yes")};
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], removal.origin));
	CHECK(session_transact(session, remove_zone, &removal));
	done = json_pack("{s:s, s:I, s:I}", "deleted", removal.origin, "domains",
			 (json_int_t)removal.domains, "records", (json_int_t)removal.records);
	CHECK(session_print_done(
		session, done, "zone '%s' deleted, and with it %lld domains and %lld records",
		removal.origin, (long long)removal.domains, (long long)removal.records));
cleanup:
	json_decref(done);
	return result;
}
