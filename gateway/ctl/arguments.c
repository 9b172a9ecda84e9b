// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the command line: noun, verb, operands and options, and guesses at what was mistyped.
#include "gateway/ctl/arguments.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORD_MAX = 32,	     // longest word that is compared with others for its likeness
	CANDIDATES_MAX = 64, // options of one command, nouns, verbs: there are far fewer
};

struct parser {
	int argc, at;
	char *const *argv;
	struct arguments *arguments;
	struct arguments_option *options;
	char *error;
	size_t size;
};

static enum ddns_result __attribute__((format(printf, 2, 3)))
refuse(struct parser *parser, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(parser->error, parser->size, format, args);
	va_end(args);
	return DDNS_BAD_INPUT;
}

/* Edits between two short words (Levenshtein). */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], length = strlen(b);
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[length];
}

const char *
arguments_nearest(const char *word, const char *const *candidates, size_t count)
{
	const char *nearest = NULL;
	size_t length = strlen(word), least = SIZE_MAX;
	if (length == 0 || length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (strlen(candidates[i]) > WORD_MAX)
			continue;
		size_t edits = strncmp(candidates[i], word, length) == 0
				       ? 1 // its beginning
				       : distance(word, candidates[i]);
		if (edits < least && edits <= 1 + length / 3) {
			least = edits;
			nearest = candidates[i];
		}
	}
	return nearest;
}

static enum ddns_result
refuse_word(struct parser *parser, const char *what, const char *word, const char *const *words,
	    size_t count, const char *help)
{
	const char *nearest = arguments_nearest(word, words, count);
	if (nearest != NULL)
		return refuse(parser, "there is no %s '%s': is '%s' meant? (%s)", what, word,
			      nearest, help);
	return refuse(parser, "there is no %s '%s' (%s lists them)", what, word, help);
}

static enum ddns_result
refuse_option(struct parser *parser, const char *word, size_t length)
{
	const struct command *command = parser->arguments->command;
	const char *names[CANDIDATES_MAX];
	char given[WORD_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; command != NULL && i < command->option_count; i++)
		names[count++] = command->options[i].name;
	for (size_t i = 0; i < command_common_option_count; i++)
		names[count++] = command_common_options[i].name;
	snprintf(given, sizeof given, "%.*s", (int)length, word);
	const char *nearest = arguments_nearest(given, names, count);
	if (nearest != NULL)
		return refuse(parser, "there is no option --%s here: is --%s meant?", given,
			      nearest);
	return refuse(parser, "there is no option --%s here (--help lists them)", given);
}

/* An option's name ends at '=' or with its word. */
static enum ddns_result
parse_option(struct parser *parser, const char *word)
{
	struct arguments *arguments = parser->arguments;
	char name[WORD_MAX + 1];
	size_t length = strcspn(word, "=");
	const char *value = word[length] == '=' ? word + length + 1 : NULL;
	const struct command_option *option = NULL;

	if (length <= WORD_MAX) {
		snprintf(name, sizeof name, "%.*s", (int)length, word);
		option = command_find_option(arguments->command, name);
	}
	if (option == NULL)
		return refuse_option(parser, word, length);
	if (option->argument == NULL && value != NULL)
		return refuse(parser, "--%s takes no value", option->name);
	if (option->argument != NULL && value == NULL) {
		if (parser->at == parser->argc)
			return refuse(parser, "--%s wants a value: --%s %s", option->name,
				      option->name, option->argument);
		value = parser->argv[parser->at++];
	}
	if (!option->repeats && arguments_has(arguments, option->name))
		return refuse(parser, "--%s is given twice", option->name);
	if (strcmp(option->name, "help") == 0)
		arguments->wants_help = true;
	else if (strcmp(option->name, "version") == 0)
		arguments->wants_version = true;
	parser->options[arguments->option_count++] = (struct arguments_option){option, value};
	return DDNS_OK;
}

static enum ddns_result
parse_noun(struct parser *parser, const char *word)
{
	struct arguments *arguments = parser->arguments;
	if (strcmp(word, "help") == 0 && !arguments->wants_help) {
		arguments->wants_help = true;
		return DDNS_OK;
	}
	arguments->noun = command_find_noun(word);
	if (arguments->noun != NULL) {
		arguments->command = command_alone(arguments->noun);
		return DDNS_OK;
	}
	const char *names[CANDIDATES_MAX];
	for (size_t i = 0; i < command_noun_count; i++)
		names[i] = command_nouns[i]->name;
	return refuse_word(parser, "command", word, names, command_noun_count, "ddnsctl help");
}

