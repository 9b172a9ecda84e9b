// SPDX-License-Identifier: GPL-3.0-or-later
// Receives DNS messages over UDP and TCP on a thread of its own.
#ifndef GATEWAY_DNS_SERVER_H
#define GATEWAY_DNS_SERVER_H

#include <stdatomic.h>
#include <stddef.h>

#include "gateway/dns/streams.h"
#include "gateway/dns/exchange.h"
#include "sql/client/result.h"

struct dns_server_options {
	const char *const *listen; // ADDRESS:PORT each
	size_t listen_count;
	struct stream_limits limits;
	/* Takes an exchange over; from the server's thread. */
	void (*receive)(void *context, struct exchange *exchange);
	void *context;
};

struct dns_server;

/*
 * Binds all addresses for both protocols; nothing is received yet.  Failures are logged:
 * DDNS_BAD_INPUT (no address), DDNS_UNAVAILABLE (it cannot be bound), DDNS_NO_MEMORY.
 */
enum ddns_result dns_server_create(const struct dns_server_options *options,
				   struct dns_server **serverp);
enum ddns_result dns_server_start(struct dns_server *server); // DDNS_INTERNAL: no thread

/* From any thread: see streams_set_limits. */
void dns_server_set_limits(struct dns_server *server, const struct stream_limits *limits);

/* Receives no more; what was received may still be answered. */
void dns_server_stop(struct dns_server *server);

/* Closes all; the last exchange has ended.  Takes NULL. */
void dns_server_free(struct dns_server *server);

/* The port that a listening address got where it asked for port 0. */
unsigned dns_server_port(const struct dns_server *server, size_t index);

/* CLOCK_MONOTONIC ms of the thread's last turn, at least one a second; for the watchdog. */
int64_t dns_server_seen_alive_ms(const struct dns_server *server);

#endif
