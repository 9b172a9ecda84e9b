// SPDX-License-Identifier: GPL-3.0-or-later
// Prints help from the tables of commands.
#include "gateway/ctl/help.h"

#include <string.h>

enum { INDENT = 2, GAP = 2, COLUMN_MAX = 30 };

static int
widest(const struct command_option *options, size_t count)
{
	int width = 0;
	for (size_t i = 0; i < count; i++) {
		const char *argument = options[i].argument;
		int length = (int)(strlen(options[i].name) + 2 +
				   (argument != NULL ? 1 + strlen(argument) : 0));
		if (length > width)
			width = length;
	}
	return width < COLUMN_MAX ? width : COLUMN_MAX;
}

static void
print_options(FILE *stream, const char *title, const struct command_option *options, size_t count)
{
	int width = widest(options, count);
	if (count == 0)
		return;
	fprintf(stream, "\n%s:\n", title);
	for (size_t i = 0; i < count; i++) {
		const struct command_option *option = &options[i];
		bool takes = option->argument != NULL;
		int length = fprintf(stream, "%*s--%s%s%s", INDENT, "", option->name,
				     takes ? " " : "", takes ? option->argument : "");
		fprintf(stream, "%*s%s%s\n", width + INDENT + GAP - length, "", option->help,
			option->repeats ? " (may be repeated)" : "");
	}
}

static void
print_overview(FILE *stream)
{
	fputs("ddnsctl - looks after a dynamic DNS service: its zones, accounts, domains, keys, "
	      "records\n\nusage: ddnsctl [OPTIONS] NOUN VERB ...\n\n",
	      stream);
	for (size_t i = 0; i < command_noun_count; i++) {
		const struct noun *noun = command_nouns[i];
		bool is_alone = command_alone(noun) != NULL;
		fprintf(stream, "  %-8s %s%s", noun->name, noun->summary, is_alone ? "" : ":");
		for (size_t j = 0; j < noun->command_count && !is_alone; j++)
			fprintf(stream, " %s", noun->commands[j].verb);
		fputc('\n', stream);
	}
	print_options(stream, "options of every command", command_common_options,
		      command_common_option_count);
	fputs("\n"
	      "A service in four commands:\n"
	      "  ddnsctl zone add dyn.example.org --shared --ns ns1.example.org\n"
	      "  ddnsctl account add joe --email joe@example.org\n"
	      "  ddnsctl domain add joe.dyn.example.org --account joe\n"
	      "  ddnsctl key add joe-router --account joe --domain joe.dyn.example.org\n"
	      "\n"
	      "`ddnsctl help NOUN` lists its commands, `ddnsctl help NOUN VERB` explains one.\n",
	      stream);
}

static void
print_noun(FILE *stream, const struct noun *noun)
{
	fprintf(stream, "ddnsctl %s - %s\n\n", noun->name, noun->summary);
	for (size_t i = 0; i < noun->command_count; i++) {
		const struct command *command = &noun->commands[i];
		fprintf(stream, "  ddnsctl %s %s%s%s%s\n      %s\n", noun->name, command->verb,
			command->operands[0] != '\0' ? " " : "", command->operands,
			command->option_count > 0 ? " [OPTIONS]" : "", command->summary);
	}
	fprintf(stream, "\n`ddnsctl help %s VERB` explains one, with its options and examples.\n",
		noun->name);
}

static void
print_command(FILE *stream, const struct noun *noun, const struct command *command)
{
	fprintf(stream, "usage: ddnsctl %s%s%s%s%s%s\n\n%s\n", noun->name,
		command->verb[0] != '\0' ? " " : "", command->verb,
		command->operands[0] != '\0' ? " " : "", command->operands,
		command->option_count > 0 ? " [OPTIONS]" : "", command->summary);
	if (command->text[0] != '\0')
		fprintf(stream, "\n%s", command->text);
	print_options(stream, "options", command->options, command->option_count);
	print_options(stream, "options of every command", command_common_options,
		      command_common_option_count);
}

void
help_print(FILE *stream, const struct noun *noun, const struct command *command)
{
	if (noun == NULL)
		print_overview(stream);
	else if (command == NULL)
		print_noun(stream, noun);
	else
		print_command(stream, noun, command);
}
