// SPDX-License-Identifier: GPL-3.0-or-later
// What accounts, zones, domains and keys have in common: they have a name, are listed, shown,
// changed.
#ifndef GATEWAY_CTL_ENTITY_H
#define GATEWAY_CTL_ENTITY_H

#include <stddef.h>

#include <jansson.h>

#include "gateway/ctl/session.h"

enum { ENTITY_FILTERS_MAX = 2 };

/* A kind of thing, and how it is shown. */
struct entity {
	const char *noun;
	enum ddns_statement statement; // JSON objects: $1 a name, null for all; then the filters
	size_t filter_count;	       // up to ENTITY_FILTERS_MAX
	const struct output_column *columns; // of a list
	size_t column_count;
	const struct output_column *fields; // of one that is shown
	size_t field_count;
};

/*
 * The one of that name.  *objectp is the caller's, to be released by json_decref.  DDNS_NOT_FOUND
 * is noted.
 */
enum ddns_result entity_find(struct session *session, const struct entity *entity, const char *name,
			     json_t **objectp);

/* Finds it and prints it. */
enum ddns_result entity_show(struct session *session, const struct entity *entity,
			     const char *name);

/* Prints those that the filters let pass: filter_count of them, NULL for any. */
enum ddns_result entity_list(struct session *session, const struct entity *entity,
			     const char *const *filters);

/*
 * Runs a statement that changes or deletes the one of that name, $1, by an object of columns, $2;
 * without $2 where values is NULL.  It gives a row, into *rowsp unless that is NULL, or none:
 * DDNS_NOT_FOUND, noted.
 */
enum ddns_result entity_change(struct session *session, const struct entity *entity,
			       enum ddns_statement statement, const char *name,
			       const json_t *values, struct ddns_rows **rowsp);

#endif
