// SPDX-License-Identifier: GPL-3.0-or-later
// What is told of messages that were refused.
#include "gateway/dns/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"

enum {
	NAMES_MAX = 8,	// of one message that are told to their holders
	SILENCE_S = 60, // between two lines of a kind
	SILENCE_MS = 1000 * SILENCE_S,
};

enum kind { UNVERIFIED, UNSIGNED, OVER_RATE, KINDS };

struct refusals {
	struct bucket_table *lines[KINDS];
	unsigned long left_out;
	int64_t left_out_ms; // the first of these
};

enum ddns_result
refusals_create(struct refusals **refusalsp)
{
	enum ddns_result result;
	struct refusals *refusals = calloc(1, sizeof(*refusals));

	if (refusals == NULL)
		return DDNS_NO_MEMORY;
	for (int kind = 0; kind < KINDS; kind++)
		CHECK(bucket_table_create(&refusals->lines[kind]));
	*refusalsp = refusals;
	return DDNS_OK;
cleanup:
	refusals_free(refusals);
	return result;
}

void
refusals_free(struct refusals *refusals)
{
	if (refusals == NULL)
		return;
	for (int kind = 0; kind < KINDS; kind++)
		bucket_table_free(refusals->lines[kind]);
	free(refusals);
}

void
refusals_tell(struct refusals *refusals, int64_t now_ms)
{
	if (refusals->left_out == 0 || now_ms - refusals->left_out_ms < SILENCE_MS)
		return;
	log_info("refused dns: %lu more in the last %lld s, by those who were told of already",
		 refusals->left_out, (long long)(now_ms - refusals->left_out_ms) / 1000);
	refusals->left_out = 0;
}

/* Whether a line may be written now; else it is counted. */
static bool
may_say(struct refusals *refusals, enum kind kind, const struct exchange *exchange)
{
	static const struct bucket_limit limit = {.rate = 1.0 / SILENCE_S, .burst = 1};
	struct bucket_table *table = refusals->lines[kind];
	struct bucket *bucket = exchange->is_verified
					? bucket_table_number(table, (uint64_t)exchange->key->id)
					: bucket_table_network(table, &exchange->peer);

	if (!log_is_wanted(LOG_INFO))
		return false;
	if (bucket_take(bucket, &limit, exchange->begun_ms))
		return true;
	if (refusals->left_out++ == 0)
		refusals->left_out_ms = exchange->begun_ms;
	return false;
}

/* What the first change is for; false: there is none. */
static bool
first_name(const struct exchange *exchange, char name[DDNS_DNAME_TEXT_MAX + 1])
{
	const knot_pktsection_t *changes =
		knot_pkt_section(exchange->message.packet, KNOT_AUTHORITY);

	if (!message_is_update(&exchange->message) || changes->count == 0)
		return false;
	const knot_dname_t *owner = knot_pkt_rr(changes, 0)->owner;
	return ddns_dname_from_wire(owner, knot_dname_size(owner), name) == DDNS_OK;
}

static void
reason_write(const struct exchange *exchange, enum tsig_verdict verdict, char *out, size_t size)
{
	static const char *const words[] = {
		[TSIG_VERIFIED] = "",	     [TSIG_MALFORMED] = "FORMERR",
		[TSIG_BAD_KEY] = "BADKEY",   [TSIG_BAD_SIGNATURE] = "BADSIG",
		[TSIG_BAD_TIME] = "BADTIME", [TSIG_BAD_TRUNCATION] = "BADTRUNC",
	};
	int64_t skew = (int64_t)exchange->message.tsig.time_signed - (int64_t)exchange_time();

	if (verdict == TSIG_BAD_TIME)
		(void)snprintf(out, size, "BADTIME, its clock differs by %lld s", (long long)skew);
	else
		(void)snprintf(out, size, "%s", words[verdict]);
}

void
refusal_unverified(struct refusals *refusals, struct attempts *attempts,
		   const struct exchange *exchange, const struct keyring_key *key,
		   enum tsig_verdict verdict)
{
	const struct tsig_record *tsig = &exchange->message.tsig;
	char peer[ADDRESS_TEXT_SIZE], name[DDNS_DNAME_TEXT_MAX + 1], reason[64];

	reason_write(exchange, verdict, reason, sizeof(reason));
	address_text(&exchange->peer, peer);
	if (may_say(refusals, UNVERIFIED, exchange) &&
	    ddns_dname_from_wire(tsig->name, tsig->name_length, name) == DDNS_OK)
		log_info("refused dns %s key '%s': %s", peer, name, reason);
	if (key == NULL || !first_name(exchange, name))
		return;
	const struct attempt attempt = {
		.door = UPDATE_DOOR_DNS,
		.peer = &exchange->peer,
		.name = name,
		.key = key->name,
		.reason = reason,
	};
	attempts_note(attempts, &attempt);
}

void
refusal_unsigned(struct refusals *refusals, const struct exchange *exchange)
{
	char peer[ADDRESS_TEXT_SIZE];

	if (!may_say(refusals, UNSIGNED, exchange))
		return;
	address_text(&exchange->peer, peer);
	log_info("refused dns %s: the update is not signed", peer);
}

void
refusal_rate(struct refusals *refusals, const struct exchange *exchange)
{
	char peer[ADDRESS_TEXT_SIZE];

	if (!may_say(refusals, OVER_RATE, exchange))
		return;
	address_text(&exchange->peer, peer);
	log_info("refused dns %s key '%s': it asks for more than dns-key-rate", peer,
		 exchange->key->name);
}

void
refusal_sections(const struct exchange *exchange, uint16_t rcode)
{
	char peer[ADDRESS_TEXT_SIZE], name[DDNS_DNAME_TEXT_MAX + 1] = "";
	const knot_dname_t *zone = knot_pkt_qname(exchange->message.packet);

	address_text(&exchange->peer, peer);
	(void)!ddns_dname_from_wire(zone, knot_dname_size(zone), name);
	log_info("update dns %s refused key '%s' zone '%s' rcode %u: %s", peer, exchange->key->name,
		 name, rcode,
		 rcode == KNOT_RCODE_FORMERR   ? "it is malformed"
		 : rcode == KNOT_RCODE_NOTZONE ? "a name in it is not of the zone"
		 : rcode == KNOT_RCODE_NOTAUTH ? "no zone here can be that"
					       : "it has too much, or records of a signer");
}

void
refusal_changes(struct attempts *attempts, const struct exchange *exchange, const char *reason)
{
	const struct change_list *list = exchange->changes;
	size_t noted = 0;

	for (size_t i = 0; i < list->change_count && noted < NAMES_MAX; i++) {
		const char *owner = list->changes[i].owner;
		char name[2 * DDNS_DNAME_TEXT_MAX + 2];
		if (i > 0 && strcmp(owner, list->changes[i - 1].owner) == 0)
			continue;
		if (strcmp(owner, "@") == 0)
			(void)snprintf(name, sizeof(name), "%s", list->zone);
		else
			(void)snprintf(name, sizeof(name), "%s.%s", owner, list->zone);
		const struct attempt attempt = {
			.door = UPDATE_DOOR_DNS,
			.peer = &exchange->peer,
			.name = name,
			.key = exchange->key->name,
			.reason = reason,
		};
		attempts_note(attempts, &attempt);
		noted++;
	}
}
