// SPDX-License-Identifier: GPL-3.0-or-later
// The keys and accounts that there are, in memory.
#include "gateway/update/credential.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/update/credential_tree.h"
#include "sql/client/db.h"

enum { LOAD_TIMEOUT_MS = 30000 }; // longest silence of the server

struct credentials {
	pthread_rwlock_t lock;
	struct trees trees;
	uint64_t generation;
	bool is_loaded;
};

/* The 64 hexadecimal digits that the statement makes of the hash. */
static bool
read_hash(const char *digits, uint8_t hash[SECRET_HASH_SIZE])
{
	if (digits == NULL || strlen(digits) != 2 * SECRET_HASH_SIZE)
		return false;
	for (size_t i = 0; i < SECRET_HASH_SIZE; i++) {
		const char pair[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
		char *end;
		hash[i] = (uint8_t)strtoul(pair, &end, 16);
		if (*end != '\0')
			return false;
	}
	return true;
}

/* Columns: name, id, account_id, hash in hexadecimal or null, tsig_only, expires or null. */
static enum ddns_result
add_key_row(struct trees *trees, const struct ddns_rows *rows, size_t row)
{
	const char *name = ddns_rows_text(rows, row, 0);
	if (strlen(name) > DDNS_DNAME_TEXT_MAX)
		return DDNS_OK; // nobody can name it here
	struct key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return DDNS_NO_MEMORY;
	key->name = strdup(name);
	if (key->name == NULL) {
		key_free(key);
		return DDNS_NO_MEMORY;
	}
	key->id = ddns_rows_integer(rows, row, 1, 0);
	key->account_id = ddns_rows_integer(rows, row, 2, 0);
	key->has_hash = read_hash(ddns_rows_text(rows, row, 3), key->hash) &&
			!ddns_rows_boolean(rows, row, 4);
	key->expires = ddns_rows_integer(rows, row, 5, INT64_MAX);
	return trees_add_key(trees, key);
}

/* Columns: login, id, whether it is active, password_hash or null. */
static enum ddns_result
add_account_row(struct trees *trees, const struct ddns_rows *rows, size_t row, uint64_t generation)
{
	const char *login = ddns_rows_text(rows, row, 0), *hash = ddns_rows_text(rows, row, 3);
	if (strlen(login) > UPDATE_LOGIN_MAX)
		return DDNS_OK;
	struct account *account = calloc(1, sizeof *account);
	if (account == NULL)
		return DDNS_NO_MEMORY;
	account->login = strdup(login);
	account->password_hash =
		strdup(hash == NULL || strlen(hash) >= PASSWORD_HASH_MAX ? "" : hash);
	if (account->login == NULL || account->password_hash == NULL) {
		account_free(account);
		return DDNS_NO_MEMORY;
	}
	account->id = ddns_rows_integer(rows, row, 1, 0);
	account->is_active = ddns_rows_boolean(rows, row, 2);
	account->generation = generation;
	return trees_add_account(trees, account);
}

/* What the callbacks of a whole load share. */
struct load {
	struct trees trees;
	uint64_t generation;
};

static enum ddns_result
load_keys(void *context, const struct ddns_rows *rows)
{
	struct load *load = context;
	enum ddns_result result = DDNS_OK;
	for (size_t row = 0; row < ddns_rows_count(rows) && result == DDNS_OK; row++)
		result = add_key_row(&load->trees, rows, row);
	return result;
}

static enum ddns_result
load_accounts(void *context, const struct ddns_rows *rows)
{
	struct load *load = context;
	enum ddns_result result = DDNS_OK;
	for (size_t row = 0; row < ddns_rows_count(rows) && result == DDNS_OK; row++)
		result = add_account_row(&load->trees, rows, row, load->generation);
	return result;
}

enum ddns_result
credentials_load(struct credentials *credentials, struct ddns_db *db)
{
	// only the feed's thread writes: it may read the generation without the lock
	struct load load = {.generation = credentials->generation + 1};
	enum ddns_result result;
	CHECK(ddns_db_stream(db, DDNS_STATEMENT_GATEWAY_ACCOUNTS, NULL, 0, LOAD_TIMEOUT_MS,
			     load_accounts, &load));
	CHECK(ddns_db_stream(db, DDNS_STATEMENT_GATEWAY_KEYS, NULL, 0, LOAD_TIMEOUT_MS, load_keys,
			     &load));
	pthread_rwlock_wrlock(&credentials->lock);
	struct trees old = credentials->trees;
	credentials->trees = load.trees;
	load.trees = old;
	credentials->generation = load.generation;
	credentials->is_loaded = true;
	pthread_rwlock_unlock(&credentials->lock);

cleanup:
	trees_free(&load.trees);
	return result;
}

/* The names of one kind ("key:" or "account:") as an array for SQL; *anyp: whether there are any.
 */
static enum ddns_result
select_names(const char *const *names, size_t count, const char *kind, struct ddns_array *array,
	     bool *anyp)
{
	size_t length = strlen(kind);
	*anyp = false;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(names[i], kind, length) != 0)
			continue;
		ddns_array_add(array, names[i] + length);
		*anyp = true;
	}
	const char *text;
	return ddns_array_text(array, &text);
}

static enum ddns_result
query_some(struct ddns_db *db, enum ddns_statement statement, struct ddns_array *names,
	   struct ddns_rows **rowsp)
{
	const char *text;
	enum ddns_result result = ddns_array_text(names, &text);
	if (result != DDNS_OK)
		return result;
	return ddns_db_query(db, statement, &text, 1, LOAD_TIMEOUT_MS, rowsp);
}

