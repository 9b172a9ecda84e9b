// SPDX-License-Identifier: GPL-3.0-or-later
// Which rows may be handed to named: types and their rdata.
#ifndef DDNS_SQL_CLIENT_RR_H
#define DDNS_SQL_CLIENT_RR_H

#include <stddef.h>
#include <stdint.h>

/*
 * named parses what a module gives it late, while it builds an answer, and trusts it more than is
 * good: some rows would make it abort.  So each row is read here by a parser of our own, stricter
 * than named's, before it can be served at all.
 */

/* Types that have rules of their own.  All others are numbers above these. */
enum {
	RR_A,
	RR_AAAA,
	RR_CNAME,
	RR_DNAME,
	RR_NS,
	RR_TYPES_MAX = 63,	 // types take six bits, and this is
	RR_GENERIC = 63,	 // any other type, written TYPE123 as RFC 3597 has it
	RR_TTL_MAX = 0x7fffffff, // RFC 2181 section 8
};

/*
 * The number that stands for a type's name here, or -1 for what cannot be served: a misspelt or
 * unknown name, SOA (the zone's own), query and meta types, and those of signatures, which named
 * does not serve from a module.
 */
int ddns_rr_type(const char *name);

/* Its name; NULL for RR_GENERIC, which has many. */
const char *ddns_rr_type_name(unsigned type);

/*
 * Reads rdata in master-file form (RFC 1035 section 5.1 and the types' own RFCs) on one line, with
 * absolute names.  NULL: well-formed; else what is wrong with it, for a log line.
 */
const char *ddns_rr_check(unsigned type, const char *rdata);

#endif
