// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: what a browser sends to be redirected, and the URL it is sent to.  Lines of the
// input: the stored URL, the path asked for, Host, Accept-Language.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/redirect/host.h"
#include "gateway/redirect/language.h"
#include "gateway/redirect/target.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What may stand in a header: no blank, no control byte, nothing over 0x7e. */
static void
check_visible(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		require(*c > 0x20 && *c < 0x7f);
}

static void
check_target(const char *url, const char *path)
{
	static char target[TARGET_SIZE], again[TARGET_SIZE], location[LOCATION_SIZE];
	char host[TARGET_HOST_SIZE];

	if (target_check(url, target) != DDNS_OK)
		return;
	check_visible(target);
	require(strncmp(target, "http://", 7) == 0 || strncmp(target, "https://", 8) == 0);
	if (strlen(target) <= TARGET_MAX)
		require(target_check(target, again) == DDNS_OK && strcmp(target, again) == 0);
	target_host(target, host);
	// a browser must read the same host out of it: nothing but a port, a path or the end
	// follows
	const char *authority = strstr(target, "//") + 2;
	size_t length = authority[0] == '[' ? strcspn(authority, "]") + 1 : strlen(host);
	if (authority[length] == '.')
		length++;
	require(length > 0 && strchr(":/?#", authority[length]) != NULL);

	if (authority[strcspn(authority, "/?#")] == '\0' &&
	    target_append(target, path, location) == DDNS_OK) {
		check_visible(location);
		require(strncmp(location, target, strlen(target)) == 0 &&
			location[strlen(target)] == '/');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { URL, PATH, HOST, ACCEPT, LINES };
	char *text = malloc(size + 1), *lines[LINES], *rest = text;
	static char empty[] = "";
	struct host host;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (int i = 0; i < LINES; i++) {
		char *line = strsep(&rest, "\n");
		lines[i] = line != NULL ? line : empty;
	}
	check_target(lines[URL], lines[PATH]);
	if (host_parse(lines[HOST], &host) == DDNS_OK) {
		check_visible(host.name);
		require(host.name[strcspn(host.name, "/?#@\\%")] == '\0');
	}
	require((int)language_choose(lines[ACCEPT]) < LANGUAGE_COUNT);
	free(text);
	return 0;
}
