// SPDX-License-Identifier: GPL-3.0-or-later
// Verifying account passwords: few threads, a short queue, and a memory of what was right.
#ifndef GATEWAY_UPDATE_HASHER_H
#define GATEWAY_UPDATE_HASHER_H

#include <stdbool.h>

#include "gateway/metrics.h"
#include "gateway/update/credential.h"
#include "sql/client/result.h"

enum {
	HASHER_THREADS = 2,	  // hashing at once: each takes a processor and megabytes
	HASHER_QUEUE = 32,	  // passwords that may wait for them
	HASHER_REMEMBERED = 4096, // right ones that are known without hashing
};

struct hasher_options {
	struct credentials *credentials;
	struct metrics *metrics;
	const char *database; // conninfo, to find the account of a host name; copied
};

struct hasher;
enum ddns_result hasher_create(const struct hasher_options *options, struct hasher **hasherp);
void hasher_free(struct hasher *hasher); // waits for its threads; takes NULL

/*
 * Whether this is a password that hasher_check found right, and nothing about its account has
 * changed since: it is recognised by its HMAC under a key that lives as long as the process.
 * `found` then gets the same as there.
 */
bool hasher_recall(struct hasher *hasher, const char *user, const char *password,
		   struct update_credential *found);

/*
 * Verifies a password.  The user is an account's login, or the name (stored form) of a host that
 * the account holds; `found` gets the account, and in the latter case the host.
 * It takes a hash's time, also where there is no such account.
 *
 * DDNS_DENIED       wrong, or no such account, or a suspended one
 * DDNS_UNAVAILABLE  too many wait already, or accounts are not known yet
 * DDNS_NO_MEMORY, DDNS_INTERNAL
 */
enum ddns_result hasher_check(struct hasher *hasher, const char *user, const char *password,
			      struct update_credential *found);

#endif
