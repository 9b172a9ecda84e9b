// SPDX-License-Identifier: GPL-3.0-or-later
// What is told of messages that were refused: in the log, and to the holders of the names in them.
#ifndef GATEWAY_DNS_REFUSAL_H
#define GATEWAY_DNS_REFUSAL_H

#include "gateway/bucket.h"
#include "gateway/dns/exchange.h"
#include "gateway/update/attempts.h"

/* An UPDATE or query whose TSIG was not taken; key is the known one of its name, or NULL. */
void refusal_unverified(struct attempts *attempts, const struct exchange *exchange,
			const struct keyring_key *key, enum tsig_verdict verdict);

/* An UPDATE without TSIG: a line for each network and minute. */
void refusal_unsigned(struct bucket_table *lines, const struct exchange *exchange);

/* An UPDATE that was verified, whose changes were refused. */
void refusal_changes(struct attempts *attempts, const struct exchange *exchange,
		     const char *reason);

#endif
