// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror filled by hand, and what it and lookups say, as text to compare.
#ifndef TESTS_UNIT_MIRROR_FIXTURE_H
#define TESTS_UNIT_MIRROR_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlz_ddns/lookup.h"
#include "dlz_ddns/mirror.h"

struct fixture {
	struct mirror *mirror;
	struct reclaim *reclaim;
	struct lookup_instance instance;
	char said[8192];	   // by the mirror's events, a line each
	char put[1 << 16];	   // "OWNER TTL TYPE RDATA\n" each
	const char *refused_rdata; // what the fake putrr does not take; NULL: it takes all
	unsigned refused;	   // how often it was told so
};

/* A mirror without zones, not ready. */
void fixture_begin(struct fixture *fixture);
void fixture_end(struct fixture *fixture);

/* A zone with the given id and origin and serial; SOA "ns.ORIGIN. host.ORIGIN. SERIAL 2 3 4 5",
 * TTL 60. */
struct ddns_zone fixture_zone(int64_t id, const char *origin, uint32_t serial);

/* Rows of text "OWNER TTL TYPE RDATA", an owner that begins with '?' marks a fallback; NULL ends
 * them. */
size_t fixture_rows(const char *const *text, struct ddns_row *rows, size_t max);

void fixture_load(struct fixture *fixture, const struct ddns_zone *zone, const char *const *text);
enum ddns_result fixture_step(struct fixture *fixture, const struct ddns_zone *zone,
			      const char *const *names, const char *const *text);

/* Asks and says "found", "empty", "empty-end", "no-name", "not-found" or "failed"; records in put.
 */
const char *fixture_ask(struct fixture *fixture, const char *zone, const char *name,
			enum lookup_kind kind);

/* The whole of a plain query: the search for its zone, then the apex and the name. */
const char *fixture_query(struct fixture *fixture, const char *zone, const char *name);

struct lookup_sink fixture_sink(struct fixture *fixture);

#endif
