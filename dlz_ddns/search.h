// SPDX-License-Identifier: GPL-3.0-or-later
// What the thread asked just before: the search for a zone that later questions belong to.
#ifndef DLZ_DDNS_SEARCH_H
#define DLZ_DDNS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct lookup_instance;

/*
 * named looks for the zone of a name by asking for the name itself, then for each name above, until
 * one is a zone.  Only then it asks for data: first at the zone's apex, then at each name below,
 * down to the one that the search began with.
 */

/* A question for a zone: the search it belongs to goes on, or a new one begins. */
void search_ask(const struct lookup_instance *instance, const char *name, size_t length);
/*
 * What was said to it.  is_last: named asks for no name above it, be it ours or in no zone at all.
 * is_query: a client asks, not named for itself.
 */
void search_told(bool is_ours, bool is_last, bool is_query);

/* Another question than for a zone comes between. */
void search_interrupt(void);

/*
 * Why a client's question for the data of a zone's apex comes, as far as it can be known.
 *
 * SEARCH_PASSES: it is only the first step on the way to a name below.  That is so where the search
 * for this zone passed a name below it and ended at the zone, by the two questions right before
 * this one.  (A query for the apex itself begins its search there; what is asked for the sake of an
 * answer's other sections has no search before it.)  named looks there for nothing but a DNAME
 * (findext() of its sdlz.c).
 *
 * One case looks the same and is not: a zone both of named.conf and of ours.  named ends the search
 * for a name below it there, unsaid, and the next one, if for the DS records of the zone's own
 * name, begins there.  Such a DS question is then answered for the name below.
 *
 * SEARCH_PROVES: the search has ended with no such name, the SOA was given, and there was no other
 * search since.  named looks for an NSEC record that proves it (query_addwildcardproof() of its
 * query.c, for a client that wants DNSSEC); there is none.
 */
enum search_apex { SEARCH_ASKS, SEARCH_PASSES, SEARCH_PROVES };
enum search_apex search_apex(const struct lookup_instance *instance, const char *zone);

/* After SEARCH_PASSES: the name one label below the zone that was searched, relative to it. */
const char *search_first_below(size_t *lengthp);

/* The name that was asked for last, or the first on the way to it, does not exist, and named was
 * told so: it asks for no more names of this search. */
void search_end(void);

/*
 * Whether named's own question for the data of a zone's apex is for the SOA alone, to say with it
 * that a name does not exist: right after search_end, by a search that passed the apex
 * (query_nxdomain() of its query.c: query_addsoa() comes next).
 *
 * It may be for the NS records (query_addns()) in one case: an answer that is not minimal, under a
 * response policy zone with rules for name servers, where the last name server looked up for these
 * rules is in a zone of ours and does not exist.  Then the answer goes without the NS records, as a
 * minimal one does.
 */
bool search_wants_soa(const struct lookup_instance *instance, const char *zone);

/*
 * How a name of a zone (relative, lower case) stands to the one whose zone was searched last: the
 * query's, unless this question is about something that the answer mentions.  Whose search it was
 * says nothing: each statement of a view may be asked for the same name, one after the other.
 */
enum search_relation { SEARCH_UNRELATED, SEARCH_ABOVE, SEARCH_THE_SAME };
enum search_relation search_relate(const char *zone, const char *name, size_t length);

#endif
