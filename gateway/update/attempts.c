// SPDX-License-Identifier: GPL-3.0-or-later
// Tries that failed, kept for the holders of the names that they were for.
#include "gateway/update/attempts.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sql/client/db.h"

enum {
	QUEUE_MAX = 256,
	INTERVAL_S = 1,	   // between two writings
	TIMEOUT_MS = 2000, // to connect, to write
};

enum { // parameters of the statement JOBS_NOTE_ATTEMPTS
	PARAMETER_NAME,
	PARAMETER_LOGIN,
	PARAMETER_KEY,
	PARAMETER_DOOR,
	PARAMETER_PEER,
	PARAMETER_REASON,
	PARAMETER_COUNT
};

struct entry {
	enum update_door door;
	struct address peer;
	char name[DDNS_DNAME_TEXT_MAX + 1], key[DDNS_DNAME_TEXT_MAX + 1];
	char login[UPDATE_LOGIN_MAX + 1], reason[UPDATE_REASON_SIZE];
};

struct attempts {
	struct metrics *metrics;
	struct ddns_db *db;
	bool has_thread;
	pthread_t thread;
	struct ddns_array parameters[PARAMETER_COUNT]; // the thread's

	pthread_mutex_t mutex; // for what follows
	pthread_cond_t has_work;
	bool is_stopped;
	size_t count;
	struct entry *queue, *writing; // of QUEUE_MAX each; writing is the thread's
};

static void
copy(char *to, size_t size, const char *from)
{
	if (from != NULL)
		snprintf(to, size, "%s", from);
}

void
attempts_note(struct attempts *attempts, const struct attempt *attempt)
{
	if (attempt->name == NULL || attempt->name[0] == '\0')
		return;
	pthread_mutex_lock(&attempts->mutex);
	bool is_full = attempts->count == QUEUE_MAX;
	if (!is_full) {
		struct entry *entry = &attempts->queue[attempts->count++];
		*entry = (struct entry){.door = attempt->door, .peer = *attempt->peer};
		copy(entry->name, sizeof entry->name, attempt->name);
		copy(entry->login, sizeof entry->login, attempt->login);
		copy(entry->key, sizeof entry->key, attempt->key);
		copy(entry->reason, sizeof entry->reason, attempt->reason);
		pthread_cond_signal(&attempts->has_work);
	}
	pthread_mutex_unlock(&attempts->mutex);
	if (is_full)
		metrics_add(&attempts->metrics->attempts_dropped);
}

void
attempts_note_update(struct attempts *attempts, const struct update_request *request,
		     const struct update *update)
{
	struct attempt attempt = {
		.door = request->door,
		.peer = &request->peer,
		.name = update->found[0] != '\0' ? update->found : update->name,
		.login = request->credential.login,
		.key = request->credential.key,
		.reason = update->reason,
	};
	switch (update->verdict) {
	case UPDATE_UNKNOWN:
		attempt.reason = NULL;
		break;
	case UPDATE_DENIED:
	case UPDATE_REFUSED:
	case UPDATE_FAILED:
		break;
	case UPDATE_PENDING:
	case UPDATE_CHANGED:
	case UPDATE_UNCHANGED:
	case UPDATE_AMBIGUOUS:
	case UPDATE_BUSY:
	case UPDATE_UNAVAILABLE:
	case UPDATE_MALFORMED:
	case UPDATE_UNAUTHENTICATED: // the door notes it: it knows who it was said to be
	case UPDATE_LIMITED:
	case UPDATE_VERDICT_COUNT:
		return;
	}
	attempts_note(attempts, &attempt);
}

static const char *
text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static void
add_entry(struct ddns_array *parameters, const struct entry *entry)
{
	char peer[ADDRESS_TEXT_SIZE];
	address_text(&entry->peer, peer);
	ddns_array_add(&parameters[PARAMETER_NAME], entry->name);
	ddns_array_add(&parameters[PARAMETER_LOGIN], text_or_null(entry->login));
	ddns_array_add(&parameters[PARAMETER_KEY], text_or_null(entry->key));
	ddns_array_add(&parameters[PARAMETER_DOOR], update_door_name(entry->door));
	ddns_array_add(&parameters[PARAMETER_PEER], peer);
	ddns_array_add(&parameters[PARAMETER_REASON], text_or_null(entry->reason));
}

