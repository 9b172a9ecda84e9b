// SPDX-License-Identifier: GPL-3.0-or-later
// Gathers scopes, encrypts secrets into rows and opens them again.
#include "gateway/ctl/key_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/ctl/lookup.h"
#include "gateway/ctl/rdata.h"

enum { PASSWORD_MIN = 128 / 8 }; // octets that cannot be guessed at the HTTP doors

static enum ddns_result
gather_names(struct session *session, const struct arguments *arguments, const char *option,
	     struct ddns_array *array)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	const char *value;
	size_t next = 0;
	while ((value = arguments_next(arguments, option, &next)) != NULL) {
		enum ddns_result result = lookup_name(session, value, name);
		if (result != DDNS_OK)
			return result;
		ddns_array_add(array, name);
	}
	return DDNS_OK;
}

static enum ddns_result
gather_types(struct session *session, const struct arguments *arguments, struct ddns_array *array)
{
	char type[RDATA_TYPE_MAX + 1];
	struct rdata_error error;
	const char *value;
	size_t next = 0;
	while ((value = arguments_next(arguments, "type", &next)) != NULL) {
		if (rdata_type(value, type, &error) != DDNS_OK)
			return session_fail(session, DDNS_BAD_INPUT, error.hint, "%s",
					    error.message);
		ddns_array_add(array, type);
	}
	return DDNS_OK;
}

enum ddns_result
key_scope_gather(struct session *session, const struct arguments *arguments,
		 struct key_scope *scope)
{
	const char *value;
	size_t next = 0;
	enum ddns_result result;

	scope->login = arguments_value(arguments, "account");
	if (scope->login == NULL)
		return session_usage(session, "whose is it to be? --account LOGIN");
	scope->expires = arguments_value(arguments, "expires");
	CHECK(gather_names(session, arguments, "domain", &scope->domains));
	CHECK(gather_names(session, arguments, "name", &scope->names));
	CHECK(gather_types(session, arguments, &scope->types));
	while ((value = arguments_next(arguments, "verb", &next)) != NULL)
		ddns_array_add(&scope->verbs, value);
cleanup:
	return result;
}

void
key_scope_free(struct key_scope *scope)
{
	ddns_array_free(&scope->domains);
	ddns_array_free(&scope->names);
	ddns_array_free(&scope->types);
	ddns_array_free(&scope->verbs);
}

enum ddns_result
key_clause_print(struct session *session, const struct key_clause *clause, const char *login)
{
	json_t *object = json_pack("{s:s, s:s*, s:s, s:s}", "name", clause->name, "account", login,
				   "algorithm", clause->algorithm, "secret", clause->text);
	enum ddns_result result = session_print_done(
		session, object, "key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};",
		clause->name, clause->algorithm, clause->text);
	json_decref(object);
	return result;
}

enum ddns_result
key_store_open(struct session *session, struct key_store *store)
{
	struct ddns_rows *rows = NULL;
	char error[512];
	enum ddns_result result;

	result = secret_key_load(session->key_path, &store->file, error, sizeof error);
	if (result != DDNS_OK)
		return session_fail(
			session, result,
			"--secret-key or DDNS_SECRET_KEY names the file that the gateways use",
			"%s", error);
	CHECK(session_query(session, DDNS_STATEMENT_CTL_SECRET_KEY_ID, NULL, 0, &rows));
	const char *id = ddns_rows_text(rows, 0, 0);
	if (id == NULL || strcmp(id, store->file.id) != 0)
		result = session_fail(
			session, DDNS_CONFLICT,
			id == NULL || id[0] == '\0' ? "`ddns-schema install --secret-key FILE` "
						      "tells the database which it is"
						    : "--secret-key or DDNS_SECRET_KEY names the "
						      "file that the gateways use",
			"the secret key file '%s' (id %s) is not the one of this database (id %s)",
			session->key_path, store->file.id,
			id == NULL || id[0] == '\0' ? "none" : id);
cleanup:
	ddns_rows_free(rows);
	return result;
}

void
key_store_free(struct key_store *store)
{
	secret_key_clear(&store->file);
	free(store->rows);
	*store = (struct key_store){.rows = NULL};
}

/* Octets as PostgreSQL reads bytea. */
static void
to_hex(const uint8_t *octets, size_t length, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "\\x");
	for (size_t i = 0; i < length; i++)
		at += (size_t)snprintf(out + at, size - at, "%02x", octets[i]);
}