/* Under the lock: replaces what is named by what was read. */
static enum ddns_result
replace(struct credentials *credentials, const char *const *names, size_t count,
	const struct ddns_rows *keys, const struct ddns_rows *accounts)
{
	struct trees *trees = &credentials->trees;
	enum ddns_result result = DDNS_OK;
	credentials->generation++;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(names[i], "key:", 4) == 0)
			trees_remove_key(trees, names[i] + 4);
		else if (strncmp(names[i], "account:", 8) == 0)
			trees_remove_account(trees, names[i] + 8);
	}
	for (size_t row = 0; keys != NULL && row < ddns_rows_count(keys); row++)
		CHECK(add_key_row(trees, keys, row));
	for (size_t row = 0; accounts != NULL && row < ddns_rows_count(accounts); row++)
		CHECK(add_account_row(trees, accounts, row, credentials->generation));

cleanup:
	return result;
}

enum ddns_result
credentials_refresh(struct credentials *credentials, struct ddns_db *db, const char *const *names,
		    size_t count)
{
	struct ddns_array keys = {0}, accounts = {0};
	struct ddns_rows *key_rows = NULL, *account_rows = NULL;
	bool has_keys, has_accounts;
	enum ddns_result result;

	CHECK(select_names(names, count, "key:", &keys, &has_keys));
	CHECK(select_names(names, count, "account:", &accounts, &has_accounts));
	if (has_keys)
		CHECK(query_some(db, DDNS_STATEMENT_GATEWAY_SOME_KEYS, &keys, &key_rows));
	if (has_accounts)
		CHECK(query_some(db, DDNS_STATEMENT_GATEWAY_SOME_ACCOUNTS, &accounts,
				 &account_rows));
	pthread_rwlock_wrlock(&credentials->lock);
	result = replace(credentials, names, count, key_rows, account_rows);
	pthread_rwlock_unlock(&credentials->lock);

cleanup:
	ddns_rows_free(account_rows);
	ddns_rows_free(key_rows);
	ddns_array_free(&accounts);
	ddns_array_free(&keys);
	return result;
}

enum ddns_result
credentials_find_secret(struct credentials *credentials, const uint8_t hash[SECRET_HASH_SIZE],
			struct update_credential *found)
{
	enum ddns_result result = DDNS_NOT_FOUND;

	pthread_rwlock_rdlock(&credentials->lock);
	const struct account *account = NULL;
	const struct key *key = trees_find_secret(&credentials->trees, hash);
	if (!credentials->is_loaded) {
		result = DDNS_UNAVAILABLE;
	} else if (key != NULL && time(NULL) < key->expires) {
		account = trees_find_account_id(&credentials->trees, key->account_id);
		result = account != NULL && account->is_active ? DDNS_OK : DDNS_DENIED;
	}
	if (result == DDNS_OK) {
		found->key_id = key->id;
		found->account_id = key->account_id;
		strcpy(found->key, key->name);
		strcpy(found->login, account->login);
		found->host[0] = '\0';
	}
	pthread_rwlock_unlock(&credentials->lock);
	return result;
}

bool
credentials_have_key(struct credentials *credentials, const char *name)
{
	pthread_rwlock_rdlock(&credentials->lock);
	bool has = trees_find_key(&credentials->trees, name) != NULL;
	pthread_rwlock_unlock(&credentials->lock);
	return has;
}

bool
credentials_have_account(struct credentials *credentials, const char *login)
{
	pthread_rwlock_rdlock(&credentials->lock);
	bool has = trees_find_account(&credentials->trees, login) != NULL;
	pthread_rwlock_unlock(&credentials->lock);
	return has;
}

/* Under the lock. */
static enum ddns_result
view_account(const struct credentials *credentials, const struct account *account,
	     struct account_view *view)
{
	if (!credentials->is_loaded)
		return DDNS_UNAVAILABLE;
	if (account == NULL)
		return DDNS_NOT_FOUND;
	view->id = account->id;
	view->is_active = account->is_active;
	view->generation = account->generation;
	strcpy(view->login, account->login);
	strcpy(view->password_hash, account->password_hash);
	return DDNS_OK;
}

enum ddns_result
credentials_find_account(struct credentials *credentials, const char *login,
			 struct account_view *view)
{
	pthread_rwlock_rdlock(&credentials->lock);
	enum ddns_result result =
		view_account(credentials, trees_find_account(&credentials->trees, login), view);
	pthread_rwlock_unlock(&credentials->lock);
	return result;
}

enum ddns_result
credentials_find_account_id(struct credentials *credentials, int64_t id, struct account_view *view)
{
	pthread_rwlock_rdlock(&credentials->lock);
	enum ddns_result result =
		view_account(credentials, trees_find_account_id(&credentials->trees, id), view);
	pthread_rwlock_unlock(&credentials->lock);
	return result;
}

void
credentials_status(struct credentials *credentials, struct credentials_status *status)
{
	pthread_rwlock_rdlock(&credentials->lock);
	*status = (struct credentials_status){
		.is_loaded = credentials->is_loaded,
		.keys = credentials->trees.key_count,
		.accounts = credentials->trees.account_count,
	};
	pthread_rwlock_unlock(&credentials->lock);
}

enum ddns_result
credentials_create(struct credentials **credentialsp)
{
	struct credentials *credentials = calloc(1, sizeof *credentials);
	if (credentials == NULL)
		return DDNS_NO_MEMORY;
	pthread_rwlock_init(&credentials->lock, NULL);
	*credentialsp = credentials;
	return DDNS_OK;
}

void
credentials_free(struct credentials *credentials)
{
	if (credentials == NULL)
		return;
	trees_free(&credentials->trees);
	pthread_rwlock_destroy(&credentials->lock);
	free(credentials);
}
