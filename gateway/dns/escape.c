// SPDX-License-Identifier: GPL-3.0-or-later
// Escapes what libzscanner does not read of master files as named writes them.
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
