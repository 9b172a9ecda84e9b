// SPDX-License-Identifier: GPL-3.0-or-later
// The KEY=VALUE words of `add` and `set`: read against a table, gathered as the JSON object that
// the statements fill a row from.
#ifndef GATEWAY_CTL_ASSIGN_H
#define GATEWAY_CTL_ASSIGN_H

#include <stddef.h>

#include <jansson.h>

#include "gateway/ctl/session.h"

struct arguments;
struct assignment;

/*
 * Puts a value into the object under the columns it is stored in.  What the value may be is the
 * database's to say; DDNS_BAD_INPUT (noted) is only for what cannot be sent at all.
 */
typedef enum ddns_result assign_function(struct session *session, json_t *object,
					 const struct assignment *assignment, const char *value);

struct assignment {
	const char *key;    // as typed; '-' and '_' in it are the same
	const char *column; // where it is stored
	assign_function *put;
};

assign_function assign_text;	// "" is SQL's null
assign_function assign_integer; // a number
assign_function assign_switch;	// on, off and their kin
assign_function assign_name;	// a domain name
assign_function assign_mailbox; // an e-mail address, as a name
assign_function assign_list;	// values joined by commas; "" is none

/*
 * Reads `count` words of the form KEY=VALUE.  *objectp is the caller's, to be released by
 * json_decref. A key that is not in the table is a usage error that lists those that are.
 */
enum ddns_result assign_parse(struct session *session, const struct assignment *table, size_t size,
			      const char *const *words, size_t count, json_t **objectp);

/* Puts those keys of the table that were given as options, `--key value`, into the object. */
enum ddns_result assign_options(struct session *session, const struct arguments *arguments,
				const struct assignment *table, size_t size, json_t *object);

/* What follows "WORD:" in a value, NULL where it does not begin so. */
const char *assign_after(const char *value, const char *word);

/* Puts a JSON value (taken over, may be NULL when memory was out) under a column. */
enum ddns_result assign_put(struct session *session, json_t *object, const char *column,
			    json_t *value);

#endif
