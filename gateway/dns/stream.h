// SPDX-License-Identifier: GPL-3.0-or-later
// TCP connections of the DNS door.
#ifndef GATEWAY_DNS_STREAM_H
#define GATEWAY_DNS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/address.h"
#include "gateway/dns/exchange.h"
#include "sql/client/result.h"

struct stream_limits {
	unsigned connections; // in all; the oldest one without a verified message makes room
	unsigned per_address; // from one address; 0: no limit
	unsigned messages;    // on one connection
};

/* What an epoll event's data.ptr leads to. */
enum source_kind {
	SOURCE_DATAGRAM,
	SOURCE_LISTENER,
	SOURCE_STREAM,
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
struct streams;
struct streams_options {
	int epoll_fd;
	struct stream_limits limits;
	void (*receive)(void *context, struct exchange *exchange); // takes the exchange over
	void *context;
};
enum ddns_result streams_create(const struct streams_options *options, struct streams **streamsp);
void streams_free(struct streams *streams); // closes all; takes NULL

/* Takes what waits at a listening socket.  Out of descriptors, those who wait are turned away. */
void streams_accept(struct streams *streams, int listener);
void streams_event(struct stream *stream, uint32_t events);
void streams_expire(struct streams *streams, int64_t now_ms);
size_t streams_count(const struct streams *streams);

/* From any thread. */

/* Sends a message, now or when the client reads.  false: the connection is closed, or the client
 * has left too much unread. */
bool stream_send(struct stream *stream, const uint8_t *wire, size_t length);

/* Waits until little is left to be read, at most timeout_ms.  false: closed, or it took longer. */
bool stream_wait(struct stream *stream, int timeout_ms);

/* It carries a transfer, which may take its time; or one that proved to have a key. */
void stream_set_transfer(struct stream *stream);
void stream_set_verified(struct stream *stream);

/* Ends a connection whose answer cannot be completed; its exchange still has its reference. */
void stream_abort(struct stream *stream);

/* An exchange has ended: gives its reference back. */
void stream_finish(struct stream *stream);

#endif
