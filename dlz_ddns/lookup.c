// SPDX-License-Identifier: GPL-3.0-or-later
// The rules by which named's questions are answered.
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "dlz_ddns/lookup.h"
#include "dlz_ddns/rcu.h"
#include "dlz_ddns/search.h"
#include "sql/client/dname.h"

enum {
	NAME_SIZE = DDNS_DNAME_TEXT_MAX + 1,
	LABELS_MAX = DDNS_DNAME_WIRE_MAX / 2 + 1,
};

/* What the thread was asked before, as far as the next answer depends on it. */
static _Thread_local struct {
	/* After LOOKUP_NOT_FOUND named asks for '*.' and each name above the missing one. */
	struct {
		bool is_expected;
		const char *above; // what follows '*.' next, in name; NULL: '*' alone is next
		char zone[NAME_SIZE];
		char name[NAME_SIZE];
	} retry;

	/* The zone's version when a query last passed its apex, on the way to a name below. */
	uint32_t passed_serial;

	/* The SOA of the version that was just transferred. */
	struct {
		bool is_set;
		uint32_t ttl;
		char zone[NAME_SIZE];
		char soa[2 * NAME_SIZE + 64];
	} pin;
} before;

/* A name as it is asked for: lower case, with the places where its labels begin. */
struct question {
	size_t length;
	size_t labels;
	uint16_t start[LABELS_MAX];
	char text[NAME_SIZE];
};

static bool
read_question(const char *name, struct question *question)
{
	size_t i = 0;
	question->labels = 1;
	question->start[0] = 0;
	for (; name[i] != '\0'; i++) {
		if (i >= NAME_SIZE - 2 || question->labels == LABELS_MAX)
			return false;
		question->text[i] = (char)tolower((unsigned char)name[i]);
		if (name[i] == '.')
			question->start[question->labels++] = (uint16_t)(i + 1);
		// \DDD as well: none of its digits is a dot
		if (name[i] == '\\' && name[i + 1] != '\0') {
			i++;
			question->text[i] = (char)tolower((unsigned char)name[i]);
		}
	}
	question->text[i] = '\0';
	question->length = i;
	return true;
}

static const struct node *
find_node(const struct snapshot *snapshot, const char *name, size_t length)
{
	struct trie_leaf *leaf = trie_find(snapshot->root, name, length, trie_hash(name, length));
	return leaf != NULL ? node_of(leaf) : NULL;
}

/* ---- finding the zone ---- */

static bool
is_below_a_zone(const struct mirror *mirror, const char *name)
{
	struct snapshot *snapshot;
	while ((name = ddns_dname_parent(name)) != NULL)
		if (mirror_find(mirror, name, strlen(name), &snapshot) != MIRROR_ABSENT)
			return true;
	return false;
}

enum lookup_zone
lookup_zone(const struct lookup_instance *instance, const char *name, bool is_query)
{
	const struct mirror *mirror = instance->mirror;
	size_t length = strlen(name);
	enum lookup_zone zone = LOOKUP_NOT_OURS;
	struct snapshot *snapshot;

	before.retry.is_expected = false;
	before.pin.is_set = false;
	search_ask(instance, name, length);
	rcu_read_lock();
	if (!mirror_is_ready(mirror)) {
		if (!is_query || ddns_dname_parent(name) == NULL)
			zone = LOOKUP_OURS;
	} else if (mirror_find(mirror, name, length, &snapshot) != MIRROR_ABSENT) {
		zone = LOOKUP_OURS;
	} else if (instance->is_only && is_query && !is_below_a_zone(mirror, name)) {
		zone = LOOKUP_NO_ZONE;
	}
	rcu_read_unlock();
	search_told(zone == LOOKUP_OURS, zone != LOOKUP_NOT_OURS, is_query);
	return zone;
}

/* ---- retries under '*' ---- */

/* Whether named only asks for a wildcard because it was told that a name is not there. */
static bool
is_retry(const char *zone, const char *name)
{
	if (!before.retry.is_expected)
		return false;
	before.retry.is_expected = false;
	const char *above = before.retry.above;
	bool is_next = name[0] == '*' &&
		       (above == NULL ? name[1] == '\0'
				      : name[1] == '.' && strcasecmp(name + 2, above) == 0);
	if (!is_next || strcmp(before.retry.zone, zone) != 0)
		return false;
	if (above != NULL) {
		before.retry.above = ddns_dname_parent(above);
		before.retry.is_expected = true;
	}
	return true;
}

static enum lookup_answer
say_not_found(const char *zone, const char *name)
{
	size_t zone_size = strlen(zone) + 1;
	size_t name_size = strlen(name) + 1;
	if (zone_size <= NAME_SIZE && name_size <= NAME_SIZE) {
		memcpy(before.retry.zone, zone, zone_size);
		memcpy(before.retry.name, name, name_size);
		before.retry.above = ddns_dname_parent(before.retry.name);
		before.retry.is_expected = true;
	}
	return LOOKUP_NOT_FOUND;
}

