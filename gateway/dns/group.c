// SPDX-License-Identifier: GPL-3.0-or-later
// One transaction for several UPDATE messages.
#include "gateway/dns/group.h"

#include <stdio.h>

#include "sql/client/pipeline.h"

enum { // of the statement DNS_UPDATE
	PARAMETER_KEY,
	PARAMETER_ACCOUNT,
	PARAMETER_KEY_NAME,
	PARAMETER_MAC,
	PARAMETER_ZONE,
	PARAMETER_MESSAGE,
	PARAMETER_PEER,
};

enum {
	COLUMN_N,
	COLUMN_RCODE,
	COLUMN_IS_CHANGED,
	COLUMN_IS_REPEATED,
	COLUMN_SERIAL,
	COLUMN_REASON,
};

enum { RCODE_BUSY = -1 };

enum {				// changes and prerequisites together
	WORK_MAX = 300,		// of a group: it is done long before STATEMENT_MS of the committer
	ACCOUNT_WORK_MAX = 150, // of one account in it: others find room beside it
};

static size_t
work_of(const struct exchange *exchange)
{
	return exchange->changes->change_count + exchange->changes->prerequisite_count;
}

bool
group_has_room(const struct group *group, const struct exchange *exchange)
{
	size_t work = work_of(exchange), account_work = work;

	if (group->count > 0 && (exchange->failed_count > 0 || group->members[0]->failed_count > 0))
		return false;
	for (size_t i = 0; i < group->count; i++) {
		size_t more = work_of(group->members[i]);
		work += more;
		if (group->members[i]->key->account_id == exchange->key->account_id)
			account_work += more;
	}
	return group->count == 0 ||
	       (group->count < GROUP_MAX && work <= WORK_MAX && account_work <= ACCOUNT_WORK_MAX);
}

static void
member_add(struct ddns_array *parameters, const struct exchange *exchange)
{
	const struct tsig_record *tsig = &exchange->message.tsig;
	char number[24], mac[2 * TSIG_MAC_MAX + 3] = "\\x", peer[ADDRESS_TEXT_SIZE];

	(void)snprintf(number, sizeof(number), "%lld", (long long)exchange->key->id);
	ddns_array_add(&parameters[PARAMETER_KEY], number);
	(void)snprintf(number, sizeof(number), "%lld", (long long)exchange->key->account_id);
	ddns_array_add(&parameters[PARAMETER_ACCOUNT], number);
	ddns_array_add(&parameters[PARAMETER_KEY_NAME], exchange->key->name);
	for (size_t octet = 0; octet < tsig->mac_length; octet++)
		(void)snprintf(mac + 2 + 2 * octet, 3, "%02x", tsig->mac[octet]);
	ddns_array_add(&parameters[PARAMETER_MAC], mac);
	ddns_array_add(&parameters[PARAMETER_ZONE], exchange->changes->zone);
	ddns_array_add(&parameters[PARAMETER_MESSAGE], exchange->changes_json);
	address_text(&exchange->peer, peer);
	ddns_array_add(&parameters[PARAMETER_PEER], peer);
}

static enum ddns_result
parameters_collect(struct group *group, const char *texts[GROUP_PARAMETERS])
{
	enum ddns_result result = DDNS_OK;

	for (size_t i = 0; i < GROUP_PARAMETERS; i++)
		ddns_array_clear(&group->parameters[i]);
	for (size_t i = 0; i < group->count; i++)
		member_add(group->parameters, group->members[i]);
	for (size_t i = 0; i < GROUP_PARAMETERS && result == DDNS_OK; i++)
		result = ddns_array_text(&group->parameters[i], &texts[i]);
	return result;
}

enum ddns_result
group_run(struct group *group, struct ddns_db *db, int limit_ms, int timeout_ms)
{
	const char *texts[GROUP_PARAMETERS];
	char limit[16];
	const char *const limits[] = {"statement_timeout", limit};
	const struct ddns_step steps[] = {
		{.statement = DDNS_STATEMENT_BEGIN},
		{DDNS_STATEMENT_SET_LOCAL, limits, 2, NULL},
		{DDNS_STATEMENT_DNS_UPDATE, texts, GROUP_PARAMETERS, &group->rows},
		{.statement = DDNS_STATEMENT_CLOSE_STEPS},
		{.statement = DDNS_STATEMENT_COMMIT},
	};
	enum ddns_result result;

	(void)snprintf(limit, sizeof(limit), "%d", limit_ms);
	ddns_rows_free(group->rows);
	group->rows = NULL;
	group->error = (struct ddns_db_error){0};
	CHECK(parameters_collect(group, texts));
	CHECK(ddns_db_pipeline(db, steps, sizeof(steps) / sizeof(steps[0]), timeout_ms));
	if (ddns_rows_count(group->rows) == group->count)
		return DDNS_OK;
	(void)snprintf(group->error.message, sizeof(group->error.message),
		       "the database function answers otherwise than agreed");
	return DDNS_INTERNAL;

cleanup:
	group->error = *ddns_db_last_error(db);
	if (ddns_db_is_open(db) &&
	    ddns_db_query(db, DDNS_STATEMENT_ROLLBACK, NULL, 0, timeout_ms, NULL) != DDNS_OK)
		ddns_db_close(db);
	return result;
}

bool
group_verdict(const struct group *group, size_t member, struct verdict *verdict)
{
	const struct ddns_rows *rows = group->rows;
	int64_t rcode = ddns_rows_integer(rows, member, COLUMN_RCODE, KNOT_RCODE_SERVFAIL);

	if (rcode == RCODE_BUSY)
		return false;
	*verdict = (struct verdict){
		.verdict = UPDATE_REFUSED,
		.rcode = (uint16_t)rcode,
		.word = "refused",
		.serial = ddns_rows_integer(rows, member, COLUMN_SERIAL, 0),
		.reason = ddns_rows_text(rows, member, COLUMN_REASON),
	};
	if (rcode == KNOT_RCODE_NOERROR) {
		bool is_changed = ddns_rows_boolean(rows, member, COLUMN_IS_CHANGED);
		verdict->verdict = is_changed ? UPDATE_CHANGED : UPDATE_UNCHANGED;
		verdict->word = is_changed ? "changed" : "unchanged";
	}
	if (ddns_rows_boolean(rows, member, COLUMN_IS_REPEATED))
		verdict->word = "repeated";
	return true;
}

void
group_free(struct group *group)
{
	ddns_rows_free(group->rows);
	group->rows = NULL;
	for (size_t i = 0; i < GROUP_PARAMETERS; i++)
		ddns_array_free(&group->parameters[i]);
}
