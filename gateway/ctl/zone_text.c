// SPDX-License-Identifier: GPL-3.0-or-later
// Follows and completes the text of master files.
#include "gateway/ctl/zone_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/dns/escape.h"

void
zone_text_follow(struct zone_text *text, const char *line, size_t length)
{
	bool is_quoted = false;
	for (size_t i = 0; i < length; i++) {
		switch (line[i]) {
		case '\\':
			i++;
			break;
		case '"':
			is_quoted = !is_quoted;
			break;
		case ';':
			if (!is_quoted)
				return;
			break;
		case '(':
			text->depth += !is_quoted;
			break;
		case ')':
			text->depth -= !is_quoted && text->depth > 0;
			break;
		default:
			text->is_odd |= !is_quoted && !isalnum((unsigned char)line[i]) &&
					escape_is_odd(line[i]);
			break;
		}
	}
}

struct word {
	size_t begin, end; // in the line; the same: there is none
};

static struct word
next_word(const char *line, size_t length, size_t at)
{
	bool is_quoted = false;
	while (at < length && isspace((unsigned char)line[at]))
		at++;
	struct word word = {at, at};
	for (; word.end < length; word.end++) {
		char c = line[word.end];
		if (c == '\\')
			word.end += word.end + 1 < length;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && (isspace((unsigned char)c) || c == ';'))
			break;
	}
	return word;
}

static bool
is_absolute(const char *name, size_t length)
{
	size_t backslashes = 0;
	if (length == 0 || name[length - 1] != '.')
		return false;
	while (backslashes < length - 1 && name[length - 2 - backslashes] == '\\')
		backslashes++;
	return backslashes % 2 == 0;
}

size_t
zone_text_absolute(const char *line, size_t length, const char *origin, char *out, size_t size)
{
	static const char origin_word[] = "$ORIGIN", include_word[] = "$INCLUDE";
	struct word word = next_word(line, length, 0);
	size_t head = word.end - word.begin;
	bool is_include =
		head == sizeof include_word - 1 && strncasecmp(line, include_word, head) == 0;
	bool is_origin =
		head == sizeof origin_word - 1 && strncasecmp(line, origin_word, head) == 0;
	int written;

	if (is_include)
		word = next_word(line, length, word.end); // the file's name
	struct word name = next_word(line, length, word.end);
	int name_length = (int)(name.end - name.begin);
	const char *text = line + name.begin;
	if ((!is_include && !is_origin) || name_length == 0 ||
	    is_absolute(text, (size_t)name_length))
		written = snprintf(out, size, "%.*s\n", (int)length, line);
	else if (name_length == 1 && *text == '@')
		written = snprintf(out, size, "%.*s%s\n", (int)name.begin, line, origin);
	else
		written = snprintf(out, size, "%.*s%.*s.%s\n", (int)name.begin, line, name_length,
				   text, strcmp(origin, ".") == 0 ? "" : origin);
	return written > 0 && (size_t)written < size ? (size_t)written : 0;
}
