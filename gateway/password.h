// SPDX-License-Identifier: GPL-3.0-or-later
// Account passwords: hashed by libcrypt's yescrypt, verified in constant time.
#ifndef GATEWAY_PASSWORD_H
#define GATEWAY_PASSWORD_H

#include "sql/client/result.h"

enum {
	PASSWORD_MAX = 511,	 // octets; libcrypt takes no more
	PASSWORD_HASH_MAX = 384, // room for any hash with its NUL (CRYPT_OUTPUT_SIZE)
};

/*
 * Both take about 20 ms of processor time and several megabytes of memory by intent: callers bound
 * how many run at once.  Any thread may call them.
 */

/*
 * DDNS_BAD_INPUT: the password is empty or longer than PASSWORD_MAX.
 * DDNS_NO_MEMORY, or DDNS_INTERNAL where libcrypt lacks yescrypt.
 */
enum ddns_result password_hash(const char *password, char hash[PASSWORD_HASH_MAX]);

/*
 * DDNS_OK      the password is the one that was hashed
 * DDNS_DENIED  it is not; also for a hash of NULL or "" (no such account, or one without password),
 *              which costs the same time, so that nobody learns by it which accounts there are
 * DDNS_NO_MEMORY, or DDNS_INTERNAL where the stored hash is none that libcrypt reads
 */
enum ddns_result password_verify(const char *password, const char *hash);

#endif
