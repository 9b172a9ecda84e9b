// SPDX-License-Identifier: GPL-3.0-or-later
// Receives DNS messages.
#include "gateway/dns/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/dns/datagram.h"
#include "gateway/log.h"

enum {
	TURN_MS = 250,	// longest time between two looks at deadlines, and
	EXPIRE_MS = 50, // the shortest
	EVENTS = 64,	// at once
	DATAGRAMS = 64, // from one socket, before others have their turn
	BACKLOG = 128,	// of connections
};

struct dns_server {
	struct dns_server_options options;
	struct source *sources; // a datagram and a listening socket for each address
	size_t source_count;
	struct source stop;
	int epoll_fd;
	struct streams *streams;
	pthread_t thread;
	bool has_thread;
	_Atomic int64_t seen_alive_ms;
};

static enum ddns_result
listener_bind(const struct listen_address *address, int *fdp)
{
	int family = address->socket.ss_family, on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return DDNS_UNAVAILABLE;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if ((family == AF_INET ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(fd, (const struct sockaddr *)&address->socket, address->length) == 0 &&
	    listen(fd, BACKLOG) == 0) {
		*fdp = fd;
		return DDNS_OK;
	}
	int error = errno;
	(void)close(fd);
	errno = error;
	return DDNS_UNAVAILABLE;
}

static enum ddns_result
source_add(struct dns_server *server, struct source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) == 0 ? DDNS_OK
										   : DDNS_INTERNAL;
}

/* Both sockets of an address; where the system chooses the port, it is the same for both. */
static enum ddns_result
address_bind(struct dns_server *server, const char *text)
{
	enum ddns_result result;
	struct listen_address address;
	struct source *sources = &server->sources[server->source_count];

	CHECK(listen_address_parse(text, &address));
	CHECK(listener_bind(&address, &sources[0].fd));
	sources[0].kind = SOURCE_LISTENER;
	server->source_count++;
	address.length = sizeof(address.socket);
	if (getsockname(sources[0].fd, (struct sockaddr *)&address.socket, &address.length) != 0) {
		result = DDNS_UNAVAILABLE;
		goto cleanup;
	}
	CHECK(datagram_bind(&address, &sources[1].fd));
	sources[1].kind = SOURCE_DATAGRAM;
	server->source_count++;
	CHECK(source_add(server, &sources[0]));
	CHECK(source_add(server, &sources[1]));

cleanup:
	if (result == DDNS_BAD_INPUT)
		log_error("dns: '%s' is no ADDRESS:PORT", text);
	else if (result != DDNS_OK)
		log_error("dns: cannot listen at '%s': %s", text, strerror(errno));
	return result;
}

enum ddns_result
dns_server_create(const struct dns_server_options *options, struct dns_server **serverp)
{
	enum ddns_result result = DDNS_NO_MEMORY;
	struct dns_server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return DDNS_NO_MEMORY;
	server->options = *options;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->stop = (struct source){SOURCE_STOP, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	server->sources = calloc(2 * options->listen_count + 1, sizeof(*server->sources));
	if (server->epoll_fd < 0 || server->stop.fd < 0 || server->sources == NULL)
		goto cleanup;
	CHECK(source_add(server, &server->stop));
	for (size_t i = 0; i < options->listen_count; i++)
		CHECK(address_bind(server, options->listen[i]));
	const struct streams_options streams = {
		.epoll_fd = server->epoll_fd,
		.limits = options->limits,
		.receive = options->receive,
		.context = options->context,
	};
	CHECK(streams_create(&streams, &server->streams));
	*serverp = server;
	server = NULL;

cleanup:
	dns_server_free(server);
	return result;
}

static void
datagrams_take(struct dns_server *server, int fd)
{
	for (int i = 0; i < DATAGRAMS; i++) {
		struct exchange *exchange;
		enum ddns_result result = datagram_receive(fd, &exchange);
		if (result == DDNS_NOT_FOUND)
			return;
		if (result == DDNS_OK)
			server->options.receive(server->options.context, exchange);
	}
}

/* Handles all events but new connections: to accept one may close an old one, whose event would
 * then lead nowhere.  false: it is time to stop. */
static bool
events_take(struct dns_server *server, const struct epoll_event *events, int count)
{
	int listeners[EVENTS], listener_count = 0;

	for (int i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;
		switch (source->kind) {
		case SOURCE_DATAGRAM:
			datagrams_take(server, source->fd);
			break;
		case SOURCE_STREAM:
			streams_event(events[i].data.ptr, events[i].events);
			break;
		case SOURCE_LISTENER:
			listeners[listener_count++] = source->fd;
			break;
		case SOURCE_STOP:
			return false;
		}
	}
	for (int i = 0; i < listener_count; i++)
		streams_accept(server->streams, listeners[i]);
	return true;
}

static void *
run(void *context)
{
	struct dns_server *server = context;
	struct epoll_event events[EVENTS];
	int64_t expired_ms = 0;

	while (events_take(server, events, epoll_wait(server->epoll_fd, events, EVENTS, TURN_MS))) {
		server->seen_alive_ms = exchange_clock_ms();
		if (server->seen_alive_ms - expired_ms < EXPIRE_MS)
			continue;
		expired_ms = server->seen_alive_ms;
		streams_expire(server->streams, expired_ms);
	}
	return NULL;
}

enum ddns_result
dns_server_start(struct dns_server *server)
{
	server->seen_alive_ms = exchange_clock_ms();
	if (pthread_create(&server->thread, NULL, run, server) != 0)
		return DDNS_INTERNAL;
	server->has_thread = true;
	return DDNS_OK;
}

void
dns_server_set_limits(struct dns_server *server, const struct stream_limits *limits)
{
	streams_set_limits(server->streams, limits);
}

void
dns_server_stop(struct dns_server *server)
{
	const uint64_t one = 1;

	if (!server->has_thread)
		return;
	if (write(server->stop.fd, &one, sizeof(one)) != sizeof(one))
		log_error("dns: cannot wake the receiving thread: %s", strerror(errno));
	pthread_join(server->thread, NULL);
	server->has_thread = false;
	streams_stop(server->streams);
}

void
dns_server_free(struct dns_server *server)
{
	if (server == NULL)
		return;
	dns_server_stop(server);
	streams_free(server->streams);
	for (size_t i = 0; i < server->source_count; i++)
		(void)close(server->sources[i].fd);
	if (server->stop.fd >= 0)
		(void)close(server->stop.fd);
	if (server->epoll_fd >= 0)
		(void)close(server->epoll_fd);
	free(server->sources);
	free(server);
}

unsigned
dns_server_port(const struct dns_server *server, size_t index)
{
	struct sockaddr_storage socket;
	socklen_t length = sizeof(socket);

	if (getsockname(server->sources[2 * index].fd, (struct sockaddr *)&socket, &length) != 0)
		return 0;
	return ntohs(socket.ss_family == AF_INET ? ((struct sockaddr_in *)&socket)->sin_port
						 : ((struct sockaddr_in6 *)&socket)->sin6_port);
}

int64_t
dns_server_seen_alive_ms(const struct dns_server *server)
{
	return server->seen_alive_ms;
}
