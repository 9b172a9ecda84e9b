// SPDX-License-Identifier: GPL-3.0-or-later
// One question to one server: DNS over UDP, and a page of the gateway's over HTTP.
#ifndef GATEWAY_CTL_DOCTOR_ASK_H
#define GATEWAY_CTL_DOCTOR_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "gateway/address.h"
#include "sql/client/result.h"

enum { ASK_MS = 1000, ASK_MESSAGE_MAX = 4096 };

/* An answer: `packet` lies in `wire`; ask_clear frees. */
struct ask_answer {
	uint8_t wire[ASK_MESSAGE_MAX];
	knot_pkt_t *packet;
	unsigned rcode;
};

/*
 * Asks for the records of a name, twice where the first question is not answered within ASK_MS.
 * opcode: KNOT_OPCODE_QUERY; or KNOT_OPCODE_UPDATE, for an empty update of the zone `name`.
 * DDNS_UNAVAILABLE: no answer, or none that can be read.  DDNS_BAD_INPUT: no such name.
 */
enum ddns_result ask_dns(const struct listen_address *server, unsigned opcode, const char *name,
			 uint16_t type, bool wants_recursion, struct ask_answer *answer);
void ask_clear(struct ask_answer *answer);

/* The serial of the SOA in an answer; false: there is none. */
bool ask_serial(const struct ask_answer *answer, uint32_t *serialp);

/*
 * GET of a path from an HTTP server without TLS.  status is HTTP's, body its first line.
 * DDNS_UNAVAILABLE: nobody there, or no HTTP.
 */
enum ddns_result ask_http(const struct listen_address *server, const char *path, int *statusp,
			  char *body, size_t size);

/* Whether a TCP connection can be opened. */
bool ask_connect(const struct listen_address *server);

#endif
