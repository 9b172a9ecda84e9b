// SPDX-License-Identifier: GPL-3.0-or-later
// Who a user name and a password stand for.
#include "gateway/update/authenticate.h"

#include <string.h>
#include <strings.h>

#include "gateway/update/hostname.h"

/* Whether a user name may stand before a key's secret; sets found->host where it is a host's. */
static enum ddns_result
check_user(struct credentials *credentials, const char *user, struct update_credential *found)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	if (user[0] == '\0' || strcasecmp(user, "none") == 0 || strcmp(user, found->login) == 0)
		return DDNS_OK;
	if (ddns_dname_canonical(user, name) == DDNS_OK && strcmp(name, found->key) == 0)
		return DDNS_OK;
	// the name of somebody else is a mistake, even where it looks like a host's
	if (credentials_have_account(credentials, user) ||
	    hostname_canonical(user, name) != DDNS_OK || credentials_have_key(credentials, name))
		return DDNS_DENIED;
	strcpy(found->host, name);
	return DDNS_OK;
}

enum ddns_result
authenticate(struct credentials *credentials, struct hasher *hasher, const char *user,
	     const char *password, struct update_credential *found)
{
	struct update_credential candidate;
	uint8_t hash[SECRET_HASH_SIZE];
	char name[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result;

	CHECK(secret_hash(password, hash));
	result = credentials_find_secret(credentials, hash, &candidate);
	if (result == DDNS_OK) {
		CHECK(check_user(credentials, user, &candidate));
	} else if (result == DDNS_NOT_FOUND) {
		if (!credentials_have_account(credentials, user)) {
			// a wrong secret shown under a key's name is not worth a hash
			if (ddns_dname_canonical(user, name) == DDNS_OK &&
			    credentials_have_key(credentials, name))
				return DDNS_DENIED;
			if (hostname_canonical(user, name) == DDNS_OK)
				user = name;
		}
		CHECK(hasher_check(hasher, user, password, &candidate));
	} else {
		goto cleanup;
	}
	*found = candidate;

cleanup:
	return result;
}
