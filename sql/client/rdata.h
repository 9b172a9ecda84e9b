// SPDX-License-Identifier: GPL-3.0-or-later
// Strict reading of rdata in master-file form.
#ifndef DDNS_SQL_CLIENT_RDATA_H
#define DDNS_SQL_CLIENT_RDATA_H

/*
 * Reads rdata field by field as `shape` says, one letter each (the list is in rr.c), and to its
 * very end.  NULL: well-formed; else what is wrong, a constant.
 */
const char *ddns_rdata_check(const char *rdata, const char *shape);

/* The form of RFC 3597 section 5 for any type: \# LENGTH HEX... */
const char *ddns_rdata_check_generic(const char *rdata);

#endif
