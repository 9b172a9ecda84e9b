// SPDX-License-Identifier: GPL-3.0-or-later
// Pages out of templates.
#include "gateway/web/template.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/web/web.h"

enum ddns_result
template_policy(char policy[TEMPLATE_POLICY_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	unsigned char text[4 * (SHA256_DIGEST_LENGTH + 2) / 3 + 1];
	if (EVP_Digest(web_page_css, strlen(web_page_css), digest, NULL, EVP_sha256(), NULL) != 1)
		return DDNS_INTERNAL;
	EVP_EncodeBlock(text, digest, sizeof digest);
	snprintf(policy, TEMPLATE_POLICY_SIZE,
		 "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
		 "form-action 'none'; frame-ancestors 'none'",
		 text);
	return DDNS_OK;
}

void
template_escape(FILE *out, const char *text)
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

/* name has that length. */
static void
write_value(FILE *out, const char *name, size_t length, const struct template_value *values,
	    size_t count)
{
	static const char style[] = "style";
	if (length == sizeof style - 1 && memcmp(name, style, length) == 0) {
		fputs(web_page_css, out);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (strlen(values[i].name) != length || memcmp(values[i].name, name, length) != 0)
			continue;
		if (values[i].is_html)
			fputs(values[i].text, out);
		else
			template_escape(out, values[i].text);
	}
}

enum ddns_result
template_fill(const char *text, const struct template_value *values, size_t count, char **pagep)
{
	char *page = NULL;
	size_t size;
	FILE *out = open_memstream(&page, &size);
	if (out == NULL)
		return DDNS_NO_MEMORY;
	for (const char *place, *end; (place = strstr(text, "{{")) != NULL; text = end + 2) {
		fwrite(text, 1, (size_t)(place - text), out);
		place += 2;
		end = strstr(place, "}}");
		write_value(out, place, (size_t)(end - place), values, count);
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
