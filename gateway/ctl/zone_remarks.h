// SPDX-License-Identifier: GPL-3.0-or-later
// What is to be said of a zone file: gathered from the file and from the database, told in its
// order.
#ifndef GATEWAY_CTL_ZONE_REMARKS_H
#define GATEWAY_CTL_ZONE_REMARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/ctl/zone_file.h"

enum { ZONE_REMARKS_MAX = 100 }; // errors that are told, and as many warnings

struct zone_remark {
	bool is_error;
	struct zone_file_place place; // line 0: of the file as a whole
	char *text;
};

struct zone_remarks {
	struct zone_remark *items;
	size_t count, size;
	size_t kept[2];	 // of warnings and errors
	uint64_t all[2]; // those that were not kept among them
	char **files;	 // paths by number
	unsigned file_count;
	bool is_broken; // memory was out: something is missing
};

/* Keeps a remark, as long as there are not too many. */
void zone_remarks_add(struct zone_remarks *remarks, bool is_error,
		      const struct zone_file_place *place, const char *text);
/* Counts remarks that nobody will see. */
void zone_remarks_count(struct zone_remarks *remarks, bool is_error, uint64_t count);

/* The path of file `number`. */
enum ddns_result zone_remarks_file(struct zone_remarks *remarks, unsigned number, const char *path);

/* Writes them to standard error in the files' order, "FILE:LINE: error: ...". */
void zone_remarks_print(struct zone_remarks *remarks);
void zone_remarks_free(struct zone_remarks *remarks);

#endif
