// SPDX-License-Identifier: GPL-3.0-or-later
// The table of statements, made from statements.def.
#include "sql/client/db_internal.h"

// the words that statements.def names groups by
enum {
	READER = DDNS_STATEMENTS_READER,
	REDIRECTS = DDNS_STATEMENTS_REDIRECTS,
	GLOBAL = DDNS_STATEMENTS_GLOBAL,
	GATEWAY = DDNS_STATEMENTS_GATEWAY,
	CTL = DDNS_STATEMENTS_CTL,
	JOBS = DDNS_STATEMENTS_JOBS,
	DNS = DDNS_STATEMENTS_DNS,
	SERVER = DDNS_STATEMENTS_SERVER,
};

static const struct statement statements[DDNS_STATEMENT_COUNT] = {
#define STATEMENT(name, group, shape, columns, text) \
	[DDNS_STATEMENT_##name] = {#name, (group), DDNS_SHAPE_##shape, (columns), (text)},
#include "sql/client/statements.def"
#undef STATEMENT
};

const struct statement *
statement_get(enum ddns_statement id)
{
	return &statements[id];
}
