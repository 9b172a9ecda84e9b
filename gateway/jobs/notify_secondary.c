// SPDX-License-Identifier: GPL-3.0-or-later
// Sends NOTIFY to secondaries, signed where they have a key, until they answer.
#include "gateway/jobs/notify_secondary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gateway/jobs/notify_message.h"
#include "gateway/log.h"

enum {
	RETRY_MS = 3000,
	TRIES = 3,
	SECONDARIES_MAX = 1024,
	TARGET_SIZE = ADDRESS_TEXT_SIZE + 8, // address#port
};

struct secondary {
	int64_t zone_id;
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	char target[TARGET_SIZE];
	struct notify_message message; // without signature
	struct keyring_key *key;       // NULL: unsigned
	struct tsig_signer signer;     // of the last try
	bool is_unproven; // it has answered, but without the signature that it should have
	int fd, tries;
	int64_t retry_at_ms;
};

static void
drop(struct secondaries *secondaries, const struct job_context *context, size_t index)
{
	struct secondary *secondary = &secondaries->items[index];
	close(secondary->fd);
	keyring_release(context->keyring, secondary->key);
	*secondary = secondaries->items[--secondaries->count];
}

/* What cannot be sent counts as lost, as any datagram may be. */
static void
send_message(struct secondary *secondary, const struct job_context *context)
{
	struct notify_message signed_message = secondary->message;
	bool is_ready = true;
	if (secondary->key != NULL) {
		tsig_signer_init_request(&secondary->signer, &secondary->key->tsig);
		is_ready =
			tsig_sign(&secondary->signer, signed_message.wire, &signed_message.length,
				  sizeof signed_message.wire, (uint64_t)time(NULL)) == DDNS_OK;
	}
	secondary->tries++;
	secondary->retry_at_ms = ddns_clock_ms() + RETRY_MS;
	metrics_notify(context->metrics, secondary->origin, NOTIFY_SENT);
	if (is_ready &&
	    send(secondary->fd, signed_message.wire, signed_message.length, MSG_NOSIGNAL) < 0)
		log_debug("notify: cannot send to '%s': %s", secondary->target, strerror(errno));
}

/* Whether an answer bears the signature that it should. */
static bool
is_proven(const struct secondary *secondary, uint8_t *wire, size_t length)
{
	enum tsig_verdict verdict = TSIG_BAD_SIGNATURE;
	struct tsig_record record;
	if (secondary->key == NULL)
		return true;
	knot_pkt_t *packet = knot_pkt_new(wire, (uint16_t)length, NULL);
	if (packet == NULL)
		return false;
	if (knot_pkt_parse(packet, 0) != KNOT_EOK || tsig_find(packet, &record) != DDNS_OK ||
	    tsig_verify_answer(&secondary->signer, &record, wire, (uint64_t)time(NULL), &verdict) !=
		    DDNS_OK)
		verdict = TSIG_BAD_SIGNATURE;
	knot_pkt_free(packet);
	return verdict == TSIG_VERIFIED;
}

/* Takes what has come; true: the secondary has answered. */
static bool
take_answers(struct secondary *secondary, const struct job_context *context)
{
	uint8_t wire[NOTIFY_MESSAGE_MAX];
	for (;;) {
		ssize_t length = recv(secondary->fd, wire, sizeof wire, 0);
		if (length < 0 && errno == ECONNREFUSED)
			continue; // nobody is there yet
		if (length < 0)
			return false;
		if (!notify_message_is_answer(&secondary->message, wire, (size_t)length))
			continue;
		uint8_t rcode = knot_wire_get_rcode(wire);
		if (!is_proven(secondary, wire, (size_t)length)) {
			secondary->is_unproven = true;
			continue;
		}
		if (rcode != KNOT_RCODE_NOERROR)
			log_notice("notify: '%s' refuses zone '%s': rcode %u", secondary->target,
				   secondary->origin, rcode);
		metrics_notify(context->metrics, secondary->origin,
			       rcode == KNOT_RCODE_NOERROR ? NOTIFY_ANSWERED : NOTIFY_FAILED);
		return true;
	}
}

