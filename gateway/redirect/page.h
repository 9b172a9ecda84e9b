// SPDX-License-Identifier: GPL-3.0-or-later
// The page that says that a host is offline.
#ifndef GATEWAY_REDIRECT_PAGE_H
#define GATEWAY_REDIRECT_PAGE_H

#include <stddef.h>

#include "gateway/redirect/language.h"
#include "sql/client/result.h"

enum { PAGE_POLICY_SIZE = 256 };

/*
 * The Content-Security-Policy of the page: nothing from anywhere, and no style but the page's own,
 * told by its SHA-256.  DDNS_INTERNAL: OpenSSL failed.
 */
enum ddns_result page_policy(char policy[PAGE_POLICY_SIZE]);

/* The page for a host, as HTML in UTF-8; the caller frees it.  DDNS_NO_MEMORY. */
enum ddns_result page_make(enum language language, const char *name, char **pagep);

#endif
