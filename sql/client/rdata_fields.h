// SPDX-License-Identifier: GPL-3.0-or-later
// Fields of rdata that have a syntax of their own, and the cursor they are read with.
#ifndef DDNS_SQL_CLIENT_RDATA_FIELDS_H
#define DDNS_SQL_CLIENT_RDATA_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the text.  The first error sticks; later reads do nothing. */
struct cursor {
	const char *at;
	const char *error;
	size_t wire;	 // octets that strings and opaque data take, to bound the whole
	uint32_t number; // the last one
};

void cursor_fail(struct cursor *in, const char *error);
void cursor_skip(struct cursor *in); // blanks
bool cursor_is_end(char c);	     // of a field: a blank or the text's end

/* A decimal number that fills a field. */
uint32_t cursor_number(struct cursor *in, uint32_t max);

/* Text in quotes or, where it has no blank, without; its octets. */
size_t cursor_text(struct cursor *in);

void rdata_eui48(struct cursor *in);
void rdata_eui64(struct cursor *in);
void rdata_loc(struct cursor *in); // RFC 1876

/* NAPTR's substitution, RFC 3402 section 3.2: empty, or a delimiter, an extended regular
 * expression, the delimiter, a replacement, the delimiter, and perhaps the flag i. */
void rdata_rewrite(struct cursor *in);

void rdata_service_parameters(struct cursor *in); // to the end; the number before is the priority

#endif
