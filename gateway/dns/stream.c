// SPDX-License-Identifier: GPL-3.0-or-later
// TCP connections of the DNS door (RFC 7766), with a deadline for everything.
#include "gateway/dns/stream.h"

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

struct stream {
	struct source source; // first: epoll leads here; fd is -1 when closed
	struct streams *owner;
	struct address peer;
	struct stream *previous, *next;

	// the receiving thread's own
	uint8_t prefix[2];
	uint8_t *body;
	size_t have, length; // of prefix and body together; length of body
	unsigned messages;
	int64_t read_deadline_ms, total_deadline_ms;

	// under the lock
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned references; // exchanges, and the owner's
	bool is_transfer, is_verified, is_reading;
	bool is_ended; // nothing more will be read
	struct unsent *first, *last;
	size_t unread;
	int64_t write_deadline_ms;
};

struct streams {
	struct streams_options options;
	struct stream *first, *last; // oldest first
	size_t count;
	int spare_fd; // given up for a moment when there are no descriptors left
};

enum ddns_result
streams_create(const struct streams_options *options, struct streams **streamsp)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (streams == NULL)
		return DDNS_NO_MEMORY;
	streams->options = *options;
	streams->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*streamsp = streams;
	return DDNS_OK;
}

size_t
streams_count(const struct streams *streams)
{
	return streams->count;
}

/* Gives a reference back; the lock is held, and is let go. */
static void
release(struct stream *stream)
{
	bool is_last = --stream->references == 0;

	pthread_mutex_unlock(&stream->lock);
	if (!is_last)
		return;
	while (stream->first != NULL) {
		struct unsent *next = stream->first->next;
		free(stream->first);
		stream->first = next;
	}
	pthread_cond_destroy(&stream->moved);
	pthread_mutex_destroy(&stream->lock);
	free(stream->body);
	free(stream);
}

/* Tells epoll what is waited for; the lock is held. */
static void
arm(struct stream *stream, int operation)
{
	struct epoll_event event = {.data.ptr = stream};

	if (stream->source.fd < 0)
		return;
	stream->is_reading = !stream->is_ended && stream->references - 1 < PIPELINE_MAX;
	if (stream->is_reading)
		event.events |= EPOLLIN;
	if (stream->first != NULL)
		event.events |= EPOLLOUT;
	(void)epoll_ctl(stream->owner->options.epoll_fd, operation, stream->source.fd, &event);
}

/* Closes at once; exchanges that are under way find that out. */
static void
stream_close(struct stream *stream)
{
	struct streams *owner = stream->owner;

	if (stream->previous != NULL)
		stream->previous->next = stream->next;
	else
		owner->first = stream->next;
	if (stream->next != NULL)
		stream->next->previous = stream->previous;
	else
		owner->last = stream->previous;
	owner->count--;

	pthread_mutex_lock(&stream->lock);
	(void)close(stream->source.fd);
	stream->source.fd = -1;
	pthread_cond_broadcast(&stream->moved);
	release(stream);
}

void
streams_free(struct streams *streams)
{
	if (streams == NULL)
		return;
	while (streams->first != NULL)
		stream_close(streams->first);
	if (streams->spare_fd >= 0)
		(void)close(streams->spare_fd);
	free(streams);
}

static unsigned
count_of(const struct streams *streams, const struct address *peer)
{
	unsigned count = 0;

	for (const struct stream *at = streams->first; at != NULL; at = at->next)
		count += memcmp(&at->peer, peer, sizeof(*peer)) == 0 ? 1 : 0;
	return count;
}

/* Makes room for one more; false: all that there are have proved to have a key. */
static bool
make_room(struct streams *streams)
{
	if (streams->count < streams->options.limits.connections)
		return true;
	for (struct stream *at = streams->first; at != NULL; at = at->next) {
		pthread_mutex_lock(&at->lock);
		bool is_stranger = !at->is_verified;
		pthread_mutex_unlock(&at->lock);
		if (is_stranger) {
			stream_close(at);
			return true;
		}
	}
	return false;
}

