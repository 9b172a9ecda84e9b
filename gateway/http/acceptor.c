// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that accepts HTTP connections, hands them to workers and cuts off what is overdue.
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/address.h"
#include "gateway/http/server_internal.h"
#include "gateway/log.h"
#include "sql/client/db.h"

enum {
	BACKLOG = 1024,
	ACCEPTS_MAX = 64, // from one listener in a turn
	TURN_MS = 250,	  // longest time between two sweeps
	FULL_MS = 20,	  // pause while nothing more can be accepted
	STARVED_MS = 100, // pause where the system has no descriptor or memory left
};

static enum ddns_result
bind_one(const char *name, const char *text, int *fdp)
{
	struct listen_address address;
	enum ddns_result result = listen_address_parse(text, &address);
	if (result != DDNS_OK)
		return result;
	int on = 1;
	int fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd >= 0 && address.socket.ss_family == AF_INET6) // IPv4 has listeners of its own
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address.socket, address.length) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		log_error("%s: cannot listen at %s: %s", name, text, strerror(errno));
		if (fd >= 0)
			close(fd);
		return DDNS_UNAVAILABLE;
	}
	struct sockaddr_storage bound;
	socklen_t length = sizeof bound;
	char bound_text[LISTEN_TEXT_SIZE];
	if (getsockname(fd, (struct sockaddr *)&bound, &length) == 0) {
		listen_address_text((const struct sockaddr *)&bound, bound_text);
		log_info("%s: listening at %s", name, bound_text);
	}
	*fdp = fd;
	return DDNS_OK;
}

enum ddns_result
acceptor_bind(struct http_server *server, const struct config_list *listen)
{
	enum ddns_result result = DDNS_OK;
	server->listeners = calloc(listen->count + 1, sizeof *server->listeners);
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->listeners == NULL || server->wake_fd < 0)
		return DDNS_NO_MEMORY;
	for (size_t i = 0; i < listen->count; i++) {
		struct pollfd *listener = &server->listeners[i];
		listener->events = POLLIN;
		CHECK(bind_one(server->options.name, listen->items[i], &listener->fd));
		server->listener_count++;
	}

cleanup:
	server->listeners[server->listener_count].fd = server->wake_fd;
	server->listeners[server->listener_count].events = POLLIN;
	return result;
}

/* The worker to whom a new connection does least harm. */
static unsigned
choose_worker(const struct http_server *server)
{
	unsigned best = 0, best_cost = UINT32_MAX;
	for (unsigned i = 0; i < server->worker_count && best_cost > 0; i++) {
		const struct http_worker *worker = &server->workers[i];
		unsigned cost = atomic_load_explicit(&worker->connections, memory_order_relaxed);
		if (atomic_load_explicit(&worker->is_blocked, memory_order_relaxed))
			cost += server->options.connections;
		if (cost < best_cost) {
			best = i;
			best_cost = cost;
		}
	}
	return best;
}

static void
hand_over(struct http_server *server, int fd, const struct sockaddr *socket, socklen_t length)
{
	struct address peer = address_of(socket);
	unsigned chosen = choose_worker(server);
	struct http_worker *worker = &server->workers[chosen];
	metrics_add(&server->options.counters->connections);
	if (connections_open(server->connections, fd, &peer, chosen,
			     atomic_load(&server->per_address)) != DDNS_OK) {
		metrics_add(&server->options.counters->refused);
		close(fd);
		return;
	}
	atomic_fetch_add(&worker->connections, 1);
	// where that fails, it has closed the descriptor
	if (MHD_add_connection(worker->daemon, fd, socket, length) != MHD_YES) {
		connections_close(server->connections, fd, &chosen);
		atomic_fetch_sub(&worker->connections, 1);
	}
}

/* Accepts what waits at a listener; the pause in milliseconds that is due then. */
static int
accept_some(struct http_server *server, int listener)
{
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage socket;
		socklen_t length = sizeof socket;
		if (connections_count(server->connections) >= server->options.connections)
			return FULL_MS;
		int fd = accept4(listener, (struct sockaddr *)&socket, &length,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			hand_over(server, fd, (const struct sockaddr *)&socket, length);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return STARVED_MS;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
	}
	return 0;
}

static void *
run(void *context)
{
	struct http_server *server = context;
	int64_t swept_ms = ddns_clock_ms();
	int pause = 0;
	while (!atomic_load(&server->is_stopped)) {
		struct pollfd *wake = &server->listeners[server->listener_count];
		if (pause > 0) // listeners that are full stay readable
			poll(wake, 1, pause);
		else
			poll(server->listeners, server->listener_count + 1, TURN_MS);
		pause = 0;
		for (size_t i = 0; i < server->listener_count; i++) {
			int due = 0;
			if (server->listeners[i].revents != 0)
				due = accept_some(server, server->listeners[i].fd);
			if (due > pause)
				pause = due;
		}
		if (ddns_clock_ms() - swept_ms < TURN_MS)
			continue;
		swept_ms = ddns_clock_ms();
		unsigned cut =
			connections_sweep(server->connections,
					  (int64_t)atomic_load(&server->request_timeout_s) * 1000);
		atomic_fetch_add(&server->options.counters->overdue, cut);
	}
	return NULL;
}

enum ddns_result
acceptor_start(struct http_server *server)
{
	if (pthread_create(&server->acceptor, NULL, run, server) != 0)
		return DDNS_INTERNAL;
	server->has_acceptor = true;
	return DDNS_OK;
}

void
acceptor_stop(struct http_server *server)
{
	atomic_store(&server->is_stopped, true);
	if (server->has_acceptor) {
		eventfd_write(server->wake_fd, 1);
		pthread_join(server->acceptor, NULL);
		server->has_acceptor = false;
		// who waits in the system's queue would be reset, with the request it has sent
		for (size_t i = 0; i < server->listener_count; i++)
			accept_some(server, server->listeners[i].fd);
	}
	for (size_t i = 0; i < server->listener_count; i++)
		close(server->listeners[i].fd);
	server->listener_count = 0;
}
