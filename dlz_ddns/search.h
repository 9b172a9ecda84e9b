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
/* What was said to it.  is_query: a client asks, not named for itself. */
void search_told(bool is_ours, bool is_query);

/* Another question than for a zone comes between. */
void search_interrupt(void);

/*
 * Whether the question for the data of a zone's apex that comes now is only the first step on the
 * way to a name below, where named looks for nothing but a DNAME.  That is so where the search for
 * this zone passed a name below it and ended at the zone, by the two questions right before this
 * one. (A query for the apex itself begins its search there; what is asked for the sake of an
 * answer's other sections has no search before it.)  Interrupts.
 */
bool search_passes(const struct lookup_instance *instance, const char *zone);

/*
 * How a name of a zone (relative, lower case) stands to the one whose zone was searched last: the
 * query's, unless this question is about something that the answer mentions.
 */
enum search_relation { SEARCH_UNRELATED, SEARCH_ABOVE, SEARCH_THE_SAME };
enum search_relation search_relate(const struct lookup_instance *instance, const char *zone,
				   const char *name, size_t length);

#endif
