// SPDX-License-Identifier: GPL-3.0-or-later
// Who a user name and a password stand for.
#ifndef GATEWAY_UPDATE_AUTHENTICATE_H
#define GATEWAY_UPDATE_AUTHENTICATE_H

#include "gateway/update/credential.h"
#include "gateway/update/failures.h"
#include "gateway/update/hasher.h"

/* What it is found out with. */
struct authenticator {
	struct credentials *credentials;
	struct hasher *hasher;
	struct failures *failures;
};

/* What a client shows. */
struct authenticate_request {
	const char *user, *password;
	const struct address *peer;
};

/*
 * The password is a key's secret or an account's own password.
 * With a secret, the user is the key's name, its account's login, "" or "none", or the name of a
 * host, which limits the credential to that host.  With an account's password, the user is its
 * login or the name of a host that it holds.
 *
 * Where too many failed from a network, or for a user name, no more are looked into for a while;
 * but a key's secret, and a password that was right before, always count.
 *
 * DDNS_DENIED       they stand for nobody, or for somebody who is suspended, revoked or expired
 * DDNS_RETRY        too many failed: *wait_s says when to come again
 * DDNS_UNAVAILABLE  that cannot be told now; see hasher_check
 * DDNS_NO_MEMORY, DDNS_INTERNAL
 */
enum ddns_result authenticate(const struct authenticator *authenticator,
			      const struct authenticate_request *request,
			      struct update_credential *found, unsigned *wait_s);

#endif
