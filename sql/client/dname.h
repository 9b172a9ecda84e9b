// SPDX-License-Identifier: GPL-3.0-or-later
// Domain names in the text form that the database stores and named hands over.
#ifndef DDNS_SQL_CLIENT_DNAME_H
#define DDNS_SQL_CLIENT_DNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/client/result.h"

/*
 * The stored form: lower case, ASCII, labels joined by dots, no trailing dot, "@" for the apex
 * where a name is relative.  Escapes as named writes them: \. \" \( \) \; \\ \@ \$, and \DDD for
 * bytes below 0x21 and above 0x7e; nothing else is escaped.  Presentation form is RFC 1035
 * section 5.1's.
 */
enum {
	DDNS_DNAME_TEXT_MAX = 1023, // longest text, without the final NUL
	DDNS_DNAME_WIRE_MAX = 255,  // longest name on the wire, root label included
	DDNS_LABEL_MAX = 63,
};

/*
 * Turns any presentation form (any case, any escapes, with or without trailing dot) into the stored
 * form; "." is the root, stored as "", and "@" alone stays "@".  DDNS_BAD_INPUT: no text, an empty
 * label, a label over 63 or a name over 255 octets, a bad escape, or a bare octet that is not
 * printable ASCII.
 */
enum ddns_result ddns_dname_canonical(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1]);

/* The same from wire form without compression (length octets, root label included). */
enum ddns_result ddns_dname_from_wire(const uint8_t *wire, size_t length,
				      char out[DDNS_DNAME_TEXT_MAX + 1]);

/* Into wire form; lower case.  *lengthp: 1..255.  Any presentation form, and "" for the root. */
enum ddns_result ddns_dname_to_wire(const char *text, uint8_t wire[DDNS_DNAME_WIRE_MAX],
				    size_t *lengthp);

/* Labels of a stored name; "@" and "" have none. */
size_t ddns_dname_labels(const char *name);

/* The name without its first label ("b.c" of "a.b.c"), NULL where it has one label or none.  Knows
 * escapes. */
const char *ddns_dname_parent(const char *name);

/* Whether a stored name equals the other or lies below it, by labels. */
bool ddns_dname_is_at_or_below(const char *name, const char *ancestor);

/* The part of `name` below `origin`: "@" when equal.  DDNS_NOT_FOUND when it is not in it. */
enum ddns_result ddns_dname_relative(const char *name, const char *origin,
				     char out[DDNS_DNAME_TEXT_MAX + 1]);

#endif
