// SPDX-License-Identifier: GPL-3.0-or-later
// The TSIG keys that there are.
#include "gateway/dns/keyring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum { LOAD_TIMEOUT_MS = 30000 }; // longest silence of the server

/* Keys in the order of their names, so that one is found by halving. */
struct keys {
	struct keyring_key **items;
	size_t count, size;
};

struct keyring {
	pthread_mutex_t lock;
	struct secret_key secret_key;
	struct keys keys;
};

static void
key_free(struct keyring_key *key)
{
	if (key == NULL)
		return;
	OPENSSL_cleanse(key, sizeof(*key));
	free(key);
}

enum ddns_result
keyring_create(const struct secret_key *secret_key, struct keyring **keyringp)
{
	struct keyring *keyring = calloc(1, sizeof(*keyring));

	if (keyring == NULL)
		return DDNS_NO_MEMORY;
	if (pthread_mutex_init(&keyring->lock, NULL) != 0) {
		free(keyring);
		return DDNS_INTERNAL;
	}
	keyring->secret_key = *secret_key;
	*keyringp = keyring;
	return DDNS_OK;
}

/* Gives the keyring's own references back; under the lock, or where nobody else is. */
static void
keys_free(struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		if (--keys->items[i]->references == 0)
			key_free(keys->items[i]);
	free(keys->items);
	*keys = (struct keys){.items = NULL};
}

void
keyring_free(struct keyring *keyring)
{
	if (keyring == NULL)
		return;
	keys_free(&keyring->keys);
	secret_key_clear(&keyring->secret_key);
	pthread_mutex_destroy(&keyring->lock);
	free(keyring);
}

/* -1, 0 or 1, by length first: any order will do. */
static int
name_compare(const struct keyring_key *key, const uint8_t *name, size_t length)
{
	if (key->tsig.name_length != length)
		return key->tsig.name_length < length ? -1 : 1;
	return memcmp(key->tsig.name, name, length);
}

