// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the sections of UPDATE messages (RFC 2136 sections 2.4, 2.5, 3.2 and 3.4.1).
#include "gateway/dns/change.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* The RR's owner, relative to the zone.  DDNS_NOT_FOUND: it is not in the zone. */
static enum ddns_result
owner_read(const struct change_list *list, const knot_rrset_t *rr, char **ownerp)
{
	enum ddns_result result;
	char name[DDNS_DNAME_TEXT_MAX + 1];
	char owner[DDNS_DNAME_TEXT_MAX + 1];

	CHECK(ddns_dname_from_wire(rr->owner, knot_dname_size(rr->owner), name));
	CHECK(ddns_dname_relative(name, list->zone, owner));
	char *copy = strdup(owner);
	if (copy == NULL)
		return DDNS_NO_MEMORY;
	*ownerp = copy;
cleanup:
	return result;
}

static bool
has_data(const knot_rrset_t *rr)
{
	return rr->rrs.count > 0 && rr->rrs.rdata->len > 0;
}

static bool
is_signers(uint16_t type)
{
	return type == KNOT_RRTYPE_RRSIG || type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3;
}

/* What a prerequisite asks for, by RFC 2136 section 3.2; false: it is malformed.  That each carries
 * data of its type, or none, has been seen. */
static bool
prerequisite_kind_of(const knot_rrset_t *rr, int *kindp)
{
	bool is_name = rr->type == KNOT_RRTYPE_ANY;

	if (rr->rclass == KNOT_CLASS_IN) {
		*kindp = PREREQUISITE_RR;
		return !rr_type_is_meta(rr->type);
	}
	if (rr->rclass == KNOT_CLASS_ANY)
		*kindp = is_name ? PREREQUISITE_NAME_IN_USE : PREREQUISITE_RRSET_EXISTS;
	else if (rr->rclass == KNOT_CLASS_NONE)
		*kindp = is_name ? PREREQUISITE_NAME_FREE : PREREQUISITE_RRSET_ABSENT;
	else
		return false;
	return is_name || !rr_type_is_meta(rr->type);
}

/* The same of a change, by RFC 2136 section 3.4.1. */
static bool
change_kind_of(const knot_rrset_t *rr, int *kindp)
{
	bool is_meta = rr_type_is_meta(rr->type);

	switch (rr->rclass) {
	case KNOT_CLASS_IN:
		*kindp = CHANGE_ADD;
		return !is_meta;
	case KNOT_CLASS_ANY:
		*kindp = rr->type == KNOT_RRTYPE_ANY ? CHANGE_DELETE_NAME : CHANGE_DELETE_RRSET;
		return rr->ttl == 0 && !has_data(rr) && (!is_meta || rr->type == KNOT_RRTYPE_ANY);
	case KNOT_CLASS_NONE:
		*kindp = CHANGE_DELETE_RR;
		return rr->ttl == 0 && !is_meta;
	default:
		return false;
	}
}

/* An empty RR of a type that may be empty has no text of its own in libknot. */
static enum ddns_result
rdata_read(const knot_rrset_t *rr, char **rdatap)
{
	if (has_data(rr))
		return rr_data_text(rr, rdatap);
	if (!rr_type_may_be_empty(rr->type))
		return DDNS_BAD_INPUT;
	*rdatap = strdup("\\# 0");
	return *rdatap != NULL ? DDNS_OK : DDNS_NO_MEMORY;
}

/* Reads the data of all RRs of a section that carry some, before anything else is looked at: as
 * named, whose parser does so.  A prerequisite of class ANY or NONE must carry none. */
