// SPDX-License-Identifier: GPL-3.0-or-later
// An HTTP server: its threads, from creation to the end.
#include "gateway/http/server.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "gateway/http/server_internal.h"
#include "gateway/log.h"
#include "sql/client/db.h"

enum {
	MEMORY_PER_CONNECTION = 16384, // request line and headers must fit
	MEMORY_WITH_ECHO = 32768,      // and a reply whose headers repeat the request line
	STACK_SIZE = 512 * 1024,
	SPARE_DESCRIPTORS = 512,   // for all that is no connection
	DESCRIPTORS_MAX = 1 << 17, // more than all connections that can be configured
	DRAIN_STEP_MS = 10,
};

/* libmicrohttpd's own messages: mostly about what clients did wrong. */
static void __attribute__((format(printf, 2, 0)))
log_library(void *context, const char *format, va_list arguments)
{
	(void)context;
	char message[512];
	vsnprintf(message, sizeof message, format, arguments);
	log_debug("http: %s", message);
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
	      enum MHD_ConnectionNotificationCode what)
{
	const struct http_worker *worker = context;
	(void)socket_context;
	if (what != MHD_CONNECTION_NOTIFY_CLOSED)
		return;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	unsigned number;
	if (info != NULL &&
	    connections_close(worker->server->connections, info->connect_fd, &number))
		atomic_fetch_sub(&worker->server->workers[number].connections, 1);
}

static enum ddns_result
start_worker(struct http_server *server, struct http_worker *worker)
{
	const struct http_server_options *options = &server->options;
	size_t memory = options->divert == NULL ? MEMORY_PER_CONNECTION : MEMORY_WITH_ECHO;
	bool is_tls = options->certificate != NULL;
	worker->server = server;
	worker->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
			MHD_USE_ITC | MHD_USE_ERROR_LOG | (is_tls ? MHD_USE_TLS : 0),
		0, NULL, NULL, dispatch_request, worker, MHD_OPTION_EXTERNAL_LOGGER, log_library,
		NULL, // first: it reports on the others
		MHD_OPTION_NOTIFY_COMPLETED, dispatch_completed, worker,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, worker, MHD_OPTION_URI_LOG_CALLBACK,
		dispatch_target, worker, MHD_OPTION_UNESCAPE_CALLBACK, dispatch_unescape, worker,
		MHD_OPTION_CONNECTION_LIMIT, options->connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_STRICT_FOR_CLIENT,
		0, // routers send what they send
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_SIZE,
		// plain HTTP's list of options ends here
		is_tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, CERTIFICATE_PRIORITIES,
		MHD_OPTION_HTTPS_CERT_CALLBACK2, certificate_retrieve, MHD_OPTION_END);
	return worker->daemon == NULL ? DDNS_INTERNAL : DDNS_OK;
}

enum ddns_result
http_server_start(struct http_server *server)
{
	enum ddns_result result = DDNS_OK;
	for (; server->worker_count < server->options.threads; server->worker_count++) {
		result = start_worker(server, &server->workers[server->worker_count]);
		if (result != DDNS_OK) {
			log_error("%s: cannot start a thread of libmicrohttpd",
				  server->options.name);
			return result;
		}
	}
	return acceptor_start(server);
}

void
http_server_set_limits(struct http_server *server, unsigned per_address, unsigned request_timeout_s)
{
	atomic_store(&server->per_address, per_address);
	atomic_store(&server->request_timeout_s, request_timeout_s);
}

void
http_server_drain(struct http_server *server, int timeout_ms)
{
	const struct timespec step = {.tv_nsec = DRAIN_STEP_MS * 1000000};
	int64_t deadline = ddns_clock_ms() + timeout_ms;
	acceptor_stop(server);
	while (connections_count(server->connections) > 0 && ddns_clock_ms() < deadline)
		nanosleep(&step, NULL);
}

size_t
http_server_connections(struct http_server *server)
{
	return connections_count(server->connections);
}

/*
 * The descriptors that there may be.  They are numbered over the whole process: the clients of one
 * server push up the numbers of another's.
 */
static size_t
count_descriptors(const struct http_server_options *options)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > DESCRIPTORS_MAX)
		return DESCRIPTORS_MAX;
	if (files.rlim_cur < (rlim_t)options->connections + SPARE_DESCRIPTORS)
		log_warning("%s: %u connections need more open files than the limit of %lu",
			    options->name, options->connections, (unsigned long)files.rlim_cur);
	return files.rlim_cur;
}

enum ddns_result
http_server_create(const struct http_server_options *options, struct http_server **serverp)
{
	struct http_server *server = calloc(1, sizeof *server);
	enum ddns_result result = DDNS_NO_MEMORY;
	if (server == NULL)
		return result;
	server->options = *options;
	server->wake_fd = -1;
	http_server_set_limits(server, options->per_address, options->request_timeout_s);
	server->workers = calloc(options->threads, sizeof *server->workers);
	if (server->workers == NULL)
		goto cleanup;
	CHECK(connections_create(count_descriptors(options), &server->connections));
	CHECK(acceptor_bind(server, options->listen));
	*serverp = server;
	server = NULL;

cleanup:
	http_server_free(server);
	return result;
}

void
http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	acceptor_stop(server);
	for (unsigned i = 0; i < server->worker_count; i++)
		MHD_stop_daemon(server->workers[i].daemon);
	if (server->wake_fd >= 0)
		close(server->wake_fd);
	connections_free(server->connections);
	free(server->workers);
	free(server->listeners);
	free(server);
}