/* Where a key of the name is, or would be. */
static size_t
keys_place(const struct keys *keys, const uint8_t *name, size_t length, bool *is_there)
{
	size_t low = 0, high = keys->count;

	*is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = name_compare(keys->items[middle], name, length);
		if (order == 0) {
			*is_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Takes a key that is replaced or gone out of its place. */
static void
keys_remove(struct keys *keys, size_t place)
{
	struct keyring_key *key = keys->items[place];

	memmove(&keys->items[place], &keys->items[place + 1],
		(keys->count - place - 1) * sizeof(struct keyring_key *));
	keys->count--;
	if (--key->references == 0)
		key_free(key);
}

/* Adds a key, which is the keyring's from then on, or freed. */
static enum ddns_result
keys_add(struct keys *keys, struct keyring_key *key)
{
	bool is_there;
	size_t place = keys_place(keys, key->tsig.name, key->tsig.name_length, &is_there);

	if (is_there) {
		keys_remove(keys, place);
	} else if (keys->count == keys->size) {
		size_t size = keys->size == 0 ? 64 : 2 * keys->size;
		struct keyring_key **items =
			realloc(keys->items, size * sizeof(struct keyring_key *));
		if (items == NULL) {
			if (--key->references == 0)
				key_free(key);
			return DDNS_NO_MEMORY;
		}
		keys->items = items;
		keys->size = size;
	}
	memmove(&keys->items[place + 1], &keys->items[place],
		(keys->count - place) * sizeof(struct keyring_key *));
	keys->items[place] = key;
	keys->count++;
	return DDNS_OK;
}

/* Columns: name, id, account_id, algorithm, secret in hexadecimal, expires or null.  Where the key
 * cannot be used, *keyp is NULL. */
static enum ddns_result
row_read(const struct keyring *keyring, const struct ddns_rows *rows, size_t row,
	 struct keyring_key **keyp)
{
	const char *name = ddns_rows_text(rows, row, 0), *algorithm = ddns_rows_text(rows, row, 3);
	uint8_t blob[SECRET_MAX + SECRET_OVERHEAD];
	size_t length;
	struct keyring_key *key = calloc(1, sizeof(*key));

	*keyp = NULL;
	if (key == NULL)
		return DDNS_NO_MEMORY;
	if (strlen(name) <= DDNS_DNAME_TEXT_MAX &&
	    tsig_algorithm_by_name(algorithm, &key->tsig.algorithm) == DDNS_OK &&
	    ddns_dname_to_wire(name, key->tsig.name, &key->tsig.name_length) == DDNS_OK &&
	    OPENSSL_hexstr2buf_ex(blob, sizeof(blob), &length, ddns_rows_text(rows, row, 4),
				  '\0') == 1 &&
	    secret_decrypt(&keyring->secret_key, name, algorithm, blob, length, key->secret,
			   &key->tsig.secret_length) == DDNS_OK) {
		memcpy(key->name, name, strlen(name) + 1);
		key->id = ddns_rows_integer(rows, row, 1, 0);
		key->account_id = ddns_rows_integer(rows, row, 2, 0);
		key->expires = ddns_rows_integer(rows, row, 5, INT64_MAX);
		key->tsig.secret = key->secret;
		key->references = 1;
		*keyp = key;
	} else {
		key_free(key);
	}
	return DDNS_OK;
}

struct load {
	const struct keyring *keyring;
	struct keys keys;
	size_t broken;
};

static enum ddns_result
rows_add(void *context, const struct ddns_rows *rows)
{
	struct load *load = context;
	enum ddns_result result = DDNS_OK;

	for (size_t row = 0; row < ddns_rows_count(rows) && result == DDNS_OK; row++) {
		struct keyring_key *key;
		result = row_read(load->keyring, rows, row, &key);
		if (result == DDNS_OK && key == NULL)
			load->broken++;
		else if (result == DDNS_OK)
			result = keys_add(&load->keys, key);
	}
	return result;
}

enum ddns_result
keyring_load(struct keyring *keyring, struct ddns_db *db, size_t *brokenp)
{
	struct load load = {.keyring = keyring};
	enum ddns_result result;

	CHECK(ddns_db_stream(db, DDNS_STATEMENT_DNS_KEYS, NULL, 0, LOAD_TIMEOUT_MS, rows_add,
			     &load));
	pthread_mutex_lock(&keyring->lock);
	struct keys old = keyring->keys;
	keyring->keys = load.keys;
	load.keys = old;
	keys_free(&load.keys);
	pthread_mutex_unlock(&keyring->lock);
	*brokenp = load.broken;
	return DDNS_OK;

cleanup:
	keys_free(&load.keys);
	return result;
}

/* Puts what was read in the place of what was there of the names. */
static enum ddns_result
names_replace(struct keyring *keyring, const char *const *names, size_t count, struct keys *read)
{
	enum ddns_result result = DDNS_OK;

	for (size_t i = 0; i < count; i++) {
		uint8_t wire[DDNS_DNAME_WIRE_MAX];
		size_t length, place;
		bool is_there;
		if (strncmp(names[i], "key:", 4) != 0 ||
		    ddns_dname_to_wire(names[i] + 4, wire, &length) != DDNS_OK)
			continue;
		place = keys_place(&keyring->keys, wire, length, &is_there);
		if (is_there)
			keys_remove(&keyring->keys, place);
	}
	for (size_t i = 0; i < read->count && result == DDNS_OK; i++) {
		read->items[i]->references++;
		result = keys_add(&keyring->keys, read->items[i]);
	}
	return result;
}

enum ddns_result
keyring_refresh(struct keyring *keyring, struct ddns_db *db, const char *const *names, size_t count,
		size_t *brokenp)
{
	struct ddns_array array = {.text = NULL};
	struct ddns_rows *rows = NULL;
	struct load load = {.keyring = keyring};
	const char *text;
	size_t wanted = 0;
	enum ddns_result result;

	*brokenp = 0;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(names[i], "key:", 4) == 0) {
			ddns_array_add(&array, names[i] + 4);
			wanted++;
		}
	}
	CHECK(ddns_array_text(&array, &text));
	if (wanted > 0) {
		CHECK(ddns_db_query(db, DDNS_STATEMENT_DNS_SOME_KEYS, &text, 1, LOAD_TIMEOUT_MS,
				    &rows));
		CHECK(rows_add(&load, rows));
		pthread_mutex_lock(&keyring->lock);
		result = names_replace(keyring, names, count, &load.keys);
		keys_free(&load.keys);
		pthread_mutex_unlock(&keyring->lock);
		*brokenp = load.broken;
	}

cleanup:
	keys_free(&load.keys);
	ddns_rows_free(rows);
	ddns_array_free(&array);
	return result;
}

struct keyring_key *
keyring_find(struct keyring *keyring, const uint8_t *name, size_t length, uint64_t now)
{
	struct keyring_key *key = NULL;
	bool is_there;

	pthread_mutex_lock(&keyring->lock);
	size_t place = keys_place(&keyring->keys, name, length, &is_there);
	if (is_there && (uint64_t)keyring->keys.items[place]->expires > now) {
		key = keyring->keys.items[place];
		key->references++;
	}
	pthread_mutex_unlock(&keyring->lock);
	return key;
}

void
keyring_release(struct keyring *keyring, struct keyring_key *key)
{
	if (key == NULL)
		return;
	pthread_mutex_lock(&keyring->lock);
	bool is_last = --key->references == 0;
	pthread_mutex_unlock(&keyring->lock);
	if (is_last)
		key_free(key);
}
