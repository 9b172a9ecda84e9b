// SPDX-License-Identifier: GPL-3.0-or-later
// Escapes between named's way of writing master files, which is ours, and that of Knot's libraries.
#include "gateway/dns/escape.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool
escape_is_odd(char c)
{
	return c != '\0' && strchr("!#$%&'+,:<=>?[]^`{|}~", c) != NULL;
}

size_t
escape_text(const char *text, size_t length, enum escape_which which, char *out)
{
	bool is_quoted = false, is_comment = false, is_first = true;
	size_t at = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		is_comment = c != '\n' && (is_comment || (c == ';' && !is_quoted));
		is_first = is_first && !isspace((unsigned char)c);
		if (c == '\\' && i + 1 < length) {
			out[at++] = c;
			out[at++] = text[++i];
			continue;
		}
		if (c == '"' && !is_comment)
			is_quoted = !is_quoted;
		if (!is_quoted && !is_comment && escape_is_odd(c) &&
		    (is_first || which == ESCAPE_ALL ||
		     (which == ESCAPE_ALL_BUT_EQUALS && c != '=')))
			at += (size_t)sprintf(out + at, "\\%03d", c); // \# is RFC 3597's
		else
			out[at++] = c;
	}
	return at;
}

void
escape_reduce(char *text)
{
	bool is_opaque = strncmp(text, "\\# ", 3) == 0; // RFC 3597
	char *to = text;

	for (const char *from = text; !is_opaque && *from != '\0'; from++) {
		bool is_escape = *from == '\\' && from[1] != '\0';
		if (is_escape && !isdigit((unsigned char)from[1]) &&
		    strchr(".\"();\\@$", from[1]) == NULL)
			from++;
		else if (is_escape)
			*to++ = *from++;
		*to++ = *from;
	}
	if (!is_opaque)
		*to = '\0';
}
