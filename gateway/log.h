// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway's log: one line a message, to standard error or to syslog.
#ifndef GATEWAY_LOG_H
#define GATEWAY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

/*
 * Messages are lower case without a full stop, with names in single quotes and the cause last,
 * after a colon.  Priorities are syslog's.  Secrets, Authorization headers and query strings never
 * go in.
 *
 * Standard error is read by a person, by a file or by journald: lines get a time stamp, but where
 * JOURNAL_STREAM says that journald reads, they get its "<priority>" prefix instead.
 * All functions may be called from any thread.
 */
void log_open(void);

/* From now on messages go to syslog(3): the program has left its terminal. */
void log_to_syslog(void);

/* Messages less urgent than this are dropped; LOG_INFO at the start. */
void log_set_level(int priority);
bool log_is_wanted(int priority);

void log_write(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

/*
 * Text of a stranger, made fit for a log line: quotes, backslashes, control and non-ASCII bytes
 * become \xNN, and what does not fit into size is cut and marked by "...".  Returns out.
 */
const char *log_quote(const char *text, char *out, size_t size);

#endif
