// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the gateway's jobs.
#ifndef GATEWAY_JOBS_JOBS_H
#define GATEWAY_JOBS_JOBS_H

#include "gateway/config.h"
#include "gateway/dns/keyring.h"
#include "gateway/metrics.h"
#include "sql/client/result.h"

/* Copied, but for keyring and metrics, which outlive the jobs. */
struct jobs_options {
	const char *database;			  // conninfo
	const struct config_list *name_servers;	  // ADDRESS:PORT, asked before secondaries are told
	const struct config_list *notify_sources; // ADDRESS:PORT, the first of a family counts
	struct keyring *keyring;		  // with the keys that sign NOTIFY
	struct metrics *metrics;
};

/*
 * A thread and a connection for each job, so that neither a long one nor the updates ever wait for
 * another.  A failure is logged once, and when the job works again.
 */
struct jobs;
enum ddns_result jobs_create(const struct jobs_options *options, struct jobs **jobsp);
void jobs_free(struct jobs *jobs); // stops them, also within a statement; takes NULL

#endif
