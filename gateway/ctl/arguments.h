// SPDX-License-Identifier: GPL-3.0-or-later
// Reads ddnsctl's command line against the tables of command.h.
#ifndef GATEWAY_CTL_ARGUMENTS_H
#define GATEWAY_CTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/ctl/command.h"
#include "sql/client/result.h"

struct arguments {
	const struct noun *noun;       // NULL: none was named
	const struct command *command; // NULL: none was named
	const char **operands;	       // those after noun and verb, in their order; argv's strings
	size_t operand_count;
	const struct arguments_option *options; // those given, in their order
	size_t option_count;
	bool wants_help, wants_version;
};

struct arguments_option {
	const struct command_option *option;
	const char *value; // argv's; NULL for a flag
};

/*
 * Options may stand anywhere after the verb, common ones before it too; `--` ends them;
 * `--name=value` and `--name value` are the same.  `help [NOUN [VERB]]` asks as --help does.
 * The caller frees by arguments_free, whatever the result.
 *
 * DDNS_BAD_INPUT: not a command line of ours; `error` says why, and what may have been meant.
 * Without wants_help and wants_version, a DDNS_OK has a command and the number of operands it
 * takes.
 */
enum ddns_result arguments_parse(int argc, char *const *argv, struct arguments *arguments,
				 char *error, size_t size);
void arguments_free(struct arguments *arguments);

/* Whether an option was given; its (last) value, NULL where it was not. */
bool arguments_has(const struct arguments *arguments, const char *name);
const char *arguments_value(const struct arguments *arguments, const char *name);

/* The values of an option that repeats: *next starts at 0; NULL ends it. */
const char *arguments_next(const struct arguments *arguments, const char *name, size_t *next);

/* The candidate that a mistyped word is near to, or NULL. */
const char *arguments_nearest(const char *word, const char *const *candidates, size_t count);

#endif
