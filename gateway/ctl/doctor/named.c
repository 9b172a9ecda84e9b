// SPDX-License-Identifier: GPL-3.0-or-later
// named as it answers: each zone, authoritatively, with the serial of the database; and who may
// copy.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/ctl/doctor/ask.h"
#include "gateway/ctl/doctor/doctor.h"

enum { NAMES_SIZE = 256, SHOWN_MAX = 3, CATCH_UP_MS = 3000, PAUSE_MS = 100 };

/* Zones of which the same is to be said. */
struct zone_names {
	size_t count, length;
	char shown[NAMES_SIZE];
};

static void
add_name(struct zone_names *names, const char *origin)
{
	if (names->count++ < SHOWN_MAX && names->length < sizeof names->shown)
		names->length += (size_t)snprintf(names->shown + names->length,
						  sizeof names->shown - names->length, "%s%.100s",
						  names->count > 1 ? ", " : "", origin);
	else if (names->count == SHOWN_MAX + 1 && names->length < sizeof names->shown)
		names->length += (size_t)snprintf(names->shown + names->length,
						  sizeof names->shown - names->length, ", ...");
}

/* Whether `serial` is older than `wanted`, RFC 1982. */
static bool
is_behind(uint32_t serial, uint32_t wanted)
{
	return (int32_t)(wanted - serial) > 0;
}

enum answer {
	ANSWER_RIGHT,
	ANSWER_SILENT,
	ANSWER_REFUSED,
	ANSWER_FAILED,
	ANSWER_FOREIGN,
	ANSWER_OLD
};

static enum answer
ask_once(const struct doctor_server *server, const char *origin, uint32_t wanted)
{
	struct ask_answer answer;
	uint32_t serial;
	enum answer told = ANSWER_RIGHT;
	if (ask_dns(&server->address, KNOT_OPCODE_QUERY, origin, KNOT_RRTYPE_SOA, false, &answer) !=
	    DDNS_OK)
		return ANSWER_SILENT;
	if (answer.rcode == KNOT_RCODE_SERVFAIL)
		told = ANSWER_FAILED;
	else if (answer.rcode == KNOT_RCODE_REFUSED)
		told = ANSWER_REFUSED;
	else if (answer.rcode != KNOT_RCODE_NOERROR || !knot_wire_get_aa(answer.wire) ||
		 !ask_serial(&answer, &serial))
		told = ANSWER_FOREIGN;
	else if (is_behind(serial, wanted))
		told = ANSWER_OLD;
	ask_clear(&answer);
	return told;
}

/* What has just been changed may be on its way: it gets a moment to arrive. */
static enum answer
ask_zone(const struct doctor_server *server, const char *origin, uint32_t wanted)
{
	int64_t deadline = ddns_clock_ms() + CATCH_UP_MS;
	enum answer told;
	while ((told = ask_once(server, origin, wanted)) == ANSWER_OLD &&
	       ddns_clock_ms() < deadline)
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	return told;
}

static const struct {
	const char *what, *mend;
} faults[] = {
	[ANSWER_SILENT] = {"does not answer for",
			   "look that named runs and listens there (ss -lnu), or name the right "
			   "address: --named ADDR#PORT"},
	[ANSWER_REFUSED] = {"refuses", "the dlz statement is missing in the view that you are in, "
				       "or allow-query of this named keeps you out"},
	[ANSWER_FAILED] = {"answers SERVFAIL for",
			   "the module has not loaded the zone: named's log "
			   "says why (journalctl -u named | grep dlz_ddns)"},
	[ANSWER_FOREIGN] = {"is not the authority for",
			    "another zone statement of named.conf may stand before it, or the "
			    "module is not loaded"},
	[ANSWER_OLD] = {"shows an older serial of",
			"the module does not follow the database: named's log says why "
			"(journalctl -u named | grep dlz_ddns)"},
};

