// SPDX-License-Identifier: GPL-3.0-or-later
// An HTTP server: listeners, threads, limits, and a table of routes.
#ifndef GATEWAY_HTTP_SERVER_H
#define GATEWAY_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/config.h"
#include "gateway/http/certificate.h"
#include "gateway/http/proxy.h"
#include "gateway/http/request.h"
#include "gateway/metrics.h"
#include "sql/client/result.h"

enum {
	HTTP_GET = 1 << 0, // HEAD is answered where GET is, unless the route updates
	HTTP_POST = 1 << 1,
	HTTP_PUT = 1 << 2,
};

enum {
	HTTP_ROUTE_UPDATES = 1 << 0, // never by HEAD, nor by a browser that looks ahead
	HTTP_ROUTE_COMMON = 1 << 1,  // a path that web sites have, too
	HTTP_ROUTE_SECRET = 1 << 2,  // a secret follows the path
};

/* The first route whose path is that of the request, and whose parameter is there, serves it. */
struct http_route {
	const char *path;
	unsigned methods;      // HTTP_*
	unsigned flags;	       // HTTP_ROUTE_*
	const char *parameter; // that it must have, or NULL
	enum MHD_Result (*handler)(struct http_request *request);
};

/* Asked before the routes, once the headers are sound: false where it leaves the request to these,
 * else *resultp is what came of its reply.  There is no body yet, nor are there path, parameters
 * and peer. */
typedef bool http_divert(struct http_request *request, enum MHD_Result *resultp);

struct http_server_options {
	const char *name;		  // for the log
	const struct config_list *listen; // ADDRESS:PORT each
	struct certificate *certificate;  // for TLS; NULL: plain HTTP
	const struct http_route *routes;
	size_t route_count;
	http_divert *divert;	// or NULL
	void *context;		// for handlers
	struct proxies proxies; // whose X-Forwarded-For is believed
	struct http_counters *counters;
	unsigned threads;
	unsigned connections;	    // open at once
	unsigned per_address;	    // of them from one source, 0: no limit
	unsigned request_timeout_s; // for a connection in all
};

/*
 * Every thread serves connections of its own, and a handler may block its thread: new connections
 * go to threads that are not blocked, as long as there are any.
 */
struct http_server;

/* Binds all listeners, which may take privileges; nothing is answered yet.  Failures are logged. */
enum ddns_result http_server_create(const struct http_server_options *options,
				    struct http_server **serverp);

/* Starts the threads. */
enum ddns_result http_server_start(struct http_server *server);

/* New limits, for connections from now on. */
void http_server_set_limits(struct http_server *server, unsigned per_address,
			    unsigned request_timeout_s);

/* Takes no more connections, and waits until those open are done, at most timeout_ms. */
void http_server_drain(struct http_server *server, int timeout_ms);

void http_server_free(struct http_server *server); // takes NULL

size_t http_server_connections(struct http_server *server);

#endif
