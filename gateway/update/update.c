// SPDX-License-Identifier: GPL-3.0-or-later
// An update: what every door builds, and the answer that it gets.
#include "gateway/update/update.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sql/client/db.h"

const char *
update_door_name(enum update_door door)
{
	switch (door) {
	case UPDATE_DOOR_HTTP:
		return "http";
	case UPDATE_DOOR_DNS:
		return "dns";
	case UPDATE_DOOR_COUNT:
		break;
	}
	return "";
}

const char *
update_verdict_name(enum update_verdict verdict)
{
	switch (verdict) {
	case UPDATE_PENDING:
		return "pending";
	case UPDATE_CHANGED:
		return "changed";
	case UPDATE_UNCHANGED:
		return "unchanged";
	case UPDATE_UNKNOWN:
		return "unknown";
	case UPDATE_DENIED:
		return "denied";
	case UPDATE_REFUSED:
		return "refused";
	case UPDATE_AMBIGUOUS:
		return "ambiguous";
	case UPDATE_BUSY:
		return "busy";
	case UPDATE_FAILED:
		return "failed";
	case UPDATE_UNAVAILABLE:
		return "unavailable";
	case UPDATE_MALFORMED:
		return "malformed";
	case UPDATE_UNAUTHENTICATED:
		return "unauthenticated";
	case UPDATE_LIMITED:
		return "limited";
	case UPDATE_VERDICT_COUNT:
		break;
	}
	return "";
}

int64_t
update_clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct update_request *
update_request_create(size_t count)
{
	struct update_request *request =
		calloc(1, sizeof *request + count * sizeof *request->updates);
	if (request == NULL)
		return NULL;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&request->finished, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&request->mutex, NULL);
	request->begun_us = update_clock_us();
	request->deadline_ms = request->begun_us / 1000 + UPDATE_TIME_MS;
	request->references = 1;
	request->count = count;
	for (size_t i = 0; i < count; i++)
		request->updates[i].request = request;
	return request;
}

void
update_request_wait(struct update_request *request)
{
	struct timespec deadline = {
		.tv_sec = request->deadline_ms / 1000,
		.tv_nsec = request->deadline_ms % 1000 * 1000000,
	};
	pthread_mutex_lock(&request->mutex);
	while (request->pending > 0)
		if (pthread_cond_timedwait(&request->finished, &request->mutex, &deadline) != 0)
			break;
	request->is_abandoned = true;
	pthread_mutex_unlock(&request->mutex);
}

void
update_request_release(struct update_request *request)
{
	if (request == NULL)
		return;
	pthread_mutex_lock(&request->mutex);
	bool is_last = --request->references == 0;
	pthread_mutex_unlock(&request->mutex);
	if (!is_last)
		return;
	pthread_cond_destroy(&request->finished);
	pthread_mutex_destroy(&request->mutex);
	free(request->options);
	free(request);
}

double
update_request_seconds(const struct update_request *request)
{
	return (double)(update_clock_us() - request->begun_us) / 1e6;
}

static void
copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text == NULL ? "" : text);
}

void
update_finish(struct update *update, const struct update_outcome *outcome)
{
	struct update_request *request = update->request;
	pthread_mutex_lock(&request->mutex);
	if (!request->is_abandoned) {
		copy(update->found, sizeof update->found, outcome->found);
		copy(update->zone, sizeof update->zone, outcome->zone);
		copy(update->addresses, sizeof update->addresses, outcome->addresses);
		copy(update->reason, sizeof update->reason, outcome->reason);
		update->serial = outcome->serial;
		update->verdict = outcome->verdict;
	}
	bool is_last = --request->pending == 0;
	if (is_last)
		pthread_cond_signal(&request->finished);
	pthread_mutex_unlock(&request->mutex);
	if (is_last) // the writer's share, one for all updates of the request
		update_request_release(request);
}
