// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the canonical form that named-checkconf prints: one statement a line, blocks in braces.
#include "gateway/ctl/doctor/named_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/ctl/doctor/child.h"

enum { CHECKCONF_MS = 20 * 1000, DNS_PORT = 53 };

static bool
starts(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

/* `database "dlopen FILE WORDS";` the words that are the module's own are not libpq's. */
static enum ddns_result
take_dlz(char *line, struct named_conf *conf)
{
	char *text = strchr(line, '"'), *end = strrchr(line, '"'), *rest, *word;
	if (text == NULL || end == text || conf->dlz_count == NAMED_CONF_DLZ_MAX)
		return DDNS_OK;
	*end = '\0';
	strtok_r(text + 1, " \t", &rest); // dlopen
	word = strtok_r(NULL, " \t", &rest);
	if (word == NULL || strstr(word, "dlz_ddns") == NULL)
		return DDNS_OK;
	struct named_dlz *dlz = &conf->dlz[conf->dlz_count++];
	dlz->module = strdup(word);
	dlz->conninfo = calloc(1, strlen(rest) + 1);
	if (dlz->module == NULL || dlz->conninfo == NULL)
		return DDNS_NO_MEMORY;
	while ((word = strtok_r(NULL, " \t", &rest)) != NULL) {
		if (strcmp(word, "only-dlz") == 0)
			continue;
		if (dlz->conninfo[0] != '\0')
			strcat(dlz->conninfo, " ");
		strcat(dlz->conninfo, word);
	}
	return DDNS_OK;
}

/* The first element of an address match list, on the line after its head. */
static void
take_element(const char *head, const char *line, struct named_conf *conf)
{
	if (starts(head, "allow-transfer") && strstr(line, "any") != NULL)
		conf->allows_all_transfers = true;
	if (!starts(head, "listen-on ") || conf->listen_address[0] != '\0')
		return;
	size_t length = strcspn(line, "/;");
	struct address address;
	if (length >= sizeof conf->listen_address)
		return;
	memcpy(conf->listen_address, line, length);
	conf->listen_address[length] = '\0';
	if (address_parse(conf->listen_address, &address) != DDNS_OK)
		conf->listen_address[0] = '\0'; // any, or the name of an acl
}

enum ddns_result
named_conf_parse(char *text, struct named_conf *conf)
{
	const char *head = "";
	char *rest = text, *line;
	enum ddns_result result = DDNS_OK;

	*conf = (struct named_conf){.is_read = true, .listen_port = DNS_PORT};
	while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
		line += strspn(line, " \t");
		if (starts(line, "database \"dlopen "))
			CHECK(take_dlz(line, conf));
		else if (starts(line, "recursion no;"))
			conf->says_recursion_no = true;
		else if (starts(line, "minimal-responses yes;"))
			conf->says_minimal_responses = true;
		else if (starts(line, "allow-transfer"))
			conf->says_allow_transfer = true;
		else if (starts(line, "listen-on port "))
			conf->listen_port = (unsigned)atoi(line + strlen("listen-on port "));
		else
			take_element(head, line, conf);
		head = line;
	}
cleanup:
	if (result != DDNS_OK)
		named_conf_free(conf);
	return result;
}

enum ddns_result
named_conf_read(const char *path, struct named_conf *conf, char *error, size_t size)
{
	char name[] = "named-checkconf", print[] = "-p", hide[] = "-x";
	char *argv[] = {name, print, hide, strdup(path), NULL};
	struct child_result child;

	*conf = (struct named_conf){0};
	if (argv[3] == NULL)
		return DDNS_NO_MEMORY;
	bool is_readable = access(path, R_OK) == 0, is_missing = errno == ENOENT;
	bool is_run = is_readable && child_run(argv, CHECKCONF_MS, &child);
	free(argv[3]);
	if (!is_readable)
		return is_missing ? DDNS_NOT_FOUND : DDNS_DENIED;
	if (!is_run)
		return DDNS_UNAVAILABLE;
	enum ddns_result result = DDNS_UNAVAILABLE;
	if (child.is_done && child.status == 0) {
		result = named_conf_parse(child.text, conf);
	} else if (child.is_done) {
		snprintf(error, size, "%.*s", (int)strcspn(child.text, "\n"), child.text);
		result = DDNS_BAD_INPUT;
	}
	free(child.text);
	return result;
}

void
named_conf_free(struct named_conf *conf)
{
	for (size_t i = 0; i < conf->dlz_count; i++) {
		free(conf->dlz[i].module);
		free(conf->dlz[i].conninfo);
	}
	*conf = (struct named_conf){0};
}
