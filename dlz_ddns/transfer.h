// SPDX-License-Identifier: GPL-3.0-or-later
// Who may copy a zone.
#ifndef DLZ_DDNS_TRANSFER_H
#define DLZ_DDNS_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transfer_mode {
	TRANSFER_NONE,	// nobody
	TRANSFER_LIST,	// the addresses listed
	TRANSFER_NAMED, // whom named's own allow-transfer lets
};

struct transfer_prefix {
	uint8_t address[16]; // in network order, of IPv4 the first four
	uint8_t bits;	     // 0..32 or 0..128
	bool is_ipv6;
};

struct transfer {
	enum transfer_mode mode;
	size_t count;
	struct transfer_prefix *prefixes; // malloc's
};

/*
 * Reads a zone's columns transfer and transfer_to (comma-separated, NULL for none).  What it cannot
 * read admits nobody: an unknown mode is TRANSFER_NONE, a bad element is left out, and *is_cleanp
 * tells. False: no memory.
 */
bool transfer_parse(const char *mode, const char *list, struct transfer *transfer, bool *is_cleanp);

/* Whether the list admits a client, given as named writes addresses. */
bool transfer_admits(const struct transfer *transfer, const char *client);

void transfer_free(struct transfer *transfer);

#endif
