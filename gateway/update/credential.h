// SPDX-License-Identifier: GPL-3.0-or-later
// The keys and accounts that there are, in memory.
#ifndef GATEWAY_UPDATE_CREDENTIAL_H
#define GATEWAY_UPDATE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/password.h"
#include "gateway/secret.h"
#include "gateway/update/update.h"
#include "sql/client/result.h"

struct ddns_db;

/*
 * The change feed keeps this true: what is revoked, suspended or changed counts from the moment at
 * which its step is read, and expiry from the second that it names.  Doors ask, from any thread,
 * and are never held up by the database.
 */
struct credentials;
enum ddns_result credentials_create(struct credentials **credentialsp); // DDNS_NO_MEMORY
void credentials_free(struct credentials *credentials);			// takes NULL

/*
 * Reads all keys and accounts anew, or only those that names of the global stream ("key:NAME",
 * "account:LOGIN") say.  On failure what was there stays.
 */
enum ddns_result credentials_load(struct credentials *credentials, struct ddns_db *db);
enum ddns_result credentials_refresh(struct credentials *credentials, struct ddns_db *db,
				     const char *const *names, size_t count);

/*
 * The key whose secret has this hash: fills in key and account of `found`.
 * DDNS_NOT_FOUND: there is none, it is for TSIG only, or it has expired.
 * DDNS_DENIED: its account is suspended.  DDNS_UNAVAILABLE: nothing has been loaded yet.
 */
enum ddns_result credentials_find_secret(struct credentials *credentials,
					 const uint8_t hash[SECRET_HASH_SIZE],
					 struct update_credential *found);

/* Whether there is a key, or an account, of that name. */
bool credentials_have_key(struct credentials *credentials, const char *name);
bool credentials_have_account(struct credentials *credentials, const char *login);

/* An account as it was when asked for. */
struct account_view {
	int64_t id;
	char login[UPDATE_LOGIN_MAX + 1];
	bool is_active;
	uint64_t generation;		       // another number for every change of any account
	char password_hash[PASSWORD_HASH_MAX]; // "" without one
};
/* DDNS_NOT_FOUND, DDNS_UNAVAILABLE as above. */
enum ddns_result credentials_find_account_id(struct credentials *credentials, int64_t id,
					     struct account_view *account);
enum ddns_result credentials_find_account(struct credentials *credentials, const char *login,
					  struct account_view *account);

struct credentials_status {
	bool is_loaded;
	size_t keys, accounts;
};
void credentials_status(struct credentials *credentials, struct credentials_status *status);

#endif
