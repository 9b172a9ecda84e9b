// SPDX-License-Identifier: GPL-3.0-or-later
// Resource records between wire and text.
#include "gateway/dns/rr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libzscanner/scanner.h>

#include "gateway/dns/escape.h"
#include "sql/client/rr.h"

enum {
	TEXT_SMALL = 512,		     // octets of text that nearly all data needs at most
	TEXT_LARGE = 5 * RR_RDATA_MAX + 256, // the longest: each octet as \DDD, blanks and quotes
};

void
rr_type_text(uint16_t type, char out[RR_TYPE_TEXT_MAX + 1])
{
	if (knot_rrtype_to_string(type, out, RR_TYPE_TEXT_MAX + 1) < 0)
		(void)snprintf(out, RR_TYPE_TEXT_MAX + 1, "TYPE%u", type);
}

bool
rr_type_is_meta(uint16_t type)
{
	return type == 0 || type == KNOT_RRTYPE_OPT || (type >= 128 && type <= 255);
}

bool
rr_type_may_be_empty(uint16_t type)
{
	char name[RR_TYPE_TEXT_MAX + 1];

	rr_type_text(type, name);
	return type == KNOT_RRTYPE_APL || type == KNOT_RRTYPE_NULL || strncmp(name, "TYPE", 4) == 0;
}

/* What stands for the type in sql/client/rr.h, -1 for one that is not answered. */
static int
served_type(uint16_t type)
{
	char name[RR_TYPE_TEXT_MAX + 1];

	rr_type_text(type, name);
	return ddns_rr_type(name);
}

/* Writes the text into a buffer of `size`; DDNS_RETRY: it is too small.  libknot 3.2 reads beyond
 * the end of some data that are not their type's, such as NSEC3's: what nobody needs it is not
 * asked for. */
