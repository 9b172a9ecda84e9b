// SPDX-License-Identifier: GPL-3.0-or-later
// TCP connections of the DNS door (RFC 7766), with a deadline for everything.
#include "gateway/dns/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
	MESSAGE_MS = 5000,
	IDLE_MS = 10000,
	TOTAL_MS = 30000,
	WRITE_MS = 5000,
	PIPELINE_MAX = 16,	  // messages without an answer yet
	UNREAD_MAX = 1024 * 1024, // octets that a client may leave unread
	UNREAD_LOW = 128 * 1024,  // octets at which a transfer goes on
	ACCEPT_MAX = 64,	  // at once
};

/* Octets that the system has not taken yet. */
struct unsent {
	struct unsent *next;
	size_t length, sent;
	uint8_t octets[];
};

struct connection {
	struct source source; // first: epoll leads here; fd is -1 when closed
	struct connections *owner;
	struct address peer;
	struct connection *previous, *next;

	// the receiving thread's own
	uint8_t prefix[2];
	uint8_t *body;
	size_t have, length; // of prefix and body together; length of body
	unsigned messages;
	bool is_ended; // nothing more will be read
	int64_t read_deadline_ms, total_deadline_ms;

	// under the lock
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned references; // exchanges, and the owner's
	bool is_transfer, is_verified, is_reading;
	struct unsent *first, *last;
	size_t unread;
	int64_t write_deadline_ms;
};

struct connections {
	struct connections_options options;
	struct connection *first, *last; // oldest first
	size_t count;
	int spare_fd; // given up for a moment when there are no descriptors left
};

enum ddns_result
connections_create(const struct connections_options *options, struct connections **connectionsp)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (connections == NULL)
		return DDNS_NO_MEMORY;
	connections->options = *options;
	connections->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*connectionsp = connections;
	return DDNS_OK;
}

size_t
connections_count(const struct connections *connections)
{
	return connections->count;
}

/* Gives a reference back; the lock is held, and is let go. */
static void
release(struct connection *connection)
{
	bool is_last = --connection->references == 0;

	pthread_mutex_unlock(&connection->lock);
	if (!is_last)
		return;
	while (connection->first != NULL) {
		struct unsent *next = connection->first->next;
		free(connection->first);
		connection->first = next;
	}
	pthread_cond_destroy(&connection->moved);
	pthread_mutex_destroy(&connection->lock);
	free(connection->body);
	free(connection);
}

/* Tells epoll what is waited for; the lock is held. */
static void
arm(struct connection *connection, int operation)
{
	struct epoll_event event = {.data.ptr = connection};

	if (connection->source.fd < 0)
		return;
	connection->is_reading = !connection->is_ended && connection->references - 1 < PIPELINE_MAX;
	if (connection->is_reading)
		event.events |= EPOLLIN;
	if (connection->first != NULL)
		event.events |= EPOLLOUT;
	(void)epoll_ctl(connection->owner->options.epoll_fd, operation, connection->source.fd,
			&event);
}

/* Closes at once; exchanges that are under way find that out. */
static void
connection_close(struct connection *connection)
{
	struct connections *owner = connection->owner;

	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		owner->first = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	else
		owner->last = connection->previous;
	owner->count--;

	pthread_mutex_lock(&connection->lock);
	(void)close(connection->source.fd);
	connection->source.fd = -1;
	pthread_cond_broadcast(&connection->moved);
	release(connection);
}

void
connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	while (connections->first != NULL)
		connection_close(connections->first);
	if (connections->spare_fd >= 0)
		(void)close(connections->spare_fd);
	free(connections);
}

static unsigned
count_of(const struct connections *connections, const struct address *peer)
{
	unsigned count = 0;

	for (const struct connection *at = connections->first; at != NULL; at = at->next)
		count += memcmp(&at->peer, peer, sizeof(*peer)) == 0 ? 1 : 0;
	return count;
}

/* Makes room for one more; false: all that there are have proved to have a key. */
static bool
make_room(struct connections *connections)
{
	if (connections->count < connections->options.limits.connections)
		return true;
	for (struct connection *at = connections->first; at != NULL; at = at->next) {
		pthread_mutex_lock(&at->lock);
		bool is_stranger = !at->is_verified;
		pthread_mutex_unlock(&at->lock);
		if (is_stranger) {
			connection_close(at);
			return true;
		}
	}
	return false;
}

