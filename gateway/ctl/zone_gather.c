// SPDX-License-Identifier: GPL-3.0-or-later
// Turns the records of a zone file into rows, some thousand at a time.
#include "gateway/ctl/zone_gather.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "gateway/ctl/rdata.h"

enum { ROWS = 5000, COLUMNS = 7, NUMBER_SIZE = 24, SOA_MAX = INT32_MAX, TYPE_SIZE = 16 };
enum {
	FILE_COLUMN,
	LINE_COLUMN,
	OWNER_COLUMN,
	TYPE_COLUMN,
	TTL_COLUMN,
	RDATA_COLUMN,
	PLAIN_COLUMN
};

/* Types that a signer makes; named here by the one warning there is for each. */
static const uint16_t signers_types[] = {
	KNOT_RRTYPE_SIG,	30, // NXT
	KNOT_RRTYPE_RRSIG,	KNOT_RRTYPE_NSEC,
	KNOT_RRTYPE_DNSKEY,	KNOT_RRTYPE_NSEC3,
	KNOT_RRTYPE_NSEC3PARAM, KNOT_RRTYPE_CDS,
	KNOT_RRTYPE_CDNSKEY,	KNOT_RRTYPE_ZONEMD,
};
enum { SIGNERS_TYPES = sizeof signers_types / sizeof *signers_types };

struct gather {
	struct session *session;
	const char *origin;
	struct progress *progress;
	struct zone_remarks *remarks;
	struct ddns_array columns[COLUMNS];
	size_t rows; // in the columns
	uint64_t sent;
	json_t *soa;
	struct zone_file_place dropped_first[SIGNERS_TYPES];
	uint64_t dropped[SIGNERS_TYPES];
};

static enum ddns_result
send_rows(struct gather *gather)
{
	char sent[NUMBER_SIZE];
	const char *params[2 + COLUMNS] = {gather->origin, sent};
	struct ddns_rows *rows = NULL;
	enum ddns_result result = DDNS_OK;

	if (gather->rows == 0)
		return DDNS_OK;
	snprintf(sent, sizeof sent, "%" PRIu64, gather->sent);
	for (size_t i = 0; i < COLUMNS; i++)
		if (ddns_array_text(&gather->columns[i], &params[2 + i]) != DDNS_OK)
			return session_no_memory(gather->session);
	CHECK(session_query(gather->session, DDNS_STATEMENT_CTL_IMPORT_PUT, params, 2 + COLUMNS,
			    &rows));
	gather->sent += gather->rows;
	gather->rows = 0;
	for (size_t i = 0; i < COLUMNS; i++)
		ddns_array_clear(&gather->columns[i]);
	progress_count(gather->progress, "records read", gather->sent);
cleanup:
	ddns_rows_free(rows);
	return result;
}

static bool
has_only(const char *text, const char *more)
{
	for (; *text != '\0'; text++)
		if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    strchr(more, *text) == NULL)
			return false;
	return true;
}

/*
 * Whether the database's canonical form is this text for sure, so that it need not look: usual
 * owners, addresses and names.  The rules of the records' table are asked for all in the end.
 */
static bool
is_plain(uint16_t type, uint32_t ttl, const char *owner, const char *rdata)
{
	bool is_apex = strcmp(owner, "@") == 0;
	if (ttl > INT32_MAX || (!is_apex && !has_only(owner, "-_.")))
		return false;
	switch (type) {
	case KNOT_RRTYPE_A:
		return true;
	case KNOT_RRTYPE_AAAA: // the two write addresses that embed an IPv4 one differently
		return strncmp(rdata, "::", 2) != 0;
	case KNOT_RRTYPE_CNAME:
		return !is_apex && has_only(rdata, "-_.");
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_PTR:
		return has_only(rdata, "-_.");
	case KNOT_RRTYPE_MX:
	case KNOT_RRTYPE_SRV:
		return has_only(rdata, "-_. ");
	default:
		return false;
	}
}

static void
add_number(struct ddns_array *array, uint64_t number)
{
	char text[NUMBER_SIZE];
	snprintf(text, sizeof text, "%" PRIu64, number);
	ddns_array_add(array, text);
}

