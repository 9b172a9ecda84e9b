// SPDX-License-Identifier: GPL-3.0-or-later
// What the world sees: the MNAME leads to where UPDATE is taken, and zones are delegated as served.
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/doctor/ask.h"
#include "gateway/ctl/doctor/doctor.h"
#include "sql/client/dname.h"

enum { ADDRESSES_MAX = 8, DNS_PORT = 53 };

struct addresses {
	size_t count;
	struct address items[ADDRESSES_MAX];
};

static void
add_record(const knot_rrset_t *rr, struct addresses *found)
{
	knot_rdata_t *rdata = rr->rrs.rdata;
	for (uint16_t i = 0; i < rr->rrs.count && found->count < ADDRESSES_MAX; i++) {
		struct address *address = &found->items[found->count];
		if (rdata->len > sizeof address->bytes)
			return;
		*address =
			(struct address){.family = rr->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6};
		memcpy(address->bytes, rdata->data, rdata->len);
		found->count++;
		rdata = knot_rdataset_next(rdata);
	}
}

static void
resolve_by(const struct doctor_server *resolver, const char *name, struct addresses *found)
{
	static const uint16_t types[] = {KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA};
	for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
		struct ask_answer answer;
		if (ask_dns(&resolver->address, KNOT_OPCODE_QUERY, name, types[t], true, &answer) !=
		    DDNS_OK)
			continue;
		const knot_pktsection_t *section = knot_pkt_section(answer.packet, KNOT_ANSWER);
		for (uint16_t i = 0; i < section->count; i++)
			if (knot_pkt_rr(section, i)->type == types[t])
				add_record(knot_pkt_rr(section, i), found);
		ask_clear(&answer);
	}
}

static void
resolve_by_system(const char *name, struct addresses *found)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list = NULL;
	if (getaddrinfo(name, NULL, &wanted, &list) != 0)
		return;
	for (const struct addrinfo *at = list; at != NULL && found->count < ADDRESSES_MAX;
	     at = at->ai_next)
		found->items[found->count++] = address_of(at->ai_addr);
	freeaddrinfo(list);
}

static struct listen_address
door_at(const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE], listen[LISTEN_TEXT_SIZE];
	struct listen_address door = {0};
	address_text(address, text);
	snprintf(listen, sizeof listen, address->family == AF_INET6 ? "[%s]:%d" : "%s:%d", text,
		 DNS_PORT);
	(void)listen_address_parse(listen, &door);
	return door;
}

static bool
is_server(const struct doctor *doctor, const struct listen_address *door)
{
	for (size_t i = 0; i < doctor->server_count; i++)
		if (doctor->servers[i].address.length == door->length &&
		    memcmp(&doctor->servers[i].address.socket, &door->socket, door->length) == 0)
			return true;
	return false;
}

/* An unsigned empty update changes nothing anywhere: who takes updates answers that it refuses. */
static bool
takes_update(const struct doctor *doctor, const struct address *address, const char *origin)
{
	struct ask_answer answer;
	struct listen_address door = door_at(address);
	if (is_server(doctor, &door) ||
	    ask_dns(&door, KNOT_OPCODE_UPDATE, origin, KNOT_RRTYPE_SOA, false, &answer) != DDNS_OK)
		return false;
	bool is_taken = answer.rcode != KNOT_RCODE_NOTIMPL;
	ask_clear(&answer);
	return is_taken;
}

static void
check_one_mname(struct doctor *doctor, const char *mname, const char *origin)
{
	struct addresses found = {0};
	bool has_door = doctor->config != NULL && doctor->config->dns_listen.count > 0;
	if (doctor->has_resolver)
		resolve_by(&doctor->resolver, mname, &found);
	else
		resolve_by_system(mname, &found);
	if (found.count == 0) {
		doctor_find(doctor, DOCTOR_WARNING, "MNAME",
			    "give it an address, or name another: ddnsctl zone set ORIGIN "
			    "mname=NAME; clients of DNS UPDATE look for their server there",
			    "%s, of zone %s, has no address", mname, origin);
		return;
	}
	for (size_t i = 0; i < found.count && has_door; i++)
		if (takes_update(doctor, &found.items[i], origin)) {
			doctor_find(doctor, DOCTOR_FINE, "MNAME", NULL, "%s takes UPDATE", mname);
			return;
		}
	if (has_door)
		doctor_find(doctor, DOCTOR_WARNING, "MNAME",
			    "MNAME should lead to port 53 of an address where the gateway takes "
			    "UPDATE (dns-listen), which is not named's: ddnsctl zone set ORIGIN "
			    "mname=NAME; until then clients must name the server themselves",
			    "%s, of zone %s, leads to nobody who takes UPDATE", mname, origin);
	else
		doctor_find(doctor, DOCTOR_FINE, "MNAME", NULL, "%s has an address", mname);
}

