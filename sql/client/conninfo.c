// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at a connection string without connecting.
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "sql/client/conninfo.h"

enum ddns_result
ddns_conninfo_check(const char *conninfo, char *error, size_t size)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &message);
	if (options != NULL) {
		PQconninfoFree(options);
		return DDNS_OK;
	}
	if (message == NULL)
		return DDNS_NO_MEMORY;
	// libpq quotes the word it stumbled over: it may be part of a password with a blank in it
	if (strstr(conninfo, "password") != NULL)
		snprintf(error, size, "cannot be read: put values with blanks into single quotes");
	else
		snprintf(error, size, "%.*s", (int)strcspn(message, "\n"), message);
	PQfreemem(message);
	return DDNS_BAD_INPUT;
}
