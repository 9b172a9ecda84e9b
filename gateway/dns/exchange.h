// SPDX-License-Identifier: GPL-3.0-or-later
// A request over DNS and the way back to who sent it.
#ifndef GATEWAY_DNS_EXCHANGE_H
#define GATEWAY_DNS_EXCHANGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "gateway/address.h"
#include "gateway/dns/answer.h"
#include "gateway/dns/change.h"
#include "gateway/dns/keyring.h"
#include "gateway/dns/message.h"
#include "gateway/dns/tsig.h"

struct stream;

/* Which way a datagram came: its answer goes back the same way. */
struct datagram_path {
	int fd;
	struct sockaddr_storage peer;
	socklen_t peer_length;
	union {
		struct in_addr v4;
		struct in6_pktinfo v6;
	} local; // the address that was asked
};

/*
 * From the thread that receives to whoever answers.  One thread at a time has it, and either
 * answers it or drops it, which frees it.
 */
struct exchange {
	uint8_t *wire; // the request; its own
	size_t length;
	struct message message; // of wire
	struct address peer;
	int64_t begun_ms, begun_us; // CLOCK_MONOTONIC

	struct datagram_path path; // over UDP
	struct stream *stream;	   // over TCP, with a reference; else NULL

	struct keyring *keyring;
	struct keyring_key *key;   // of a signed answer, with a reference; else NULL
	struct tsig_signer signer; // where key is not NULL
	bool is_verified;

	struct change_list *changes; // of an UPDATE
	char *changes_json;
	int64_t retry_at_ms;   // an UPDATE that met a lock is tried again then
	unsigned failed_count; // runs of it that failed as a whole; it goes alone after one
	struct exchange *next; // in a queue
};

/* Copies the request.  The connection's reference goes over to the exchange.  NULL: no memory. */
struct exchange *exchange_create(const uint8_t *wire, size_t length, const struct address *peer);
void exchange_drop(struct exchange *exchange); // takes NULL

/* Octets that an answer may have: what the asker takes, and to a stranger over UDP little more than
 * was asked. */
size_t exchange_answer_max(const struct exchange *exchange);

/* The signer for answers, NULL where they are unsigned. */
struct tsig_signer *exchange_signer(struct exchange *exchange);

/* Sends octets back; they are one DNS message.  false: the way is gone. */
bool exchange_send(struct exchange *exchange, const uint8_t *wire, size_t length);

/* Answers with an rcode and no records, and drops the exchange. */
void exchange_answer(struct exchange *exchange, uint16_t rcode);

/* The clocks: milliseconds that never go back, and seconds since 1970. */
int64_t exchange_clock_ms(void);
double exchange_seconds(const struct exchange *exchange); // since it came
uint64_t exchange_time(void);

#endif
