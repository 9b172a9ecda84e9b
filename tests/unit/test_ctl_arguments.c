// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/ctl/arguments.c, and of the tables that it reads command lines against.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/ctl/arguments.h"

enum { WORDS_MAX = 24 };

/* Cuts a line at blanks and parses it. */
static enum ddns_result
parse(const char *line, struct arguments *arguments, char *error, size_t size)
{
	static char copy[512];
	static char *words[WORDS_MAX + 1];
	int count = 0;
	snprintf(copy, sizeof copy, "ddnsctl %s", line);
	for (char *word = strtok(copy, " "); word != NULL && count < WORDS_MAX;
	     word = strtok(NULL, " "))
		words[count++] = word;
	words[count] = NULL;
	error[0] = '\0';
	return arguments_parse(count, words, arguments, error, size);
}

static void
test_options_stand_anywhere(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"--db dbname=x zone add example.org --ns a --ns b",
		"zone --db dbname=x add example.org --ns a --ns b",
		"zone add --ns a example.org --db=dbname=x --ns=b",
		"zone add --ns a --ns b --db dbname=x -- example.org",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct arguments arguments;
		char error[256];
		size_t next = 0;
		assert_int_equal(parse(lines[i], &arguments, error, sizeof error), DDNS_OK);
		assert_string_equal(arguments.noun->name, "zone");
		assert_string_equal(arguments.command->verb, "add");
		assert_int_equal(arguments.operand_count, 1);
		assert_string_equal(arguments.operands[0], "example.org");
		assert_string_equal(arguments_value(&arguments, "db"), "dbname=x");
		assert_string_equal(arguments_next(&arguments, "ns", &next), "a");
		assert_string_equal(arguments_next(&arguments, "ns", &next), "b");
		assert_null(arguments_next(&arguments, "ns", &next));
		assert_false(arguments_has(&arguments, "shared"));
		assert_null(arguments_value(&arguments, "mname"));
		arguments_free(&arguments);
	}
}

static void
test_dashes_after_the_end_of_options(void **state)
{
	(void)state;
	struct arguments arguments;
	char error[256];
	assert_int_equal(
		parse("record add a.example TXT -- --ttl -1", &arguments, error, sizeof error),
		DDNS_OK);
	assert_int_equal(arguments.operand_count, 4);
	assert_string_equal(arguments.operands[2], "--ttl");
	assert_false(arguments_has(&arguments, "ttl"));
	arguments_free(&arguments);
}

static void
test_help_is_asked_for_in_many_ways(void **state)
{
	(void)state;
	static const struct {
		const char *line, *noun, *verb;
	} cases[] = {
		{"help", NULL, NULL},
		{"--help", NULL, NULL},
		{"-h", NULL, NULL},
		{"help zone", "zone", NULL},
		{"zone help", "zone", NULL},
		{"zone --help", "zone", NULL},
		{"zone -h", "zone", NULL},
		{"help zone add", "zone", "add"},
		{"zone add --help", "zone", "add"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arguments arguments;
		char error[256];
		assert_int_equal(parse(cases[i].line, &arguments, error, sizeof error), DDNS_OK);
		assert_true(arguments.wants_help);
		assert_ptr_equal(arguments.noun,
				 cases[i].noun == NULL ? NULL : command_find_noun(cases[i].noun));
		assert_ptr_equal(
			arguments.command,
			cases[i].verb == NULL ? NULL : command_find(arguments.noun, cases[i].verb));
		arguments_free(&arguments);
	}
}

static void
test_refusals_say_what_may_be_meant(void **state)
{
	(void)state;
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"", "ddnsctl help"},
		{"zone", "ddnsctl help zone"},
		{"zones list", "'zone'"},
		{"acount list", "'account'"},
		{"xyzzy", "no command 'xyzzy'"},
		{"zone ad example.org", "'add'"},
		{"zone remove", "ddnsctl help zone"},
		{"zone add", "too few words: ddnsctl zone add ORIGIN"},
		{"zone show a b", "'b' is too much"},
		{"zone add a --shard", "--shared"},
		{"zone add a --frobnicate", "--frobnicate"},
		{"zone add a --ns", "--ns NAME"},
		{"zone add a --shared=yes", "takes no value"},
		{"zone add a --ttl 1 --ttl 2", "given twice"},
		{"--shared zone add a", "no option --shared here"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arguments arguments;
		char error[256];
		assert_int_equal(parse(cases[i].line, &arguments, error, sizeof error),
				 DDNS_BAD_INPUT);
		if (strstr(error, cases[i].says) == NULL)
			fail_msg("'%s': %s", cases[i].line, error);
		arguments_free(&arguments);
	}
}

static void
test_nearest(void **state)
{
	(void)state;
	static const char *const words[] = {"add", "list", "show", "set", "delete"};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"lst", "list"},
		{"shwo", "show"},
		{"del", "delete"},
		{"delte", "delete"},
		{"", NULL},
		{"import", NULL},
		{"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *nearest =
			arguments_nearest(cases[i].word, words, sizeof words / sizeof *words);
		if (cases[i].nearest == NULL)
			assert_null(nearest);
		else
			assert_string_equal(nearest, cases[i].nearest);
	}
}

/* Every command says what it does, and takes as many operands as its usage line shows. */
static void
test_tables_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_noun_count; i++) {
		const struct noun *noun = command_nouns[i];
		assert_ptr_equal(command_find_noun(noun->name), noun);
		for (size_t j = 0; j < noun->command_count; j++) {
			const struct command *command = &noun->commands[j];
			assert_ptr_equal(command_find(noun, command->verb), command);
			assert_non_null(command->run);
			assert_true(command->least <= command->most);
			assert_true(strlen(command->summary) > 0);
			assert_int_equal(command->operands[0] == '\0', command->most == 0);
			for (size_t k = 0; k < command->option_count; k++)
				assert_ptr_equal(
					command_find_option(command, command->options[k].name),
					&command->options[k]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_dashes_after_the_end_of_options),
		cmocka_unit_test(test_help_is_asked_for_in_many_ways),
		cmocka_unit_test(test_refusals_say_what_may_be_meant),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_tables_are_whole),
	};
	return cmocka_run_group_tests_name("ctl_arguments", tests, NULL, NULL);
}
