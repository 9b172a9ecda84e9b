// SPDX-License-Identifier: GPL-3.0-or-later
// What libzscanner does not read of master files as BIND writes them, rewritten as text that it
// reads.
#ifndef GATEWAY_CTL_ZONE_TEXT_H
#define GATEWAY_CTL_ZONE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Where the reading of an entry stands, which may go over lines. */
struct zone_text {
	size_t depth; // of parentheses
	bool is_odd;  // a character was met that the scanner wants escaped in names, as in `a+b`
};

/* Follows the text through a line: what stands in strings, behind backslashes and in comments does
 * not count. */
void zone_text_follow(struct zone_text *text, const char *line, size_t length);

/*
 * Writes a directive's line (without its newline) with the origin in it made absolute: `$ORIGIN
 * sub` in example.org as `$ORIGIN sub.example.org.`; all else as it is, and a newline.  `origin` is
 * absolute, with its final dot.  The length; 0 where `size` is too small.
 */
size_t zone_text_absolute(const char *line, size_t length, const char *origin, char *out,
			  size_t size);

#endif
