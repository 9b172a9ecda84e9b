// SPDX-License-Identifier: GPL-3.0-or-later
// Opening and closing connections, one host of the conninfo after the other.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/client/conninfo.h"
#include "sql/client/db_internal.h"

enum {
	OLDEST_SERVER = 150000,
	HOSTS_MAX = 32,
	HOST_SIZE = 1024,
	OPTIONS_MAX = 64, // libpq 15 knows 43
};

/* One server to try; an empty string leaves the matter to libpq. */
struct host {
	char name[HOST_SIZE], address[HOST_SIZE], port[HOST_SIZE];
};

/* A conninfo, taken apart. */
struct plan {
	PQconninfoOption *options;
	struct host hosts[HOSTS_MAX];
	size_t host_count;
	int64_t host_limit_ms; // connect_timeout, which PQconnectPoll ignores; 0: none
	bool prefers_standby;
};

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++) {
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	}
	return NULL;
}

static size_t
count_items(const char *list)
{
	size_t count = 1;
	if (list == NULL || *list == '\0')
		return 0;
	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/* The index-th item of a list; a list of one item serves every index, none at all gives "". */
static bool
copy_item(char out[HOST_SIZE], const char *list, size_t index)
{
	out[0] = '\0';
	size_t count = count_items(list);
	if (count == 0)
		return true;
	for (size_t i = 0; count > 1 && i < index; i++)
		list += strcspn(list, ",") + 1;
	size_t length = strcspn(list, ",");
	if (length >= HOST_SIZE)
		return false;
	memcpy(out, list, length);
	out[length] = '\0';
	return true;
}

static enum ddns_result
plan_hosts(struct ddns_db *db, struct plan *plan)
{
	const char *names = option_value(plan->options, "host");
	const char *addresses = option_value(plan->options, "hostaddr");
	const char *ports = option_value(plan->options, "port");
	size_t name_count = count_items(names);
	size_t address_count = count_items(addresses);
	size_t port_count = count_items(ports);
	size_t count = address_count > 0 ? address_count : name_count;

	count = count > 0 ? count : 1;
	if (count > HOSTS_MAX)
		return error_set(db, DDNS_BAD_INPUT, "conninfo: more than %d hosts", HOSTS_MAX);
	if ((name_count > 0 && name_count != count) || (port_count > 1 && port_count != count)) {
		return error_set(db, DDNS_BAD_INPUT,
				 "conninfo: %zu hosts, %zu addresses and %zu ports: "
				 "give one of each for every host, or one port for all",
				 name_count, address_count, port_count);
	}
	for (size_t i = 0; i < count; i++) {
		if (!copy_item(plan->hosts[i].name, names, i) ||
		    !copy_item(plan->hosts[i].address, addresses, i) ||
		    !copy_item(plan->hosts[i].port, ports, i)) {
			return error_set(db, DDNS_BAD_INPUT, "conninfo: a host is too long");
		}
	}
	plan->host_count = count;
	return DDNS_OK;
}

static enum ddns_result
plan_make(struct ddns_db *db, struct plan *plan)
{
	char error[sizeof(db->error.message)];
	plan->options = PQconninfoParse(db->conninfo, NULL);
	if (plan->options == NULL) {
		if (ddns_conninfo_check(db->conninfo, error, sizeof(error)) != DDNS_BAD_INPUT)
			return error_set(db, DDNS_NO_MEMORY, "out of memory");
		return error_set(db, DDNS_BAD_INPUT, "conninfo: %s", error);
	}
	const char *seconds = option_value(plan->options, "connect_timeout");
	const char *wanted = option_value(plan->options, "target_session_attrs");
	long limit = seconds != NULL ? strtol(seconds, NULL, 10) : 0;
	plan->host_limit_ms = limit > 0 && limit < 86400 ? (int64_t)limit * 1000 : 0;
	plan->prefers_standby = wanted != NULL && strcmp(wanted, "prefer-standby") == 0;
	return plan_hosts(db, plan);
}

/* What we want unless the conninfo says otherwise. */
static const char *
default_value(const struct ddns_db *db, const char *keyword)
{
	static const struct {
		const char *keyword, *value;
	} defaults[] = {
		{"client_encoding", "UTF8"}, {"gssencmode", "disable"},
		{"keepalives_idle", "10"},   {"keepalives_interval", "5"},
		{"keepalives_count", "3"},   {"tcp_user_timeout", "10000"},
	};
	if (strcmp(keyword, "application_name") == 0)
		return db->application;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (strcmp(keyword, defaults[i].keyword) == 0)
			return defaults[i].value;
	}
	return NULL;
}

