// SPDX-License-Identifier: GPL-3.0-or-later
// Makes and mends libzscanner's scanners.
#include "gateway/ctl/zone_scanner.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

/* What a relative name in $INCLUDE lies in. */
static enum ddns_result
set_directory(zs_scanner_t *scanner, const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	free(scanner->path);
	scanner->path = slash == NULL	? strdup(".")
			: slash == path ? strdup("/")
					: strndup(path, (size_t)(slash - path));
	return scanner->path != NULL ? DDNS_OK : DDNS_NO_MEMORY;
}

zs_scanner_t *
zone_scanner_create(const char *origin, uint32_t ttl, const char *path)
{
	// holds data of 64 KiB and more: not for the stack
	zs_scanner_t *scanner = calloc(1, sizeof *scanner);
	if (scanner == NULL)
		return NULL;
	if (zs_init(scanner, origin, KNOT_CLASS_IN, ttl) == 0 &&
	    set_directory(scanner, path) == DDNS_OK)
		return scanner;
	zone_scanner_free(scanner);
	return NULL;
}

void
zone_scanner_free(zs_scanner_t *scanner)
{
	if (scanner != NULL)
		zs_deinit(scanner);
	free(scanner);
}

enum ddns_result
zone_scanner_renew(zs_scanner_t *scanner)
{
	zs_scanner_t *old = malloc(sizeof *old);
	if (old == NULL)
		return DDNS_NO_MEMORY;
	memcpy(old, scanner, sizeof *old);
	scanner->path = NULL;
	zs_deinit(scanner);
	if (zs_init(scanner, ".", KNOT_CLASS_IN, old->default_ttl) != 0) {
		free(old->path);
		free(old);
		return DDNS_NO_MEMORY;
	}
	free(scanner->path);
	scanner->path = old->path;
	memcpy(scanner->zone_origin, old->zone_origin, sizeof scanner->zone_origin);
	scanner->zone_origin_length = old->zone_origin_length;
	memcpy(scanner->r_owner, old->r_owner, sizeof scanner->r_owner);
	scanner->r_owner_length = old->r_owner_length;
	free(old);
	return DDNS_OK;
}

void
zone_scanner_fault(const zs_scanner_t *scanner, char *text, size_t size)
{
	bool has_context = scanner->buffer_length > 1;
	snprintf(text, size, "%s%s%s%s%s", zs_strerror(scanner->error.code),
		 scanner->error.code == ZS_UNSUPPORTED_TYPE ? ", or a class that is not IN" : "",
		 has_context ? ", near '" : "", has_context ? (const char *)scanner->buffer : "",
		 has_context ? "'" : "");
}
