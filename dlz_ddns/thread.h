// SPDX-License-Identifier: GPL-3.0-or-later
// Threads of ours inside somebody else's process.
#ifndef DLZ_DDNS_THREAD_H
#define DLZ_DDNS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/* Starts a thread with a name of at most 15 octets and all signals blocked: they are named's. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument);

/* Joins it.  False: it did not end in time, and is left to itself. */
bool thread_join(pthread_t thread, int timeout_ms);

/* A condition whose deadlines are those of thread_deadline. */
void thread_condition_init(pthread_cond_t *condition);
struct timespec thread_deadline(int from_now_ms);

void thread_sleep_ms(int ms);

#endif
