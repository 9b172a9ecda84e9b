// SPDX-License-Identifier: GPL-3.0-or-later
// A record's type and data as people type them, made canonical by libzscanner and libknot.
#ifndef GATEWAY_CTL_RDATA_H
#define GATEWAY_CTL_RDATA_H

#include <stddef.h>
#include <stdint.h>

#include "sql/client/result.h"

enum { RDATA_TYPE_MAX = 15 }; // longest type's text: TYPE65535 and some room

/* Why a type or data were refused; "" where there is nothing to say. */
struct rdata_error {
	char message[512], hint[256];
};

/*
 * A type in any case, or TYPEnnn (RFC 3597), to its name in capitals.
 * DDNS_BAD_INPUT: there is no such type.
 */
enum ddns_result rdata_type(const char *text, char type[RDATA_TYPE_MAX + 1],
			    struct rdata_error *error);

/*
 * Data of such a type, in master-file form (RFC 1035 section 5.1; or \# of RFC 3597), to canonical
 * text, *outp, to be freed.  Names in it are absolute and end with a dot: one without is refused,
 * since nobody can tell what it was to be relative to.  TXT without quotes is one string, whatever
 * blanks and semicolons are in it; over 255 octets it is cut into several.
 *
 * DDNS_BAD_INPUT: not data of that type, or rdata_fault's.  DDNS_NO_MEMORY.
 */
enum ddns_result rdata_canonical(const char *type, const char *text, char **outp,
				 struct rdata_error *error);

/* What is wrong with canonical data that name servers would leave out; NULL: nothing, or it is for
 * the database to say. */
const char *rdata_fault(const char *type, const char *text);

/* The canonical text of data in wire form without compression, to be freed; NULL when out of memory
 * or not data of that type. */
char *rdata_text(uint16_t type, const uint8_t *data, size_t length);

#endif