static enum ddns_result
section_read(const knot_pktsection_t *section, bool is_prerequisites, struct change *changes,
	     uint16_t *rcodep)
{
	enum ddns_result result = DDNS_OK;

	for (uint16_t i = 0; i < section->count && result == DDNS_OK; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		if (rr->rclass == KNOT_CLASS_IN ||
		    (rr->rclass == KNOT_CLASS_NONE && !is_prerequisites))
			result = rdata_read(rr, &changes[i].rdata);
		else if (is_prerequisites && has_data(rr) &&
			 (rr->rclass == KNOT_CLASS_ANY || rr->rclass == KNOT_CLASS_NONE))
			result = DDNS_BAD_INPUT;
	}
	if (result == DDNS_BAD_INPUT)
		*rcodep = KNOT_RCODE_FORMERR;
	else if (result == DDNS_DENIED)
		*rcodep = KNOT_RCODE_REFUSED;
	return *rcodep != KNOT_RCODE_NOERROR ? DDNS_OK : result;
}

static enum ddns_result
prerequisite_read(const struct change_list *list, const knot_rrset_t *rr, struct change *change)
{
	enum ddns_result result;
	int kind;

	change->kind = PREREQUISITE_WRONG;
	change->rcode = KNOT_RCODE_FORMERR;
	if (rr->ttl != 0)
		return DDNS_OK;
	result = owner_read(list, rr, &change->owner);
	if (result == DDNS_NOT_FOUND) {
		change->rcode = KNOT_RCODE_NOTZONE;
		return DDNS_OK;
	}
	if (result != DDNS_OK || !prerequisite_kind_of(rr, &kind))
		return result;
	if (rr->type != KNOT_RRTYPE_ANY)
		change->type = rr->type;
	change->kind = kind;
	change->rcode = KNOT_RCODE_NOERROR;
	return DDNS_OK;
}

static enum ddns_result
change_read(const struct change_list *list, const knot_rrset_t *rr, struct change *change,
	    uint16_t *rcodep)
{
	enum ddns_result result = owner_read(list, rr, &change->owner);

	if (result == DDNS_NOT_FOUND) {
		*rcodep = KNOT_RCODE_NOTZONE;
		return DDNS_OK;
	}
	if (result != DDNS_OK)
		return result;
	if (!change_kind_of(rr, &change->kind)) {
		*rcodep = KNOT_RCODE_FORMERR;
		return DDNS_OK;
	}
	if (is_signers(rr->type))
		*rcodep = KNOT_RCODE_REFUSED;
	if (change->kind != CHANGE_DELETE_NAME)
		change->type = rr->type;
	if (change->kind == CHANGE_ADD && rr->ttl <= INT32_MAX) // else 0: RFC 2181 section 8
		change->ttl = rr->ttl;
	return DDNS_OK;
}

static void
change_clear(struct change *change)
{
	free(change->owner);
	free(change->rdata);
}

static void
changes_free(struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		change_clear(&changes[i]);
	free(changes);
}

void
change_list_free(struct change_list *list)
{
	if (list == NULL)
		return;
	changes_free(list->prerequisites, list->prerequisite_count);
	changes_free(list->changes, list->change_count);
	free(list);
}

/* Makes the list with room for both sections, and the zone's name in it. */
static enum ddns_result
list_create(const knot_pkt_t *packet, struct change_list **listp)
{
	const knot_dname_t *zone = knot_pkt_qname(packet);
	size_t prerequisites = knot_pkt_section(packet, KNOT_ANSWER)->count;
	size_t changes = knot_pkt_section(packet, KNOT_AUTHORITY)->count;
	struct change_list *list = calloc(1, sizeof(*list));

	if (list == NULL)
		return DDNS_NO_MEMORY;
	list->prerequisites = calloc(prerequisites + 1, sizeof(*list->prerequisites));
	list->changes = calloc(changes + 1, sizeof(*list->changes));
	enum ddns_result result = DDNS_NO_MEMORY;
	if (list->prerequisites != NULL && list->changes != NULL) {
		list->prerequisite_count = prerequisites;
		list->change_count = changes;
		result = ddns_dname_from_wire(zone, knot_dname_size(zone), list->zone);
	}
	if (result != DDNS_OK) {
		change_list_free(list);
		return result;
	}
	*listp = list;
	return DDNS_OK;
}

/* Evaluation ends at a prerequisite that is wrong: what comes after it does not count. */
static void
prerequisites_cut(struct change_list *list, size_t count)
{
	while (list->prerequisite_count > count)
		change_clear(&list->prerequisites[--list->prerequisite_count]);
}

