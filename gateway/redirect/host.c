// SPDX-License-Identifier: GPL-3.0-or-later
// The Host header: which name a request is for.
#include "gateway/redirect/host.h"

#include <ctype.h>
#include <string.h>

#include "gateway/address.h"

enum { LABEL_MAX = 63 };

/* What may follow the name: nothing, or a colon and a port, which may be empty (RFC 3986 3.2.3). */
static bool
is_port(const char *text)
{
	if (text[0] == '\0')
		return true;
	size_t digits = text[0] == ':' ? strspn(text + 1, "0123456789") : 0;
	return text[0] == ':' && digits <= 5 && text[1 + digits] == '\0';
}

/* Labels of 1 to 63 characters; no dot at either end. */
static bool
has_good_labels(const char *name)
{
	size_t length = 0;
	for (; *name != '\0'; name++) {
		if (*name != '.')
			length++;
		else if (length == 0)
			return false;
		else
			length = 0;
		if (length > LABEL_MAX)
			return false;
	}
	return length > 0;
}

static enum ddns_result
parse_ipv6(const char *value, struct host *host)
{
	struct address address;
	size_t length = strcspn(value + 1, "]");
	if (value[1 + length] != ']' || !is_port(value + 2 + length) || length >= ADDRESS_TEXT_SIZE)
		return DDNS_BAD_INPUT;
	host->is_address = true;
	memcpy(host->name, value + 1, length);
	host->name[length] = '\0';
	if (strchr(host->name, ':') == NULL)
		return DDNS_BAD_INPUT;
	return address_parse(host->name, &address);
}

enum ddns_result
host_parse(const char *value, struct host *host)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	struct host parsed = {0};
	struct address address;
	if (value[0] == '[') {
		enum ddns_result result = parse_ipv6(value, &parsed);
		if (result == DDNS_OK)
			*host = parsed;
		return result;
	}
	size_t length = strcspn(value, ":");
	if (!is_port(value + length))
		return DDNS_BAD_INPUT;
	if (length > 0 && value[length - 1] == '.')
		length--;
	if (length == 0 || length > HOST_NAME_MAX_LENGTH)
		return DDNS_BAD_INPUT;
	for (size_t i = 0; i < length; i++)
		parsed.name[i] = (char)tolower((unsigned char)value[i]);
	if (strspn(parsed.name, good) != length || !has_good_labels(parsed.name))
		return DDNS_BAD_INPUT;
	parsed.is_address = address_parse(parsed.name, &address) == DDNS_OK;
	*host = parsed;
	return DDNS_OK;
}
