// SPDX-License-Identifier: GPL-3.0-or-later
// The page that says that a host is offline: gateway/web/offline.* with the name filled in.
#include "gateway/redirect/page.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/web/web.h"

static const char *const templates[LANGUAGE_COUNT] = {
	[LANGUAGE_ENGLISH] = web_offline_en_html,
	[LANGUAGE_GERMAN] = web_offline_de_html,
};

enum ddns_result
page_policy(char policy[PAGE_POLICY_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	unsigned char text[4 * (SHA256_DIGEST_LENGTH + 2) / 3 + 1];
	if (EVP_Digest(web_offline_css, strlen(web_offline_css), digest, NULL, EVP_sha256(),
		       NULL) != 1)
		return DDNS_INTERNAL;
	EVP_EncodeBlock(text, digest, sizeof digest);
	snprintf(policy, PAGE_POLICY_SIZE,
		 "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
		 "form-action 'none'; frame-ancestors 'none'",
		 text);
	return DDNS_OK;
}

static void
write_escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

enum ddns_result
page_make(enum language language, const char *name, char **pagep)
{
	static const char name_place[] = "{{name}}"; // the other is {{style}}
	char *page = NULL;
	size_t size;
	FILE *out = open_memstream(&page, &size);
	if (out == NULL)
		return DDNS_NO_MEMORY;
	const char *text = templates[language];
	for (const char *place; (place = strstr(text, "{{")) != NULL;) {
		fwrite(text, 1, (size_t)(place - text), out);
		if (strncmp(place, name_place, sizeof name_place - 1) == 0)
			write_escaped(out, name);
		else
			fputs(web_offline_css, out);
		text = strstr(place, "}}") + 2;
	}
	fputs(text, out);
	bool is_short = ferror(out) != 0;
	if (fclose(out) != 0 || is_short) {
		free(page);
		return DDNS_NO_MEMORY;
	}
	*pagep = page;
	return DDNS_OK;
}
