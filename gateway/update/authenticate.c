// SPDX-License-Identifier: GPL-3.0-or-later
// Who a user name and a password stand for.
#include "gateway/update/authenticate.h"

#include <string.h>
#include <strings.h>

#include "gateway/log.h"
#include "gateway/update/hostname.h"

static bool
is_nobody(const char *user)
{
	return user[0] == '\0' || strcasecmp(user, "none") == 0;
}

/* Whether a user name may stand before a key's secret; sets found->host where it is a host's. */
static enum ddns_result
check_user(struct credentials *credentials, const char *user, struct update_credential *found)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	if (is_nobody(user) || strcmp(user, found->login) == 0)
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

/* As a key's secret.  DDNS_NOT_FOUND: no key has it. */
static enum ddns_result
try_secret(struct credentials *credentials, const struct authenticate_request *request,
	   struct update_credential *found)
{
	uint8_t hash[SECRET_HASH_SIZE];
	enum ddns_result result;
	CHECK(secret_hash(request->password, hash));
	CHECK(credentials_find_secret(credentials, hash, found));
	CHECK(check_user(credentials, request->user, found));

cleanup:
	return result;
}

/* As an account's password, which no key's name nor an empty one stands for. */
static enum ddns_result
try_password(const struct authenticator *authenticator, const char *user, const char *password,
	     struct update_credential *found)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	if (is_nobody(user))
		return DDNS_DENIED;
	// a wrong secret shown under a key's name is not worth a hash
	if (!credentials_have_account(authenticator->credentials, user) &&
	    ddns_dname_canonical(user, name) == DDNS_OK &&
	    credentials_have_key(authenticator->credentials, name))
		return DDNS_DENIED;
	return hasher_check(authenticator->hasher, user, password, found);
}

static void
tell_limit(const struct authenticator *authenticator, const struct failures_try *attempt,
	   unsigned wait_s)
{
	char peer[ADDRESS_TEXT_SIZE], user[UPDATE_LOGIN_MAX + 1];
	bool is_known = credentials_have_account(authenticator->credentials, attempt->user);
	address_text(attempt->peer, peer);
	// what is nobody's name may be a secret in its place
	log_notice("too many logins fail, the last from %s%s%s%s: wrong ones are refused for %u s",
		   peer, is_known ? " for '" : "",
		   is_known ? log_quote(attempt->user, user, sizeof user) : "", is_known ? "'" : "",
		   wait_s);
}

/* What no key has: tried as far as the limits of failures let it. */
static enum ddns_result
try_limited(const struct authenticator *authenticator, const struct authenticate_request *request,
	    const char *user, enum ddns_result so_far, struct update_credential *found,
	    unsigned *wait_s)
{
	struct failures_try attempt = {.peer = request->peer, .user = user};
	enum failures_answer answer = failures_begin(authenticator->failures, &attempt, wait_s);
	if (answer == FAILURES_LIMITED)
		return DDNS_RETRY;
	enum ddns_result result = so_far;
	if (so_far == DDNS_NOT_FOUND)
		result = try_password(authenticator, user, request->password, found);
	if (result != DDNS_DENIED)
		failures_take_back(authenticator->failures, &attempt);
	else if (answer == FAILURES_LAST)
		tell_limit(authenticator, &attempt, *wait_s);
	return result;
}

/* What is no key's secret, or not that user's. */
static enum ddns_result
try_other(const struct authenticator *authenticator, const struct authenticate_request *request,
	  enum ddns_result so_far, struct update_credential *found, unsigned *wait_s)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	const char *user = request->user;
	if (!credentials_have_account(authenticator->credentials, user) &&
	    hostname_canonical(user, name) == DDNS_OK)
		user = name;
	if (so_far == DDNS_NOT_FOUND &&
	    hasher_recall(authenticator->hasher, user, request->password, found))
		return DDNS_OK;
	return try_limited(authenticator, request, user, so_far, found, wait_s);
}

enum ddns_result
authenticate(const struct authenticator *authenticator, const struct authenticate_request *request,
	     struct update_credential *found, unsigned *wait_s)
{
	struct update_credential candidate;
	enum ddns_result result = try_secret(authenticator->credentials, request, &candidate);
	if (result == DDNS_NOT_FOUND || result == DDNS_DENIED)
		result = try_other(authenticator, request, result, &candidate, wait_s);
	if (result != DDNS_OK)
		return result;
	*found = candidate;
	failures_know(authenticator->failures, request->peer, found->login);
	// a key's holder may name any host: the database judges it later
	if (found->key_id == 0 && found->host[0] != '\0')
		failures_know(authenticator->failures, request->peer, found->host);
	return DDNS_OK;
}
