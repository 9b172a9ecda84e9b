// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl client: prints a ready configuration of a program that keeps a domain up to date.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/client_text.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/key_store.h"
#include "gateway/ctl/lookup.h"

enum { PART_MAX = 1024, PORT_MAX = 5 };
enum { IS_DOMAIN, MNAME, UPDATE_URL, ALGORITHM, TSIG_ONLY, MAY };

#define PLACEHOLDER "SECRET"

struct client {
	const struct client_program *program;
	char name[DDNS_DNAME_TEXT_MAX + 1];
	char url[PART_MAX], server[PART_MAX]; // as text's parts point into them
	struct key_clause clause;
	struct client_text text;
};

/* Characters that no program's configuration wants quoted. */
static bool
is_usual(const char *text, const char *more)
{
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) && strchr(more, *text) == NULL)
			return false;
	return true;
}

static enum ddns_result
find_program(struct session *session, const char *name, const struct client_program **programp)
{
	const char *names[16];
	for (size_t i = 0; i < client_program_count; i++) {
		names[i] = client_programs[i].name;
		if (strcmp(names[i], name) == 0) {
			*programp = &client_programs[i];
			return DDNS_OK;
		}
	}
	const char *nearest = arguments_nearest(name, names, client_program_count);
	return session_usage(session,
			     "there is no form for '%.60s'%s%s: there are ddclient, inadyn, curl, "
			     "nsupdate and router",
			     name, nearest != NULL ? ", is meant " : "",
			     nearest != NULL ? nearest : "");
}

/* http[s]://HOST[:PORT][/PATH], cut into its parts. */
static enum ddns_result
cut_url(struct session *session, struct client *client, const char *url)
{
	struct client_text *text = &client->text;
	const char *rest = strstr(url, "://");
	size_t scheme = rest != NULL ? (size_t)(rest - url) : 0;

	snprintf(client->url, sizeof client->url, "%s", rest != NULL ? rest + 3 : "");
	if (strlen(url) >= sizeof client->url || client->url[0] == '\0' || client->url[0] == '/' ||
	    !((scheme == 4 && strncmp(url, "http", 4) == 0) ||
	      (scheme == 5 && strncmp(url, "https", 5) == 0)) ||
	    !is_usual(client->url, "-._~:/[]%"))
		return session_fail(session, DDNS_BAD_INPUT,
				    "write it as https://gw.example.org, or with a port or path",
				    "'%.200s' is not the URL of a gateway", url);
	text->scheme = scheme == 4 ? "http" : "https";
	text->host = client->url;
	char *slash = strchr(client->url, '/');
	text->base = "";
	if (slash != NULL) {
		size_t length = strlen(slash);
		while (length > 0 && slash[length - 1] == '/')
			slash[--length] = '\0';
		if (length > 0) { // the host ends where the path begins
			memmove(slash + 1, slash, length + 1);
			*slash = '\0';
			text->base = slash + 1;
		}
	}
	return DDNS_OK;
}

/* NAME, NAME:PORT, an address, or [ADDRESS]:PORT. */
static enum ddns_result
cut_server(struct session *session, struct client *client, const char *server)
{
	char *text = client->server;
	const char *port = "53";

	snprintf(text, sizeof client->server, "%s", server);
	char *colon = strrchr(text, ':'), *bracket = strchr(text, ']');
	bool is_address = text[0] != '[' && colon != NULL && strchr(text, ':') != colon;
	if (bracket != NULL && text[0] == '[') {
		*bracket = '\0';
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
		text++;
	}
	if (colon != NULL && !is_address) {
		*colon = '\0';
		port = colon + 1;
	}
	size_t digits = strspn(port, "0123456789");
	if (text[0] == '\0' || !is_usual(text, "-._:") || digits == 0 || digits > PORT_MAX ||
	    port[digits] != '\0')
		return session_fail(
			session, DDNS_BAD_INPUT,
			"write it as gw.example.org, 192.0.2.1:5353 or [2001:db8::1]:5353",
			"'%.200s' is not a server", server);
	client->text.server = text;
	client->text.port = port;
	return DDNS_OK;
}

static enum ddns_result
place(struct session *session, struct client *client, const struct arguments *arguments,
      const struct ddns_rows *rows)
{
	const char *url = arguments_value(arguments, "url");
	const char *server = arguments_value(arguments, "server");

	if (client->program->is_dns) {
		if (server == NULL)
			server = ddns_rows_text(rows, 0, MNAME);
		if (server == NULL)
			return session_usage(session, "where is DNS UPDATE taken? --server NAME");
		return cut_server(session, client, server);
	}
	if (url == NULL)
		url = ddns_rows_text(rows, 0, UPDATE_URL);
	if (url == NULL || url[0] == '\0')
		return session_usage(session,
				     "where is the gateway? --url URL, or once for all `ddnsctl "
				     "setting set update_url URL`");
	return cut_url(session, client, url);
}

/* What does not keep a configuration from being printed, but from working. */
static void
warn(const struct client *client, const struct ddns_rows *rows)
{
	const char *may = ddns_rows_text(rows, 0, MAY);
	if (!ddns_rows_boolean(rows, 0, IS_DOMAIN))
		fprintf(stderr, "ddnsctl: note: there is no domain '%s' yet\n", client->name);
	else if (may != NULL && strcmp(may, "yes") != 0)
		fprintf(stderr, "ddnsctl: note: the key '%s' may not set the address of '%s'\n",
			client->text.key, client->name);
	if (ddns_rows_boolean(rows, 0, TSIG_ONLY) && !client->program->is_dns)
		fprintf(stderr, "ddnsctl: note: the key '%s' is for TSIG only, no password\n",
			client->text.key);
}