/* Takes a socket over. */
static void
stream_add(struct streams *streams, int fd, const struct address *peer)
{
	const struct stream_limits *limits = &streams->options.limits;
	struct stream *stream = NULL;

	if ((limits->per_address != 0 && count_of(streams, peer) >= limits->per_address) ||
	    !make_room(streams) || (stream = calloc(1, sizeof(*stream))) == NULL) {
		(void)close(fd);
		return;
	}
	stream->source = (struct source){SOURCE_STREAM, fd};
	stream->owner = streams;
	stream->peer = *peer;
	stream->references = 1;
	stream->read_deadline_ms = exchange_clock_ms() + MESSAGE_MS;
	stream->total_deadline_ms = exchange_clock_ms() + TOTAL_MS;
	pthread_mutex_init(&stream->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&stream->moved, &attributes);
	pthread_condattr_destroy(&attributes);

	stream->previous = streams->last;
	if (streams->last != NULL)
		streams->last->next = stream;
	else
		streams->first = stream;
	streams->last = stream;
	streams->count++;
	pthread_mutex_lock(&stream->lock);
	arm(stream, EPOLL_CTL_ADD);
	pthread_mutex_unlock(&stream->lock);
}

/* Without a descriptor the one who waits cannot be taken, and epoll would tell of him for ever: the
 * spare one is spent on turning him away. */