static enum ddns_result
add_row(struct gather *gather, const struct zone_file_record *record, const char *owner)
{
	char type[TYPE_SIZE];
	char *rdata = rdata_text(record->type, record->rdata, record->rdata_length);

	if (rdata == NULL)
		return session_no_memory(gather->session);
	if (knot_rrtype_to_string(record->type, type, sizeof type) < 0)
		snprintf(type, sizeof type, "TYPE%u", record->type);
	const char *fault = rdata_fault(type, rdata);
	if (fault != NULL) {
		char text[128];
		snprintf(text, sizeof text, "these %s data cannot be served: %s", type, fault);
		zone_remarks_add(gather->remarks, true, &record->place, text);
	}
	add_number(&gather->columns[FILE_COLUMN], record->place.file);
	add_number(&gather->columns[LINE_COLUMN], record->place.line);
	ddns_array_add(&gather->columns[OWNER_COLUMN], owner);
	ddns_array_add(&gather->columns[TYPE_COLUMN], type);
	add_number(&gather->columns[TTL_COLUMN], record->ttl);
	ddns_array_add(&gather->columns[RDATA_COLUMN], rdata);
	ddns_array_add(&gather->columns[PLAIN_COLUMN],
		       is_plain(record->type, record->ttl, owner, rdata) ? "t" : "f");
	free(rdata);
	return ++gather->rows < ROWS ? DDNS_OK : send_rows(gather);
}

/* A number of the SOA, which the database keeps as int, but for the serial. */
static uint32_t
soa_number(struct gather *gather, const struct zone_file_record *record, size_t at, bool is_serial)
{
	const uint8_t *octets = record->rdata + at;
	uint32_t number = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
			  (uint32_t)octets[2] << 8 | octets[3];
	if (number > SOA_MAX && !is_serial)
		zone_remarks_add(gather->remarks, true, &record->place,
				 "a number of the SOA record is over 2147483647");
	return number;
}

/* Its data: two names, then serial, refresh, retry, expire and minimum (RFC 1035 section 3.3.13).
 */
static enum ddns_result
take_soa(struct gather *gather, const struct zone_file_record *record, bool is_apex)
{
	char mname[DDNS_DNAME_TEXT_MAX + 1], rname[DDNS_DNAME_TEXT_MAX + 1];
	size_t first = knot_dname_size(record->rdata);
	size_t second = knot_dname_size(record->rdata + first);
	size_t at = first + second;

	if (!is_apex || gather->soa != NULL) {
		zone_remarks_add(gather->remarks, true, &record->place,
				 is_apex ? "there is a SOA record above already"
					 : "a SOA record stands at the name of the zone only");
		return DDNS_OK;
	}
	if (ddns_dname_from_wire(record->rdata, first, mname) != DDNS_OK ||
	    ddns_dname_from_wire(record->rdata + first, second, rname) != DDNS_OK ||
	    mname[0] == '\0' || rname[0] == '\0') {
		zone_remarks_add(gather->remarks, true, &record->place,
				 "a name in the SOA record is the root of all names");
		return DDNS_OK;
	}
	if (record->ttl > INT32_MAX)
		zone_remarks_add(gather->remarks, true, &record->place,
				 "the TTL of the SOA record is over 2147483647");
	gather->soa =
		json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "mname", mname, "rname",
			  rname, "serial", (json_int_t)soa_number(gather, record, at, true),
			  "refresh", (json_int_t)soa_number(gather, record, at + 4, false), "retry",
			  (json_int_t)soa_number(gather, record, at + 8, false), "expire",
			  (json_int_t)soa_number(gather, record, at + 12, false), "negative_ttl",
			  (json_int_t)soa_number(gather, record, at + 16, false), "ttl",
			  (json_int_t)record->ttl);
	return gather->soa != NULL ? DDNS_OK : session_no_memory(gather->session);
}

/* Counts a record that a signer made.  false: it is none. */
static bool
drop(struct gather *gather, const struct zone_file_record *record)
{
	for (size_t i = 0; i < SIGNERS_TYPES; i++) {
		if (signers_types[i] != record->type)
			continue;
		if (gather->dropped[i]++ == 0)
			gather->dropped_first[i] = record->place;
		return true;
	}
	return false;
}

static enum ddns_result
take_record(void *context, const struct zone_file_record *record)
{
	struct gather *gather = context;
	char name[DDNS_DNAME_TEXT_MAX + 1], owner[DDNS_DNAME_TEXT_MAX + 1];
	char text[2 * DDNS_DNAME_TEXT_MAX + 100];

	if (record->class != KNOT_CLASS_IN) {
		zone_remarks_add(gather->remarks, true, &record->place, "the class is not IN");
		return DDNS_OK;
	}
	if (ddns_dname_from_wire(record->owner, record->owner_length, name) != DDNS_OK ||
	    ddns_dname_relative(name, gather->origin, owner) != DDNS_OK) {
		snprintf(text, sizeof text, "'%s' does not lie in the zone %s", name,
			 gather->origin);
		zone_remarks_add(gather->remarks, true, &record->place, text);
		return DDNS_OK;
	}
	if (record->type == KNOT_RRTYPE_SOA)
		return take_soa(gather, record, strcmp(owner, "@") == 0);
	return drop(gather, record) ? DDNS_OK : add_row(gather, record, owner);
}

