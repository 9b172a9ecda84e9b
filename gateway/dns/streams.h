// SPDX-License-Identifier: GPL-3.0-or-later
// The TCP connections of the DNS door.
#ifndef GATEWAY_DNS_STREAMS_H
#define GATEWAY_DNS_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/dns/exchange.h"
#include "sql/client/result.h"

struct stream_limits {
	unsigned connections; // in all; the oldest one without a verified message makes room
	unsigned per_address; // from one IPv4 address or IPv6 /64; 0: no limit
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
 * The connections of one thread, which calls all of streams_*.  Deadlines are absolute: 5 s for
 * a message from its first octet, 10 s without one or an answer, 30 s in all, anew after a
 * transfer, which has deadlines of its own; and 5 s without the client reading.
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

/* Nothing is received any more: who waits for a client to read is told to give up. */
void streams_stop(struct streams *streams);

/* Takes what waits at a listening socket.  Out of descriptors, those who wait are turned away. */
void streams_accept(struct streams *streams, int listener);
void streams_event(struct stream *stream, uint32_t events);
void streams_expire(struct streams *streams, int64_t now_ms);
size_t streams_count(const struct streams *streams);

/* From any thread: other limits, but for `messages`, from the next connection on. */
void streams_set_limits(struct streams *streams, const struct stream_limits *limits);

#endif
