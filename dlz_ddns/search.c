// SPDX-License-Identifier: GPL-3.0-or-later
// What the thread asked just before: the search for a zone.
#include <stdint.h>
#include <string.h>

#include "dlz_ddns/search.h"
#include "sql/client/dname.h"

enum { NAME_SIZE = DDNS_DNAME_TEXT_MAX + 1 };

static _Thread_local struct {
	const struct lookup_instance *instance;
	size_t length; // of the name it began with
	size_t at;     // where in it the name asked last begins
	size_t below;  // and the one before
	bool is_over;
	enum {
		ELSEWHERE,
		BELOW,	 // the last question was of this search, and its name is no zone
		AT_ZONE, // and the one before too, and this one's is
		WALKING, // the apex was passed, and only names on the way were asked for since
		ENDED,	 // and the last of them does not exist
		PROVING, // the SOA was given for that, and nothing was searched since
	} last;
	char name[NAME_SIZE];
} search;

void
search_ask(const struct lookup_instance *instance, const char *name, size_t length)
{
	if (!search.is_over && search.instance == instance) {
		const char *next = ddns_dname_parent(search.name + search.at);
		if (next != NULL && strcmp(next, name) == 0) {
			search.below = search.at;
			search.at = (size_t)(next - search.name);
			return;
		}
	}
	search.instance = instance;
	search.is_over = length >= NAME_SIZE;
	search.last = ELSEWHERE;
	search.at = 0;
	search.length = search.is_over ? 0 : length;
	memcpy(search.name, search.is_over ? "" : name, search.length + 1);
}

void
search_told(bool is_ours, bool is_last, bool is_query)
{
	if (!is_query || search.is_over)
		search.last = ELSEWHERE;
	else if (!is_ours)
		search.last = BELOW;
	else
		search.last = search.last == BELOW ? AT_ZONE : ELSEWHERE;
	search.is_over |= is_last;
}

void
search_interrupt(void)
{
	search.last = ELSEWHERE;
}

static bool
is_of(const struct lookup_instance *instance, const char *zone)
{
	return search.instance == instance && strcmp(search.name + search.at, zone) == 0;
}

enum search_apex
search_apex(const struct lookup_instance *instance, const char *zone)
{
	if (search.last == AT_ZONE && is_of(instance, zone)) {
		search.last = WALKING;
		return SEARCH_PASSES;
	}
	if (search.last == PROVING && is_of(instance, zone))
		return SEARCH_PROVES;
	search.last = ELSEWHERE;
	return SEARCH_ASKS;
}

const char *
search_first_below(size_t *lengthp)
{
	*lengthp = search.at - search.below - 1; // the dot between them
	return search.name + search.below;
}

void
search_end(void)
{
	if (search.last == WALKING)
		search.last = ENDED;
}

bool
search_wants_soa(const struct lookup_instance *instance, const char *zone)
{
	bool wants_soa = search.last == ENDED && is_of(instance, zone);
	search.last = wants_soa ? PROVING : ELSEWHERE;
	return wants_soa;
}

/* search_relate, without what it tells the search. */
static enum search_relation
relate(const char *zone, const char *name, size_t name_length)
{
	size_t zone_length = strlen(zone);
	size_t length = name_length + 1 + zone_length;
	if (search.length < length)
		return SEARCH_UNRELATED;
	const char *tail = search.name + search.length - length;
	if (memcmp(tail, name, name_length) != 0 || tail[name_length] != '.' ||
	    memcmp(tail + name_length + 1, zone, zone_length) != 0)
		return SEARCH_UNRELATED;
	if (tail == search.name)
		return SEARCH_THE_SAME;
	// the dot before it may be an escaped one; then it is none of the names above
	bool is_label = tail[-1] == '.' && (tail - 1 == search.name || tail[-2] != '\\');
	return is_label ? SEARCH_ABOVE : SEARCH_UNRELATED;
}

enum search_relation
search_relate(const char *zone, const char *name, size_t length)
{
	enum search_relation relation = relate(zone, name, length);
	bool goes_on = search.last == WALKING || search.last == PROVING;
	if (relation == SEARCH_UNRELATED || !goes_on)
		search.last = ELSEWHERE;
	return relation;
}