static void
take_error(void *context, const struct zone_file_place *place, const char *message)
{
	struct gather *gather = context;
	zone_remarks_add(gather->remarks, true, place, message);
}

static void
take_warning(void *context, const struct zone_file_place *place, const char *message)
{
	struct gather *gather = context;
	zone_remarks_add(gather->remarks, false, place, message);
}

static enum ddns_result
take_file(void *context, unsigned number, const char *path)
{
	struct gather *gather = context;
	enum ddns_result result = zone_remarks_file(gather->remarks, number, path);
	return result == DDNS_OK ? result : session_no_memory(gather->session);
}

static void
warn_of_dropped(struct gather *gather)
{
	char type[TYPE_SIZE], text[128];
	for (size_t i = 0; i < SIGNERS_TYPES; i++) {
		if (gather->dropped[i] == 0)
			continue;
		if (knot_rrtype_to_string(signers_types[i], type, sizeof type) < 0)
			snprintf(type, sizeof type, "TYPE%u", signers_types[i]);
		snprintf(text, sizeof text,
			 "%" PRIu64 " %s records are dropped: a signing secondary makes its own",
			 gather->dropped[i], type);
		zone_remarks_add(gather->remarks, false, &gather->dropped_first[i], text);
	}
}

/* What the database has to say of the rows. */
static enum ddns_result
review(struct gather *gather)
{
	char most[NUMBER_SIZE];
	const char *params[] = {gather->origin, most};
	struct ddns_rows *rows = NULL;
	uint64_t kept[2] = {0}, all[2] = {0};
	enum ddns_result result;

	snprintf(most, sizeof most, "%d", ZONE_REMARKS_MAX);
	progress_step(gather->progress, "looking at the records");
	CHECK(session_query(gather->session, DDNS_STATEMENT_CTL_IMPORT_REVIEW, params, 2, &rows));
	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		bool is_error = ddns_rows_boolean(rows, i, 0);
		const struct zone_file_place place = {(unsigned)ddns_rows_integer(rows, i, 2, 0),
						      (uint64_t)ddns_rows_integer(rows, i, 3, 0)};
		zone_remarks_add(gather->remarks, is_error, &place, ddns_rows_text(rows, i, 4));
		all[is_error] = (uint64_t)ddns_rows_integer(rows, i, 1, 0);
		kept[is_error]++;
	}
	for (size_t i = 0; i < 2; i++)
		zone_remarks_count(gather->remarks, i == 1, all[i] - kept[i]);
cleanup:
	ddns_rows_free(rows);
	return result;
}

enum ddns_result
zone_gather(struct session *session, const char *origin, const char *path,
	    struct progress *progress, struct zone_remarks *remarks, json_t **soap)
{
	static const struct zone_file_place whole = {0, 0};
	struct gather gather = {
		.session = session, .origin = origin, .progress = progress, .remarks = remarks};
	const struct zone_file_handler handler = {take_record, take_error, take_warning, take_file,
						  &gather};
	char error[1024] = "";
	enum ddns_result result;

	CHECK(session_query(session, DDNS_STATEMENT_CTL_IMPORT_BEGIN, NULL, 0, NULL));
	result = zone_file_read(path, origin, &handler, error, sizeof error);
	if (result != DDNS_OK && error[0] != '\0')
		result = session_fail(session, result, NULL, "%s", error);
	else if (result == DDNS_NO_MEMORY)
		result = session_no_memory(session);
	CHECK(result);
	CHECK(send_rows(&gather));
	warn_of_dropped(&gather);
	if (gather.soa == NULL)
		zone_remarks_add(remarks, true, &whole,
				 "there is no SOA record at the name of the zone");
	CHECK(review(&gather));
	*soap = gather.soa;
	gather.soa = NULL;
cleanup:
	for (size_t i = 0; i < COLUMNS; i++)
		ddns_array_free(&gather.columns[i]);
	json_decref(gather.soa);
	return result;
}
