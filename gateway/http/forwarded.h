// SPDX-License-Identifier: GPL-3.0-or-later
// The header Forwarded (RFC 7239).
#ifndef GATEWAY_HTTP_FORWARDED_H
#define GATEWAY_HTTP_FORWARDED_H

#include <stddef.h>

#include "sql/client/result.h"

/*
 * Turns a value of it into what X-Forwarded-For would be: the nodes of "for", in their order,
 * parted by commas; "unknown" for an element without one, and for a node that a comma stands in.
 *
 * DDNS_BAD_INPUT: malformed, so that nobody can tell whose word is whose; or it does not fit.
 */
enum ddns_result forwarded_read(const char *value, char *list, size_t size);

#endif