/* Writes what was taken from the queue; what cannot be written is dropped. */
static void
write_entries(struct attempts *attempts, size_t count)
{
	const char *texts[PARAMETER_COUNT];
	struct ddns_rows *rows = NULL;
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		ddns_array_clear(&attempts->parameters[i]);
	for (size_t i = 0; i < count; i++)
		add_entry(attempts->parameters, &attempts->writing[i]);
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		CHECK(ddns_array_text(&attempts->parameters[i], &texts[i]));
	if (!ddns_db_is_open(attempts->db))
		CHECK(ddns_db_open(attempts->db, TIMEOUT_MS));
	CHECK(ddns_db_query(attempts->db, DDNS_STATEMENT_JOBS_NOTE_ATTEMPTS, texts, PARAMETER_COUNT,
			    TIMEOUT_MS, &rows));

cleanup:
	ddns_rows_free(rows);
	for (size_t i = 0; result != DDNS_OK && i < count; i++)
		metrics_add(&attempts->metrics->attempts_dropped);
}

/* Under the mutex: takes what waits, and how much it is. */
static size_t
take(struct attempts *attempts)
{
	struct entry *taken = attempts->queue;
	size_t count = attempts->count;
	attempts->queue = attempts->writing;
	attempts->writing = taken;
	attempts->count = 0;
	return count;
}

/* Under the mutex: a second during which tries gather; shorter where all is to end. */
static void
gather(struct attempts *attempts)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += INTERVAL_S;
	while (!attempts->is_stopped &&
	       pthread_cond_timedwait(&attempts->has_work, &attempts->mutex, &until) == 0)
		;
}

static void *
run(void *context)
{
	struct attempts *attempts = context;
	pthread_mutex_lock(&attempts->mutex);
	while (!attempts->is_stopped || attempts->count > 0) {
		if (attempts->count == 0) {
			pthread_cond_wait(&attempts->has_work, &attempts->mutex);
			continue;
		}
		size_t count = take(attempts);
		pthread_mutex_unlock(&attempts->mutex);
		write_entries(attempts, count);
		pthread_mutex_lock(&attempts->mutex);
		gather(attempts);
	}
	pthread_mutex_unlock(&attempts->mutex);
	return NULL;
}

enum ddns_result
attempts_create(const struct attempts_options *options, struct attempts **attemptsp)
{
	struct attempts *attempts = calloc(1, sizeof *attempts);
	enum ddns_result result = DDNS_NO_MEMORY;
	if (attempts == NULL)
		return result;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&attempts->has_work, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&attempts->mutex, NULL);
	attempts->metrics = options->metrics;
	attempts->queue = calloc(QUEUE_MAX, sizeof *attempts->queue);
	attempts->writing = calloc(QUEUE_MAX, sizeof *attempts->writing);
	if (attempts->queue == NULL || attempts->writing == NULL)
		goto cleanup;
	const struct ddns_db_options db = {
		.conninfo = options->database,
		.application = "ddns-gateway attempts",
		.statements = DDNS_STATEMENTS_JOBS,
		.wake_fd = -1,
	};
	CHECK(ddns_db_create(&db, &attempts->db));
	result = DDNS_INTERNAL;
	if (pthread_create(&attempts->thread, NULL, run, attempts) != 0)
		goto cleanup;
	attempts->has_thread = true;
	*attemptsp = attempts;
	return DDNS_OK;

cleanup:
	attempts_free(attempts);
	return result;
}

void
attempts_free(struct attempts *attempts)
{
	if (attempts == NULL)
		return;
	pthread_mutex_lock(&attempts->mutex);
	attempts->is_stopped = true;
	pthread_cond_signal(&attempts->has_work);
	pthread_mutex_unlock(&attempts->mutex);
	if (attempts->has_thread)
		pthread_join(attempts->thread, NULL);
	ddns_db_free(attempts->db);
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		ddns_array_free(&attempts->parameters[i]);
	pthread_cond_destroy(&attempts->has_work);
	pthread_mutex_destroy(&attempts->mutex);
	free(attempts->queue);
	free(attempts->writing);
	free(attempts);
}
