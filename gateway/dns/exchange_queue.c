// SPDX-License-Identifier: GPL-3.0-or-later
// A queue of requests, first in, first out.
#include "gateway/dns/exchange_queue.h"

#include "gateway/dns/exchange.h"

void
exchange_queue_add(struct exchange_queue *queue, struct exchange *exchange)
{
	exchange->next = NULL;
	if (queue->last != NULL)
		queue->last->next = exchange;
	else
		queue->first = exchange;
	queue->last = exchange;
	queue->count++;
}

struct exchange *
exchange_queue_take(struct exchange_queue *queue)
{
	struct exchange *exchange = queue->first;

	if (exchange == NULL)
		return NULL;
	queue->first = exchange->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->count--;
	exchange->next = NULL;
	return exchange;
}

void
exchange_queue_prepend(struct exchange_queue *queue, struct exchange_queue *front)
{
	if (front->last == NULL)
		return;
	front->last->next = queue->first;
	if (queue->first == NULL)
		queue->last = front->last;
	queue->first = front->first;
	queue->count += front->count;
	*front = (struct exchange_queue){.first = NULL};
}
