// SPDX-License-Identifier: GPL-3.0-or-later
// The page at "/", and the routes of the doors' listener.
#ifndef GATEWAY_HTTP_FRONT_H
#define GATEWAY_HTTP_FRONT_H

#include "gateway/http/server.h"

/* The routes of http-listen; the server's context is the struct gateway. */
extern const struct http_route front_routes[];
extern const size_t front_route_count;

/* Whether a request, of which nothing is parsed yet, is for a path where updates are taken and that
 * no web site has by chance. */
bool front_is_update(const struct http_request *request);

#endif
