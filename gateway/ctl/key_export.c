// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl key export: a key with its secret, as a key clause.
#include <openssl/crypto.h>

#include "gateway/ctl/key.h"
#include "gateway/ctl/key_store.h"
#include "gateway/ctl/lookup.h"

enum ddns_result
key_export(struct session *session, const struct arguments *arguments)
{
	struct key_store store = {0};
	struct key_clause clause = {.text = ""};
	char name[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], name));
	CHECK(key_store_open(session, &store));
	CHECK(key_store_fetch(session, &store, name, &clause));
	CHECK(key_clause_print(session, &clause, NULL));
cleanup:
	OPENSSL_cleanse(&clause, sizeof clause);
	key_store_free(&store);
	return result;
}
