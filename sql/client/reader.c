// SPDX-License-Identifier: GPL-3.0-or-later
// The reader's life: connect, follow, reconnect with backoff, until it is stopped.
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "sql/client/reader_internal.h"

enum {
	POLL_MS = 1000,
	TURN_MS = 50, // of following, before other things get a look
	BACKOFF_LEAST_MS = 50,
	BACKOFF_MOST_MS = 5000,
	LOADER_IDLE_MS = 30 * 1000, // then its connection is given back
	WARNINGS_MAX = 10,	    // in one window
	WARNING_WINDOW_MS = 60 * 1000,
	REASON_SIZE = 512,
};

enum ddns_result
reader_query(struct ddns_reader *reader, struct ddns_db *db, enum ddns_statement statement,
	     const char *const *params, size_t count, struct ddns_rows **rowsp)
{
	atomic_fetch_add(&reader->statements, 1);
	return ddns_db_query(db, statement, params, count, READER_STATEMENT_MS, rowsp);
}

void
reader_warn(struct ddns_reader *reader, const char *format, ...)
{
	const struct ddns_sink *sink = &reader->options.sink;
	char text[REASON_SIZE * 2];
	int64_t now = ddns_clock_ms();

	if (sink->warn == NULL)
		return;
	if (now - reader->warn_window_ms >= WARNING_WINDOW_MS) {
		reader->warn_window_ms = now;
		reader->warn_count = 0;
	}
	if (++reader->warn_count > WARNINGS_MAX)
		return;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sink->warn(sink->context, text);
	if (reader->warn_count == WARNINGS_MAX)
		sink->warn(sink->context, "further warnings are left out for a minute");
}

int
reader_backoff(int *pausep, int least, int most)
{
	int pause = *pausep > 0 ? *pausep * 2 : least;
	*pausep = pause < most ? pause : most;

	// full jitter: many readers that lost one server must not come back at once
	unsigned random = 0;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (unsigned)ddns_clock_ms();
	return 1 + (int)(random % (unsigned)*pausep);
}

void
reader_tell_state(struct ddns_reader *reader, bool is_connected, const char *reason)
{
	const struct ddns_sink *sink = &reader->options.sink;
	enum told told = is_connected			  ? TOLD_CONNECTED
			 : atomic_load(&reader->is_unfit) ? TOLD_UNFIT
							  : TOLD_AWAY;
	if (reader->told_state == told)
		return;
	reader->told_state = told;
	if (sink->state != NULL)
		sink->state(sink->context, is_connected, reason);
}

/* Whether the sink knows of every zone that it has no copy of. */
static bool
failures_are_told(struct ddns_reader *reader)
{
	bool are_told = true;
	for (struct known *known = reader->failed.first; known != NULL;
	     known = known->next_in_queue) {
		zone_unread(reader, known);
		are_told &= known->is_held || known->is_told_failed;
	}
	return are_told;
}

static void
tell_ready(struct ddns_reader *reader)
{
	const struct ddns_sink *sink = &reader->options.sink;
	bool is_busy = reader->follow.count > 0 || reader->load.count > 0 ||
		       (reader->options.wants_global && !reader->has_global_cursor);
	bool is_refused = reader->look_retry_ms > 0;
	if (is_busy || is_refused || !failures_are_told(reader))
		return;
	reader_tell_state(reader, true, "");
	if (reader->is_ready_told)
		return;
	reader->is_ready_told = true;
	atomic_store(&reader->is_ready, true);
	if (sink->ready != NULL)
		sink->ready(sink->context);
}

/* A hot standby refuses LISTEN; the poll does without. */
static enum ddns_result
listen_first(struct ddns_reader *reader)
{
	enum ddns_result result =
		reader_query(reader, reader->db, DDNS_STATEMENT_LISTEN, NULL, 0, NULL);
	return ddns_db_is_open(reader->db) ? DDNS_OK : result;
}

/* Where we stand after connecting.  LISTEN comes first: what moves after the reading is notified.
 */