void
check_mname(struct doctor *doctor)
{
	size_t i, j;
	json_t *zone;
	json_array_foreach(doctor->zones, i, zone)
	{
		const char *mname = doctor_text(zone, "mname");
		bool is_seen = false;
		for (j = 0; j < i && !is_seen; j++)
			is_seen = strcmp(doctor_text(json_array_get(doctor->zones, j), "mname"),
					 mname) == 0;
		if (!is_seen)
			check_one_mname(doctor, mname, doctor_text(zone, "origin"));
	}
}

/* Whether the zone's NS, as we serve them, hold this name. */
static bool
serves_ns(const json_t *zone, const char *name)
{
	size_t i;
	json_t *ns;
	json_array_foreach(json_object_get(zone, "ns"), i,
			   ns) if (strcmp(json_string_value(ns), name) == 0) return true;
	return false;
}

/* Gathers the NS that are in an answer: how many, and one that we do not serve. */
static size_t
compare_ns(const struct ask_answer *answer, const json_t *zone,
	   char stranger[DDNS_DNAME_TEXT_MAX + 1])
{
	const knot_pktsection_t *section = knot_pkt_section(answer->packet, KNOT_ANSWER);
	size_t count = 0;
	for (uint16_t i = 0; i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		char name[DDNS_DNAME_TEXT_MAX + 1];
		if (rr->type != KNOT_RRTYPE_NS)
			continue;
		const knot_dname_t *ns = knot_ns_name(rr->rrs.rdata);
		if (ddns_dname_from_wire(ns, knot_dname_size(ns), name) != DDNS_OK)
			continue;
		count++;
		if (!serves_ns(zone, name))
			snprintf(stranger, DDNS_DNAME_TEXT_MAX + 1, "%s", name);
	}
	return count;
}

static void
check_parent(struct doctor *doctor, const json_t *zone)
{
	const char *origin = doctor_text(zone, "origin");
	char stranger[DDNS_DNAME_TEXT_MAX + 1] = "";
	struct ask_answer answer;
	if (ask_dns(&doctor->resolver.address, KNOT_OPCODE_QUERY, origin, KNOT_RRTYPE_NS, true,
		    &answer) != DDNS_OK) {
		doctor_find(doctor, DOCTOR_UNKNOWN, "delegation", "--resolver ADDR#PORT",
			    "%s does not answer for %s", doctor->resolver.text, origin);
		return;
	}
	size_t count = compare_ns(&answer, zone, stranger);
	if (count == 0)
		doctor_find(
			doctor, DOCTOR_WARNING, "delegation",
			"enter what `ddnsctl zone delegation ORIGIN` prints at the registrar, or "
			"in the parent zone",
			"%s is not delegated, as %s sees it (%s)", origin, doctor->resolver.text,
			knot_lookup_by_id(knot_rcode_names, (int)answer.rcode) != NULL
				? knot_lookup_by_id(knot_rcode_names, (int)answer.rcode)->name
				: "?");
	else if (stranger[0] != '\0')
		doctor_find(doctor, DOCTOR_WARNING, "delegation",
			    "make both the same: `ddnsctl zone delegation ORIGIN` prints ours",
			    "%s has the name server %s for the world, which the zone does not name",
			    origin, stranger);
	else if (count < json_array_size(json_object_get(zone, "ns")))
		doctor_find(doctor, DOCTOR_WARNING, "delegation",
			    "make both the same: `ddnsctl zone delegation ORIGIN` prints ours",
			    "%s has fewer name servers for the world than the zone names", origin);
	else
		doctor_find(doctor, DOCTOR_FINE, "delegation", NULL, "%s is seen as it is served",
			    origin);
	ask_clear(&answer);
}

void
check_parents(struct doctor *doctor)
{
	size_t i;
	json_t *zone;
	if (!doctor->has_resolver)
		return;
	json_array_foreach(doctor->zones, i,
			   zone) if (json_is_true(json_object_get(zone, "served")))
		check_parent(doctor, zone);
}
