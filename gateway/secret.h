// SPDX-License-Identifier: GPL-3.0-or-later
// Keys' secrets: how they are made, and how they lie encrypted in the database.
#ifndef GATEWAY_SECRET_H
#define GATEWAY_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "sql/client/result.h"

/*
 * TSIG needs the secret itself back, so a hash will not do: what the database holds is encrypted by
 * AES-256-GCM under a key that lies in a file outside it.  The stored form is
 *
 *	1 octet version (1) | 12 octets nonce | ciphertext | 16 octets tag
 *
 * with "KEY NAME \0 ALGORITHM" authenticated beside it: a ciphertext that somebody moves to another
 * key's row, or whose algorithm is changed, does not open.  The plaintext is the secret's octets
 *(what TSIG takes), not their base64 text.
 */
enum {
	SECRET_KEY_SIZE = 32,	    // octets of the key in the file
	SECRET_KEY_ID_LENGTH = 8,   // hexadecimal digits that tell key files apart
	SECRET_MAX = 512,	    // octets of the longest secret of a key
	SECRET_OVERHEAD = 29,	    // octets that encryption adds
	SECRET_GENERATED_SIZE = 33, // octets of a secret made here
	SECRET_TEXT_LENGTH = 44,    // characters of its base64 text
	SECRET_HASH_SIZE = 32,	    // octets of SHA-256
};

struct secret_key {
	uint8_t bytes[SECRET_KEY_SIZE];
	char id[SECRET_KEY_ID_LENGTH + 1]; // first digits of the SHA-256 of bytes; not secret
};

/*
 * Reads the key file: one line of 64 hexadecimal digits.  The caller compares key->id with the
 * setting secret_key_id, and calls secret_key_clear in the end.
 *
 * On failure `error` says in one line which file, what is wrong with it and what to do:
 * DDNS_NOT_FOUND  there is none
 * DDNS_DENIED     this process may not read it, or everybody may (its mode gives it to others)
 * DDNS_BAD_INPUT  it holds something else
 */
enum ddns_result secret_key_load(const char *path, struct secret_key *key, char *error,
				 size_t size);
void secret_key_clear(struct secret_key *key);

/*
 * Encrypts under a fresh nonce.  out has room for length + SECRET_OVERHEAD octets.
 * DDNS_BAD_INPUT: no octets or more than SECRET_MAX.  DDNS_INTERNAL: OpenSSL failed.
 */
enum ddns_result secret_encrypt(const struct secret_key *key, const char *name,
				const char *algorithm, const uint8_t *secret, size_t length,
				uint8_t *out, size_t *out_length);

/*
 * Opens the stored form.  out has room for SECRET_MAX octets; the caller cleanses it.
 * DDNS_DENIED: made under another key file, for another name or algorithm, or altered.
 * DDNS_BAD_INPUT: not this form at all.  DDNS_INTERNAL: OpenSSL failed.
 */
enum ddns_result secret_decrypt(const struct secret_key *key, const char *name,
				const char *algorithm, const uint8_t *blob, size_t length,
				uint8_t *out, size_t *out_length);

/*
 * Draws a secret whose base64 text is letters and digits only: nothing to escape in a URL, a
 * configuration file or a shell, and 262 bits strong.  Both forms are the caller's to cleanse.
 * DDNS_INTERNAL: no randomness to be had.
 */
enum ddns_result secret_generate(uint8_t secret[SECRET_GENERATED_SIZE],
				 char text[SECRET_TEXT_LENGTH + 1]);

/*
 * SHA-256 of a secret's text as a person types it (keys.secret_sha256): what a password or token is
 * looked up by.  A plain hash is enough for a secret of 262 random bits.
 * DDNS_INTERNAL: OpenSSL failed.
 */
enum ddns_result secret_hash(const char *text, uint8_t hash[SECRET_HASH_SIZE]);

#endif
