// SPDX-License-Identifier: GPL-3.0-or-later
// Zone transfers.
#include "gateway/dns/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/dns/stream.h"
#include "gateway/log.h"
#include "sql/client/dname.h"

enum {
	STATEMENT_MS = 5000,
	GRACE_MS = 10000,     // before it counts how fast the client reads
	RATE_LEAST = 16,      // octets a millisecond that he has to read on average from then on
	MESSAGE_SIZE = 16384, // octets, where RRs fit into that: compression reaches no further
};

struct transfer {
	struct exchange *exchange;
	struct rr_reader *reader;
	char zone[DDNS_DNAME_TEXT_MAX + 1];
	struct answer answer;
	size_t records; // in the message at hand
	size_t total;
	int64_t begun_ms;
	size_t octets; // sent so far
	uint8_t buffer[MESSAGE_SIZE_MAX];
};

static enum ddns_result
message_begin(struct transfer *transfer, size_t size)
{
	transfer->records = 0;
	return answer_begin(&transfer->answer, &transfer->exchange->message,
			    exchange_signer(transfer->exchange), KNOT_RCODE_NOERROR,
			    transfer->buffer, size);
}

static enum ddns_result
message_end(struct transfer *transfer)
{
	size_t length;
	enum ddns_result result = answer_end(&transfer->answer, exchange_time(), &length);

	answer_free(&transfer->answer);
	if (result != DDNS_OK)
		return result;
	transfer->octets += length;
	int64_t deadline_ms =
		transfer->begun_ms + GRACE_MS + (int64_t)transfer->octets / RATE_LEAST;
	return exchange_send(transfer->exchange, transfer->buffer, length) &&
			       stream_wait(transfer->exchange->stream, deadline_ms)
		       ? DDNS_OK
		       : DDNS_DENIED;
}

static enum ddns_result
record_put(struct transfer *transfer, const struct rr_text *text)
{
	enum ddns_result result;
	knot_rrset_t rr;

	for (int tries = 0; tries < 3; tries++) {
		result = rr_reader_read(transfer->reader, text, &rr);
		if (result == DDNS_BAD_INPUT)
			return DDNS_OK; // name servers leave it out likewise
		if (result != DDNS_OK)
			return result;
		result = answer_put(&transfer->answer, KNOT_ANSWER, &rr);
		if (result != DDNS_CONFLICT || tries == 2)
			break;
		bool is_alone = transfer->records == 0;
		if (!is_alone)
			CHECK(message_end(transfer));
		answer_free(&transfer->answer);
		CHECK(message_begin(transfer, is_alone ? MESSAGE_SIZE_MAX : MESSAGE_SIZE));
	}
	transfer->records++;
	transfer->total++;
cleanup:
	return result;
}

/* Columns: owner, type, ttl, rdata. */
static enum ddns_result
rows_put(void *context, const struct ddns_rows *rows)
{
	struct transfer *transfer = context;
	enum ddns_result result = DDNS_OK;

	for (size_t row = 0; row < ddns_rows_count(rows) && result == DDNS_OK; row++) {
		const char *owner = ddns_rows_text(rows, row, 0);
		char name[2 * DDNS_DNAME_TEXT_MAX + 2];
		uint8_t wire[DDNS_DNAME_WIRE_MAX];
		size_t length;
		const struct rr_text text = {
			.owner = wire,
			.type = ddns_rows_text(rows, row, 1),
			.ttl = (uint32_t)ddns_rows_integer(rows, row, 2, 0),
			.rdata = ddns_rows_text(rows, row, 3),
		};
		bool is_apex = strcmp(owner, "@") == 0;
		(void)snprintf(name, sizeof(name), "%.*s%s%s", is_apex ? 0 : DDNS_DNAME_TEXT_MAX,
			       owner, is_apex ? "" : ".", transfer->zone);
		if (ddns_dname_to_wire(name, wire, &length) == DDNS_OK)
			result = record_put(transfer, &text);
	}
	return result;
}

