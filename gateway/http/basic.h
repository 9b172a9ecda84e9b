// SPDX-License-Identifier: GPL-3.0-or-later
// The Authorization header of HTTP Basic authentication (RFC 7617).
#ifndef GATEWAY_HTTP_BASIC_H
#define GATEWAY_HTTP_BASIC_H

#include <stddef.h>

#include "sql/client/result.h"

enum { BASIC_MAX = 1023 }; // octets of user name and password together

/* What a client showed.  basic_clear when done. */
struct basic {
	char user[BASIC_MAX + 1]; // "" where none was given
	char password[BASIC_MAX + 1];
};

/*
 * Reads the header's value (length bytes, no NUL needed).  The scheme is read in any case with any
 * blanks after it, base64 with or without its padding, and a pair without a colon is a password
 * alone: clients send all of these.
 *
 * DDNS_NOT_FOUND: another scheme.  DDNS_BAD_INPUT: not base64, too long, or with a NUL inside.
 */
enum ddns_result basic_parse(const char *value, size_t length, struct basic *basic);

/* Wipes the password from memory. */
void basic_clear(struct basic *basic);

#endif
