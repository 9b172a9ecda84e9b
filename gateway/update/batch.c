// SPDX-License-Identifier: GPL-3.0-or-later
// One transaction for a group of updates.
#include "gateway/update/batch.h"

#include <stdio.h>
#include <string.h>

#include "sql/client/pipeline.h"

enum { // of the statement GATEWAY_UPDATE_HOSTS
	PARAMETER_KEY,
	PARAMETER_ACCOUNT,
	PARAMETER_HOST,
	PARAMETER_NAME,
	PARAMETER_V4,
	PARAMETER_V6,
	PARAMETER_STATE,
	PARAMETER_OPTIONS,
	PARAMETER_DOOR,
	PARAMETER_PEER,
};

enum {
	COLUMN_N,
	COLUMN_VERDICT,
	COLUMN_NAME,
	COLUMN_ZONE,
	COLUMN_ADDRESSES,
	COLUMN_REASON,
	COLUMN_SERIAL,
};

static const char *
text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static void
add_member(struct ddns_array *parameters, const struct update *update)
{
	const struct update_request *request = update->request;
	const struct update_credential *credential = &request->credential;
	char number[24], addresses[ADDRESSES_TEXT_SIZE], peer[ADDRESS_TEXT_SIZE];

	snprintf(number, sizeof number, "%lld", (long long)credential->key_id);
	ddns_array_add(&parameters[PARAMETER_KEY], credential->key_id == 0 ? NULL : number);
	snprintf(number, sizeof number, "%lld", (long long)credential->account_id);
	ddns_array_add(&parameters[PARAMETER_ACCOUNT], number);
	ddns_array_add(&parameters[PARAMETER_HOST], text_or_null(credential->host));
	ddns_array_add(&parameters[PARAMETER_NAME], text_or_null(update->name));
	ddns_array_add(&parameters[PARAMETER_V4],
		       addresses_text(&request->addresses.v4, addresses));
	ddns_array_add(&parameters[PARAMETER_V6],
		       addresses_text(&request->addresses.v6, addresses));
	ddns_array_add(&parameters[PARAMETER_STATE], request->is_offline ? "offline" : NULL);
	ddns_array_add(&parameters[PARAMETER_OPTIONS], request->options);
	ddns_array_add(&parameters[PARAMETER_DOOR], update_door_name(request->door));
	address_text(&request->peer, peer);
	ddns_array_add(&parameters[PARAMETER_PEER], peer);
}

static enum ddns_result
collect_parameters(struct batch *batch, const char *texts[BATCH_PARAMETERS])
{
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; i < BATCH_PARAMETERS; i++)
		ddns_array_clear(&batch->parameters[i]);
	for (size_t i = 0; i < batch->count; i++)
		add_member(batch->parameters, batch->members[i]);
	for (size_t i = 0; i < BATCH_PARAMETERS && result == DDNS_OK; i++)
		result = ddns_array_text(&batch->parameters[i], &texts[i]);
	return result;
}

/* The words of the database function. */
static enum ddns_result
read_verdict(const char *word, enum update_verdict *verdict)
{
	static const enum update_verdict words[] = {
		UPDATE_CHANGED, UPDATE_UNCHANGED, UPDATE_UNKNOWN, UPDATE_DENIED,
		UPDATE_REFUSED, UPDATE_AMBIGUOUS, UPDATE_BUSY,	  UPDATE_FAILED,
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(word, update_verdict_name(words[i])) == 0) {
			*verdict = words[i];
			return DDNS_OK;
		}
	}
	return DDNS_INTERNAL;
}

/* Each member must have its one row. */
static enum ddns_result
read_outcomes(struct batch *batch)
{
	const struct ddns_rows *rows = batch->rows;
	enum ddns_result result = DDNS_OK;
	memset(batch->outcomes, 0, sizeof batch->outcomes);
	if (ddns_rows_count(rows) != batch->count)
		return DDNS_INTERNAL;
	for (size_t row = 0; row < batch->count; row++) {
		int64_t n = ddns_rows_integer(rows, row, COLUMN_N, 0);
		const char *word = ddns_rows_text(rows, row, COLUMN_VERDICT);
		if (n < 1 || (size_t)n > batch->count || word == NULL ||
		    batch->outcomes[n - 1].verdict != UPDATE_PENDING)
			return DDNS_INTERNAL;
		struct update_outcome *outcome = &batch->outcomes[n - 1];
		CHECK(read_verdict(word, &outcome->verdict));
		outcome->found = ddns_rows_text(rows, row, COLUMN_NAME);
		outcome->zone = ddns_rows_text(rows, row, COLUMN_ZONE);
		outcome->addresses = ddns_rows_text(rows, row, COLUMN_ADDRESSES);
		outcome->reason = ddns_rows_text(rows, row, COLUMN_REASON);
		outcome->serial = ddns_rows_integer(rows, row, COLUMN_SERIAL, 0);
	}

cleanup:
	return result;
}

/* Ends a transaction that failed; a connection that cannot even do that is closed. */
static enum batch_result
roll_back(struct batch *batch, struct ddns_db *db, enum ddns_result why, int timeout_ms)
{
	batch->error = *ddns_db_last_error(db);
	if (!ddns_db_is_open(db))
		return BATCH_UNCERTAIN;
	if (batch->error.message[0] == '\0') // it was not the database that failed
		snprintf(batch->error.message, sizeof batch->error.message, "%s",
			 ddns_result_text(why));
	if (ddns_db_query(db, DDNS_STATEMENT_ROLLBACK, NULL, 0, timeout_ms, NULL) != DDNS_OK)
		ddns_db_close(db);
	return why == DDNS_RETRY	 ? BATCH_CLASHED
	       : why == DDNS_UNAVAILABLE ? BATCH_UNABLE
					 : BATCH_ROLLED_BACK;
}

enum batch_result
batch_run(struct batch *batch, struct ddns_db *db, int timeout_ms)
{
	const char *texts[BATCH_PARAMETERS];
	const struct ddns_step steps[] = {
		{.statement = DDNS_STATEMENT_BEGIN},
		{DDNS_STATEMENT_GATEWAY_UPDATE_HOSTS, texts, BATCH_PARAMETERS, &batch->rows},
		{.statement = DDNS_STATEMENT_CLOSE_STEPS},
		{.statement = DDNS_STATEMENT_COMMIT},
	};
	enum ddns_result result;

	ddns_rows_free(batch->rows);
	batch->rows = NULL;
	batch->error = (struct ddns_db_error){0};
	CHECK(collect_parameters(batch, texts));
	// nothing between these is for us to decide: one round trip takes them all
	CHECK(ddns_db_pipeline(db, steps, sizeof steps / sizeof *steps, timeout_ms));
	if (read_outcomes(batch) == DDNS_OK)
		return BATCH_COMMITTED;
	snprintf(batch->error.message, sizeof batch->error.message,
		 "the database function answers otherwise than agreed");
	return BATCH_UNABLE;

cleanup:
	return roll_back(batch, db, result, timeout_ms);
}

void
batch_clear(struct batch *batch)
{
	ddns_rows_free(batch->rows);
	batch->rows = NULL;
	batch->count = 0;
}

void
batch_free(struct batch *batch)
{
	batch_clear(batch);
	for (size_t i = 0; i < BATCH_PARAMETERS; i++)
		ddns_array_free(&batch->parameters[i]);
}
