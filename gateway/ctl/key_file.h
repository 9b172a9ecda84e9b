// SPDX-License-Identifier: GPL-3.0-or-later
// Key files as BIND writes and reads them.
#ifndef GATEWAY_CTL_KEY_FILE_H
#define GATEWAY_CTL_KEY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/secret.h"
#include "sql/client/dname.h"
#include "sql/client/result.h"

enum {
	KEY_FILE_TEXT_MAX = (SECRET_MAX + 2) / 3 * 4, // base64 of the longest secret
	KEY_FILE_ALGORITHM_MAX = 15,
};

struct key_file_key {
	char name[DDNS_DNAME_TEXT_MAX + 1];	    // stored form
	char algorithm[KEY_FILE_ALGORITHM_MAX + 1]; // hmac-md5, hmac-sha256, ...
	uint8_t secret[SECRET_MAX];
	size_t secret_length;		  // 1..SECRET_MAX
	char text[KEY_FILE_TEXT_MAX + 1]; // the secret in base64, with padding, without blanks
};

struct key_file {
	struct key_file_key *keys; // in the file's order
	size_t count;
};

/*
 * The keys of a file, by what is in it:
 * - `key "NAME" { algorithm NAME; secret "BASE64"; };`, any number of them, as in named.conf(5),
 *   with its comments; statements other than `key` are passed over
 * - K*.private of dnssec-keygen(8); the name is that of the owner in `companion`, the text of the
 *   K*.key beside it, which is NULL where there is none
 *
 * `file` is the caller's, to be released by key_file_free, whatever the result.
 * DDNS_BAD_INPUT: `error` says in which line and why.  DDNS_NOT_FOUND: there is no key in it, or no
 * companion.  DDNS_NO_MEMORY.
 */
enum ddns_result key_file_parse(const char *text, size_t length, const char *companion,
				struct key_file *file, char *error, size_t size);

/* Cleanses and frees; takes an empty one. */
void key_file_free(struct key_file *file);

/* Writes the base64 of a secret: 1..SECRET_MAX octets. */
void key_file_encode(const uint8_t *secret, size_t length, char text[KEY_FILE_TEXT_MAX + 1]);

#endif
