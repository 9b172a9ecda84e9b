// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at a connection string without connecting.
#ifndef DDNS_SQL_CLIENT_CONNINFO_H
#define DDNS_SQL_CLIENT_CONNINFO_H

#include <stddef.h>

#include "sql/client/result.h"

/*
 * Whether libpq understands a connection string: key=value words or a URI.  DDNS_BAD_INPUT: it does
 * not, and `error` (of `size` octets, always ended by a NUL) says why on one line, naming the word
 * that it does not know unless a password may be in it.  DDNS_NO_MEMORY.
 */
enum ddns_result ddns_conninfo_check(const char *conninfo, char *error, size_t size);

#endif
