// SPDX-License-Identifier: GPL-3.0-or-later
// Reads master files (RFC 1035 section 5) with their directives, by libzscanner.
#ifndef GATEWAY_CTL_ZONE_FILE_H
#define GATEWAY_CTL_ZONE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "sql/client/result.h"

/* Where something stands: the file's number, in the order in which they are opened, and the line.
 */
struct zone_file_place {
	unsigned file;
	uint64_t line; // the one that it ends in
};

/* Valid during the call only. */
struct zone_file_record {
	struct zone_file_place place;
	const uint8_t *owner; // wire form, case as it was written
	size_t owner_length;
	uint16_t class, type;
	uint32_t ttl;
	const uint8_t *rdata;
	size_t rdata_length;
};

struct zone_file_handler {
	/* A record.  Another result than DDNS_OK ends the reading with it. */
	enum ddns_result (*record)(void *context, const struct zone_file_record *record);
	/* A line that cannot be read; the reading goes on behind it where it can. */
	void (*error)(void *context, const struct zone_file_place *place, const char *message);
	/* Something that is read otherwise than it was perhaps meant. */
	void (*warning)(void *context, const struct zone_file_place *place, const char *message);
	/* A file is opened: `number` is 0, 1, ...  Another result than DDNS_OK ends the reading. */
	enum ddns_result (*file)(void *context, unsigned number, const char *path);
	void *context;
};

enum { ZONE_FILE_DEPTH_MAX = 10 }; // files that include one another

/*
 * Reads a file, standard input where `path` is "-", and what it includes; the name in $INCLUDE is
 * relative to the file that it stands in.  Names are relative to `origin`, a stored name, until the
 * file says otherwise.  A record without a TTL and with no $TTL above it gets that of the one
 * before (RFC 1035 section 5.1), a first SOA without one its own MINIMUM.
 *
 * DDNS_OK also when errors were handed over.  Another result: `error` says why, unless it came from
 * the handler.  Results of input_read; DDNS_NO_MEMORY.
 */
enum ddns_result zone_file_read(const char *path, const char *origin,
				const struct zone_file_handler *handler, char *error, size_t size);

/* The same for text in memory, from which nothing is included. */
enum ddns_result zone_file_parse(const char *text, size_t length, const char *origin,
				 const struct zone_file_handler *handler);

#endif
