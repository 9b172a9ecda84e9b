// SPDX-License-Identifier: GPL-3.0-or-later
// The addresses that an update asks for: what clients write, and what becomes of each family.
#ifndef GATEWAY_UPDATE_ADDRESSES_H
#define GATEWAY_UPDATE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/address.h"

enum {
	ADDRESSES_MAX = 16, // of one family in one update
	ADDRESSES_TEXT_SIZE = ADDRESSES_MAX * ADDRESS_TEXT_SIZE,
	PREFIX_TEXT_SIZE = ADDRESS_TEXT_SIZE + sizeof "/64",
};

/* What becomes of a family: left as it is, all removed, or set to a list. */
struct addresses_family {
	enum { ADDRESSES_LEAVE, ADDRESSES_REMOVE, ADDRESSES_SET } what;
	size_t count; // with ADDRESSES_SET: at least one, none twice
	struct address list[ADDRESSES_MAX];
};

/* Zero-initialised: nothing said. */
struct addresses {
	struct addresses_family v4, v6;
	char prefix[PREFIX_TEXT_SIZE]; // of the hosts behind the router, the last one said; or ""
	bool is_said;	   // something was said about addresses: the connection's does not count
	bool is_broken;	   // something was said that is no address
	bool has_too_many; // more than ADDRESSES_MAX of a family
};

/*
 * Reads a list of addresses of either family, as clients send it:
 * - items are parted by commas; blanks, brackets, zone ids (%eth0) and prefix lengths are dropped;
 * - an empty item, or a placeholder that a client forgot to replace (<ipaddr>, %IP%, auto, ...),
 *   says nothing;
 * - 0.0.0.0 and :: mean that the host has no address of that family;
 * - an IPv6 prefix (no bit set after its length, or after 64 bits where none is given) is no host
 *   but that of all hosts there; so is the network of an IPv6 address with a length up to 64;
 * - "preserve" leaves all as it is, but says so; "clear" removes the addresses of both families.
 * Anything else that is no address makes the list broken.
 */
void addresses_add(struct addresses *addresses, const char *list);

/* The same for a parameter that names its family: "" and "clear" remove that family's addresses. */
void addresses_add_family(struct addresses *addresses, int family, const char *list);

/* Takes the connection's address, where nothing was said. */
void addresses_use_peer(struct addresses *addresses, const struct address *peer);

/* Whether addresses were said and nothing of them can be used, or more than fit. */
bool addresses_are_unusable(const struct addresses *addresses);

/*
 * A family as the database function takes it: NULL leaves it, "" removes it, else a list joined by
 * commas.  Returns text or NULL.
 */
const char *addresses_text(const struct addresses_family *family, char text[ADDRESSES_TEXT_SIZE]);

#endif
