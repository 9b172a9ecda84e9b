// SPDX-License-Identifier: GPL-3.0-or-later
// The page that says that a host is offline.
#ifndef GATEWAY_REDIRECT_PAGE_H
#define GATEWAY_REDIRECT_PAGE_H

#include "gateway/redirect/language.h"
#include "sql/client/result.h"

/* The page for a host, as HTML in UTF-8; the caller frees it.  DDNS_NO_MEMORY. */
enum ddns_result page_make(enum language language, const char *name, char **pagep);

#endif
