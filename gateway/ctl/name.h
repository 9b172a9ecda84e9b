// SPDX-License-Identifier: GPL-3.0-or-later
// Domain names as people type them.
#ifndef GATEWAY_CTL_NAME_H
#define GATEWAY_CTL_NAME_H

#include <stddef.h>

#include "sql/client/dname.h"
#include "sql/client/result.h"

/*
 * Any spelling of a name (any case, with or without final dot, labels in UTF-8 by IDNA 2008) to the
 * stored form.  DDNS_BAD_INPUT: it is no name; `error` says why, the name in it.
 */
enum ddns_result name_parse(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1], char *error,
			    size_t size);

/*
 * An e-mail address (hostmaster@example.org) or a name already in the SOA's form to the stored form
 * of an RNAME: the dots of the local part escaped (RFC 1035 section 8).  DDNS_BAD_INPUT as above.
 */
enum ddns_result name_parse_mailbox(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1],
				    char *error, size_t size);

#endif
