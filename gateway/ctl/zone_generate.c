// SPDX-License-Identifier: GPL-3.0-or-later
// Expands $GENERATE.
#include "gateway/ctl/zone_generate.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	WORDS_LEAST = 4, // range, lhs, type, rhs
	WORDS_MOST = 6,	 // with ttl and class
	WIDTH_MAX = 255,
};

struct words {
	const char *at, *end;
	char text[WORDS_MOST][ZONE_GENERATE_TEXT_MAX];
	size_t count;
};

static const char too_long[] = "$GENERATE makes a line that is too long";

/* One word or quoted string, without its quotes; in that \" is a quote.  false: not closed. */
static bool
read_word(struct words *words, char *out)
{
	bool is_quoted = *words->at == '"', is_escaped = false;
	words->at += is_quoted;
	for (; words->at < words->end; words->at++) {
		char c = *words->at;
		if (!is_escaped && (is_quoted ? c == '"' : isspace((unsigned char)c) || c == ';'))
			break;
		if (is_escaped && is_quoted && c == '"')
			out--;
		is_escaped = !is_escaped && c == '\\';
		*out++ = c;
	}
	*out = '\0';
	if (!is_quoted)
		return true;
	return words->at < words->end && *words->at++ == '"';
}

static const char *
read_words(struct words *words)
{
	for (;;) {
		while (words->at < words->end && isspace((unsigned char)*words->at))
			words->at++;
		if (words->at == words->end || *words->at == ';')
			break;
		if (words->count == WORDS_MOST)
			return "$GENERATE has too many words: data with blanks wants double quotes";
		if (!read_word(words, words->text[words->count++]))
			return "$GENERATE has a double quote that is not closed";
	}
	if (words->count < WORDS_LEAST)
		return "$GENERATE wants a range, an owner, a type and data";
	return NULL;
}

/* start-stop[/step] */
static const char *
read_range(const char *text, struct zone_generate *generate)
{
	unsigned long parts[3] = {0, 0, 1};
	static const char marks[] = {'-', '/', '\0'};
	for (size_t i = 0; i < 3; i++) {
		char *end;
		if (!isdigit((unsigned char)*text))
			return "$GENERATE's range is not start-stop or start-stop/step";
		parts[i] = strtoul(text, &end, 10);
		if (parts[i] > INT32_MAX)
			return "$GENERATE's range goes beyond 2147483647";
		if (*end == '\0' && i > 0)
			break;
		if (*end != marks[i] || i == 2)
			return "$GENERATE's range is not start-stop or start-stop/step";
		text = end + 1;
	}
	if (parts[0] > parts[1] || parts[2] == 0)
		return "$GENERATE's range ends before it starts, or has no step";
	if ((parts[1] - parts[0]) / parts[2] >= ZONE_GENERATE_COUNT_MAX)
		return "$GENERATE makes more than 10 million lines";
	generate->start = (uint32_t)parts[0];
	generate->stop = (uint32_t)parts[1];
	generate->step = (uint32_t)parts[2];
	return NULL;
}

enum ddns_result
zone_generate_parse(const char *text, size_t length, struct zone_generate *generate,
		    const char **errorp)
{
	struct words *words = NULL;
	enum ddns_result result = DDNS_BAD_INPUT;
	size_t at = 0;

	if (length >= ZONE_GENERATE_TEXT_MAX) {
		*errorp = "$GENERATE is too long a line";
		return DDNS_BAD_INPUT;
	}
	words = calloc(1, sizeof *words);
	if (words == NULL)
		return DDNS_NO_MEMORY;
	words->at = text;
	words->end = text + length;
	*errorp = read_words(words);
	if (*errorp == NULL)
		*errorp = read_range(words->text[0], generate);
	if (*errorp == NULL) {
		memcpy(generate->lhs, words->text[1], sizeof generate->lhs);
		memcpy(generate->rhs, words->text[words->count - 1], sizeof generate->rhs);
		generate->middle[0] = '\0';
		for (size_t i = 2; i < words->count - 1; i++)
			at += (size_t)snprintf(generate->middle + at, sizeof generate->middle - at,
					       " %s", words->text[i]);
		result = DDNS_OK;
	}
	free(words);
	return result;
}

