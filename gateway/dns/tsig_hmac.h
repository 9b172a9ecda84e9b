// SPDX-License-Identifier: GPL-3.0-or-later
// The algorithms of TSIG (RFC 8945 section 6) over OpenSSL's HMAC.
#ifndef GATEWAY_DNS_TSIG_HMAC_H
#define GATEWAY_DNS_TSIG_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/dns/tsig.h"

struct tsig_hmac {
	const char *name;
	const char *digest; // OpenSSL's
	const char *wire;   // the algorithm's name as a domain name, in lower case
	size_t wire_length;
	size_t mac_size;
};
const struct tsig_hmac *tsig_hmac_of(enum tsig_algorithm algorithm);

/* A piece of what is digested. */
struct tsig_piece {
	const uint8_t *data;
	size_t length;
};

/* The MAC of the pieces one after the other, of the algorithm's size.  DDNS_INTERNAL: OpenSSL
 * failed. */
enum ddns_result tsig_hmac_compute(const struct tsig_key *key, const struct tsig_piece *pieces,
				   size_t piece_count, uint8_t mac[TSIG_MAC_MAX]);

#endif
