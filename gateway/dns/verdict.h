// SPDX-License-Identifier: GPL-3.0-or-later
// The one log line, the count and the answer that every UPDATE gets.
#ifndef GATEWAY_DNS_VERDICT_H
#define GATEWAY_DNS_VERDICT_H

#include <stdint.h>

#include "gateway/dns/exchange.h"
#include "gateway/metrics.h"

struct verdict {
	enum update_verdict verdict;
	uint16_t rcode;
	const char *word;   // of the log
	int64_t serial;	    // of the zone after it, 0: not known
	const char *reason; // NULL: none
};

/* Logs, counts and answers a verified UPDATE with its changes, and drops the exchange. */
void verdict_give(struct metrics *metrics, struct exchange *exchange,
		  const struct verdict *verdict);

#endif
