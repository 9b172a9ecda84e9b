// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps what the gateway holds in memory true, by the database's change feed.
#include "gateway/feed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "sql/client/db.h"
#include "sql/client/reader.h"

enum { SETTING_TIMEOUT_MS = 5000 };

struct feed {
	struct ddns_reader *reader;
	struct credentials *credentials;
	struct keyring *keyring;
	char secret_key_id[SECRET_KEY_ID_LENGTH + 1];
	atomic_bool is_foreign, is_stopped;
	bool has_thread;
	pthread_t thread;
};

/* Whether the database's secrets were encrypted under our key file; said once per change. */
static enum ddns_result
check_key_file(struct feed *feed, struct ddns_db *db)
{
	const char *name = "secret_key_id";
	struct ddns_rows *rows = NULL;
	enum ddns_result result;
	CHECK(ddns_db_query(db, DDNS_STATEMENT_GATEWAY_SETTING, &name, 1, SETTING_TIMEOUT_MS,
			    &rows));
	const char *id = ddns_rows_count(rows) == 1 ? ddns_rows_text(rows, 0, 0) : NULL;
	// none is set while no key file was told to the database
	bool is_foreign = id != NULL && id[0] != '\0' && strcmp(id, feed->secret_key_id) != 0;
	if (is_foreign != atomic_exchange(&feed->is_foreign, is_foreign)) {
		if (is_foreign)
			log_error("the key file has id '%s', but the database's secrets are for "
				  "'%s': install the key file that belongs to it",
				  feed->secret_key_id, id);
		else
			log_notice("the key file now belongs to the database");
	}

cleanup:
	ddns_rows_free(rows);
	return result;
}

static bool
has_setting(const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], "setting:secret_key_id") == 0)
			return true;
	return false;
}

/* The same for the secrets of the DNS door; names NULL: all. */
static enum ddns_result
refresh_keyring(struct feed *feed, struct ddns_db *db, const char *const *names, size_t count)
{
	size_t broken = 0;
	if (feed->keyring == NULL)
		return DDNS_OK;
	enum ddns_result result =
		names == NULL ? keyring_load(feed->keyring, db, &broken)
			      : keyring_refresh(feed->keyring, db, names, count, &broken);
	if (result == DDNS_OK && broken > 0)
		log_warning(
			"%zu keys cannot be used over DNS: their secrets are not for this key file",
			broken);
	return result;
}

static enum ddns_result
on_global(void *context, void *db, const char *const *names, size_t count)
{
	struct feed *feed = context;
	enum ddns_result result;
	if (names == NULL) {
		CHECK(check_key_file(feed, db));
		// the keys that metrics count are known at every door
		CHECK(refresh_keyring(feed, db, NULL, 0));
		CHECK(credentials_load(feed->credentials, db));
	} else {
		if (has_setting(names, count))
			CHECK(check_key_file(feed, db));
		CHECK(refresh_keyring(feed, db, names, count));
		CHECK(credentials_refresh(feed->credentials, db, names, count));
	}

cleanup:
	if (result != DDNS_OK && !atomic_load(&feed->is_stopped))
		log_warning("cannot read keys and accounts: %s",
			    ddns_db_last_error(db)->message[0] != '\0'
				    ? ddns_db_last_error(db)->message
				    : ddns_result_text(result));
	return result;
}

static void
on_ready(void *context)
{
	struct feed *feed = context;
	struct credentials_status status;
	credentials_status(feed->credentials, &status);
	log_info("%zu keys and %zu accounts are loaded", status.keys, status.accounts);
}

static void
on_state(void *context, bool is_connected, const char *reason)
{
	(void)context;
	if (is_connected)
		log_notice("connected to the database");
	else
		log_warning("the database is away: %s", reason == NULL ? "no reason" : reason);
}

static void
on_warn(void *context, const char *text)
{
	(void)context;
	log_warning("%s", text);
}

static void *
run(void *context)
{
	struct feed *feed = context;
	ddns_reader_run(feed->reader);
	return NULL;
}

enum ddns_result
feed_create(const struct feed_options *options, struct feed **feedp)
{
	struct feed *feed = calloc(1, sizeof *feed);
	enum ddns_result result;
	if (feed == NULL)
		return DDNS_NO_MEMORY;
	feed->credentials = options->credentials;
	feed->keyring = options->keyring;
	snprintf(feed->secret_key_id, sizeof feed->secret_key_id, "%s", options->secret_key_id);
	const struct ddns_reader_options reader = {
		.conninfo = options->database,
		.application = "ddns-gateway feed",
		.statements = DDNS_STATEMENTS_GATEWAY,
		.wants_global = true,
		.sink =
			{
				.context = feed,
				.global = on_global,
				.ready = on_ready,
				.state = on_state,
				.warn = on_warn,
			},
	};
	CHECK(ddns_reader_create(&reader, &feed->reader));
	if (pthread_create(&feed->thread, NULL, run, feed) != 0) {
		result = DDNS_INTERNAL;
		goto cleanup;
	}
	feed->has_thread = true;
	*feedp = feed;
	feed = NULL;

cleanup:
	feed_free(feed);
	return result;
}

void
feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	if (feed->has_thread) {
		atomic_store(&feed->is_stopped, true);
		ddns_reader_stop(feed->reader);
		pthread_join(feed->thread, NULL);
	}
	ddns_reader_free(feed->reader);
	free(feed);
}

void
feed_status(const struct feed *feed, struct feed_status *status)
{
	struct ddns_reader_status reader;
	ddns_reader_status(feed->reader, &reader);
	*status = (struct feed_status){
		.is_connected = reader.is_connected,
		.is_ready = reader.is_ready,
		.is_unfit = reader.is_unfit,
		.is_foreign = atomic_load(&feed->is_foreign),
		.age_ms = reader.looked_at_ms == 0 ? -1 : ddns_clock_ms() - reader.looked_at_ms,
		.connects = reader.connects,
	};
}
