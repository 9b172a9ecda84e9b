// SPDX-License-Identifier: GPL-3.0-or-later
// The header Forwarded (RFC 7239).
#include "gateway/http/forwarded.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NODE_SIZE = 128 }; // longer ones are no address

/* What is left to be read. */
struct cursor {
	const char *at;
};

static void
skip_blanks(struct cursor *cursor)
{
	cursor->at += strspn(cursor->at, " \t");
}

/* A token of RFC 9110 section 5.6.2, and what clients write without the quotes that ":" and "[]"
 * need.  Returns its length; 0: none. */
static size_t
token_length(const char *text)
{
	return strcspn(text, " \t\",;=\\(){}<>@?/");
}

/* Copies, as far as it fits, what is cut: a node too long is none. */
static void
add(char *node, size_t *length, char c)
{
	if (*length < NODE_SIZE - 1)
		node[(*length)++] = c;
	node[*length] = '\0';
}

static enum ddns_result
read_value(struct cursor *cursor, char node[NODE_SIZE])
{
	size_t length = 0;
	node[0] = '\0';
	if (*cursor->at != '"') {
		size_t token = token_length(cursor->at);
		if (token == 0)
			return DDNS_BAD_INPUT;
		for (size_t i = 0; i < token; i++)
			add(node, &length, cursor->at[i]);
		cursor->at += token;
		return DDNS_OK;
	}
	for (cursor->at++; *cursor->at != '"'; cursor->at++) {
		if (*cursor->at == '\\')
			cursor->at++;
		if (*cursor->at == '\0')
			return DDNS_BAD_INPUT;
		add(node, &length, *cursor->at);
	}
	cursor->at++;
	return DDNS_OK;
}

/* Reads "name=value"; *nodep gets the value of "for". */
static enum ddns_result
read_pair(struct cursor *cursor, char node[NODE_SIZE])
{
	static const char wanted[] = "for";
	const char *name = cursor->at;
	char value[NODE_SIZE];
	size_t length = token_length(name);
	if (length == 0 || name[length] != '=')
		return DDNS_BAD_INPUT;
	cursor->at += length + 1;
	enum ddns_result result = read_value(cursor, value);
	if (result != DDNS_OK)
		return result;
	if (length != sizeof wanted - 1 || strncasecmp(name, wanted, length) != 0)
		return DDNS_OK;
	if (node[0] != '\0') // twice
		return DDNS_BAD_INPUT;
	strcpy(node, value);
	return DDNS_OK;
}

/* Reads pairs up to a comma or the end. */
static enum ddns_result
read_element(struct cursor *cursor, char node[NODE_SIZE])
{
	enum ddns_result result = DDNS_OK;
	node[0] = '\0';
	for (;;) {
		skip_blanks(cursor);
		if (*cursor->at != ';' && *cursor->at != ',' && *cursor->at != '\0')
			CHECK(read_pair(cursor, node));
		skip_blanks(cursor);
		if (*cursor->at != ';')
			break;
		cursor->at++;
	}
	if (*cursor->at != ',' && *cursor->at != '\0')
		result = DDNS_BAD_INPUT;
	if (node[0] == '\0' || strchr(node, ',') != NULL)
		strcpy(node, "unknown");

cleanup:
	return result;
}

enum ddns_result
forwarded_read(const char *value, char *list, size_t size)
{
	struct cursor cursor = {.at = value};
	char node[NODE_SIZE];
	size_t length = 0;
	for (bool is_more = true; is_more;) {
		enum ddns_result result = read_element(&cursor, node);
		if (result != DDNS_OK)
			return result;
		int more =
			snprintf(list + length, size - length, "%s%s", length > 0 ? "," : "", node);
		if ((size_t)more >= size - length)
			return DDNS_BAD_INPUT;
		length += (size_t)more;
		is_more = *cursor.at == ',';
		cursor.at += is_more;
	}
	return DDNS_OK;
}
