// SPDX-License-Identifier: GPL-3.0-or-later
// TCP connections of the DNS door.
#ifndef GATEWAY_DNS_CONNECTION_H
#define GATEWAY_DNS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/address.h"
#include "gateway/dns/exchange.h"
#include "sql/client/result.h"

struct connection_limits {
	unsigned connections; // in all; the oldest one without a verified message makes room
	unsigned per_address; // from one address; 0: no limit
	unsigned messages;    // on one connection
};

/* What an epoll event's data.ptr leads to. */
enum source_kind {
	SOURCE_DATAGRAM,
	SOURCE_LISTENER,
	SOURCE_CONNECTION,
	SOURCE_STOP,
};
struct source {
	enum source_kind kind;
	int fd;
};

/*
 * The connections of one thread, which calls all of connections_*.  Deadlines are absolute: 5 s for
 * a message from its first octet, 10 s between messages, 30 s in all but for transfers, 5 s without
 * the client reading.
 */
struct connections;
struct connections_options {
	int epoll_fd;
	struct connection_limits limits;
	void (*receive)(void *context, struct exchange *exchange); // takes the exchange over
	void *context;
};
enum ddns_result connections_create(const struct connections_options *options,
				    struct connections **connectionsp);
void connections_free(struct connections *connections); // closes all; takes NULL

/* Takes what waits at a listening socket.  Out of descriptors, those who wait are turned away. */
void connections_accept(struct connections *connections, int listener);
void connections_event(struct connections *connections, struct connection *connection,
		       uint32_t events);
void connections_expire(struct connections *connections, int64_t now_ms);
size_t connections_count(const struct connections *connections);

/* From any thread. */

/* Sends a message, now or when the client reads.  false: the connection is closed, or the client
 * has left too much unread. */
bool connection_send(struct connection *connection, const uint8_t *wire, size_t length);

/* Waits until little is left to be read, at most timeout_ms.  false: closed, or it took longer. */
bool connection_wait(struct connection *connection, int timeout_ms);

/* It carries a transfer, which may take its time; or one that proved to have a key. */
void connection_set_transfer(struct connection *connection);
void connection_set_verified(struct connection *connection);

/* Ends a connection whose answer cannot be completed; its exchange still has its reference. */
void connection_abort(struct connection *connection);

/* An exchange has ended: gives its reference back. */
void connection_finish(struct connection *connection);

#endif
