// SPDX-License-Identifier: GPL-3.0-or-later
// Reading of results.
#include <stdlib.h>
#include <string.h>

#include "sql/client/db_internal.h"

size_t
ddns_rows_count(const struct ddns_rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

size_t
ddns_rows_columns(const struct ddns_rows *rows)
{
	return (size_t)PQnfields(rows->result);
}

const char *
ddns_rows_column(const struct ddns_rows *rows, size_t column)
{
	return PQfname(rows->result, (int)column);
}

bool
ddns_rows_is_null(const struct ddns_rows *rows, size_t row, size_t column)
{
	return PQgetisnull(rows->result, (int)row, (int)column) != 0;
}

const char *
ddns_rows_text(const struct ddns_rows *rows, size_t row, size_t column)
{
	if (ddns_rows_is_null(rows, row, column))
		return NULL;
	return PQgetvalue(rows->result, (int)row, (int)column);
}

int64_t
ddns_rows_integer(const struct ddns_rows *rows, size_t row, size_t column, int64_t otherwise)
{
	const char *text = ddns_rows_text(rows, row, column);
	if (text == NULL)
		return otherwise;
	char *end;
	long long value = strtoll(text, &end, 10);
	return end != text && *end == '\0' ? value : otherwise;
}

bool
ddns_rows_boolean(const struct ddns_rows *rows, size_t row, size_t column)
{
	const char *text = ddns_rows_text(rows, row, column);
	return text != NULL && strcmp(text, "t") == 0;
}

void
ddns_rows_free(struct ddns_rows *rows)
{
	if (rows == NULL)
		return;
	PQclear(rows->result);
	free(rows);
}
