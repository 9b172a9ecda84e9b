// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of ddnsctl as data: each noun's file fills a table, the rest works on the tables.
#ifndef GATEWAY_CTL_COMMAND_H
#define GATEWAY_CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/client/result.h"

struct arguments;
struct session;

enum { COMMAND_ANY = 1 << 20 }; // `most` of a command that takes any number of operands

struct command_option {
	const char *name;     // without the dashes
	const char *argument; // what the help calls its value; NULL: a flag
	bool repeats;	      // may be given several times
	const char *help;     // one line
};

struct command {
	const char *verb;     // "": the noun has this one command, and its name is the whole of it
	const char *operands; // as the usage line shows them, "" where there are none
	size_t least, most;   // how many of them
	const char *summary;  // one line, lower case
	const char *text;     // paragraphs and examples for --help; may be ""
	const struct command_option *options;
	size_t option_count;
	/* Does it.  What it was asked to print goes to stdout, a failure into the session. */
	enum ddns_result (*run)(struct session *session, const struct arguments *arguments);
};

struct noun {
	const char *name;
	const char *summary;
	const struct command *commands;
	size_t command_count;
};

/* The nouns, in the order in which the help lists them; a noun is added here and in its file. */
extern const struct noun account_noun, client_noun, doctor_noun, domain_noun, history_noun,
	key_noun, record_noun, setting_noun, status_noun, zone_noun;
extern const struct noun *const command_nouns[];
extern const size_t command_noun_count;

/* What every command takes, also before the noun. */
extern const struct command_option command_common_options[];
extern const size_t command_common_option_count;

/* NULL: there is none of that name. */
const struct noun *command_find_noun(const char *name);
const struct command *command_find(const struct noun *noun, const char *verb);

/* The one command of a noun that takes no verb; NULL for all others. */
const struct command *command_alone(const struct noun *noun);
const struct command_option *command_find_option(const struct command *command, const char *name);

#endif
