// SPDX-License-Identifier: GPL-3.0-or-later
// named's module and the gateway can use the database: tried as the users that they run as.
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/ctl/doctor/child.h"
#include "gateway/ctl/doctor/doctor.h"
#include "gateway/ctl/doctor/loaded.h"

enum { OPEN_MS = 10 * 1000, CHILD_MS = 2 * OPEN_MS };

struct visit {
	const char *conninfo;
	unsigned statements;
};

/* In a process of its own: opens the connection as named or the gateway would. */
static int
visit(void *context, int fd)
{
	const struct visit *visit = context;
	struct ddns_db_options options = {
		.conninfo = visit->conninfo,
		.application = "ddnsctl doctor",
		.statements = visit->statements,
		.wake_fd = -1,
	};
	struct ddns_db *db = NULL;
	enum ddns_result result = ddns_db_create(&options, &db);
	if (result == DDNS_OK)
		result = ddns_db_open(db, OPEN_MS);
	if (result != DDNS_OK && db != NULL)
		dprintf(fd, "%s", ddns_db_last_error(db)->message);
	return result;
}

static const char *
mend_for(enum ddns_result result, bool is_named)
{
	switch (result) {
	case DDNS_DENIED:
		return is_named ? "ddns-schema install --named-user ROLE makes the role of this "
				  "conninfo; by peer authentication it has the name of the user "
				  "that named runs as"
				: "ddns-schema install --gateway-user ROLE makes the role of this "
				  "conninfo; by peer authentication it has the name of the user "
				  "that the gateway runs as";
	case DDNS_INTERNAL:
		return "ddns-schema upgrade, run with the files of this version";
	case DDNS_BAD_INPUT:
		return "libpq's words are such as host=/run/postgresql dbname=ddns user=ROLE";
	default:
		return is_named ? "look that PostgreSQL runs, that host= and port= name its socket "
				  "or address, that this user may enter the socket's folder, and "
				  "that AppArmor lets named (see dlz_ddns(8))"
				: "look that PostgreSQL runs, that host= and port= name its socket "
				  "or address, and that this user may enter the socket's folder";
	}
}

static void
try_as(struct doctor *doctor, const char *check, uid_t user, const char *conninfo,
       unsigned statements)
{
	struct visit context = {conninfo, statements};
	const struct passwd *account = getpwuid(user);
	char name[64];
	struct child_result child;
	bool is_named = statements == DDNS_STATEMENTS_READER;

	snprintf(name, sizeof name, "%s", account != NULL ? account->pw_name : "a nameless user");
	if (!child_run_as(user, visit, &context, CHILD_MS, &child)) {
		doctor_find(doctor, DOCTOR_UNKNOWN, check, "run ddnsctl doctor as root",
			    "cannot try the database as %s: %s", name, strerror(errno));
		return;
	}
	if (child.is_done && child.status == DDNS_OK)
		doctor_find(doctor, DOCTOR_FINE, check, NULL, "can use the database, as %s", name);
	else
		doctor_find(doctor, DOCTOR_ERROR, check,
			    mend_for((enum ddns_result)child.status, is_named),
			    "cannot use the database, as %s: %s", name,
			    child.text[0] != '\0' ? child.text : "it does not answer");
	free(child.text);
}

/* Whom a program of this name for its user runs as; ourselves where there is no such user. */
static uid_t
user_of(const char *name)
{
	const struct passwd *account = getpwnam(name);
	return account != NULL ? account->pw_uid : geteuid();
}

void
check_roles(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->named.dlz_count; i++) {
		uid_t user;
		if (loaded_by(doctor->named.dlz[i].module, &user) != LOADED_HERE)
			user = user_of("bind");
		try_as(doctor, "named's role", user, doctor->named.dlz[i].conninfo,
		       DDNS_STATEMENTS_READER);
	}
	if (doctor->config != NULL)
		try_as(doctor, "gateway role", user_of(doctor->config->user),
		       doctor->config->database,
		       DDNS_STATEMENTS_GATEWAY | DDNS_STATEMENTS_JOBS | DDNS_STATEMENTS_DNS);
}