static enum ddns_result
data_dump(const knot_rrset_t *rr, char *text, size_t size)
{
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;

	style.wrap = false;
	style.color = NULL;
	style.generic = rr->type != KNOT_RRTYPE_SOA && served_type(rr->type) < 0;
	int length = knot_rrset_txt_dump_data(rr, 0, text, size, &style);
	if (length < 0 || (size_t)length >= size)
		return length == KNOT_ESPACE ? DDNS_RETRY : DDNS_BAD_INPUT;
	// libknot ends CAA with a blank; one that belongs to a value is quoted or escaped
	while (length > 0 && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	escape_reduce(text);
	return DDNS_OK;
}

/* RFC 1876 section 2: a size or precision of none has no power of ten. */
static bool
has_sizes(const knot_rdata_t *rdata)
{
	for (int i = 1; i <= 3; i++)
		if (rdata->data[i] != 0 && rdata->data[i] >> 4 == 0)
			return false;
	return true;
}

/* RFC 9460 section 2.2: service parameters come in the order of their keys, each once.  In text any
 * order is right. */
static bool
has_ordered_parameters(const knot_rdata_t *rdata)
{
	size_t at = 2 + knot_dname_size(rdata->data + 2);
	int last = -1;

	while (at + 4 <= rdata->len) {
		int key = knot_wire_read_u16(rdata->data + at);
		if (key <= last)
			return false;
		last = key;
		at += 4U + knot_wire_read_u16(rdata->data + at + 2);
	}
	return at == rdata->len;
}

/* Whether the octets are the ones that the text would become again. */
static bool
is_as_sent(const knot_rrset_t *rr)
{
	switch (rr->type) {
	case KNOT_RRTYPE_LOC:
		return has_sizes(rr->rrs.rdata);
	case KNOT_RRTYPE_SVCB:
	case KNOT_RRTYPE_HTTPS:
		return has_ordered_parameters(rr->rrs.rdata);
	default:
		return true;
	}
}

/* Whether name servers read the text as data of the type, where it is one that they know. */
static bool
is_served(uint16_t type, const char *text)
{
	int number = served_type(type);

	return number < 0 || ddns_rr_check((unsigned)number, text) == NULL;
}

enum ddns_result
rr_data_text(const knot_rrset_t *rr, char **textp)
{
	enum ddns_result result = DDNS_RETRY;
	char *text = NULL;

	if (rr->rrs.count != 1)
		return DDNS_BAD_INPUT;
	if (rr->rrs.rdata->len > RR_RDATA_MAX)
		return DDNS_DENIED;
	for (size_t size = TEXT_SMALL; result == DDNS_RETRY; size = TEXT_LARGE) {
		char *larger = realloc(text, size);
		if (larger == NULL) {
			result = DDNS_NO_MEMORY;
			break;
		}
		text = larger;
		result = data_dump(rr, text, size);
		if (size == TEXT_LARGE && result == DDNS_RETRY)
			result = DDNS_BAD_INPUT;
	}
	if (result == DDNS_OK && !(is_served(rr->type, text) && is_as_sent(rr)))
		result = DDNS_BAD_INPUT;
	if (result != DDNS_OK) {
		free(text);
		return result;
	}
	*textp = text;
	return DDNS_OK;
}

struct rr_reader {
	zs_scanner_t scanner;
};

enum ddns_result
rr_reader_create(struct rr_reader **readerp)
{
	struct rr_reader *reader = malloc(sizeof(*reader));

	if (reader == NULL)
		return DDNS_NO_MEMORY;
	*readerp = reader;
	return DDNS_OK;
}

void
rr_reader_free(struct rr_reader *reader)
{
	free(reader);
}

/* The scanner reads one line of a master file; what it found is in its r_ fields. */
static enum ddns_result
line_scan(zs_scanner_t *scanner, const char *line, size_t length)
{
	enum ddns_result result = DDNS_BAD_INPUT;

	if (zs_init(scanner, ".", KNOT_CLASS_IN, 0) != 0)
		return DDNS_NO_MEMORY;
	if (zs_set_input_string(scanner, line, length) == 0 && zs_parse_record(scanner) == 0 &&
	    scanner->state == ZS_STATE_DATA)
		result = DDNS_OK;
	zs_deinit(scanner);
	return result;
}

/* Stored names have characters that the scanner takes as escapes only. */
static enum ddns_result
line_scan_odd(zs_scanner_t *scanner, const char *line, size_t length)
{
	static const enum escape_which tries[] = {ESCAPE_ALL, ESCAPE_ALL_BUT_EQUALS};
	char *escaped = malloc(4 * length + 1);
	enum ddns_result result = escaped != NULL ? DDNS_BAD_INPUT : DDNS_NO_MEMORY;

	for (size_t i = 0; result == DDNS_BAD_INPUT && i < sizeof(tries) / sizeof(*tries); i++)
		result = line_scan(scanner, escaped, escape_text(line, length, tries[i], escaped));
	free(escaped);
	return result;
}

enum ddns_result
rr_reader_read(struct rr_reader *reader, const struct rr_text *text, knot_rrset_t *rr)
{
	enum ddns_result result;
	knot_rrset_t made;
	char *line = NULL;
	zs_scanner_t *scanner = &reader->scanner;

	knot_rrset_init_empty(&made);
	/* Line breaks would end the record and begin another one. */
	if (strpbrk(text->type, " \t\r\n") != NULL || strpbrk(text->rdata, "\r\n") != NULL)
		return DDNS_BAD_INPUT;
	int length = asprintf(&line, ". %u IN %s %s\n", text->ttl, text->type, text->rdata);
	if (length < 0)
		return DDNS_NO_MEMORY;
	result = line_scan(scanner, line, (size_t)length);
	if (result == DDNS_BAD_INPUT)
		result = line_scan_odd(scanner, line, (size_t)length);
	CHECK(result);

	knot_rrset_init(&made, knot_dname_copy(text->owner, NULL), scanner->r_type, KNOT_CLASS_IN,
			scanner->r_ttl);
	if (made.owner == NULL ||
	    knot_rrset_add_rdata(&made, scanner->r_data, (uint16_t)scanner->r_data_length, NULL) !=
		    KNOT_EOK) {
		result = DDNS_NO_MEMORY;
		goto cleanup;
	}
	*rr = made;
	knot_rrset_init_empty(&made);
cleanup:
	knot_rrset_clear(&made, NULL);
	free(line);
	return result;
}
