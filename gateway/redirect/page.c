// SPDX-License-Identifier: GPL-3.0-or-later
// The page that says that a host is offline: gateway/web/offline.* with the name filled in.
#include "gateway/redirect/page.h"

#include "gateway/web/template.h"
#include "gateway/web/web.h"

static const char *const templates[LANGUAGE_COUNT] = {
	[LANGUAGE_ENGLISH] = web_offline_en_html,
	[LANGUAGE_GERMAN] = web_offline_de_html,
};

enum ddns_result
page_make(enum language language, const char *name, char **pagep)
{
	const struct template_value value = {.name = "name", .text = name};
	return template_fill(templates[language], &value, 1, pagep);
}
