// SPDX-License-Identifier: GPL-3.0-or-later
// The DNS messages of NOTIFY (RFC 1996) and the question for a SOA: made and read, with the sockets
// they go through.
#include "gateway/jobs/notify_message.h"

#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sql/client/dname.h"

enum { DNS_PORT = 53 };

enum ddns_result
notify_message_make(const char *origin, bool is_notify, struct notify_message *message)
{
	uint8_t name[DDNS_DNAME_WIRE_MAX];
	size_t length;
	enum ddns_result result = ddns_dname_to_wire(origin, name, &length);
	if (result != DDNS_OK)
		return result;
	knot_pkt_t *packet = knot_pkt_new(message->wire, sizeof message->wire, NULL);
	if (packet == NULL)
		return DDNS_NO_MEMORY;
	knot_pkt_clear(packet); // libknot takes the header as it finds it
	knot_wire_set_id(packet->wire, (uint16_t)arc4random_uniform(UINT16_MAX + 1U));
	if (is_notify) {
		knot_wire_set_opcode(packet->wire, KNOT_OPCODE_NOTIFY);
		knot_wire_set_aa(packet->wire);
	}
	if (knot_pkt_put_question(packet, name, KNOT_CLASS_IN, KNOT_RRTYPE_SOA) != KNOT_EOK)
		result = DDNS_BAD_INPUT;
	message->length = packet->size;
	knot_pkt_free(packet);
	return result;
}

/* The length of a message of one question up to its end, 0 where it has none. */
static size_t
question_end(const uint8_t *wire, size_t length)
{
	if (length < KNOT_WIRE_HEADER_SIZE || knot_wire_get_qdcount(wire) != 1)
		return 0;
	for (size_t at = KNOT_WIRE_HEADER_SIZE; at < length; at += wire[at] + 1U)
		if (wire[at] == 0 || wire[at] >= 0x40) // a first name cannot be compressed
			return wire[at] == 0 && at + 5 <= length ? at + 5 : 0;
	return 0;
}

bool
notify_message_is_answer(const struct notify_message *message, const uint8_t *wire, size_t length)
{
	size_t end = question_end(message->wire, message->length);
	if (end == 0 || question_end(wire, length) != end || !knot_wire_get_qr(wire))
		return false;
	if (knot_wire_get_id(wire) != knot_wire_get_id(message->wire) ||
	    knot_wire_get_opcode(wire) != knot_wire_get_opcode(message->wire))
		return false;
	return knot_dname_is_case_equal(wire + KNOT_WIRE_HEADER_SIZE,
					message->wire + KNOT_WIRE_HEADER_SIZE) &&
	       memcmp(wire + end - 4, message->wire + end - 4, 4) == 0;
}

bool
notify_soa_serial(const knot_rrset_t *rr, uint32_t *serialp)
{
	if (rr->type != KNOT_RRTYPE_SOA || rr->rclass != KNOT_CLASS_IN || rr->rrs.count == 0)
		return false;
	const uint8_t *at = rr->rrs.rdata->data, *end = at + rr->rrs.rdata->len;
	for (int i = 0; i < 2; i++) { // MNAME and RNAME
		int length = at < end ? knot_dname_wire_check(at, end, NULL) : 0;
		if (length <= 0)
			return false;
		at += length;
	}
	if (end - at != 5 * (ptrdiff_t)sizeof(uint32_t))
		return false;
	*serialp = knot_wire_read_u32(at);
	return true;
}

bool
notify_message_serial(const uint8_t *wire, size_t length, uint32_t *serialp)
{
	uint8_t copy[NOTIFY_MESSAGE_MAX]; // the parser wants to write
	if (length > sizeof copy)
		return false;
	memcpy(copy, wire, length);
	knot_pkt_t *packet = knot_pkt_new(copy, (uint16_t)length, NULL);
	if (packet == NULL)
		return false;
	bool is_there = false;
	if (knot_pkt_parse(packet, 0) == KNOT_EOK) {
		const knot_pktsection_t *answer = knot_pkt_section(packet, KNOT_ANSWER);
		for (uint16_t i = 0; i < answer->count && !is_there; i++)
			is_there = notify_soa_serial(knot_pkt_rr(answer, i), serialp);
	}
	knot_pkt_free(packet);
	return is_there;
}

enum ddns_result
notify_target_parse(const char *text, struct listen_address *target)
{
	char address[ADDRESS_TEXT_SIZE], listen[LISTEN_TEXT_SIZE];
	size_t length = strcspn(text, "#");
	unsigned long port = DNS_PORT;
	if (length >= sizeof address)
		return DDNS_BAD_INPUT;
	memcpy(address, text, length);
	address[length] = '\0';
	if (text[length] == '#')
		port = strtoul(text + length + 1, NULL, 10);
	snprintf(listen, sizeof listen, strchr(address, ':') != NULL ? "[%s]:%lu" : "%s:%lu",
		 address, port > UINT16_MAX ? 0 : port);
	return port == 0 || port > UINT16_MAX ? DDNS_BAD_INPUT
					      : listen_address_parse(listen, target);
}

int
notify_socket(const struct listen_address *peer, const struct listen_address *source)
{
	int fd = socket(peer->socket.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	const int yes = 1; // several talk at once from one port, each to its peer
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if ((source == NULL ||
	     bind(fd, (const struct sockaddr *)&source->socket, source->length) == 0) &&
	    connect(fd, (const struct sockaddr *)&peer->socket, peer->length) == 0)
		return fd;
	close(fd);
	return -1;
}
