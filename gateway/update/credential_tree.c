// SPDX-License-Identifier: GPL-3.0-or-later
// Where keys and accounts are held: trees by name, by the secret's hash, by login and by id.
#include "gateway/update/credential_tree.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->name, ((const struct key *)b)->name);
}

static int
compare_hashes(const void *a, const void *b)
{
	return memcmp(((const struct key *)a)->hash, ((const struct key *)b)->hash,
		      SECRET_HASH_SIZE);
}

static int
compare_logins(const void *a, const void *b)
{
	return strcmp(((const struct account *)a)->login, ((const struct account *)b)->login);
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t first = ((const struct account *)a)->id, second = ((const struct account *)b)->id;
	return (first > second) - (first < second);
}

void
key_free(struct key *key)
{
	if (key == NULL)
		return;
	free(key->name);
	free(key);
}

void
account_free(struct account *account)
{
	if (account == NULL)
		return;
	free(account->login);
	free(account->password_hash);
	free(account);
}

static void
free_key_node(void *key)
{
	key_free(key);
}

static void
free_account_node(void *account)
{
	account_free(account);
}

static void
keep_node(void *node)
{
	(void)node; // the tree by name owns it
}

void
trees_free(struct trees *trees)
{
	tdestroy(trees->secrets, keep_node);
	tdestroy(trees->keys, free_key_node);
	tdestroy(trees->ids, keep_node);
	tdestroy(trees->accounts, free_account_node);
	*trees = (struct trees){0};
}

/* Puts an item into a tree where its like must not be yet. */
static enum ddns_result
add(void *item, void **root, int (*compare)(const void *, const void *))
{
	void **node = tsearch(item, root, compare);
	if (node == NULL)
		return DDNS_NO_MEMORY;
	return *node == item ? DDNS_OK : DDNS_CONFLICT;
}

/* What find returns is inside the tree, or NULL. */
static void *
find(const void *pattern, void *const *root, int (*compare)(const void *, const void *))
{
	void **node = tfind(pattern, root, compare);
	return node == NULL ? NULL : *node;
}

enum ddns_result
trees_add_key(struct trees *trees, struct key *key)
{
	enum ddns_result result = add(key, &trees->keys, compare_names);
	if (result == DDNS_OK && key->has_hash) {
		result = add(key, &trees->secrets, compare_hashes);
		if (result != DDNS_OK)
			tdelete(key, &trees->keys, compare_names);
	}
	if (result == DDNS_OK)
		trees->key_count++;
	else
		key_free(key);
	return result;
}

enum ddns_result
trees_add_account(struct trees *trees, struct account *account)
{
	enum ddns_result result = add(account, &trees->accounts, compare_logins);
	if (result == DDNS_OK) {
		result = add(account, &trees->ids, compare_ids);
		if (result != DDNS_OK)
			tdelete(account, &trees->accounts, compare_logins);
	}
	if (result == DDNS_OK)
		trees->account_count++;
	else
		account_free(account);
	return result;
}

void
trees_remove_key(struct trees *trees, const char *name)
{
	struct key pattern = {.name = (char *)(uintptr_t)name};
	struct key *key = find(&pattern, &trees->keys, compare_names);
	if (key == NULL)
		return;
	if (key->has_hash)
		tdelete(key, &trees->secrets, compare_hashes);
	tdelete(key, &trees->keys, compare_names);
	trees->key_count--;
	key_free(key);
}

void
trees_remove_account(struct trees *trees, const char *login)
{
	struct account pattern = {.login = (char *)(uintptr_t)login};
	struct account *account = find(&pattern, &trees->accounts, compare_logins);
	if (account == NULL)
		return;
	tdelete(account, &trees->ids, compare_ids);
	tdelete(account, &trees->accounts, compare_logins);
	trees->account_count--;
	account_free(account);
}

const struct key *
trees_find_key(const struct trees *trees, const char *name)
{
	struct key pattern = {.name = (char *)(uintptr_t)name};
	return find(&pattern, &trees->keys, compare_names);
}

const struct key *
trees_find_secret(const struct trees *trees, const uint8_t hash[SECRET_HASH_SIZE])
{
	struct key pattern;
	memcpy(pattern.hash, hash, SECRET_HASH_SIZE);
	return find(&pattern, &trees->secrets, compare_hashes);
}

const struct account *
trees_find_account(const struct trees *trees, const char *login)
{
	struct account pattern = {.login = (char *)(uintptr_t)login};
	return find(&pattern, &trees->accounts, compare_logins);
}

const struct account *
trees_find_account_id(const struct trees *trees, int64_t id)
{
	struct account pattern = {.id = id};
	return find(&pattern, &trees->ids, compare_ids);
}
