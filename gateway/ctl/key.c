// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl key: the credentials of machines.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/rdata.h"
#include "gateway/secret.h"

static const struct output_column list_columns[] = {
	{"NAME", "name", OUTPUT_TEXT},		 {"ACCOUNT", "account", OUTPUT_TEXT},
	{"ALGORITHM", "algorithm", OUTPUT_TEXT}, {"DOMAINS", "domains", OUTPUT_TEXT},
	{"NAMES", "names", OUTPUT_TEXT},	 {"TYPES", "types", OUTPUT_TEXT},
	{"EXPIRES", "expires", OUTPUT_TIME},	 {"LAST USE", "last_use", OUTPUT_TIME},
};

static const struct output_column show_columns[] = {
	{"name", "name", OUTPUT_TEXT},
	{"account", "account", OUTPUT_TEXT},
	{"algorithm", "algorithm", OUTPUT_TEXT},
	{"only for TSIG", "tsig_only", OUTPUT_TEXT},
	{"domains", "domains", OUTPUT_TEXT},
	{"names", "names", OUTPUT_TEXT},
	{"types", "types", OUTPUT_TEXT},
	{"verbs", "verbs", OUTPUT_TEXT},
	{"expires", "expires", OUTPUT_TIME},
	{"has expired", "is_expired", OUTPUT_TEXT},
	{"secret key file", "secret_key_id", OUTPUT_TEXT},
	{"last use", "last_use", OUTPUT_TIME},
	{"from", "last_peer", OUTPUT_TEXT},
	{"by", "last_door", OUTPUT_TEXT},
	{"created", "created", OUTPUT_TIME},
};

enum { HEX_MAX = 2 * (SECRET_MAX + SECRET_OVERHEAD) + 3 }; // "\x", digits, NUL

struct new_key {
	char name[DDNS_DNAME_TEXT_MAX + 1];
	const char *login, *algorithm, *expires;
	struct ddns_array domains, names, types, verbs;
	struct secret_key file;
	char text[SECRET_TEXT_LENGTH + 1]; // the secret
	char encrypted[HEX_MAX], hash[HEX_MAX];
};

static void
new_key_free(struct new_key *key)
{
	ddns_array_free(&key->domains);
	ddns_array_free(&key->names);
	ddns_array_free(&key->types);
	ddns_array_free(&key->verbs);
	OPENSSL_cleanse(key, sizeof *key);
}

/* Octets as PostgreSQL reads bytea. */
static void
to_hex(const uint8_t *octets, size_t length, char out[HEX_MAX])
{
	size_t at = (size_t)snprintf(out, HEX_MAX, "\\x");
	for (size_t i = 0; i < length; i++)
		at += (size_t)snprintf(out + at, HEX_MAX - at, "%02x", octets[i]);
}

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

static enum ddns_result
gather(struct session *session, const struct arguments *arguments, struct new_key *key)
{
	const char *value;
	size_t next = 0;
	enum ddns_result result;

	key->login = arguments_value(arguments, "account");
	if (key->login == NULL)
		return session_usage(session, "whose is it to be? --account LOGIN");
	key->expires = arguments_value(arguments, "expires");
	key->algorithm = arguments_value(arguments, "algorithm");
	if (key->algorithm == NULL)
		key->algorithm = "hmac-sha256";
	CHECK(lookup_name(session, arguments->operands[0], key->name));
	CHECK(gather_names(session, arguments, "domain", &key->domains));
	CHECK(gather_names(session, arguments, "name", &key->names));
	CHECK(gather_types(session, arguments, &key->types));
	while ((value = arguments_next(arguments, "verb", &next)) != NULL)
		ddns_array_add(&key->verbs, value);
cleanup:
	return result;
}

