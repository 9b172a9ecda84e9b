// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses of names by the system's resolver, all at once and in bounded time.
#ifndef GATEWAY_CTL_RESOLVE_H
#define GATEWAY_CTL_RESOLVE_H

#include <jansson.h>

#include "sql/client/result.h"

/*
 * Appends to each array of the object the addresses of the name that is its key.  What the resolver
 * does not tell within timeout_ms stays empty.  DDNS_NO_MEMORY.
 */
enum ddns_result resolve_names(json_t *names, int timeout_ms);

#endif
