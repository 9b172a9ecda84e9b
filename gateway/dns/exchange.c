// SPDX-License-Identifier: GPL-3.0-or-later
// A request over DNS and the way back.
#include "gateway/dns/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/dns/stream.h"
#include "gateway/dns/datagram.h"
#include "gateway/update/update.h"

enum {
	STRANGER_ROOM =
		160, // octets that an answer may have above its request: a TSIG RR's, or a SOA's
};

int64_t
exchange_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double
exchange_seconds(const struct exchange *exchange)
{
	return (double)(update_clock_us() - exchange->begun_us) / 1e6;
}

uint64_t
exchange_time(void)
{
	return (uint64_t)time(NULL);
}

struct exchange *
exchange_create(const uint8_t *wire, size_t length, const struct address *peer)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL)
		return NULL;
	exchange->wire = malloc(length > 0 ? length : 1);
	if (exchange->wire == NULL) {
		free(exchange);
		return NULL;
	}
	if (length > 0)
		memcpy(exchange->wire, wire, length);
	exchange->length = length;
	exchange->peer = *peer;
	exchange->begun_us = update_clock_us();
	exchange->begun_ms = exchange->begun_us / 1000;
	return exchange;
}

void
exchange_drop(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->stream != NULL)
		stream_finish(exchange->stream);
	keyring_release(exchange->keyring, exchange->key);
	change_list_free(exchange->changes);
	free(exchange->changes_json);
	message_free(&exchange->message);
	free(exchange->wire);
	free(exchange);
}

size_t
exchange_answer_max(const struct exchange *exchange)
{
	bool is_tcp = exchange->stream != NULL;
	size_t most = message_answer_max(&exchange->message, is_tcp);

	if (!is_tcp && !exchange->is_verified && most > exchange->length + STRANGER_ROOM)
		most = exchange->length + STRANGER_ROOM;
	return most;
}

struct tsig_signer *
exchange_signer(struct exchange *exchange)
{
	return exchange->key != NULL ? &exchange->signer : NULL;
}

bool
exchange_send(struct exchange *exchange, const uint8_t *wire, size_t length)
{
	if (exchange->stream != NULL)
		return stream_send(exchange->stream, wire, length);
	return datagram_send(&exchange->path, wire, length);
}

void
exchange_answer(struct exchange *exchange, uint16_t rcode)
{
	uint8_t buffer[2048]; // header, question, OPT and TSIG with the longest names fit
	struct answer answer = {.packet = NULL};
	size_t length;

	if (answer_begin(&answer, &exchange->message, exchange_signer(exchange), rcode, buffer,
			 sizeof(buffer)) == DDNS_OK &&
	    answer_end(&answer, exchange_time(), &length) == DDNS_OK)
		(void)exchange_send(exchange, buffer, length);
	answer_free(&answer);
	exchange_drop(exchange);
}
