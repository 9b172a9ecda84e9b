// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl key import: keys that clients have already, from BIND's files.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/ctl/input.h"
#include "gateway/ctl/key.h"
#include "gateway/ctl/key_store.h"

/* Text that may hold secrets. */
static void
wipe(char *text, size_t length)
{
	if (text != NULL)
		OPENSSL_cleanse(text, length);
	free(text);
}

/* The text of K*.key beside K*.private; NULL where the file is called otherwise or has none. */
static char *
read_companion(const char *path, size_t *lengthp)
{
	static const char suffix[] = ".private";
	char *companion = NULL, *text = NULL, error[512];
	size_t length = strlen(path);

	*lengthp = 0;
	if (length < sizeof suffix || strcmp(path + length - (sizeof suffix - 1), suffix) != 0 ||
	    asprintf(&companion, "%.*s.key", (int)(length - (sizeof suffix - 1)), path) < 0)
		return NULL;
	if (input_read(companion, &text, lengthp, error, sizeof error) != DDNS_OK)
		text = NULL;
	free(companion);
	return text;
}

static enum ddns_result
read_keys(struct session *session, const char *path, struct key_file *file)
{
	char *text = NULL, *companion = NULL, error[512];
	size_t length = 0, companion_length = 0;
	enum ddns_result result = input_read(path, &text, &length, error, sizeof error);

	if (result != DDNS_OK)
		return session_fail(session, result, NULL, "%s", error);
	companion = read_companion(path, &companion_length);
	result = key_file_parse(text, length, companion, file, error, sizeof error);
	if (result != DDNS_OK)
		result = session_fail(session, result, NULL, "%s: %s", input_name(path), error);
	wipe(text, length);
	wipe(companion, companion_length);
	return result;
}

static enum ddns_result
print_done(struct session *session, const struct key_file *file, const struct key_store *store)
{
	json_t *rows = json_array();
	enum ddns_result result = DDNS_OK;

	for (size_t i = 0; i < file->count && rows != NULL; i++) {
		bool is_tsig_only = store->rows[i].is_tsig_only;
		json_t *object = json_pack("{s:s, s:s, s:I, s:b}", "name", file->keys[i].name,
					   "algorithm", file->keys[i].algorithm, "bits",
					   (json_int_t)(8 * file->keys[i].secret_length),
					   "tsig_only", is_tsig_only);
		if (json_array_append_new(rows, object) != 0) {
			result = session_no_memory(session);
			goto cleanup;
		}
		if (!session->wants_json)
			printf("key '%s' imported: %s, %zu bits%s\n", file->keys[i].name,
			       file->keys[i].algorithm, 8 * file->keys[i].secret_length,
			       is_tsig_only ? ", for TSIG only" : "");
	}
	if (session->wants_json && output_json(stdout, rows) != DDNS_OK)
		result = session_no_memory(session);
cleanup:
	json_decref(rows);
	return result;
}

enum ddns_result
key_import(struct session *session, const struct arguments *arguments)
{
	struct key_scope scope = {0};
	struct key_store store = {.scope = &scope};
	struct key_file file = {0};
	struct key_clause clause;
	enum ddns_result result;

	CHECK(key_scope_gather(session, arguments, &scope));
	CHECK(read_keys(session, arguments->operands[0], &file));
	CHECK(key_store_open(session, &store));
	for (size_t i = 0; i < file.count; i++) {
		const struct key_file_key *key = &file.keys[i];
		memcpy(clause.name, key->name, sizeof clause.name);
		memcpy(clause.algorithm, key->algorithm, sizeof clause.algorithm);
		memcpy(clause.text, key->text, sizeof clause.text);
		CHECK(key_store_encrypt(session, &store, &clause, key->secret, key->secret_length));
	}
	CHECK(session_transact(session, key_store_insert, &store));
	CHECK(print_done(session, &file, &store));
cleanup:
	OPENSSL_cleanse(&clause, sizeof clause);
	key_file_free(&file);
	key_store_free(&store);
	key_scope_free(&scope);
	return result;
}