/* ---- names ---- */

/*
 * The wildcard that a name which does not exist is synthesised from: '*' at its closest encloser
 * (RFC 4592 section 3.3.1), NULL where there is none.  Below a name that does not exist nothing
 * does, so the encloser is found by halving.  Overwrites the question.
 */
static const struct node *
find_wildcard(const struct snapshot *snapshot, struct question *question)
{
	size_t low = 1; // the first label of the encloser: between these; the last is the apex
	size_t high = question->labels;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t start = question->start[middle];
		if (find_node(snapshot, question->text + start, question->length - start) != NULL)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == question->labels)
		return find_node(snapshot, "*", 1);
	char *wildcard = question->text + question->start[low] - 2;
	wildcard[0] = '*';
	wildcard[1] = '.';
	return find_node(snapshot, wildcard, strlen(wildcard));
}

/* Puts a name's records.  False: named did not take one; then it must be told of failure. */
static bool
put_node(const struct node *node, const char *zone, const struct lookup_sink *sink, size_t *countp)
{
	struct node_rr rr;
	for (size_t at = 0; node_next(node, &at, &rr);) {
		if (rr.is_refused)
			continue;
		enum ddns_result result =
			sink->put(sink->context, node_owner(node), rr.type, rr.ttl, rr.rdata);
		if (result == DDNS_BAD_INPUT && node_refuse(&rr))
			sink->refused(sink->context, zone, node_owner(node), rr.type, rr.rdata);
		if (result != DDNS_OK)
			return false;
		++*countp;
	}
	return true;
}

static enum lookup_answer
answer_apex(const struct snapshot *snapshot, const char *zone, bool is_pinned, bool is_soa_enough,
	    const struct lookup_sink *sink)
{
	size_t count = 0;
	enum ddns_result result =
		is_pinned ? sink->put(sink->context, "@", "SOA", before.pin.ttl, before.pin.soa)
			  : sink->put(sink->context, "@", "SOA", snapshot->soa_ttl, snapshot->soa);
	if (result != DDNS_OK || (!is_soa_enough && !put_node(snapshot->apex, zone, sink, &count)))
		return LOOKUP_FAILED;
	return LOOKUP_FOUND;
}

/*
 * named reads each record it is given anew from its text, which costs it more than all else here;
 * so a client's query gets none at the apex where it needs none.  And where no name on its way can
 * exist, it is told so here and asks for none of them.  That is left to the walk where just the
 * first of them exists, as a name or as an empty non-terminal: so what is said is true of all names
 * of the search, whichever of them the query is for.
 */
static enum lookup_answer
answer_passing(const struct snapshot *snapshot, bool may_end)
{
	size_t length;
	const char *first = search_first_below(&length);
	if (!may_end || snapshot->has_apex_wildcard || find_node(snapshot, first, length) != NULL)
		return LOOKUP_EMPTY;
	search_end();
	return LOOKUP_NO_NAME;
}

static enum lookup_answer
answer_apex_query(const struct lookup_instance *instance, const struct snapshot *snapshot,
		  const char *zone, bool may_end, const struct lookup_sink *sink)
{
	enum search_apex apex = search_apex(instance, zone);
	before.passed_serial = snapshot->serial;
	if (apex == SEARCH_ASKS || snapshot->has_apex_dname) {
		search_interrupt();
		return answer_apex(snapshot, zone, false, false, sink);
	}
	return apex == SEARCH_PASSES ? answer_passing(snapshot, may_end) : LOOKUP_EMPTY;
}

static enum lookup_answer
answer_below(const struct snapshot *snapshot, const char *zone, const char *name,
	     enum lookup_kind kind, bool may_end, const struct lookup_sink *sink)
{
	struct question question;
	if (!read_question(name, &question))
		return LOOKUP_FAILED;
	enum search_relation relation = SEARCH_UNRELATED;
	if (kind == LOOKUP_QUERY)
		relation = search_relate(zone, question.text, question.length);
	// of a version with a cut above, named would not have asked: this one came on its way
	if (relation != SEARCH_UNRELATED && snapshot->serial != before.passed_serial &&
	    snapshot_cuts_off(snapshot, question.text))
		return LOOKUP_FAILED;

	const struct node *node = find_node(snapshot, question.text, question.length);
	if (node == NULL && kind == LOOKUP_QUERY) {
		node = find_wildcard(snapshot, &question);
		// on the way to the query's name a wildcard has nothing to say
		if (node != NULL && relation == SEARCH_ABOVE)
			return LOOKUP_EMPTY;
	}
	if (node == NULL) {
		if (!may_end || kind != LOOKUP_QUERY)
			return say_not_found(zone, name);
		search_end();
		return LOOKUP_NO_NAME;
	}

