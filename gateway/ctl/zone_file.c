// SPDX-License-Identifier: GPL-3.0-or-later
// Drives libzscanner over master files: directives, includes, $GENERATE, missing TTLs.
#include "gateway/ctl/zone_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libknot/libknot.h>

#include "gateway/ctl/input.h"
#include "gateway/ctl/zone_generate.h"
#include "gateway/ctl/zone_scanner.h"
#include "gateway/ctl/zone_text.h"
#include "gateway/dns/escape.h"
#include "sql/client/dname.h"

/* The TTL that the scanner gives where none is written: more than one may be (RFC 2181 section 8).
 */
#define TTL_NONE UINT32_MAX

/* All files of one reading. */
struct reading {
	const struct zone_file_handler *handler;
	unsigned files;
	uint32_t last_ttl, soa_ttl; // TTL_NONE: not known yet
	bool is_warned;		    // of missing TTLs
};

/* One file. */
struct scan {
	struct reading *reading;
	zs_scanner_t *scanner;
	const struct scan *parent; // the file that includes it; NULL: none
	const char *path;	   // NULL: text in memory
	const char *text;
	size_t length;
	unsigned file; // its number
	uint64_t line; // of the directive at hand
};

static enum ddns_result scan_file(struct scan *parent, struct reading *reading, const char *path,
				  const char *origin, const char *text, size_t length);

static void
hand_error(const struct scan *scan, uint64_t line, const char *message)
{
	const struct zone_file_place place = {scan->file, line};
	scan->reading->handler->error(scan->reading->handler->context, &place, message);
}

/* MINIMUM is the last number of an SOA's data. */
static uint32_t
soa_minimum(const zs_scanner_t *scanner)
{
	uint32_t minimum = 0;
	for (size_t i = 4; i > 0 && scanner->r_data_length >= 4; i--)
		minimum = minimum << 8 | scanner->r_data[scanner->r_data_length - i];
	return minimum;
}

/* The TTL of the record at hand.  false: there is none to take. */
static bool
find_ttl(struct scan *scan, uint64_t line, uint32_t *ttlp)
{
	struct reading *reading = scan->reading;
	const zs_scanner_t *scanner = scan->scanner;
	const struct zone_file_place place = {scan->file, line};
	bool is_soa = scanner->r_type == KNOT_RRTYPE_SOA;

	if (scanner->r_ttl != TTL_NONE) {
		reading->last_ttl = *ttlp = scanner->r_ttl;
		return true;
	}
	if (is_soa && reading->soa_ttl == TTL_NONE && reading->last_ttl == TTL_NONE)
		reading->soa_ttl = soa_minimum(scanner);
	*ttlp = reading->soa_ttl != TTL_NONE ? reading->soa_ttl : reading->last_ttl;
	if (*ttlp == TTL_NONE) {
		hand_error(scan, line, "the record has no TTL, and there is no $TTL above it");
		return false;
	}
	if (!reading->is_warned)
		reading->handler->warning(
			reading->handler->context, &place,
			reading->soa_ttl != TTL_NONE
				? "there is no $TTL: records without a TTL get the SOA's minimum"
				: "there is no $TTL: records without a TTL get that of the one "
				  "before");
	reading->is_warned = true;
	return true;
}

static enum ddns_result
hand_record(struct scan *scan, uint64_t line)
{
	const zs_scanner_t *scanner = scan->scanner;
	struct zone_file_record record = {
		.place = {scan->file, line},
		.owner = scanner->r_owner,
		.owner_length = scanner->r_owner_length,
		.class = scanner->r_class,
		.type = scanner->r_type,
		.rdata = scanner->r_data,
		.rdata_length = scanner->r_data_length,
	};
	if (!find_ttl(scan, line, &record.ttl))
		return DDNS_OK;
	return scan->reading->handler->record(scan->reading->handler->context, &record);
}

/* Why a file cannot be included, or NULL. */
static const char *
include_fault(const struct scan *scan, const char *path)
{
	unsigned depth = 0;
	for (const struct scan *up = scan; up != NULL; up = up->parent, depth++) {
		if (up->path == NULL)
			return "$INCLUDE is not possible here";
		if (strcmp(up->path, path) == 0)
			return "$INCLUDE of a file in itself";
	}
	return depth > ZONE_FILE_DEPTH_MAX ? "$INCLUDE goes too deep" : NULL;
}

