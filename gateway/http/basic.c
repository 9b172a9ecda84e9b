// SPDX-License-Identifier: GPL-3.0-or-later
// The Authorization header of HTTP Basic authentication (RFC 7617).
#include "gateway/http/basic.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "basic";

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
}

/* Decodes into out (BASIC_MAX bytes and a NUL). */
static enum ddns_result
decode(const char *text, size_t length, char *out, size_t *out_length)
{
	while (length > 0 && text[length - 1] == '=')
		length--;
	if (length % 4 == 1 || length / 4 * 3 + 2 > BASIC_MAX)
		return DDNS_BAD_INPUT;
	uint32_t bits = 0;
	size_t count = 0;
	for (size_t i = 0; i < length; i++) {
		int digit = base64_digit(text[i]);
		if (digit < 0)
			return DDNS_BAD_INPUT;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 0)
			out[count++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	out[count] = '\0';
	*out_length = count;
	return memchr(out, '\0', count) == NULL ? DDNS_OK : DDNS_BAD_INPUT;
}

enum ddns_result
basic_parse(const char *value, size_t length, struct basic *basic)
{
	size_t at = sizeof scheme - 1;
	if (length <= at || strncasecmp(value, scheme, at) != 0 || !is_blank(value[at]))
		return DDNS_NOT_FOUND;
	while (at < length && is_blank(value[at]))
		at++;
	while (length > at && is_blank(value[length - 1]))
		length--;

	char pair[BASIC_MAX + 1];
	size_t pair_length = 0;
	enum ddns_result result;
	CHECK(decode(value + at, length - at, pair, &pair_length));
	char *colon = memchr(pair, ':', pair_length);
	if (colon == NULL) {
		basic->user[0] = '\0';
		memcpy(basic->password, pair, pair_length + 1);
	} else {
		*colon = '\0';
		strcpy(basic->user, pair);
		strcpy(basic->password, colon + 1);
	}

cleanup:
	OPENSSL_cleanse(pair, sizeof pair);
	return result;
}

void
basic_clear(struct basic *basic)
{
	OPENSSL_cleanse(basic, sizeof *basic);
}
