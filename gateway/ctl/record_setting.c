// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of a record that are options of the command line.
#include "gateway/ctl/record_setting.h"

#include <stdio.h>
#include <string.h>

#include "gateway/ctl/assign.h"

/* A word that a setting can be; what has a target is written WORD:TARGET. */
struct word {
	const char *name;
	bool has_target;
};

static enum ddns_result
put_word(struct session *session, json_t *object, const struct assignment *assignment,
	 const char *value, const struct word *words, const char *expected)
{
	char column[32];
	snprintf(column, sizeof column, "%s_target", assignment->column);
	const struct assignment target_column = {assignment->key, column, assign_text};
	enum ddns_result result;

	for (; words->name != NULL; words++) {
		const char *target = words->has_target ? assign_after(value, words->name) : NULL;
		if (target == NULL && strcmp(value, words->name) != 0)
			continue;
		CHECK(assign_put(session, object, assignment->column, json_string(words->name)));
		CHECK(assign_text(session, object, &target_column, target == NULL ? "" : target));
		return DDNS_OK;
	}
	result = session_fail(session, DDNS_BAD_INPUT, NULL, "--%s is %s, not '%.100s'",
			      assignment->key, expected, value);
cleanup:
	return result;
}

static enum ddns_result
put_online(struct session *session, json_t *object, const struct assignment *assignment,
	   const char *value)
{
	static const struct word words[] = {{"rdata", false}, {"default", false}, {"address", true},
					    {"port", true},   {"url", true},	  {NULL, false}};
	return put_word(session, object, assignment, value, words,
			"rdata, default, address:ADDR, port:N or url:URL");
}

static enum ddns_result
put_offline(struct session *session, json_t *object, const struct assignment *assignment,
	    const char *value)
{
	static const struct word words[] = {{"rdata", false}, {"default", false}, {"address", true},
					    {"url", true},    {"page", false},	  {NULL, false}};
	return put_word(session, object, assignment, value, words,
			"rdata, default, address:ADDR, url:URL or page");
}

static const struct assignment assignments[] = {
	{"ttl", "ttl", assign_integer},
	{"online", "online", put_online},
	{"offline", "offline", put_offline},
	{"interface-id", "interface_id", assign_text},
};

enum ddns_result
record_setting_read(struct session *session, const struct arguments *arguments, json_t **objectp)
{
	json_t *object = json_object();
	enum ddns_result result;

	if (object == NULL)
		return session_no_memory(session);
	CHECK(assign_options(session, arguments, assignments,
			     sizeof assignments / sizeof *assignments, object));
	*objectp = object;
	object = NULL;
cleanup:
	json_decref(object);
	return result;
}
