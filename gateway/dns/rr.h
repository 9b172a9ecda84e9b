// SPDX-License-Identifier: GPL-3.0-or-later
// Resource records between the wire and the text that the database stores, both ways by Knot's
// libraries.
#ifndef DDNS_GATEWAY_DNS_RR_H
#define DDNS_GATEWAY_DNS_RR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "sql/client/result.h"

enum {
	RR_RDATA_MAX = 16384,  // octets of one RR's data that we take from anybody
	RR_TYPE_TEXT_MAX = 15, // "NSEC3PARAM", "TYPE65535", without the final NUL
};

/* Writes the type's name, or TYPEn where it has none (RFC 3597). */
void rr_type_text(uint16_t type, char out[RR_TYPE_TEXT_MAX + 1]);

/* A type that stands for a query or belongs to a message, never for data (RFC 6895 section 3.1). */
bool rr_type_is_meta(uint16_t type);

/* Whether data of the type may be of no octets: types that we do not know, APL and NULL. */
bool rr_type_may_be_empty(uint16_t type);

/*
 * The data of an RR set's first RR as master-file text with absolute names; of types that name
 * servers of ours do not answer (sql/client/rr.h), SOA apart, as octets (RFC 3597 section 5).
 * *textp is the caller's, to be freed.  DDNS_BAD_INPUT: not of its type's form, or such that no
 * name server of ours would answer it.  DDNS_DENIED: longer than RR_RDATA_MAX.
 */
enum ddns_result rr_data_text(const knot_rrset_t *rr, char **textp);

/* Reads text; large, so it is made once for each thread that needs it. */
struct rr_reader;

enum ddns_result rr_reader_create(struct rr_reader **readerp);
void rr_reader_free(struct rr_reader *reader); // takes NULL

/*
 * Makes an RR set of one RR from its parts: a name in wire form and a type, time to live and data
 * as the database stores them.  It is the caller's, to be freed by knot_rrset_free(rr, NULL).
 * DDNS_BAD_INPUT: the text cannot be read.
 */
struct rr_text {
	const uint8_t *owner; // wire form, any case
	const char *type;
	uint32_t ttl;
	const char *rdata;
};
enum ddns_result rr_reader_read(struct rr_reader *reader, const struct rr_text *text,
				knot_rrset_t *rr);

#endif
