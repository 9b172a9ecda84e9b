// SPDX-License-Identifier: GPL-3.0-or-later
// The Host header: which name a request is for.
#ifndef GATEWAY_REDIRECT_HOST_H
#define GATEWAY_REDIRECT_HOST_H

#include <stdbool.h>

#include "sql/client/result.h"

enum { HOST_NAME_MAX_LENGTH = 253 };

struct host {
	bool is_address;		     // a literal one: no name of anybody's
	char name[HOST_NAME_MAX_LENGTH + 1]; // lower case, without port and final dot
};

/*
 * Reads the value of a Host header (RFC 9110 section 7.2): a name of letters, digits, hyphens and
 * underscores, an IPv4 address or an IPv6 address in brackets, each with or without a port; one dot
 * may end a name.  DDNS_BAD_INPUT: anything else, nothing at all too.
 */
enum ddns_result host_parse(const char *value, struct host *host);

#endif
