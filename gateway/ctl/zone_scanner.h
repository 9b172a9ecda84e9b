// SPDX-License-Identifier: GPL-3.0-or-later
// What libzscanner leaves to its caller: making a scanner for a file, going on after an error in a
// directive, and saying what is wrong.
#ifndef GATEWAY_CTL_ZONE_SCANNER_H
#define GATEWAY_CTL_ZONE_SCANNER_H

#include <stddef.h>
#include <stdint.h>

#include <libzscanner/scanner.h>

#include "sql/client/result.h"

/*
 * A scanner for class IN with an origin (absolute) and a TTL for records without one; names in
 * $INCLUDE are relative to the directory that `path` lies in, the current one where it is NULL.
 * NULL: out of memory.  To be freed by zone_scanner_free, which takes NULL.
 */
zs_scanner_t *zone_scanner_create(const char *origin, uint32_t ttl, const char *path);
void zone_scanner_free(zs_scanner_t *scanner);

/* After a directive that it could not read a scanner reads nothing more: this lets it go on, with
 * the origin, owner and TTL that it had.  DDNS_NO_MEMORY. */
enum ddns_result zone_scanner_renew(zs_scanner_t *scanner);

/* Says what it could not read, and where in the line. */
void zone_scanner_fault(const zs_scanner_t *scanner, char *text, size_t size);

#endif
