// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl account: the people who hold domains and keys.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/assign.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/entity.h"
#include "gateway/ctl/lookup.h"
#include "gateway/ctl/prompt.h"
#include "gateway/password.h"

static const struct output_column list_columns[] = {
	{"LOGIN", "login", OUTPUT_TEXT},       {"ROLE", "role", OUTPUT_TEXT},
	{"STATE", "state", OUTPUT_TEXT},       {"EMAIL", "email", OUTPUT_TEXT},
	{"DOMAINS", "domains", OUTPUT_NUMBER}, {"ZONES", "zones", OUTPUT_NUMBER},
	{"KEYS", "keys", OUTPUT_NUMBER},
};

static const struct output_column show_columns[] = {
	{"login", "login", OUTPUT_TEXT},
	{"email", "email", OUTPUT_TEXT},
	{"role", "role", OUTPUT_TEXT},
	{"state", "state", OUTPUT_TEXT},
	{"password", "has_password", OUTPUT_TEXT},
	{"domains", "domains", OUTPUT_TEXT},
	{"private zones", "zones", OUTPUT_TEXT},
	{"keys", "keys", OUTPUT_TEXT},
	{"created", "created", OUTPUT_TIME},
};

static const struct entity entity = {
	.noun = "account",
	.statement = DDNS_STATEMENT_CTL_ACCOUNTS,
	.columns = list_columns,
	.column_count = sizeof list_columns / sizeof *list_columns,
	.fields = show_columns,
	.field_count = sizeof show_columns / sizeof *show_columns,
};

static const struct assignment assignments[] = {
	{"email", "email", assign_text},
	{"role", "role", assign_text},
	{"state", "state", assign_text},
};
enum { ASSIGNMENTS = sizeof assignments / sizeof *assignments };

struct change {
	const char *login;
	bool is_new;
	json_t *values;
};

/* The password's hash into the values to be stored; the password itself goes nowhere. */
static enum ddns_result
put_password(struct session *session, json_t *values, const char *password)
{
	char hash[PASSWORD_HASH_MAX];
	enum ddns_result result;
	if (password[0] == '\0')
		return assign_put(session, values, "password_hash", json_null());
	result = password_hash(password, hash);
	if (result != DDNS_OK)
		return session_fail(session, result, NULL, "cannot hash the password: %s",
				    ddns_result_text(result));
	return assign_put(session, values, "password_hash", json_string(hash));
}

/* From standard input where --password-stdin says so, else from the terminal if it may be asked. */
static enum ddns_result
get_password(struct session *session, const struct arguments *arguments, bool may_ask,
	     json_t *values)
{
	char password[PASSWORD_MAX + 1] = "";
	enum ddns_result result;

	if (arguments_has(arguments, "password-stdin"))
		CHECK(prompt_read_password(session, password));
	else if (may_ask)
		CHECK(prompt_password(session, arguments->operands[0], password));
	else
		return DDNS_OK;
	CHECK(put_password(session, values, password));
cleanup:
	OPENSSL_cleanse(password, sizeof password);
	return result;
}

/* Takes the locks of the zones that what the account holds lies in. */
static enum ddns_result
lock_zones(struct session *session, const char *id)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result =
		session_query(session, DDNS_STATEMENT_CTL_ACCOUNT_LOCK, &id, 1, &rows);
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
store(struct session *session, void *context)
{
	struct change *change = context;
	char id[LOOKUP_ID_SIZE];
	enum ddns_result result;

	if (change->is_new) {
		CHECK(session_query(session, DDNS_STATEMENT_CTL_ACCOUNT_ADD, &change->login, 1,
				    NULL));
	} else {
		CHECK(lookup_account(session, change->login, id));
		CHECK(lock_zones(session, id)); // its state changes what they serve
	}
	CHECK(entity_change(session, &entity, DDNS_STATEMENT_CTL_ACCOUNT_SET, change->login,
			    change->values, NULL));
cleanup:
	return result;
}

static enum ddns_result
store_and_tell(struct session *session, struct change *change, const char *what)
{
	json_t *account = NULL;
	enum ddns_result result;

	CHECK(session_transact(session, store, change));
	CHECK(entity_find(session, &entity, change->login, &account));
	CHECK(session_print_done(session, account, "account '%s' %s%s", change->login, what,
				 json_is_true(json_object_get(account, "has_password"))
					 ? ""
					 : ", without a password: only its keys can be used"));
cleanup:
	json_decref(account);
	return result;
}

static enum ddns_result
add(struct session *session, const struct arguments *arguments)
{
	struct change change = {.login = arguments->operands[0], .is_new = true};
	enum ddns_result result;

	CHECK(assign_parse(session, assignments, ASSIGNMENTS, arguments->operands + 1,
			   arguments->operand_count - 1, &change.values));
	CHECK(assign_options(session, arguments, assignments, ASSIGNMENTS, change.values));
	CHECK(get_password(session, arguments,
			   prompt_has_terminal() && !arguments_has(arguments, "no-password"),
			   change.values));
	CHECK(store_and_tell(session, &change, "added"));
cleanup:
	json_decref(change.values);
	return result;
}