/* Takes a socket over. */
static void
connection_add(struct connections *connections, int fd, const struct address *peer)
{
	const struct connection_limits *limits = &connections->options.limits;
	struct connection *connection = NULL;

	if ((limits->per_address != 0 && count_of(connections, peer) >= limits->per_address) ||
	    !make_room(connections) || (connection = calloc(1, sizeof(*connection))) == NULL) {
		(void)close(fd);
		return;
	}
	connection->source = (struct source){SOURCE_CONNECTION, fd};
	connection->owner = connections;
	connection->peer = *peer;
	connection->references = 1;
	connection->read_deadline_ms = exchange_clock_ms() + MESSAGE_MS;
	connection->total_deadline_ms = exchange_clock_ms() + TOTAL_MS;
	pthread_mutex_init(&connection->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&connection->moved, &attributes);
	pthread_condattr_destroy(&attributes);

	connection->previous = connections->last;
	if (connections->last != NULL)
		connections->last->next = connection;
	else
		connections->first = connection;
	connections->last = connection;
	connections->count++;
	pthread_mutex_lock(&connection->lock);
	arm(connection, EPOLL_CTL_ADD);
	pthread_mutex_unlock(&connection->lock);
}

/* Without a descriptor the one who waits cannot be taken, and epoll would tell of him for ever: the
 * spare one is spent on turning him away. */
