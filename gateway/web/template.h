// SPDX-License-Identifier: GPL-3.0-or-later
// Pages out of templates.
#ifndef GATEWAY_WEB_TEMPLATE_H
#define GATEWAY_WEB_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sql/client/result.h"

enum { TEMPLATE_POLICY_SIZE = 256 };

/* What stands for {{name}}. */
struct template_value {
	const char *name, *text;
	bool is_html; // else it is text, and escaped
};

/*
 * The Content-Security-Policy of a page that is made here: nothing from anywhere, and no style but
 * the page's own, {{style}}, told by its SHA-256.  DDNS_INTERNAL: OpenSSL failed.
 */
enum ddns_result template_policy(char policy[TEMPLATE_POLICY_SIZE]);

/*
 * The template with its places filled; {{style}} is known already, and what has no value is left
 * out.  The caller frees the page.  DDNS_NO_MEMORY.
 */
enum ddns_result template_fill(const char *text, const struct template_value *values, size_t count,
			       char **pagep);

/* Text as HTML, in elements and in quoted attributes. */
void template_escape(FILE *out, const char *text);

#endif
