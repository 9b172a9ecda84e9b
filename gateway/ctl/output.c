// SPDX-License-Identifier: GPL-3.0-or-later
// Prints JSON values as tables, as fields, or as they are.
#include "gateway/ctl/output.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2 };

/* The length of what stands first in a text, where it would steer a terminal; else 0. */
static size_t
control_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) // C1: U+009B begins what ESC [ does
		return 2;
	if (c[0] != 0xe2)
		return 0;
	// line ends, and what turns text round: U+2028 to U+202E, U+2066 to U+2069
	return (c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||
			       (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)
		       ? 3
		       : 0;
}

/* Text may be strangers', as in the reason of a try that failed. */
static void
replace_controls(char *text)
{
	char *to = text;
	while (*text != '\0') {
		size_t length = control_length(text);
		*to++ = length > 0 ? '?' : *text;
		text += length > 0 ? length : 1;
	}
	*to = '\0';
}

/* Columns that a text takes: the characters of its UTF-8. */
static size_t
width_of(const char *text)
{
	size_t width = 0;
	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static char *
join(const json_t *array)
{
	char *joined = NULL, *item = NULL;
	size_t size = 0, index;
	const json_t *value;
	FILE *stream = open_memstream(&joined, &size);
	if (stream == NULL)
		return NULL;
	json_array_foreach(array, index, value)
	{
		item = json_is_string(value) ? strdup(json_string_value(value))
					     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		if (item != NULL)
			fprintf(stream, "%s%s", index > 0 ? "," : "", item);
		free(item);
	}
	return fclose(stream) == 0 ? joined : NULL;
}

/* "2026-11-22T20:54:15.653198+00:00" as "2026-11-22 20:54:15Z". */
static char *
shorten_time(const char *time)
{
	char *text = strdup(time);
	size_t seconds = strlen("2026-11-22T20:54:15");
	if (text == NULL || strlen(text) < seconds || text[10] != 'T')
		return text;
	const char *zone = time + seconds;
	zone += strspn(zone, ".0123456789");
	text[10] = ' ';
	strcpy(text + seconds, strcmp(zone, "+00:00") == 0 ? "Z" : zone);
	return text;
}

/* A value's text for people, to be freed; NULL when out of memory. */
static char *
text_of(const json_t *value, enum output_kind kind)
{
	char *text;
	if (value == NULL || json_is_null(value) ||
	    (json_is_array(value) && json_array_size(value) == 0))
		text = strdup("-");
	else if (json_is_boolean(value))
		text = strdup(json_is_true(value) ? "yes" : "no");
	else if (json_is_string(value) && kind == OUTPUT_TIME)
		text = shorten_time(json_string_value(value));
	else if (json_is_string(value))
		text = strdup(json_string_value(value));
	else if (json_is_array(value))
		text = join(value);
	else
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	if (text != NULL)
		replace_controls(text);
	return text;
}

static void
print_cell(FILE *stream, const char *text, size_t width, enum output_kind kind, bool is_last)
{
	int fill = (int)(width - width_of(text));
	if (kind == OUTPUT_NUMBER)
		fprintf(stream, "%*s%s", fill, "", text);
	else
		fprintf(stream, "%s%*s", text, is_last ? 0 : fill, "");
	fprintf(stream, "%*s", is_last ? 0 : GAP, "");
}

/* cells[row * count + column], row 0 the titles; to be freed by free_cells. */
static char **
make_cells(const json_t *rows, const struct output_column *columns, size_t count, size_t *widths)
{
	size_t height = json_array_size(rows) + 1;
	char **cells = calloc(height * count, sizeof *cells);
	for (size_t i = 0; cells != NULL && i < height * count; i++) {
		const struct output_column *column = &columns[i % count];
		cells[i] = i < count ? strdup(column->title)
				     : text_of(json_object_get(json_array_get(rows, i / count - 1),
							       column->key),
					       column->kind);
		if (cells[i] == NULL) {
			while (i-- > 0)
				free(cells[i]);
			free(cells);
			return NULL;
		}
		size_t width = width_of(cells[i]);
		if (width > widths[i % count])
			widths[i % count] = width;
	}
	return cells;
}

enum ddns_result
output_table(FILE *stream, const json_t *rows, const struct output_column *columns, size_t count)
{
	size_t cell_count = (json_array_size(rows) + 1) * count;
	size_t *widths = calloc(count, sizeof *widths);
	char **cells = NULL;
	enum ddns_result result = DDNS_NO_MEMORY;

	if (widths == NULL)
		goto cleanup;
	cells = make_cells(rows, columns, count, widths);
	if (cells == NULL)
		goto cleanup;
	for (size_t i = 0; cell_count > count && i < cell_count; i++) {
		size_t column = i % count;
		bool is_last = column == count - 1;
		print_cell(stream, cells[i], widths[column], columns[column].kind, is_last);
		if (is_last)
			fputc('\n', stream);
	}
	result = DDNS_OK;
cleanup:
	for (size_t i = 0; cells != NULL && i < cell_count; i++)
		free(cells[i]);
	free(cells);
	free(widths);
	return result;
}

enum ddns_result
output_fields(FILE *stream, const json_t *object, const struct output_column *columns, size_t count)
{
	size_t width = 0;
	for (size_t i = 0; i < count; i++)
		if (width_of(columns[i].title) > width)
			width = width_of(columns[i].title);
	for (size_t i = 0; i < count; i++) {
		char *text = text_of(json_object_get(object, columns[i].key), columns[i].kind);
		if (text == NULL)
			return DDNS_NO_MEMORY;
		print_cell(stream, columns[i].title, width, OUTPUT_TEXT, false);
		fprintf(stream, "%s\n", text);
		free(text);
	}
	return DDNS_OK;
}

enum ddns_result
output_json(FILE *stream, const json_t *value)
{
	if (json_dumpf(value, stream, JSON_INDENT(2) | JSON_ENCODE_ANY) != 0)
		return DDNS_NO_MEMORY;
	fputc('\n', stream);
	return DDNS_OK;
}
