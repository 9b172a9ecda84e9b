// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: rows as they are read before named may see them, "TYPE RDATA".
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/rr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* named takes a line end, a bracket or a comment for something else than data: never outside
 * quotes. */
static bool
is_one_line(const char *rdata)
{
	bool is_quoted = false;

	for (const char *c = rdata; *c != '\0'; c++) {
		if (*c == '\n' || *c == '\r')
			return false;
		if (*c == '\\' && c[1] != '\0')
			c++;
		else if (*c == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && strchr("();", *c) != NULL)
			return false;
	}
	return !is_quoted;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *type = malloc(size + 1);

	if (type == NULL)
		return 0;
	memcpy(type, data, size);
	type[size] = '\0';
	char *rdata = type + strcspn(type, " ");
	if (*rdata != '\0')
		*rdata++ = '\0';
	int number = ddns_rr_type(type);
	if (number >= 0) {
		const char *name = ddns_rr_type_name((unsigned)number);
		if ((name == NULL) != (number == RR_GENERIC) ||
		    (name != NULL && strcmp(name, type) != 0) ||
		    (ddns_rr_check((unsigned)number, rdata) == NULL && !is_one_line(rdata)))
			abort();
	}
	free(type);
	return 0;
}
