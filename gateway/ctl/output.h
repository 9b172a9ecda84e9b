// SPDX-License-Identifier: GPL-3.0-or-later
// What ddnsctl prints: tables and fields for people, JSON for programs.
#ifndef GATEWAY_CTL_OUTPUT_H
#define GATEWAY_CTL_OUTPUT_H

#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "sql/client/result.h"

enum output_kind {
	OUTPUT_TEXT,
	OUTPUT_NUMBER, // set to the right in tables
	OUTPUT_TIME,   // ISO 8601, shown to the second
};

/* A column of a table, or a line of an object's fields. */
struct output_column {
	const char *title;
	const char *key; // of the JSON objects that are shown
	enum output_kind kind;
};

/*
 * An array of objects as a table: a line of titles, a line each.  Prints nothing for an empty one.
 * Control characters are shown as '?': what is in the database cannot steer the terminal.
 */
enum ddns_result output_table(FILE *stream, const json_t *rows, const struct output_column *columns,
			      size_t count);

/* An object as lines of title and value. */
enum ddns_result output_fields(FILE *stream, const json_t *object,
			       const struct output_column *columns, size_t count);

/* Any value as indented JSON. */
enum ddns_result output_json(FILE *stream, const json_t *value);

#endif
