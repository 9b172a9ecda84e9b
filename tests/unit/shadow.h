// SPDX-License-Identifier: GPL-3.0-or-later
// A sink for readers that only remembers, so that tests can compare it with the database.
#ifndef DDNS_TESTS_UNIT_SHADOW_H
#define DDNS_TESTS_UNIT_SHADOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/client/reader.h"

struct shadow_row {
	char *owner, *line; // line: "owner type ttl rdata fallback"
};

struct shadow_zone {
	struct shadow_zone *next;
	int64_t id, version;
	uint32_t serial;
	char origin[256], transfer_to[256];
	struct shadow_row *rows;
	size_t count, size;
};

struct shadow {
	pthread_mutex_t lock; // held around each call of the reader
	struct shadow_zone *zones;

	// what has happened
	int loads, steps, gones, drops, globals, readies, warnings, states;
	int absences;	   // times that an origin was gone, with no other zone of that name there
	int failures;	   // calls of `failed`
	int64_t failed_id; // of the last one
	char failed_origin[256];
	int open_loads, steps_while_loading;
	bool is_connected;
	int64_t stepped_us;			      // CLOCK_MONOTONIC of the last step
	char reason[512], warning[512], global[4096]; // global: names told since, "*" for all

	// what to do
	char refused[256]; // an origin whose loads are refused
	bool refuses_steps, refuses_global, refuses_failures;
};

void shadow_init(struct shadow *shadow);
void shadow_free(struct shadow *shadow);
struct ddns_sink shadow_sink(struct shadow *shadow);

/* All that it holds, as lines in a fixed order; to be freed. */
char *shadow_text(struct shadow *shadow);
int64_t shadow_clock_us(void);

#endif