static enum ddns_result
start_session(struct ddns_reader *reader)
{
	enum ddns_result result;

	result = ddns_db_open(reader->db, READER_CONNECT_MS);
	atomic_store(&reader->is_unfit, result == DDNS_INTERNAL);
	if (result != DDNS_OK)
		return result;
	atomic_store(&reader->is_connected, true);
	atomic_fetch_add(&reader->connects, 1);
	reader->is_ready_told = false;
	reader->loads_singly = false;
	reader->is_global_due = true;
	reader->global_retry_at_ms = 0;
	reader->look_retry_ms = 0;
	reader->look_retry_at_ms = 0;
	CHECK(listen_first(reader));
	if (reader->options.wants_zones) {
		CHECK(look_compare(reader));
	} else {
		reader->horizon = UINT64_MAX; // shows no step, only where to go on from
		CHECK(look_poll(reader));
	}
	for (struct known *known = reader->failed.first; known != NULL;
	     known = known->next_in_queue) {
		known->retry_at_ms = 0;
	}

cleanup:
	return result;
}

/* Gives failed zones whose pause is over another try. */
static void
retry_failed(struct ddns_reader *reader)
{
	int64_t now = ddns_clock_ms();
	for (size_t count = reader->failed.count; count > 0; count--) {
		struct known *known = queue_take(&reader->failed);
		if (known->retry_at_ms > now)
			queue_add(&reader->failed, known, WORK_FAILED);
		else
			zone_schedule(reader, known);
	}
}

/* How long there is nothing to do unless a notification comes. */
static int
idle_time(const struct ddns_reader *reader)
{
	int64_t next = reader->is_poll_due ? 0 : reader->next_poll_ms;
	if (reader->follow.count > 0 || reader->load.count > 0 || reader->gone.count > 0 ||
	    global_is_due(reader))
		return 0;
	if (next < reader->look_retry_at_ms)
		next = reader->look_retry_at_ms;
	if (reader->options.wants_zones && reader->next_compare_ms < next)
		next = reader->next_compare_ms;
	if (reader->options.wants_global && !reader->has_global_cursor &&
	    reader->global_retry_at_ms < next) {
		next = reader->global_retry_at_ms;
	}
	for (const struct known *known = reader->failed.first; known != NULL;
	     known = known->next_in_queue) {
		if (known->retry_at_ms < next)
			next = known->retry_at_ms;
	}
	int64_t left = next - ddns_clock_ms();
	return left > 0 ? (int)left : 0;
}

/* Everything that is due now, a part of each; loads last, as they take longest. */
static enum ddns_result
take_turn(struct ddns_reader *reader)
{
	enum ddns_result result;

	retry_failed(reader);
	CHECK(look_around(reader));
	if (global_is_due(reader))
		CHECK(global_look(reader));
	CHECK(follow_zones(reader, ddns_clock_ms() + TURN_MS));
	CHECK(zones_leave(reader));
	if (reader->load.count > 0)
		CHECK(load_next(reader));
	else if (ddns_clock_ms() - reader->loader_used_ms > LOADER_IDLE_MS)
		ddns_db_close(reader->loader);
	tell_ready(reader);

cleanup:
	return result;
}

/* From connecting until the connection is lost or the reader is stopped. */
static enum ddns_result
run_session(struct ddns_reader *reader)
{
	enum ddns_result result;

	CHECK(start_session(reader));
	for (;;) {
		bool was_notified;
		CHECK(take_turn(reader));
		if (!ddns_db_is_open(reader->db)) { // lost while a load ran
			result = DDNS_UNAVAILABLE;
			break;
		}
		CHECK(ddns_db_wait(reader->db, idle_time(reader), &was_notified));
		if (atomic_load(&reader->is_stopping))
			break;
	}

cleanup:
	return result;
}

/* Of the connection that broke; where none did, of what was asked last. */
static const char *
why_ended(const struct ddns_reader *reader)
{
	const char *reason = ddns_db_last_error(reader->db)->message;
	const char *loading = ddns_db_last_error(reader->loader)->message;
	bool was_load = ddns_db_is_open(reader->db) && !ddns_db_is_open(reader->loader);
	if (reason[0] == '\0' || (was_load && loading[0] != '\0'))
		reason = loading;
	return reason[0] != '\0' ? reason : ddns_result_text(DDNS_NO_MEMORY);
}

