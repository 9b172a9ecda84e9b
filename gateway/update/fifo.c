// SPDX-License-Identifier: GPL-3.0-or-later
// A chain of updates, first in, first out.
#include "gateway/update/fifo.h"

#include <string.h>

void
fifo_init(struct fifo *fifo)
{
	fifo->head = NULL;
	fifo->tail = &fifo->head;
	fifo->count = 0;
}

void
fifo_append(struct fifo *fifo, struct update *update)
{
	update->next = NULL;
	*fifo->tail = update;
	fifo->tail = &update->next;
	fifo->count++;
}

struct update *
fifo_take(struct fifo *fifo)
{
	struct update *update = fifo->head;
	fifo->head = update->next;
	if (fifo->head == NULL)
		fifo->tail = &fifo->head;
	fifo->count--;
	return update;
}

void
fifo_move(struct fifo *to, struct fifo *from)
{
	if (from->head == NULL)
		return;
	*to->tail = from->head;
	to->tail = from->tail;
	to->count += from->count;
	fifo_init(from);
}

void
fifo_insert(struct fifo *fifo, struct update *update)
{
	struct update **where = &fifo->head;
	while (*where != NULL && (*where)->sequence < update->sequence)
		where = &(*where)->next;
	update->next = *where;
	*where = update;
	if (update->next == NULL)
		fifo->tail = &update->next;
	fifo->count++;
}

struct update *
fifo_find(const struct fifo *fifo, const char *name)
{
	if (name[0] == '\0')
		return NULL;
	struct update *update = fifo->head;
	while (update != NULL && strcmp(update->name, name) != 0)
		update = update->next;
	return update;
}
