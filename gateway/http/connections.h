// SPDX-License-Identifier: GPL-3.0-or-later
// The open connections of an HTTP server: how many, from where, since when.
#ifndef GATEWAY_HTTP_CONNECTIONS_H
#define GATEWAY_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/address.h"
#include "sql/client/result.h"

/*
 * A table by descriptor.  libmicrohttpd times out what is idle, not what trickles: the sweep here is
 * the deadline that nothing can put off.  Nor does it always see that a client will send no more.
 * Any thread may call.
 */
struct connections;
enum ddns_result connections_create(size_t descriptors, struct connections **connectionsp);
void connections_free(struct connections *connections); // takes NULL

/*
 * A connection was accepted, to be served by `worker`.  per_address 0 is no limit.
 * DDNS_DENIED: its address (IPv6: its /64) has that many open already.
 * DDNS_UNAVAILABLE: the descriptor is beyond the table.
 */
enum ddns_result connections_open(struct connections *connections, int fd,
				  const struct address *peer, unsigned worker,
				  unsigned per_address);

/* It is about to be closed: false where it was not in the table; *worker is whose it was. */
bool connections_close(struct connections *connections, int fd, unsigned *worker);

/* Whose it is.  False where it is not in the table. */
bool connections_peer(struct connections *connections, int fd, struct address *peer);

/* Its request is whole: from here on only the deadline ends it. */
void connections_serve(struct connections *connections, int fd);

size_t connections_count(struct connections *connections);

/*
 * Shuts down what is open for longer than age_ms, and what can never become a request since its
 * client has closed its side; once each.  Returns how many were overdue.
 */
unsigned connections_sweep(struct connections *connections, int64_t age_ms);

#endif
