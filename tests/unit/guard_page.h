// SPDX-License-Identifier: GPL-3.0-or-later
// Input for parsers that ends right before memory that cannot be touched: one byte too far faults.
#ifndef TESTS_UNIT_GUARD_PAGE_H
#define TESTS_UNIT_GUARD_PAGE_H

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A copy of up to a page of bytes, at the end of a page before such memory; stays until the end. */
static inline char *
guard_page_copy(const void *bytes, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0)
		_exit(77);
	return memcpy(pages + page - length, bytes, length);
}

/* The same for a string with its NUL. */
static inline char *
guard_page_text(const char *text)
{
	return guard_page_copy(text, strlen(text) + 1);
}

#endif
