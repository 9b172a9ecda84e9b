// SPDX-License-Identifier: GPL-3.0-or-later
// Work done in a process of its own: another program, or a function as another user.
#ifndef GATEWAY_CTL_DOCTOR_CHILD_H
#define GATEWAY_CTL_DOCTOR_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* How a child ended.  text is what it wrote, its end cut off after CHILD_TEXT_MAX; the caller's to
 * free, and NULL only where is_done is false. */
struct child_result {
	bool is_done; // it ran to its end, in time
	int status;   // its exit status; -1 where a signal ended it
	char *text;
};
enum { CHILD_TEXT_MAX = 1 << 20 };

/*
 * Runs a program with its output and error output in result->text.  argv[0] is looked for in PATH.
 * false: it cannot be started, errno says why (ENOENT: it is not there).
 */
bool child_run(char *const argv[], int timeout_ms, struct child_result *result);

/*
 * Runs `work` as a user and their groups; what it returns is the exit status, what it writes to fd
 * is the text.  Only root can become somebody else.
 * false: it cannot be started, errno says why.
 */
typedef int child_work(void *context, int fd);
bool child_run_as(uid_t user, child_work *work, void *context, int timeout_ms,
		  struct child_result *result);

#endif
