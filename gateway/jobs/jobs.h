// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the gateway's jobs.
#ifndef GATEWAY_JOBS_JOBS_H
#define GATEWAY_JOBS_JOBS_H

#include "sql/client/result.h"

/*
 * A thread and a connection for each job, so that neither a long one nor the updates ever wait for
 * another.  A failure is logged once, and when the job works again.
 */
struct jobs;
enum ddns_result jobs_create(const char *database, struct jobs **jobsp); // conninfo; copied
void jobs_free(struct jobs *jobs); // stops them, also within a statement; takes NULL

#endif
