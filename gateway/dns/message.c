// SPDX-License-Identifier: GPL-3.0-or-later
// Reads DNS requests.
#include "gateway/dns/message.h"

#include <string.h>

enum {
	UDP_ANSWER_MAX =
		1232, // octets that pass every path unfragmented (IPv6's 1280 less headers)
	TYPE_MAILB = 253,
	TYPE_MAILA = 254,     // RFC 1035 section 3.2.3; nothing answers them any more
	UDP_ANSWER_MIN = 512, // RFC 1035 section 4.2.1
};

/* What the header alone says. */
static enum message_verdict
header_check(const uint8_t *wire, size_t length, uint16_t *rcodep)
{
	if (length < KNOT_WIRE_HEADER_SIZE || length > MESSAGE_SIZE_MAX || knot_wire_get_qr(wire))
		return MESSAGE_DROPPED;

	uint8_t opcode = knot_wire_get_opcode(wire);
	size_t count = (size_t)knot_wire_get_ancount(wire) + knot_wire_get_nscount(wire) +
		       knot_wire_get_arcount(wire);

	if (opcode != KNOT_OPCODE_QUERY && opcode != KNOT_OPCODE_UPDATE)
		*rcodep = KNOT_RCODE_NOTIMPL;
	else if (knot_wire_get_qdcount(wire) != 1)
		*rcodep = KNOT_RCODE_FORMERR;
	else if (count > MESSAGE_RR_MAX)
		*rcodep = KNOT_RCODE_REFUSED;
	else
		return MESSAGE_READ;
	return MESSAGE_REFUSED;
}

enum message_verdict
message_read(struct message *message, uint8_t *wire, size_t length, uint16_t *rcodep)
{
	*message = (struct message){.wire = wire, .length = length};

	enum message_verdict verdict = header_check(wire, length, rcodep);
	if (verdict != MESSAGE_READ)
		return verdict;

	message->packet = knot_pkt_new(wire, (uint16_t)length, NULL);
	if (message->packet == NULL) {
		*rcodep = KNOT_RCODE_SERVFAIL;
		return MESSAGE_REFUSED;
	}
	int code = knot_pkt_parse(message->packet, 0);
	if (code != KNOT_EOK && code != KNOT_ETRAIL) {
		*rcodep = code == KNOT_ENOMEM ? KNOT_RCODE_SERVFAIL : KNOT_RCODE_FORMERR;
		return MESSAGE_REFUSED;
	}

	enum ddns_result result = tsig_find(message->packet, &message->tsig);
	if (result == DDNS_BAD_INPUT) {
		*rcodep = KNOT_RCODE_FORMERR;
		return MESSAGE_REFUSED;
	}
	message->has_tsig = result == DDNS_OK;
	return MESSAGE_READ;
}

void
message_free(struct message *message)
{
	knot_pkt_free(message->packet);
	message->packet = NULL;
}

bool
message_is_update(const struct message *message)
{
	return knot_wire_get_opcode(message->wire) == KNOT_OPCODE_UPDATE;
}

bool
message_has_edns(const struct message *message)
{
	return knot_pkt_has_edns(message->packet);
}

uint16_t
message_check_zone(const struct message *message)
{
	if (knot_pkt_qtype(message->packet) != KNOT_RRTYPE_SOA)
		return KNOT_RCODE_FORMERR;
	if (knot_pkt_qclass(message->packet) != KNOT_CLASS_IN)
		return KNOT_RCODE_NOTAUTH;
	return KNOT_RCODE_NOERROR;
}

uint16_t
message_check_question(const struct message *message)
{
	if (knot_pkt_qclass(message->packet) != KNOT_CLASS_IN)
		return KNOT_RCODE_REFUSED;
	switch (knot_pkt_qtype(message->packet)) {
	case 0:
	case KNOT_RRTYPE_OPT:
	case KNOT_RRTYPE_TSIG:
		return KNOT_RCODE_FORMERR;
	case KNOT_RRTYPE_TKEY:
	case TYPE_MAILA:
	case TYPE_MAILB:
		return KNOT_RCODE_NOTIMPL;
	default:
		return KNOT_RCODE_NOERROR;
	}
}

size_t
message_answer_max(const struct message *message, bool is_tcp)
{
	if (is_tcp)
		return MESSAGE_SIZE_MAX;
	if (!message_has_edns(message))
		return UDP_ANSWER_MIN;

	size_t claimed = knot_edns_get_payload(message->packet->opt_rr);
	if (claimed < UDP_ANSWER_MIN)
		return UDP_ANSWER_MIN;
	return claimed < UDP_ANSWER_MAX ? claimed : UDP_ANSWER_MAX;
}
