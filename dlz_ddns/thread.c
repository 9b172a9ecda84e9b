// SPDX-License-Identifier: GPL-3.0-or-later
// Threads of ours inside somebody else's process.
#include <errno.h>
#include <signal.h>

#include "dlz_ddns/thread.h"

bool
thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(thread, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_setname_np(*thread, name);
	return error == 0;
}

static int
join_until(pthread_t thread, const struct timespec *until)
{
#ifdef __SANITIZE_THREAD__
	// the other is a call that it does not know, and takes for no join
	struct timespec now = thread_deadline(0);
	int error;
	while ((error = pthread_tryjoin_np(thread, NULL)) == EBUSY && now.tv_sec <= until->tv_sec) {
		thread_sleep_ms(1);
		now = thread_deadline(0);
	}
	return error;
#else
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, until);
#endif
}

bool
thread_join(pthread_t thread, int timeout_ms)
{
	struct timespec until = thread_deadline(timeout_ms);
	int error = join_until(thread, &until);
	if (error != 0)
		pthread_detach(thread);
	return error == 0;
}

void
thread_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct timespec
thread_deadline(int from_now_ms)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += from_now_ms / 1000;
	time.tv_nsec += from_now_ms % 1000 * 1000000L;
	if (time.tv_nsec >= 1000000000L) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000L;
	}
	return time;
}

void
thread_sleep_ms(int ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000L};
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}
