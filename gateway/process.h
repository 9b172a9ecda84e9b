// SPDX-License-Identifier: GPL-3.0-or-later
// The process itself: limits, privileges, going to the background.
#ifndef GATEWAY_PROCESS_H
#define GATEWAY_PROCESS_H

#include "sql/client/result.h"

/* No core dumps (they would hold secrets), and as many open files as the hard limit allows. */
void process_set_limits(void);

/*
 * Gives up root for good: becomes `user` with its groups, keeps no capability, and can gain none by
 * running other programs.  Does nothing but the last where the process is not root.  With the user
 * "root" it stays root.  Failures are logged: DDNS_NOT_FOUND (no such user), DDNS_DENIED.
 */
enum ddns_result process_drop_privileges(const char *user);

/*
 * Forks; the parent waits until the child calls process_detach, then ends with status 0, or with 1
 * where the child ended before.  Returns in the child only.  DDNS_INTERNAL: no fork or pipe.
 */
enum ddns_result process_fork(void);

/* In the child, when all is up: releases the parent, and lets go of the terminal. */
void process_detach(void);

#endif
