// SPDX-License-Identifier: GPL-3.0-or-later
// A TCP connection of the DNS door, as those see it who answer on it.
#ifndef GATEWAY_DNS_STREAM_H
#define GATEWAY_DNS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream; // all from any thread

/* Sends a message, now or when the client reads.  false: the connection is closed, or the client
 * has left too much unread. */
bool stream_send(struct stream *stream, const uint8_t *wire, size_t length);

/* Waits until little is left to be read, until deadline_ms (exchange_clock_ms) at most.  false: it
 * is closed or about to be, or it took longer. */
bool stream_wait(struct stream *stream, int64_t deadline_ms);

/* From here to there it carries a transfer, whose sender has deadlines of his own: the connection's
 * ends with what is left to be read then. */
void stream_begin_transfer(struct stream *stream);
void stream_end_transfer(struct stream *stream);

void stream_set_verified(struct stream *stream); // it proved to have a key

/* Ends a connection whose answer cannot be completed; its exchange still has its reference. */
void stream_abort(struct stream *stream);

/* An exchange has ended: gives its reference back. */
void stream_finish(struct stream *stream);

#endif