static enum ddns_result
include(struct scan *scan, uint64_t line)
{
	const zs_scanner_t *scanner = scan->scanner;
	const struct zone_file_handler *handler = scan->reading->handler;
	const char *path = scanner->include_filename, *fault = include_fault(scan, path);
	char *text = NULL, error[1024];
	size_t length;
	enum ddns_result result;

	if (fault == NULL && input_read(path, &text, &length, error, sizeof error) != DDNS_OK)
		fault = error;
	if (fault != NULL) {
		hand_error(scan, line, fault);
		return DDNS_OK;
	}
	CHECK(handler->file(handler->context, scan->reading->files, path));
	CHECK(scan_file(scan, scan->reading, path, (const char *)scanner->buffer, text, length));
cleanup:
	free(text);
	return result;
}

enum { FAULT_SIZE = 200 };

/* Some whole lines for the scanner. */
struct lines {
	const char *text;
	size_t length;
	uint64_t first;	 // the line that they begin in
	bool is_one;	 // they are all made of that line
	bool is_try;	 // errors are not handed over
	bool has_failed; // outcome: there was an error, the last one
	char fault[FAULT_SIZE];
	uint64_t fault_line;
};

static enum ddns_result
feed(struct scan *scan, struct lines *lines)
{
	zs_scanner_t *scanner = scan->scanner;

	if (lines->length == 0)
		return DDNS_OK;
	if (zs_set_input_string(scanner, lines->text, lines->length) != 0)
		return DDNS_NO_MEMORY;
	scanner->state = ZS_STATE_NONE;
	scanner->line_counter = lines->first;
	while (zs_parse_record(scanner) == 0) {
		uint64_t line = lines->is_one ? lines->first : scanner->line_counter;
		enum ddns_result result = DDNS_OK;
		switch (scanner->state) {
		case ZS_STATE_DATA:
			result = hand_record(scan, line);
			break;
		case ZS_STATE_INCLUDE:
			result = include(scan, line);
			break;
		case ZS_STATE_ERROR:
			zone_scanner_fault(scanner, lines->fault, sizeof lines->fault);
			lines->has_failed = true;
			lines->fault_line = line;
			if (!lines->is_try)
				hand_error(scan, line, lines->fault);
			break;
		case ZS_STATE_NONE:
		case ZS_STATE_EOF:
		case ZS_STATE_STOP:
			return DDNS_OK;
		}
		if (result != DDNS_OK)
			return result;
	}
	return DDNS_OK; // an error behind which nothing can be read; it was handed over
}

/*
 * Gives it one entry with odd characters.  Which of them belong to names it alone knows, so it is
 * asked; escaped or not, what it takes means the same.
 */
static enum ddns_result
feed_odd(struct scan *scan, const struct lines *entry)
{
	static const enum escape_which tries[] = {ESCAPE_FIRST, ESCAPE_ALL, ESCAPE_ALL_BUT_EQUALS};
	struct lines first = {.has_failed = false};
	char *escaped = malloc(4 * entry->length + 1);
	enum ddns_result result = escaped != NULL ? DDNS_OK : DDNS_NO_MEMORY;

	for (size_t i = 0; result == DDNS_OK && i < sizeof tries / sizeof *tries; i++) {
		struct lines lines = *entry;
		lines.text = escaped;
		lines.length = escape_text(entry->text, entry->length, tries[i], escaped);
		lines.is_try = true;
		CHECK(feed(scan, &lines));
		if (!lines.has_failed)
			goto cleanup;
		if (i == 0)
			first = lines;
	}
	if (result == DDNS_OK)
		hand_error(scan, first.fault_line, first.fault);
cleanup:
	free(escaped);
	return result;
}

/* What is made has no part in what a line without an owner means. */
static enum ddns_result
generate(struct scan *scan, const char *text, size_t length)
{
	zs_scanner_t *scanner = scan->scanner;
	struct zone_generate *made = malloc(sizeof *made);
	uint8_t owner[sizeof scanner->r_owner];
	uint32_t owner_length = scanner->r_owner_length;
	char line[ZONE_GENERATE_TEXT_MAX];
	const char *error = NULL;
	size_t line_length;
	enum ddns_result result;

	if (made == NULL)
		return DDNS_NO_MEMORY;
	memcpy(owner, scanner->r_owner, sizeof owner);
	result = zone_generate_parse(text, length, made, &error);
	for (uint64_t number = made->start; result == DDNS_OK && number <= made->stop;
	     number += made->step) {
		result = zone_generate_line(made, (uint32_t)number, line, &line_length, &error);
		struct lines lines = {
			.text = line, .length = line_length, .first = scan->line, .is_one = true};
		struct zone_text state = {0};
		if (result == DDNS_OK) {
			zone_text_follow(&state, line, line_length);
			result = state.is_odd ? feed_odd(scan, &lines) : feed(scan, &lines);
		}
	}
	if (error != NULL) {
		hand_error(scan, scan->line, error);
		result = DDNS_OK;
	}
	memcpy(scanner->r_owner, owner, sizeof owner);
	scanner->r_owner_length = owner_length;
	free(made);
	return result;
}

