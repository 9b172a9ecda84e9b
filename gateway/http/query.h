// SPDX-License-Identifier: GPL-3.0-or-later
// Query strings and form bodies, parsed by hand from the bytes that came.
#ifndef GATEWAY_HTTP_QUERY_H
#define GATEWAY_HTTP_QUERY_H

#include <stddef.h>

#include "sql/client/result.h"

enum { QUERY_PARAMETERS_MAX = 100 };

/*
 * Parameters in the order of their coming; a name may occur more than once.  Zero-initialised is
 * empty.  Strings point into the buffers that were parsed.
 */
struct query {
	size_t count;
	struct query_parameter {
		const char *name, *value; // value is "" where there is none
	} parameters[QUERY_PARAMETERS_MAX];
};

/*
 * Adds the parameters of `text` (length bytes and a NUL after them), decoding it in place.
 *
 * Clients differ from the URL standard, and where that does no harm they are obeyed: "?" separates
 * like "&" (configured URLs get a second query glued on), "+" stays a plus (secrets are sent
 * unescaped), and a "%" without two hexadecimal digits after it stays as it is.
 *
 * DDNS_BAD_INPUT: a NUL byte, plain or escaped, or more than QUERY_PARAMETERS_MAX parameters.
 */
enum ddns_result query_parse(struct query *query, char *text, size_t length);

/* The first value of that name; NULL where there is none. */
const char *query_value(const struct query *query, const char *name);

/* Undoes %XX in place; *lengthp becomes the new length.  DDNS_BAD_INPUT: a NUL byte. */
enum ddns_result query_decode(char *text, size_t *lengthp);

#endif
