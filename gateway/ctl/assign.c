// SPDX-License-Identifier: GPL-3.0-or-later
// Reads KEY=VALUE words by a table of keys.
#include "gateway/ctl/assign.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/name.h"

enum { KEYS_MAX = 64 }; // of one table: there are far fewer

enum ddns_result
assign_put(struct session *session, json_t *object, const char *column, json_t *value)
{
	return json_object_set_new(object, column, value) == 0 ? DDNS_OK
							       : session_no_memory(session);
}

/* Text of the command line may be no UTF-8, and JSON must be. */
static enum ddns_result
put_string(struct session *session, json_t *object, const struct assignment *assignment,
	   const char *text, size_t length)
{
	json_t *string = json_stringn(text, length);
	if (string == NULL)
		return session_fail(session, DDNS_BAD_INPUT, NULL, "the value of %s is not UTF-8",
				    assignment->key);
	return assign_put(session, object, assignment->column, string);
}

enum ddns_result
assign_text(struct session *session, json_t *object, const struct assignment *assignment,
	    const char *value)
{
	if (value[0] == '\0')
		return assign_put(session, object, assignment->column, json_null());
	return put_string(session, object, assignment, value, strlen(value));
}

enum ddns_result
assign_integer(struct session *session, json_t *object, const struct assignment *assignment,
	       const char *value)
{
	char *end;
	errno = 0;
	long long number = strtoll(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0')
		return session_fail(session, DDNS_BAD_INPUT, NULL,
				    "%s wants a number, not '%.100s'", assignment->key, value);
	return assign_put(session, object, assignment->column, json_integer(number));
}

enum ddns_result
assign_switch(struct session *session, json_t *object, const struct assignment *assignment,
	      const char *value)
{
	static const char *const on[] = {"on", "yes", "true", "1"};
	static const char *const off[] = {"off", "no", "false", "0"};
	for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
		bool is_on = strcasecmp(value, on[i]) == 0;
		if (is_on || strcasecmp(value, off[i]) == 0)
			return assign_put(session, object, assignment->column, json_boolean(is_on));
	}
	return session_fail(session, DDNS_BAD_INPUT, NULL, "%s is on or off, not '%.100s'",
			    assignment->key, value);
}

static enum ddns_result
put_name(struct session *session, json_t *object, const struct assignment *assignment,
	 const char *value,
	 enum ddns_result (*parse)(const char *, char[DDNS_DNAME_TEXT_MAX + 1], char *, size_t))
{
	char name[DDNS_DNAME_TEXT_MAX + 1], error[512];
	if (parse(value, name, error, sizeof error) != DDNS_OK)
		return session_fail(session, DDNS_BAD_INPUT, NULL, "%s: %s", assignment->key,
				    error);
	return put_string(session, object, assignment, name, strlen(name));
}

enum ddns_result
assign_name(struct session *session, json_t *object, const struct assignment *assignment,
	    const char *value)
{
	return put_name(session, object, assignment, value, name_parse);
}

enum ddns_result
assign_mailbox(struct session *session, json_t *object, const struct assignment *assignment,
	       const char *value)
{
	return put_name(session, object, assignment, value, name_parse_mailbox);
}

enum ddns_result
assign_list(struct session *session, json_t *object, const struct assignment *assignment,
	    const char *value)
{
	enum ddns_result result = assign_put(session, object, assignment->column, json_array());
	json_t *array = json_object_get(object, assignment->column);
	while (result == DDNS_OK && *value != '\0') {
		size_t length = strcspn(value, ",");
		json_t *item = json_stringn(value, length);
		if (item == NULL)
			return session_fail(session, DDNS_BAD_INPUT, NULL,
					    "the value of %s is not UTF-8", assignment->key);
		if (json_array_append_new(array, item) != 0)
			result = session_no_memory(session);
		value += length;
		value += *value == ',';
	}
	return result;
}

const char *
assign_after(const char *value, const char *word)
{
	size_t length = strlen(word);
	return strncmp(value, word, length) == 0 && value[length] == ':' ? value + length + 1
									 : NULL;
}

enum ddns_result
assign_options(struct session *session, const struct arguments *arguments,
	       const struct assignment *table, size_t size, json_t *object)
{
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; result == DDNS_OK && i < size; i++) {
		const char *value = arguments_value(arguments, table[i].key);
		if (value != NULL)
			result = table[i].put(session, object, &table[i], value);
	}
	return result;
}

static bool
is_key(const char *key, const char *word, size_t length)
{
	if (strlen(key) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (key[i] != word[i] && !(key[i] == '_' && word[i] == '-'))
			return false;
	return true;
}

static enum ddns_result
refuse_key(struct session *session, const struct assignment *table, size_t size, const char *word,
	   size_t length)
{
	const char *keys[KEYS_MAX];
	char known[512] = "", given[64];
	for (size_t i = 0; i < size; i++) {
		size_t at = strlen(known);
		keys[i] = table[i].key;
		snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "", keys[i]);
	}
	snprintf(given, sizeof given, "%.*s", (int)length, word);
	const char *nearest = arguments_nearest(given, keys, size);
	if (nearest != NULL)
		return session_usage(session, "there is no '%s' to set: is '%s' meant?", given,
				     nearest);
	return session_usage(session, "there is no '%s' to set; what can be set: %s", given, known);
}

enum ddns_result
assign_parse(struct session *session, const struct assignment *table, size_t size,
	     const char *const *words, size_t count, json_t **objectp)
{
	json_t *object = json_object();
	enum ddns_result result = DDNS_OK;

	if (object == NULL)
		return session_no_memory(session);
	for (size_t i = 0; i < count; i++) {
		size_t length = strcspn(words[i], "="), at = 0;
		if (words[i][length] != '=') {
			result = session_usage(session, "'%.100s' is not of the form KEY=VALUE",
					       words[i]);
			goto cleanup;
		}
		while (at < size && !is_key(table[at].key, words[i], length))
			at++;
		if (at == size) {
			result = refuse_key(session, table, size, words[i], length);
			goto cleanup;
		}
		CHECK(table[at].put(session, object, &table[at], words[i] + length + 1));
	}
	*objectp = object;
	object = NULL;
cleanup:
	json_decref(object);
	return result;
}
