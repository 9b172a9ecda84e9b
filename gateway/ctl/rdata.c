// SPDX-License-Identifier: GPL-3.0-or-later
// Parses a record's data by libzscanner and prints it by libknot, so that one value has one text.
#include "gateway/ctl/rdata.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>
#include <libzscanner/scanner.h>

#include "gateway/dns/escape.h"
#include "sql/client/rr.h"

enum {
	STRING_MAX = 255,	  // octets of one string in TXT (RFC 1035 section 3.3)
	DUMP_SIZE_FIRST = 4096,	  // grown as needed, to
	DUMP_SIZE_MAX = 16 << 20, // more than any 64 KiB of data can print as
};

/* How data of a type looks, for the hint of a refusal. */
static const struct {
	const char *type, *example;
} examples[] = {
	{"A", "192.0.2.1"},
	{"AAAA", "2001:db8::1"},
	{"CAA", "0 issue \"letsencrypt.org\""},
	{"CNAME", "host.example.org."},
	{"DNAME", "other.example.org."},
	{"HTTPS", "1 . alpn=h2"},
	{"LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m"},
	{"MX", "10 mail.example.org."},
	{"NAPTR", "100 10 \"S\" \"SIP+D2U\" \"\" _sip._udp.example.org."},
	{"NS", "ns1.example.org."},
	{"PTR", "host.example.org."},
	{"SRV", "0 5 5060 sip.example.org."},
	{"SSHFP", "4 2 HEXADECIMAL-SHA-256"},
	{"SVCB", "1 svc.example.org. port=8443"},
	{"TLSA", "3 1 1 HEXADECIMAL-SHA-256"},
	{"TXT", "v=spf1 -all"},
	{"URI", "10 1 \"https://example.org/\""},
};

static const char *
example_of(const char *type)
{
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
		if (strcmp(examples[i].type, type) == 0)
			return examples[i].example;
	return NULL;
}

static enum ddns_result
refuse(struct rdata_error *error, const char *type, const char *text, const char *why)
{
	const char *example = example_of(type);
	snprintf(error->message, sizeof error->message, "'%.200s' is not %s data: %s", text, type,
		 why);
	if (example != NULL)
		snprintf(error->hint, sizeof error->hint, "%s data look like this: %s", type,
			 example);
	else
		snprintf(error->hint, sizeof error->hint,
			 "write it as in a master file, or as \\# LENGTH HEXADECIMAL");
	return DDNS_BAD_INPUT;
}

enum ddns_result
rdata_type(const char *text, char type[RDATA_TYPE_MAX + 1], struct rdata_error *error)
{
	char upper[RDATA_TYPE_MAX + 1];
	uint16_t number;
	size_t length = strlen(text);
	*error = (struct rdata_error){0};
	for (size_t i = 0; i <= length && length <= RDATA_TYPE_MAX; i++)
		upper[i] = (char)toupper((unsigned char)text[i]);
	if (length > RDATA_TYPE_MAX || knot_rrtype_from_string(upper, &number) != 0 ||
	    knot_rrtype_to_string(number, type, RDATA_TYPE_MAX + 1) < 0) {
		snprintf(error->message, sizeof error->message, "there is no record type '%.40s'",
			 text);
		snprintf(error->hint, sizeof error->hint,
			 "types are A, AAAA, CNAME, MX, TXT and so on, or TYPE and a number");
		return DDNS_BAD_INPUT;
	}
	return DDNS_OK;
}

/* libzscanner takes other octets than ASCII as escapes only. */
static void
put_octets(FILE *stream, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x80)
			fputc(c, stream);
		else
			fprintf(stream, "\\%03u", c);
	}
}

/* Text without quotes as quoted strings; in one with escapes octets cannot be counted: it is not
 * cut. */
static void
put_quoted(FILE *stream, const char *text)
{
	size_t length = strlen(text), step = strchr(text, '\\') == NULL ? STRING_MAX : length + 1;
	for (size_t at = 0; at == 0 || at < length; at += step) {
		fputs(at > 0 ? " \"" : "\"", stream);
		put_octets(stream, text + at, length - at < step ? length - at : step);
		fputc('"', stream);
	}
}

/* One line of a master file, to be freed. */
static char *
make_line(const char *type, const char *text)
{
	bool is_text = strcmp(type, "TXT") == 0;
	char *line = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&line, &size);
	if (stream == NULL)
		return NULL;
	fprintf(stream, ". 0 IN %s ", type);
	if (is_text && strchr(text, '"') == NULL && strncmp(text, "\\#", 2) != 0)
		put_quoted(stream, text);
	else if (is_text)
		put_octets(stream, text, strlen(text));
	else
		fputs(text, stream);
	fputc('\n', stream);
	return fclose(stream) == 0 ? line : NULL;
}