static enum ddns_result
parse_verb(struct parser *parser, const char *word)
{
	struct arguments *arguments = parser->arguments;
	const struct noun *noun = arguments->noun;
	if (strcmp(word, "help") == 0) {
		arguments->wants_help = true;
		return DDNS_OK;
	}
	arguments->command = command_find(noun, word);
	if (arguments->command != NULL)
		return DDNS_OK;
	const char *verbs[CANDIDATES_MAX];
	char what[2 * WORD_MAX], help[2 * WORD_MAX];
	for (size_t i = 0; i < noun->command_count; i++)
		verbs[i] = noun->commands[i].verb;
	snprintf(what, sizeof what, "command %s", noun->name);
	snprintf(help, sizeof help, "ddnsctl help %s", noun->name);
	return refuse_word(parser, what, word, verbs, noun->command_count, help);
}

static enum ddns_result
check_operands(struct parser *parser)
{
	const struct arguments *arguments = parser->arguments;
	const struct command *command = arguments->command;
	if (arguments->noun == NULL)
		return refuse(parser, "what is to be done? (ddnsctl help)");
	if (command == NULL)
		return refuse(parser, "what is to be done with the %s? (ddnsctl help %s)",
			      arguments->noun->name, arguments->noun->name);
	const char *gap = command->verb[0] != '\0' ? " " : "";
	if (arguments->operand_count < command->least)
		return refuse(parser, "too few words: ddnsctl %s%s%s %s", arguments->noun->name,
			      gap, command->verb, command->operands);
	if (arguments->operand_count > command->most)
		return refuse(parser, "'%s' is too much: ddnsctl %s%s%s %s",
			      arguments->operands[command->most], arguments->noun->name, gap,
			      command->verb, command->operands);
	return DDNS_OK;
}

enum ddns_result
arguments_parse(int argc, char *const *argv, struct arguments *arguments, char *error, size_t size)
{
	bool is_over = false;
	enum ddns_result result = DDNS_OK;

	*arguments = (struct arguments){0};
	struct parser parser = {.argc = argc,
				.at = 1,
				.argv = argv,
				.arguments = arguments,
				.error = error,
				.size = size};
	arguments->operands = calloc((size_t)argc + 1, sizeof *arguments->operands);
	arguments->options = parser.options = calloc((size_t)argc + 1, sizeof *parser.options);
	if (arguments->operands == NULL || parser.options == NULL) {
		snprintf(error, size, "out of memory");
		return DDNS_NO_MEMORY;
	}
	while (parser.at < argc) {
		const char *word = argv[parser.at++];
		if (!is_over && strcmp(word, "--") == 0)
			is_over = true;
		else if (!is_over && strcmp(word, "-h") == 0)
			arguments->wants_help = true;
		else if (!is_over && strncmp(word, "--", 2) == 0)
			CHECK(parse_option(&parser, word + 2));
		else if (arguments->noun == NULL)
			CHECK(parse_noun(&parser, word));
		else if (arguments->command == NULL)
			CHECK(parse_verb(&parser, word));
		else
			arguments->operands[arguments->operand_count++] = word;
	}
	if (!arguments->wants_help && !arguments->wants_version)
		CHECK(check_operands(&parser));
cleanup:
	return result;
}

void
arguments_free(struct arguments *arguments)
{
	free(arguments->operands);
	free((void *)(uintptr_t)arguments->options);
	*arguments = (struct arguments){0};
}

const char *
arguments_next(const struct arguments *arguments, const char *name, size_t *next)
{
	assert(command_find_option(arguments->command, name) != NULL);
	while (*next < arguments->option_count) {
		const struct arguments_option *option = &arguments->options[(*next)++];
		if (strcmp(option->option->name, name) == 0)
			return option->value;
	}
	return NULL;
}

const char *
arguments_value(const struct arguments *arguments, const char *name)
{
	size_t next = 0;
	return arguments_next(arguments, name, &next);
}

bool
arguments_has(const struct arguments *arguments, const char *name)
{
	for (size_t i = 0; i < arguments->option_count; i++)
		if (strcmp(arguments->options[i].option->name, name) == 0)
			return true;
	return false;
}
