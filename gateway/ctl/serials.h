// SPDX-License-Identifier: GPL-3.0-or-later
// Asks name servers for the serials of zones, all at once.
#ifndef GATEWAY_CTL_SERIALS_H
#define GATEWAY_CTL_SERIALS_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/address.h"
#include "sql/client/result.h"

enum serial_state {
	SERIAL_SILENT,	 // no answer
	SERIAL_NOT_HERE, // an answer without the zone's SOA
	SERIAL_SHOWN,
};

struct serial_question {
	const char *origin;
	size_t server; // index into the servers
	enum serial_state state;
	uint32_t serial; // where it is shown
};

/*
 * Asks each question over UDP, twice where no answer comes within a second, with at most some
 * dozens under way at a server.  A server that is silent to all of its first questions is not asked
 * the rest.  After ten seconds all that is left counts as silent.  DDNS_NO_MEMORY.
 */
enum ddns_result serials_ask(const struct listen_address *servers, size_t server_count,
			     struct serial_question *questions, size_t count);

#endif