/* The value to connect with; `attributes` replaces target_session_attrs where not NULL. */
static const char *
connect_value(const struct ddns_db *db, const PQconninfoOption *option, const struct host *host,
	      const char *attributes)
{
	if (strcmp(option->keyword, "host") == 0)
		return host->name;
	if (strcmp(option->keyword, "hostaddr") == 0)
		return host->address;
	if (strcmp(option->keyword, "port") == 0)
		return host->port;
	if (attributes != NULL && strcmp(option->keyword, "target_session_attrs") == 0)
		return attributes;
	return option->val != NULL ? option->val : default_value(db, option->keyword);
}

static PGconn *
connect_start(const struct ddns_db *db, const struct plan *plan, const struct host *host,
	      const char *attributes)
{
	const char *keywords[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
	size_t count = 0;
	for (const PQconninfoOption *option = plan->options;
	     option->keyword != NULL && count < OPTIONS_MAX; option++) {
		const char *value = connect_value(db, option, host, attributes);
		if (value != NULL && *value != '\0') {
			keywords[count] = option->keyword;
			values[count++] = value;
		}
	}
	keywords[count] = values[count] = NULL;
	return PQconnectStartParams(keywords, values, 0);
}

/* On success db->conn is open. */
static enum ddns_result
connect_host(struct ddns_db *db, const struct plan *plan, const struct host *host,
	     const char *attributes, int64_t deadline)
{
	PGconn *conn = connect_start(db, plan, host, attributes);
	if (conn == NULL)
		return error_set(db, DDNS_NO_MEMORY, "out of memory");
	PQsetNoticeReceiver(conn, error_notice, db);
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); // for error_from_login

	enum ddns_result result = DDNS_OK;
	PostgresPollingStatusType status =
		PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
	while (result == DDNS_OK && status != PGRES_POLLING_OK) {
		if (status == PGRES_POLLING_FAILED) {
			result = error_from_login(db, conn);
			break;
		}
		short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		result = wire_wait(db, conn, events, deadline);
		if (result == DDNS_OK)
			status = PQconnectPoll(conn);
	}
	if (result == DDNS_OK && PQsetnonblocking(conn, 1) != 0)
		result = error_set(db, DDNS_INTERNAL, "the connection refuses to be non-blocking");
	if (result != DDNS_OK) {
		PQfinish(conn);
		return result;
	}
	PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	db->conn = conn;
	return DDNS_OK;
}

static bool
is_woken(const struct ddns_db *db)
{
	struct pollfd fd = {.fd = db->wake_fd, .events = POLLIN};
	return db->wake_fd >= 0 && poll(&fd, 1, 0) > 0;
}

/* Every host once; each may use an equal share of the time left. */
static enum ddns_result
connect_round(struct ddns_db *db, const struct plan *plan, const char *attributes, int64_t deadline)
{
	enum ddns_result result = DDNS_UNAVAILABLE;
	for (size_t i = 0; i < plan->host_count; i++) {
		int64_t now = ddns_clock_ms();
		int64_t share = (deadline - now) / (int64_t)(plan->host_count - i);
		if (plan->host_limit_ms > 0 && share > plan->host_limit_ms)
			share = plan->host_limit_ms;
		result = connect_host(db, plan, &plan->hosts[i], attributes, now + share);
		if (result == DDNS_OK)
			db->host = i;
		if (result == DDNS_OK || result == DDNS_NO_MEMORY || is_woken(db))
			break;
	}
	return result;
}

