// SPDX-License-Identifier: GPL-3.0-or-later
// The TSIG keys that there are, with their secrets, in memory.
#ifndef GATEWAY_DNS_KEYRING_H
#define GATEWAY_DNS_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/bucket.h"
#include "gateway/dns/tsig.h"
#include "gateway/secret.h"
#include "sql/client/db.h"
#include "sql/client/dname.h"
#include "sql/client/result.h"

/* A key as it was when it was found; whoever found it gives it back by keyring_release. */
struct keyring_key {
	struct tsig_key tsig; // its secret points into this struct
	int64_t id, account_id;
	int64_t expires;		    // seconds since 1970, INT64_MAX: never
	char name[DDNS_DNAME_TEXT_MAX + 1]; // stored form
	uint8_t secret[SECRET_MAX];
	struct bucket bucket; // of its rate; for the thread that receives, as is_known_weak
	bool is_known_weak;   // that its algorithm is MD5 has been said
	unsigned references;  // the keyring's own
};

/*
 * Kept true by the change feed, by the thread that runs it; doors ask from any thread and are never
 * held up by the database.  Secrets are wiped when the last one gives a key back.
 */
struct keyring;
enum ddns_result keyring_create(const struct secret_key *secret_key, struct keyring **keyringp);
void keyring_free(struct keyring *keyring); // takes NULL; all keys have been given back

/*
 * Reads all keys anew, or those that names of the global stream ("key:NAME") say.  On failure what
 * was there stays.  A key whose secret does not open is left out and counted in *brokenp.
 */
enum ddns_result keyring_load(struct keyring *keyring, struct ddns_db *db, size_t *brokenp);
enum ddns_result keyring_refresh(struct keyring *keyring, struct ddns_db *db,
				 const char *const *names, size_t count, size_t *brokenp);

/* The key of a name in wire form, lower case; NULL: there is none, or it has expired by `now`. */
struct keyring_key *keyring_find(struct keyring *keyring, const uint8_t *name, size_t length,
				 uint64_t now);
void keyring_release(struct keyring *keyring, struct keyring_key *key); // takes NULL

#endif