/* The zone between its SOA and its SOA. */
static enum ddns_result
zone_send(struct transfer *transfer, struct ddns_db *db, const struct ddns_rows *zone)
{
	enum ddns_result result;
	const char *id = ddns_rows_text(zone, 0, 0);
	const struct rr_text soa = {
		.owner = knot_pkt_qname(transfer->exchange->message.packet),
		.type = "SOA",
		.ttl = (uint32_t)ddns_rows_integer(zone, 0, 2, 0),
		.rdata = ddns_rows_text(zone, 0, 3),
	};

	transfer->begun_ms = exchange_clock_ms();
	stream_begin_transfer(transfer->exchange->stream);
	CHECK(message_begin(transfer, MESSAGE_SIZE));
	CHECK(record_put(transfer, &soa));
	CHECK(ddns_db_stream(db, DDNS_STATEMENT_DNS_TRANSFER_ROWS, &id, 1, STATEMENT_MS, rows_put,
			     transfer));
	CHECK(record_put(transfer, &soa));
	CHECK(message_end(transfer));
cleanup:
	answer_free(&transfer->answer);
	stream_end_transfer(transfer->exchange->stream);
	return result;
}

static void
outcome_log(const struct transfer *transfer, const char *word)
{
	char peer[ADDRESS_TEXT_SIZE];

	address_text(&transfer->exchange->peer, peer);
	log_info("transfer dns %s %s key '%s' zone '%s' %zu records", peer, word,
		 transfer->exchange->key->name, transfer->zone, transfer->total);
}

/* Looks the zone up, and sends it where the key may have it.  *rcodep: else. */
static enum ddns_result
transfer_try(struct transfer *transfer, struct ddns_db *db, uint16_t *rcodep)
{
	enum ddns_result result;
	struct ddns_rows *zone = NULL;
	char key[24];
	const char *parameters[2] = {transfer->zone, key};

	(void)snprintf(key, sizeof(key), "%lld", (long long)transfer->exchange->key->id);
	CHECK(ddns_db_query(db, DDNS_STATEMENT_BEGIN_SNAPSHOT, NULL, 0, STATEMENT_MS, NULL));
	CHECK(ddns_db_query(db, DDNS_STATEMENT_DNS_TRANSFER, parameters, 2, STATEMENT_MS, &zone));
	if (ddns_rows_count(zone) == 0)
		*rcodep = KNOT_RCODE_NOTAUTH;
	else if (!ddns_rows_boolean(zone, 0, 1))
		*rcodep = KNOT_RCODE_REFUSED;
	else
		CHECK(zone_send(transfer, db, zone));
cleanup:
	ddns_rows_free(zone);
	if (ddns_db_is_open(db) &&
	    ddns_db_query(db, DDNS_STATEMENT_ROLLBACK, NULL, 0, STATEMENT_MS, NULL) != DDNS_OK)
		ddns_db_close(db);
	return result;
}

void
transfer_run(struct exchange *exchange, struct ddns_db *db, struct rr_reader *reader)
{
	const knot_dname_t *name = knot_pkt_qname(exchange->message.packet);
	uint16_t rcode = KNOT_RCODE_NOERROR;
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (transfer == NULL ||
	    ddns_dname_from_wire(name, knot_dname_size(name), transfer->zone) != DDNS_OK) {
		free(transfer);
		exchange_answer(exchange, KNOT_RCODE_SERVFAIL);
		return;
	}
	transfer->exchange = exchange;
	transfer->reader = reader;
	enum ddns_result result = transfer_try(transfer, db, &rcode);
	outcome_log(transfer, result != DDNS_OK		    ? "failed"
			      : rcode != KNOT_RCODE_NOERROR ? "refused"
							    : "done");
	if (result == DDNS_OK && rcode == KNOT_RCODE_NOERROR) {
		exchange_drop(exchange);
	} else if (transfer->total == 0) {
		exchange_answer(exchange, result != DDNS_OK ? KNOT_RCODE_SERVFAIL : rcode);
	} else {
		stream_abort(exchange->stream);
		exchange_drop(exchange);
	}
	free(transfer);
}
