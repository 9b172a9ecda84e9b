// SPDX-License-Identifier: GPL-3.0-or-later
// The DNS door: who may ask for what, cheapest checks first, nothing before the signature.
#include "gateway/dns/door.h"

#include <pthread.h>
#include <stdlib.h>

#include "gateway/dns/refusal.h"
#include "gateway/dns/resolver.h"
#include "gateway/dns/server.h"
#include "gateway/dns/stream.h"
#include "gateway/log.h"
#include "gateway/metrics.h"

enum {
	CHANGES_OF_REQUEST = 10, // count as one more request of the key
	QUERY_THREADS = 2,
	QUERIES_WAITING = 512,
	TRANSFER_THREADS = 4,
	TRANSFERS_OF_ACCOUNT = 2, // at once: whoever reads slowly leaves room for others
	TRANSFERS_WAITING = 16,
};

struct dns_door {
	struct dns_door_options options;
	struct dns_server *server;
	struct committer *committer;
	struct resolver *queries, *transfers;
	struct attempts *attempts;
	struct bucket_table *strangers, *tellings; // the receiving thread's, and
	struct refusals *refusals;
	struct dns_door_limits limits; // what it goes by now
	pthread_mutex_t lock;
	struct dns_door_limits next_limits; // under the lock
};

/* Whether a stranger may be told that he is refused: floods with forged sources are not mirrored.
 */
static bool
may_tell(struct dns_door *door, const struct exchange *exchange)
{
	return exchange->stream != NULL ||
	       bucket_take(bucket_table_network(door->tellings, &exchange->peer),
			   &door->limits.refusal_rate, exchange->begun_ms);
}

/* Answers what could not be read, or was not verified, with a header alone. */
static void
refuse_bare(struct dns_door *door, struct exchange *exchange, uint16_t rcode)
{
	uint8_t header[ANSWER_HEADER_SIZE];

	if (may_tell(door, exchange)) {
		answer_bare(exchange->wire, rcode, header);
		(void)exchange_send(exchange, header, sizeof(header));
	}
	exchange_drop(exchange);
}

/* The same with the question repeated. */
static void
refuse(struct dns_door *door, struct exchange *exchange, uint16_t rcode)
{
	if (exchange->is_verified || may_tell(door, exchange))
		exchange_answer(exchange, rcode);
	else
		exchange_drop(exchange);
}

/* An unsigned TSIG RR says why (RFC 8945 section 5.2). */
static void
refuse_unverified(struct dns_door *door, struct exchange *exchange, const struct keyring_key *key,
		  enum tsig_verdict verdict)
{
	uint8_t buffer[2048];
	size_t length;

	if (may_tell(door, exchange) && answer_unverified(&exchange->message, verdict, buffer,
							  sizeof(buffer), &length) == DDNS_OK) {
		refusal_unverified(door->refusals, door->attempts, exchange, key, verdict);
		(void)exchange_send(exchange, buffer, length);
	}
	exchange_drop(exchange);
}

/* false: the exchange has been answered. */
static bool
verify(struct dns_door *door, struct exchange *exchange)
{
	const struct tsig_record *tsig = &exchange->message.tsig;
	uint64_t now = exchange_time();
	enum tsig_verdict verdict;
	struct keyring_key *key =
		keyring_find(door->options.keyring, tsig->name, tsig->name_length, now);

	enum ddns_result result =
		tsig_verify(tsig, key != NULL ? &key->tsig : NULL, exchange->wire, now, &verdict);
	exchange->keyring = door->options.keyring;
	if (result != DDNS_OK || verdict == TSIG_MALFORMED || verdict == TSIG_BAD_KEY ||
	    verdict == TSIG_BAD_SIGNATURE) {
		metrics_add(&door->options.metrics->dns_unverified);
		if (result != DDNS_OK)
			refuse_bare(door, exchange, KNOT_RCODE_SERVFAIL);
		else if (verdict == TSIG_MALFORMED)
			refuse_bare(door, exchange, KNOT_RCODE_FORMERR);
		else
			refuse_unverified(door, exchange, key, verdict);
		keyring_release(door->options.keyring, key);
		return false;
	}
	if (key->tsig.algorithm == TSIG_HMAC_MD5 && !key->is_known_weak) {
		log_warning("dns: key '%s' is of hmac-md5, which is weak: use hmac-sha256 where "
			    "the client "
			    "can",
			    key->name);
		key->is_known_weak = true;
	}
	exchange->key = key;
	tsig_signer_init(&exchange->signer, &key->tsig, tsig, verdict);
	exchange->is_verified = true;
	if (verdict != TSIG_VERIFIED) {
		metrics_add(&door->options.metrics->dns_unverified);
		refusal_unverified(door->refusals, door->attempts, exchange, key, verdict);
		exchange_answer(exchange, KNOT_RCODE_NOTAUTH);
		return false;
	}
	if (exchange->stream != NULL)
		stream_set_verified(exchange->stream);
	if (!bucket_take(&key->bucket, &door->limits.key_rate, exchange->begun_ms)) {
		metrics_add(&door->options.metrics->dns_over_rate);
		refusal_rate(door->refusals, exchange);
		exchange_answer(exchange, KNOT_RCODE_REFUSED);
		return false;
	}
	return true;
}

