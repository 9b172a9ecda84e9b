// SPDX-License-Identifier: GPL-3.0-or-later
// What an UPDATE message asks for (RFC 2136), as values that the database takes.
#ifndef DDNS_GATEWAY_DNS_CHANGE_H
#define DDNS_GATEWAY_DNS_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/dns/message.h"
#include "gateway/dns/rr.h"
#include "sql/client/dname.h"
#include "sql/client/result.h"

enum {
	CHANGE_PREREQUISITES_MAX = 64, // of one message
	CHANGE_CHANGES_MAX = 100,      // of one message
};

/* RFC 2136 section 2.4, and prerequisites that fail by themselves. */
enum prerequisite_kind {
	PREREQUISITE_NAME_IN_USE,
	PREREQUISITE_NAME_FREE,
	PREREQUISITE_RRSET_EXISTS,
	PREREQUISITE_RRSET_ABSENT,
	PREREQUISITE_RR,    // one of the RRs that together must be the RR set
	PREREQUISITE_WRONG, // evaluation ends here with `rcode`: those before it come first
};

/* RFC 2136 section 2.5. */
enum change_kind {
	CHANGE_ADD,
	CHANGE_DELETE_RR,
	CHANGE_DELETE_RRSET,
	CHANGE_DELETE_NAME,
};

/* A prerequisite or a change. */
struct change {
	int kind;	// enum prerequisite_kind or enum change_kind
	uint16_t rcode; // of PREREQUISITE_WRONG
	uint16_t type;	// 0 where the kind has none
	uint32_t ttl;	// seconds; of CHANGE_ADD
	char *owner;	// stored form, relative to the zone
	char *rdata;	// canonical text; NULL where the kind has none
};

/* An UPDATE message's meaning; strings are its own. */
struct change_list {
	char zone[DDNS_DNAME_TEXT_MAX + 1]; // stored form
	size_t prerequisite_count, change_count;
	struct change *prerequisites, *changes; // in the message's order
};

/*
 * Reads the sections of an UPDATE whose signature was verified.  On DDNS_OK, *listp is the
 * caller's, to be freed by change_list_free, where *rcodep is NOERROR; else it is untouched and
 * *rcodep is
 *
 * FORMERR  message_check_zone's; data that are not of their type's form, in any section; or the
 *          prescan's (RFC 2136 section 3.4.1)
 * NOTAUTH  message_check_zone's, or the zone's name is one that no zone of ours can have
 * NOTZONE  a change of a name outside the zone
 * REFUSED  too many prerequisites or changes, more than RR_RDATA_MAX octets in one RR, or a change
 *          of RRSIG, NSEC or NSEC3, which are a signer's
 *
 * A prerequisite that is wrong in itself is not told here, but by PREREQUISITE_WRONG: RFC 2136
 * section 3.2 has the first one that fails answered.  DDNS_NO_MEMORY, DDNS_INTERNAL: SERVFAIL.
 */
enum ddns_result change_list_read(const struct message *message, struct change_list **listp,
				  uint16_t *rcodep);
void change_list_free(struct change_list *list); // takes NULL

/*
 * The list as the JSON value that the database function takes; *textp is the caller's, to be freed:
 * {"prerequisites": [[KIND, OWNER, TYPE, RDATA, RCODE], ...],
 *  "changes": [[KIND, OWNER, TYPE, TTL, RDATA], ...]}
 * with the kinds "in_use", "free", "exists", "absent", "rr", "wrong" and "add", "delete",
 * "delete_rrset", "delete_name".
 */
enum ddns_result change_list_json(const struct change_list *list, char **textp);

#endif
