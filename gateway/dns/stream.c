// SPDX-License-Identifier: GPL-3.0-or-later
// A TCP connection of the DNS door (RFC 7766), with a deadline for everything.
#include "gateway/dns/stream_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum {
	MESSAGE_MS = 5000,
	IDLE_MS = 10000,
	TOTAL_MS = 30000,
	LINGER_MS = 1000,
	WRITE_MS = 5000,
	PIPELINE_MAX = 16,	  // messages without an answer yet
	UNREAD_MAX = 1024 * 1024, // octets that a client may leave unread
	UNREAD_LOW = 128 * 1024,  // octets at which a transfer goes on
};

struct stream *
stream_create(struct streams *owner, int fd, const struct address *peer)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	pthread_condattr_t attributes;

	if (stream == NULL)
		return NULL;
	stream->source = (struct source){SOURCE_STREAM, fd};
	stream->owner = owner;
	stream->peer = *peer;
	stream->references = 1;
	stream->read_deadline_ms = exchange_clock_ms() + MESSAGE_MS;
	stream->total_deadline_ms = exchange_clock_ms() + TOTAL_MS;
	pthread_mutex_init(&stream->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&stream->moved, &attributes);
	pthread_condattr_destroy(&attributes);
	return stream;
}

void
stream_release(struct stream *stream)
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

void
stream_arm(struct stream *stream, int operation)
{
	struct epoll_event event = {.data.ptr = stream};

	if (stream->source.fd < 0)
		return;
	stream->is_reading = stream->is_lingering ||
			     (!stream->is_ended && stream->references - 1 < PIPELINE_MAX);
	if (stream->is_reading)
		event.events |= EPOLLIN;
	if (stream->first != NULL)
		event.events |= EPOLLOUT;
	(void)epoll_ctl(stream->owner->options.epoll_fd, operation, stream->source.fd, &event);
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
stream_write(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool is_fine = flush(stream);
	stream_arm(stream, EPOLL_CTL_MOD);
	pthread_cond_broadcast(&stream->moved);
	pthread_mutex_unlock(&stream->lock);
	return is_fine;
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
		stream_arm(stream, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&stream->lock);
	return true;
}

bool
stream_wait(struct stream *stream, int64_t deadline_ms)
{
	const struct timespec until = {.tv_sec = deadline_ms / 1000,
				       .tv_nsec = deadline_ms % 1000 * 1000000};

	pthread_mutex_lock(&stream->lock);
	while (stream->source.fd >= 0 && !stream->is_stopped && stream->unread > UNREAD_LOW &&
	       pthread_cond_timedwait(&stream->moved, &stream->lock, &until) == 0)
		;
	bool is_ready =
		stream->source.fd >= 0 && !stream->is_stopped && stream->unread <= UNREAD_LOW;
	pthread_mutex_unlock(&stream->lock);
	return is_ready;
}

void
stream_stop(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->is_stopped = true;
	pthread_cond_broadcast(&stream->moved);
	pthread_mutex_unlock(&stream->lock);
}

void
stream_begin_transfer(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->transfers++;
	pthread_mutex_unlock(&stream->lock);
}

void
stream_end_transfer(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->transfers--;
	stream->total_deadline_ms = exchange_clock_ms() + TOTAL_MS;
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
	stream->idle_deadline_ms = exchange_clock_ms() + IDLE_MS;
	if (was_full && stream->references > 0)
		stream_arm(stream, EPOLL_CTL_MOD);
	stream->references++;
	stream_release(stream);
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
		stream_arm(stream, EPOLL_CTL_MOD);
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

/* Throws away what comes.  false: that was all. */
static bool
discard(struct stream *stream)
{
	uint8_t waste[16384];
	ssize_t got = recv(stream->source.fd, waste, sizeof(waste), MSG_DONTWAIT);

	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
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
	stream->is_at_end = true;
	pthread_mutex_lock(&stream->lock);
	stream->is_ended = true;
	stream_arm(stream, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&stream->lock);
}

bool
stream_read(struct stream *stream)
{
	if (stream->is_lingering)
		return discard(stream);
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

bool
stream_is_done(struct stream *stream)
{
	if (stream->is_lingering)
		return false;
	pthread_mutex_lock(&stream->lock);
	bool is = stream->references == 1 && stream->first == NULL && stream->is_ended;
	pthread_mutex_unlock(&stream->lock);
	return is;
}

bool
stream_linger(struct stream *stream)
{
	if (stream->is_at_end)
		return false;
	stream->is_lingering = true;
	stream->read_deadline_ms = exchange_clock_ms() + LINGER_MS;
	pthread_mutex_lock(&stream->lock);
	stream->idle_deadline_ms = 0;
	(void)shutdown(stream->source.fd, SHUT_WR);
	stream_arm(stream, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&stream->lock);
	return true;
}

bool
stream_is_overdue(struct stream *stream, int64_t now_ms)
{
	pthread_mutex_lock(&stream->lock);
	bool is_waited_for = stream->references > 1 || stream->first != NULL;
	bool is_stuck = stream->first != NULL && now_ms > stream->write_deadline_ms;
	bool is_too_long = stream->transfers == 0 && now_ms > stream->total_deadline_ms;
	bool is_idle = !is_waited_for && now_ms > stream->idle_deadline_ms;
	pthread_mutex_unlock(&stream->lock);
	return is_stuck || is_too_long ||
	       ((is_idle || stream->have > 0) && now_ms > stream->read_deadline_ms);
}
