// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl domain: the names that accounts hold and keep up to date.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/assign.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/domain.h"
#include "gateway/ctl/lookup.h"

static const struct output_column list_columns[] = {
	{"NAME", "name", OUTPUT_TEXT},
	{"ACCOUNT", "account", OUTPUT_TEXT},
	{"ONLINE", "online", OUTPUT_TEXT},
	{"SERVED", "served", OUTPUT_TEXT},
	{"ADDRESS", "address", OUTPUT_TEXT},
	{"FIXED", "fixed", OUTPUT_TEXT},
	{"LAST CONTACT", "last_contact", OUTPUT_TIME},
};

static const struct output_column show_columns[] = {
	{"name", "name", OUTPUT_TEXT},
	{"zone", "zone", OUTPUT_TEXT},
	{"account", "account", OUTPUT_TEXT},
	{"served", "served", OUTPUT_TEXT},
	{"online", "online", OUTPUT_TEXT},
	{"online since", "online_since", OUTPUT_TIME},
	{"why offline", "offline_reason", OUTPUT_TEXT},
	{"address", "address", OUTPUT_TEXT},
	{"fixed address", "fixed", OUTPUT_TEXT},
	{"prefix", "prefix", OUTPUT_TEXT},
	{"last contact", "last_contact", OUTPUT_TIME},
	{"from", "last_peer", OUTPUT_TEXT},
	{"by", "last_door", OUTPUT_TEXT},
	{"ttl", "ttl", OUTPUT_TEXT},
	{"timeout (minutes)", "timeout", OUTPUT_TEXT},
	{"wildcard", "wildcard", OUTPUT_TEXT},
	{"mail", "mail", OUTPUT_TEXT},
	{"www", "www", OUTPUT_TEXT},
	{"www port", "www_port", OUTPUT_TEXT},
	{"www url", "www_url", OUTPUT_TEXT},
	{"offline", "offline", OUTPUT_TEXT},
	{"offline address", "offline_address", OUTPUT_TEXT},
	{"offline url", "offline_url", OUTPUT_TEXT},
	{"term", "term", OUTPUT_TEXT},
	{"term ends", "term_ends", OUTPUT_TIME},
	{"created", "created", OUTPUT_TIME},
};

const struct entity domain_entity = {
	.noun = "domain",
	.statement = DDNS_STATEMENT_CTL_DOMAINS,
	.filter_count = 2,
	.columns = list_columns,
	.column_count = sizeof list_columns / sizeof *list_columns,
	.fields = show_columns,
	.field_count = sizeof show_columns / sizeof *show_columns,
};

/* address=auto|ADDR,... */
static enum ddns_result
put_address(struct session *session, json_t *object, const struct assignment *assignment,
	    const char *value)
{
	if (strcmp(value, "auto") == 0)
		return assign_put(session, object, assignment->column, json_null());
	return assign_list(session, object, assignment, value);
}

/* www=off|port:N|url:URL */
static enum ddns_result
put_www(struct session *session, json_t *object, const struct assignment *assignment,
	const char *value)
{
	static const struct assignment port_column = {"www", "www_port", assign_integer};
	static const struct assignment url_column = {"www", "www_url", assign_text};
	const char *port = assign_after(value, "port"), *url = assign_after(value, "url");
	enum ddns_result result = DDNS_OK;
	if (port != NULL)
		result = assign_integer(session, object, &port_column, port);
	else if (url != NULL)
		result = assign_text(session, object, &url_column, url);
	else if (strcmp(value, "off") != 0)
		return session_fail(session, DDNS_BAD_INPUT, NULL,
				    "www is off, port:N or url:URL, not '%.100s'", value);
	if (result != DDNS_OK)
		return result;
	return assign_put(session, object, assignment->column,
			  json_string(port != NULL  ? "port"
				      : url != NULL ? "url"
						    : "off"));
}

/* offline=page|keep|none|address:ADDR,...|url:URL */
static enum ddns_result
put_offline(struct session *session, json_t *object, const struct assignment *assignment,
	    const char *value)
{
	static const struct assignment address_column = {"offline", "offline_address", assign_list};
	static const struct assignment url_column = {"offline", "offline_url", assign_text};
	const char *address = assign_after(value, "address"), *url = assign_after(value, "url");
	enum ddns_result result = DDNS_OK;
	if (address != NULL)
		result = assign_list(session, object, &address_column, address);
	else if (url != NULL)
		result = assign_text(session, object, &url_column, url);
	if (result != DDNS_OK)
		return result;
	if (address != NULL || url != NULL)
		value = address != NULL ? "address" : "url";
	return assign_text(session, object, assignment, value);
}