	size_t count = 0;
	if (!put_node(node, zone, sink, &count))
		return LOOKUP_FAILED;
	if (count > 0)
		return LOOKUP_FOUND;
	return relation == SEARCH_THE_SAME ? LOOKUP_EMPTY_END : LOOKUP_EMPTY;
}

enum lookup_answer
lookup_name(const struct lookup_instance *instance, const char *zone, const char *name,
	    enum lookup_kind kind, bool may_end, const struct lookup_sink *sink)
{
	bool is_apex = strcmp(name, "@") == 0;
	bool is_own_apex = is_apex && kind == LOOKUP_ORIGIN;
	bool is_pinned = before.pin.is_set && is_own_apex && strcmp(before.pin.zone, zone) == 0;
	enum lookup_answer answer = LOOKUP_FAILED;
	struct snapshot *snapshot;

	before.pin.is_set = false;
	if (kind != LOOKUP_QUERY && !is_own_apex)
		search_interrupt();
	if (is_retry(zone, name))
		return LOOKUP_NOT_FOUND;
	rcu_read_lock();
	if (mirror_is_ready(instance->mirror) &&
	    mirror_find_lately(instance->mirror, zone, strlen(zone), &snapshot) == MIRROR_SERVED) {
		if (!is_apex)
			answer = answer_below(snapshot, zone, name, kind, may_end, sink);
		else if (kind == LOOKUP_QUERY)
			answer = answer_apex_query(instance, snapshot, zone, may_end, sink);
		else
			answer = answer_apex(snapshot, zone, is_pinned,
					     is_own_apex && search_wants_soa(instance, zone), sink);
	}
	rcu_read_unlock();
	if (answer == LOOKUP_FAILED)
		search_interrupt();
	return answer;
}

/* ---- transfers ---- */

enum lookup_transfer
lookup_may_transfer(const struct lookup_instance *instance, const char *zone, const char *client)
{
	enum lookup_transfer answer = LOOKUP_TRANSFER_NO_ZONE;
	struct snapshot *snapshot;

	before.pin.is_set = false;
	before.retry.is_expected = false;
	search_interrupt();
	rcu_read_lock();
	if (mirror_is_ready(instance->mirror) &&
	    mirror_find(instance->mirror, zone, strlen(zone), &snapshot) == MIRROR_SERVED) {
		const struct transfer *transfer = &snapshot->transfer;
		bool is_listed =
			transfer->mode == TRANSFER_LIST && transfer_admits(transfer, client);
		answer = transfer->mode == TRANSFER_NAMED ? LOOKUP_TRANSFER_NAMED
			 : is_listed			  ? LOOKUP_TRANSFER_YES
							  : LOOKUP_TRANSFER_NO;
	}
	rcu_read_unlock();
	return answer;
}

struct transfer_run {
	const char *zone;
	const struct lookup_sink *sink;
};

static bool
put_below(void *context, struct trie_leaf *leaf)
{
	const struct transfer_run *run = context;
	const struct node *node = node_of(leaf);
	size_t count = 0;
	return strcmp(node_owner(node), "@") == 0 || put_node(node, run->zone, run->sink, &count);
}

static void
pin_soa(const char *zone, const struct snapshot *snapshot)
{
	size_t zone_size = strlen(zone) + 1;
	size_t soa_size = strlen(snapshot->soa) + 1;
	if (zone_size > sizeof(before.pin.zone) || soa_size > sizeof(before.pin.soa))
		return;
	memcpy(before.pin.zone, zone, zone_size);
	memcpy(before.pin.soa, snapshot->soa, soa_size);
	before.pin.ttl = snapshot->soa_ttl;
	before.pin.is_set = true;
}

enum ddns_result
lookup_transfer(const struct lookup_instance *instance, const char *zone,
		const struct lookup_sink *sink)
{
	struct snapshot *snapshot = NULL;

	before.pin.is_set = false;
	before.retry.is_expected = false;
	search_interrupt();
	rcu_read_lock();
	if (!mirror_is_ready(instance->mirror) ||
	    mirror_find(instance->mirror, zone, strlen(zone), &snapshot) != MIRROR_SERVED)
		snapshot = NULL;
	else
		snapshot_hold(snapshot);
	rcu_read_unlock();
	if (snapshot == NULL)
		return DDNS_NOT_FOUND;

	// held, it needs no read section: grace periods go on during a transfer of any length
	struct transfer_run run = {zone, sink};
	bool is_whole = answer_apex(snapshot, zone, false, false, sink) == LOOKUP_FOUND &&
			trie_walk(snapshot->root, put_below, &run);
	if (is_whole)
		pin_soa(zone, snapshot);
	snapshot_release(snapshot);
	return is_whole ? DDNS_OK : DDNS_INTERNAL;
}