static enum ddns_result
set(struct session *session, const struct arguments *arguments)
{
	struct change change = {.login = arguments->operands[0]};
	bool wants_prompt = arguments_has(arguments, "password");
	bool wants_none = arguments_has(arguments, "no-password");
	enum ddns_result result;

	CHECK(assign_parse(session, assignments, ASSIGNMENTS, arguments->operands + 1,
			   arguments->operand_count - 1, &change.values));
	if (wants_none)
		CHECK(put_password(session, change.values, ""));
	else
		CHECK(get_password(session, arguments, wants_prompt, change.values));
	if (json_object_size(change.values) == 0) {
		result = session_usage(session, "what is to be set? state=, email=, role=, or "
						"--password (ddnsctl help account set)");
		goto cleanup;
	}
	CHECK(store_and_tell(session, &change, "changed"));
cleanup:
	json_decref(change.values);
	return result;
}

static enum ddns_result
list(struct session *session, const struct arguments *arguments)
{
	(void)arguments;
	return entity_list(session, &entity, NULL);
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	return entity_show(session, &entity, arguments->operands[0]);
}

struct removal {
	const char *login;
	bool is_sure;
};

static enum ddns_result
refuse_removal(struct session *session, const char *login, const json_t *account)
{
	long long domains = json_integer_value(json_object_get(account, "domains"));
	long long zones = json_integer_value(json_object_get(account, "zones"));
	if (domains + zones == 0)
		return DDNS_OK;
	return session_fail(
		session, DDNS_CONFLICT,
		"--yes deletes them too; `ddnsctl account set LOGIN state=suspended` "
		"only takes them out of DNS",
		"account '%s' holds %lld domains and %lld private zones, which would go "
		"with it",
		login, domains, zones);
}

static enum ddns_result
remove_account(struct session *session, void *context)
{
	struct removal *removal = context;
	char id[LOOKUP_ID_SIZE];
	const char *params[] = {id};
	json_t *account = NULL;
	enum ddns_result result;

	CHECK(lookup_account(session, removal->login, id));
	CHECK(lock_zones(session, id));
	CHECK(entity_find(session, &entity, removal->login, &account));
	if (!removal->is_sure)
		CHECK(refuse_removal(session, removal->login, account));
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ACCOUNT_CLEAR_DOMAINS, params, 1, NULL));
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ACCOUNT_CLEAR_ZONES, params, 1, NULL));
	CHECK(session_query(session, DDNS_STATEMENT_CTL_ACCOUNT_DELETE, params, 1, NULL));
cleanup:
	json_decref(account);
	return result;
}

static enum ddns_result
erase(struct session *session, const struct arguments *arguments)
{
	struct removal removal = {arguments->operands[0], arguments_has(arguments, "yes")};
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(session_transact(session, remove_account, &removal));
	done = json_pack("{s:s}", "deleted", removal.login);
	CHECK(session_print_done(session, done, "account '%s' deleted, with its keys",
				 removal.login));
cleanup:
	json_decref(done);
	return result;
}

static const struct command_option add_options[] = {
	{"email", "ADDR", false, "where mail to its holder goes"},
	{"role", "user|admin", false, "an admin sees and changes all at the web page [user]"},
	{"state", "active|suspended", false, "[active]"},
	{"password-stdin", NULL, false, "read the password from the first line of standard input"},
	{"no-password", NULL, false, "do not ask for one"},
};
static const struct command_option set_options[] = {
	{"password", NULL, false, "ask for a new password"},
	{"password-stdin", NULL, false,
	 "read the new password from the first line of standard input"},
	{"no-password", NULL, false, "take the password away: only keys can be used then"},
};
static const struct command_option delete_options[] = {
	{"yes", NULL, false, "also with the domains and private zones it holds"},
};
#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"add", "LOGIN [KEY=VALUE]...", 1, COMMAND_ANY, "makes an account",
	 "At a terminal the password is asked for; elsewhere the account gets none, unless\n"
	 "--password-stdin is given. It is never an argument: others could read it there.\n\n"
	 "  ddnsctl account add joe --email joe@example.org\n"
	 "  ddnsctl account add joe --password-stdin < password-file\n",
	 COUNTED(add_options), add},
	{"list", "", 0, 0, "lists the accounts", "", NULL, 0, list},
	{"show", "LOGIN", 1, 1, "shows an account", "", NULL, 0, show},
	{"set", "LOGIN [KEY=VALUE]...", 1, COMMAND_ANY, "changes an account",
	 "  state=active|suspended   suspended: its names leave DNS and its keys stop, at once;\n"
	 "                           active brings them back as they were\n"
	 "  email=ADDR               empty: none\n"
	 "  role=user|admin\n\n"
	 "  ddnsctl account set joe state=suspended\n"
	 "  ddnsctl account set joe --password\n",
	 COUNTED(set_options), set},
	{"delete", "LOGIN", 1, 1, "deletes an account and its keys", "", COUNTED(delete_options),
	 erase},
};

const struct noun account_noun = {"account", "who holds domains", COUNTED(commands)};
