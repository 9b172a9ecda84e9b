// SPDX-License-Identifier: GPL-3.0-or-later
// A chain of updates, first in, first out.
#ifndef GATEWAY_UPDATE_FIFO_H
#define GATEWAY_UPDATE_FIFO_H

#include "gateway/update/update.h"

/* Linked by update->next; an update is in one queue at a time.  It must not be copied. */
struct fifo {
	struct update *head, **tail;
	size_t count;
};

void fifo_init(struct fifo *fifo);
void fifo_append(struct fifo *fifo, struct update *update);
struct update *fifo_take(struct fifo *fifo); // the first; there must be one

/* For a queue in the order of arrival: where update->sequence belongs. */
void fifo_insert(struct fifo *fifo, struct update *update);

/* The first update of that host, or NULL; hosts that are not named ("") are not found. */
struct update *fifo_find(const struct fifo *fifo, const char *name);

/* Moves all of `from` behind what is in `to`. */
void fifo_move(struct fifo *to, struct fifo *from);

#endif
