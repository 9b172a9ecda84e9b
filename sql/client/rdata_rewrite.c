// SPDX-License-Identifier: GPL-3.0-or-later
// NAPTR's rewrite rule: a delimiter, an extended regular expression, and what replaces it.
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "sql/client/rdata_fields.h"

enum { RULE_MAX = 255, BOUND_MAX = 255, GROUPS_MAX = 9, DEPTH_MAX = 20 };

/* A place in a regular expression (POSIX 9.4).  What is rare and what readers take differently is
 * refused: equivalence classes, back references, quantifiers of nothing. */
struct pattern {
	const char *at, *end;
	unsigned groups, depth;
	bool is_wrong;
};

static char
peek(const struct pattern *in)
{
	return in->at < in->end ? *in->at : '\0';
}

/* [...]: characters and ranges of them. */
static void
read_bracket(struct pattern *in)
{
	bool is_empty = true;

	in->at += in->at[1] == '^' ? 2 : 1;
	for (; in->at < in->end && *in->at != ']'; in->at++, is_empty = false) {
		if (*in->at == '[' || *in->at == '\\' ||
		    (*in->at == '-' && in->end - in->at > 1 && in->at[1] != ']'))
			in->is_wrong = true;
		if (in->end - in->at > 2 && in->at[1] == '-' && in->at[2] != ']') {
			in->is_wrong |= (unsigned char)in->at[2] < (unsigned char)in->at[0] ||
					in->at[2] == '[';
			in->at += 2;
		}
	}
	in->is_wrong |= is_empty || in->at >= in->end;
	in->at++;
}

static unsigned
read_bound_number(struct pattern *in)
{
	unsigned value = 0;

	if (!isdigit((unsigned char)peek(in)))
		in->is_wrong = true;
	for (; isdigit((unsigned char)peek(in)) && value <= BOUND_MAX; in->at++)
		value = value * 10 + (unsigned)(*in->at - '0');
	in->is_wrong |= value > BOUND_MAX;
	return value;
}

/* {N}, {N,} or {N,M}. */
static void
read_bound(struct pattern *in)
{
	in->at++;
	unsigned least = read_bound_number(in);
	if (peek(in) == ',') {
		in->at++;
		if (peek(in) != '}')
			in->is_wrong |= read_bound_number(in) < least;
	}
	in->is_wrong |= peek(in) != '}';
	in->at++;
}

static void read_alternatives(struct pattern *in);

static void
read_group(struct pattern *in)
{
	in->at++;
	in->groups++;
	if (in->groups > GROUPS_MAX || ++in->depth > DEPTH_MAX)
		in->is_wrong = true;
	if (!in->is_wrong)
		read_alternatives(in);
	in->depth--;
	in->is_wrong |= peek(in) != ')';
	in->at++;
}

static void
read_atom(struct pattern *in)
{
	char c = peek(in);

	if (c == '(') {
		read_group(in);
	} else if (c == '[') {
		read_bracket(in);
	} else if (c == '\\') {
		in->is_wrong |= in->end - in->at < 2 || isalnum((unsigned char)in->at[1]);
		in->at += 2;
	} else {
		in->is_wrong |= strchr("*+?{}^$", c) != NULL;
		in->at++;
	}
	c = peek(in);
	if (c == '{')
		read_bound(in);
	else if (c == '*' || c == '+' || c == '?')
		in->at++;
}

static void
read_alternatives(struct pattern *in)
{
	for (;;) {
		const char *start = in->at;
		in->at += peek(in) == '^';
		while (!in->is_wrong && in->at < in->end && strchr("|)$", *in->at) == NULL)
			read_atom(in);
		in->at += peek(in) == '$';
		in->is_wrong |= in->at == start;
		if (in->is_wrong || peek(in) != '|')
			return;
		in->at++;
	}
}

/* A replacement's \1 to \9 are groups of the expression. */
static bool
is_replacement(const char *at, const char *end, unsigned groups)
{
	for (; at < end; at++) {
		if (*at != '\\')
			continue;
		if (++at == end || *at == '0' ||
		    (isdigit((unsigned char)*at) && (unsigned)(*at - '0') > groups))
			return false;
	}
	return true;
}

/* The next delimiter that is not escaped; NULL: there is none. */
static const char *
find_delimiter(const char *at, const char *end, char delimiter)
{
	for (; at < end; at++) {
		if (*at == delimiter)
			return at;
		at += *at == '\\';
	}
	return NULL;
}

/* Octets as they are behind the escapes of master files; false: it has a NUL, which nobody takes.
 */
static bool
unescape(const char *text, const char *end, char *out, size_t *lengthp)
{
	size_t length = 0;

	for (; text < end; text++) {
		unsigned octet = (unsigned char)*text;
		if (octet == '\\' && isdigit((unsigned char)text[1])) {
			octet = (unsigned)((text[1] - '0') * 100 + (text[2] - '0') * 10 +
					   (text[3] - '0'));
			text += 3;
		} else if (octet == '\\') {
			octet = (unsigned char)*++text;
		}
		if (octet == 0)
			return false;
		out[length++] = (char)octet;
	}
	*lengthp = length;
	return true;
}

static bool
is_rule(const char *rule, size_t length)
{
	const char *end = rule + length;
	char delimiter = rule[0];
	const char *second = find_delimiter(rule + 1, end, delimiter);
	const char *third = second != NULL ? find_delimiter(second + 1, end, delimiter) : NULL;
	struct pattern pattern = {.at = rule + 1, .end = second};

	if (isdigit((unsigned char)delimiter) || delimiter == 'i' || delimiter == '\\' ||
	    third == NULL || !(third + 1 == end || (third + 2 == end && third[1] == 'i')))
		return false;
	read_alternatives(&pattern);
	return !pattern.is_wrong && pattern.at == pattern.end &&
	       is_replacement(second + 1, third, pattern.groups);
}

void
rdata_rewrite(struct cursor *in)
{
	char rule[RULE_MAX];
	bool is_quoted = *in->at == '"';
	const char *text = in->at + is_quoted;
	size_t length;

	if (cursor_text(in) > RULE_MAX)
		cursor_fail(in, "a string of more than 255 octets");
	if (in->error != NULL || text == in->at - is_quoted)
		return;
	if (!unescape(text, in->at - is_quoted, rule, &length) || !is_rule(rule, length))
		cursor_fail(in, "not a rewrite rule");
}
