// SPDX-License-Identifier: GPL-3.0-or-later
// What monitoring asks: is it alive, is it ready, what has it counted.
#ifndef GATEWAY_HTTP_STATUS_H
#define GATEWAY_HTTP_STATUS_H

#include "gateway/gateway.h"
#include "gateway/http/server.h"

/* The server's context is a struct status_sources. */
struct status_sources {
	struct gateway *gateway;
	struct http_server *doors, *secure; // whose connections are counted; secure may be NULL
	struct certificate *certificate;    // NULL without HTTPS
};

extern const struct http_route status_routes[];
extern const size_t status_route_count;

/* Whether the threads that must move do: what /livez and the watchdog go by. */
bool status_is_alive(struct gateway *gateway);

#endif
