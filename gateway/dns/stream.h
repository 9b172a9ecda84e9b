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