/*
 * A name may stand for several servers, so the address that it led to counts.  One of a link alone
 * would need its interface beside it, which libpq does not tell.
 */
static enum ddns_result
connect_beside(struct ddns_db *db, struct plan *plan, const struct ddns_db *other, int64_t deadline)
{
	if (other->conn == NULL || other->host >= plan->host_count)
		return error_set(db, DDNS_UNAVAILABLE, "not connected");
	struct host *host = &plan->hosts[other->host];
	const char *address = PQhostaddr(other->conn);
	if (address != NULL && *address != '\0' && strncasecmp(address, "fe80:", 5) != 0)
		snprintf(host->address, sizeof(host->address), "%s", address);
	db->host = other->host;
	return connect_host(db, plan, host, plan->prefers_standby ? "any" : NULL, deadline);
}

/* `other`: to whose server; NULL: to any of them. */
static enum ddns_result
connect_planned(struct ddns_db *db, const struct ddns_db *other, int64_t deadline)
{
	enum ddns_result result;
	struct plan *plan = calloc(1, sizeof(*plan));
	if (plan == NULL)
		return error_set(db, DDNS_NO_MEMORY, "out of memory");
	CHECK(plan_make(db, plan));

	if (other != NULL) {
		result = connect_beside(db, plan, other, deadline);
	} else if (plan->prefers_standby) {
		// libpq's two rounds, which it cannot do itself where it sees one host at a time
		int64_t half = (ddns_clock_ms() + deadline) / 2;
		result = connect_round(db, plan, "standby", half);
		if (result != DDNS_OK && result != DDNS_NO_MEMORY && !is_woken(db))
			result = connect_round(db, plan, "any", deadline);
	} else {
		result = connect_round(db, plan, NULL, deadline);
	}

cleanup:
	PQconninfoFree(plan->options);
	free(plan);
	return result;
}

enum ddns_result
ddns_db_create(const struct ddns_db_options *options, struct ddns_db **dbp)
{
	struct ddns_db *db = calloc(1, sizeof(*db));
	if (db == NULL)
		return DDNS_NO_MEMORY;
	db->conninfo = strdup(options->conninfo != NULL ? options->conninfo : "");
	db->application = strdup(options->application != NULL ? options->application : "");
	db->statements = options->statements;
	db->wake_fd = options->wake_fd;
	db->plans_anew = options->plans_anew;
	if (db->conninfo == NULL || db->application == NULL) {
		ddns_db_free(db);
		return DDNS_NO_MEMORY;
	}
	*dbp = db;
	return DDNS_OK;
}

/* The conninfo may hold a password. */
static void
free_secret(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
ddns_db_free(struct ddns_db *db)
{
	if (db == NULL)
		return;
	ddns_db_close(db);
	free_secret(db->conninfo);
	free(db->application);
	free(db);
}

static enum ddns_result
open_connection(struct ddns_db *db, const struct ddns_db *other, int timeout_ms)
{
	int64_t deadline = ddns_clock_ms() + timeout_ms;
	ddns_db_close(db);
	error_clear(db);
	enum ddns_result result = connect_planned(db, other, deadline);
	if (result != DDNS_OK)
		return result;

	int version = PQserverVersion(db->conn);
	if (version < OLDEST_SERVER) {
		ddns_db_close(db);
		return error_set(db, DDNS_INTERNAL,
				 "the server is PostgreSQL %d: version %d or newer is needed",
				 version / 10000, OLDEST_SERVER / 10000);
	}
	return schema_check(db, wire_prepare(db, deadline), deadline);
}

enum ddns_result
ddns_db_open(struct ddns_db *db, int timeout_ms)
{
	return open_connection(db, NULL, timeout_ms);
}

enum ddns_result
ddns_db_open_beside(struct ddns_db *db, const struct ddns_db *other, int timeout_ms)
{
	return open_connection(db, other, timeout_ms);
}

void
ddns_db_close(struct ddns_db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
}

bool
ddns_db_is_open(const struct ddns_db *db)
{
	return db->conn != NULL;
}
