// SPDX-License-Identifier: GPL-3.0-or-later
// Host names as people and clients type them.
#ifndef GATEWAY_UPDATE_HOSTNAME_H
#define GATEWAY_UPDATE_HOSTNAME_H

#include <stddef.h>

#include "sql/client/dname.h"
#include "sql/client/result.h"

/*
 * Brings a host name into the stored form: lower case, no final dot, umlauts and their kind by
 * IDNA. Letters, digits, "-", "_" and "*" may stand in it, and at least one dot. DDNS_BAD_INPUT:
 * anything else.  DDNS_NO_MEMORY.
 */
enum ddns_result hostname_canonical(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1]);

/*
 * Takes the next item of a list separated by commas: `*list` moves behind it (NULL: that was the
 * last), blanks ("+" too) around it are cut, and the item is copied into out, cut to what fits.
 * Returns its length; 0 for an empty item.  *list is not NULL.
 */
size_t list_next(const char **list, char *out, size_t size);

#endif
