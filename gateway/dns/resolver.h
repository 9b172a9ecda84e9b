// SPDX-License-Identifier: GPL-3.0-or-later
// Answers queries and transfers from what is served.
#ifndef GATEWAY_DNS_RESOLVER_H
#define GATEWAY_DNS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/dns/exchange.h"
#include "sql/client/result.h"

/*
 * A queue with threads, each with a connection of its own.  Answers come from the database itself,
 * so that an update is seen the moment it is acknowledged: this is for clients that look before and
 * after an UPDATE, not a name server.
 */
struct resolver;
struct resolver_options {
	const char *database; // conninfo; copied
	unsigned threads;
	size_t waiting_max;    // more get SERVFAIL over TCP and nothing over UDP; a quarter is for
			       // the verified
	bool is_for_transfers; // AXFR and IXFR (answered by the whole zone); else all other queries
	unsigned account_max;  // of an account's that are worked on at once, and then half of
			       // waiting_max wait; 0: no limit
};
enum ddns_result resolver_create(const struct resolver_options *options,
				 struct resolver **resolverp);

/* Drops what waits, ends the threads and frees.  Takes NULL. */
void resolver_free(struct resolver *resolver);

/* Takes over a QUERY whose question is one that can be answered. */
void resolver_submit(struct resolver *resolver, struct exchange *exchange);

#endif
