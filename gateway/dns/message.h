// SPDX-License-Identifier: GPL-3.0-or-later
// A DNS request as it came from the wire: read whole by libknot, judged before any key is looked
// up.
#ifndef DDNS_GATEWAY_DNS_MESSAGE_H
#define DDNS_GATEWAY_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "gateway/dns/tsig.h"

enum {
	MESSAGE_SIZE_MAX = 65535,
	MESSAGE_RR_MAX = 1000, // RRs of all sections that are parsed for somebody yet unknown
};

struct message {
	uint8_t *wire; // the caller's; its count of additional RRs is less the TSIG RR
	size_t length;
	knot_pkt_t *packet; // parsed, over wire; NULL where only the header could be read
	bool has_tsig;
	struct tsig_record tsig; // where has_tsig
};

enum message_verdict {
	MESSAGE_READ,	 // it may be looked at further
	MESSAGE_DROPPED, // no answer is due: too short, or itself an answer
	MESSAGE_REFUSED, // *rcodep says it; the answer is a bare header, unsigned
};

/*
 * Reads a message of `length` octets, cheapest checks first: the header's length, QR, opcode,
 * counts; then all sections and the place of the TSIG RR.  Octets after the last RR are ignored.
 * Whatever the verdict, message_free frees; wire must stay until then.
 *
 * FORMERR  not one question, or a section, a name or the TSIG RR cannot be read
 * NOTIMP   an opcode other than QUERY and UPDATE
 * REFUSED  more RRs than MESSAGE_RR_MAX
 * SERVFAIL no memory
 */
enum message_verdict message_read(struct message *message, uint8_t *wire, size_t length,
				  uint16_t *rcodep);
void message_free(struct message *message);

/* Facts of a message that was read. */
bool message_is_update(const struct message *message);
bool message_has_edns(const struct message *message);

/*
 * What the zone section of an UPDATE says about itself (RFC 2136 section 3.1.1): NOERROR; FORMERR
 * where its type is not SOA; NOTAUTH for a class other than IN.
 */
uint16_t message_check_zone(const struct message *message);

/*
 * The same for a QUERY's question: NOERROR; REFUSED for a class other than IN; NOTIMP for TKEY and
 * other types that ask for something to be done; FORMERR for types that are never asked for.
 */
uint16_t message_check_question(const struct message *message);

/*
 * The largest answer that the transport and the asker take, in octets: over UDP what EDNS says, at
 * least 512 and at most 1232.
 */
size_t message_answer_max(const struct message *message, bool is_tcp);

#endif
