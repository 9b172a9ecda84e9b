// SPDX-License-Identifier: GPL-3.0-or-later
// PostgreSQL array literals, element by element.
#include <stdlib.h>
#include <string.h>

#include "sql/client/db.h"

/* Room for `more` octets, the closing brace and a NUL. */
static bool
reserve(struct ddns_array *array, size_t more)
{
	size_t needed;
	if (__builtin_add_overflow(array->length, more, &needed) ||
	    __builtin_add_overflow(needed, 2, &needed)) {
		return false;
	}
	if (needed <= array->size)
		return true;

	size_t size = array->size > 0 ? array->size : 64;
	while (size < needed) {
		if (__builtin_mul_overflow(size, 2, &size))
			return false;
	}
	char *text = realloc(array->text, size);
	if (text == NULL)
		return false;
	array->text = text;
	array->size = size;
	return true;
}

/* Every value is quoted: so the word NULL, blanks and the empty string stay values. */
static void
append_quoted(struct ddns_array *array, const char *value)
{
	char *out = array->text + array->length;
	*out++ = '"';
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			*out++ = '\\';
		*out++ = *value;
	}
	*out++ = '"';
	array->length = (size_t)(out - array->text);
}

void
ddns_array_add(struct ddns_array *array, const char *value)
{
	if (array->is_broken)
		return;

	// a comma or brace, two quotes, and every octet may need a backslash
	size_t length = value != NULL ? strlen(value) : sizeof("NULL") - 1;
	size_t most;
	if (__builtin_mul_overflow(length, 2, &most) || __builtin_add_overflow(most, 3, &most) ||
	    !reserve(array, most)) {
		array->is_broken = true;
		return;
	}

	array->text[array->length] = array->length == 0 ? '{' : ',';
	array->length++;
	if (value != NULL) {
		append_quoted(array, value);
	} else {
		memcpy(array->text + array->length, "NULL", length);
		array->length += length;
	}
}

enum ddns_result
ddns_array_text(struct ddns_array *array, const char **textp)
{
	if (array->is_broken)
		return DDNS_NO_MEMORY;
	if (array->length == 0) {
		*textp = "{}";
		return DDNS_OK;
	}
	// not counted: the next add writes over it
	array->text[array->length] = '}';
	array->text[array->length + 1] = '\0';
	*textp = array->text;
	return DDNS_OK;
}

void
ddns_array_clear(struct ddns_array *array)
{
	array->length = 0;
	array->is_broken = false;
}

void
ddns_array_free(struct ddns_array *array)
{
	free(array->text);
	*array = (struct ddns_array){0};
}
