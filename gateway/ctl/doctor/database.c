// SPDX-License-Identifier: GPL-3.0-or-later
// The database: reached, of our schema, with the right time, with room on its disk.
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>

#include "gateway/ctl/doctor/doctor.h"

enum {
	OPEN_MS = 15 * 1000,
	QUERY_MS = 10 * 1000,
	SKEW_MAX_MS = 5 * 1000, // beyond it somebody's clock is wrong; TSIG bears 300 s at most
	SKEW_TSIG_MS = 300 * 1000,
};

/* Columns of SERVER_FACTS. */
enum { VERSION, DATABASE, USER, NOW_MS, DATA_DIRECTORY, HAS_SCHEMA, IS_STANDBY };

static int64_t
now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void
check_clock(struct doctor *doctor, int64_t database_ms, int64_t here_ms)
{
	struct timex kernel = {.modes = 0};
	int64_t skew = database_ms > here_ms ? database_ms - here_ms : here_ms - database_ms;
	if (skew > SKEW_MAX_MS)
		doctor_find(doctor, skew > SKEW_TSIG_MS ? DOCTOR_ERROR : DOCTOR_WARNING, "clock",
			    "set both clocks by NTP: TSIG refuses what is off by 300 s, and "
			    "timeouts are counted by the database's clock",
			    "the database's clock is %lld s off this machine's",
			    (long long)(skew / 1000));
	else if (adjtimex(&kernel) == TIME_ERROR)
		doctor_find(doctor, DOCTOR_WARNING, "clock",
			    "let NTP keep the clock: apt install systemd-timesyncd, or chrony",
			    "agrees with the database's, but the kernel says that nobody keeps it");
	else
		doctor_find(doctor, DOCTOR_FINE, "clock", NULL,
			    "agrees with the database's, and is kept");
}

static void
check_disk(struct doctor *doctor, const char *directory)
{
	struct statvfs disk;
	if (directory == NULL || statvfs(directory, &disk) != 0) {
		// a role that may not know it, or a database elsewhere: nothing is wrong with that
		doctor_find(doctor, DOCTOR_FINE, "disk", NULL,
			    "the database's is not to be seen from here");
		return;
	}
	unsigned long long free_mb = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
	unsigned percent =
		(unsigned)(disk.f_bavail * 100 / (disk.f_blocks > 0 ? disk.f_blocks : 1));
	enum doctor_level level = free_mb < 100			  ? DOCTOR_ERROR
				  : free_mb < 1024 || percent < 5 ? DOCTOR_WARNING
								  : DOCTOR_FINE;
	doctor_find(doctor, level, "disk",
		    level == DOCTOR_FINE ? NULL
					 : "make room: on a full disk updates are answered 911 and "
					   "SERVFAIL, though names are served on",
		    "%llu MiB (%u %%) free under %s", free_mb, percent, directory);
}

/* What the server says of itself, whatever is in it. */
static bool
look_at_server(struct doctor *doctor, bool *has_schemap)
{
	struct ddns_db_options options = {
		.conninfo = session_conninfo(doctor->session),
		.application = "ddnsctl doctor",
		.statements = DDNS_STATEMENTS_SERVER,
		.wake_fd = -1,
	};
	struct ddns_db *db = NULL;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(ddns_db_create(&options, &db));
	CHECK(ddns_db_open(db, OPEN_MS));
	CHECK(ddns_db_query(db, DDNS_STATEMENT_SERVER_FACTS, NULL, 0, QUERY_MS, &rows));
	int64_t here_ms = now_ms();
	bool is_standby = ddns_rows_boolean(rows, 0, IS_STANDBY);
	doctor_find(doctor, is_standby ? DOCTOR_ERROR : DOCTOR_FINE, "database",
		    is_standby ? "name the primary: --db 'host=A,B target_session_attrs=read-write'"
			       : NULL,
		    "PostgreSQL %s, database %s, as %s%s", ddns_rows_text(rows, 0, VERSION),
		    ddns_rows_text(rows, 0, DATABASE), ddns_rows_text(rows, 0, USER),
		    is_standby ? ": a standby, which takes no update" : "");
	check_clock(doctor, ddns_rows_integer(rows, 0, NOW_MS, 0), here_ms);
	check_disk(doctor, ddns_rows_text(rows, 0, DATA_DIRECTORY));
	*has_schemap = ddns_rows_boolean(rows, 0, HAS_SCHEMA);
cleanup:
	if (result != DDNS_OK) {
		const struct ddns_db_error *error = db != NULL ? ddns_db_last_error(db) : NULL;
		bool lacks_right = error != NULL && strcmp(error->sqlstate, "42501") == 0;
		doctor_find(doctor, DOCTOR_ERROR, "database",
			    lacks_right ? "use a role that is a member of ddns_admin (GRANT "
					  "ddns_admin TO ROLE)"
			    : result == DDNS_DENIED
				    ? "run it as a user that pg_hba.conf lets in, such as "
				      "postgres, or name the role: --db 'dbname=ddns user=ROLE'"
				    : "start PostgreSQL (systemctl status postgresql), or name the "
				      "right one with --db or PGHOST, PGPORT and PGDATABASE",
			    "cannot be used: %s",
			    error != NULL && error->message[0] != '\0' ? error->message
								       : ddns_result_text(result));
	}
	ddns_rows_free(rows);
	ddns_db_free(db);
	return result == DDNS_OK;
}

static void
look_at_schema(struct doctor *doctor)
{
	const char *params[] = {NULL};
	enum ddns_result result =
		session_array(doctor->session, DDNS_STATEMENT_CTL_ZONES, params, 1, &doctor->zones);
	doctor->has_database = result == DDNS_OK;
	if (result == DDNS_OK)
		doctor_find(doctor, DOCTOR_FINE, "schema", NULL, "fits, with %zu zone%s",
			    json_array_size(doctor->zones),
			    json_array_size(doctor->zones) == 1 ? "" : "s");
	else
		doctor_find(doctor, DOCTOR_ERROR, "schema",
			    result == DDNS_DENIED
				    ? "use a role that is a member of ddns_admin (GRANT ddns_admin "
				      "TO ROLE)"
				    : "`ddns-schema upgrade` brings it to this version",
			    "%s", doctor->session->message);
}

void
check_database(struct doctor *doctor)
{
	bool has_schema = false;
	doctor->has_server = look_at_server(doctor, &has_schema);
	if (!doctor->has_server)
		return;
	if (has_schema)
		look_at_schema(doctor);
	else
		doctor_find(doctor, DOCTOR_ERROR, "schema",
			    "ddns-schema install --named-user bind --gateway-user ddns-gateway "
			    "--secret-key /etc/ddns/secret.key, or --db names another database",
			    "there is no schema ddns in this database");
}
