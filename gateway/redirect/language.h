// SPDX-License-Identifier: GPL-3.0-or-later
// Which language a browser wants, of those that pages are written in.
#ifndef GATEWAY_REDIRECT_LANGUAGE_H
#define GATEWAY_REDIRECT_LANGUAGE_H

enum language { LANGUAGE_ENGLISH, LANGUAGE_GERMAN };
enum { LANGUAGE_COUNT = 2 };

/* The primary subtag: "en", "de". */
const char *language_tag(enum language language);

/*
 * By the value of Accept-Language (RFC 9110 section 12.5.4): the language of the highest weight, of
 * two alike the one named first; English where NULL or none of ours is acceptable.  What is
 * malformed is passed over.
 */
enum language language_choose(const char *accept);

#endif
