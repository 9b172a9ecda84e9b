// SPDX-License-Identifier: GPL-3.0-or-later
// Gathers, sorts and prints remarks on zone files.
#include "gateway/ctl/zone_remarks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/input.h"

void
zone_remarks_add(struct zone_remarks *remarks, bool is_error, const struct zone_file_place *place,
		 const char *text)
{
	remarks->all[is_error]++;
	if (remarks->kept[is_error] == ZONE_REMARKS_MAX)
		return;
	if (remarks->count == remarks->size) {
		size_t size = remarks->size + ZONE_REMARKS_MAX;
		struct zone_remark *items = realloc(remarks->items, size * sizeof *items);
		if (items == NULL) {
			remarks->is_broken = true;
			return;
		}
		remarks->items = items;
		remarks->size = size;
	}
	struct zone_remark *remark = &remarks->items[remarks->count];
	*remark = (struct zone_remark){is_error, *place, strdup(text)};
	if (remark->text == NULL) {
		remarks->is_broken = true;
		return;
	}
	remarks->kept[is_error]++;
	remarks->count++;
}

void
zone_remarks_count(struct zone_remarks *remarks, bool is_error, uint64_t count)
{
	remarks->all[is_error] += count;
}

enum ddns_result
zone_remarks_file(struct zone_remarks *remarks, unsigned number, const char *path)
{
	char **files = realloc(remarks->files, (number + 1) * sizeof *files);
	if (files == NULL)
		return DDNS_NO_MEMORY;
	remarks->files = files;
	files[number] = strdup(input_name(path));
	if (files[number] == NULL)
		return DDNS_NO_MEMORY;
	remarks->file_count = number + 1;
	return DDNS_OK;
}

static int
compare(const void *left, const void *right)
{
	const struct zone_remark *a = left, *b = right;
	if (a->place.file != b->place.file)
		return a->place.file < b->place.file ? -1 : 1;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	return (int)b->is_error - (int)a->is_error;
}

/* Control characters of a file must not steer a terminal. */
static void
print_text(const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
}

static void
print(const struct zone_remarks *remarks, const struct zone_remark *remark)
{
	if (remark->place.file < remarks->file_count)
		print_text(remarks->files[remark->place.file]);
	if (remark->place.line > 0)
		fprintf(stderr, ":%" PRIu64, remark->place.line);
	fprintf(stderr, ": %s: ", remark->is_error ? "error" : "warning");
	print_text(remark->text);
	fputc('\n', stderr);
}

void
zone_remarks_print(struct zone_remarks *remarks)
{
	static const char *const words[] = {"warnings", "errors"};
	if (remarks->count > 0)
		qsort(remarks->items, remarks->count, sizeof *remarks->items, compare);
	for (size_t i = 0; i < remarks->count; i++)
		print(remarks, &remarks->items[i]);
	for (size_t i = 0; i < 2; i++)
		if (remarks->all[i] > remarks->kept[i])
			fprintf(stderr, "and %" PRIu64 " more %s\n",
				remarks->all[i] - remarks->kept[i], words[i]);
}

void
zone_remarks_free(struct zone_remarks *remarks)
{
	for (size_t i = 0; i < remarks->count; i++)
		free(remarks->items[i].text);
	for (unsigned i = 0; i < remarks->file_count; i++)
		free(remarks->files[i]);
	free(remarks->items);
	free(remarks->files);
	*remarks = (struct zone_remarks){.items = NULL};
}
