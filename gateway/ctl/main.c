// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl: reads the command line, runs the command, reports its failure.
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/help.h"
#include "gateway/ctl/session.h"

enum { EXIT_USAGE = 2 };

static int
run(const struct arguments *arguments)
{
	struct session session;
	int status = EXIT_SUCCESS;

	session_init(&session);
	session.noun = arguments->noun->name;
	session.verb = arguments->command->verb;
	session.conninfo = arguments_value(arguments, "db");
	session.wants_json = arguments_has(arguments, "json");
	if (arguments_has(arguments, "secret-key"))
		session.key_path = arguments_value(arguments, "secret-key");
	if (arguments->command->run(&session, arguments) != DDNS_OK) {
		fflush(stdout);
		session_report(&session);
		status = session.is_usage ? EXIT_USAGE : EXIT_FAILURE;
	} else {
		status = session.status;
	}
	session_close(&session);
	return status;
}

int
main(int argc, char **argv)
{
	struct arguments arguments;
	char error[512];
	int status = EXIT_SUCCESS;

	if (arguments_parse(argc, argv, &arguments, error, sizeof error) != DDNS_OK) {
		fprintf(stderr, "ddnsctl: %s\n", error);
		status = EXIT_USAGE;
	} else if (arguments.wants_help) {
		help_print(stdout, arguments.noun, arguments.command);
	} else if (arguments.wants_version) {
		puts("ddnsctl " PACKAGE_VERSION);
	} else {
		status = run(&arguments);
	}
	arguments_free(&arguments);
	// what was printed may be a secret shown only once: a full disk must not go unseen
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("ddnsctl: cannot write the output");
		status = EXIT_FAILURE;
	}
	return status;
}
