// SPDX-License-Identifier: GPL-3.0-or-later
// The open connections of an HTTP server: how many, from where, since when.
#include "gateway/http/connections.h"

#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sql/client/db.h"

enum { HALF_CLOSED_MS = 500 }; // a request that came whole is taken up by then

struct slot {
	bool is_open, is_served, is_shut;
	unsigned worker;
	int64_t since_ms;
	struct address peer;
};

struct connections {
	pthread_mutex_t mutex;
	size_t count;
	size_t used; // slots from here on were never open
	size_t size;
	struct slot slots[];
};

/* Whether two peers share a limit: a household has one IPv4 address, or one IPv6 network. */
static bool
is_same_source(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, a->family == AF_INET ? 4 : 8) == 0;
}

enum ddns_result
connections_open(struct connections *connections, int fd, const struct address *peer,
		 unsigned worker, unsigned per_address)
{
	enum ddns_result result = DDNS_OK;
	size_t number = (size_t)fd, others = 0;
	if (number >= connections->size)
		return DDNS_UNAVAILABLE;
	pthread_mutex_lock(&connections->mutex);
	if (per_address > 0)
		for (size_t i = 0; i < connections->used; i++)
			if (connections->slots[i].is_open &&
			    is_same_source(&connections->slots[i].peer, peer))
				others++;
	if (per_address > 0 && others >= per_address) {
		result = DDNS_DENIED;
	} else {
		struct slot *slot = &connections->slots[number];
		if (!slot->is_open)
			connections->count++;
		*slot = (struct slot){
			.is_open = true,
			.worker = worker,
			.since_ms = ddns_clock_ms(),
			.peer = *peer,
		};
		if (number >= connections->used)
			connections->used = number + 1;
	}
	pthread_mutex_unlock(&connections->mutex);
	return result;
}

bool
connections_close(struct connections *connections, int fd, unsigned *worker)
{
	size_t number = (size_t)fd;
	if (number >= connections->size)
		return false;
	pthread_mutex_lock(&connections->mutex);
	struct slot *slot = &connections->slots[number];
	bool was_open = slot->is_open;
	if (was_open) {
		*worker = slot->worker;
		slot->is_open = false;
		connections->count--;
	}
	pthread_mutex_unlock(&connections->mutex);
	return was_open;
}

bool
connections_peer(struct connections *connections, int fd, struct address *peer)
{
	size_t number = (size_t)fd;
	if (number >= connections->size)
		return false;
	pthread_mutex_lock(&connections->mutex);
	bool is_open = connections->slots[number].is_open;
	if (is_open)
		*peer = connections->slots[number].peer;
	pthread_mutex_unlock(&connections->mutex);
	return is_open;
}

size_t
connections_count(struct connections *connections)
{
	pthread_mutex_lock(&connections->mutex);
	size_t count = connections->count;
	pthread_mutex_unlock(&connections->mutex);
	return count;
}

void
connections_serve(struct connections *connections, int fd)
{
	pthread_mutex_lock(&connections->mutex);
	connections->slots[fd].is_served = true;
	pthread_mutex_unlock(&connections->mutex);
}

/* Whether the client has closed its side, so that what is not whole by now never will be. */
static bool
is_half_closed(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof info;
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
	       info.tcpi_state == TCP_CLOSE_WAIT;
}

unsigned
connections_sweep(struct connections *connections, int64_t age_ms)
{
	unsigned count = 0;
	int64_t now = ddns_clock_ms();
	// under the mutex no descriptor of the table can be closed and get another meaning
	pthread_mutex_lock(&connections->mutex);
	for (size_t i = 0; i < connections->used; i++) {
		struct slot *slot = &connections->slots[i];
		if (!slot->is_open || slot->is_shut)
			continue;
		bool is_overdue = now - slot->since_ms >= age_ms;
		bool is_hopeless = !slot->is_served && now - slot->since_ms >= HALF_CLOSED_MS &&
				   is_half_closed((int)i);
		if (!is_overdue && !is_hopeless)
			continue;
		shutdown((int)i, SHUT_RDWR);
		slot->is_shut = true;
		if (is_overdue)
			count++;
	}
	pthread_mutex_unlock(&connections->mutex);
	return count;
}

enum ddns_result
connections_create(size_t descriptors, struct connections **connectionsp)
{
	struct connections *connections =
		calloc(1, sizeof *connections + descriptors * sizeof *connections->slots);
	if (connections == NULL)
		return DDNS_NO_MEMORY;
	pthread_mutex_init(&connections->mutex, NULL);
	connections->size = descriptors;
	*connectionsp = connections;
	return DDNS_OK;
}

void
connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	pthread_mutex_destroy(&connections->mutex);
	free(connections);
}
