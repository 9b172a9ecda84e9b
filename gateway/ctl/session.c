// SPDX-License-Identifier: GPL-3.0-or-later
// Connects, queries and commits for the commands, and turns failures into sentences.
#include "gateway/ctl/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPEN_MS = 15 * 1000,
	QUERY_MS = 10 * 60 * 1000, // deleting a zone of a million records takes its time
	RETRY_MS = 10 * 1000,	   // how long a clash with others is tried again
};

#define LOCK_TIMEOUT "5s" // of one statement that waits for somebody else
#define DEFAULT_CONNINFO "dbname=ddns"
#define DEFAULT_KEY_PATH "/etc/ddns/secret.key"

void
session_init(struct session *session)
{
	const char *path = getenv("DDNS_SECRET_KEY");
	*session = (struct session){.key_path = path != NULL && path[0] != '\0' ? path
										: DEFAULT_KEY_PATH};
}

void
session_close(struct session *session)
{
	ddns_db_free(session->db);
	session->db = NULL;
}

static void __attribute__((format(printf, 3, 0)))
note(struct session *session, const char *hint, const char *format, va_list args)
{
	vsnprintf(session->message, sizeof session->message, format, args);
	snprintf(session->hint, sizeof session->hint, "%s", hint != NULL ? hint : "");
	session->detail[0] = '\0';
}

enum ddns_result
session_fail(struct session *session, enum ddns_result result, const char *hint, const char *format,
	     ...)
{
	va_list args;
	va_start(args, format);
	note(session, hint, format, args);
	va_end(args);
	return result;
}

enum ddns_result
session_usage(struct session *session, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	note(session, NULL, format, args);
	va_end(args);
	session->is_usage = true;
	return DDNS_BAD_INPUT;
}

enum ddns_result
session_no_memory(struct session *session)
{
	return session_fail(session, DDNS_NO_MEMORY, NULL, "out of memory");
}

/* A line for a terminal: what the database says may repeat anything that somebody stored. */
static void
report_line(const char *what, const char *text)
{
	if (text[0] == '\0')
		return;
	fprintf(stderr, "ddnsctl: %s", what);
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
	fputc('\n', stderr);
}

void
session_report(const struct session *session)
{
	report_line("", session->message);
	report_line("detail: ", session->detail);
	report_line("hint: ", session->hint);
}

/* Constraints whose own message is for programmers; the database's detail names the value. */
static const struct {
	const char *constraint, *message;
} sentences[] = {
	{"accounts_login_key", "there is an account of this login already"},
	{"domains_account_id_fkey", "the account still holds domains"},
	{"domains_name_key", "there is a domain of this name already"},
	{"domains_zone_owner_key", "there is a domain of this name already"},
	{"keys_name_key", "there is a key of this name already"},
	{"one_cname_at_a_name", "there is a CNAME at this name already"},
	{"record_is_there_already", "this record is there already"},
	{"zones_account_id_fkey", "the account still holds private zones"},
	{"zones_origin_key", "there is a zone of this origin already"},
	{"zones_terms", "only domains of shared zones can expire"},
};

static const char *
sentence_for(const struct ddns_db_error *error)
{
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
		if (strcmp(sentences[i].constraint, error->constraint) == 0)
			return sentences[i].message;
	return NULL;
}

/* The column that a check without a name of its own is about: PostgreSQL says TABLE_COLUMN_check.
 */
static bool
column_of(const char *constraint, char *column, size_t size)
{
	static const char *const tables[] = {"accounts_", "domains_", "keys_",
					     "records_",  "zones_",   "zone_state_"};
	size_t length = strlen(constraint), tail = strlen("_check");
	if (length <= tail || strcmp(constraint + length - tail, "_check") != 0)
		return false;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		size_t head = strlen(tables[i]);
		if (strncmp(constraint, tables[i], head) != 0 || length <= head + tail)
			continue;
		snprintf(column, size, "%.*s", (int)(length - head - tail), constraint + head);
		return true;
	}
	return false;
}

static enum ddns_result
fail_by_column(struct session *session, enum ddns_result result, const char *column,
	       const char *fault)
{
	char hint[128];
	snprintf(hint, sizeof hint, "`ddnsctl help %s %s` says what it takes", session->noun,
		 session->verb);
	return session_fail(session, result, hint, "%s %s", column, fault);
}

/* PostgreSQL's own words on a check are for programmers: they are not repeated. */
static enum ddns_result
fail_by_check(struct session *session, enum ddns_result result, const char *constraint)
{
	char column[64];
	if (!column_of(constraint, column, sizeof column))
		return session_fail(session, result, NULL, "the values do not fit each other (%s)",
				    constraint);
	return fail_by_column(session, result, column, "does not take this value");
}

