// SPDX-License-Identifier: GPL-3.0-or-later
// Files that commands read whole.
#ifndef GATEWAY_CTL_INPUT_H
#define GATEWAY_CTL_INPUT_H

#include <stddef.h>

#include "sql/client/result.h"

/*
 * Reads a file, or standard input where `path` is "-".  *textp is the caller's, to be freed; it has
 * a NUL behind its `*lengthp` octets.  On failure `error` says in one line which file and why:
 * DDNS_NOT_FOUND  there is none
 * DDNS_DENIED     it may not be read
 * DDNS_BAD_INPUT  it is a directory, or over INPUT_MAX
 * DDNS_INTERNAL   the system could not read it
 * DDNS_NO_MEMORY
 */
enum { INPUT_MAX = 1 << 30 }; // octets: more than a zone of 10 million records needs

enum ddns_result input_read(const char *path, char **textp, size_t *lengthp, char *error,
			    size_t size);

/* How messages call it: the path, or "standard input". */
const char *input_name(const char *path);

#endif
