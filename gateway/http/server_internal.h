// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the HTTP server share; nobody else includes this.
#ifndef GATEWAY_HTTP_SERVER_INTERNAL_H
#define GATEWAY_HTTP_SERVER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/http/connections.h"
#include "gateway/http/server.h"

/* A thread of libmicrohttpd's. */
struct http_worker {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	atomic_uint connections; // that it serves
	atomic_bool is_blocked;	 // in a handler now
};

struct http_server {
	struct http_server_options options; // name and listen are not used after the creation
	atomic_uint per_address, request_timeout_s;
	struct connections *connections;
	size_t listener_count;
	struct pollfd *listeners; // and, after them, wake_fd
	int wake_fd;
	atomic_bool is_stopped;
	bool has_acceptor;
	pthread_t acceptor;
	unsigned worker_count;
	struct http_worker *workers;
};

/* acceptor.c */
enum ddns_result acceptor_bind(struct http_server *server, const struct config_list *listen);
enum ddns_result acceptor_start(struct http_server *server);
void acceptor_stop(struct http_server *server); // also closes the listeners

/* dispatch.c: libmicrohttpd's callbacks; the context is the worker. */
void *dispatch_target(void *context, const char *target, struct MHD_Connection *connection);
size_t dispatch_unescape(void *context, struct MHD_Connection *connection, char *text);
enum MHD_Result dispatch_request(void *context, struct MHD_Connection *connection, const char *url,
				 const char *method, const char *version, const char *body,
				 size_t *body_size, void **requestp);
void dispatch_completed(void *context, struct MHD_Connection *connection, void **requestp,
			enum MHD_RequestTerminationCode why);

#endif