static void
check_server(struct doctor *doctor, const struct doctor_server *server)
{
	struct zone_names names[sizeof faults / sizeof *faults] = {0};
	size_t i, bad = 0, served = 0;
	json_t *zone;

	json_array_foreach(doctor->zones, i, zone)
	{
		const char *origin = doctor_text(zone, "origin");
		if (!json_is_true(json_object_get(zone, "served")))
			continue;
		served++;
		enum answer told =
			ask_zone(server, origin,
				 (uint32_t)json_integer_value(json_object_get(zone, "serial")));
		if (told == ANSWER_RIGHT)
			continue;
		bad++;
		add_name(&names[told], origin);
		if (told == ANSWER_SILENT)
			break; // it would be as silent for all others
	}
	for (i = 0; i < sizeof faults / sizeof *faults; i++)
		if (names[i].count > 0)
			doctor_find(doctor, DOCTOR_ERROR, "named", faults[i].mend, "%s %s %s",
				    server->text, faults[i].what, names[i].shown);
	if (bad == 0)
		doctor_find(doctor, DOCTOR_FINE, "named", NULL, "%s answers for %zu zone%s",
			    server->text, served, served == 1 ? "" : "s");
}

/* Those named on the command line; else where named.conf listens; else where the gateway looks. */
static void
choose_servers(struct doctor *doctor)
{
	const struct named_conf *conf = &doctor->named;
	struct doctor_server *server = &doctor->servers[0];
	char text[LISTEN_TEXT_SIZE];
	if (doctor->server_count > 0)
		return;
	if (conf->is_read) {
		const char *address =
			conf->listen_address[0] != '\0' ? conf->listen_address : "127.0.0.1";
		snprintf(text, sizeof text, "%s:%u", address, conf->listen_port);
		if (listen_address_parse(text, &server->address) == DDNS_OK)
			doctor->server_count = 1;
	} else if (doctor->config != NULL) {
		for (size_t i = 0; i < doctor->config->name_servers.count && i < DOCTOR_SERVERS_MAX;
		     i++)
			if (listen_address_parse(doctor->config->name_servers.items[i],
						 &doctor->servers[doctor->server_count].address) ==
			    DDNS_OK)
				doctor->server_count++;
	}
	for (size_t i = 0; i < doctor->server_count; i++)
		listen_address_text((const struct sockaddr *)&doctor->servers[i].address.socket,
				    doctor->servers[i].text);
}

static bool
lists_everybody(const json_t *zone)
{
	size_t i;
	json_t *prefix;
	json_array_foreach(json_object_get(zone, "transfer_to"), i, prefix)
	{
		const char *text = json_string_value(prefix);
		if (text != NULL && (strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "::/0") == 0))
			return true;
	}
	return false;
}

/* named's own allow-transfer counts for zones that leave it to named; unsaid it is any (9.18). */
static void
check_transfers(struct doctor *doctor)
{
	const struct named_conf *conf = &doctor->named;
	bool is_open = conf->is_read && (!conf->says_allow_transfer || conf->allows_all_transfers);
	struct zone_names left = {0}, listed = {0};
	size_t i;
	json_t *zone;

	json_array_foreach(doctor->zones, i, zone)
	{
		const char *transfer = doctor_text(zone, "transfer");
		if (strcmp(transfer, "named") == 0 && is_open)
			add_name(&left, doctor_text(zone, "origin"));
		else if (strcmp(transfer, "list") == 0 && lists_everybody(zone))
			add_name(&listed, doctor_text(zone, "origin"));
	}
	if (left.count > 0)
		doctor_find(doctor, DOCTOR_WARNING, "transfers",
			    "say allow-transfer { none; }; or whom you mean in named.conf, or "
			    "ddnsctl zone set ORIGIN transfer=none",
			    "everybody may copy %s: transfer=named, and named.conf lets all",
			    left.shown);
	if (listed.count > 0)
		doctor_find(doctor, DOCTOR_WARNING, "transfers",
			    "ddnsctl zone set ORIGIN transfer=ADDR,...",
			    "everybody may copy %s: the zone's list has a prefix of all addresses",
			    listed.shown);
	if (left.count + listed.count == 0)
		doctor_find(doctor, DOCTOR_FINE, "transfers", NULL, "no zone is open to everybody");
}

void
check_named(struct doctor *doctor)
{
	if (doctor->named.is_read && !doctor->named.says_minimal_responses)
		doctor_find(doctor, DOCTOR_WARNING, "named.conf",
			    "say minimal-responses yes; in options { }",
			    "without minimal-responses each further record of an answer costs a "
			    "lookup");
	if (!doctor->has_database)
		return;
	choose_servers(doctor);
	if (doctor->server_count == 0)
		doctor_find(doctor, DOCTOR_UNKNOWN, "named", "--named ADDR#PORT",
			    "no name server is known that could be asked");
	for (size_t i = 0; i < doctor->server_count; i++)
		check_server(doctor, &doctor->servers[i]);
	check_transfers(doctor);
}
