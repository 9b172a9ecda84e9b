// SPDX-License-Identifier: GPL-3.0-or-later
// The list of nouns, the options that all commands share, and looking them up.
#include "gateway/ctl/command.h"

#include <string.h>

const struct noun *const command_nouns[] = {
	&zone_noun,    &account_noun, &domain_noun, &key_noun,	  &record_noun,
	&setting_noun, &history_noun, &client_noun, &status_noun, &doctor_noun,
};
const size_t command_noun_count = sizeof command_nouns / sizeof *command_nouns;

const struct command_option command_common_options[] = {
	{"db", "CONNINFO", false,
	 "the database, as libpq names it [PG* environment, or dbname=ddns]"},
	{"secret-key", "FILE", false,
	 "the file that opens keys' secrets [$DDNS_SECRET_KEY, or /etc/ddns/secret.key]"},
	{"json", NULL, false, "print JSON"},
	{"help", NULL, false, "say what the command does"},
	{"version", NULL, false, "print the version"},
};
const size_t command_common_option_count =
	sizeof command_common_options / sizeof *command_common_options;

const struct noun *
command_find_noun(const char *name)
{
	for (size_t i = 0; i < command_noun_count; i++)
		if (strcmp(command_nouns[i]->name, name) == 0)
			return command_nouns[i];
	return NULL;
}

const struct command *
command_find(const struct noun *noun, const char *verb)
{
	for (size_t i = 0; i < noun->command_count; i++)
		if (strcmp(noun->commands[i].verb, verb) == 0)
			return &noun->commands[i];
	return NULL;
}

const struct command *
command_alone(const struct noun *noun)
{
	return noun->command_count == 1 && noun->commands[0].verb[0] == '\0' ? noun->commands
									     : NULL;
}

const struct command_option *
command_find_option(const struct command *command, const char *name)
{
	for (size_t i = 0; command != NULL && i < command->option_count; i++)
		if (strcmp(command->options[i].name, name) == 0)
			return &command->options[i];
	for (size_t i = 0; i < command_common_option_count; i++)
		if (strcmp(command_common_options[i].name, name) == 0)
			return &command_common_options[i];
	return NULL;
}
