// SPDX-License-Identifier: GPL-3.0-or-later
// The page at "/", and the routes of the doors' listener.
#ifndef GATEWAY_HTTP_FRONT_H
#define GATEWAY_HTTP_FRONT_H

#include "gateway/http/server.h"

/* The routes of http-listen; the server's context is the struct gateway. */
extern const struct http_route front_routes[];
extern const size_t front_route_count;

#endif
