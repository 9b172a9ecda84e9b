// SPDX-License-Identifier: GPL-3.0-or-later
// Passwords that were found right, remembered without keeping them.
#include "gateway/update/remembered.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_SIZE = 32,
	PAIR_SIZE = 4096, // longest "user NUL password"
};

struct slot {
	struct remembered_mark mark;
	int64_t account_id;
	uint64_t generation; // 0: the slot is free
};

struct remembered {
	pthread_mutex_t mutex;
	uint8_t key[KEY_SIZE];
	unsigned slot_count;
	struct slot slots[];
};

enum ddns_result
remembered_create(unsigned slots, struct remembered **rememberedp)
{
	struct remembered *remembered =
		calloc(1, sizeof *remembered + slots * sizeof *remembered->slots);
	if (remembered == NULL)
		return DDNS_NO_MEMORY;
	if (RAND_bytes(remembered->key, KEY_SIZE) != 1) {
		free(remembered);
		return DDNS_INTERNAL;
	}
	pthread_mutex_init(&remembered->mutex, NULL);
	remembered->slot_count = slots;
	*rememberedp = remembered;
	return DDNS_OK;
}

void
remembered_free(struct remembered *remembered)
{
	if (remembered == NULL)
		return;
	OPENSSL_cleanse(remembered->key, KEY_SIZE);
	pthread_mutex_destroy(&remembered->mutex);
	free(remembered);
}

enum ddns_result
remembered_mark(const struct remembered *remembered, const char *user, const char *password,
		struct remembered_mark *mark)
{
	char pair[PAIR_SIZE];
	size_t user_length = strlen(user), password_length = strlen(password);
	if (user_length + 1 + password_length > sizeof pair)
		return DDNS_BAD_INPUT;
	memcpy(pair, user, user_length + 1);
	memcpy(pair + user_length + 1, password, password_length);
	unsigned size;
	const unsigned char *done =
		HMAC(EVP_sha256(), remembered->key, KEY_SIZE, (const unsigned char *)pair,
		     user_length + 1 + password_length, mark->bytes, &size);
	OPENSSL_cleanse(pair, sizeof pair);
	return done == NULL ? DDNS_INTERNAL : DDNS_OK;
}

/* A mark is as good as random: its first bytes say where it lies. */
static struct slot *
slot_of(struct remembered *remembered, const struct remembered_mark *mark)
{
	uint32_t number;
	memcpy(&number, mark->bytes, sizeof number);
	return &remembered->slots[number % remembered->slot_count];
}

bool
remembered_find(struct remembered *remembered, const struct remembered_mark *mark,
		int64_t *account_id, uint64_t *generation)
{
	pthread_mutex_lock(&remembered->mutex);
	const struct slot *slot = slot_of(remembered, mark);
	bool is_there =
		slot->generation != 0 && CRYPTO_memcmp(&slot->mark, mark, sizeof *mark) == 0;
	if (is_there) {
		*account_id = slot->account_id;
		*generation = slot->generation;
	}
	pthread_mutex_unlock(&remembered->mutex);
	return is_there;
}

void
remembered_add(struct remembered *remembered, const struct remembered_mark *mark,
	       int64_t account_id, uint64_t generation)
{
	pthread_mutex_lock(&remembered->mutex);
	*slot_of(remembered, mark) = (struct slot){
		.mark = *mark,
		.account_id = account_id,
		.generation = generation,
	};
	pthread_mutex_unlock(&remembered->mutex);
}