struct line {
	char *text;
	size_t length;
	const char *error;
};

static void
put(struct line *line, const char *text, size_t length)
{
	if (line->error == NULL && line->length + length >= ZONE_GENERATE_TEXT_MAX)
		line->error = too_long;
	if (line->error != NULL)
		return;
	memcpy(line->text + line->length, text, length);
	line->length += length;
	line->text[line->length] = '\0';
}

/* Nibbles, lowest first; the dots count for the width. */
static void
put_nibbles(struct line *line, uint64_t value, long width, const char *digits)
{
	for (bool is_first = true; is_first || value != 0 || width > 0; is_first = false) {
		if (!is_first) {
			put(line, ".", 1);
			width--;
		}
		put(line, &digits[value & 0xf], 1);
		value >>= 4;
		width--;
	}
}

static void
put_number(struct line *line, int64_t value, long width, char base)
{
	char text[WIDTH_MAX + 32];
	int length = 0;
	if (value < 0 && base != 'd') {
		line->error = "$GENERATE makes a negative number that is not decimal";
		return;
	}
	switch (base) {
	case 'n':
		put_nibbles(line, (uint64_t)value, width, "0123456789abcdef");
		return;
	case 'N':
		put_nibbles(line, (uint64_t)value, width, "0123456789ABCDEF");
		return;
	case 'o':
		length = snprintf(text, sizeof text, "%0*" PRIo64, (int)width, (uint64_t)value);
		break;
	case 'x':
		length = snprintf(text, sizeof text, "%0*" PRIx64, (int)width, (uint64_t)value);
		break;
	case 'X':
		length = snprintf(text, sizeof text, "%0*" PRIX64, (int)width, (uint64_t)value);
		break;
	default:
		length = snprintf(text, sizeof text, "%0*" PRId64, (int)width, value);
		break;
	}
	put(line, text, (size_t)length);
}

/* {offset[,width[,base]]}; what follows it, NULL where it is something else. */
static const char *
put_modified(struct line *line, const char *text, uint32_t number)
{
	char *end, base = 'd';
	long width = 0, offset = strtol(text + 1, &end, 10);
	if (end == text + 1 || offset > INT32_MAX || offset < INT32_MIN)
		return NULL;
	if (*end == ',') {
		const char *digits = end + 1;
		width = strtol(digits, &end, 10);
		if (end == digits || width < 0 || width > WIDTH_MAX)
			return NULL;
		if (*end == ',') {
			base = end[1];
			if (base == '\0' || strchr("doxXnN", base) == NULL)
				return NULL;
			end += 2;
		}
	}
	if (*end != '}')
		return NULL;
	put_number(line, (int64_t)number + offset, width, base);
	return end + 1;
}

static void
put_side(struct line *line, const char *text, uint32_t number)
{
	while (*text != '\0' && line->error == NULL) {
		if (text[0] == '\\' && text[1] != '\0') {
			put(line, text, 2);
			text += 2;
		} else if (text[0] != '$') {
			put(line, text++, 1);
		} else if (text[1] == '$') {
			put(line, "$", 1);
			text += 2;
		} else if (text[1] != '{') {
			put_number(line, number, 0, 'd');
			text++;
		} else {
			text = put_modified(line, text + 1, number);
			if (text == NULL) {
				line->error = "$GENERATE has a ${ that is not "
					      "${offset,width,base}";
				return;
			}
		}
	}
}

enum ddns_result
zone_generate_line(const struct zone_generate *generate, uint32_t number,
		   char text[ZONE_GENERATE_TEXT_MAX], size_t *lengthp, const char **errorp)
{
	struct line line = {.text = text};
	put_side(&line, generate->lhs, number);
	put(&line, generate->middle, strlen(generate->middle));
	put(&line, " ", 1);
	put_side(&line, generate->rhs, number);
	put(&line, "\n", 1);
	if (line.error != NULL) {
		*errorp = line.error;
		return DDNS_BAD_INPUT;
	}
	*lengthp = line.length;
	return DDNS_OK;
}
