// SPDX-License-Identifier: GPL-3.0-or-later
// Which language a browser wants, of those that pages are written in.
#include "gateway/redirect/language.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const tags[LANGUAGE_COUNT] = {
	[LANGUAGE_ENGLISH] = "en",
	[LANGUAGE_GERMAN] = "de",
};

enum { WEIGHT_UNSAID = -2, WEIGHT_BAD = -1, WEIGHT_MOST = 1000 };

const char *
language_tag(enum language language)
{
	return tags[language];
}

/* "0.8" in thousandths; at most three digits follow the point. */
static int
parse_weight(const char *text, size_t length)
{
	int weight = 0, place = WEIGHT_MOST;
	if (length == 0 || length > 5 || (text[0] != '0' && text[0] != '1') ||
	    (length > 1 && text[1] != '.'))
		return WEIGHT_BAD;
	for (size_t i = 0; i < length; i++) {
		if (i == 1)
			continue;
		if (!isdigit((unsigned char)text[i]))
			return WEIGHT_BAD;
		weight += (text[i] - '0') * place;
		place /= 10;
	}
	return weight <= WEIGHT_MOST ? weight : WEIGHT_BAD;
}

/* The weight that the element `text` of the list says; *lengthp becomes that of its range. */
static int
element_weight(const char *text, size_t *lengthp)
{
	const char *semicolon = memchr(text, ';', *lengthp), *end = text + *lengthp;
	*lengthp = semicolon == NULL ? *lengthp : (size_t)(semicolon - text);
	while (*lengthp > 0 && isblank((unsigned char)text[*lengthp - 1]))
		--*lengthp;
	if (semicolon == NULL)
		return WEIGHT_MOST;
	for (semicolon++; semicolon < end && isblank((unsigned char)*semicolon);)
		semicolon++;
	while (end > semicolon && isblank((unsigned char)end[-1]))
		end--;
	if (end - semicolon < 2 || strncasecmp(semicolon, "q=", 2) != 0)
		return WEIGHT_BAD;
	return parse_weight(semicolon + 2, (size_t)(end - semicolon) - 2);
}

/* Whether the range is that language, or one of its variants ("de-AT"). */
static bool
is_of(const char *range, size_t length, const char *tag)
{
	size_t size = strlen(tag);
	return length >= size && strncasecmp(range, tag, size) == 0 &&
	       (length == size || range[size] == '-');
}

enum language
language_choose(const char *accept)
{
	// a range that names a language goes before "*", whatever the weights
	int weights[LANGUAGE_COUNT] = {WEIGHT_UNSAID, WEIGHT_UNSAID}, any = 0;
	size_t places[LANGUAGE_COUNT] = {0};
	enum language best = LANGUAGE_ENGLISH;
	const char *text = accept == NULL ? "" : accept;
	for (size_t place = 1; *text != '\0'; place++) {
		text += strspn(text, ", \t");
		size_t size = strcspn(text, ","), length = size;
		int weight = element_weight(text, &length);
		if (weight > any && length == 1 && *text == '*')
			any = weight;
		for (size_t i = 0; i < LANGUAGE_COUNT; i++)
			if (weight > weights[i] && weight != WEIGHT_BAD &&
			    is_of(text, length, tags[i])) {
				weights[i] = weight;
				places[i] = place;
			}
		text += size;
	}
	int most = 0;
	size_t first = 0;
	for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
		int weight = weights[i] == WEIGHT_UNSAID ? any : weights[i];
		if (weight > most || (weight == most && weight > 0 && places[i] < first)) {
			best = (enum language)i;
			most = weight;
			first = places[i];
		}
	}
	return best;
}
