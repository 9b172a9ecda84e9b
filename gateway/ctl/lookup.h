// SPDX-License-Identifier: GPL-3.0-or-later
// What several nouns look up: names on the command line, the zone a name lies in, accounts.
#ifndef GATEWAY_CTL_LOOKUP_H
#define GATEWAY_CTL_LOOKUP_H

#include "gateway/ctl/session.h"
#include "sql/client/dname.h"

/* A name as typed to its stored form, or a noted DDNS_BAD_INPUT. */
enum ddns_result lookup_name(struct session *session, const char *text,
			     char name[DDNS_DNAME_TEXT_MAX + 1]);

struct lookup_zone {
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	char owner[DDNS_DNAME_TEXT_MAX + 1]; // the name's part below it, "@" at the apex
};

/*
 * The zone with the longest origin that a stored name lies in; its advisory lock is held from then
 * until the transaction ends, as all that change a zone's data hold it.  DDNS_NOT_FOUND is noted.
 */
enum ddns_result lookup_zone(struct session *session, const char *name, struct lookup_zone *zone);

/* An account's id, as text; DDNS_NOT_FOUND is noted. */
enum { LOOKUP_ID_SIZE = 24 };
enum ddns_result lookup_account(struct session *session, const char *login,
				char id[LOOKUP_ID_SIZE]);

/* Notes that there is none of that name. */
enum ddns_result lookup_missing(struct session *session, const char *noun, const char *name);

#endif
