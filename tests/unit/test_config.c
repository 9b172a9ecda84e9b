// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/config.c and gateway/log.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/config.h"
#include "gateway/log.h"

/* Loads a file of that text; what was logged meanwhile goes into `said`. */
static enum ddns_result
load(const char *text, struct config **configp, char *said, size_t size)
{
	char path[] = "/tmp/ddns-config.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	dup2(fileno(log), STDERR_FILENO);
	enum ddns_result result = config_load(path, configp);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(log);
	said[fread(said, 1, size - 1, log)] = '\0';
	fclose(log);
	unlink(path);
	return result;
}

static void
test_defaults(void **state)
{
	(void)state;
	struct config *config;
	char said[1024];
	assert_int_equal(load("", &config, said, sizeof said), DDNS_OK);
	assert_string_equal(said, "");
	assert_string_equal(config->database, "dbname=ddns");
	assert_int_equal(config->http_listen.count, 2);
	assert_string_equal(config->http_listen.items[1], "[::]:80");
	assert_int_equal(config->http_threads, 64);
	assert_int_equal(config_log_priority(config), LOG_INFO);
	config_free(config);
}

static void
test_values(void **state)
{
	(void)state;
	struct config *config;
	char said[1024];
	assert_int_equal(load("# comment\n"
			      "database = \"host=/run/postgresql password='x y'\"\n"
			      "log-level = debug\n"
			      "http-listen = {\"192.0.2.1:8080\", \"[2001:db8::1]:80\"}\n"
			      "status-listen = {}\n"
			      "http-connections-per-address = 0\n",
			      &config, said, sizeof said),
			 DDNS_OK);
	assert_string_equal(said, "");
	assert_string_equal(config->database, "host=/run/postgresql password='x y'");
	assert_int_equal(config_log_priority(config), LOG_DEBUG);
	assert_int_equal(config->http_listen.count, 2);
	assert_string_equal(config->http_listen.items[0], "192.0.2.1:8080");
	assert_int_equal(config->status_listen.count, 0);
	assert_int_equal(config->http_connections_per_address, 0);
	config_free(config);
}

/* A mistake is told with its line and value, and with what would be right. */
static void
test_mistakes(void **state)
{
	(void)state;
	static const struct {
		const char *text, *line, *words;
	} cases[] = {
		{"\nhttp-thread = 3\n", ":2: ", "http-thread"},
		{"http-threads = 3\n", ":1: ", "http-threads = 3: must be from 4 to 1024"},
		{"http-threads = x\n", ":1: ", "http-threads"},
		{"\n\nlog-level = loud\n", ":3: ", "log-level = 'loud': must be error, warning"},
		{"http-listen = {\"*:80\", \"localhost\"}\n",
		 ":1: ", "'localhost' is no ADDRESS:PORT"},
		{"http-realm = \"a\\\"b\"\n", ":1: ", "http-realm"},
		{"user = \n", ":2: ", "premature end of file"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config *config = NULL;
		char said[1024];
		assert_int_equal(load(cases[i].text, &config, said, sizeof said), DDNS_BAD_INPUT);
		assert_null(config);
		if (strstr(said, cases[i].line) == NULL || strstr(said, cases[i].words) == NULL)
			fail_msg("'%s' says '%s'", cases[i].text, said);
	}
}

/* The example that is installed must be what the table says, and be right as it stands. */
static void
test_example(void **state)
{
	(void)state;
	char *expected = NULL, found[16384];
	size_t length;
	FILE *out = open_memstream(&expected, &length), *example = fopen(EXAMPLE, "r");
	assert_non_null(example);
	config_print_options(out);
	fclose(out);
	found[fread(found, 1, sizeof found - 1, example)] = '\0';
	fclose(example);
	assert_string_equal(found, expected);
	free(expected);
	for (char *at = found; (at = strstr(at, "\n#")) != NULL; at++)
		if (at[2] != ' ') // "#option = value": the default, written out
			at[1] = ' ';
	struct config *config;
	char said[1024];
	assert_int_equal(load(found, &config, said, sizeof said), DDNS_OK);
	assert_string_equal(said, "");
	config_free(config);
}

static void
test_quoting(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"h1.example.org", "h1.example.org"},
		{"", ""},
		{"a'b\\c\n", "a\\x27b\\x5cc\\x0a"},
		{"\x1b[2J", "\\x1b[2J"},
		{"m\xc3\xbcller", "m\\xc3\\xbcller"},
		{"abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnopqrst..."},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[24];
		assert_string_equal(log_quote(cases[i].text, out, sizeof out), cases[i].expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
		cmocka_unit_test(test_mistakes), cmocka_unit_test(test_example),
		cmocka_unit_test(test_quoting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
