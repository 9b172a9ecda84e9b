// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl key: the credentials of machines.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/entity.h"
#include "gateway/ctl/key.h"
#include "gateway/ctl/key_store.h"
#include "gateway/ctl/lookup.h"

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

static const struct entity entity = {
	.noun = "key",
	.statement = DDNS_STATEMENT_CTL_KEYS,
	.filter_count = 1,
	.columns = list_columns,
	.column_count = sizeof list_columns / sizeof *list_columns,
	.fields = show_columns,
	.field_count = sizeof show_columns / sizeof *show_columns,
};

static enum ddns_result
add(struct session *session, const struct arguments *arguments)
{
	struct key_scope scope = {0};
	struct key_store store = {0};
	struct key_clause clause = {.algorithm = "hmac-sha256"};
	const char *algorithm = arguments_value(arguments, "algorithm");
	uint8_t secret[SECRET_GENERATED_SIZE];
	enum ddns_result result;

	if (algorithm != NULL)
		snprintf(clause.algorithm, sizeof clause.algorithm, "%s", algorithm);
	CHECK(lookup_name(session, arguments->operands[0], clause.name));
	CHECK(key_scope_gather(session, arguments, &scope));
	CHECK(key_store_open(session, &store));
	if (secret_generate(secret, clause.text) != DDNS_OK) {
		result = session_fail(session, DDNS_INTERNAL, NULL, "OpenSSL cannot make a secret");
		goto cleanup;
	}
	CHECK(key_store_encrypt(session, &store, &clause, secret, sizeof secret));
	store.scope = &scope;
	CHECK(session_transact(session, key_store_insert, &store));
	CHECK(key_clause_print(session, &clause, scope.login));
cleanup:
	OPENSSL_cleanse(secret, sizeof secret);
	OPENSSL_cleanse(&clause, sizeof clause);
	key_store_free(&store);
	key_scope_free(&scope);
	return result;
}

static enum ddns_result
list(struct session *session, const struct arguments *arguments)
{
	const char *account = arguments_value(arguments, "account");
	return entity_list(session, &entity, &account);
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result = lookup_name(session, arguments->operands[0], name);
	return result != DDNS_OK ? result : entity_show(session, &entity, name);
}

static enum ddns_result
remove_key(struct session *session, void *context)
{
	return entity_change(session, &entity, DDNS_STATEMENT_CTL_KEY_DELETE, context, NULL, NULL);
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
	KEY_SCOPE_OPTIONS,
	{"algorithm", "NAME", false, "hmac-sha1, -sha224, -sha256, -sha384, -sha512 [hmac-sha256]"},
};
static const struct command_option import_options[] = {
	KEY_SCOPE_OPTIONS,
};
static const struct command_option list_options[] = {
	{"account", "LOGIN", false, "only those of that account"},
};
#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"add", "NAME --account LOGIN", 1, 1, "makes a key and prints it",
	 "What is printed is a key clause as `nsupdate -k FILE` and named.conf read it. The "
	 "secret\n"
	 "in it is also the key's password, with NAME as user, and its token at update URLs.\n"
	 "Without restrictions it may do what its account may.\n\n"
	 "  ddnsctl key add joe-router --account joe --domain joe.dyn.example.org > "
	 "joe-router.key\n"
	 "  ddnsctl key add joe-acme --account joe --name '_acme-challenge.*' --type TXT\n",
	 COUNTED(add_options), add},
	{"import", "FILE --account LOGIN", 1, 1, "takes over keys that clients have already",
	 "FILE is what tsig-keygen, rndc-confgen and dnssec-keygen write: key clauses as in\n"
	 "named.conf, any number of them, whose other statements are passed over; or K*.private,\n"
	 "with its K*.key beside it. - is standard input. All keys get the scope that is given.\n"
	 "One of less than 128 bits is for TSIG only: as a password it could be guessed.\n\n"
	 "  ddnsctl key import /etc/bind/ddns.key --account joe --domain joe.dyn.example.org\n"
	 "  ddnsctl key import Kjoe.+163+12345.private --account joe\n",
	 COUNTED(import_options), key_import},
	{"export", "NAME", 1, 1, "prints a key as a key clause, with its secret",
	 "  (umask 077; ddnsctl key export joe-router > joe-router.key)\n", NULL, 0, key_export},
	{"list", "", 0, 0, "lists the keys, without secrets", "", COUNTED(list_options), list},
	{"show", "NAME", 1, 1, "shows a key's scope and last use, without its secret", "", NULL, 0,
	 show},
	{"delete", "NAME", 1, 1, "deletes a key: it works nowhere any more, at once", "", NULL, 0,
	 erase},
	{"revoke", "NAME", 1, 1, "the same as delete", "", NULL, 0, erase},
};

const struct noun key_noun = {"key", "credentials of machines", COUNTED(commands)};