/* The length of the word at the line's beginning where that is $GENERATE, else 0. */
static size_t
is_generate(const char *line, size_t length)
{
	static const char word[] = "$GENERATE";
	size_t size = sizeof word - 1;
	return length > size && strncasecmp(line, word, size) == 0 &&
			       isspace((unsigned char)line[size])
		       ? size
		       : 0;
}

/* A line that begins with a dollar sign. */
static enum ddns_result
direct(struct scan *scan, const char *text, size_t length)
{
	zs_scanner_t *scanner = scan->scanner;
	char origin[4 * KNOT_DNAME_MAXLEN + 1], *line;
	size_t word = is_generate(text, length), size = length + sizeof origin + 3;
	enum ddns_result result;

	if (word > 0)
		return generate(scan, text + word, length - word);
	line = malloc(size);
	if (line == NULL)
		return DDNS_NO_MEMORY;
	if (knot_dname_to_str(origin, scanner->zone_origin, sizeof origin) == NULL)
		strcpy(origin, ".");
	size_t made = zone_text_absolute(text, length, origin, line, size);
	struct lines lines = {.text = line, .length = made, .first = scan->line, .is_one = true};
	CHECK(feed(scan, &lines));
	if (scanner->error.fatal)
		CHECK(zone_scanner_renew(scanner));
cleanup:
	free(line);
	return result;
}

/*
 * Hands the scanner what needs no help in pieces as large as can be; directives and entries with
 * odd characters, each by itself.
 */
static enum ddns_result
scan_lines(struct scan *scan)
{
	const char *end = scan->text + scan->length;
	struct lines plain = {.text = scan->text, .first = 1}; // what the scanner has not got yet
	struct lines entry = {.text = scan->text, .first = 1}; // behind that: the one at hand
	struct zone_text text = {0};
	uint64_t line = 1;
	enum ddns_result result = DDNS_OK;

	for (const char *at = scan->text, *next; at < end; at = next, line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline != NULL ? newline : end) - at);
		bool is_directive = text.depth == 0 && *at == '$';
		next = at + length + (newline != NULL);
		if (!is_directive)
			zone_text_follow(&text, at, length);
		entry.length += (size_t)(next - at);
		if (text.depth > 0 && next < end)
			continue;
		if (!is_directive && !text.is_odd) {
			plain.length += entry.length;
		} else {
			CHECK(feed(scan, &plain));
			scan->line = line;
			CHECK(is_directive ? direct(scan, at, length) : feed_odd(scan, &entry));
			plain = (struct lines){.text = next, .first = line + 1};
		}
		entry = (struct lines){.text = next, .first = line + 1};
		text = (struct zone_text){0};
	}
	CHECK(feed(scan, &plain));
cleanup:
	return result;
}

static enum ddns_result
scan_file(struct scan *parent, struct reading *reading, const char *path, const char *origin,
	  const char *text, size_t length)
{
	uint32_t ttl = parent != NULL ? parent->scanner->default_ttl : TTL_NONE;
	zs_scanner_t *scanner = zone_scanner_create(origin, ttl, path);
	struct scan scan = {
		.reading = reading,
		.scanner = scanner,
		.parent = parent,
		.path = path,
		.text = text,
		.length = length,
		.file = reading->files++,
	};
	enum ddns_result result;

	if (scanner == NULL)
		return DDNS_NO_MEMORY;
	CHECK(scan_lines(&scan));
	if (parent != NULL)
		parent->scanner->default_ttl = scanner->default_ttl;
cleanup:
	zone_scanner_free(scanner);
	return result;
}

static enum ddns_result
begin(const char *path, const char *text, size_t length, const char *origin,
      const struct zone_file_handler *handler)
{
	struct reading reading = {.handler = handler, .last_ttl = TTL_NONE, .soa_ttl = TTL_NONE};
	char absolute[DDNS_DNAME_TEXT_MAX + 2];
	enum ddns_result result;

	snprintf(absolute, sizeof absolute, "%s.", origin);
	CHECK(handler->file(handler->context, 0, path != NULL ? path : "-"));
	CHECK(scan_file(NULL, &reading, path, absolute, text, length));
cleanup:
	return result;
}

enum ddns_result
zone_file_parse(const char *text, size_t length, const char *origin,
		const struct zone_file_handler *handler)
{
	return begin(NULL, text, length, origin, handler);
}

enum ddns_result
zone_file_read(const char *path, const char *origin, const struct zone_file_handler *handler,
	       char *error, size_t size)
{
	char *text = NULL;
	size_t length;
	enum ddns_result result;

	error[0] = '\0';
	CHECK(input_read(path, &text, &length, error, size));
	CHECK(begin(path, text, length, origin, handler));
cleanup:
	free(text);
	return result;
}
