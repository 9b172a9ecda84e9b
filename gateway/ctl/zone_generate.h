// SPDX-License-Identifier: GPL-3.0-or-later
// BIND's $GENERATE: many records from one line of a master file.
#ifndef GATEWAY_CTL_ZONE_GENERATE_H
#define GATEWAY_CTL_ZONE_GENERATE_H

#include <stddef.h>
#include <stdint.h>

#include "sql/client/result.h"

enum {
	ZONE_GENERATE_TEXT_MAX = 4096,	    // octets of the directive, and of a line made by it
	ZONE_GENERATE_COUNT_MAX = 10000000, // lines that one directive may make
};

/*
 *	$GENERATE start-stop[/step] lhs [ttl] [class] type rhs
 *
 * as BIND 9's Administrator Reference Manual describes it.  lhs and rhs become one line for each
 * number, with `$` replaced by it, `${offset[,width[,base]]}` by it plus offset, in `width` digits
 *of base d, o, x, X, or n or N for nibbles with dots between; `$$` is a dollar sign, and what
 *stands behind a backslash is left as it is.  rhs with blanks in it is quoted.
 */
struct zone_generate {
	uint32_t start, stop, step;
	char lhs[ZONE_GENERATE_TEXT_MAX], middle[ZONE_GENERATE_TEXT_MAX],
		rhs[ZONE_GENERATE_TEXT_MAX];
};

/*
 * Reads what stands behind the word $GENERATE, to the end of its line.
 * DDNS_BAD_INPUT: `*errorp` says why, a constant.
 */
enum ddns_result zone_generate_parse(const char *text, size_t length,
				     struct zone_generate *generate, const char **errorp);

/*
 * Writes the line for a number, with a newline.  *lengthp is without the final NUL.
 * DDNS_BAD_INPUT: as above.
 */
enum ddns_result zone_generate_line(const struct zone_generate *generate, uint32_t number,
				    char line[ZONE_GENERATE_TEXT_MAX], size_t *lengthp,
				    const char **errorp);

#endif
