// SPDX-License-Identifier: GPL-3.0-or-later
// What making, importing and exporting keys share: scopes, the secret key file, key clauses.
#ifndef GATEWAY_CTL_KEY_STORE_H
#define GATEWAY_CTL_KEY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/key_file.h"
#include "gateway/ctl/session.h"
#include "gateway/secret.h"

/* Whose a key is and what it may do, by the options of `key add` and `key import`. */
struct key_scope {
	const char *login, *expires; // the latter NULL: never
	struct ddns_array domains, names, types, verbs;
};

/* The options that key_scope_gather reads, for the tables of commands. */
#define KEY_SCOPE_OPTIONS                                                                     \
	{"account", "LOGIN", false, "whose it is: it can do no more than that account"},      \
		{"domain", "NAME", true, "only for that name and what is below it"},          \
		{"name", "PATTERN", true,                                                     \
		 "only for that name; * as last label is one or more labels"},                \
		{"type", "TYPE", true, "only for records of that type"},                      \
		{"verb", "VERB", true, "only to update, offline, add, delete or set"},        \
	{                                                                                     \
		"expires", "WHEN", false, "after 90d, 12 hours, ... or at 2027-06-30 [never]" \
	}

enum ddns_result key_scope_gather(struct session *session, const struct arguments *arguments,
				  struct key_scope *scope);
void key_scope_free(struct key_scope *scope);

/* A key as a key clause shows it; holds a secret, to be cleansed. */
struct key_clause {
	char name[DDNS_DNAME_TEXT_MAX + 1];
	char algorithm[KEY_FILE_ALGORITHM_MAX + 1];
	char text[KEY_FILE_TEXT_MAX + 1]; // the secret in base64
};

/* The clause that nsupdate -k reads: nothing else, so that it can be sent to a file.  login may be
 * NULL. */
enum ddns_result key_clause_print(struct session *session, const struct key_clause *clause,
				  const char *login);

/* A key whose secret is encrypted, as the table takes it. */
struct key_row {
	char name[DDNS_DNAME_TEXT_MAX + 1];
	char algorithm[KEY_FILE_ALGORITHM_MAX + 1];
	char encrypted[2 * (SECRET_MAX + SECRET_OVERHEAD) + 3]; // as PostgreSQL reads bytea
	char hash[2 * SECRET_HASH_SIZE + 3];
	bool is_tsig_only;
};

struct key_store {
	struct secret_key file;
	struct key_scope *scope; // of all keys that are inserted
	struct key_row *rows;
	size_t count;
};

/* Reads the secret key file; refuses one that is not this database's, since what is encrypted under
 * another would be of no use to the gateways. */
enum ddns_result key_store_open(struct session *session, struct key_store *store);
void key_store_free(struct key_store *store);

/* Adds a row; a key of less than 128 bits is for TSIG only: as a password it could be guessed. */
enum ddns_result key_store_encrypt(struct session *session, struct key_store *store,
				   const struct key_clause *clause, const uint8_t *secret,
				   size_t length);

/* session_work of a struct key_store: inserts its rows under its scope. */
enum ddns_result key_store_insert(struct session *session, void *context);

/* A key of the database with its secret, to be cleansed; DDNS_NOT_FOUND is noted. */
enum ddns_result key_store_fetch(struct session *session, const struct key_store *store,
				 const char *name, struct key_clause *clause);

#endif
