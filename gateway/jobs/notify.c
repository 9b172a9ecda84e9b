// SPDX-License-Identifier: GPL-3.0-or-later
// Tells secondaries of changes by NOTIFY (RFC 1996), once the name servers they ask show them.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/jobs/job.h"
#include "gateway/jobs/notify_message.h"
#include "gateway/jobs/notify_secondary.h"
#include "gateway/log.h"

enum {
	INTERVAL_MS = 100, // between two looks for zones that moved, by the change feed
	LOOK_MS = 1000,	   // between two looks at all: also what the feed may have lost
	TURN_MS = 10,	   // between two looks for answers, while some are awaited
	QUERY_TIMEOUT_MS = 5000,
	SHOW_MS = 1000, // how long name servers may take to show a change
	ASK_MS = 20,	// between two questions to one of them
	ZONES_MAX = 64, // that wait for that
	MOVED_MAX = 256,
	TOLD_MAX = 1024,
	SERVERS_MAX = sizeof((struct job_addresses *)NULL)->items / sizeof(struct listen_address),
};

/* What one claim gave: a row for each secondary of each zone. */
struct claim {
	struct ddns_rows *rows;
	size_t zones; // that still need it
};

/* A zone whose change is to be shown by all name servers before its secondaries are told. */
struct zone {
	struct claim *claim;
	size_t first_row, row_count;
	struct notify_message question; // for its SOA
	uint32_t serial;
	bool is_shown[SERVERS_MAX];
	int64_t deadline_ms, ask_at_ms;
};

/* A version whose secondaries were sent their messages. */
struct told {
	int64_t zone_id;
	char version[24];
};

struct notifier {
	const struct job_context *context;
	bool is_listening;    // to the change feed, on this connection
	int fds[SERVERS_MAX]; // a socket for each name server, -1: there is none
	size_t zone_count;
	struct zone zones[ZONES_MAX];
	int64_t claim_at_ms, look_at_ms;
	size_t moved_count, told_count;
	int64_t moved[MOVED_MAX]; // zones that have, or did and could not be told of yet
	struct told told[TOLD_MAX];
	struct secondaries secondaries;
};

static const char *
origin_of(const struct zone *zone)
{
	return ddns_rows_text(zone->claim->rows, zone->first_row, 1);
}

static void
drop(struct notifier *notifier, size_t index)
{
	struct claim *claim = notifier->zones[index].claim;
	if (--claim->zones == 0) {
		ddns_rows_free(claim->rows);
		free(claim);
	}
	notifier->zones[index] = notifier->zones[--notifier->zone_count];
}

static struct notifier *
notifier_of(const struct job_context *context)
{
	return context->state;
}

static enum ddns_result
create(struct job_context *context)
{
	struct notifier *notifier = calloc(1, sizeof *notifier);
	if (notifier == NULL)
		return DDNS_NO_MEMORY;
	notifier->context = context;
	for (size_t i = 0; i < SERVERS_MAX; i++)
		notifier->fds[i] = -1;
	context->state = notifier;
	return DDNS_OK;
}

/* Takes what the name servers answer. */
static void
take_serials(struct notifier *notifier, size_t server)
{
	uint8_t wire[NOTIFY_MESSAGE_MAX];
	for (;;) {
		ssize_t length = recv(notifier->fds[server], wire, sizeof wire, 0);
		if (length < 0 && errno == ECONNREFUSED)
			continue;
		if (length < 0)
			return;
		for (size_t i = 0; i < notifier->zone_count; i++) {
			struct zone *zone = &notifier->zones[i];
			uint32_t shown;
			if (!notify_message_is_answer(&zone->question, wire, (size_t)length))
				continue;
			// the serial or a later one (RFC 1982)
			if (notify_message_serial(wire, (size_t)length, &shown))
				zone->is_shown[server] = (int32_t)(shown - zone->serial) >= 0;
			break;
		}
	}
}

/* Asks the name servers that do not show the zone's serial yet; true: all do, or time is over. */
static bool
ask(struct notifier *notifier, struct zone *zone, int64_t now)
{
	const struct job_addresses *servers = notifier->context->name_servers;
	bool is_due = now >= zone->ask_at_ms, is_shown = true;
	for (size_t i = 0; i < servers->count; i++) {
		if (zone->is_shown[i])
			continue;
		is_shown = false;
		if (notifier->fds[i] < 0)
			notifier->fds[i] = notify_socket(&servers->items[i], NULL);
		if (is_due && notifier->fds[i] >= 0 &&
		    send(notifier->fds[i], zone->question.wire, zone->question.length,
			 MSG_NOSIGNAL) < 0)
			log_debug("notify: cannot ask a name server: %s", strerror(errno));
	}
	if (is_due)
		zone->ask_at_ms = now + ASK_MS;
	return is_shown || now >= zone->deadline_ms;
}

