// SPDX-License-Identifier: GPL-3.0-or-later
// What is told of messages that were refused: in the log, and to the holders of the names in them.
#ifndef GATEWAY_DNS_REFUSAL_H
#define GATEWAY_DNS_REFUSAL_H

#include "gateway/bucket.h"
#include "gateway/dns/exchange.h"
#include "gateway/update/attempts.h"

/*
 * The log's lines: of each kind one a minute for each network, or for each key that was verified,
 * and at most a minute later how many were left out.  From one thread only.
 */
struct refusals;
enum ddns_result refusals_create(struct refusals **refusalsp);
void refusals_free(struct refusals *refusals); // takes NULL

/* Tells what was left out, when it is time. */
void refusals_tell(struct refusals *refusals, int64_t now_ms);

/* An UPDATE or query whose TSIG was not taken; key is the known one of its name, or NULL. */
void refusal_unverified(struct refusals *refusals, struct attempts *attempts,
			const struct exchange *exchange, const struct keyring_key *key,
			enum tsig_verdict verdict);

/* An UPDATE without TSIG. */
void refusal_unsigned(struct refusals *refusals, const struct exchange *exchange);

/* A request whose key is used more often than it may. */
void refusal_rate(struct refusals *refusals, const struct exchange *exchange);

/* An UPDATE that was verified, whose sections say nothing that can be done. */
void refusal_sections(const struct exchange *exchange, uint16_t rcode);

/* An UPDATE that was verified, whose changes were refused: for the holders of the names.  From any
 * thread. */
void refusal_changes(struct attempts *attempts, const struct exchange *exchange,
		     const char *reason);

#endif
