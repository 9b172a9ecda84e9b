// SPDX-License-Identifier: GPL-3.0-or-later
// Signs requests as a client would, well or badly, for the tests of the DNS door.
#ifndef TESTS_UNIT_TSIG_CLIENT_H
#define TESTS_UNIT_TSIG_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* How a TSIG RR is made; zero-initialised but for key and time it is a right one. */
struct tsig_client {
	const char *name; // wire form, with its final NUL in name_size
	size_t name_size;
	const char *algorithm; // wire form
	size_t algorithm_size;
	const EVP_MD *digest;
	const uint8_t *secret;
	size_t secret_size;
	uint64_t time;
	uint16_t fudge;
	int mac_size;	     // -1: the whole; more than that: filled up by zeros
	uint16_t class, ttl; // 0: ANY; 0
	int is_wrong;	     // one bit of the MAC is turned
};

#define TSIG_CLIENT_NAME(text) .name = text, .name_size = sizeof(text)
#define TSIG_CLIENT_ALGORITHM(text, md) \
	.algorithm = text, .algorithm_size = sizeof(text), .digest = md

static inline uint8_t *
client_put(uint8_t *at, const void *data, size_t size)
{
	memcpy(at, data, size);
	return at + size;
}

static inline uint8_t *
client_number(uint8_t *at, uint64_t value, int octets)
{
	while (octets-- > 0)
		*at++ = (uint8_t)(value >> (8 * octets));
	return at;
}

/*
 * Appends a TSIG RR to the message of *length octets and counts it in.  `prior` (may be NULL) is
 * the MAC of the request that an answer's digest begins with; the MAC computed, whole, goes to
 * mac_out where that is not NULL.
 */
static inline void
client_sign(const struct tsig_client *how, uint8_t *message, size_t *length, uint8_t *mac_out)
{
	uint8_t digested[70000], mac[256] = {0};
	unsigned mac_size = 0;
	uint8_t *at = client_put(digested, message, *length);
	at = client_put(at, how->name, how->name_size);
	at = client_number(at, 255, 2);
	at = client_number(at, 0, 4);
	at = client_put(at, how->algorithm, how->algorithm_size);
	at = client_number(at, how->time, 6);
	at = client_number(at, how->fudge, 2);
	at = client_number(at, 0, 4); // error, other length
	HMAC(how->digest, how->secret, (int)how->secret_size, digested, (size_t)(at - digested),
	     mac, &mac_size);
	if (mac_out != NULL)
		memcpy(mac_out, mac, mac_size);
	if (how->is_wrong)
		mac[0] ^= 1;
	size_t sent = how->mac_size < 0 ? mac_size : (size_t)how->mac_size;

	uint8_t *end = client_put(message + *length, how->name, how->name_size);
	end = client_number(end, 250, 2);
	end = client_number(end, how->class != 0 ? how->class : 255, 2);
	end = client_number(end, how->ttl, 4);
	end = client_number(end, how->algorithm_size + 16 + sent, 2);
	end = client_put(end, how->algorithm, how->algorithm_size);
	end = client_number(end, how->time, 6);
	end = client_number(end, how->fudge, 2);
	end = client_number(end, sent, 2);
	end = client_put(end, mac, sent);
	end = client_put(end, message, 2); // original ID
	end = client_number(end, 0, 4);
	*length = (size_t)(end - message);
	message[11]++; // ARCOUNT
}

#endif
