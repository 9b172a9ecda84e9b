// SPDX-License-Identifier: GPL-3.0-or-later
// The algorithms of TSIG over OpenSSL's HMAC.
#include "gateway/dns/tsig_hmac.h"

#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static const struct tsig_hmac algorithms[] = {
#define WIRE(text) text, sizeof(text)
	[TSIG_HMAC_MD5] = {"hmac-md5", "MD5", WIRE("\x08hmac-md5\x07sig-alg\x03reg\x03int"), 16},
	[TSIG_HMAC_SHA1] = {"hmac-sha1", "SHA1", WIRE("\x09hmac-sha1"), 20},
	[TSIG_HMAC_SHA224] = {"hmac-sha224", "SHA224", WIRE("\x0bhmac-sha224"), 28},
	[TSIG_HMAC_SHA256] = {"hmac-sha256", "SHA256", WIRE("\x0bhmac-sha256"), 32},
	[TSIG_HMAC_SHA384] = {"hmac-sha384", "SHA384", WIRE("\x0bhmac-sha384"), 48},
	[TSIG_HMAC_SHA512] = {"hmac-sha512", "SHA512", WIRE("\x0bhmac-sha512"), 64},
#undef WIRE
};

enum { ALGORITHM_COUNT = sizeof(algorithms) / sizeof(algorithms[0]) };

enum ddns_result
tsig_algorithm_by_name(const char *name, enum tsig_algorithm *algorithmp)
{
	for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
		if (strcmp(name, algorithms[i].name) == 0) {
			*algorithmp = (enum tsig_algorithm)i;
			return DDNS_OK;
		}
	}
	return DDNS_NOT_FOUND;
}

size_t
tsig_mac_size(enum tsig_algorithm algorithm)
{
	return algorithms[algorithm].mac_size;
}

const struct tsig_hmac *
tsig_hmac_of(enum tsig_algorithm algorithm)
{
	return &algorithms[algorithm];
}

/* Fetching an algorithm from OpenSSL's providers is dear: once for the process. */
static pthread_once_t hmac_once = PTHREAD_ONCE_INIT;
static EVP_MAC *hmac;

static void
hmac_fetch(void)
{
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

enum ddns_result
tsig_hmac_compute(const struct tsig_key *key, const struct tsig_piece *pieces, size_t piece_count,
		  uint8_t mac[TSIG_MAC_MAX])
{
	enum ddns_result result = DDNS_INTERNAL;
	char digest[8];
	size_t length;
	OSSL_PARAM parameters[2];

	(void)pthread_once(&hmac_once, hmac_fetch);
	EVP_MAC_CTX *context = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	if (context == NULL)
		return DDNS_INTERNAL;
	memcpy(digest, algorithms[key->algorithm].digest,
	       strlen(algorithms[key->algorithm].digest) + 1);
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	parameters[1] = OSSL_PARAM_construct_end();
	if (EVP_MAC_init(context, key->secret, key->secret_length, parameters) != 1)
		goto cleanup;
	for (size_t i = 0; i < piece_count; i++) {
		if (EVP_MAC_update(context, pieces[i].data, pieces[i].length) != 1)
			goto cleanup;
	}
	if (EVP_MAC_final(context, mac, &length, TSIG_MAC_MAX) == 1)
		result = DDNS_OK;
cleanup:
	EVP_MAC_CTX_free(context);
	return result;
}