void
secondaries_look_after(struct secondaries *secondaries, const struct job_context *context)
{
	int64_t now = ddns_clock_ms();
	for (size_t i = secondaries->count; i-- > 0;) {
		struct secondary *secondary = &secondaries->items[i];
		if (take_answers(secondary, context)) {
			drop(secondaries, context, i);
		} else if (now >= secondary->retry_at_ms && secondary->tries < TRIES) {
			send_message(secondary, context);
		} else if (now >= secondary->retry_at_ms) {
			log_notice("notify: '%s' does not answer for zone '%s'%s",
				   secondary->target, secondary->origin,
				   secondary->is_unproven
					   ? " with the key's signature: is it the same there?"
					   : "");
			metrics_notify(context->metrics, secondary->origin, NOTIFY_FAILED);
			drop(secondaries, context, i);
		}
	}
}

bool
secondaries_await(const struct secondaries *secondaries, int64_t zone_id)
{
	for (size_t i = 0; i < secondaries->count; i++)
		if (secondaries->items[i].zone_id == zone_id)
			return true;
	return false;
}

static const struct listen_address *
source_for(const struct job_context *context, const struct listen_address *target)
{
	for (size_t i = 0; i < context->notify_sources->count; i++)
		if (context->notify_sources->items[i].socket.ss_family == target->socket.ss_family)
			return &context->notify_sources->items[i];
	return NULL;
}

/* Finds the key; false: it is not there. */
static bool
find_key(const struct job_context *context, const char *name, struct keyring_key **keyp)
{
	uint8_t wire[DDNS_DNAME_WIRE_MAX];
	size_t length;
	if (name == NULL)
		return true;
	if (ddns_dname_to_wire(name, wire, &length) == DDNS_OK)
		*keyp = keyring_find(context->keyring, wire, length, (uint64_t)time(NULL));
	return *keyp != NULL;
}

/* Fills the message, the key and the socket.  What failed is logged. */
static bool
prepare(struct secondary *secondary, const struct job_context *context,
	const struct notify_order *order)
{
	struct listen_address peer;
	snprintf(secondary->target, sizeof secondary->target, "%s#%d", order->address, order->port);
	if (strlen(order->origin) > DDNS_DNAME_TEXT_MAX ||
	    notify_target_parse(secondary->target, &peer) != DDNS_OK ||
	    notify_message_make(order->origin, true, &secondary->message) != DDNS_OK) {
		log_warning("notify: zone '%s' cannot be told to '%s'", order->origin,
			    secondary->target);
		return false;
	}
	strcpy(secondary->origin, order->origin);
	secondary->fd = notify_socket(&peer, source_for(context, &peer));
	if (secondary->fd < 0) {
		log_warning("notify: cannot send to '%s': %s", secondary->target, strerror(errno));
		return false;
	}
	if (find_key(context, order->key, &secondary->key))
		return true;
	log_warning("notify: '%s' is not told of zone '%s': there is no key '%s'",
		    secondary->target, order->origin, order->key);
	close(secondary->fd);
	return false;
}

void
secondaries_tell(struct secondaries *secondaries, const struct job_context *context,
		 const struct notify_order *order)
{
	struct secondary new = {.zone_id = order->zone_id, .fd = -1};
	if (secondaries->items == NULL)
		secondaries->items = calloc(SECONDARIES_MAX, sizeof *secondaries->items);
	if (secondaries->items == NULL || !prepare(&new, context, order)) {
		metrics_notify(context->metrics, order->origin, NOTIFY_FAILED);
		return;
	}
	for (size_t i = secondaries->count; i-- > 0;)
		if (strcmp(secondaries->items[i].origin, new.origin) == 0 &&
		    strcmp(secondaries->items[i].target, new.target) == 0)
			drop(secondaries, context, i);
	if (secondaries->count == SECONDARIES_MAX) { // one makes room
		metrics_notify(context->metrics, secondaries->items[0].origin, NOTIFY_FAILED);
		drop(secondaries, context, 0);
	}
	struct secondary *secondary = &secondaries->items[secondaries->count++];
	*secondary = new;
	send_message(secondary, context);
}

void
secondaries_clear(struct secondaries *secondaries, const struct job_context *context)
{
	while (secondaries->count > 0)
		drop(secondaries, context, secondaries->count - 1);
	free(secondaries->items);
	secondaries->items = NULL;
}