/* The database's own words, which are written for a person. */
static enum ddns_result
fail_by_database(struct session *session, enum ddns_result result)
{
	const struct ddns_db_error *error = ddns_db_last_error(session->db);
	const char *message = sentence_for(error);
	if (result == DDNS_RETRY)
		return session_fail(session, result,
				    "try again, or look who is at it in pg_stat_activity",
				    "somebody else is changing the same data: %s", error->message);
	bool is_check = strcmp(error->sqlstate, "23514") == 0 && error->constraint[0] != '\0';
	if (message == NULL && is_check)
		return fail_by_check(session, result, error->constraint);
	if (message == NULL && strcmp(error->sqlstate, "23502") == 0)
		return fail_by_column(session, result, error->column, "cannot be empty");
	if (message == NULL)
		message = error->message[0] != '\0' ? error->message : ddns_result_text(result);
	result = session_fail(session, result, error->hint, "%s", message);
	snprintf(session->detail, sizeof session->detail, "%s", error->detail);
	return result;
}

bool
session_failed_by(const struct session *session, const char *sqlstate)
{
	return session->db != NULL &&
	       strcmp(ddns_db_last_error(session->db)->sqlstate, sqlstate) == 0;
}

const char *
session_conninfo(const struct session *session)
{
	const char *name = getenv("PGDATABASE"), *service = getenv("PGSERVICE");
	if (session->conninfo != NULL)
		return session->conninfo;
	if ((name != NULL && name[0] != '\0') || (service != NULL && service[0] != '\0'))
		return "";
	return DEFAULT_CONNINFO;
}

/* Which database was meant: never the conninfo itself, since it may hold a password. */
static const char *
database_named_by(const struct session *session)
{
	if (session->conninfo != NULL)
		return "the one that --db names";
	return session_conninfo(session)[0] == '\0' ? "the one that the environment names (PG*)"
						    : DEFAULT_CONNINFO;
}

static enum ddns_result
fail_to_open(struct session *session, enum ddns_result result)
{
	const struct ddns_db_error *error = ddns_db_last_error(session->db);
	const char *hint = "is PostgreSQL running there, and is it the right one? --db CONNINFO or "
			   "PGHOST, PGPORT, PGDATABASE and PGUSER name another";
	switch (result) {
	case DDNS_DENIED:
		hint = "use a role that is a member of ddns_admin (GRANT ddns_admin TO ROLE)";
		break;
	case DDNS_BAD_INPUT:
		hint = "--db takes libpq's form, such as 'host=/run/postgresql dbname=ddns'";
		break;
	case DDNS_INTERNAL:
		hint = "`ddns-schema version` tells which version the database is and which is "
		       "needed";
		break;
	case DDNS_OK:
	case DDNS_NOT_FOUND:
	case DDNS_CONFLICT:
	case DDNS_RETRY:
	case DDNS_UNAVAILABLE:
	case DDNS_NO_MEMORY:
		break;
	}
	result =
		session_fail(session, result, error->hint[0] != '\0' ? error->hint : hint,
			     "cannot use the database, %s: %s", database_named_by(session),
			     error->message[0] != '\0' ? error->message : ddns_result_text(result));
	snprintf(session->detail, sizeof session->detail, "%s", error->detail);
	return result;
}

static enum ddns_result
open_database(struct session *session)
{
	if (session->db != NULL && ddns_db_is_open(session->db))
		return DDNS_OK;
	if (session->db == NULL) {
		struct ddns_db_options options = {
			.conninfo = session_conninfo(session),
			.application = "ddnsctl",
			.statements = DDNS_STATEMENTS_CTL,
			.wake_fd = -1,
		};
		if (ddns_db_create(&options, &session->db) != DDNS_OK)
			return session_no_memory(session);
	}
	enum ddns_result result = ddns_db_open(session->db, OPEN_MS);
	return result == DDNS_OK ? result : fail_to_open(session, result);
}

enum ddns_result
session_query(struct session *session, enum ddns_statement statement, const char *const *params,
	      size_t count, struct ddns_rows **rowsp)
{
	enum ddns_result result = open_database(session);
	if (result != DDNS_OK)
		return result;
	result = ddns_db_query(session->db, statement, params, count, QUERY_MS, rowsp);
	return result == DDNS_OK ? result : fail_by_database(session, result);
}

enum ddns_result
session_stream(struct session *session, enum ddns_statement statement, const char *const *params,
	       size_t count, ddns_row_function *row, void *context)
{
	enum ddns_result result = open_database(session);
	if (result != DDNS_OK)
		return result;
	session->message[0] = '\0';
	result = ddns_db_stream(session->db, statement, params, count, QUERY_MS, row, context);
	return result == DDNS_OK || session->message[0] != '\0' ? result
								: fail_by_database(session, result);
}

