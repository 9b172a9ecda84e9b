// SPDX-License-Identifier: GPL-3.0-or-later
// What the gateway does by itself: each job is a file beside this one, and a row of its table.
#ifndef GATEWAY_JOBS_JOB_H
#define GATEWAY_JOBS_JOB_H

#include "gateway/address.h"
#include "gateway/dns/keyring.h"
#include "gateway/metrics.h"
#include "sql/client/db.h"

/* Addresses of the configuration; more than these are left out, with a warning. */
struct job_addresses {
	size_t count;
	struct listen_address items[16];
};

/* What a run gets. */
struct job_context {
	const struct job_addresses *name_servers, *notify_sources;
	struct keyring *keyring;
	struct metrics *metrics;
	const char *gateway; // host name and process: who asks the database
	struct ddns_db *db;  // open
	void *state;	     // the job's own, from one run to the next; NULL at the first
};

/*
 * A job is work that the database holds; any number of gateways may run it at once.  Whoever comes
 * second must find nothing left to do, or an advisory lock that lasts no longer than its holder's
 * transaction, so that one that dies keeps nothing.
 */
struct job {
	const char *name;  // for the log and pg_stat_activity
	int interval_ms;   // from the end of one run to the next
	int error_wait_ms; // the same after a failure
	/*
	 * Does what there is to do, in transactions short enough to hinder nobody.  A
	 * failure that is its own, or a job's reason that is to be told, stands in its last error.
	 * *wait_msp is interval_ms: a job that knows of more to do may lower it.
	 */
	enum ddns_result (*run)(struct job_context *context, int *wait_msp);
	void (*free)(void *state); // NULL where it keeps none
};

extern const struct job job_notify, job_prune, job_terms, job_timeout;

#endif
