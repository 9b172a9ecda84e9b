// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps what the gateway holds in memory true, by the database's change feed.
#ifndef GATEWAY_FEED_H
#define GATEWAY_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/dns/keyring.h"
#include "gateway/update/credential.h"
#include "sql/client/result.h"

struct feed_options {
	const char *database; // conninfo; copied
	struct credentials *credentials;
	struct keyring *keyring;   // of the DNS door; NULL where there is none
	const char *secret_key_id; // of the key file; the database's must be the same
};

/* A thread with a connection of its own, which logs when the database goes and comes. */
struct feed;
enum ddns_result feed_create(const struct feed_options *options, struct feed **feedp);
void feed_free(struct feed *feed); // stops it; takes NULL

struct feed_status {
	bool is_connected;
	bool is_ready;	 // all was read once on this connection
	bool is_foreign; // the database's secrets are for another key file
	bool is_unfit;	 // the database's schema is missing or too old
	int64_t age_ms;	 // since the last look at the feed, -1: never
	uint64_t connects;
};
void feed_status(const struct feed *feed, struct feed_status *status);

#endif
