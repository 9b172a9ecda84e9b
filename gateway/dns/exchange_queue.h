// SPDX-License-Identifier: GPL-3.0-or-later
// A queue of requests, first in, first out.
#ifndef GATEWAY_DNS_EXCHANGE_QUEUE_H
#define GATEWAY_DNS_EXCHANGE_QUEUE_H

#include <stddef.h>

struct exchange;

/* Zero-initialised it is empty.  Each exchange is in one queue at most, by its ->next.  For one
 * thread at a time. */
struct exchange_queue {
	struct exchange *first, *last;
	size_t count;
};

void exchange_queue_add(struct exchange_queue *queue, struct exchange *exchange);

/* The first one, which is in no queue then; NULL: there is none. */
struct exchange *exchange_queue_take(struct exchange_queue *queue);

/* Puts all of `front`, which is empty then, before the others. */
void exchange_queue_prepend(struct exchange_queue *queue, struct exchange_queue *front);

#endif