/* A secret under another file than the gateways' would be of no use to them. */
static enum ddns_result
load_file(struct session *session, struct new_key *key)
{
	struct ddns_rows *rows = NULL;
	char error[512];
	enum ddns_result result;

	result = secret_key_load(session->key_path, &key->file, error, sizeof error);
	if (result != DDNS_OK)
		return session_fail(
			session, result,
			"--secret-key or DDNS_SECRET_KEY names the file that the gateways use",
			"%s", error);
	CHECK(session_query(session, DDNS_STATEMENT_CTL_SECRET_KEY_ID, NULL, 0, &rows));
	const char *id = ddns_rows_text(rows, 0, 0);
	if (id == NULL || strcmp(id, key->file.id) != 0)
		result = session_fail(
			session, DDNS_CONFLICT,
			id == NULL || id[0] == '\0' ? "`ddns-schema install --secret-key FILE` "
						      "tells the database which it is"
						    : "--secret-key or DDNS_SECRET_KEY names the "
						      "file that the gateways use",
			"the secret key file '%s' (id %s) is not the one of this database (id %s)",
			session->key_path, key->file.id, id == NULL || id[0] == '\0' ? "none" : id);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
make_secret(struct session *session, struct new_key *key)
{
	uint8_t secret[SECRET_GENERATED_SIZE], hash[SECRET_HASH_SIZE];
	uint8_t encrypted[sizeof secret + SECRET_OVERHEAD];
	size_t length;
	enum ddns_result result;

	CHECK(secret_generate(secret, key->text));
	CHECK(secret_hash(key->text, hash));
	CHECK(secret_encrypt(&key->file, key->name, key->algorithm, secret, sizeof secret,
			     encrypted, &length));
	to_hex(encrypted, length, key->encrypted);
	to_hex(hash, sizeof hash, key->hash);
cleanup:
	OPENSSL_cleanse(secret, sizeof secret);
	if (result != DDNS_OK)
		return session_fail(session, result, NULL, "OpenSSL cannot make a secret");
	return result;
}

/* A key for names that its account does not hold is allowed, since it may get them; but it is said.
 */
static enum ddns_result
warn_of_foreign(struct session *session, const struct new_key *key, const char *domains,
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
			key->login, ddns_rows_text(rows, i, 0));
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
insert(struct session *session, void *context)
{
	struct new_key *key = context;
	char account[LOOKUP_ID_SIZE];
	const char *domains, *names, *types, *verbs;
	enum ddns_result result;

	CHECK(lookup_account(session, key->login, account));
	if (ddns_array_text(&key->domains, &domains) != DDNS_OK ||
	    ddns_array_text(&key->names, &names) != DDNS_OK ||
	    ddns_array_text(&key->types, &types) != DDNS_OK ||
	    ddns_array_text(&key->verbs, &verbs) != DDNS_OK)
		return session_no_memory(session);
	const char *params[] = {key->name,    account,	 key->algorithm, key->encrypted,
				key->file.id, key->hash, domains,	 names,
				types,	      verbs,	 key->expires};
	result = session_query(session, DDNS_STATEMENT_CTL_KEY_ADD, params,
			       sizeof params / sizeof *params, NULL);
	if (result != DDNS_OK && session_failed_by(session, "22007"))
		result = session_fail(
			session, result, "--expires takes such as 90d, '12 hours' or 2027-06-30",
			"'%.60s' is no time that a key could expire at", key->expires);
	CHECK(result);
	CHECK(warn_of_foreign(session, key, domains, account));
cleanup:
	return result;
}

/* The clause that nsupdate -k reads: nothing else, so that it can be sent to a file. */
static enum ddns_result
print_clause(struct session *session, const struct new_key *key)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "name", key->name, "account", key->login,
				   "algorithm", key->algorithm, "secret", key->text);
	enum ddns_result result = session_print_done(
		session, object, "key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};", key->name,
		key->algorithm, key->text);
	json_decref(object);
	return result;
}

