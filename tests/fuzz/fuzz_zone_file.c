// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: a master file, as far as our own code goes: directives, odd characters, $GENERATE.
#include <stdint.h>

#include "gateway/ctl/zone_file.h"

enum { RECORDS_MAX = 100000 }; // of one input: $GENERATE makes many of a few octets

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ddns_result
take_record(void *context, const struct zone_file_record *record)
{
	unsigned *left = context;
	(void)record;
	return --*left > 0 ? DDNS_OK : DDNS_CONFLICT;
}

static void
take_remark(void *context, const struct zone_file_place *place, const char *message)
{
	(void)context;
	(void)place;
	(void)message;
}

static enum ddns_result
take_file(void *context, unsigned number, const char *path)
{
	(void)context;
	(void)number;
	(void)path;
	return DDNS_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned left = RECORDS_MAX;
	const struct zone_file_handler handler = {take_record, take_remark, take_remark, take_file,
						  &left};
	(void)!zone_file_parse((const char *)data, size, "example.org", &handler);
	return 0;
}
