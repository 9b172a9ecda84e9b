// SPDX-License-Identifier: GPL-3.0-or-later
// Who a user name and a password stand for.
#ifndef GATEWAY_UPDATE_AUTHENTICATE_H
#define GATEWAY_UPDATE_AUTHENTICATE_H

#include "gateway/update/credential.h"
#include "gateway/update/hasher.h"

/*
 * The password is a key's secret or an account's own password.
 * With a secret, the user is the key's name, its account's login, "" or "none", or the name of a
 * host, which limits the credential to that host.  With an account's password, the user is its
 * login or the name of a host that it holds.
 *
 * DDNS_DENIED       they stand for nobody, or for somebody who is suspended, revoked or expired
 * DDNS_UNAVAILABLE  that cannot be told now; see hasher_check
 * DDNS_NO_MEMORY, DDNS_INTERNAL
 */
enum ddns_result authenticate(struct credentials *credentials, struct hasher *hasher,
			      const char *user, const char *password,
			      struct update_credential *found);

#endif
