// SPDX-License-Identifier: GPL-3.0-or-later
// What a connection and the set that it is in know of each other.
#ifndef GATEWAY_DNS_STREAM_INTERNAL_H
#define GATEWAY_DNS_STREAM_INTERNAL_H

#include <pthread.h>

#include "gateway/dns/stream.h"
#include "gateway/dns/streams.h"

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
	bool is_at_end;	   // the client has said all
	bool is_lingering; // what he says is thrown away
	int64_t read_deadline_ms;

	// under the lock
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned references; // exchanges, and the owner's
	bool is_verified, is_reading;
	bool is_ended;	    // nothing more will be read
	bool is_stopped;    // nobody waits for the client any more
	unsigned transfers; // under way
	struct unsent *first, *last;
	size_t unread;
	int64_t write_deadline_ms, total_deadline_ms;
	int64_t idle_deadline_ms; // since the last answer
};

struct streams {
	struct streams_options options;
	_Atomic unsigned connections_max, per_address_max; // of options.limits
	struct stream *first, *last;			   // oldest first
	size_t count;
	int spare_fd; // given up for a moment when there are no descriptors left
};

/* A connection that is in no set yet, with the owner's reference.  NULL: no memory. */
struct stream *stream_create(struct streams *owner, int fd, const struct address *peer);

/* Gives a reference back; the lock is held, and is let go. */
void stream_release(struct stream *stream);

/* Tells epoll what is waited for, with EPOLL_CTL_ADD or EPOLL_CTL_MOD; the lock is held. */
void stream_arm(struct stream *stream, int operation);

/* Ends all waiting for the client, now and from now on. */
void stream_stop(struct stream *stream);

/* The rest is for the receiving thread.  false: the connection is to be closed. */
bool stream_read(struct stream *stream);
bool stream_write(struct stream *stream);

bool stream_is_done(struct stream *stream); // nothing is left to do on it

/* Where the client may still be sending when it is done: ends our side and lets him find that out,
 * since to close now would cost him answers that are on their way.  false: it is to be closed. */
bool stream_linger(struct stream *stream);
bool stream_is_overdue(struct stream *stream, int64_t now_ms);

#endif
