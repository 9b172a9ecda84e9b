// SPDX-License-Identifier: GPL-3.0-or-later
// Builds answers to DNS requests.
#include "gateway/dns/answer.h"

#include <string.h>

enum { OUR_UDP_SIZE = 4096 }; // octets of a request that we take by UDP, told in OPT

void
answer_bare(const uint8_t *request, uint16_t rcode, uint8_t out[ANSWER_HEADER_SIZE])
{
	memset(out, 0, ANSWER_HEADER_SIZE);
	knot_wire_set_id(out, knot_wire_get_id(request));
	knot_wire_set_opcode(out, knot_wire_get_opcode(request));
	knot_wire_set_qr(out);
	if (knot_wire_get_opcode(request) == KNOT_OPCODE_QUERY && knot_wire_get_rd(request))
		knot_wire_set_rd(out);
	knot_wire_set_rcode(out, KNOT_EDNS_RCODE_LO(rcode));
}

/* The header's flags, of the request only the ones that an answer repeats. */
static void
flags_set(const struct message *request, uint16_t rcode, uint8_t *wire)
{
	uint8_t header[ANSWER_HEADER_SIZE];

	answer_bare(request->wire, rcode, header);
	if (!message_is_update(request) &&
	    (rcode == KNOT_RCODE_NOERROR || rcode == KNOT_RCODE_NXDOMAIN))
		knot_wire_set_aa(header);
	knot_wire_set_flags1(wire, knot_wire_get_flags1(header));
	knot_wire_set_flags2(wire, knot_wire_get_flags2(header));
}

/* Keeps room for what answer_end adds. */
static enum ddns_result
room_reserve(struct answer *answer)
{
	size_t room = 0;

	if (message_has_edns(answer->request))
		room += KNOT_EDNS_MIN_SIZE;
	if (answer->signer != NULL)
		room += tsig_signer_room(answer->signer);
	return knot_pkt_reserve(answer->packet, (uint16_t)room) == KNOT_EOK ? DDNS_OK
									    : DDNS_BAD_INPUT;
}

enum ddns_result
answer_begin(struct answer *answer, const struct message *request, struct tsig_signer *signer,
	     uint16_t rcode, uint8_t *buffer, size_t size)
{
	enum ddns_result result = DDNS_BAD_INPUT;
	struct answer made = {.request = request, .signer = signer, .rcode = rcode, .size = size};

	made.packet = knot_pkt_new(buffer, (uint16_t)size, NULL);
	if (made.packet == NULL)
		return DDNS_NO_MEMORY;
	knot_pkt_clear(made.packet);
	if (knot_pkt_init_response(made.packet, request->packet) != KNOT_EOK)
		goto cleanup;
	flags_set(request, rcode, buffer);
	CHECK(room_reserve(&made));
	*answer = made;
	made.packet = NULL;
cleanup:
	knot_pkt_free(made.packet);
	return result;
}

enum ddns_result
answer_put(struct answer *answer, knot_section_t section, knot_rrset_t *rr)
{
	int code = KNOT_EOK;

	if (answer->packet->current != section)
		code = knot_pkt_begin(answer->packet, section);
	if (code == KNOT_EOK)
		code = knot_pkt_put(answer->packet, KNOT_COMPR_HINT_NONE, rr,
				    KNOT_PF_FREE | KNOT_PF_NOTRUNC);
	if (code == KNOT_EOK)
		return DDNS_OK;
	knot_rrset_clear(rr, NULL);
	return code == KNOT_ESPACE   ? DDNS_CONFLICT
	       : code == KNOT_ENOMEM ? DDNS_NO_MEMORY
				     : DDNS_INTERNAL;
}

void
answer_truncate(struct answer *answer)
{
	uint16_t reserved = answer->packet->reserved;

	(void)knot_pkt_init_response(answer->packet, answer->request->packet);
	answer->packet->reserved = reserved;
	flags_set(answer->request, answer->rcode, answer->packet->wire);
	knot_wire_set_tc(answer->packet->wire);
	answer->is_truncated = true;
}

/* RFC 6891: our OPT, with the upper bits of the rcode. */
static enum ddns_result
opt_put(struct answer *answer)
{
	enum ddns_result result = DDNS_INTERNAL;
	knot_rrset_t opt;

	if (knot_edns_init(&opt, OUR_UDP_SIZE, KNOT_EDNS_RCODE_HI(answer->rcode), 0, NULL) !=
	    KNOT_EOK)
		return DDNS_NO_MEMORY;
	if (knot_pkt_reclaim(answer->packet, KNOT_EDNS_MIN_SIZE) != KNOT_EOK)
		goto cleanup;
	if (answer->packet->current != KNOT_ADDITIONAL &&
	    knot_pkt_begin(answer->packet, KNOT_ADDITIONAL) != KNOT_EOK)
		goto cleanup;
	if (knot_pkt_put(answer->packet, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_NOTRUNC) == KNOT_EOK)
		result = DDNS_OK;
cleanup:
	knot_rrset_clear(&opt, NULL);
	return result;
}

enum ddns_result
answer_end(struct answer *answer, uint64_t now, size_t *lengthp)
{
	enum ddns_result result = DDNS_OK;

	if (message_has_edns(answer->request))
		CHECK(opt_put(answer));
	size_t length = answer->packet->size;
	if (answer->signer != NULL)
		CHECK(tsig_sign(answer->signer, answer->packet->wire, &length, answer->size, now));
	*lengthp = length;
cleanup:
	return result;
}

void
answer_free(struct answer *answer)
{
	knot_pkt_free(answer->packet);
	answer->packet = NULL;
}

enum ddns_result
answer_unverified(const struct message *request, enum tsig_verdict verdict, uint8_t *buffer,
		  size_t size, size_t *lengthp)
{
	enum ddns_result result;
	struct answer answer = {.packet = NULL};
	size_t length;

	CHECK(answer_begin(&answer, request, NULL, KNOT_RCODE_NOTAUTH, buffer, size));
	CHECK(answer_end(&answer, 0, &length));
	CHECK(tsig_refuse(&request->tsig, verdict, buffer, &length, size));
	*lengthp = length;
cleanup:
	answer_free(&answer);
	return result;
}
