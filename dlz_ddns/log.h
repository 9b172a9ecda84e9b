// SPDX-License-Identifier: GPL-3.0-or-later
// Lines for named's log, from its threads and from ours.
#ifndef DLZ_DDNS_LOG_H
#define DLZ_DDNS_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO };

typedef void log_function(enum log_level level, const char *text);

/*
 * Sets where lines go.  takes_any_thread: the function may be called from threads that are not
 * named's; where it may not, their lines wait until the next log_drain.
 */
void log_open(log_function *write, bool takes_any_thread);

/* From a thread of named's, within one of its calls. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* From a thread of ours. */
void log_later(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes what waits; from a thread of named's.  Costs nothing where nothing waits. */
void log_drain(void);

/* From here on threads of ours are not heard: named is about to close its log. */
void log_close(void);

#endif