static void
end_session(struct ddns_reader *reader)
{
	atomic_store(&reader->is_connected, false);
	atomic_store(&reader->is_ready, false);
	if (!atomic_load(&reader->is_stopping))
		reader_tell_state(reader, false, why_ended(reader));
	ddns_db_close(reader->db);
	ddns_db_close(reader->loader);
}

/* Sleeps, unless the reader is stopped. */
static void
pause_for(struct ddns_reader *reader, int pause_ms)
{
	struct pollfd fd = {.fd = reader->wake_fd, .events = POLLIN};
	(void)poll(&fd, 1, pause_ms);
}

void
ddns_reader_run(struct ddns_reader *reader)
{
	int backoff = 0;
	while (!atomic_load(&reader->is_stopping)) {
		// why it ended is in the connections' last errors
		(void)run_session(reader);
		if (reader->is_ready_told)
			backoff = 0;
		end_session(reader);
		reader->is_ready_told = false;
		if (!atomic_load(&reader->is_stopping))
			pause_for(reader,
				  reader_backoff(&backoff, BACKOFF_LEAST_MS, BACKOFF_MOST_MS));
	}
}

void
ddns_reader_stop(struct ddns_reader *reader)
{
	uint64_t one = 1;
	atomic_store(&reader->is_stopping, true);
	// an eventfd refuses only at its largest count, and is readable then
	if (write(reader->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static enum ddns_result
make_connections(struct ddns_reader *reader)
{
	const struct ddns_reader_options *options = &reader->options;
	struct ddns_db_options db = {
		.conninfo = options->conninfo,
		.application = options->application,
		.statements = DDNS_STATEMENTS_READER | options->statements,
		.wake_fd = reader->wake_fd,
		.plans_anew = true,
	};
	if (options->wants_global)
		db.statements |= DDNS_STATEMENTS_GLOBAL;
	if (options->wants_redirects)
		db.statements |= DDNS_STATEMENTS_REDIRECTS;
	enum ddns_result result = ddns_db_create(&db, &reader->db);
	if (result != DDNS_OK)
		return result;
	ddns_db_on_notify(reader->db, look_notified, reader);

	db.statements = DDNS_STATEMENTS_READER;
	if (options->wants_redirects)
		db.statements |= DDNS_STATEMENTS_REDIRECTS;
	result = ddns_db_create(&db, &reader->loader);
	if (result == DDNS_OK)
		ddns_db_on_idle(reader->loader, READER_TICK_MS, follow_tick, reader);
	return result;
}

enum ddns_result
ddns_reader_create(const struct ddns_reader_options *options, struct ddns_reader **readerp)
{
	enum ddns_result result = DDNS_NO_MEMORY;
	struct ddns_reader *reader = calloc(1, sizeof(*reader));
	if (reader == NULL)
		return DDNS_NO_MEMORY;

	reader->options = *options;
	if (reader->options.poll_ms <= 0)
		reader->options.poll_ms = POLL_MS;
	reader->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->wake_fd < 0) {
		result = DDNS_INTERNAL;
		goto cleanup;
	}
	CHECK(make_connections(reader));
	// both were copied, and stay the caller's
	reader->options.conninfo = reader->options.application = NULL;
	*readerp = reader;
	return DDNS_OK;

cleanup:
	ddns_reader_free(reader);
	return result;
}

void
ddns_reader_free(struct ddns_reader *reader)
{
	if (reader == NULL)
		return;
	ddns_db_free(reader->db);
	ddns_db_free(reader->loader);
	table_filter(&reader->zones, NULL, NULL);
	free(reader->names);
	free(reader->rows);
	if (reader->wake_fd >= 0)
		close(reader->wake_fd);
	free(reader);
}

void
ddns_reader_status(const struct ddns_reader *reader, struct ddns_reader_status *status)
{
	*status = (struct ddns_reader_status){
		.is_connected = atomic_load(&reader->is_connected),
		.is_ready = atomic_load(&reader->is_ready),
		.is_unfit = atomic_load(&reader->is_unfit),
		.looked_at_ms = atomic_load(&reader->looked_at_ms),
		.connects = atomic_load(&reader->connects),
		.statements = atomic_load(&reader->statements),
		.steps = atomic_load(&reader->steps),
		.loads = atomic_load(&reader->loads),
		.rows = atomic_load(&reader->rows_read),
	};
}