enum ddns_result
key_store_encrypt(struct session *session, struct key_store *store, const struct key_clause *clause,
		  const uint8_t *secret, size_t length)
{
	uint8_t hash[SECRET_HASH_SIZE], encrypted[SECRET_MAX + SECRET_OVERHEAD];
	size_t encrypted_length;
	struct key_row *rows = realloc(store->rows, (store->count + 1) * sizeof *rows);
	enum ddns_result result;

	if (rows == NULL)
		return session_no_memory(session);
	store->rows = rows;
	struct key_row *row = &rows[store->count];
	CHECK(secret_hash(clause->text, hash));
	CHECK(secret_encrypt(&store->file, clause->name, clause->algorithm, secret, length,
			     encrypted, &encrypted_length));
	snprintf(row->name, sizeof row->name, "%s", clause->name);
	snprintf(row->algorithm, sizeof row->algorithm, "%s", clause->algorithm);
	row->is_tsig_only = length < PASSWORD_MIN;
	to_hex(encrypted, encrypted_length, row->encrypted, sizeof row->encrypted);
	to_hex(hash, sizeof hash, row->hash, sizeof row->hash);
	store->count++;
cleanup:
	if (result != DDNS_OK)
		return session_fail(session, result, NULL, "OpenSSL cannot encrypt the secret");
	return result;
}

/* A key for names that its account does not hold is allowed, since it may get them; but it is said.
 */
static enum ddns_result
warn_of_foreign(struct session *session, const char *login, const char *domains,
		const char *account)
{
	const char *params[] = {domains, account};
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_KEY_FOREIGN, params, 2, &rows));
	for (size_t i = 0; i < ddns_rows_count(rows); i++)
		fprintf(stderr,
			"ddnsctl: note: account '%s' does not hold '%s': the key cannot use it "
			"yet\n",
			login, ddns_rows_text(rows, i, 0));
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
insert_row(struct session *session, const struct key_store *store, const struct key_row *row,
	   const char *account)
{
	struct key_scope *scope = store->scope;
	const char *domains, *names, *types, *verbs;
	enum ddns_result result;

	if (ddns_array_text(&scope->domains, &domains) != DDNS_OK ||
	    ddns_array_text(&scope->names, &names) != DDNS_OK ||
	    ddns_array_text(&scope->types, &types) != DDNS_OK ||
	    ddns_array_text(&scope->verbs, &verbs) != DDNS_OK)
		return session_no_memory(session);
	const char *params[] = {
		row->name,	account,	row->algorithm,
		row->encrypted, store->file.id, row->is_tsig_only ? NULL : row->hash,
		domains,	names,		types,
		verbs,		scope->expires, row->is_tsig_only ? "t" : "f"};
	result = session_query(session, DDNS_STATEMENT_CTL_KEY_ADD, params,
			       sizeof params / sizeof *params, NULL);
	if (result != DDNS_OK && session_failed_by(session, "22007"))
		result = session_fail(
			session, result, "--expires takes such as 90d, '12 hours' or 2027-06-30",
			"'%.60s' is no time that a key could expire at", scope->expires);
	else if (result != DDNS_OK &&
		 strcmp(ddns_db_last_error(session->db)->constraint, "keys_secret_sha256_key") == 0)
		result = session_fail(session, result,
				      "a password or token has to tell which key it is",
				      "another key has the secret of '%s' already", row->name);
	return result;
}

enum ddns_result
key_store_insert(struct session *session, void *context)
{
	const struct key_store *store = context;
	struct key_scope *scope = store->scope;
	char account[LOOKUP_ID_SIZE];
	const char *domains;
	enum ddns_result result;

	CHECK(lookup_account(session, scope->login, account));
	for (size_t i = 0; i < store->count; i++)
		CHECK(insert_row(session, store, &store->rows[i], account));
	if (ddns_array_text(&scope->domains, &domains) != DDNS_OK)
		return session_no_memory(session);
	CHECK(warn_of_foreign(session, scope->login, domains, account));
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->rows[i].algorithm, "hmac-md5") == 0)
			fprintf(stderr,
				"ddnsctl: note: '%s' is hmac-md5, which is for clients that know "
				"nothing better\n",
				store->rows[i].name);
cleanup:
	return result;
}

enum ddns_result
key_store_fetch(struct session *session, const struct key_store *store, const char *name,
		struct key_clause *clause)
{
	uint8_t blob[SECRET_MAX + SECRET_OVERHEAD], secret[SECRET_MAX];
	size_t length = 0;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_KEY_SECRET, &name, 1, &rows));
	if (ddns_rows_count(rows) == 0) {
		result = lookup_missing(session, "key", name);
		goto cleanup;
	}
	const char *algorithm = ddns_rows_text(rows, 0, 0);
	if (OPENSSL_hexstr2buf_ex(blob, sizeof blob, &length, ddns_rows_text(rows, 0, 1), '\0') !=
		    1 ||
	    secret_decrypt(&store->file, name, algorithm, blob, length, secret, &length) !=
		    DDNS_OK) {
		result = session_fail(session, DDNS_DENIED,
				      "was it stored under another file, before that was "
				      "replaced? delete the key and make it anew",
				      "the secret of key '%s' does not open with '%s' (id %s)",
				      name, session->key_path, store->file.id);
		goto cleanup;
	}
	snprintf(clause->algorithm, sizeof clause->algorithm, "%s", algorithm);
	snprintf(clause->name, sizeof clause->name, "%s", name);
	key_file_encode(secret, length, clause->text);
cleanup:
	OPENSSL_cleanse(secret, sizeof secret);
	ddns_rows_free(rows);
	return result;
}
