// SPDX-License-Identifier: GPL-3.0-or-later
// Passwords that were found right, remembered without keeping them.
#ifndef GATEWAY_UPDATE_REMEMBERED_H
#define GATEWAY_UPDATE_REMEMBERED_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/client/result.h"

enum { REMEMBERED_MARK_SIZE = 32 };

/* Stands for one pair of user and password, in this process only. */
struct remembered_mark {
	uint8_t bytes[REMEMBERED_MARK_SIZE];
};

/* A table of marks; when it is full, an old one gives way.  Any thread may call. */
struct remembered;
enum ddns_result remembered_create(unsigned slots, struct remembered **rememberedp);
void remembered_free(struct remembered *remembered); // takes NULL

/* HMAC-SHA-256 of the pair under a key drawn at remembered_create.  DDNS_INTERNAL: OpenSSL failed.
 */
enum ddns_result remembered_mark(const struct remembered *remembered, const char *user,
				 const char *password, struct remembered_mark *mark);

/* What was said to remembered_add for this mark: account and generation.  False: nothing. */
bool remembered_find(struct remembered *remembered, const struct remembered_mark *mark,
		     int64_t *account_id, uint64_t *generation);
void remembered_add(struct remembered *remembered, const struct remembered_mark *mark,
		    int64_t account_id, uint64_t generation);

#endif