/* account=LOGIN: the statement wants its id. */
static enum ddns_result
put_account(struct session *session, json_t *object, const struct assignment *assignment,
	    const char *value)
{
	char id[LOOKUP_ID_SIZE];
	enum ddns_result result = lookup_account(session, value, id);
	if (result != DDNS_OK)
		return result;
	return assign_put(session, object, assignment->column, json_integer(atoll(id)));
}

static const struct assignment assignments[] = {
	{"timeout", "timeout", assign_integer},
	{"address", "fixed", put_address},
	{"www", "www", put_www},
	{"offline", "offline", put_offline},
	{"wildcard", "wildcard", assign_switch},
	{"mail", "mail", assign_switch},
	{"ttl", "ttl", assign_integer},
	{"account", "account_id", put_account},
};
enum { ASSIGNMENTS = sizeof assignments / sizeof *assignments };

/* A domain that is to be made, changed or deleted. */
struct change {
	char name[DDNS_DNAME_TEXT_MAX + 1];
	const char *login;
	json_t *settings;
	int64_t records; // that went with it
};

static enum ddns_result
apply(struct session *session, const struct change *change)
{
	return entity_change(session, &domain_entity, DDNS_STATEMENT_CTL_DOMAIN_SET, change->name,
			     change->settings, NULL);
}

/* Addresses that are records at that name become the domain's. */
static enum ddns_result
insert(struct session *session, void *context)
{
	struct change *change = context;
	struct lookup_zone zone;
	struct ddns_rows *taken = NULL;
	char account[LOOKUP_ID_SIZE];
	enum ddns_result result;

	CHECK(lookup_account(session, change->login, account));
	CHECK(lookup_zone(session, change->name, &zone));
	const char *place[] = {zone.origin, zone.owner};
	CHECK(session_query(session, DDNS_STATEMENT_CTL_DOMAIN_TAKE, place, 2, &taken));
	const char *params[] = {zone.origin, zone.owner, account, ddns_rows_text(taken, 0, 0),
				ddns_rows_text(taken, 0, 1)};
	CHECK(session_query(session, DDNS_STATEMENT_CTL_DOMAIN_ADD, params, 5, NULL));
	CHECK(apply(session, change));
cleanup:
	ddns_rows_free(taken);
	return result;
}

static enum ddns_result
add(struct session *session, const struct arguments *arguments)
{
	struct change change = {.login = arguments_value(arguments, "account")};
	json_t *domain = NULL;
	enum ddns_result result;

	if (change.login == NULL)
		return session_usage(session, "whose is it to be? --account LOGIN");
	CHECK(lookup_name(session, arguments->operands[0], change.name));
	CHECK(assign_parse(session, assignments, ASSIGNMENTS, arguments->operands + 1,
			   arguments->operand_count - 1, &change.settings));
	CHECK(session_transact(session, insert, &change));
	CHECK(entity_find(session, &domain_entity, change.name, &domain));
	CHECK(session_print_done(session, domain, "domain '%s' added for account '%s'", change.name,
				 change.login));
cleanup:
	json_decref(domain);
	json_decref(change.settings);
	return result;
}

static enum ddns_result
list(struct session *session, const struct arguments *arguments)
{
	const char *zone = arguments_value(arguments, "zone");
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result;

	if (zone != NULL)
		CHECK(lookup_name(session, zone, origin));
	const char *filters[] = {arguments_value(arguments, "account"),
				 zone != NULL ? origin : NULL};
	CHECK(entity_list(session, &domain_entity, filters));
cleanup:
	return result;
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	char name[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result = lookup_name(session, arguments->operands[0], name);
	return result != DDNS_OK ? result : entity_show(session, &domain_entity, name);
}

static enum ddns_result
update(struct session *session, void *context)
{
	struct change *change = context;
	struct lookup_zone zone;
	enum ddns_result result;

	CHECK(lookup_zone(session, change->name, &zone));
	CHECK(apply(session, change));
cleanup:
	return result;
}

static enum ddns_result
set(struct session *session, const struct arguments *arguments)
{
	struct change change = {0};
	json_t *domain = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], change.name));
	CHECK(assign_parse(session, assignments, ASSIGNMENTS, arguments->operands + 1,
			   arguments->operand_count - 1, &change.settings));
	CHECK(session_transact(session, update, &change));
	CHECK(entity_find(session, &domain_entity, change.name, &domain));
	CHECK(session_print_done(session, domain, "domain '%s' changed", change.name));
