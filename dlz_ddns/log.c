// SPDX-License-Identifier: GPL-3.0-or-later
// Lines for named's log.  Its newer versions take them from its own threads only.
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "dlz_ddns/log.h"

enum { LINE_MAX_OCTETS = 1024, WAITING_MAX = 64 };

struct line {
	enum log_level level;
	char text[LINE_MAX_OCTETS];
};

static _Atomic(log_function *) writer;
static atomic_bool is_direct; // our threads may call it
static atomic_bool is_closed; // to our threads
static atomic_uint waiting;   // lines in the ring
static struct line ring[WAITING_MAX];
static unsigned first, lost;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of ring, first and lost

void
log_open(log_function *write, bool takes_any_thread)
{
	atomic_store(&is_direct, takes_any_thread);
	atomic_store(&is_closed, false);
	atomic_store(&writer, write);
}

void
log_close(void)
{
	atomic_store(&is_closed, true);
}

/* One line without control characters, whatever a row of the database has in it. */
__attribute__((format(printf, 2, 0))) static void
format_line(char text[LINE_MAX_OCTETS], const char *format, va_list arguments)
{
	vsnprintf(text, LINE_MAX_OCTETS, format, arguments);
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

void
log_line(enum log_level level, const char *format, ...)
{
	char text[LINE_MAX_OCTETS];
	log_function *write = atomic_load(&writer);
	va_list arguments;
	if (write == NULL)
		return;
	va_start(arguments, format);
	format_line(text, format, arguments);
	va_end(arguments);
	write(level, text);
}

static void
queue(enum log_level level, const char *text)
{
	pthread_mutex_lock(&lock);
	unsigned count = atomic_load(&waiting);
	if (count < WAITING_MAX) {
		struct line *line = &ring[(first + count) % WAITING_MAX];
		line->level = level;
		strcpy(line->text, text);
		atomic_store(&waiting, count + 1);
	} else {
		lost++;
	}
	pthread_mutex_unlock(&lock);
}

void
log_later(enum log_level level, const char *format, ...)
{
	char text[LINE_MAX_OCTETS];
	log_function *write = atomic_load(&writer);
	va_list arguments;
	if (write == NULL || atomic_load(&is_closed))
		return;
	va_start(arguments, format);
	format_line(text, format, arguments);
	va_end(arguments);
	if (atomic_load(&is_direct))
		write(level, text);
	else
		queue(level, text);
}

void
log_drain(void)
{
	if (atomic_load_explicit(&waiting, memory_order_relaxed) == 0)
		return;
	// who does not get it at once leaves it to who has it: queries do not wait here
	if (pthread_mutex_trylock(&lock) != 0)
		return;
	log_function *write = atomic_load(&writer);
	for (unsigned count = atomic_load(&waiting); count > 0; count--) {
		struct line *line = &ring[first];
		first = (first + 1) % WAITING_MAX;
		write(line->level, line->text);
	}
	if (lost > 0)
		log_line(LOG_LEVEL_WARNING, "dlz_ddns: %u lines were lost", lost);
	lost = 0;
	atomic_store(&waiting, 0);
	pthread_mutex_unlock(&lock);
}
