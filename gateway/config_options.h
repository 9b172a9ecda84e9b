// SPDX-License-Identifier: GPL-3.0-or-later
// The table of options, for what reads, checks and explains them.
#ifndef GATEWAY_CONFIG_OPTIONS_H
#define GATEWAY_CONFIG_OPTIONS_H

#include <confuse.h>
#include <stdbool.h>
#include <stddef.h>

enum option_type {
	OPTION_STRING,
	OPTION_TITLE, // a string that can stand between double quotes
	OPTION_NUMBER,
	OPTION_LEVEL,	 // a word of the table `levels`
	OPTION_HEADER,	 // one of those in which proxies name clients
	OPTION_LISTEN,	 // a list of ADDRESS:PORT
	OPTION_HOSTS,	 // a list of names and addresses
	OPTION_PREFIXES, // a list of addresses with or without /LENGTH
};

struct option {
	const char *name;
	enum option_type type;
	bool is_live;	  // a changed value is taken over on SIGHUP, others at the start
	const char *text; // default of strings and lists ("" is the empty list)
	long number, least, most;
	size_t offset; // in struct config
	const char *help;
};

/* In the order in which they are explained. */
extern const struct option config_options[];
extern const size_t config_option_count;

/* NULL: there is none of that name. */
const struct option *config_option_find(const char *name);

/* The default of a list, in libconfuse's notation: {"a", "b"}. */
enum { CONFIG_DEFAULT_SIZE = 256 };
void config_list_default(const struct option *option, char out[CONFIG_DEFAULT_SIZE]);

/*
 * Called by libconfuse for each value that the file sets, when its line is known.  0: it is one;
 * -1: it is none, which has been told through cfg_error.
 */
int config_check(cfg_t *cfg, cfg_opt_t *opt);

#endif