/* More than there is room for are told again once their claim is over. */
static void
note_told(struct notifier *notifier, const struct ddns_rows *rows, size_t row)
{
	int64_t zone_id = ddns_rows_integer(rows, row, 0, 0);
	size_t i = 0;
	while (i < notifier->told_count && notifier->told[i].zone_id != zone_id)
		i++;
	if (i == TOLD_MAX)
		return;
	notifier->told[i].zone_id = zone_id;
	snprintf(notifier->told[i].version, sizeof notifier->told[i].version, "%s",
		 ddns_rows_text(rows, row, 2));
	if (i == notifier->told_count)
		notifier->told_count++;
}

static void
tell(struct notifier *notifier, const struct zone *zone)
{
	const struct ddns_rows *rows = zone->claim->rows;
	for (size_t row = zone->first_row; row < zone->first_row + zone->row_count; row++) {
		const struct notify_order order = {
			.zone_id = ddns_rows_integer(rows, row, 0, 0),
			.origin = origin_of(zone),
			.address = ddns_rows_text(rows, row, 4),
			.port = (int)ddns_rows_integer(rows, row, 5, 0),
			.key = ddns_rows_text(rows, row, 6),
		};
		secondaries_tell(&notifier->secondaries, notifier->context, &order);
	}
	note_told(notifier, rows, zone->first_row);
}

/* A zone to look at.  What there is no room for is found by a look at all. */
static void
note_moved(struct notifier *notifier, int64_t zone_id)
{
	for (size_t i = 0; i < notifier->moved_count; i++)
		if (notifier->moved[i] == zone_id)
			return;
	if (notifier->moved_count == MOVED_MAX)
		notifier->look_at_ms = 0;
	else
		notifier->moved[notifier->moved_count++] = zone_id;
}

static void
take_notification(void *context, const char *payload)
{
	long long zone_id = strtoll(payload, NULL, 10);
	if (zone_id > 0)
		note_moved(context, zone_id);
}

/* The zones of a claim: rows of one zone follow each other. */
static enum ddns_result
split(struct notifier *notifier, struct claim *claim)
{
	int64_t now = ddns_clock_ms(), previous = 0;
	for (size_t row = 0; row < ddns_rows_count(claim->rows); row++) {
		struct zone *zone = &notifier->zones[notifier->zone_count];
		int64_t id = ddns_rows_integer(claim->rows, row, 0, 0);
		if (ddns_rows_is_null(claim->rows, row, 4)) { // its time has not come
			note_moved(notifier, id);
			continue;
		}
		if (id == previous) {
			zone[-1].row_count++;
			continue;
		}
		*zone = (struct zone){
			.claim = claim,
			.first_row = row,
			.row_count = 1,
			.serial = (uint32_t)ddns_rows_integer(claim->rows, row, 3, 0),
			.deadline_ms = now + SHOW_MS,
		};
		previous = id;
		enum ddns_result result =
			notify_message_make(origin_of(zone), false, &zone->question);
		if (result != DDNS_OK)
			return result;
		notifier->zone_count++;
		claim->zones++;
	}
	return DDNS_OK;
}

/* An array of numbers. */
static void
add_number(struct ddns_array *array, int64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, number);
	ddns_array_add(array, text);
}

/* Of the zones that moved, or of all. */
static enum ddns_result
claim(struct notifier *notifier, struct ddns_db *db, bool is_all)
{
	char most[24];
	struct ddns_array zones = {0};
	const char *params[] = {most, NULL};
	struct claim *claim = calloc(1, sizeof *claim);
	enum ddns_result result;
	if (claim == NULL)
		return DDNS_NO_MEMORY;
	snprintf(most, sizeof most, "%zu", ZONES_MAX - notifier->zone_count);
	for (size_t i = 0; i < notifier->moved_count; i++)
		add_number(&zones, notifier->moved[i]);
	if (!is_all)
		CHECK(ddns_array_text(&zones, &params[1]));
	notifier->moved_count = 0;
	CHECK(ddns_db_query(db, DDNS_STATEMENT_JOBS_CLAIM_NOTIFIES, params, 2, QUERY_TIMEOUT_MS,
			    &claim->rows));
	CHECK(split(notifier, claim));

cleanup:
	ddns_array_free(&zones);
	if (claim->zones == 0) {
		ddns_rows_free(claim->rows);
		free(claim);
	}
	return result;
}

