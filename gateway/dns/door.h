// SPDX-License-Identifier: GPL-3.0-or-later
// The door for DNS UPDATE (RFC 2136) with TSIG, and for the queries that update clients send.
#ifndef GATEWAY_DNS_DOOR_H
#define GATEWAY_DNS_DOOR_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/bucket.h"
#include "gateway/dns/committer.h"
#include "gateway/dns/streams.h"
#include "gateway/dns/keyring.h"
#include "sql/client/result.h"

struct attempts;
struct metrics;

struct dns_door_limits {
	struct stream_limits connections;
	struct bucket_limit key_rate;	   // signed requests of one key; ten changes are one more
	struct bucket_limit stranger_rate; // unsigned queries of one network over UDP
	struct bucket_limit refusal_rate;  // refusals that one network is told over UDP
};

struct dns_door_options {
	const char *database;	   // conninfo; stays until dns_door_free
	const char *const *listen; // ADDRESS:PORT each, UDP and TCP
	size_t listen_count;
	struct keyring *keyring; // stays until dns_door_free
	struct metrics *metrics; // likewise
	struct dns_door_limits limits;
};

struct dns_door;

/* Binds the addresses, which may need privileges.  Failures are logged: see dns_server_create. */
enum ddns_result dns_door_create(const struct dns_door_options *options, struct dns_door **doorp);

/* Starts the threads.  Where failed tries are noted stays until dns_door_free.  DDNS_NO_MEMORY,
 * DDNS_INTERNAL. */
enum ddns_result dns_door_start(struct dns_door *door, struct attempts *attempts);

/* From any thread: other limits, from the next message and connection on. */
void dns_door_set_limits(struct dns_door *door, const struct dns_door_limits *limits);

/* Receives no more, finishes what has come in, and frees; takes NULL. */
void dns_door_free(struct dns_door *door);

unsigned dns_door_port(const struct dns_door *door, size_t index);

/* Of a door that was started: CLOCK_MONOTONIC ms of the last sign of life of the slowest thread,
 * for the watchdog; and what its committer does. */
int64_t dns_door_seen_alive_ms(struct dns_door *door);
void dns_door_status(struct dns_door *door, struct committer_status *status);

#endif
