// SPDX-License-Identifier: GPL-3.0-or-later
// What went wrong on a connection: SQLSTATE to result, and the words for a person.
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sql/client/db_internal.h"

/* By the longest prefix, so that a class can have exceptions.  PostgreSQL, appendix A. */
static const struct {
	const char *prefix;
	enum ddns_result result;
} results_by_sqlstate[] = {
	{"08", DDNS_UNAVAILABLE},    // connection exception
	{"22", DDNS_BAD_INPUT},	     // data exception
	{"23", DDNS_CONFLICT},	     // integrity constraint violation
	{"23502", DDNS_BAD_INPUT},   // not null
	{"23514", DDNS_BAD_INPUT},   // check
	{"25006", DDNS_UNAVAILABLE}, // read only: a standby, or after a failover
	{"25P03", DDNS_UNAVAILABLE}, // idle in transaction for too long: hung up
	{"26000", DDNS_UNAVAILABLE}, // a pooler changed the server under us
	{"28", DDNS_DENIED},	     // authorization
	{"3D000", DDNS_UNAVAILABLE}, // no such database (yet)
	{"40", DDNS_RETRY},	     // serialization failure, deadlock
	{"40003", DDNS_UNAVAILABLE}, // outcome unknown
	{"42501", DDNS_DENIED},	     // insufficient privilege
	{"53", DDNS_UNAVAILABLE},    // disk full, out of memory, too many connections
	{"54", DDNS_BAD_INPUT},	     // too long, too many
	{"55", DDNS_CONFLICT},	     // object not in the state needed
	{"55P03", DDNS_RETRY},	     // lock not to be had in time
	{"57", DDNS_UNAVAILABLE},    // cancelled, shutting down, starting up
	{"58", DDNS_UNAVAILABLE},    // the server's system failed
	{"P0001", DDNS_BAD_INPUT},   // RAISE without a code of its own
	{"P0002", DDNS_NOT_FOUND},   // no data found
};

enum ddns_result
ddns_db_result_of(const char *sqlstate)
{
	enum ddns_result result = DDNS_INTERNAL;
	size_t longest = 0;
	for (size_t i = 0; i < sizeof(results_by_sqlstate) / sizeof(results_by_sqlstate[0]); i++) {
		const char *prefix = results_by_sqlstate[i].prefix;
		size_t length = strlen(prefix);
		if (length > longest && strncmp(sqlstate, prefix, length) == 0) {
			result = results_by_sqlstate[i].result;
			longest = length;
		}
	}
	return result;
}

/* Copies onto one line: line ends and runs of blanks become one blank, none at the end. */
static void
copy_line(char *to, size_t size, const char *from)
{
	size_t length = 0;
	for (; from != NULL && *from != '\0' && length + 1 < size; from++) {
		if (!isspace((unsigned char)*from))
			to[length++] = *from;
		else if (length > 0 && to[length - 1] != ' ')
			to[length++] = ' ';
	}
	if (length > 0 && to[length - 1] == ' ')
		length--;
	to[length] = '\0';
}

static void
copy_fields(struct ddns_db_error *error, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	copy_line(error->sqlstate, sizeof(error->sqlstate), sqlstate);
	copy_line(error->message, sizeof(error->message),
		  message != NULL ? message : PQresultErrorMessage(result));
	// not null, check: it shows the whole row, password hashes and all
	if (strcmp(error->sqlstate, "23502") != 0 && strcmp(error->sqlstate, "23514") != 0)
		copy_line(error->detail, sizeof(error->detail),
			  PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
	copy_line(error->hint, sizeof(error->hint),
		  PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
	copy_line(error->constraint, sizeof(error->constraint),
		  PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
	copy_line(error->column, sizeof(error->column),
		  PQresultErrorField(result, PG_DIAG_COLUMN_NAME));
}

const struct ddns_db_error *
ddns_db_last_error(const struct ddns_db *db)
{
	return &db->error;
}

void
error_clear(struct ddns_db *db)
{
	db->error = (struct ddns_db_error){0};
}

enum ddns_result
error_set(struct ddns_db *db, enum ddns_result result, const char *format, ...)
{
	char message[sizeof(db->error.message)];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);

	error_clear(db);
	copy_line(db->error.message, sizeof(db->error.message), message);
	return result;
}

enum ddns_result
error_from_result(struct ddns_db *db, const PGresult *result)
{
	error_clear(db);
	copy_fields(&db->error, result);
	if (db->error.sqlstate[0] == '\0') // libpq's own: the connection broke
		return error_lost(db);
	return ddns_db_result_of(db->error.sqlstate);
}

/*
 * libpq tells a failed login as text only.  With verbose errors that text reads
 * "SEVERITY:  SQLSTATE: message", from which the code is taken out.
 */
static const char *
find_sqlstate(const char *text)
{
	const char *found = NULL;
	for (const char *at = strstr(text, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
		const char *code = at + 3;
		if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 &&
		    strncmp(code + 5, ": ", 2) == 0) {
			found = code;
		}
	}
	return found;
}

enum ddns_result
error_from_login(struct ddns_db *db, PGconn *conn)
{
	const char *text = PQerrorMessage(conn);
	const char *code = find_sqlstate(text);

	error_clear(db);
	if (code == NULL) {
		copy_line(db->error.message, sizeof(db->error.message), text);
		return DDNS_UNAVAILABLE;
	}
	copy_line(db->error.sqlstate, sizeof(db->error.sqlstate), code);

	const char *message = code + 5 + strlen(": ");
	char line[sizeof(db->error.message)];
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(message, "\n"), message);
	copy_line(db->error.message, sizeof(db->error.message), line);

	enum ddns_result result = ddns_db_result_of(db->error.sqlstate);
	return result == DDNS_DENIED ? DDNS_DENIED : DDNS_UNAVAILABLE;
}

enum ddns_result
error_lost(struct ddns_db *db)
{
	if (db->error.message[0] == '\0')
		copy_line(db->error.message, sizeof(db->error.message), PQerrorMessage(db->conn));
	if (db->error.message[0] == '\0')
		copy_line(db->error.message, sizeof(db->error.message), "the connection is lost");
	ddns_db_close(db);
	return DDNS_UNAVAILABLE;
}

/* A server that ends an idle session says why in what libpq takes for a notice. */
void
error_notice(void *context, const PGresult *result)
{
	struct ddns_db *db = context;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		copy_fields(&db->error, result);
}
