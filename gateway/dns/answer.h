// SPDX-License-Identifier: GPL-3.0-or-later
// Builds answers to DNS requests, signed where the request was.
#ifndef DDNS_GATEWAY_DNS_ANSWER_H
#define DDNS_GATEWAY_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "gateway/dns/message.h"
#include "gateway/dns/tsig.h"
#include "sql/client/result.h"

enum { ANSWER_HEADER_SIZE = 12 };

/*
 * The answer to a request that could not be read: a header with its ID, opcode and RD, no sections.
 * The request has at least a header.
 */
void answer_bare(const uint8_t *request, uint16_t rcode, uint8_t out[ANSWER_HEADER_SIZE]);

/*
 * An answer under construction.  `signer` is NULL for an unsigned one; it, the request and the
 * buffer are the caller's and stay until answer_free.
 */
struct answer {
	const struct message *request;
	struct tsig_signer *signer;
	knot_pkt_t *packet;
	uint16_t rcode; // extended: those over 15 need EDNS in the request
	size_t size;	// of the buffer
	bool is_truncated;
};

/*
 * Begins with the header, the request's question (in an UPDATE, its zone section), and room kept
 * for OPT (where the request had one) and TSIG.  AA is set for a QUERY that is answered with
 * NOERROR or NXDOMAIN; RD is copied for a QUERY.  DDNS_NO_MEMORY; DDNS_BAD_INPUT: not even that
 * fits.
 */
enum ddns_result answer_begin(struct answer *answer, const struct message *request,
			      struct tsig_signer *signer, uint16_t rcode, uint8_t *buffer,
			      size_t size);

/*
 * Adds an RR to a section; sections in their order only.  `rr` is the answer's from then on,
 * whatever the result.  DDNS_CONFLICT: it does not fit.
 */
enum ddns_result answer_put(struct answer *answer, knot_section_t section, knot_rrset_t *rr);

/* Takes out all RRs and sets TC: the asker is to come again over TCP. */
void answer_truncate(struct answer *answer);

/*
 * Ends it: OPT, and TSIG with `now` in seconds since 1970.  *lengthp octets of the buffer are the
 * answer.  DDNS_INTERNAL: OpenSSL failed, or what was reserved did not suffice.
 */
enum ddns_result answer_end(struct answer *answer, uint64_t now, size_t *lengthp);
void answer_free(struct answer *answer);

/*
 * The answer, whole, to a request whose TSIG was not verified (BADKEY, BADSIG: NOTAUTH with an
 * unsigned TSIG RR).  DDNS_NO_MEMORY; DDNS_BAD_INPUT: it does not fit.
 */
enum ddns_result answer_unverified(const struct message *request, enum tsig_verdict verdict,
				   uint8_t *buffer, size_t size, size_t *lengthp);

#endif
