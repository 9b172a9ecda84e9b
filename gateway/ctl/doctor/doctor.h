// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl doctor: what its checks look at, and how they tell what they found.
#ifndef GATEWAY_CTL_DOCTOR_DOCTOR_H
#define GATEWAY_CTL_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "gateway/address.h"
#include "gateway/config.h"
#include "gateway/ctl/doctor/named_conf.h"
#include "gateway/ctl/session.h"

enum doctor_level {
	DOCTOR_FINE,
	DOCTOR_UNKNOWN, // it could not be checked
	DOCTOR_WARNING, // works, but somebody should know
	DOCTOR_ERROR,	// does not work
};

enum { DOCTOR_SERVERS_MAX = 16 };

/* A name server that is asked, as it is shown and as it is reached. */
struct doctor_server {
	char text[LISTEN_TEXT_SIZE];
	struct listen_address address;
};

/* What one run knows.  Checks run in the order of the table in doctor.c, and later ones use what
 * earlier ones found. */
struct doctor {
	struct session *session;
	const char *config_path, *named_conf_path;
	struct doctor_server resolver;
	bool has_resolver;

	bool has_database;	 // statements of ddnsctl can be run
	bool has_server;	 // it answers at least
	json_t *zones;		 // CTL_ZONES; NULL without a database
	struct config *config;	 // the gateway's; NULL where it cannot be read
	struct named_conf named; // of this machine; is_read says whether
	struct doctor_server servers[DOCTOR_SERVERS_MAX]; // name servers
	size_t server_count;

	json_t *findings; // objects: check, level, finding, mend
	size_t counts[DOCTOR_ERROR + 1];
	bool is_broken; // a finding could not be kept: no memory
};

/*
 * Notes a finding.  check: what was looked at, a word or two; mend: what to do, a sentence or a
 * command, NULL with DOCTOR_FINE.
 */
void doctor_find(struct doctor *doctor, enum doctor_level level, const char *check,
		 const char *mend, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A member of an object that is text; "" where it is not there or null. */
const char *doctor_text(const json_t *object, const char *key);

typedef void doctor_check(struct doctor *doctor);
doctor_check check_database;	// reached, schema, clock, disk
doctor_check check_roles;	// named and the gateway can use the database, as who they run
doctor_check check_keys;	// the secret key file opens every key
doctor_check check_records;	// rows that are not canonical
doctor_check check_module;	// its file, what it links, who runs it
doctor_check check_named;	// its configuration; every zone answered; who may copy zones
doctor_check check_gateway;	// its configuration; reachable
doctor_check check_certificate; // of HTTPS: there, its key's, not about to expire
doctor_check check_mname;	// leads to where UPDATE is taken
doctor_check check_parents;	// zones are delegated as they are served

#endif
