// SPDX-License-Identifier: GPL-3.0-or-later
// What accounts, zones, domains and keys have in common: they have a name, are listed, shown,
// changed.
#include "gateway/ctl/entity.h"

#include <stdlib.h>

#include "gateway/ctl/lookup.h"

/* Those of that name (NULL: any name) that the filters let pass. */
static enum ddns_result
get(struct session *session, const struct entity *entity, const char *name,
    const char *const *filters, json_t **rowsp)
{
	const char *params[1 + ENTITY_FILTERS_MAX] = {name};
	for (size_t i = 0; filters != NULL && i < entity->filter_count; i++)
		params[1 + i] = filters[i];
	return session_array(session, entity->statement, params, 1 + entity->filter_count, rowsp);
}

enum ddns_result
entity_find(struct session *session, const struct entity *entity, const char *name,
	    json_t **objectp)
{
	json_t *rows = NULL;
	enum ddns_result result;

	CHECK(get(session, entity, name, NULL, &rows));
	if (json_array_size(rows) == 0)
		result = lookup_missing(session, entity->noun, name);
	else
		*objectp = json_incref(json_array_get(rows, 0));
cleanup:
	json_decref(rows);
	return result;
}

enum ddns_result
entity_show(struct session *session, const struct entity *entity, const char *name)
{
	json_t *object = NULL;
	enum ddns_result result;

	CHECK(entity_find(session, entity, name, &object));
	CHECK(session_print_fields(session, object, entity->fields, entity->field_count));
cleanup:
	json_decref(object);
	return result;
}

enum ddns_result
entity_list(struct session *session, const struct entity *entity, const char *const *filters)
{
	json_t *rows = NULL;
	enum ddns_result result;

	CHECK(get(session, entity, NULL, filters, &rows));
	CHECK(session_print_list(session, rows, entity->columns, entity->column_count));
cleanup:
	json_decref(rows);
	return result;
}

enum ddns_result
entity_change(struct session *session, const struct entity *entity, enum ddns_statement statement,
	      const char *name, const json_t *values, struct ddns_rows **rowsp)
{
	char *text = values == NULL ? NULL : json_dumps(values, JSON_COMPACT);
	const char *params[] = {name, text};
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	if (values != NULL && text == NULL)
		return session_no_memory(session);
	CHECK(session_query(session, statement, params, values == NULL ? 1 : 2, &rows));
	if (ddns_rows_count(rows) == 0) {
		result = lookup_missing(session, entity->noun, name);
	} else if (rowsp != NULL) {
		*rowsp = rows;
		rows = NULL;
	}
cleanup:
	ddns_rows_free(rows);
	free(text);
	return result;
}
