// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the gateway's jobs: a thread and a connection for each.
#include "gateway/jobs/jobs.h"

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "gateway/jobs/job.h"
#include "gateway/log.h"

static const struct job *const all[] = {&job_notify, &job_prune, &job_terms, &job_timeout};

enum {
	JOB_COUNT = sizeof all / sizeof *all,
	CONNECT_TIMEOUT_MS = 2000,
};

static_assert(sizeof all / sizeof *all <= METRICS_JOBS_MAX, "each job has its counters");

struct worker {
	const struct job *job;
	struct job_context context;
	struct job_counters *counters;
	int stop_fd; // of all workers
	bool has_thread, is_failing;
	pthread_t thread;
};

struct jobs {
	struct job_addresses name_servers, notify_sources;
	char gateway[HOST_NAME_MAX + 16];
	int stop_fd; // an eventfd: readable when all is to end
	struct worker workers[JOB_COUNT];
};

/* True: the time is over; false: stop. */
static bool
sleep_ms(const struct worker *worker, int ms)
{
	struct pollfd event = {.fd = worker->stop_fd, .events = POLLIN};
	int64_t deadline = ddns_clock_ms() + ms;
	do {
		if (poll(&event, 1, ms) > 0)
			return false;
		ms = (int)(deadline - ddns_clock_ms()); // a signal may have cut it short
	} while (ms > 0);
	return true;
}

/* Says what went wrong, and that it is over; once each. */
static void
tell(struct worker *worker, enum ddns_result result)
{
	const struct ddns_db_error *error = ddns_db_last_error(worker->context.db);
	bool is_failing = result != DDNS_OK;
	if (is_failing == worker->is_failing)
		return;
	worker->is_failing = is_failing;
	if (is_failing)
		log_warning("job '%s' cannot go on: %s", worker->job->name,
			    error->message[0] != '\0' ? error->message : ddns_result_text(result));
	else
		log_notice("job '%s' goes on", worker->job->name);
}

static void *
run(void *context)
{
	struct worker *worker = context;
	const struct job *job = worker->job;
	int wait_ms = 0;
	while (sleep_ms(worker, wait_ms)) {
		enum ddns_result result = DDNS_OK;
		wait_ms = job->interval_ms;
		if (!ddns_db_is_open(worker->context.db))
			result = ddns_db_open(worker->context.db, CONNECT_TIMEOUT_MS);
		if (result == DDNS_OK)
			result = job->run(&worker->context, &wait_ms);
		// a lock that was held, a deadlock that was broken: the next run does it
		if (result == DDNS_RETRY)
			result = DDNS_OK;
		if (result !=
		    DDNS_OK) // with jitter: gateways that failed together do not come together
			wait_ms = job->error_wait_ms / 2 +
				  (int)arc4random_uniform((uint32_t)job->error_wait_ms);
		if (!sleep_ms(worker, 0))
			break;
		if (result == DDNS_OK)
			atomic_store(&worker->counters->last_success, (long long)time(NULL));
		else
			metrics_add(&worker->counters->errors);
		tell(worker, result);
	}
	return NULL;
}

static enum ddns_result
start(struct jobs *jobs, size_t index, const struct jobs_options *settings)
{
	struct worker *worker = &jobs->workers[index];
	const struct job *job = all[index];
	char application[64];
	const struct ddns_db_options options = {
		.conninfo = settings->database,
		.application = application,
		.statements = DDNS_STATEMENTS_JOBS,
		.wake_fd = jobs->stop_fd,
		.plans_anew = true,
	};
	enum ddns_result result;
	snprintf(application, sizeof application, "ddns-gateway %s", job->name);
	worker->job = job;
	worker->context.name_servers = &jobs->name_servers;
	worker->context.notify_sources = &jobs->notify_sources;
	worker->context.keyring = settings->keyring;
	worker->context.metrics = settings->metrics;
	worker->context.gateway = jobs->gateway;
	worker->counters = &settings->metrics->jobs[index];
	atomic_store(&worker->counters->name, job->name);
	worker->stop_fd = jobs->stop_fd;
	CHECK(ddns_db_create(&options, &worker->context.db));
	if (pthread_create(&worker->thread, NULL, run, worker) != 0)
		result = DDNS_INTERNAL;
	else
		worker->has_thread = true;

cleanup:
	return result;
}

static enum ddns_result
read_addresses(const char *name, const struct config_list *list, struct job_addresses *addresses)
{
	const size_t most = sizeof addresses->items / sizeof *addresses->items;
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; i < list->count && i < most; i++)
		CHECK(listen_address_parse(list->items[i], &addresses->items[addresses->count++]));
	if (list->count > most)
		log_warning("%s: only the first %zu count", name, most);

cleanup:
	return result;
}

static void
name_gateway(struct jobs *jobs)
{
	char host[HOST_NAME_MAX + 1] = "";
	if (gethostname(host, sizeof host - 1) != 0)
		strcpy(host, "localhost");
	snprintf(jobs->gateway, sizeof jobs->gateway, "%s:%ld", host, (long)getpid());
}

enum ddns_result
jobs_create(const struct jobs_options *options, struct jobs **jobsp)
{
	struct jobs *jobs = calloc(1, sizeof *jobs);
	enum ddns_result result = DDNS_OK;
	if (jobs == NULL)
		return DDNS_NO_MEMORY;
	jobs->stop_fd = -1;
	name_gateway(jobs);
	CHECK(read_addresses("name-servers", options->name_servers, &jobs->name_servers));
	CHECK(read_addresses("notify-source", options->notify_sources, &jobs->notify_sources));
	jobs->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (jobs->stop_fd < 0) {
		result = DDNS_INTERNAL;
		goto cleanup;
	}
	for (size_t i = 0; i < JOB_COUNT; i++)
		CHECK(start(jobs, i, options));
	*jobsp = jobs;
	jobs = NULL;

cleanup:
	jobs_free(jobs);
	return result;
}

void
jobs_free(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	if (jobs->stop_fd >= 0)
		eventfd_write(jobs->stop_fd, 1);
	for (size_t i = 0; i < JOB_COUNT; i++) {
		struct worker *worker = &jobs->workers[i];
		if (worker->has_thread)
			pthread_join(worker->thread, NULL);
		ddns_db_free(worker->context.db);
		if (worker->context.state != NULL)
			worker->job->free(worker->context.state);
	}
	if (jobs->stop_fd >= 0)
		close(jobs->stop_fd);
	free(jobs);
}
