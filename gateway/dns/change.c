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

/* Whether an RR that must carry data of its type does; libknot has checked all but emptiness. */
static bool
has_its_data(const knot_rrset_t *rr)
{
	return has_data(rr) || rr_type_may_be_empty(rr->type);
}

static bool
is_signers(uint16_t type)
{
	return type == KNOT_RRTYPE_RRSIG || type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3;
}

/* What a prerequisite asks for, by RFC 2136 section 3.2; false: it is malformed.  Of those of class
 * ANY and NONE is_unreadable has seen that they carry no data. */
static bool
prerequisite_kind_of(const knot_rrset_t *rr, int *kindp)
{
	bool is_name = rr->type == KNOT_RRTYPE_ANY;

	if (rr->rclass == KNOT_CLASS_IN) {
		*kindp = PREREQUISITE_RR;
		return !rr_type_is_meta(rr->type) && has_its_data(rr);
	}
	if (rr->rclass == KNOT_CLASS_ANY)
		*kindp = is_name ? PREREQUISITE_NAME_IN_USE : PREREQUISITE_RRSET_EXISTS;
	else if (rr->rclass == KNOT_CLASS_NONE)
		*kindp = is_name ? PREREQUISITE_NAME_FREE : PREREQUISITE_RRSET_ABSENT;
	else
		return false;
	return is_name || !rr_type_is_meta(rr->type);
}

/* What a change asks for, by RFC 2136 section 3.4.1; false: it is malformed. */
static bool
change_kind_of(const knot_rrset_t *rr, int *kindp)
{
	bool is_meta = rr_type_is_meta(rr->type);

	switch (rr->rclass) {
	case KNOT_CLASS_IN:
		*kindp = CHANGE_ADD;
		return !is_meta && has_its_data(rr);
	case KNOT_CLASS_ANY:
		*kindp = rr->type == KNOT_RRTYPE_ANY ? CHANGE_DELETE_NAME : CHANGE_DELETE_RRSET;
		return rr->ttl == 0 && !has_data(rr) && (!is_meta || rr->type == KNOT_RRTYPE_ANY);
	case KNOT_CLASS_NONE:
		*kindp = CHANGE_DELETE_RR;
		return rr->ttl == 0 && !is_meta && has_its_data(rr);
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
	*rdatap = strdup(rr->type == KNOT_RRTYPE_APL ? "" : "\\# 0");
	return *rdatap != NULL ? DDNS_OK : DDNS_NO_MEMORY;
}

static enum ddns_result
prerequisite_read(const struct change_list *list, const knot_rrset_t *rr, struct change *change)
{
	enum ddns_result result;

	*change = (struct change){.kind = PREREQUISITE_WRONG, .rcode = KNOT_RCODE_FORMERR};
	if (rr->ttl != 0)
		return DDNS_OK;
	result = owner_read(list, rr, &change->owner);
	if (result == DDNS_NOT_FOUND) {
		change->rcode = KNOT_RCODE_NOTZONE;
		return DDNS_OK;
	}
	int kind;
	if (result != DDNS_OK || !prerequisite_kind_of(rr, &kind))
		return result;
	if (rr->type != KNOT_RRTYPE_ANY)
		change->type = rr->type;
	if (kind == PREREQUISITE_RR) {
		result = rdata_read(rr, &change->rdata);
		if (result == DDNS_BAD_INPUT) // nothing that is stored is as large
			return DDNS_OK;
	}
	if (result == DDNS_OK) {
		change->kind = kind;
		change->rcode = KNOT_RCODE_NOERROR;
	}
	return result;
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
	if (is_signers(rr->type)) {
		*rcodep = KNOT_RCODE_REFUSED;
		return DDNS_OK;
	}
	if (change->kind != CHANGE_DELETE_NAME)
		change->type = rr->type;
	if (change->kind == CHANGE_ADD)
		change->ttl = rr->ttl;
	if (change->kind == CHANGE_ADD || change->kind == CHANGE_DELETE_RR) {
		result = rdata_read(rr, &change->rdata);
		if (result == DDNS_BAD_INPUT) {
			*rcodep = KNOT_RCODE_REFUSED;
			return DDNS_OK;
		}
	}
	return result;
}

static void
changes_free(struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(changes[i].owner);
		free(changes[i].rdata);
	}
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
	if (list->prerequisites != NULL && list->changes != NULL)
		result = ddns_dname_from_wire(zone, knot_dname_size(zone), list->zone);
	if (result != DDNS_OK) {
		change_list_free(list);
		return result;
	}
	*listp = list;
	return DDNS_OK;
}

/* Whether a prerequisite of class ANY or NONE carries data: named takes that for a message that it
 * cannot read, and answers so before it looks at the others. */
static bool
is_unreadable(const knot_pktsection_t *prerequisites)
{
	for (uint16_t i = 0; i < prerequisites->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(prerequisites, i);
		if ((rr->rclass == KNOT_CLASS_ANY || rr->rclass == KNOT_CLASS_NONE) && has_data(rr))
			return true;
	}
	return false;
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
	if (is_unreadable(prerequisites))
		*rcodep = KNOT_RCODE_FORMERR;
	for (uint16_t i = 0; i < changes->count && *rcodep == KNOT_RCODE_NOERROR; i++) {
		struct change *change = &list->changes[list->change_count++];
		CHECK(change_read(list, knot_pkt_rr(changes, i), change, rcodep));
	}
	for (uint16_t i = 0; i < prerequisites->count && *rcodep == KNOT_RCODE_NOERROR; i++) {
		struct change *change = &list->prerequisites[list->prerequisite_count++];
		CHECK(prerequisite_read(list, knot_pkt_rr(prerequisites, i), change));
		if (change->kind == PREREQUISITE_WRONG)
			break;
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
