// SPDX-License-Identifier: GPL-3.0-or-later
// A connection to the database that is opened again whenever it was lost.
#include "gateway/update/link.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"

enum {
	CONNECT_TIMEOUT_MS = 1000,
	BACKOFF_LEAST_MS = 50, // between two attempts; doubles
	BACKOFF_MOST_MS = 5000,
};

struct link {
	char *name, *database;
	struct metrics *metrics;
	int lock_timeout_ms;
	struct ddns_db *db;
	int64_t retry_at_ms;
	int backoff_ms;
	atomic_llong away_since_ms;
};

static enum ddns_result
open_connection(struct link *link)
{
	enum ddns_result result;
	struct ddns_rows *rows = NULL;
	char timeout[16];
	const char *parameter = timeout;
	snprintf(timeout, sizeof timeout, "%d", link->lock_timeout_ms);
	CHECK(ddns_db_open(link->db, CONNECT_TIMEOUT_MS));
	CHECK(ddns_db_query(link->db, DDNS_STATEMENT_GATEWAY_LOCK_TIMEOUT, &parameter, 1,
			    CONNECT_TIMEOUT_MS, &rows));

cleanup:
	ddns_rows_free(rows);
	return result;
}

struct ddns_db *
link_get(struct link *link, int64_t *retry_at_ms)
{
	int64_t now = ddns_clock_ms();
	if (ddns_db_is_open(link->db))
		return link->db;
	if (now >= link->retry_at_ms && open_connection(link) == DDNS_OK) {
		metrics_add(&link->metrics->writer_connects);
		if (atomic_exchange(&link->away_since_ms, 0) != 0)
			log_notice("%s: the database is back", link->name);
		link->backoff_ms = BACKOFF_LEAST_MS;
		return link->db;
	}
	if (now >= link->retry_at_ms) {
		if (atomic_load(&link->away_since_ms) == 0) {
			log_warning("%s: no connection to the database: %s", link->name,
				    ddns_db_last_error(link->db)->message);
			atomic_store(&link->away_since_ms, now);
		}
		ddns_db_close(link->db);
		// full jitter: gateways that lost the database together do not come back together
		link->retry_at_ms = now + arc4random_uniform((uint32_t)link->backoff_ms);
		if (link->backoff_ms < BACKOFF_MOST_MS)
			link->backoff_ms *= 2;
	}
	*retry_at_ms = link->retry_at_ms;
	return NULL;
}

bool
link_is_open(const struct link *link)
{
	return ddns_db_is_open(link->db);
}

int64_t
link_away_since(const struct link *link)
{
	return atomic_load(&link->away_since_ms);
}

enum ddns_result
link_create(const struct link_options *options, struct link **linkp)
{
	struct link *link = calloc(1, sizeof *link);
	enum ddns_result result = DDNS_NO_MEMORY;
	if (link == NULL)
		return result;
	link->metrics = options->metrics;
	link->lock_timeout_ms = options->lock_timeout_ms;
	link->backoff_ms = BACKOFF_LEAST_MS;
	link->name = strdup(options->name);
	link->database = strdup(options->database);
	if (link->name == NULL || link->database == NULL)
		goto cleanup;
	const struct ddns_db_options db = {
		.conninfo = link->database,
		.application = link->name,
		.statements = DDNS_STATEMENTS_GATEWAY,
		.wake_fd = -1,
	};
	CHECK(ddns_db_create(&db, &link->db));
	*linkp = link;
	link = NULL;

cleanup:
	link_free(link);
	return result;
}

void
link_free(struct link *link)
{
	if (link == NULL)
		return;
	ddns_db_free(link->db);
	free(link->database);
	free(link->name);
	free(link);
}
