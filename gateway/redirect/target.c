// SPDX-License-Identifier: GPL-3.0-or-later
// Where redirects lead: URLs checked before they go into a Location header.
#include "gateway/redirect/target.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/address.h"

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

/* The length of "http://" or "https://" at its begin, 0: it has neither. */
static size_t
scheme_length(const char *url)
{
	if (strncasecmp(url, "http://", 7) == 0)
		return 7;
	return strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
}

/* The length of a host at its begin, 0: there is none. */
static size_t
host_length(const char *text)
{
	if (text[0] != '[')
		return strspn(text, name_characters);
	char literal[ADDRESS_TEXT_SIZE];
	struct address address;
	size_t length = strcspn(text + 1, "]");
	if (length >= sizeof literal || text[1 + length] != ']')
		return 0;
	memcpy(literal, text + 1, length);
	literal[length] = '\0';
	if (strchr(literal, ':') == NULL || address_parse(literal, &address) != DDNS_OK)
		return 0;
	return length + 2;
}

/* The length of ":port" at its begin, 0 where there is none; false: there is a bad one. */
static bool
port_length(const char *text, size_t *lengthp)
{
	*lengthp = 0;
	if (text[0] != ':')
		return true;
	size_t digits = strspn(text + 1, "0123456789");
	long port = digits > 0 && digits <= 5 ? strtol(text + 1, NULL, 10) : 0;
	*lengthp = 1 + digits;
	return port >= 1 && port <= 65535;
}

static bool
is_encoded_control(const char *text)
{
	if (text[0] != '%' || !isxdigit((unsigned char)text[1]) ||
	    !isxdigit((unsigned char)text[2]))
		return false;
	return text[1] == '0' || text[1] == '1' || (text[1] == '7' && tolower(text[2]) == 'f');
}

/* Writes a byte of a path, percent-encoded where it is no ASCII character. */
static size_t
put_byte(char *out, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	if (byte < 0x80) {
		out[0] = (char)byte;
		return 1;
	}
	out[0] = '%';
	out[1] = digits[byte >> 4];
	out[2] = digits[byte & 0xf];
	return 3;
}

static bool
is_visible(unsigned char byte)
{
	return byte > 0x20 && byte != 0x7f;
}

enum ddns_result
target_check(const char *url, char out[TARGET_SIZE])
{
	size_t scheme = scheme_length(url), port, length;
	if (scheme == 0 || strnlen(url, TARGET_MAX + 1) > TARGET_MAX)
		return DDNS_BAD_INPUT;
	size_t host = host_length(url + scheme);
	if (host == 0 || host >= TARGET_HOST_SIZE || !port_length(url + scheme + host, &port))
		return DDNS_BAD_INPUT;
	size_t authority = scheme + host + port;
	const char *rest = url + authority;
	if (rest[0] != '\0' && strchr("/?#", rest[0]) == NULL)
		return DDNS_BAD_INPUT;
	for (const char *c = rest; *c != '\0'; c++)
		if (!is_visible((unsigned char)*c) || *c == '\\' || is_encoded_control(c))
			return DDNS_BAD_INPUT;
	for (length = 0; length < authority; length++)
		out[length] = (char)tolower((unsigned char)url[length]);
	for (const char *c = rest; *c != '\0'; c++)
		length += put_byte(out + length, (unsigned char)*c);
	out[length] = '\0';
	return DDNS_OK;
}

void
target_host(const char *target, char host[TARGET_HOST_SIZE])
{
	const char *begin = target + scheme_length(target);
	size_t length = strspn(begin, name_characters);
	if (length > 0 && begin[length - 1] == '.')
		length--;
	snprintf(host, TARGET_HOST_SIZE, "%.*s", (int)length, begin);
}

enum ddns_result
target_append(const char *target, const char *path, char location[LOCATION_SIZE])
{
	size_t begin = strlen(target), length = begin;
	if (path[0] != '/')
		return DDNS_BAD_INPUT;
	memcpy(location, target, begin);
	for (const char *c = path; *c != '\0'; c++) {
		if (!is_visible((unsigned char)*c) || *c == '#')
			return DDNS_BAD_INPUT;
		char encoded[3];
		size_t size = put_byte(encoded, (unsigned char)*c);
		if (length - begin + size > TARGET_PATH_MAX)
			return DDNS_CONFLICT;
		memcpy(location + length, encoded, size);
		length += size;
	}
	location[length] = '\0';
	return DDNS_OK;
}
