// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway's log: one line a message, to standard error or to syslog.
#include "gateway/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 2048 };

static enum { TO_PLAIN, TO_JOURNAL, TO_SYSLOG } target = TO_PLAIN;
static atomic_int level = LOG_INFO;

/* Whether standard error is the very stream that systemd connected to the journal. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;
	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

void
log_open(void)
{
	target = is_journal() ? TO_JOURNAL : TO_PLAIN;
}

void
log_to_syslog(void)
{
	openlog("ddns-gateway", LOG_PID, LOG_DAEMON);
	target = TO_SYSLOG;
}

void
log_set_level(int priority)
{
	atomic_store(&level, priority);
}

bool
log_is_wanted(int priority)
{
	return priority <= atomic_load_explicit(&level, memory_order_relaxed);
}

/* What precedes the message; returns its length. */
static size_t
write_prefix(char *line, size_t size, int priority)
{
	if (target == TO_JOURNAL)
		return (size_t)snprintf(line, size, "<%d>", priority);
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t length = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return length +
	       (size_t)snprintf(line + length, size - length, ".%03ldZ ", now.tv_nsec / 1000000);
}

void
log_write(int priority, const char *format, ...)
{
	if (!log_is_wanted(priority))
		return;
	va_list arguments;
	va_start(arguments, format);
	if (target == TO_SYSLOG) {
		vsyslog(priority, format, arguments);
		va_end(arguments);
		return;
	}
	char line[LINE_SIZE];
	size_t length = write_prefix(line, sizeof line, priority);
	int written = vsnprintf(line + length, sizeof line - length - 1, format, arguments);
	va_end(arguments);
	if (written < 0)
		return;
	length += (size_t)written;
	if (length > sizeof line - 2)
		length = sizeof line - 2;
	// a line break inside would let a message forge another
	for (char *at = line; at < line + length; at++)
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	line[length++] = '\n';
	// one write, so that lines of several threads do not mix; there is nowhere to report
	// failure
	ssize_t ignored = write(STDERR_FILENO, line, length);
	(void)ignored;
}

const char *
log_quote(const char *text, char *out, size_t size)
{
	static const char mark[] = "...";
	size_t length = 0;
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		bool is_plain = *at >= 0x20 && *at < 0x7f && *at != '\'' && *at != '\\';
		if (length + (is_plain ? 1 : 4) + sizeof mark > size) {
			memcpy(out + length, mark, sizeof mark);
			return out;
		}
		if (is_plain)
			out[length++] = (char)*at;
		else
			length += (size_t)sprintf(out + length, "\\x%02x", *at);
	}
	out[length] = '\0';
	return out;
}
