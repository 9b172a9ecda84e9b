// SPDX-License-Identifier: GPL-3.0-or-later
// The TCP connections of the DNS door: who is let in, and when they are cut.
#include "gateway/dns/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gateway/dns/stream_internal.h"

enum {
	ACCEPT_MAX = 64, // at once
	TURN_AWAY_MS = 10,
};

enum ddns_result
streams_create(const struct streams_options *options, struct streams **streamsp)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (streams == NULL)
		return DDNS_NO_MEMORY;
	streams->options = *options;
	streams_set_limits(streams, &options->limits);
	streams->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*streamsp = streams;
	return DDNS_OK;
}

size_t
streams_count(const struct streams *streams)
{
	return streams->count;
}

void
streams_set_limits(struct streams *streams, const struct stream_limits *limits)
{
	streams->connections_max = limits->connections;
	streams->per_address_max = limits->per_address;
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
	stream_release(stream);
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

void
streams_stop(struct streams *streams)
{
	for (struct stream *at = streams->first; at != NULL; at = at->next)
		stream_stop(at);
}

/* Those of an IPv4 address, or of an IPv6 /64. */
static unsigned
count_of(const struct streams *streams, const struct address *peer)
{
	size_t kept = peer->family == AF_INET ? 4 : 8;
	unsigned count = 0;

	for (const struct stream *at = streams->first; at != NULL; at = at->next)
		count += at->peer.family == peer->family &&
					 memcmp(at->peer.bytes, peer->bytes, kept) == 0
				 ? 1
				 : 0;
	return count;
}

/* Makes room for one more; false: all that there are have proved to have a key. */
static bool
make_room(struct streams *streams)
{
	if (streams->count < streams->connections_max)
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
	unsigned per_address = streams->per_address_max;
	struct stream *stream = NULL;

	if ((per_address != 0 && count_of(streams, peer) >= per_address) || !make_room(streams) ||
	    (stream = stream_create(streams, fd, peer)) == NULL) {
		(void)close(fd);
		return;
	}
	stream->previous = streams->last;
	if (streams->last != NULL)
		streams->last->next = stream;
	else
		streams->first = stream;
	streams->last = stream;
	streams->count++;
	pthread_mutex_lock(&stream->lock);
	stream_arm(stream, EPOLL_CTL_ADD);
	pthread_mutex_unlock(&stream->lock);
}

/* Without a descriptor the one who waits cannot be taken, and epoll would tell of him for ever: the
 * spare one is spent on turning him away.  Where somebody else took that, there is a pause. */
static void
turn_away(struct streams *streams, int listener)
{
	if (streams->spare_fd >= 0)
		(void)close(streams->spare_fd);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	else
		(void)poll(NULL, 0, TURN_AWAY_MS);
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

void
streams_event(struct stream *stream, uint32_t events)
{
	bool is_fine = (events & (EPOLLERR | EPOLLHUP)) == 0;

	if (is_fine && (events & EPOLLOUT) != 0)
		is_fine = stream_write(stream);
	if (is_fine && (events & EPOLLIN) != 0)
		is_fine = stream_read(stream);
	if (!is_fine || (stream_is_done(stream) && !stream_linger(stream)))
		stream_close(stream);
}

void
streams_expire(struct streams *streams, int64_t now_ms)
{
	for (struct stream *at = streams->first, *next; at != NULL; at = next) {
		next = at->next;
		if (stream_is_overdue(at, now_ms) || (stream_is_done(at) && !stream_linger(at)))
			stream_close(at);
	}
}