/* Parses the line; names without final dot get `origin`.  NULL, or why not. */
static const char *
scan(zs_scanner_t *scanner, const char *origin, const char *line)
{
	zs_deinit(scanner); // of the last time
	if (zs_init(scanner, origin, KNOT_CLASS_IN, 0) != 0 ||
	    zs_set_input_string(scanner, line, strlen(line)) != 0 || zs_parse_record(scanner) != 0)
		return zs_strerror(scanner->error.code);
	if (scanner->state == ZS_STATE_DATA)
		return NULL;
	return scanner->state == ZS_STATE_ERROR ? zs_strerror(scanner->error.code)
						: "there is nothing in it";
}

/* A name without final dot shows itself by following the origin. */
static const char *
scan_twice(zs_scanner_t *one, zs_scanner_t *other, const char *line)
{
	const char *why = scan(one, "a.", line);
	return why != NULL ? why : scan(other, "b.", line);
}

/* Names may have characters that the scanner takes as escapes only. */
static bool
scan_odd(zs_scanner_t *one, zs_scanner_t *other, const char *line)
{
	static const enum escape_which tries[] = {ESCAPE_ALL, ESCAPE_ALL_BUT_EQUALS};
	size_t length = strlen(line);
	char *escaped = malloc(4 * length + 1);
	bool is_read = false;

	for (size_t i = 0; escaped != NULL && !is_read && i < sizeof tries / sizeof *tries; i++) {
		escaped[escape_text(line, length, tries[i], escaped)] = '\0';
		is_read = scan_twice(one, other, escaped) == NULL;
	}
	free(escaped);
	return is_read;
}

char *
rdata_text(uint16_t type, const uint8_t *data, size_t length)
{
	knot_dname_t root[1] = {0};
	knot_rrset_t rrset;
	char *text = NULL;
	knot_rrset_init(&rrset, root, type, KNOT_CLASS_IN, 0);
	if (knot_rrset_add_rdata(&rrset, data, (uint16_t)length, NULL) != KNOT_EOK ||
	    knot_rrset_rr_to_canonical(&rrset) != KNOT_EOK)
		goto cleanup;
	for (size_t size = DUMP_SIZE_FIRST; size <= DUMP_SIZE_MAX; size *= 2) {
		char *grown = realloc(text, size);
		if (grown == NULL)
			break;
		text = grown;
		int end = knot_rrset_txt_dump_data(&rrset, 0, text, size, &KNOT_DUMP_STYLE_DEFAULT);
		if (end < 0)
			continue;
		// libknot ends CAA with a blank; one that belongs to a value is quoted or escaped
		while (end > 0 && text[end - 1] == ' ')
			text[--end] = '\0';
		escape_reduce(text);
		goto cleanup;
	}
	free(text);
	text = NULL;
cleanup:
	knot_rdataset_clear(&rrset.rrs, NULL);
	return text;
}

const char *
rdata_fault(const char *type, const char *text)
{
	int number = ddns_rr_type(type);
	return number >= 0 ? ddns_rr_check((unsigned)number, text) : NULL;
}

enum ddns_result
rdata_canonical(const char *type, const char *text, char **outp, struct rdata_error *error)
{
	// each holds a record of 64 KiB and more: not for the stack
	zs_scanner_t *one = calloc(1, sizeof *one), *other = calloc(1, sizeof *other);
	char *line = NULL, *out = NULL;
	const char *why;
	enum ddns_result result = DDNS_NO_MEMORY;

	*error = (struct rdata_error){0};
	for (const char *c = text; *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c) && *c != '\t') {
			result = refuse(error, type, "...", "a control character is in it");
			goto cleanup;
		}
	}
	line = make_line(type, text);
	if (one == NULL || other == NULL || line == NULL)
		goto cleanup;
	why = scan_twice(one, other, line);
	if (why != NULL && scan_odd(one, other, line))
		why = NULL;
	if (why != NULL) {
		result = refuse(error, type, text, why);
		goto cleanup;
	}
	if (one->r_data_length != other->r_data_length ||
	    memcmp(one->r_data, other->r_data, one->r_data_length) != 0) {
		result = refuse(error, type, text, "a name in it has no final dot");
		snprintf(error->hint, sizeof error->hint,
			 "write the whole name and a dot after it, such as host.example.org.");
		goto cleanup;
	}
	out = rdata_text(one->r_type, one->r_data, one->r_data_length);
	if (out == NULL)
		goto cleanup;
	why = rdata_fault(type, out);
	if (why != NULL) {
		result = refuse(error, type, text, why);
		free(out);
		goto cleanup;
	}
	*outp = out;
	result = DDNS_OK;
cleanup:
	if (one != NULL)
		zs_deinit(one);
	if (other != NULL)
		zs_deinit(other);
	free(one);
	free(other);
	free(line);
	return result;
}
