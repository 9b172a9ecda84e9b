// SPDX-License-Identifier: GPL-3.0-or-later
// Where keys and accounts are held: trees by name, by the secret's hash, by login and by id.
#ifndef GATEWAY_UPDATE_CREDENTIAL_TREE_H
#define GATEWAY_UPDATE_CREDENTIAL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/secret.h"
#include "sql/client/result.h"

/* A key as far as doors look it up.  Allocated, like its strings. */
struct key {
	char *name;
	int64_t id, account_id;
	int64_t expires; // seconds since 1970, INT64_MAX: never
	bool has_hash;	 // its secret may be used as a password
	uint8_t hash[SECRET_HASH_SIZE];
};

struct account {
	char *login, *password_hash;
	int64_t id;
	bool is_active;
	uint64_t generation;
};

/*
 * Trees of tsearch(3): balanced, so that no choice of names makes them slow.  Zero-initialised is
 * empty.  They own what is in them.
 */
struct trees {
	void *keys;	// by name
	void *secrets;	// the same keys by hash
	void *accounts; // by login
	void *ids;	// the same accounts by id
	size_t key_count, account_count;
};

void trees_free(struct trees *trees);

void key_free(struct key *key);		    // takes NULL
void account_free(struct account *account); // takes NULL

/*
 * Take the key or account over, also on failure.
 * DDNS_NO_MEMORY; DDNS_CONFLICT: that name, hash or id is there already.
 */
enum ddns_result trees_add_key(struct trees *trees, struct key *key);
enum ddns_result trees_add_account(struct trees *trees, struct account *account);

/* Nothing happens where there is none. */
void trees_remove_key(struct trees *trees, const char *name);
void trees_remove_account(struct trees *trees, const char *login);

/* NULL where there is none. */
const struct key *trees_find_key(const struct trees *trees, const char *name);
const struct key *trees_find_secret(const struct trees *trees,
				    const uint8_t hash[SECRET_HASH_SIZE]);
const struct account *trees_find_account(const struct trees *trees, const char *login);
const struct account *trees_find_account_id(const struct trees *trees, int64_t id);

#endif
