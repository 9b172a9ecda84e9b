// SPDX-License-Identifier: GPL-3.0-or-later
// Where redirects lead: URLs checked before they go into a Location header.
#ifndef GATEWAY_REDIRECT_TARGET_H
#define GATEWAY_REDIRECT_TARGET_H

#include <stddef.h>

#include "sql/client/result.h"

enum {
	TARGET_MAX = 2048,			       // octets of a stored URL
	TARGET_SIZE = 3 * TARGET_MAX + 1,	       // room for one in its checked form
	TARGET_PATH_MAX = 8192,			       // octets of a request's path and query
	TARGET_HOST_SIZE = 254,			       // room for a host name
	LOCATION_SIZE = TARGET_SIZE + TARGET_PATH_MAX, // room for what goes out
};

/*
 * Reads a stored URL and writes it anew: scheme http or https, no user name, a host of letters,
 * digits, hyphens, underscores and dots or an IPv6 address in brackets, a port from 1 to 65535 if
 * any, and of the rest only what may be in a header: bytes over 0x7e are percent-encoded.  The
 * database refuses the same URLs when they are set; this is for those that came by other ways.
 *
 * DDNS_BAD_INPUT: anything else, such as blanks, control bytes (encoded ones too), backslashes, or
 * more than TARGET_MAX octets.
 */
enum ddns_result target_check(const char *url, char out[TARGET_SIZE]);

/* The host of a checked URL, lower case; "" where it is an IPv6 address. */
void target_host(const char *target, char host[TARGET_HOST_SIZE]);

/*
 * Puts a request's path and query, as they came, behind a checked URL that has none.
 * DDNS_BAD_INPUT: it does not begin with a slash, or has a blank, a control byte or a fragment.
 * DDNS_CONFLICT: it is longer than TARGET_PATH_MAX octets, once bytes over 0x7e are
 * percent-encoded.
 */
enum ddns_result target_append(const char *target, const char *path, char location[LOCATION_SIZE]);

#endif