cleanup:
	json_decref(domain);
	json_decref(change.settings);
	return result;
}

static enum ddns_result
remove_domain(struct session *session, void *context)
{
	struct change *change = context;
	struct lookup_zone zone;
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(lookup_zone(session, change->name, &zone));
	CHECK(entity_change(session, &domain_entity, DDNS_STATEMENT_CTL_DOMAIN_DELETE, change->name,
			    NULL, &rows));
	change->records = ddns_rows_integer(rows, 0, 0, 0);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
erase(struct session *session, const struct arguments *arguments)
{
	struct change change = {0};
	json_t *done = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], change.name));
	CHECK(session_transact(session, remove_domain, &change));
	done = json_pack("{s:s, s:I}", "deleted", change.name, "records",
			 (json_int_t)change.records);
	CHECK(session_print_done(session, done, "domain '%s' deleted, and with it %lld records",
				 change.name, (long long)change.records));
cleanup:
	json_decref(done);
	return result;
}

static const struct command_option add_options[] = {
	{"account", "LOGIN", false, "who holds it"},
};
static const struct command_option list_options[] = {
	{"account", "LOGIN", false, "only those of that account"},
	{"zone", "ORIGIN", false, "only those in that zone"},
};
#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"add", "NAME --account LOGIN [KEY=VALUE]...", 1, COMMAND_ANY, "gives an account a name",
	 "The name lies in one of the zones: the one with the longest origin. Addresses that are\n"
	 "already there as records become the domain's. KEY=VALUE are those of `domain set`.\n\n"
	 "  ddnsctl domain add joe.dyn.example.org --account joe timeout=10\n",
	 COUNTED(add_options), add},
	{"list", "", 0, 0, "lists the domains", "", COUNTED(list_options), list},
	{"show", "NAME", 1, 1, "shows a domain's state and settings", "", NULL, 0, show},
	{"set", "NAME KEY=VALUE...", 2, COMMAND_ANY, "changes a domain's settings",
	 "  timeout=MINUTES          offline after so long without contact; 0: never\n"
	 "  address=auto|ADDR,...    auto: what updates report; else these, whatever they report\n"
	 "  www=off|port:N|url:URL   where browsers that ask for www.NAME are sent while online\n"
	 "  offline=page|keep|none|address:ADDR,...|url:URL\n"
	 "                           what is served while offline\n"
	 "  wildcard=on|off          whether all names below it have its addresses\n"
	 "  mail=on|off              whether it has an MX record for itself\n"
	 "  ttl=N                    of its addresses, in seconds\n"
	 "  account=LOGIN            gives it to another account\n\n"
	 "  ddnsctl domain set joe.dyn.example.org address=192.0.2.7 wildcard=off\n",
	 NULL, 0, set},
	{"online", "NAME [ADDR[,ADDR]...]", 1, 2, "puts a domain online",
	 "With addresses, these take the place of those that it had.\n\n"
	 "  ddnsctl domain online joe.dyn.example.org 192.0.2.7,2001:db8::7\n",
	 NULL, 0, domain_online},
	{"offline", "NAME", 1, 1, "puts a domain offline, until an update or `domain online`", "",
	 NULL, 0, domain_offline},
	{"register", "NAME", 1, 1, "registers a domain that is on trial, held or registered",
	 "It is registered from now on, for as long as its zone says, and served again where it "
	 "was\n"
	 "held. A trial is registered only while its account has the e-mail address that it had at "
	 "its\n"
	 "beginning. Only zones with terms (ddnsctl zone set ORIGIN terms=on) give names for a "
	 "time.\n\n"
	 "  ddnsctl domain register joe.dyn.example.org\n",
	 NULL, 0, domain_register},
	{"release", "NAME", 1, 1, "gives a name of a shared zone back, with all that is in it",
	 "Its records and redirects go at once, and keys for nothing else. The name then rests: "
	 "for as\n"
	 "many days as the setting quarantine_days says, only its former account may have it.\n\n"
	 "  ddnsctl domain release joe.dyn.example.org\n",
	 NULL, 0, domain_release},
	{"delete", "NAME", 1, 1, "takes a name from its account, with the records in it", "", NULL,
	 0, erase},
};

const struct noun domain_noun = {"domain", "names that accounts hold", COUNTED(commands)};
