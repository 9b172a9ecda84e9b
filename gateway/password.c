// SPDX-License-Identifier: GPL-3.0-or-later
// Hashes and verifies account passwords by libcrypt.
#include "gateway/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

_Static_assert(PASSWORD_HASH_MAX == CRYPT_OUTPUT_SIZE, "room for any hash");
_Static_assert(PASSWORD_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "libcrypt takes that many octets");

/* A fresh salt with today's default cost; both random and cost are libcrypt's. */
static enum ddns_result
make_setting(char setting[CRYPT_GENSALT_OUTPUT_SIZE])
{
	return crypt_gensalt_rn("$y$", 0, NULL, 0, setting, CRYPT_GENSALT_OUTPUT_SIZE) != NULL
		       ? DDNS_OK
		       : DDNS_INTERNAL;
}

static enum ddns_result
compute(const char *password, const char *setting, char hash[PASSWORD_HASH_MAX])
{
	struct crypt_data *data = calloc(1, sizeof *data); // 32 kB: not for a thread's stack
	if (data == NULL)
		return DDNS_NO_MEMORY;
	enum ddns_result result = DDNS_OK;
	const char *output = crypt_rn(password, setting, data, sizeof *data);
	if (output != NULL)
		memcpy(hash, output, strlen(output) + 1);
	else
		result = errno == ENOMEM ? DDNS_NO_MEMORY : DDNS_INTERNAL;
	OPENSSL_cleanse(data, sizeof *data);
	free(data);
	return result;
}

enum ddns_result
password_hash(const char *password, char hash[PASSWORD_HASH_MAX])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	enum ddns_result result;

	if (password[0] == '\0' || strlen(password) > PASSWORD_MAX)
		return DDNS_BAD_INPUT;
	CHECK(make_setting(setting));
	CHECK(compute(password, setting, hash));
cleanup:
	return result;
}

enum ddns_result
password_verify(const char *password, const char *hash)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], computed[PASSWORD_HASH_MAX];
	enum ddns_result result;

	if (strlen(password) > PASSWORD_MAX)
		return DDNS_DENIED; // no such password can have been set
	if (hash == NULL || hash[0] == '\0') {
		CHECK(make_setting(setting));
		CHECK(compute(password, setting, computed));
		result = DDNS_DENIED;
		goto cleanup;
	}
	CHECK(compute(password, hash, computed));
	size_t length = strlen(hash);
	result = strlen(computed) == length && CRYPTO_memcmp(computed, hash, length) == 0
			 ? DDNS_OK
			 : DDNS_DENIED;
cleanup:
	OPENSSL_cleanse(computed, sizeof computed);
	return result;
}