static void
count(struct dns_door *door, const struct exchange *exchange, enum update_verdict verdict)
{
	metrics_update(door->options.metrics, UPDATE_DOOR_DNS, verdict, exchange_seconds(exchange));
}

static void
take_update(struct dns_door *door, struct exchange *exchange)
{
	uint16_t rcode;

	if (!exchange->is_verified) {
		count(door, exchange, UPDATE_UNAUTHENTICATED);
		refusal_unsigned(door->refusals, exchange);
		refuse(door, exchange, KNOT_RCODE_REFUSED);
		return;
	}
	if (change_list_read(&exchange->message, &exchange->changes, &rcode) != DDNS_OK ||
	    (rcode == KNOT_RCODE_NOERROR &&
	     change_list_json(exchange->changes, &exchange->changes_json) != DDNS_OK)) {
		count(door, exchange, UPDATE_FAILED);
		exchange_answer(exchange, KNOT_RCODE_SERVFAIL);
	} else if (rcode != KNOT_RCODE_NOERROR) {
		refusal_sections(exchange, rcode);
		count(door, exchange,
		      rcode == KNOT_RCODE_REFUSED ? UPDATE_REFUSED : UPDATE_MALFORMED);
		exchange_answer(exchange, rcode);
	} else {
		const struct change_list *list = exchange->changes;
		bucket_charge(&exchange->key->bucket, &door->limits.key_rate,
			      (double)(list->prerequisite_count + list->change_count) /
				      CHANGES_OF_REQUEST);
		committer_submit(door->committer, exchange);
	}
}

static void
take_query(struct dns_door *door, struct exchange *exchange)
{
	uint16_t type = knot_pkt_qtype(exchange->message.packet);
	uint16_t rcode = message_check_question(&exchange->message);
	bool is_tcp = exchange->stream != NULL;

	if (rcode == KNOT_RCODE_NOERROR && type == KNOT_RRTYPE_AXFR && !is_tcp)
		rcode = KNOT_RCODE_FORMERR;
	else if (rcode == KNOT_RCODE_NOERROR && !exchange->is_verified &&
		 (type == KNOT_RRTYPE_AXFR || type == KNOT_RRTYPE_IXFR))
		rcode = KNOT_RCODE_REFUSED;
	if (rcode != KNOT_RCODE_NOERROR)
		refuse(door, exchange, rcode);
	else if (type == KNOT_RRTYPE_IXFR && !is_tcp)
		exchange_answer(exchange, KNOT_RCODE_NOTIMPL);
	else if (type == KNOT_RRTYPE_AXFR || type == KNOT_RRTYPE_IXFR)
		resolver_submit(door->transfers, exchange);
	else if (exchange->is_verified || is_tcp ||
		 bucket_take(bucket_table_network(door->strangers, &exchange->peer),
			     &door->limits.stranger_rate, exchange->begun_ms))
		resolver_submit(door->queries, exchange);
	else
		exchange_drop(exchange);
}