static void
turn_away(struct streams *streams, int listener)
{
	if (streams->spare_fd >= 0)
		(void)close(streams->spare_fd);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	streams->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void
streams_accept(struct streams *streams, int listener)
{
	for (int i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage socket;
		socklen_t length = sizeof(socket);
		int fd = accept4(listener, (struct sockaddr *)&socket, &length,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			struct address peer = address_of((const struct sockaddr *)&socket);
			stream_add(streams, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE) {
			turn_away(streams, listener);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

/* Writes what waits; the lock is held.  false: the connection is broken. */
static bool
flush(struct stream *stream)
{
	while (stream->first != NULL) {
		struct unsent *unsent = stream->first;
		ssize_t sent = send(stream->source.fd, unsent->octets + unsent->sent,
				    unsent->length - unsent->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		stream->write_deadline_ms = exchange_clock_ms() + WRITE_MS;
		stream->unread -= (size_t)sent;
		unsent->sent += (size_t)sent;
		if (unsent->sent < unsent->length)
			continue;
		stream->first = unsent->next;
		if (stream->first == NULL)
			stream->last = NULL;
		free(unsent);
	}
	return true;
}

bool
stream_send(struct stream *stream, const uint8_t *wire, size_t length)
{
	struct unsent *unsent = malloc(sizeof(*unsent) + length + 2);

	if (unsent == NULL)
		return false;
	*unsent = (struct unsent){.length = length + 2};
	knot_wire_write_u16(unsent->octets, (uint16_t)length);
	memcpy(unsent->octets + 2, wire, length);

	pthread_mutex_lock(&stream->lock);
	bool is_open = stream->source.fd >= 0 && stream->unread <= UNREAD_MAX;
	if (!is_open) {
		pthread_mutex_unlock(&stream->lock);
		free(unsent);
		return false;
	}
	if (stream->first == NULL) {
		stream->first = unsent;
		stream->write_deadline_ms = exchange_clock_ms() + WRITE_MS;
	} else {
		stream->last->next = unsent;
	}
	stream->last = unsent;
	stream->unread += unsent->length;
	// a broken connection is closed by the thread that it belongs to
	(void)flush(stream);
	if (stream->first != NULL)
		arm(stream, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&stream->lock);
	return true;
}

bool
stream_wait(struct stream *stream, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&stream->lock);
	while (stream->source.fd >= 0 && stream->unread > UNREAD_LOW &&
	       pthread_cond_timedwait(&stream->moved, &stream->lock, &until) == 0)
		;
	bool is_ready = stream->source.fd >= 0 && stream->unread <= UNREAD_LOW;
	pthread_mutex_unlock(&stream->lock);
	return is_ready;
}

void
stream_set_transfer(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->is_transfer = true;
	pthread_mutex_unlock(&stream->lock);
}

void
stream_set_verified(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->is_verified = true;
	pthread_mutex_unlock(&stream->lock);
}

void
stream_abort(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	if (stream->source.fd >= 0)
		(void)shutdown(stream->source.fd, SHUT_RDWR); // its thread is told by epoll
	pthread_mutex_unlock(&stream->lock);
}

void
stream_finish(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool was_full = !stream->is_reading;
	stream->references--;
	if (was_full && stream->references > 0)
		arm(stream, EPOLL_CTL_MOD);
	stream->references++;
	release(stream);
}

/* A message is whole: off it goes. */
static bool
message_end(struct stream *stream)
{
	struct streams *owner = stream->owner;
	struct exchange *exchange = exchange_create(stream->body, stream->length, &stream->peer);

	free(stream->body);
	stream->body = NULL;
	stream->have = 0;
	stream->read_deadline_ms = exchange_clock_ms() + IDLE_MS;
	if (exchange == NULL)
		return false;
	pthread_mutex_lock(&stream->lock);
	stream->is_ended = ++stream->messages >= owner->options.limits.messages;
	stream->references++;
	if (stream->is_ended || stream->references - 1 >= PIPELINE_MAX)
		arm(stream, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&stream->lock);
	exchange->stream = stream;
	owner->options.receive(owner->options.context, exchange);
	return true;
}

/* The two octets of the length are there. */
static bool
prefix_end(struct stream *stream)
{
	stream->length = knot_wire_read_u16(stream->prefix);
	if (stream->length < KNOT_WIRE_HEADER_SIZE)
		return false;
	stream->body = malloc(stream->length);
	return stream->body != NULL;
}

static bool
may_read(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool may = stream->is_reading && !stream->is_ended;
	pthread_mutex_unlock(&stream->lock);
	return may;
}

/* The client has said all; it may still read. */
static void
end_reading(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->is_ended = true;
	arm(stream, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&stream->lock);
}

/* Reads what there is.  false: the connection is to be closed. */
static bool
fill(struct stream *stream)
{
	while (may_read(stream)) {
		bool is_prefix = stream->have < sizeof(stream->prefix);
		uint8_t *to =
			is_prefix ? stream->prefix + stream->have : stream->body + stream->have - 2;
		size_t room = is_prefix ? sizeof(stream->prefix) - stream->have
					: stream->length + 2 - stream->have;
		ssize_t got = recv(stream->source.fd, to, room, MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		if (got == 0) {
			end_reading(stream);
			return stream->have == 0;
		}
		if (stream->have == 0)
			stream->read_deadline_ms = exchange_clock_ms() + MESSAGE_MS;
		stream->have += (size_t)got;
		if (stream->have == 2 && !prefix_end(stream))
			return false;
		if (stream->have > 2 && stream->have == stream->length + 2 && !message_end(stream))
			return false;
	}
	return true;
}

/* Whether nothing is left to do on it. */
static bool
is_done(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool is = stream->references == 1 && stream->first == NULL && stream->is_ended;
	pthread_mutex_unlock(&stream->lock);
	return is;
}

void
streams_event(struct stream *stream, uint32_t events)
{
	bool is_fine = true;

	if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
		is_fine = false;
	} else {
		if ((events & EPOLLOUT) != 0) {
			pthread_mutex_lock(&stream->lock);
			is_fine = flush(stream);
			arm(stream, EPOLL_CTL_MOD);
			pthread_cond_broadcast(&stream->moved);
			pthread_mutex_unlock(&stream->lock);
		}
		if (is_fine && (events & EPOLLIN) != 0)
			is_fine = fill(stream);
	}
	if (!is_fine || is_done(stream))
		stream_close(stream);
}

static bool
is_overdue(struct stream *stream, int64_t now_ms)
{
	pthread_mutex_lock(&stream->lock);
	bool is_waited_for = stream->references > 1 || stream->first != NULL;
	bool is_stuck = stream->first != NULL && now_ms > stream->write_deadline_ms;
	bool is_too_long = !stream->is_transfer && now_ms > stream->total_deadline_ms;
	pthread_mutex_unlock(&stream->lock);
	return is_stuck || is_too_long ||
	       ((!is_waited_for || stream->have > 0) && now_ms > stream->read_deadline_ms);
}

void
streams_expire(struct streams *streams, int64_t now_ms)
{
	for (struct stream *at = streams->first, *next; at != NULL; at = next) {
		next = at->next;
		if (is_overdue(at, now_ms) || is_done(at))
			stream_close(at);
	}
}