static void
turn_away(struct connections *connections, int listener)
{
	if (connections->spare_fd >= 0)
		(void)close(connections->spare_fd);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	connections->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void
connections_accept(struct connections *connections, int listener)
{
	for (int i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage socket;
		socklen_t length = sizeof(socket);
		int fd = accept4(listener, (struct sockaddr *)&socket, &length,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			struct address peer = address_of((const struct sockaddr *)&socket);
			connection_add(connections, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE) {
			turn_away(connections, listener);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

/* Writes what waits; the lock is held.  false: the connection is broken. */
static bool
flush(struct connection *connection)
{
	while (connection->first != NULL) {
		struct unsent *unsent = connection->first;
		ssize_t sent = send(connection->source.fd, unsent->octets + unsent->sent,
				    unsent->length - unsent->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		connection->write_deadline_ms = exchange_clock_ms() + WRITE_MS;
		connection->unread -= (size_t)sent;
		unsent->sent += (size_t)sent;
		if (unsent->sent < unsent->length)
			continue;
		connection->first = unsent->next;
		if (connection->first == NULL)
			connection->last = NULL;
		free(unsent);
	}
	return true;
}

bool
connection_send(struct connection *connection, const uint8_t *wire, size_t length)
{
	struct unsent *unsent = malloc(sizeof(*unsent) + length + 2);

	if (unsent == NULL)
		return false;
	*unsent = (struct unsent){.length = length + 2};
	knot_wire_write_u16(unsent->octets, (uint16_t)length);
	memcpy(unsent->octets + 2, wire, length);

	pthread_mutex_lock(&connection->lock);
	bool is_open = connection->source.fd >= 0 && connection->unread <= UNREAD_MAX;
	if (!is_open) {
		pthread_mutex_unlock(&connection->lock);
		free(unsent);
		return false;
	}
	if (connection->first == NULL) {
		connection->first = unsent;
		connection->write_deadline_ms = exchange_clock_ms() + WRITE_MS;
	} else {
		connection->last->next = unsent;
	}
	connection->last = unsent;
	connection->unread += unsent->length;
	// a broken connection is closed by the thread that it belongs to
	(void)flush(connection);
	if (connection->first != NULL)
		arm(connection, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&connection->lock);
	return true;
}

bool
connection_wait(struct connection *connection, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&connection->lock);
	while (connection->source.fd >= 0 && connection->unread > UNREAD_LOW &&
	       pthread_cond_timedwait(&connection->moved, &connection->lock, &until) == 0)
		;
	bool is_ready = connection->source.fd >= 0 && connection->unread <= UNREAD_LOW;
	pthread_mutex_unlock(&connection->lock);
	return is_ready;
}

void
connection_set_transfer(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	connection->is_transfer = true;
	pthread_mutex_unlock(&connection->lock);
}

void
connection_set_verified(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	connection->is_verified = true;
	pthread_mutex_unlock(&connection->lock);
}

void
connection_abort(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	if (connection->source.fd >= 0)
		(void)shutdown(connection->source.fd, SHUT_RDWR); // its thread is told by epoll
	pthread_mutex_unlock(&connection->lock);
}

void
connection_finish(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	bool was_full = !connection->is_reading;
	connection->references--;
	if (was_full && connection->references > 0)
		arm(connection, EPOLL_CTL_MOD);
	connection->references++;
	release(connection);
}

/* A message is whole: off it goes. */
static bool
message_end(struct connection *connection)
{
	struct connections *owner = connection->owner;
	struct exchange *exchange =
		exchange_create(connection->body, connection->length, &connection->peer);

	free(connection->body);
	connection->body = NULL;
	connection->have = 0;
	connection->read_deadline_ms = exchange_clock_ms() + IDLE_MS;
	connection->is_ended = ++connection->messages >= owner->options.limits.messages;
	if (exchange == NULL)
		return false;
	pthread_mutex_lock(&connection->lock);
	connection->references++;
	if (connection->is_ended || connection->references - 1 >= PIPELINE_MAX)
		arm(connection, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&connection->lock);
	exchange->connection = connection;
	owner->options.receive(owner->options.context, exchange);
	return true;
}

/* The two octets of the length are there. */
static bool
prefix_end(struct connection *connection)
{
	connection->length = knot_wire_read_u16(connection->prefix);
	if (connection->length < KNOT_WIRE_HEADER_SIZE)
		return false;
	connection->body = malloc(connection->length);
	return connection->body != NULL;
}

/* Reads what there is.  false: the connection is to be closed. */
static bool
fill(struct connection *connection)
{
	while (!connection->is_ended && connection->is_reading) {
		bool is_prefix = connection->have < sizeof(connection->prefix);
		uint8_t *to = is_prefix ? connection->prefix + connection->have
					: connection->body + connection->have - 2;
		size_t room = is_prefix ? sizeof(connection->prefix) - connection->have
					: connection->length + 2 - connection->have;
		ssize_t got = recv(connection->source.fd, to, room, MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		if (got == 0) { // the client has said all; it may still read
			connection->is_ended = true;
			return connection->have == 0;
		}
		if (connection->have == 0)
			connection->read_deadline_ms = exchange_clock_ms() + MESSAGE_MS;
		connection->have += (size_t)got;
		if (connection->have == 2 && !prefix_end(connection))
			return false;
		if (connection->have > 2 && connection->have == connection->length + 2 &&
		    !message_end(connection))
			return false;
	}
	return true;
}

/* Whether nothing is left to do on it. */
static bool
is_done(struct connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	bool is_idle = connection->references == 1 && connection->first == NULL;
	pthread_mutex_unlock(&connection->lock);
	return is_idle && connection->is_ended;
}

void
connections_event(struct connections *connections, struct connection *connection, uint32_t events)
{
	bool is_fine = true;

	(void)connections;
	if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
		is_fine = false;
	} else {
		if ((events & EPOLLOUT) != 0) {
			pthread_mutex_lock(&connection->lock);
			is_fine = flush(connection);
			arm(connection, EPOLL_CTL_MOD);
			pthread_cond_broadcast(&connection->moved);
			pthread_mutex_unlock(&connection->lock);
		}
		if (is_fine && (events & EPOLLIN) != 0) {
			is_fine = fill(connection);
			if (connection->is_ended) {
				pthread_mutex_lock(&connection->lock);
				arm(connection, EPOLL_CTL_MOD);
				pthread_mutex_unlock(&connection->lock);
			}
		}
	}
	if (!is_fine || is_done(connection))
		connection_close(connection);
}

static bool
is_overdue(struct connection *connection, int64_t now_ms)
{
	pthread_mutex_lock(&connection->lock);
	bool is_waited_for = connection->references > 1 || connection->first != NULL;
	bool is_stuck = connection->first != NULL && now_ms > connection->write_deadline_ms;
	bool is_too_long = !connection->is_transfer && now_ms > connection->total_deadline_ms;
	pthread_mutex_unlock(&connection->lock);
	return is_stuck || is_too_long ||
	       ((!is_waited_for || connection->have > 0) && now_ms > connection->read_deadline_ms);
}

void
connections_expire(struct connections *connections, int64_t now_ms)
{
	for (struct connection *at = connections->first, *next; at != NULL; at = next) {
		next = at->next;
		if (is_overdue(at, now_ms) || is_done(at))
			connection_close(at);
	}
}