static enum ddns_result
add(struct session *session, const struct arguments *arguments)
{
	struct new_key key = {0};
	enum ddns_result result;

	CHECK(gather(session, arguments, &key));
	CHECK(load_file(session, &key));
	CHECK(make_secret(session, &key));
	CHECK(session_transact(session, insert, &key));
	if (strcmp(key.algorithm, "hmac-md5") == 0)
		fputs("ddnsctl: note: hmac-md5 is for clients that know nothing better\n", stderr);
	CHECK(print_clause(session, &key));
cleanup:
	new_key_free(&key);
	return result;
}

static enum ddns_result
list(struct session *session, const struct arguments *arguments)
{
	const char *params[] = {NULL, arguments_value(arguments, "account")};
	json_t *rows = NULL;
	enum ddns_result result;

	CHECK(session_array(session, DDNS_STATEMENT_CTL_KEYS, params, 2, &rows));
	CHECK(session_print_list(session, rows, list_columns,
				 sizeof list_columns / sizeof *list_columns));
cleanup:
	json_decref(rows);
	return result;
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	const char *params[] = {name, NULL};
	json_t *rows = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], name));
	CHECK(session_array(session, DDNS_STATEMENT_CTL_KEYS, params, 2, &rows));
	if (json_array_size(rows) == 0)
		CHECK(lookup_missing(session, "key", name));
	CHECK(session_print_fields(session, json_array_get(rows, 0), show_columns,
				   sizeof show_columns / sizeof *show_columns));
cleanup:
	json_decref(rows);
	return result;
}

static enum ddns_result
remove_key(struct session *session, void *context)
{
	const char *name = context;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_KEY_DELETE, &name, 1, &rows));
	if (ddns_rows_count(rows) == 0)
		result = lookup_missing(session, "key", name);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
erase(struct session *session, const struct arguments *arguments)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], name));
	CHECK(session_transact(session, remove_key, name));
	done = json_pack("{s:s}", "deleted", name);
	CHECK(session_print_done(session, done, "key '%s' deleted: it works nowhere any more",
				 name));
cleanup:
	json_decref(done);
	return result;
}

static const struct command_option add_options[] = {
	{"account", "LOGIN", false, "whose it is: it can do no more than that account"},
	{"domain", "NAME", true, "only for that name and what is below it"},
	{"name", "PATTERN", true, "only for that name; * as last label is one or more labels"},
	{"type", "TYPE", true, "only for records of that type"},
	{"verb", "VERB", true, "only to update, offline, add, delete or set"},
	{"algorithm", "NAME", false, "hmac-sha1, -sha224, -sha256, -sha384, -sha512 [hmac-sha256]"},
	{"expires", "WHEN", false, "after 90d, 12 hours, ... or at 2027-06-30 [never]"},
};
static const struct command_option list_options[] = {
	{"account", "LOGIN", false, "only those of that account"},
};
#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"add", "NAME --account LOGIN", 1, 1, "makes a key and prints it, this once",
	 "What is printed is a key clause as `nsupdate -k FILE` and named.conf read it. The "
	 "secret\n"
	 "in it is also the key's password, with NAME as user, and its token at update URLs.\n"
	 "Without restrictions it may do what its account may.\n\n"
	 "  ddnsctl key add joe-router --account joe --domain joe.dyn.example.org > "
	 "joe-router.key\n"
	 "  ddnsctl key add joe-acme --account joe --name '_acme-challenge.*' --type TXT\n",
	 COUNTED(add_options), add},
	{"list", "", 0, 0, "lists the keys, without secrets", "", COUNTED(list_options), list},
	{"show", "NAME", 1, 1, "shows a key's scope and last use, without its secret", "", NULL, 0,
	 show},
	{"delete", "NAME", 1, 1, "deletes a key: it works nowhere any more, at once", "", NULL, 0,
	 erase},
	{"revoke", "NAME", 1, 1, "the same as delete", "", NULL, 0, erase},
};

const struct noun key_noun = {"key", "credentials of machines", COUNTED(commands)};
