// SPDX-License-Identifier: GPL-3.0-or-later
// Text that libzscanner reads, of text as named writes it.
#ifndef DDNS_GATEWAY_DNS_ESCAPE_H
#define DDNS_GATEWAY_DNS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Characters that are special nowhere in RFC 1035 section 5.1, and that named writes as they are,
 * but that the scanner takes in names only as escapes: that of a+b.example, for one.
 */
bool escape_is_odd(char c);

/* Which of them to escape: in data some are no part of a name. */
enum escape_which {
	ESCAPE_FIRST,	       // those of the first word, an owner
	ESCAPE_ALL,	       // all outside of strings and comments
	ESCAPE_ALL_BUT_EQUALS, // of `name alpn=h2` those of the name
};

/*
 * Writes text of a master file with odd characters escaped; `out` has room for 4 * length + 1
 * octets. The length.  Which of them belong to names only the scanner knows: it is to be asked with
 * one after the other.  What it takes means the same, escaped or not.
 */
size_t escape_text(const char *text, size_t length, enum escape_which which, char *out);

/*
 * Drops, in place, escapes that libknot writes and the stored form of names has not: a backslash
 * stays before three digits and before . " ( ) ; \ @ $ only.  named takes one before [ for a
 * bit-string label.
 */
void escape_reduce(char *text);

#endif