enum ddns_result
change_list_read(const struct message *message, struct change_list **listp, uint16_t *rcodep)
{
	enum ddns_result result;
	const knot_pktsection_t *prerequisites = knot_pkt_section(message->packet, KNOT_ANSWER);
	const knot_pktsection_t *changes = knot_pkt_section(message->packet, KNOT_AUTHORITY);
	struct change_list *list = NULL;

	*rcodep = message_check_zone(message);
	if (*rcodep == KNOT_RCODE_NOERROR && knot_dname_size(knot_pkt_qname(message->packet)) == 1)
		*rcodep = KNOT_RCODE_NOTAUTH;
	if (*rcodep == KNOT_RCODE_NOERROR && (prerequisites->count > CHANGE_PREREQUISITES_MAX ||
					      changes->count > CHANGE_CHANGES_MAX))
		*rcodep = KNOT_RCODE_REFUSED;
	if (*rcodep != KNOT_RCODE_NOERROR)
		return DDNS_OK;

	CHECK(list_create(message->packet, &list));
	CHECK(section_read(prerequisites, true, list->prerequisites, rcodep));
	if (*rcodep == KNOT_RCODE_NOERROR)
		CHECK(section_read(changes, false, list->changes, rcodep));
	for (uint16_t i = 0; i < list->change_count && *rcodep == KNOT_RCODE_NOERROR; i++)
		CHECK(change_read(list, knot_pkt_rr(changes, i), &list->changes[i], rcodep));
	for (uint16_t i = 0; i < list->prerequisite_count && *rcodep == KNOT_RCODE_NOERROR; i++) {
		struct change *prerequisite = &list->prerequisites[i];
		CHECK(prerequisite_read(list, knot_pkt_rr(prerequisites, i), prerequisite));
		if (prerequisite->kind == PREREQUISITE_WRONG)
			prerequisites_cut(list, i + 1U);
	}
	if (*rcodep == KNOT_RCODE_NOERROR) {
		*listp = list;
		list = NULL;
	}
cleanup:
	change_list_free(list);
	return result;
}

static json_t *
change_pack(const struct change *change, bool is_prerequisite)
{
	static const char *const prerequisite_names[] = {
		[PREREQUISITE_NAME_IN_USE] = "in_use",
		[PREREQUISITE_NAME_FREE] = "free",
		[PREREQUISITE_RRSET_EXISTS] = "exists",
		[PREREQUISITE_RRSET_ABSENT] = "absent",
		[PREREQUISITE_RR] = "rr",
		[PREREQUISITE_WRONG] = "wrong",
	};
	static const char *const change_names[] = {
		[CHANGE_ADD] = "add",
		[CHANGE_DELETE_RR] = "delete",
		[CHANGE_DELETE_RRSET] = "delete_rrset",
		[CHANGE_DELETE_NAME] = "delete_name",
	};
	char type[RR_TYPE_TEXT_MAX + 1];
	const char *type_name = change->type != 0 ? type : NULL;

	rr_type_text(change->type, type);
	if (is_prerequisite)
		return json_pack("[s, s?, s?, s?, i]", prerequisite_names[change->kind],
				 change->owner, type_name, change->rdata, (int)change->rcode);
	return json_pack("[s, s, s?, I, s?]", change_names[change->kind], change->owner, type_name,
			 (json_int_t)change->ttl, change->rdata);
}

static json_t *
changes_pack(const struct change *changes, size_t count, bool is_prerequisite)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < count; i++) {
		if (json_array_append_new(array, change_pack(&changes[i], is_prerequisite)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

enum ddns_result
change_list_json(const struct change_list *list, char **textp)
{
	json_t *value =
		json_pack("{s: o, s: o}", "prerequisites",
			  changes_pack(list->prerequisites, list->prerequisite_count, true),
			  "changes", changes_pack(list->changes, list->change_count, false));
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (text == NULL)
		return DDNS_NO_MEMORY;
	*textp = text;
	return DDNS_OK;
}