/* All that is received comes here, on the server's thread. */
static void
receive(void *context, struct exchange *exchange)
{
	struct dns_door *door = context;
	uint16_t rcode;

	pthread_mutex_lock(&door->lock);
	door->limits = door->next_limits;
	pthread_mutex_unlock(&door->lock);
	refusals_tell(door->refusals, exchange->begun_ms);
	switch (message_read(&exchange->message, exchange->wire, exchange->length, &rcode)) {
	case MESSAGE_DROPPED:
		exchange_drop(exchange);
		return;
	case MESSAGE_REFUSED:
		refuse_bare(door, exchange, rcode);
		return;
	case MESSAGE_READ:
		break;
	}
	if (exchange->message.has_tsig && !verify(door, exchange))
		return;
	const knot_rrset_t *opt = exchange->message.packet->opt_rr;
	if (opt != NULL && knot_edns_get_version(opt) != 0)
		refuse(door, exchange, KNOT_RCODE_BADVERS);
	else if (message_is_update(&exchange->message))
		take_update(door, exchange);
	else
		take_query(door, exchange);
}

enum ddns_result
dns_door_create(const struct dns_door_options *options, struct dns_door **doorp)
{
	enum ddns_result result;
	struct dns_door *door = calloc(1, sizeof(*door));
	const struct dns_server_options server = {
		.listen = options->listen,
		.listen_count = options->listen_count,
		.limits = options->limits.connections,
		.receive = receive,
		.context = door,
	};

	if (door == NULL)
		return DDNS_NO_MEMORY;
	door->options = *options;
	door->limits = door->next_limits = options->limits;
	pthread_mutex_init(&door->lock, NULL);
	CHECK(bucket_table_create(&door->strangers));
	CHECK(bucket_table_create(&door->tellings));
	CHECK(refusals_create(&door->refusals));
	CHECK(dns_server_create(&server, &door->server));
	*doorp = door;
	door = NULL;
cleanup:
	dns_door_free(door);
	return result;
}

enum ddns_result
dns_door_start(struct dns_door *door, struct attempts *attempts)
{
	enum ddns_result result;
	struct resolver_options resolver = {
		.database = door->options.database,
		.threads = QUERY_THREADS,
		.waiting_max = QUERIES_WAITING,
	};

	const struct committer_options committer = {
		.database = door->options.database,
		.metrics = door->options.metrics,
		.attempts = attempts,
	};

	door->attempts = attempts;
	CHECK(committer_create(&committer, &door->committer));
	CHECK(resolver_create(&resolver, &door->queries));
	resolver.threads = TRANSFER_THREADS;
	resolver.waiting_max = TRANSFERS_WAITING;
	resolver.is_for_transfers = true;
	resolver.account_max = TRANSFERS_OF_ACCOUNT;
	CHECK(resolver_create(&resolver, &door->transfers));
	CHECK(dns_server_start(door->server));
cleanup:
	return result;
}

void
dns_door_free(struct dns_door *door)
{
	if (door == NULL)
		return;
	if (door->server != NULL)
		dns_server_stop(door->server);
	committer_free(door->committer);
	resolver_free(door->queries);
	resolver_free(door->transfers);
	dns_server_free(door->server);
	bucket_table_free(door->strangers);
	bucket_table_free(door->tellings);
	refusals_free(door->refusals);
	pthread_mutex_destroy(&door->lock);
	free(door);
}

void
dns_door_set_limits(struct dns_door *door, const struct dns_door_limits *limits)
{
	pthread_mutex_lock(&door->lock);
	door->next_limits = *limits;
	pthread_mutex_unlock(&door->lock);
	dns_server_set_limits(door->server, &limits->connections);
}

unsigned
dns_door_port(const struct dns_door *door, size_t index)
{
	return dns_server_port(door->server, index);
}

void
dns_door_status(struct dns_door *door, struct committer_status *status)
{
	committer_status(door->committer, status);
}

int64_t
dns_door_seen_alive_ms(struct dns_door *door)
{
	struct committer_status status;
	int64_t server = dns_server_seen_alive_ms(door->server);

	dns_door_status(door, &status);
	return status.seen_alive_ms < server ? status.seen_alive_ms : server;
}