/* Hears the change feed, on a connection that may be new. */
static enum ddns_result
hear(struct notifier *notifier, struct ddns_db *db)
{
	enum ddns_result result = DDNS_OK;
	bool is_notified;
	ddns_db_on_notify(db, take_notification, notifier);
	if (!notifier->is_listening) {
		CHECK(ddns_db_query(db, DDNS_STATEMENT_LISTEN, NULL, 0, QUERY_TIMEOUT_MS, NULL));
		notifier->is_listening = true;
		notifier->look_at_ms = 0;
	}
	CHECK(ddns_db_wait(db, 0, &is_notified));

cleanup:
	return result;
}

static enum ddns_result
claim_if_due(struct notifier *notifier, struct ddns_db *db, int64_t now)
{
	bool is_all = now >= notifier->look_at_ms;
	if (notifier->zone_count == ZONES_MAX || now < notifier->claim_at_ms ||
	    (!is_all && notifier->moved_count == 0))
		return DDNS_OK;
	notifier->claim_at_ms = now + INTERVAL_MS;
	if (is_all)
		notifier->look_at_ms = now + LOOK_MS;
	return claim(notifier, db, is_all);
}

/* Says which zones' secondaries have all answered, or will not. */
static enum ddns_result
end_told(struct notifier *notifier, struct ddns_db *db)
{
	struct ddns_array zones = {0}, versions = {0};
	struct ddns_rows *rows = NULL;
	const char *params[2];
	size_t kept = 0, count = notifier->told_count;
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; i < count; i++) {
		const struct told *told = &notifier->told[i];
		if (secondaries_await(&notifier->secondaries, told->zone_id)) {
			notifier->told[kept++] = *told;
			continue;
		}
		add_number(&zones, told->zone_id);
		ddns_array_add(&versions, told->version);
	}
	notifier->told_count = kept;
	if (kept == count)
		goto cleanup;
	CHECK(ddns_array_text(&zones, &params[0]));
	CHECK(ddns_array_text(&versions, &params[1]));
	CHECK(ddns_db_query(db, DDNS_STATEMENT_JOBS_END_NOTIFIES, params, 2, QUERY_TIMEOUT_MS,
			    &rows));

cleanup:
	ddns_rows_free(rows);
	ddns_array_free(&zones);
	ddns_array_free(&versions);
	return result;
}

static enum ddns_result
run(struct job_context *context, int *wait_msp)
{
	enum ddns_result result = DDNS_OK;
	if (context->state == NULL)
		CHECK(create(context));
	struct notifier *notifier = notifier_of(context);
	int64_t now = ddns_clock_ms();
	CHECK(hear(notifier, context->db));
	CHECK(claim_if_due(notifier, context->db, now));
	for (size_t i = 0; i < context->name_servers->count; i++)
		if (notifier->fds[i] >= 0)
			take_serials(notifier, i);
	for (size_t i = notifier->zone_count; i-- > 0;) {
		if (!ask(notifier, &notifier->zones[i], now))
			continue;
		tell(notifier, &notifier->zones[i]);
		drop(notifier, i);
	}
	secondaries_look_after(&notifier->secondaries, context);
	CHECK(end_told(notifier, context->db));
	*wait_msp = notifier->zone_count > 0 ? TURN_MS : INTERVAL_MS;

cleanup:
	if (context->state != NULL && !ddns_db_is_open(context->db))
		notifier_of(context)->is_listening = false;
	return result;
}

static void
forget(void *state)
{
	struct notifier *notifier = state;
	while (notifier->zone_count > 0)
		drop(notifier, notifier->zone_count - 1);
	for (size_t i = 0; i < SERVERS_MAX; i++)
		if (notifier->fds[i] >= 0)
			close(notifier->fds[i]);
	secondaries_clear(&notifier->secondaries, notifier->context);
	free(notifier);
}

const struct job job_notify = {
	.name = "notify",
	.interval_ms = INTERVAL_MS,
	.error_wait_ms = 1000,
	.run = run,
	.free = forget,
};