static enum ddns_result
take_secret(struct session *session, struct client *client, const struct arguments *arguments)
{
	struct key_store store = {.rows = NULL};
	char *text = client->clause.text;
	enum ddns_result result = DDNS_OK;

	client->text.secret = PLACEHOLDER;
	if (arguments_has(arguments, "show-secret")) {
		CHECK(key_store_open(session, &store));
		CHECK(key_store_fetch(session, &store, client->text.key, &client->clause));
		client->text.secret = text;
	} else if (arguments_has(arguments, "secret-stdin")) {
		if (fgets(text, sizeof client->clause.text, stdin) == NULL)
			text[0] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		if (text[0] == '\0' || !is_usual(text, "+/="))
			result = session_fail(session, DDNS_BAD_INPUT, NULL,
					      "the first line of standard input is no secret");
		client->text.secret = text;
	}
cleanup:
	key_store_free(&store);
	return result;
}

static enum ddns_result
gather(struct session *session, const struct arguments *arguments, struct client *client,
       char key[DDNS_DNAME_TEXT_MAX + 1])
{
	const char *option = arguments_value(arguments, "key");
	bool wants_secret = arguments_has(arguments, "show-secret");
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	CHECK(lookup_name(session, arguments->operands[0], client->name));
	CHECK(find_program(session, arguments->operands[1], &client->program));
	if (wants_secret && (option == NULL || arguments_has(arguments, "secret-stdin")))
		return session_usage(session, option == NULL
						      ? "--show-secret of which key? --key KEY"
						      : "--show-secret and --secret-stdin are two "
							"ways to the same");
	snprintf(key, DDNS_DNAME_TEXT_MAX + 1, "KEY");
	if (option != NULL)
		CHECK(lookup_name(session, option, key));
	if (!is_usual(client->name, "-._") || !is_usual(key, "-._"))
		return session_fail(session, DDNS_BAD_INPUT, NULL,
				    "'%.200s' has characters that configurations cannot hold",
				    is_usual(key, "-._") ? client->name : key);
	const char *params[] = {client->name, option != NULL ? key : NULL};
	CHECK(session_query(session, DDNS_STATEMENT_CTL_CLIENT, params, 2, &rows));
	const char *algorithm = ddns_rows_text(rows, 0, ALGORITHM);
	if (option != NULL && algorithm == NULL)
		CHECK(lookup_missing(session, "key", key));
	snprintf(client->clause.algorithm, sizeof client->clause.algorithm, "%s",
		 algorithm != NULL ? algorithm : "hmac-sha256");
	client->text.name = client->name;
	client->text.key = key;
	client->text.algorithm = client->clause.algorithm;
	CHECK(place(session, client, arguments, rows));
	CHECK(take_secret(session, client, arguments));
	warn(client, rows);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static enum ddns_result
print(struct session *session, const struct client *client)
{
	char *text = NULL;
	size_t length = 0;
	json_t *object = NULL;
	FILE *stream = open_memstream(&text, &length);
	enum ddns_result result = DDNS_OK;

	if (stream == NULL)
		return session_no_memory(session);
	client->program->write(stream, &client->text);
	if (fclose(stream) != 0)
		return session_no_memory(session);
	if (session->wants_json) {
		object = json_pack("{s:s, s:s, s:s}", "name", client->name, "program",
				   client->program->name, "configuration", text);
		if (object == NULL || output_json(stdout, object) != DDNS_OK)
			result = session_no_memory(session);
	} else {
		fputs(text, stdout);
	}
	json_decref(object);
	OPENSSL_cleanse(text, length);
	free(text);
	return result;
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	struct client client = {.program = NULL};
	char key[DDNS_DNAME_TEXT_MAX + 1];
	enum ddns_result result;

	CHECK(gather(session, arguments, &client, key));
	CHECK(print(session, &client));
cleanup:
	OPENSSL_cleanse(&client, sizeof client);
	return result;
}

static const struct command_option options[] = {
	{"key", "KEY", false, "the key that it identifies itself by [a placeholder]"},
	{"show-secret", NULL, false, "with the key's secret, which the secret key file opens"},
	{"secret-stdin", NULL, false, "with the secret that is the first line of standard input"},
	{"url", "URL", false,
	 "the gateway, such as https://gw.example.org [the setting update_url]"},
	{"server", "NAME[:PORT]", false, "where DNS UPDATE goes, for nsupdate [the zone's MNAME]"},
};

static const struct command commands[] = {
	{"", "NAME ddclient|inadyn|curl|nsupdate|router", 2, 2,
	 "prints a ready configuration of a program that keeps a domain up to date",
	 "Without --show-secret or --secret-stdin the word " PLACEHOLDER
	 " stands where the key's secret goes.\n\n"
	 "  ddnsctl client joe.dyn.example.org ddclient --key joe-router --show-secret\n",
	 options, sizeof options / sizeof *options, show},
};

const struct noun client_noun = {"client", "configurations of update clients", commands, 1};