/* A row's JSON; an error in it is our own mistake in a statement. */
static enum ddns_result
load(struct session *session, const struct ddns_rows *rows, size_t row, json_t **valuep)
{
	json_error_t error;
	const char *text = ddns_rows_text(rows, row, 0);
	json_t *value = json_loads(text != NULL ? text : "null", JSON_DECODE_ANY, &error);
	if (value == NULL)
		return session_fail(session, DDNS_INTERNAL, NULL,
				    "the database answered with something else than JSON: %s",
				    error.text);
	*valuep = value;
	return DDNS_OK;
}

enum ddns_result
session_array(struct session *session, enum ddns_statement statement, const char *const *params,
	      size_t count, json_t **valuep)
{
	struct ddns_rows *rows = NULL;
	json_t *array = json_array(), *value;
	enum ddns_result result = DDNS_OK;

	if (array == NULL)
		return session_no_memory(session);
	CHECK(session_query(session, statement, params, count, &rows));
	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		CHECK(load(session, rows, i, &value));
		if (json_array_append_new(array, value) != 0) {
			result = session_no_memory(session);
			goto cleanup;
		}
	}
	*valuep = array;
	array = NULL;
cleanup:
	json_decref(array);
	ddns_rows_free(rows);
	return result;
}

enum ddns_result
session_object(struct session *session, enum ddns_statement statement, const char *const *params,
	       size_t count, json_t **valuep)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, statement, params, count, &rows));
	if (ddns_rows_count(rows) == 0 || ddns_rows_is_null(rows, 0, 0)) {
		result = DDNS_NOT_FOUND;
		goto cleanup;
	}
	CHECK(load(session, rows, 0, valuep));
cleanup:
	ddns_rows_free(rows);
	return result;
}

/* Keeps the failure that is noted: a second one would only hide it. */
static void
roll_back(struct session *session)
{
	if (session->db == NULL || !ddns_db_is_open(session->db))
		return;
	if (ddns_db_query(session->db, DDNS_STATEMENT_ROLLBACK, NULL, 0, QUERY_MS, NULL) != DDNS_OK)
		ddns_db_close(session->db);
}

static enum ddns_result
commit(struct session *session)
{
	enum ddns_result result = session_query(session, DDNS_STATEMENT_COMMIT, NULL, 0, NULL);
	if (result == DDNS_UNAVAILABLE && !ddns_db_is_open(session->db))
		snprintf(session->hint, sizeof session->hint,
			 "this came while the change was being committed: look whether it is there "
			 "before you repeat it");
	return result;
}

static enum ddns_result
transact_once(struct session *session, session_work *work, void *context)
{
	static const char *const lock_timeout[] = {"lock_timeout", LOCK_TIMEOUT};
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_BEGIN, NULL, 0, NULL));
	CHECK(session_query(session, DDNS_STATEMENT_SET_LOCAL, lock_timeout, 2, &rows));
	CHECK(work(session, context));
	// what is deferred is checked here, where it can still be told from a failure of COMMIT
	CHECK(session_query(session, DDNS_STATEMENT_CLOSE_STEPS, NULL, 0, NULL));
	CHECK(commit(session));
cleanup:
	ddns_rows_free(rows);
	if (result != DDNS_OK)
		roll_back(session);
	return result;
}

enum ddns_result
session_transact(struct session *session, session_work *work, void *context)
{
	int64_t deadline = ddns_clock_ms() + RETRY_MS;
	enum ddns_result result;
	do
		result = transact_once(session, work, context);
	while (result == DDNS_RETRY && ddns_clock_ms() < deadline);
	return result;
}

enum ddns_result
session_print_list(struct session *session, const json_t *rows, const struct output_column *columns,
		   size_t count)
{
	enum ddns_result result = session->wants_json ? output_json(stdout, rows)
						      : output_table(stdout, rows, columns, count);
	return result == DDNS_OK ? result : session_no_memory(session);
}

enum ddns_result
session_print_fields(struct session *session, const json_t *object,
		     const struct output_column *columns, size_t count)
{
	enum ddns_result result = session->wants_json
					  ? output_json(stdout, object)
					  : output_fields(stdout, object, columns, count);
	return result == DDNS_OK ? result : session_no_memory(session);
}

enum ddns_result
session_print_done(struct session *session, const json_t *object, const char *format, ...)
{
	va_list args;
	if (session->wants_json)
		return output_json(stdout, object) == DDNS_OK ? DDNS_OK
							      : session_no_memory(session);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return DDNS_OK;
}
