// SPDX-License-Identifier: GPL-3.0-or-later
// Proxies that are trusted to say whom a request came from.
#ifndef GATEWAY_HTTP_PROXY_H
#define GATEWAY_HTTP_PROXY_H

#include <stddef.h>

#include "gateway/address.h"
#include "sql/client/result.h"

/* Addresses that begin alike: "192.0.2.1", "10.0.0.0/8", "2001:db8::/32". */
struct proxy_prefix {
	struct address address;
	unsigned length; // bits
};

/* DDNS_BAD_INPUT: no such thing, or bits are set behind the length. */
enum ddns_result proxy_prefix_parse(const char *text, struct proxy_prefix *prefix);

/* The headers in which proxies tell it, in either case with the client's word before theirs. */
#define PROXY_HEADER_USUAL "X-Forwarded-For"
#define PROXY_HEADER_STANDARD "Forwarded"

struct proxies {
	const char *header; // that is believed, no other
	const struct proxy_prefix *prefixes;
	size_t count;
};

/*
 * The client of a request that came from `peer`.  Only where that is a trusted proxy, `forwarded`
 * (the values of the header, joined by commas in their order) is believed: from the right as
 * far as trusted proxies wrote it, so up to the first address that is none of theirs.  What is no
 * address, with or without a port, ends the walk at the last that was.
 */
struct address proxy_client(const struct proxies *proxies, const struct address *peer,
			    const char *forwarded);

#endif
